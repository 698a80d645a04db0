// What adjustment factors say of a series: whether its prices hold what was paid out.

internal import Glibc

/// What the adjustment factors of a series hold, over all of its bars.
package struct Distributions: Sendable, Equatable {
  package enum Kind: Sendable, Equatable {
    /// The factors never change beyond what rounded prices explain.
    case none
    /// They change by steps of a fifth and more alone: splits.
    case splits
    /// They change by smaller steps: dividends.
    case dividends
  }

  package var symbol: String
  package var instrument: Instrument
  package var kind: Kind

  package init(symbol: String, instrument: Instrument, kind: Kind) {
    self.symbol = symbol
    self.instrument = instrument
    self.kind = kind
  }

  /// A step of a factor from here on is a split; a dividend is smaller. 6 for 5 is the smallest common split.
  static let smallestSplit = log(1.2)
  /// Prices are written to the cent: half of it is what an adjusted close, or a close, may be off.
  static let halfCent = 0.005
}

extension BarSeries {
  /// What the factors of this series hold. A factor is an adjusted close over a close, each rounded when it was written, so a change counts as a
  /// dividend only where it goes beyond half a cent of both prices at either end: rounding does not add up, dividends do.
  package var distributions: Distributions {
    var (drift, uncertainty, splits) = (0.0, 0.0, 0)
    /// How far the logarithm of a bar's factor may be off.
    func rounding(_ bar: Int) -> Double {
      let adjusted = close[bar] * adjustmentFactors[bar]
      guard close[bar] > 0, adjusted > 0 else { return .infinity }
      return Distributions.halfCent / close[bar] + Distributions.halfCent / adjusted
    }
    let rows = wholeRows
    for bar in 0..<rows where bar > 0 && adjustmentFactors[bar] != adjustmentFactors[bar - 1] {
      let step = log(adjustmentFactors[bar] / adjustmentFactors[bar - 1])
      if abs(step) >= Distributions.smallestSplit {
        splits += 1
        uncertainty += rounding(bar) + rounding(bar - 1)
      } else {
        drift += step
      }
    }
    if rows > 0 { uncertainty += rounding(0) + rounding(rows - 1) }
    return Distributions(
      symbol: symbol, instrument: instrument, kind: abs(drift) > uncertainty ? .dividends : splits > 0 ? .splits : .none
    )
  }
}
