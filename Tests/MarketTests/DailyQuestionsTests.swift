// What once passed without a word: spikes, factors of another share, standstill, volumes that are lost or change their unit, days to come.

import Kernels
import TestSupport
import Testing

@testable import Market

private func examine(_ series: [BarSeries], today: CalendarDate? = nil) -> [QualityFinding] {
  QualityGate.examine(series, allowances: [], today: today).findings
}

@Suite struct DailyQuestionsTests {
  /// 100 highs and 100 lows above each bound, and as many just below the lower one.
  @Test func spikesAreFoundAndWhatIsBelowIsNot() {
    for trial in 0..<200 as Range<UInt64> {
      var random = RandomStream(seed: 91, purpose: .market, lane: UInt32(trial))
      let clean = SyntheticTape.series(bars: 60, seed: 500 + trial)
      let row = 1 + Int(random.nextInteger(below: 58))
      let isHigh = random.nextDouble() < 0.5
      let around = [clean[1].open[row], clean[1].close[row], clean[1].close[row - 1], clean[1].close[row + 1]]
      func spiked(_ ratio: Double) -> [BarSeries] {
        var series = clean
        if isHigh { series[1].high[row] = around.max()! * ratio } else { series[1].low[row] = around.min()! / ratio }
        return series
      }
      for (ratio, severity) in [(2.001, QualityFinding.Severity.fail), (50, .fail), (1.301, .warn)] {
        let found = examine(spiked(ratio))
        #expect(found.map(\.kind) == ["price-spike"] && found[0].severity == severity, "trial \(trial), \(ratio)")
        #expect(found[0].symbol == "BBB" && found[0].firstDate == clean[1].dates[row] && found[0].count == 1)
      }
      #expect(examine(spiked(1.299)).isEmpty, "trial \(trial)")
    }
  }

  @Test func aRealSpikeIsAllowedByName() throws {
    var series = SyntheticTape.series(symbols: ["A"], bars: 60, seed: 1)
    series[0].low[30] = 0.01
    let allowance = try QualityAllowance(
      check: "price-continuity", symbol: "A", date: series[0].dates[30], reason: "the crash of an afternoon")
    let report = QualityGate.examine(series, allowances: [allowance])
    #expect(report.passed && report.findings.isEmpty && report.allowances == [allowance])
  }

  @Test func theAdjustedCloseOfAnotherShareIsNoFactor() {
    for seed in 0..<20 as Range<UInt64> {
      var series = SyntheticTape.series(symbols: ["A", "B"], bars: 300, seed: seed)
      for row in 0..<300 { series[0].adjustmentFactors[row] = series[1].close[row] / series[0].close[row] }
      let found = examine(series).filter { $0.kind == "unrelated-factor" }
      #expect(found.map(\.symbol) == ["A"] && found.allSatisfy { $0.severity == .fail }, "seed \(seed)")
    }
  }

  @Test func anAdjustedCloseInCentsIsNoticedAtItsEnd() {
    var series = SyntheticTape.series(symbols: ["A"], bars: 60, seed: 2)
    for (factor, kinds) in [(100, ["factor-level"]), (0.01, ["factor-level"]), (1.0 / 28, []), (1.2, [])] {
      series[0].adjustmentFactors = series[0].adjustmentFactors.map { _ in factor }
      #expect(examine(series).map(\.kind) == kinds, "\(factor)")
    }
  }

  /// Quarterly payments and a split, as factors of prices that are rounded to the cent, are what factors are for.
  @Test func paymentsAndSplitsAreNoFindings() {
    for seed in 0..<20 as Range<UInt64> {
      var series = SyntheticTape.series(symbols: ["A"], bars: 1000, seed: seed)
      var factor = 1.0
      for row in (0..<1000).reversed() {
        if row % 63 == 62 { factor *= 0.995 }
        for column in [\BarSeries.open, \.high, \.low, \.close] {
          series[0][keyPath: column][row] = (series[0][keyPath: column][row] * 100).rounded() / 100
        }
        series[0].spanAll(row)
        series[0].adjustmentFactors[row] = (series[0].close[row] * factor * 100).rounded() / 100 / series[0].close[row]
      }
      #expect(examine(series).isEmpty, "seed \(seed): \(examine(series))")
    }
  }

