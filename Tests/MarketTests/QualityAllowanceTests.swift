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
    #expect(!report.passed && report.findings.map(\.kind) == ["price-order", "negative-volume"])
    #expect(report.unusedAllowances == [given])
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
    "missing-bars", "volume-sanity", "schema-compliance", "timestamp-alignment", "nonsense", "Price-Continuity",
  ])
  func refusesAnotherCheck(check: String) {
    let text = "\(check):AAPL:2000-09-29"
    let error = MarketError.allowanceOfOtherCheck(allowance: text, check: check)
    #expect(throws: error) { try QualityAllowance.parse(text, reason: "because") }
    #expect(error.description.contains("only moves found by price-continuity can be allowed"))
  }

  @Test(arguments: ["", " ", "\n\t"])
  func refusesAnEmptyReason(reason: String) {
    let text = "price-continuity:AAPL:2000-09-29"
    #expect(throws: MarketError.allowanceWithoutReason(text)) { try QualityAllowance.parse(text, reason: reason) }
  }
}
