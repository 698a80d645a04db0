// The three columns that look at the portfolio as a whole: correlation, beta, concentration.

package import AgentInterface
internal import Market

/// What stands behind the symbols' blocks where `portfolio_features` is on. All of it is known at the decision's close.
///
/// | column | what |
/// |---|---|
/// | `portfolio.correlation_30` | mean over all pairs of symbols of `Comovement.correlation` of their closes; with two symbols, their correlation |
/// | `portfolio.beta_30` | sum over symbols of weight x `Comovement.beta` against the benchmark, the weight being signed shares x close over net liquidation value: cash counts, with a beta of 0 |
/// | `portfolio.concentration` | the largest of the symbols' absolute values over their sum, cash left out: 1/S to 1 for S positions, 1 for one, 0 while nothing is held |
///
/// Of symbols that were not listed all the time a bar's correlation is the mean over those pairs of which both may be ordered there (`BasketListings`), 0
/// where there is none.
///
/// Windows are 30 returns. The first bar that may be decided on has more behind it, so no decision sees a window that is not full; what
/// cannot be divided (a price that did not move for 30 bars, no position) is 0 and never not-a-number. One symbol has no pair: refused.
///
/// Source of the portfolio's beta as the weighted sum of its parts': Sharpe 1964, "Capital asset prices".
package struct PortfolioColumns: Sendable {
  package static let window = 30

  package static let columns: [ObservationSpace.Column] = [
    .init(name: "portfolio.correlation_30", unit: "-1 to 1"),
    .init(name: "portfolio.beta_30", unit: "fraction of the benchmark's move"),
    .init(name: "portfolio.concentration", unit: "0 to 1"),
  ]

  let symbolCount: Int
  /// [bar][symbol]
  let betas: LaneArray<Double>
  /// [bar]
  let correlations: [Double]

  /// Traps with fewer than two symbols and without a benchmark.
  init(tape: MarketTape, listings: BasketListings? = nil) {
    guard let benchmark = tape.benchmark else { preconditionFailure("portfolio columns without a benchmark") }
    symbolCount = tape.symbols.count
    precondition(symbolCount >= 2, "portfolio columns of \(symbolCount) symbol")
    betas = LaneArray(repeating: 0, count: tape.barCount * symbolCount)
    for symbol in 0..<symbolCount {
      let listing = tape.listings[symbol]
      let values = Comovement.beta(
        of: Array(tape.close[symbol][listing]), against: Array(benchmark.close[listing]),
        window: PortfolioColumns.window)
      for (bar, value) in zip(listing, values) { betas.base[bar * symbolCount + symbol] = value }
    }
    var sums = [Double](repeating: 0, count: tape.barCount)
    var pairs = [Int](repeating: 0, count: tape.barCount)
    for first in 0..<symbolCount {
      for second in first + 1..<symbolCount {
        let both = tape.listings[first].clamped(to: tape.listings[second])
        let values = Comovement.correlation(
          of: Array(tape.close[first][both]), and: Array(tape.close[second][both]), window: PortfolioColumns.window)
        for (bar, value) in zip(both, values)
        where listings.map({ $0.tradable[first].contains(bar) && $0.tradable[second].contains(bar) }) ?? true {
          sums[bar] += value
          pairs[bar] += 1
        }
      }
    }
    correlations = zip(sums, pairs).map { $1 > 0 ? $0 / Double($1) : 0 }
  }

  /// Writes beta and concentration behind the correlation, which the row has from the table.
  ///
  /// row: the three columns. shares: (S). quotes: (S) at the decision's bar. value: net liquidation value, dollars, positive.
  @inline(__always)
  func write(
    _ row: UnsafeMutablePointer<Float>, bar: Int, shares: UnsafePointer<Double>,
    quotes: UnsafePointer<MarketFeatures.Quote>, valueDollars: Double
  ) {
    var exposure = 0.0
    var gross = 0.0
    var largest = 0.0
    for symbol in 0..<symbolCount {
      let worth = shares[symbol] * quotes[symbol].close
      exposure += worth * betas.base[bar * symbolCount + symbol]
      gross += abs(worth)
      largest = max(largest, abs(worth))
    }
    row[1] = Float(exposure / valueDollars)
    row[2] = gross > 0 ? Float(largest / gross) : 0
  }
}