  @Test func aPriceThatStandsWithoutVolumeIsStale() {
    var series = SyntheticTape.series(symbols: ["A"], bars: 300, seed: 3)
    series[0].standStill(20..<260)
    for row in 20..<260 { series[0].volume[row] = 0 }
    let found = examine(series).filter { $0.kind == "stale-price" }
    #expect(found.map(\.count) == [240] && found[0].firstDate == series[0].dates[20])
  }

  @Test func aShareWithoutAnyVolumeIsRefusedAsAnIndexOrLost() {
    var series = SyntheticTape.series(symbols: ["VIX"], bars: 60, seed: 4)
    series[0].volume = series[0].volume.map { _ in 0 }
    let found = examine(series)
    #expect(found.map(\.kind) == ["no-volume"] && found[0].suggestion.contains("--index VIX=FILE"))
    series[0].instrument = .index
    #expect(examine(series).isEmpty)
  }

  /// 200 breaks of 24- to 400-fold, either way, at any place: found on their day. 200 of 8-fold are none.
  @Test func aLastingChangeOfVolumeIsFoundOnItsDay() {
    for trial in 0..<200 as Range<UInt64> {
      var random = RandomStream(seed: 92, purpose: .market, lane: UInt32(trial))
      let clean = SyntheticTape.series(symbols: ["A"], bars: 120, seed: 700 + trial)
      let row = 20 + Int(random.nextInteger(below: 94))
      func broken(_ fold: Double) -> [BarSeries] {
        var series = clean
        let rows = random.nextDouble() < 0.5 ? row..<120 : 0..<row
        for one in rows { series[0].volume[one] = (series[0].volume[one] * fold).rounded() }
        return series
      }
      let found = examine(broken(24 + 376 * random.nextDouble()))
      #expect(found.map(\.kind) == ["volume-break"] && found[0].severity == .warn, "trial \(trial)\n\(found)")
      #expect(found.first?.firstDate == clean[0].dates[row], "trial \(trial)\n\(found)")
      let below = examine(broken(8))
      #expect(below.isEmpty, "trial \(trial)\n\(below)")
    }
  }

  @Test func daysToComeAreRefusedWhereTodayIsKnown() {
    let series = SyntheticTape.series(symbols: ["A"], bars: 60, seed: 5)
    let found = examine(series, today: series[0].dates[57])
    #expect(found.map(\.kind) == ["future-date"] && found[0].count == 2 && found[0].firstDate == series[0].dates[58])
    #expect(examine(series, today: series[0].dates[59]).isEmpty && examine(series).isEmpty)
  }

  @Test func aLastBitBelowIsNoFinding() {
    var series = SyntheticTape.series(symbols: ["A"], bars: 60, seed: 6)
    series[0].high[30] = max(series[0].open[30], series[0].close[30]).nextDown
    series[0].low[31] = min(series[0].open[31], series[0].close[31]).nextUp
    #expect(examine(series).isEmpty)
  }

  @Test func theMedianIsThatOfSortedNumbers() {
    var random = RandomStream(seed: 93, purpose: .market, lane: 0)
    for count in 1...60 {
      var numbers = (0..<count).map { _ in Double(random.nextInteger(below: 20)) }
      let sorted = numbers.sorted()
      #expect(Median.of(&numbers) == sorted[(count - 1) / 2])
      #expect(numbers.sorted() == sorted)
    }
    var none: [Double] = []
    #expect(Median.of(&none) == nil)
  }
}

extension BarSeries {
  /// Widens high and low so that they hold open and close.
  fileprivate mutating func spanAll(_ row: Int) {
    high[row] = max(high[row], open[row], close[row])
    low[row] = min(low[row], open[row], close[row])
  }
}
