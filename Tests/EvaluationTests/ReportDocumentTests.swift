// The report for people: complete in itself, safe whatever stands in it, and honest about what is drawn.

import Environments
import Inference
import Market
import Testing

@testable import Evaluation

@Suite struct ReportDocumentTests {
  private static let hostile =
    "<script src=\"http://evil.example/x.js\">alert('1')</script> & | `x` $y$ \u{202E}\u{0}\n[a](b)"

  private func context(_ text: String) -> EvaluationContext {
    EvaluationContext(
      run: text, policy: text, algorithm: text, environment: text, symbols: [text + "0", "TOY1"], dataFingerprint: text,
      windowName: text, split: [.init(text, text)], allowances: [.init(finding: text, reason: text)],
      execution: [.init(text, text)], notes: [text], provenance: [.init(text, text)])
  }

  private func report(days: Int = 300, text: String = "plain") throws -> EvaluationReport {
    let tape = ToyTape.make([
      ToyTape.walk(days: days, drift: 0, deviation: 0.02, seed: 1),
      ToyTape.walk(days: days, drift: 0, deviation: 0.02, seed: 2),
    ])
    let policy = ToyPolicy.recurrent(inputs: 4, actions: 9, seed: 3)
    let records = try EvaluationRecords(
      policy: policy.deployed, environment: ToyTradingEnvironment(tape: tape),
      chance: ToyTradingEnvironment.walks(of: tape, count: 20), seed: 7, randomDraws: 20)
    return EvaluationReport(context: context(text), records: records)
  }

  private func planted(_ name: String = "leak") throws -> PlantedReport {
    try PlantedReport(
      policy: ToyPolicy.linear(weights: [[-50, 0], [0, 0], [50, 0]], biases: [0, -1, 0]).deployed, policyName: name,
      environment: Lanes(LeakMarket(), laneCount: 8), environmentName: name, optimum: 0.7979, unit: .step,
      steps: 4000,
      seed: 2)
  }

  @Test(arguments: [3, 12, 300]) func aPageIsWholeAndAlone(days: Int) throws {
    for page in [try report(days: days).document.html, try planted().document.html] {
      try expectBalanced(page)
      for outside in ["http:", "https:", "//", "src=", "href=", "@import", "url(", "<script"] {
        #expect(!page.contains(outside), "\(outside)")
      }
      #expect(page.contains("default-src 'none'") && page.contains("prefers-color-scheme: dark"))
      #expect(page.hasPrefix("<!DOCTYPE html>\n<html lang=\"en\">") && page.hasSuffix("</html>\n"))
      // The verdict comes before any figure and any picture.
      let verdict = try #require(page.firstRange(of: "Verdict: ")?.lowerBound)
      let picture = try #require(page.firstRange(of: "<figure")?.lowerBound)
      let table = try #require(page.firstRange(of: "<table")?.lowerBound)
      #expect(verdict < picture && verdict < table)
      // Whoever does not see the pictures is told what is in them.
      let pictures = page.components(of: "role=\"img\"")
      #expect(
        pictures > 0 && page.components(of: "<title id=") == pictures && page.components(of: "<desc id=") == pictures)
      #expect(!page.contains("nan") && !page.contains("inf "))
    }
  }

  @Test func nothingFromOutsideIsMarkup() throws {
    for page in [
      try report(text: ReportDocumentTests.hostile).document.html,
      try planted(ReportDocumentTests.hostile).document.html,
    ] {
      try expectBalanced(page)
      #expect(!page.contains("<script") && page.contains("&lt;script src=&quot;"))
      #expect(!page.unicodeScalars.contains { $0 == "\u{202E}" || $0 == "\u{0}" })
    }
    let markdown = try report(text: ReportDocumentTests.hostile).document.markdown
    #expect(!markdown.replacing("\\<", with: "").contains("<") && markdown.contains("\\<script"))
    #expect(markdown.contains("\\[a\\](b)") && markdown.contains("\\`x\\` \\$y\\$"))
    // Tables keep their columns.
    for line in markdown.split(separator: "\n") where line.hasPrefix("|") {
      let bars = line.replacing("\\|", with: "").count { $0 == "|" }
      #expect([2, 7, 14, 15].contains(bars - 1) || bars == 8, "\(line)")
    }
  }

  @Test func theWordsSayWhatHappened() throws {
    let report = try report()
    for text in [report.document.html, report.document.markdown] {
      for part in [
        "no edge found", "Not told from chance", "in another order", "Nothing was traded", "prev. sign", "inv. sign",
        "seed of this evaluation", "data fingerprint", "Total return", "2011",
      ] { #expect(text.contains(part), "\(part)") }
    }
    #expect(report.document.markdown.contains("## Returns by month"))
  }

  /// Pictures of long windows stay small.
  @Test func longWindowsAreThinned() throws {
    let short = try report(days: 300).document.html.utf8.count
    let long = try report(days: 9000).document.html.utf8.count
    #expect(short < 200_000 && long < 700_000, "\(short) \(long)")
  }

  @Test func costsAndPositionsAddUp() throws {
    let report = try report()
    for account in report.accounts {
      #expect(account.costs.count == account.closes.count && account.investedShares.count == account.closes.count)
      let total = try #require(account.costs.last?.total)
      #expect(abs(total - account.metrics.costDollars) < 1e-6)
      #expect(zip(account.costs, account.costs.dropFirst()).allSatisfy { $0.total <= $1.total })
      #expect(
        account.investedShares.enumerated().allSatisfy { session, share in
          account.units.contains { $0[session] != 0 } == (share != 0)
        })
    }
  }

  /// Every opened tag is closed, in order.
  private func expectBalanced(_ page: String) throws {
    let empty: Set<String> = ["meta", "!DOCTYPE", "path"]
    var open: [String] = []
    for piece in page.split(separator: "<").dropFirst(0) {
      guard let end = piece.firstIndex(of: ">") else {
        Issue.record("a tag without an end: \(piece.prefix(40))")
        return
      }
      let inside = piece[..<end]
      let name = String(inside.drop { $0 == "/" }.prefix { $0.isLetter || $0.isNumber || $0 == "!" })
      if inside.hasPrefix("/") {
        let last = open.popLast()
        try #require(last == name, "\(name) closes \(last ?? "nothing")")
      } else if !inside.hasSuffix("/"), !empty.contains(name) {
        open.append(name)
      }
    }
    #expect(open.isEmpty)
  }
}

