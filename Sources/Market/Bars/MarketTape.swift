// The market as every lane reads it: adjusted, aligned, immutable.

/// Adjusted bars of one width of S symbols, which begin at the same B times. Shared by all lanes; never written after it is made.
///
/// Prices are raw x factor, volume is raw / factor, further columns are as they were delivered. Arrays are indexed [symbol][bar].
package final class MarketTape: Sendable {
  /// A series beside the symbols that nobody trades: what they are compared with.
  package struct Benchmark: Sendable, Equatable {
    package let symbol: String
    package let instrument: Instrument
    /// (B) adjusted, at the tape's dates.
    package let close: [Double]
  }

  package let symbols: [String]
  package let width: BarWidth
  /// (B) the date on which each bar begins.
  package let dates: [CalendarDate]
  /// (B) when each bar begins; empty where it spans a whole session.
  package let starts: [Instant]
  package let open: [[Double]]
  package let high: [[Double]]
  package let low: [[Double]]
  package let close: [[Double]]
  package let volume: [[Double]]
  /// [symbol][column]
  package let extra: [[ExtraColumn]]
  package let benchmark: Benchmark?

  package var barCount: Int { dates.count }

  /// Adjusts and aligns. Traps if none is given, or if the series' times or a series' column lengths differ: the quality gate has
  /// refused such data before. Traps if one cannot be traded, and if the benchmark is one of the symbols or lacks one of their dates
  /// (`BarSeries.missingDates`).
  package init(_ series: [BarSeries], benchmark: BarSeries? = nil) {
    precondition(!series.isEmpty, "a tape of no symbols")
    for one in series {
      precondition(one.instrument.isTradable, "\(one.symbol) is an \(one.instrument.rawValue): nobody can trade it")
      precondition(
        one.width == series[0].width && one.dates == series[0].dates && one.starts == series[0].starts,
        "\(one.symbol) and \(series[0].symbol) have bars of different times")
      precondition(
        one.wholeRows == one.dates.count && one.longestColumn == one.dates.count,
        "\(one.symbol) has columns of \(one.wholeRows) to \(one.longestColumn) rows for \(one.dates.count) dates")
    }
    symbols = series.map(\.symbol)
    width = series[0].width
    dates = series[0].dates
    starts = series[0].starts
    open = series.map { $0.adjusted(\.open) }
    high = series.map { $0.adjusted(\.high) }
    low = series.map { $0.adjusted(\.low) }
    close = series.map { $0.adjusted(\.close) }
    volume = series.map(\.adjustedVolume)
    extra = series.map(\.extra)
    self.benchmark = benchmark.map { benchmark in
      precondition(
        !series.contains { $0.symbol == benchmark.symbol }, "\(benchmark.symbol) is traded and the benchmark")
      precondition(
        benchmark.width == series[0].width && benchmark.width == .session,
        "a benchmark has bars of whole sessions, like what it is compared with")
      return Benchmark(
        symbol: benchmark.symbol, instrument: benchmark.instrument, close: benchmark.adjustedCloses(at: series[0].dates)
      )
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
