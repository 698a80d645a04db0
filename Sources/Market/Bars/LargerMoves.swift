// Bars of which every move is larger, for whoever asks what a wilder market would have left.

private import Glibc

/// Moves around a line of constant growth, made larger by a factor: log p'(t) = log p(t) + (k - 1) (log p(t) - log p(0) - g t), with t in calendar days. The line
/// is one for all bars of a symbol, of days and of minutes, so that they still agree; it goes through the first and the last price, which stay.
package struct LargerMoves: Sendable {
  package let factor: Double
  private let start: CalendarDate
  private let startLog: Double
  private let growthPerDay: Double

  /// The line through a series' first and last adjusted closes; nil where one of them is no price.
  package init?(_ series: BarSeries, factor: Double) {
    let closes = series.adjusted(\.close)
    guard let first = closes.first, let last = closes.last, first > 0, last > 0, first.isFinite, last.isFinite else {
      return nil
    }
    self.factor = factor
    start = series.dates[0]
    startLog = log(first)
    let days = Double(series.dates[closes.count - 1].daysSinceEpoch - start.daysSinceEpoch)
    growthPerDay = days > 0 ? (log(last) - startLog) / days : 0
  }

  /// Prices alone change; volumes, factors and further columns stay.
  package func applied(to series: BarSeries) -> BarSeries {
    var other = series
    for row in 0..<series.wholeRows {
      let (date, adjustment) = (series.dates[row], series.adjustmentFactors[row])
      let line = startLog + growthPerDay * Double(date.daysSinceEpoch - start.daysSinceEpoch)
      func moved(_ raw: Double) -> Double { raw * exp((factor - 1) * (log(raw * adjustment) - line)) }
      other.open[row] = moved(series.open[row])
      other.high[row] = moved(series.high[row])
      other.low[row] = moved(series.low[row])
      other.close[row] = moved(series.close[row])
    }
    return other
  }
}

extension BarSeries {
  /// The levels of a volatility index times a factor, as far as such an index goes.
  package func levels(times factor: Double) -> BarSeries {
    var other = self
    func more(_ level: Double) -> Double { min(factor * level, max(level, VolatilityIndex.levels.upperBound)) }
    other.open = open.map(more)
    other.high = high.map(more)
    other.low = low.map(more)
    other.close = close.map(more)
    return other
  }
}
