// The market as every lane reads it: adjusted, aligned, immutable.

/// Adjusted daily bars of S symbols over the same B dates. Shared by all lanes; never written after it is made.
///
/// Prices are raw x factor, volume is raw / factor, further columns are as they were delivered. Arrays are indexed [symbol][bar].
package final class MarketTape: Sendable {
  /// A series beside the symbols that nobody trades: what they are compared with.
  package struct Benchmark: Sendable, Equatable {
    package let symbol: String
    package let isIndex: Bool
    /// (B) adjusted, at the tape's dates.
    package let close: [Double]
  }

  package let symbols: [String]
  package let dates: [CalendarDate]
  package let open: [[Double]]
  package let high: [[Double]]
  package let low: [[Double]]
  package let close: [[Double]]
  package let volume: [[Double]]
  /// [symbol][column]
  package let extra: [[ExtraColumn]]
  package let benchmark: Benchmark?

  package var barCount: Int { dates.count }

  /// Adjusts and aligns. Traps if none is given, or if the series' dates or a series' column lengths differ: the quality gate has
  /// refused such data before. Traps if one is an index, and if the benchmark is one of the symbols or lacks one of their dates
  /// (`BarSeries.missingDates`).
  package init(_ series: [BarSeries], benchmark: BarSeries? = nil) {
    precondition(!series.isEmpty, "a tape of no symbols")
    for one in series {
      precondition(!one.isIndex, "\(one.symbol) is an index: nobody can trade it")
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
    self.benchmark = benchmark.map { benchmark in
      precondition(
        !series.contains { $0.symbol == benchmark.symbol }, "\(benchmark.symbol) is traded and the benchmark")
      return Benchmark(
        symbol: benchmark.symbol, isIndex: benchmark.isIndex, close: benchmark.adjustedCloses(at: series[0].dates))
    }
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
