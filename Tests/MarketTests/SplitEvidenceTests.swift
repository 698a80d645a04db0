// Splits that nobody told of are called by their factor, whatever the day did; gaps that only look like one are not.

import Kernels
import TestSupport
import Testing

@testable import Market

private func findings(_ series: BarSeries) -> [QualityFinding] {
  QualityGate.examine([series], allowances: []).findings
}

extension BarSeries {
  /// Moves a session and all behind it by a ratio, open and all.
  fileprivate mutating func gap(_ row: Int, _ ratio: Double) {
    for later in row..<count {
      for column in [\BarSeries.open, \.high, \.low, \.close] { self[keyPath: column][later] *= ratio }
    }
  }

  /// Makes the open of a row this much of the close before, by moving it and all behind it.
  fileprivate mutating func openAt(_ row: Int, _ ratio: Double) { gap(row, ratio * close[row - 1] / open[row]) }
}

@Suite struct SplitEvidenceTests {
  /// 200 splits of all kinds on days that move by up to 3 %: each is led by its factor, and giving it leaves nothing to find.
  @Test func splitsAreCalledByTheirFactor() throws {
    for trial in 0..<200 as Range<UInt64> {
      var random = RandomStream(seed: 81, purpose: .market, lane: UInt32(trial))
      let ratio = SplitEvidence.ratios.pick(&random)
      var series = SyntheticTape.series(symbols: ["A"], bars: 120, seed: 900 + trial)[0]
      let row = 30 + Int(random.nextInteger(below: 80))
      series.openAt(row, 1 + 0.06 * (random.nextDouble() - 0.5))
      series.split(row, ratio.value)
      let found = findings(series).filter { $0.kind != "volume-break" }
      let flag = "--split A:\(series.dates[row]):\(ratio.text)"
      #expect(found.map(\.firstDate) == [series.dates[row]], "trial \(trial)")
      #expect(
        found.first?.suggestion.hasPrefix("A likely unadjusted split, \(ratio.words): give it with \(flag).") == true)
      series.adjust(for: [try #require(CorporateAction(date: series.dates[row], split: ratio.value))])
      let left = findings(series)
      #expect(left.isEmpty, "trial \(trial), \(ratio)\n\(left)")
    }
  }

  /// As large shares have split on days that opened 3 to 4 % higher.
  @Test(arguments: [0.965, 1.0354, 1.04]) func aSplitOnADayThatMovesMoreIsOneStill(move: Double) {
    var series = SyntheticTape.series(symbols: ["A"], bars: 120, seed: 22)[0]
    series.openAt(60, move)
    series.split(60, 4)
    let found = findings(series)
    #expect(found.first?.suggestion.contains("--split A:\(series.dates[60]):4.") == true, "\(found)")
  }

  /// Only its own dates: what lies between two spikes is not allowed with them.
  @Test func adviceAllowsNoMoreThanItsDates() {
    var series = SyntheticTape.series(symbols: ["A"], bars: 120, seed: 23)[0]
    for row in [30, 60] { series.high[row] *= 3 }
    for row in [40, 41, 80] { series.high[row] = series.low[row] }
    let advice = findings(series).map(\.suggestion)
    for dates in [
      "\(series.dates[30])", "\(series.dates[60])", "\(series.dates[40])..\(series.dates[41])", "\(series.dates[80])",
    ] { #expect(advice.contains { $0.contains("--allow price-continuity:A:\(dates) --reason") }, "\(advice)") }
  }

  /// Below 20 % nothing fails, but it is said.
  @Test func fiveForFourIsAWarning() throws {
    var series = SyntheticTape.series(symbols: ["A"], bars: 120, seed: 12)[0]
    series.openAt(60, 1.02)
    // A session that ends where it begins, so that neither is 20 % away.
    series.close[60] = series.open[60]
    series.split(60, 1.25)
    let found = findings(series)
    #expect(found.map(\.kind) == ["suspected-split"] && found.map(\.severity) == [.warn])
    #expect(found.first?.suggestion.contains(":5/4.") == true)
    let name = "price-continuity:A:\(series.dates[60])"
    let report = QualityGate.examine([series], allowances: [try QualityAllowance.parse(name, reason: "a real gap")])
    #expect(report.findings.isEmpty && report.allowances.count == 1)
  }

  /// As two large shares once opened after news, and at a split's very ratio, with 7.8 and 10 times the usual money: moves, not splits.
  @Test(arguments: [0.527, 1.237, 0.5, 0.76, 0.25, 2.0], [7.8, 10])
  func newsAreNoSplit(ratio: Double, money: Double) {
    var series = SyntheticTape.series(symbols: ["A"], bars: 120, seed: 13)[0]
    series.openAt(60, ratio)
    series.volume[60] = (money / ratio * 1_000_000).rounded()
    let found = findings(series)
    #expect(found.allSatisfy { !$0.suggestion.contains("split") && $0.kind == "large-move" }, "\(found)")
    #expect(found.first?.suggestion.contains("--allow price-continuity:A:\(series.dates[60]) --reason") == true)
  }

  /// A session that comes back, or that wanders far, has not split.
  @Test func aGapThatClosesIsNoSplit() {
    var series = SyntheticTape.series(symbols: ["A"], bars: 120, seed: 14)[0]
    series.moveOpen(60, ratio: 0.5)
    #expect(findings(series).allSatisfy { !$0.suggestion.contains("split") })
    series = SyntheticTape.series(symbols: ["A"], bars: 120, seed: 14)[0]
    series.moveClose(60, ratio: 0.5)
    #expect(findings(series).allSatisfy { !$0.suggestion.contains("split") })
  }

  /// The step lies in the factor, not in the price: nobody is told that the share split.
  @Test func aFactorThatStepsAloneIsUndone() throws {
    var series = SyntheticTape.series(symbols: ["A"], bars: 100, seed: 15)[0]
    for row in 0..<60 { series.adjustmentFactors[row] = 0.25 }
    let found = findings(series)
    #expect(found.map(\.kind) == ["large-move"])
    #expect(
      found.first?.suggestion.hasPrefix("The adjustment factor steps on this day and the raw price does not") == true)
    #expect(found.first?.suggestion.contains("--split A:\(series.dates[60]):1/4.") == true)
    series.adjust(for: [try #require(CorporateAction(date: series.dates[60], split: 0.25))])
    #expect(findings(series).isEmpty)
  }

  @Test func minutesOverNightAreLookedAtBySessions() throws {
    var series = SyntheticTape.minutes(symbols: ["A"], sessions: 12, seed: 16)[0]
    let date = Array(Set(series.dates)).sorted()[8]
    let row = try #require(series.dates.firstIndex(of: date))
    series.split(row, 7)
    let found = findings(series)
    #expect(found.first?.suggestion.contains("--split A:\(date):7.") == true, "\(found)")
    series.adjust(for: [try #require(CorporateAction(date: date, split: 7))])
    #expect(findings(series).isEmpty)
    // The first bar of the date trades at the new price already.
    #expect(series.adjustmentFactors[row] == 1 && series.adjustmentFactors[row - 1] == 1 / 7.0)
  }

  /// Of a share alone: an index may do what it likes up to three times.
  @Test func anIndexMayDoubleOvernight() {
    var series = SyntheticTape.series(symbols: ["V"], bars: 120, seed: 17)[0]
    series.openAt(60, 2.2)
    series.high[80] = series.low[80]
    #expect(findings(series).contains { $0.severity == .fail })
    series.instrument = .index
    let found = findings(series)
    #expect(found.map(\.kind) == ["price-order"] && found.map(\.severity) == [.warn])
    series.openAt(100, 3.1)
    #expect(findings(series).contains { $0.kind == "large-move" && $0.severity == .fail })
  }

  @Test func anIndexThatIsImportedAsAShareIsNoticed() {
    for symbol in ["SPX", "^GSPC"] {
      var series = SyntheticTape.series(symbols: [symbol], bars: 60, seed: 20)[0]
      let found = findings(series)
      #expect(found.map(\.kind) == ["name-of-index"] && found.first?.severity == .warn)
      #expect(found.first?.suggestion.contains("--index \(symbol)=FILE") == true)
      series.instrument = .index
      #expect(findings(series).isEmpty)
    }
  }

  @Test func pricesInTenThousandthsAreNoDollars() throws {
    var series = SyntheticTape.series(symbols: ["A"], bars: 60, seed: 18)[0]
    for row in 0..<60 {
      for column in [\BarSeries.open, \.high, \.low, \.close] {
        series[keyPath: column][row] = (series[keyPath: column][row] * 100).rounded() * 100
      }
    }
    let found = findings(series)
    #expect(found.map(\.kind) == ["price-unit"] && found.first?.suggestion.contains("--price-divisor 10000") == true)
    series.close[30] += 0.5
    series.high[30] += 1
    #expect(findings(series).isEmpty)
  }

  /// No flood hides a date.
  @Test func everyDateOfManyMovesIsNamed() {
    var series = SyntheticTape.series(symbols: ["A"], bars: 120, seed: 19)[0]
    for row in stride(from: 10, to: 110, by: 2) { series.openAt(row, row % 4 == 0 ? 0.7 : 1.4) }
    let text = findings(series).map { "\($0.message) \($0.firstDate.map(\.description) ?? "")" }.joined()
    for row in stride(from: 10, to: 110, by: 2) { #expect(text.contains("\(series.dates[row])")) }
  }
}
