// Planted markets as daily bars, so that the whole road from a bar file to a verdict can be driven with a known answer.

import Glibc
import Kernels
package import Market

/// Bars of one symbol whose answer is known. A bar opens where the one before it closed, so that an order decided at a close and filled at
/// the next open earns the whole next bar; prices are positive, high and low enclose open and close, volumes are whole, dates are
/// sessions of the New York calendar.
package enum PlantedBars {
  package enum Answer: String, Sendable, CaseIterable {
    /// Prices without drift: a lognormal walk, 1 % a day, whose next price is expected to be this one. Nothing can be earned.
    case martingale
    /// 100 + x, where x' = 0.95 x + e with e ~ N(0, 1), as in the market of that name.
    case meanReversion = "mean_reversion"
    /// The walk of `martingale` with a column that tells what cannot be known: the return of the next bar, open to close, which is
    /// what an order decided now earns first.
    case leak
    /// The walk of `martingale` with a column that knows something of the next bar: its correlation with the next log return is given.
    /// Following its sign, without costs, earns an annual Sharpe ratio of sqrt(252) sqrt(2 / pi) = 12.7 times that correlation.
    case edge
  }

  /// The further column of `leak`.
  package static let leakColumn = "next_return"
  /// The further column of `edge`.
  package static let edgeColumn = "signal"
  /// Deviation of a day's log return where the price is a walk.
  package static let dailyVolatility = 0.01

  /// The names of the columns that this market has beside prices and volume.
  package static func extraColumns(of answer: Answer) -> [String] {
    switch answer {
    case .martingale, .meanReversion: []
    case .leak: [leakColumn]
    case .edge: [edgeColumn]
    }
  }

  /// One bar for each of `dates`. The same answer, dates, seed and correlation give the same bars to the bit.
  ///
  /// correlation: of the column of `edge` with the next log return, -1 to 1; the walk itself does not depend on it, and no other answer does.
  /// Traps outside that range.
  package static func series(
    _ answer: Answer, symbol: String, dates: [CalendarDate], seed: UInt64, correlation: Double = 0
  ) -> BarSeries {
    precondition((-1...1).contains(correlation), "a correlation of \(correlation)")
    var prices = RandomStream(seed: seed, purpose: .market, lane: 0)
    var trimmings = RandomStream(seed: seed, purpose: .market, lane: 1)
    // One close more than bars: the last bar, too, may tell the return of the next.
    var closes = [answer == .meanReversion ? 100 + MeanReversionMarket.stationaryDeviation * prices.nextNormal() : 100]
    // Standard deviations that each close lies above the one before, but for the drift that keeps the walk a martingale.
    var noises: [Double] = []
    for _ in 0...dates.count {
      let noise = prices.nextNormal()
      noises.append(noise)
      closes.append(
        answer == .meanReversion
          ? 100 + MeanReversionMarket.persistence * (closes[closes.count - 1] - 100) + noise
          : closes[closes.count - 1] * exp(dailyVolatility * (noise - dailyVolatility / 2)))
    }
    var series = BarSeries(symbol: symbol, extraColumns: extraColumns(of: answer))
    // What the signal of `edge` knows nothing by.
    var clouds = RandomStream(seed: seed, purpose: .market, lane: 2)
    let cloudiness = (1 - correlation * correlation).squareRoot()
    for (bar, date) in dates.enumerated() {
      let (open, close, next) = (closes[bar], closes[bar + 1], closes[bar + 2])
      if answer == .edge {
        series.append(
          date: date, open: open, high: max(open, close) * 1.001, low: min(open, close) * 0.999, close: close,
          volume: 1_000_000, extra: [correlation * noises[bar + 1] + cloudiness * clouds.nextNormal()])
        continue
      }
      series.append(
        date: date, open: open, high: max(open, close) * (1 + 0.002 * trimmings.nextDouble()),
        low: min(open, close) * (1 - 0.002 * trimmings.nextDouble()), close: close,
        volume: (1_000_000 * exp(0.3 * trimmings.nextNormal())).rounded(),
        extra: answer == .leak ? [next / close - 1] : [])
    }
    return series
  }
}
