// Several seeds: the middle one speaks.

import Market
import TestSupport
import Testing
import Text

@testable import Evaluation

@Suite struct SeedSpreadTests {
  private func run(_ name: String, _ figure: Double?, isEdge: Bool = false) -> SeedSpread.Run {
    SeedSpread.Run(
      name: name, seed: 1, figure: figure, totalReturn: 0.1, headline: isEdge ? "an edge" : "no edge found",
      isEdge: isEdge)
  }

  @Test func theMiddleOneSpeaks() {
    let runs = [run("best", 3, isEdge: true), run("worst", -1), run("middle", 0.4)]
    let spread = SeedSpread(measure: SeedSpread.sharpe, runs: runs)
    #expect(spread.median.name == "middle" && spread.ranked.map(\.name) == ["worst", "middle", "best"])
    let text = spread.lines.joined(separator: " ")
    #expect(text.contains("VERDICT over 3 runs: no edge found.") && text.contains("1 of 3 would claim an edge"))
    #expect(spread.lines.allSatisfy { $0.count <= 80 })
    #expect(spread.json["median_run"]?.stringValue == "middle" && spread.json["edge_found"]?.boolValue == false)
  }

  @Test func ofTwoTheWorse() {
    let two = SeedSpread(measure: SeedSpread.sharpe, runs: [run("good", 1), run("bad", 0)])
    #expect(two.median.name == "bad")
    let undefined = SeedSpread(measure: SeedSpread.reward, runs: [run("idle", nil), run("bad", -2)])
    #expect(undefined.median.name == "idle" && undefined.json["runs"]?.arrayValue?.count == 2)
    #expect(SeedSpread(measure: SeedSpread.sharpe, runs: [run("a", 1), run("b", 1)]).median.name == "a")
  }

  @Test func intervalsAreThoseOfScipy() throws {
    let golden = try Golden("student").json
    for one in try #require(golden["cases"]?.arrayValue) {
      let name = one["name"]?.stringValue ?? ""
      let found = try #require(StudentInterval.mean(one["values"]?.numbers ?? []))
      let (lower, upper) = (try #require(one["lower"]?.doubleValue), try #require(one["upper"]?.doubleValue))
      let room = 1e-8 * max(abs(lower), abs(upper))
      #expect(abs(found.lower - lower) <= room && abs(found.upper - upper) <= room, "\(name): \(found)")
    }
    for one in try #require(golden["quantiles"]?.arrayValue) {
      let (degrees, value) = (one["degrees"]?.integerValue ?? 0, one["value"]?.doubleValue ?? 0)
      #expect(abs(StudentInterval.quantile(degrees: degrees) - value) <= 1e-8 * value, "\(degrees) degrees")
    }
    #expect(StudentInterval.mean([1]) == nil)
  }

  @Test func seedsThatScatterAreNotDistinguishable() throws {
    func spread(_ returns: [Double]) -> SeedSpread {
      SeedSpread(
        measure: SeedSpread.sharpe,
        runs: returns.enumerated().map { place, value in
          SeedSpread.Run(
            name: "run-\(place)", seed: place, figure: 10 * value, totalReturn: value, headline: "no edge found",
            isEdge: false)
        })
    }
    let wild = spread([0.4, -0.3, 0.2])
    #expect(wild.isToldFromFlat == false && wild.lines.joined().contains("NOT DISTINGUISHABLE over seeds"))
    #expect(wild.json["told_from_flat"]?.boolValue == false)
    let calm = spread([0.10, 0.11, 0.12])
    #expect(calm.isToldFromFlat == true && !calm.lines.joined().contains("NOT DISTINGUISHABLE"))
    #expect(abs(try #require(calm.figures).estimate - 1.1) < 1e-12 && abs((calm.deviation ?? 0) - 0.1) < 1e-12)
    #expect((calm.lines + wild.lines).allSatisfy { $0.count <= 80 })
    let undefined = SeedSpread(measure: SeedSpread.reward, runs: [run("idle", nil), run("bad", -2)])
    #expect(undefined.figures == nil && undefined.deviation == nil)
  }

  @Test func whatMustBeReadFirstLeadsAllSeeds() {
    var (one, other) = (run("one", 1), run("two", 2))
    (one.warnings, other.warnings) = (
      ["IDEAL FILLS: nobody gets them."], ["IDEAL FILLS: nobody gets them.", "KILL SWITCH."]
    )
    (one.stamp, other.stamp) = (", WITH IDEAL FILLS", ", WITH IDEAL FILLS")
    let spread = SeedSpread(measure: SeedSpread.sharpe, runs: [one, other])
    #expect(spread.warnings == ["IDEAL FILLS: nobody gets them.", "two: KILL SWITCH."])
    #expect(spread.lines[0] == "warning: IDEAL FILLS: nobody gets them.")
    let html = spread.document("Backtest").html
    #expect(html.contains("Backtest of 2 seeds, WITH IDEAL FILLS") && html.contains("two: KILL SWITCH."))
    #expect(!html.contains("Equity by seed"), "there are no dates")
  }

  @Test func equityIsDrawnBySeed() throws {
    let dates = Array(TradingCalendar.xnys.sessions.prefix(3).map(\.date))
    var runs = [run("one", 1), run("lost", -2)]
    (runs[0].dates, runs[0].closes) = (dates, [100, 101, 102])
    (runs[1].dates, runs[1].closes) = (Array(dates.prefix(2)), [90, 0])
    let spread = SeedSpread(measure: SeedSpread.sharpe, runs: runs)
    let document = spread.document("Backtest")
    #expect(document.html.contains("Equity by seed"))
    #expect(document.markdown.contains("lost 0.00 \\$, one 102 \\$"), "\(document.markdown)")
  }
}
