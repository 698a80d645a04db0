// The features of a tape, computed once and read by every lane.

import Glibc
import Kernels
package import Market
internal import Pricing
package import Trading

/// What an observation says about the market, and what an order needs to know of it, for every bar of a tape.
///
/// Row t is made of bars up to t alone. The matrix is (bars, D): for each symbol its 12 features, the further columns as the data has them and
/// a zero where the position belongs, then, where there are portfolio columns, the correlation and two zeros, so that an observation is one
/// copy and a few writes. Rows before the warm-up's end are not a number. A symbol that was not listed all the time has the features that it would have
/// on a tape of its own, and neutral values at the bars at which it cannot be ordered.
package final class MarketFeatures: Sendable {
  /// Bars before the first that may be decided on.
  package static let warmUpBars = 50
  /// Bars of a year, for the annual volatility.
  package static func barsPerYear(_ width: BarWidth) -> Double {
    switch width {
    case .session: 252
    case .minute: VolatilityClock.sessionMinutesPerYear
    }
  }

  /// One symbol at one bar, as the desk needs it.
  struct Quote: Sendable {
    var open: Double
    var close: Double
    /// From volatility and volume up to this bar.
    var impact: ImpactRate
    var volumeIsUnknown: Bool
  }

  let symbolCount: Int
  let barCount: Int
  package let extraColumns: [String]
  /// Columns of one symbol: 13 without further ones.
  let width: Int
  /// D.
  let columnCount: Int
  let rows: BarRows
  /// [bar][symbol]
  let quotes: LaneArray<Quote>
  /// Nil where they are not asked for.
  let portfolio: PortfolioColumns?
  /// Nil where every symbol has every bar.
  let listings: BasketListings?

  /// Traps where the tape lacks one of `extraColumns`. `portfolioFeatures`: with `PortfolioColumns`; traps as they do.
  package init(
    tape: MarketTape, execution: ExecutionModel, extraColumns: [String] = [], portfolioFeatures: Bool = false
  ) {
    symbolCount = tape.symbols.count
    barCount = tape.barCount
    self.extraColumns = extraColumns
    width = BasketObservation.columnsPerSymbol(extraColumns: extraColumns)
    listings = BasketListings(tape)
    portfolio = portfolioFeatures ? PortfolioColumns(tape: tape, listings: listings) : nil
    columnCount = symbolCount * width + (portfolioFeatures ? PortfolioColumns.columns.count : 0)
    rows = BarRows(barCount: barCount, columnCount: columnCount, hasPairPrices: symbolCount == 2)
    quotes = LaneArray(
      repeating: Quote(
        open: .nan, close: .nan, impact: ImpactRate(perRootDollar: 0, constant: 0), volumeIsUnknown: true),
      count: barCount * symbolCount)
    for symbol in 0..<symbolCount {
      let isAlone = !tape.isAlwaysListed(symbol)
      let (own, place) = isAlone ? (tape.alone(symbol), 0) : (tape, symbol)
      let first = tape.listings[symbol].lowerBound
      let columns = MarketFeatures.columns(tape: own, symbol: place, extraColumns: extraColumns)
      let volatility = RealizedVolatility.values(of: own.close[place], window: 20)
      let dollars = zip(own.close[place], own.volumeInOneUnit(symbol: place)).map(*)
      let meanDollars = RollingWindow.mean(of: dollars, window: 20)
      if isAlone { standStill(symbol, of: tape) }
      for (known, bar) in tape.listings[symbol].enumerated() {
        let rate = execution.impactRate(dailyVolatility: volatility[known], meanDollarVolume: meanDollars[known])
        quotes.base[bar * symbolCount + symbol] = Quote(
          open: tape.open[symbol][bar], close: tape.close[symbol][bar], impact: rate,
          volumeIsUnknown: !(meanDollars[known] > 0 && meanDollars[known].isFinite))
        guard bar >= MarketFeatures.warmUpBars, listings?.tradable[symbol].contains(bar) ?? true else { continue }
        let row = rows.columns(bar) + symbol * width
        for (column, values) in columns.enumerated() { row[column] = values[bar - first] }
        row[width - 1] = 0
      }
    }
    if let listings { fillAbsent(listings) }
    if symbolCount == 2 {
      for bar in 0..<barCount {
        let (first, second) = (quotes.base[2 * bar], quotes.base[2 * bar + 1])
        let isKnown = !first.volumeIsUnknown && !second.volumeIsUnknown
        rows.setPrices(
          bar,
          PairPrices(
            open: SIMD2(first.open, second.open), close: SIMD2(first.close, second.close),
            impactRate: isKnown ? SIMD2(first.impact.perRootDollar, second.impact.perRootDollar) : SIMD2(.nan, .nan)))
      }
    }
    guard let portfolio else { return }
    for bar in MarketFeatures.warmUpBars..<max(MarketFeatures.warmUpBars, barCount) {
      let row = rows.columns(bar) + symbolCount * width
      row[0] = Float(portfolio.correlations[bar])
      row[1] = 0
      row[2] = 0
    }
  }

  /// Neutral columns and standing prices at all bars: those at which the symbol is traded are written over them.
  private func standStill(_ symbol: Int, of tape: MarketTape) {
    let neutral = BasketObservation.neutralFeatures
    for bar in 0..<barCount {
      quotes.base[bar * symbolCount + symbol].open = tape.open[symbol][bar]
      quotes.base[bar * symbolCount + symbol].close = tape.close[symbol][bar]
      guard bar >= MarketFeatures.warmUpBars else { continue }
      let row = rows.columns(bar) + symbol * width
      for column in 0..<width { row[column] = column < neutral.count ? neutral[column] : 0 }
    }
  }

  /// The mean of the traded symbols in columns of absent ones that have no neutral value; 0 where none is traded.
  private func fillAbsent(_ listings: BasketListings) {
    let open = (0..<width - 1).filter { !BasketObservation.hasNeutralValue($0) }
    for bar in MarketFeatures.warmUpBars..<max(MarketFeatures.warmUpBars, barCount) {
      let (absent, row) = (listings.absent(at: bar), rows.columns(bar))
      let traded = (0..<symbolCount).filter { absent >> UInt64($0) & 1 == 0 }
      if absent == 0 || traded.isEmpty { continue }
      for column in open {
        let mean = traded.reduce(Float(0)) { $0 + row[$1 * width + column] } / Float(traded.count)
        for symbol in 0..<symbolCount where absent >> UInt64(symbol) & 1 == 1 { row[symbol * width + column] = mean }
      }
    }
  }

  /// One feature at one bar. Traps outside the tape.
  package func value(bar: Int, symbol: Int, feature: Int) -> Float {
    precondition((0..<barCount).contains(bar) && (0..<symbolCount).contains(symbol), "bar \(bar), symbol \(symbol)")
    precondition((0..<width - 1).contains(feature), "feature \(feature) of \(width - 1)")
    return rows.columns(bar)[symbol * width + feature]
  }

  /// The largest impact that an order of so many dollars has at any bar where it is known, as a fraction of the price.
  func largestImpact(orderDollars: Double, halfSpreadFraction: Double) -> Double {
    var largest = 0.0
    for place in 0..<barCount * symbolCount {
      let impact = quotes.base[place].impact
      let fraction = impact.fraction(orderDollars: orderDollars, halfSpreadFraction: halfSpreadFraction)
      if fraction.isFinite { largest = max(largest, fraction) }
    }
    return largest
  }

  /// The smallest impact that an order of so many dollars has at any bar that may be decided on, as a fraction of the price.
  func smallestImpact(orderDollars: Double, halfSpreadFraction: Double) -> Double {
    var smallest = 1.0
    for place in min(MarketFeatures.warmUpBars, barCount) * symbolCount..<barCount * symbolCount {
      let (bar, symbol) = place.quotientAndRemainder(dividingBy: symbolCount)
      guard listings?.tradable[symbol].contains(bar) ?? true else { continue }
      let impact = quotes.base[place].impact
      let fraction = impact.fraction(orderDollars: orderDollars, halfSpreadFraction: halfSpreadFraction)
      if fraction.isFinite { smallest = min(smallest, fraction) }
    }
    return smallest
  }

  deinit { rows.base.deallocate() }

  /// The twelve features of one symbol and its further columns, [feature][bar]. A zero denominator, or a volume that is not a number, gives the neutral value:
  /// 0.5 for the range and 0 for all others.
  private static func columns(tape: MarketTape, symbol: Int, extraColumns: [String]) -> [[Float]] {
    let extra = extraColumns.map { name in
      guard let column = tape.extra[symbol].first(where: { $0.name == name }) else {
        preconditionFailure("\(tape.symbols[symbol]) has no column \(name)")
      }
      return column.values
    }
    let open = tape.open[symbol]
    let high = tape.high[symbol]
    let low = tape.low[symbol]
    let close = tape.close[symbol]
    let gap = { (averages: [Double]) in zip(close, averages).map { $1 == 0 ? 0 : $0 / $1 - 1 } }
    // One after the other, so that of a long tape no two lie side by side in double precision.
    let features: [() -> [Double]] = [
      { LogReturns.values(of: close, lag: 1) },
      { LogReturns.values(of: close, lag: 5) },
      { LogReturns.values(of: close, lag: 20) },
      { RSI.values(of: close, period: 14).map { ($0 - 50) / 50 } },
      { gap(EMA.values(of: close, span: 12)) },
      { gap(EMA.values(of: close, span: 26)) },
      { zip(ATR.values(high: high, low: low, close: close, period: 14), close).map { $1 == 0 ? 0 : $0 / $1 } },
      { RealizedVolatility.values(of: close, window: 20).map { $0 * barsPerYear(tape.width).squareRoot() } },
      {
        let highest = RollingWindow.highest(of: high, window: 20)
        let lowest = RollingWindow.lowest(of: low, window: 20)
        return close.indices.map { bar in
          let range = highest[bar] - lowest[bar]
          return range > 0 ? (close[bar] - lowest[bar]) / range : 0.5
        }
      },
      { tape.width == .minute ? tape.volumeAgainstUsual(symbol: symbol) : volumeRatios(tape.volume[symbol]) },
      { close.indices.map { $0 == 0 || close[$0 - 1] == 0 ? 0 : open[$0] / close[$0 - 1] - 1 } },
      { Drawdown.values(of: close, high: high, window: 50) },
    ]
    return features.map { $0().map { Float($0) } } + extra.map { $0.map { Float($0) } }
  }

  /// (B) the logarithm of a session's volume over the mean of the last 20.
  private static func volumeRatios(_ volume: [Double]) -> [Double] {
    zip(volume, RollingWindow.mean(of: volume, window: 20)).map { now, mean in
      let ratio = (now + 1) / (mean + 1)
      return ratio > 0 && ratio.isFinite ? log(ratio) : 0
    }
  }
}
