// The market as every lane reads it: adjusted, aligned, immutable.

/// Adjusted daily bars of S symbols over the same B dates. Shared by all lanes; never written after it is made.
///
/// Prices are raw x factor, volume is raw / factor, further columns are as they were delivered. Arrays are indexed [symbol][bar].
package final class MarketTape: Sendable {
  package let symbols: [String]
  package let dates: [CalendarDate]
  package let open: [[Double]]
  package let high: [[Double]]
  package let low: [[Double]]
  package let close: [[Double]]
  package let volume: [[Double]]
  /// [symbol][column]
  package let extra: [[ExtraColumn]]

  package var barCount: Int { dates.count }

  /// Adjusts and aligns. Traps if none is given, or if the series' dates or a series' column lengths differ: the quality gate has
  /// refused such data before.
  package init(_ series: [BarSeries]) {
    precondition(!series.isEmpty, "a tape of no symbols")
    for one in series {
      precondition(one.dates == series[0].dates, "\(one.symbol) and \(series[0].symbol) have different dates")
      precondition(
        one.wholeRows == one.dates.count && one.longestColumn == one.dates.count,
        "\(one.symbol) has columns of \(one.wholeRows) to \(one.longestColumn) rows for \(one.dates.count) dates")
    }
    symbols = series.map(\.symbol)
    dates = series[0].dates
    open = series.map { zip($0.open, $0.adjustmentFactors).map(*) }
    high = series.map { zip($0.high, $0.adjustmentFactors).map(*) }
    low = series.map { zip($0.low, $0.adjustmentFactors).map(*) }
    close = series.map { zip($0.close, $0.adjustmentFactors).map(*) }
    volume = series.map { zip($0.volume, $0.adjustmentFactors).map(/) }
    extra = series.map(\.extra)
  }

  /// The first bar on or after `date`, or `barCount`.
  package func firstBar(onOrAfter date: CalendarDate) -> Int {
    var low = 0
    var high = dates.count
    while low < high {
      let middle = (low + high) / 2
      if dates[middle] < date { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
