// The indicators against pandas and numpy, by hand where the history is short, and blind to the future.

import Kernels
import TestSupport
import Testing

@testable import Market

private struct IndicatorGolden: Decodable {
  struct Column: Decodable {
    var name: String
    var values: [Double]
  }
  var relativeTolerance: Double
  var fromBar: Int
  var high: [Double]
  var low: [Double]
  var close: [Double]
  var volume: [Double]
  var columns: [Column]
}

/// Every indicator by the name of its column.
private func indicators(high: [Double], low: [Double], close: [Double], volume: [Double]) -> [String: [Double]] {
  [
    "log_return_1": LogReturns.values(of: close, lag: 1),
    "log_return_5": LogReturns.values(of: close, lag: 5),
    "log_return_20": LogReturns.values(of: close, lag: 20),
    "ema_12": EMA.values(of: close, span: 12),
    "ema_26": EMA.values(of: close, span: 26),
    "rsi_14": RSI.values(of: close),
    "atr_14": ATR.values(high: high, low: low, close: close),
    "realized_volatility_20": RealizedVolatility.values(of: close),
    "volume_mean_20": RollingWindow.mean(of: volume, window: 20),
    "highest_high_20": RollingWindow.highest(of: high, window: 20),
    "lowest_low_20": RollingWindow.lowest(of: low, window: 20),
    "drawdown_50": Drawdown.values(of: close, high: high),
  ]
}

@Suite struct IndicatorTests {
  @Test func agreeWithTheGoldenFile() throws {
    let golden = try GoldenFile.read("indicators", as: IndicatorGolden.self)
    let found = indicators(high: golden.high, low: golden.low, close: golden.close, volume: golden.volume)
    #expect(Set(golden.columns.map(\.name)) == Set(found.keys))
    for column in golden.columns {
      let values = try #require(found[column.name])
      try #require(values.count == golden.close.count)
      try #require(column.values.count == golden.close.count - golden.fromBar)
      let bound = golden.relativeTolerance * (column.values.map(abs).max() ?? 0)
      for (offset, expected) in column.values.enumerated() {
        let bar = golden.fromBar + offset
        #expect(
          abs(values[bar] - expected) <= bound,
          "\(column.name), bar \(bar): expected \(expected), found \(values[bar]), tolerance \(bound)")
      }
    }
  }

  /// What is computed at a bar is the same bits whether the tape ends there, goes on, or goes on otherwise.
  @Test func theFutureChangesNothing() throws {
    let whole = try #require(SyntheticTape.series(symbols: ["AAA"], bars: 300, seed: 11).first)
    let reference = indicators(high: whole.high, low: whole.low, close: whole.close, volume: whole.volume)
    for cut in [0, 1, 2, 13, 14, 15, 19, 20, 21, 49, 50, 51, 137, 299] {
      func altered(_ values: [Double]) -> [Double] {
        values.enumerated().map { bar, value in bar < cut ? value : value * 3 + 1 }
      }
      let truncated = indicators(
        high: Array(whole.high[..<cut]), low: Array(whole.low[..<cut]), close: Array(whole.close[..<cut]),
        volume: Array(whole.volume[..<cut]))
      let replaced = indicators(
        high: altered(whole.high), low: altered(whole.low), close: altered(whole.close), volume: altered(whole.volume))
      for (name, values) in reference {
        let expected = values[..<cut].map(\.bitPattern)
        let seenBefore = truncated[name]?.map(\.bitPattern) == expected
        let seenOtherwise = replaced[name]?.prefix(cut).map(\.bitPattern) == expected
        #expect(seenBefore, "\(name) of the first \(cut) bars")
        #expect(seenOtherwise, "\(name) with another future after \(cut)")
        // The replacement must be visible from there on, or the comparison above proves nothing.
        if (1..<200).contains(cut) {
          let same = replaced[name]?.map(\.bitPattern) == values.map(\.bitPattern)
          #expect(!same, "\(name) never sees its own bar")
        }
      }
    }
  }

  @Test func shortHistoriesUseWhatThereIs() {
    #expect(EMA.values(of: [10, 16], span: 5) == [10, 12])
    #expect(RollingWindow.mean(of: [2, 4, 9, -1], window: 3) == [2, 3, 5, 4])
    #expect(RollingWindow.highest(of: [2, 4, 1, 1, 0], window: 3) == [2, 4, 4, 4, 1])
    #expect(RollingWindow.lowest(of: [2, 4, 1, 3, 5, 6], window: 3) == [2, 2, 1, 1, 1, 3])
    #expect(LogReturns.values(of: [1, 2, 4], lag: 2).map { ($0 * 1000).rounded() } == [0, 693, 1386])
    // True ranges 1, 3 (from the close before), 2; then Wilder with period 2: 1, 2, (2 + 2) / 2.
    #expect(ATR.values(high: [10, 12, 12], low: [9, 11, 10], close: [9, 11, 11], period: 2) == [1, 2, 2])
    // Changes +1, -1, +3 with period 2: averages (1, 0), (0.5, 0.5), (1.75, 0.25).
    #expect(RSI.values(of: [10, 11, 10, 13], period: 2) == [50, 100, 50, 87.5])
    // Exact in binary: 4 of 8, then 2 of 8.
    #expect(Drawdown.values(of: [4, 2], high: [8, 3], window: 2) == [-0.5, -0.75])
    let volatility = RealizedVolatility.values(of: [1, 2, 2], window: 2)
    // The deviation of two numbers is their distance over the root of two.
    #expect(volatility[0] == 0 && volatility[1] == 0)
    let expected = 0.6931471805599453 / 2.0.squareRoot()
    #expect(abs(volatility[2] - expected) < 1e-15)
  }

  @Test func aPriceThatStandsStillIsNeutral() {
    let flat = [Double](repeating: 7, count: 60)
    let zero = [Double](repeating: 0, count: 60)
    let middle = [Double](repeating: 50, count: 60)
    #expect(RSI.values(of: flat) == middle)
    #expect(ATR.values(high: flat, low: flat, close: flat) == zero)
    #expect(RealizedVolatility.values(of: flat) == zero)
    #expect(EMA.values(of: flat, span: 26).allSatisfy { abs($0 - 7) < 1e-14 })
    #expect(Drawdown.values(of: flat, high: flat) == zero)
  }

  @Test func onlyRisesOrOnlyFallsReachTheEnds() {
    let up = (1...40).map(Double.init)
    #expect(RSI.values(of: up).dropFirst().allSatisfy { $0 == 100 })
    #expect(RSI.values(of: up.reversed()).dropFirst().allSatisfy { $0 == 0 })
  }

  @Test func nothingInNothingOut() {
    for (name, values) in indicators(high: [], low: [], close: [], volume: []) { #expect(values.isEmpty, "\(name)") }
  }
}
