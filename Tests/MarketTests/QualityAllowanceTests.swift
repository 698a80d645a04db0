// A real crash may pass by name and with a reason; nothing else may.

import TestSupport
import Testing

@testable import Market

@Suite struct QualityAllowanceTests {
  private func crashed() -> [BarSeries] {
    var series = SyntheticTape.series(bars: 200, seed: 21)
    series[0].moveClose(50, ratio: 0.6)
    series[0].moveClose(120, ratio: 1.7)
    return series
  }

  private func allowance(_ series: BarSeries, _ row: Int, _ reason: String = "a profit warning") throws
    -> QualityAllowance
  {
    try QualityAllowance.parse("price-continuity:\(series.symbol):\(series.dates[row])", reason: reason)
  }

  @Test func letsThatDayPassAndNoOther() throws {
    let series = crashed()
    let first = try allowance(series[0], 50)
    let second = try allowance(series[0], 120, "a takeover offer")
    let one = QualityGate.examine(series, allowances: [first])
    #expect(!one.passed && one.findings.map(\.firstDate) == [series[0].dates[120]])
    #expect(one.allowances == [first] && one.unusedAllowances.isEmpty)

    let both = QualityGate.examine(series, allowances: [second, first, first])
    #expect(both.passed && both.findings.isEmpty)
    #expect(both.allowances == [second, first] && both.unusedAllowances.isEmpty)
    #expect(both.description.contains(first.name) && both.description.contains("Reason: a takeover offer"))
  }

  /// Where all failures may be real, the report has the words for all of them; where one cannot be, or may be a split, it has none.
  @Test func theReportHasTheWordsForAllFailures() throws {
    var series = crashed()
    let report = QualityGate.examine(series, allowances: [])
    let flags = [50, 120].map { "--allow price-continuity:\(series[0].symbol):\(series[0].dates[$0]) --reason \"...\"" }
    #expect(report.allowanceFlags == flags)
    #expect(QualityGate.examine(SyntheticTape.series(bars: 200, seed: 21), allowances: []).allowanceFlags.isEmpty)
    series[1].volume[50] = -1
    #expect(QualityGate.examine(series, allowances: []).allowanceFlags.isEmpty)
  }

  @Test func isReportedWhereItMatchesNothing() throws {
    let series = crashed()
    let unused = try [
      allowance(series[0], 51), allowance(series[1], 50),
      QualityAllowance.parse("price-continuity:ZZZ:1950-01-03", reason: "another symbol"),
    ]
    let report = QualityGate.examine(series, allowances: unused)
    #expect(!report.passed && report.findings.count == 2)
    #expect(report.allowances.isEmpty && report.unusedAllowances == unused)
    #expect(report.description.contains("match nothing"))
  }

  @Test func excusesNoOtherFault() throws {
    var series = SyntheticTape.series(bars: 200, seed: 22)
    series[0].high[50] = series[0].low[50]
    series[0].volume[50] = -1
    let given = try allowance(series[0], 50)
    let report = QualityGate.examine(series, allowances: [given])
    #expect(!report.passed && report.findings.map(\.kind) == ["negative-volume"])
    #expect(report.allowances == [given])
    let without = QualityGate.examine(series, allowances: [])
    #expect(without.findings.map(\.kind) == ["price-order", "negative-volume"])
    #expect(without.findings[0].suggestion.contains("--allow \(given.name) --reason"))
  }

  /// Sessions before a first bar and behind a last one may be those of a share that was not listed; sessions between them may not, and no other fault
  /// of times is excused.
  @Test func aShareMayBeListedLaterAndForAWhile() throws {
    var series = SyntheticTape.series(symbols: ["AAA", "BBB"], bars: 200, seed: 24)
    let dates = series[0].dates
    series[1] = series[1].rows(Array(30..<120))
    let refused = QualityGate.examine(series, allowances: [])
    let names = [(0, 29), (120, 199)].map { "timestamp-alignment:BBB:\(dates[$0.0])..\(dates[$0.1])" }
    #expect(!refused.passed && refused.findings.map(\.count) == [30, 80])
    #expect(refused.allowanceFlags == names.map { "--allow \($0) --reason \"...\"" })
    #expect(refused.findings[0].suggestion.contains("--common-dates"))

    let both = try names.map { try QualityAllowance.parse($0, reason: "listed in between") }
    let allowed = QualityGate.examine(series, allowances: both)
    #expect(allowed.passed && allowed.findings.isEmpty && allowed.allowances == both)
    // One session short of the first stretch.
    let short = try QualityAllowance.parse(
      "timestamp-alignment:BBB:\(dates[1])..\(dates[29])", reason: "listed in between")
    let rest = QualityGate.examine(series, allowances: [short, both[1]])
    #expect(!rest.passed && rest.findings.map(\.firstDate) == [dates[0]] && rest.findings[0].count == 1)

    let all = try QualityAllowance.parse("timestamp-alignment:BBB:\(dates[0])..\(dates[199])", reason: "everything")
    var holed = series
    holed[1] = holed[1].rows((0..<90).filter { !(40...42).contains($0) })
    let hole = QualityGate.examine(holed, allowances: [all])
    #expect(!hole.passed)
    #expect(hole.findings.contains { $0.kind == "unequal-dates" && $0.firstDate == dates[70] && $0.count == 3 })
    var unordered = series
    unordered[1].reorder([1, 0] + Array(2..<90))
    #expect(QualityGate.examine(unordered, allowances: [all]).findings.map(\.kind) == ["unordered-date"])
  }

