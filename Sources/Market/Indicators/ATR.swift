// Average true range.

package enum ATR {
  /// Wilder's average of the true range max(high - low, |high - close before|, |low - close before|), in dollars.
  ///
  /// Bar 0 has no close before, so its range is high - low, and the seed is the mean of bars 0 to `period` - 1; before that, the mean
  /// of what there is. Source: Wilder 1978. Traps if the lengths differ or `period` is below 1.
  package static func values(high: [Double], low: [Double], close: [Double], period: Int = 14) -> [Double] {
    precondition(
      high.count == close.count && low.count == close.count,
      "\(high.count) highs and \(low.count) lows for \(close.count) closes")
    var average = WilderAverage(period: period)
    return close.indices.map { bar in
      var range = high[bar] - low[bar]
      if bar > 0 {
        range = max(range, abs(high[bar] - close[bar - 1]), abs(low[bar] - close[bar - 1]))
      }
      average.add(range)
      return average.value
    }
  }
}
