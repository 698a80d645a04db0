// Whether prices hold what was paid out, told from the factors that adjust them.

import Testing

@testable import Market

@Suite struct DistributionsTests {
  /// Bars on consecutive days: closes and factors.
  private func kind(_ closes: [Double], _ factors: [Double]) -> Distributions.Kind {
    var series = BarSeries(symbol: "A")
    for (day, (close, factor)) in zip(closes, factors).enumerated() {
      series.append(
        date: CalendarDate(daysSinceEpoch: Int32(10_000 + day)), open: close, high: close, low: close, close: close,
        volume: 1, adjustmentFactor: factor)
    }
    return series.distributions.kind
  }

  @Test func factorsThatNeverChangeHoldNothing() {
    #expect(kind([100, 101, 99], [1, 1, 1]) == .none)
    // Adjusted for what came after the last bar: nothing of it falls between these.
    #expect(kind([100, 101, 99], [0.5, 0.5, 0.5]) == .none)
    #expect(kind([], []) == .none && kind([100], [0.9]) == .none)
  }

  @Test func aDividendIsASmallStep() {
    // 0.50 dollars on 100, before bar 2.
    #expect(kind([100, 100, 99.5, 99.5], [0.995, 0.995, 1, 1]) == .dividends)
    // And on top of a split of 2 for 1.
    #expect(kind([200, 100, 100, 99.5], [0.4975, 0.995, 0.995, 1]) == .dividends)
  }

  @Test func aSplitIsALargeStep() {
    #expect(kind([200, 200, 100, 100], [0.5, 0.5, 1, 1]) == .splits)
    // Three for two, and one for ten.
    #expect(kind([150, 100, 100], [2.0 / 3, 1, 1]) == .splits && kind([1, 10, 10], [10, 1, 1]) == .splits)
  }

  /// Adjusted closes to the cent over closes to the cent: the factor trembles, but goes nowhere.
  @Test func roundingIsNoDividend() {
    let closes = (0..<200).map { 10 + Double($0 * 37 % 100) / 100 }
    let trembling = closes.map { ($0 * 0.7 * 100).rounded() / 100 / $0 }
    #expect(Set(trembling).count > 10 && kind(closes, trembling) == .none)
    // The same with a quarter's dividend of half a percent in its middle.
    let paid = closes.enumerated().map { ($1 * ($0 < 100 ? 0.7 * 0.995 : 0.7) * 100).rounded() / 100 / $1 }
    #expect(kind(closes, paid) == .dividends)
  }
}