  @Test func aRangeLetsAllItsDatesPassAndNoOther() throws {
    let series = crashed()
    let dates = series[0].dates
    func name(_ first: Int, _ last: Int) -> String { "price-continuity:AAA:\(dates[first])..\(dates[last])" }
    let both = try QualityAllowance.parse(name(50, 120), reason: "a bad year")
    #expect(both.name == name(50, 120) && both.date == dates[50] && both.lastDate == dates[120])
    #expect(QualityGate.examine(series, allowances: [both]).passed)
    for one in [name(51, 120), name(50, 119)] {
      let report = QualityGate.examine(series, allowances: [try QualityAllowance.parse(one, reason: "short")])
      #expect(!report.passed && report.findings.count == 1)
    }
    #expect(throws: MarketError.self) { try QualityAllowance.parse(name(120, 50), reason: "backwards") }
    #expect(try QualityAllowance.parse(name(50, 50), reason: "one").name == "price-continuity:AAA:\(dates[50])")
  }

  @Test func sessionsThatNobodyHasAreAllowedByName() throws {
    var series = SyntheticTape.series(symbols: ["A"], bars: 100, seed: 23)
    let missing = series[0].dates[40...42].map { $0 }
    series[0].reorder((0..<100).filter { !(40...42).contains($0) })
    let report = QualityGate.examine(series, allowances: [])
    #expect(report.findings.map(\.kind) == ["missing-session"])
    let name = "missing-bars:A:\(missing[0])..\(missing[2])"
    #expect(report.findings[0].suggestion.contains("--allow \(name) --reason"))
    let allowed = QualityGate.examine(series, allowances: [try QualityAllowance.parse(name, reason: "lost")])
    #expect(allowed.passed && allowed.findings.isEmpty && allowed.allowances.map(\.name) == [name])
  }

  @Test func readsWhatTheCommandLineGives() throws {
    let allowance = try QualityAllowance.parse("price-continuity:AAPL:2000-09-29", reason: " a profit \n warning ")
    #expect(allowance.symbol == "AAPL" && allowance.date.description == "2000-09-29")
    #expect(allowance.reason == "a profit warning" && allowance.name == "price-continuity:AAPL:2000-09-29")
    #expect(try QualityAllowance.parse("price-continuity:X:Y:2000-09-29", reason: "odd").symbol == "X:Y")
  }

  @Test(arguments: [
    "", ":", "::", "price-continuity", "price-continuity:AAPL", "price-continuity:2000-09-29",
    "price-continuity::2000-09-29", "price-continuity:AAPL:2000-02-30", "price-continuity:AAPL:2000-9-29",
    "price-continuity:AAPL:", "AAPL:2000-09-29",
  ])
  func refusesAnotherForm(text: String) {
    #expect(throws: MarketError.malformedAllowance(text)) { try QualityAllowance.parse(text, reason: "because") }
    #expect(MarketError.malformedAllowance(text).description.contains("check:symbol:YYYY-MM-DD"))
  }

  @Test(arguments: [
    "volume-sanity", "schema-compliance", "nonsense", "Price-Continuity",
  ])
  func refusesAnotherCheck(check: String) {
    let text = "\(check):AAPL:2000-09-29"
    let error = MarketError.allowanceOfOtherCheck(allowance: text, check: check)
    #expect(throws: error) { try QualityAllowance.parse(text, reason: "because") }
    #expect(
      error.description.contains(
        "only findings of price-continuity, missing-bars and timestamp-alignment can be allowed"))
  }

  @Test(arguments: ["", " ", "\n\t"])
  func refusesAnEmptyReason(reason: String) {
    let text = "price-continuity:AAPL:2000-09-29"
    #expect(throws: MarketError.allowanceWithoutReason(text)) { try QualityAllowance.parse(text, reason: reason) }
  }
}