extension String {
  fileprivate func components(of part: String) -> Int { ranges(of: part).count }
}

@Suite struct PictureTests {
  @Test func thinningLosesNoPeak() {
    var values = (0..<10_000).map { Double(($0 * 7919) % 101) }
    values[4321] = 1000
    values[8765] = -1000
    let indices = Thinning.indices(values, columns: 300)
    #expect(indices.count <= 602 && indices.first == 0 && indices.last == 9999)
    #expect(zip(indices, indices.dropFirst()).allSatisfy { $0 < $1 })
    #expect(indices.contains(4321) && indices.contains(8765))
    // Of every column its lowest and its highest value.
    for column in 0..<300 {
      let bucket = 10_000 * column / 300..<10_000 * (column + 1) / 300
      let shown = indices.filter { bucket.contains($0) }.map { values[$0] }
      #expect(shown.min() == values[bucket].min() && shown.max() == values[bucket].max())
    }
    #expect(Thinning.indices([1, 2, 3], columns: 10) == [0, 1, 2] && Thinning.indices([], columns: 3).isEmpty)
  }

  @Test(
    arguments: [
      ([0.0, 100], [0.0, 20, 40, 60, 80, 100]), ([1978.2, 2264], [1900.0, 2000, 2100, 2200, 2300]),
      ([-0.03, 0], [-0.03, -0.02, -0.01, 0]), ([5, 5], [4.0, 4.5, 5, 5.5, 6]), ([0, 0], [-1, -0.5, 0, 0.5, 1]),
    ] as [([Double], [Double])])
  func marksAreRound(values: [Double], expected: [Double]) {
    let axis = LineChart.Axis(values, wanted: 5)
    #expect(axis.ticks.count == expected.count, "\(axis.ticks)")
    for (tick, wanted) in zip(axis.ticks, expected) { #expect(abs(tick - wanted) < 1e-9, "\(axis.ticks)") }
    #expect(axis.lower <= values.min() ?? 0 && axis.upper >= values.max() ?? 0)
  }

  /// As far apart as numbers can be, and as near.
  @Test(arguments: [
    [-Double.greatestFiniteMagnitude, .greatestFiniteMagnitude], [0, 5e-324], [-5e-324, 0], [1e300, 1e300.nextUp],
    [.nan, .infinity], [0, 1e-300], [1e308, -1e308, .nan],
  ])
  func anyValuesHaveAnAxis(_ values: [Double]) {
    let axis = LineChart.Axis(values, wanted: 5)
    #expect((2...40).contains(axis.ticks.count), "\(axis)")
  }

  @Test func unitsAreWhole() {
    let axis = LineChart.Axis([0, 1, 0], wanted: 2, leastStep: 1)
    #expect(axis.ticks == [0, 1])
  }

  @Test func dateMarksAreFew() {
    let start = CalendarDate("2011-01-03")!
    for days in [2, 10, 40, 100, 400, 2000, 9000, 40_000] {
      let dates = (0..<days).map { start.advanced(by: $0) }
      let chart = LineChart(
        id: "x", title: "", description: "", unit: .count, dates: dates,
        lines: [.init(name: "x", values: dates.map { _ in 1 }, style: 0)])
      let marks = chart.dateMarks
      #expect((2...7).contains(marks.count), "\(days): \(marks)")
      #expect(marks.allSatisfy { dates.indices.contains($0.index) && "\(dates[$0.index])".hasPrefix($0.text) })
    }
  }

  @Test func monthsCompoundToTheYear() throws {
    let dates = ["2011-11-29", "2011-11-30", "2011-12-01", "2012-01-03", "2012-03-01"].map { CalendarDate($0)! }
    let months = MonthlyReturns(initial: 100, dates: dates, closes: [110, 121, 60.5, 66.55, 133.1])
    #expect(months.years.map(\.year) == [2011, 2012])
    #expect(months.years[0].months[0] == nil && months.years[1].months[1] == nil)
    func near(_ value: Double?, _ wanted: Double) -> Bool { value.map { abs($0 - wanted) < 1e-12 } ?? false }
    #expect(near(months.years[0].months[10], 0.21) && near(months.years[0].months[11], -0.5))
    #expect(near(months.years[0].total, -0.395))
    #expect(
      near(months.years[1].months[0], 0.1) && near(months.years[1].months[2], 1) && near(months.years[1].total, 1.2))
  }

  @Test func groupsOfThousands() {
    #expect(ReportText.grouped(1_234_567.891, decimals: 2) == "1,234,567.89")
    #expect(ReportText.grouped(-999.5, decimals: 0) == "-1,000" && ReportText.grouped(12, decimals: 0) == "12")
    #expect(ReportText.grouped(.nan, decimals: 0) == "-")
  }
}
