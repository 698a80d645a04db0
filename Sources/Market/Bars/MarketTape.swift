// The market as every lane reads it: adjusted, aligned, immutable.

import Text

/// Adjusted bars of one width of S symbols, which begin at the same B times. Shared by all lanes; never written after it is made.
///
/// Prices are raw x factor, volume is raw / factor, further columns are as they were delivered. Arrays are indexed [symbol][bar].
package final class MarketTape: Sendable {
  /// A series beside the symbols that nobody trades: what they are compared with.
  package struct Benchmark: Sendable, Equatable {
    package let symbol: String
    package let instrument: Instrument
    /// (B) adjusted, at the tape's times.
    package let close: [Double]
  }

  package let symbols: [String]
  package let width: BarWidth
  /// (B) the date on which each bar begins.
  package let dates: [CalendarDate]
  /// (B) when each bar begins; empty where it spans a whole session.
  package let starts: [Instant]
  /// (B) the minute of its session in which each bar begins; empty where it spans a whole session.
  package let minutes: [Int16]
  /// (K) the bars of each session, in order: at least one each.
  package let sessions: [Range<Int>]
  package let open: [[Double]]
  package let high: [[Double]]
  package let low: [[Double]]
  package let close: [[Double]]
  package let volume: [[Double]]
  /// [symbol][column]
  package let extra: [[ExtraColumn]]
  package let benchmark: Benchmark?
  /// (S) the bars of each symbol: all, or those at which it was listed (`MarketTape.init(listed:)`).
  package let listings: [Range<Int>]
  /// (S) how many of each symbol's bars were left out, because another one has none at that time.
  package let leftOut: [Int]
  /// Those symbols whose bars are made up: no market's prices.
  package let syntheticSymbols: [String]
  /// Where options are traded: their quotes. The bars then are all minutes of their sessions, and `sessions` are theirs, number by number.
  package let options: OptionTape?

  package var barCount: Int { dates.count }

  /// Adjusts and aligns. Traps if none is given, or if the series' times or a series' column lengths differ: the quality gate has
  /// refused such data before. Traps if one cannot be traded, and if the benchmark is one of the symbols or lacks one of their dates
  /// (`BarSeries.missingDates`), or where the bars are of minutes one of their times.
  package convenience init(_ series: [BarSeries], benchmark: BarSeries? = nil, syntheticSymbols: [String] = []) {
    self.init(
      series, benchmark: benchmark, leftOut: [Int](repeating: 0, count: series.count),
      syntheticSymbols: syntheticSymbols)
  }

  /// The same of the times alone at which all series, and the benchmark where its bars are of minutes, have a bar: real minutes have holes. Nothing is
  /// filled, and rows that were filled in are holes; `leftOut` counts what is lost. Traps as the other does, but not where times differ; times must grow.
  package convenience init(
    common series: [BarSeries], benchmark: BarSeries? = nil, syntheticSymbols: [String] = []
  ) {
    let all = (series + (benchmark.map { $0.width == .session ? [] : [$0] } ?? [])).map(\.withoutFilledRows)
    let kept = MarketTape.commonRows(of: all)
    let parts = zip(all, kept).map { one, rows in rows.count == one.count ? one : one.rows(rows) }
    self.init(
      Array(parts.prefix(series.count)), benchmark: all.count > series.count ? parts.last : benchmark,
      leftOut: zip(all, parts).prefix(series.count).map { $0.count - $1.count }, syntheticSymbols: syntheticSymbols)
  }

  /// listings: (S) which of the bars are each symbol's; all where it is nil.
  init(
    _ series: [BarSeries], benchmark: BarSeries?, leftOut: [Int], syntheticSymbols: [String],
    listings: [Range<Int>]? = nil
  ) {
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
    sessions = MarketTape.sessions(of: series[0].dates)
    minutes = MarketTape.minutes(of: series[0], sessions)
    open = series.map { $0.adjusted(\.open) }
    high = series.map { $0.adjusted(\.high) }
    low = series.map { $0.adjusted(\.low) }
    close = series.map { $0.adjusted(\.close) }
    volume = series.map(\.adjustedVolume)
    extra = series.map(\.extra)
    self.listings = listings ?? series.map { 0..<$0.count }
    self.leftOut = leftOut
    self.syntheticSymbols = syntheticSymbols
    options = nil
    self.benchmark = benchmark.map { benchmark in
      precondition(
        !series.contains { $0.symbol == benchmark.symbol }, "\(benchmark.symbol) is traded and the benchmark")
      // Of minutes, since the close of a day is not known within it.
      precondition(
        benchmark.width == series[0].width && (benchmark.width == .session || benchmark.starts == series[0].starts),
        "a benchmark has bars of the width and the times of what it is compared with")
      return Benchmark(
        symbol: benchmark.symbol, instrument: benchmark.instrument,
        close: benchmark.width == .session
          ? benchmark.adjustedCloses(at: series[0].dates) : benchmark.adjusted(\.close))
    }
  }

  /// Every minute of the sessions of a tape of options: a bar's four prices are the underlying's last one up to the end of its minute, NaN where there was none in
  /// its session, and its volume 0: who trades options looks at the options. Indices are among the symbols.
  package init(options: OptionTape, syntheticSymbols: [String] = []) {
    let calendar = TradingCalendar.xnys
    symbols = options.symbols.map(\.name)
    width = .minute
    var (dates, starts, minutes): ([CalendarDate], [Instant], [Int16]) = ([], [], [])
    var sessions: [Range<Int>] = []
    var close = [[Double]](repeating: [], count: options.symbols.count)
    for (number, date) in options.dates.enumerated() {
      guard let session = calendar.session(on: date) else { preconditionFailure("\(date) is no session") }
      sessions.append(dates.count..<dates.count + session.minuteCount)
      for minute in 0..<session.minuteCount {
        dates.append(date)
        starts.append(session.start(ofMinute: minute))
        minutes.append(Int16(minute))
        for symbol in options.symbols.indices {
          close[symbol].append(options.spots[options.sessions[symbol][number].row(minute: minute)])
        }
      }
    }
    (self.dates, self.starts, self.minutes, self.sessions) = (dates, starts, minutes, sessions)
    (open, high, low, self.close) = (close, close, close, close)
    volume = close.map { [Double](repeating: 0, count: $0.count) }
    extra = [[ExtraColumn]](repeating: [], count: symbols.count)
    benchmark = nil
    listings = [Range<Int>](repeating: 0..<dates.count, count: symbols.count)
    leftOut = [Int](repeating: 0, count: symbols.count)
    self.syntheticSymbols = syntheticSymbols
    self.options = options
  }

  /// Bars that follow one another on one date. Dates are those of sessions: bars outside of them were parted off before.
  private static func sessions(of dates: [CalendarDate]) -> [Range<Int>] {
    var sessions: [Range<Int>] = []
    var first = 0
    for bar in dates.indices where bar + 1 == dates.count || dates[bar + 1] != dates[bar] {
      sessions.append(first..<bar + 1)
      first = bar + 1
    }
    return sessions
  }

  private static func minutes(of series: BarSeries, _ sessions: [Range<Int>]) -> [Int16] {
    guard series.width == .minute else { return [] }
    var minutes: [Int16] = []
    minutes.reserveCapacity(series.count)
    for bars in sessions {
      guard let session = TradingCalendar.xnys.session(on: series.dates[bars.lowerBound]) else {
        preconditionFailure("\(series.symbol) has bars on \(series.dates[bars.lowerBound]), which is no session")
      }
      for bar in bars { minutes.append(Int16(clamping: session.minute(of: series.starts[bar]))) }
    }
    return minutes
  }

  /// The rows of each series at the times that all of them have.
  private static func commonRows(of series: [BarSeries]) -> [[Int]] {
    guard let first = series.first else { return [] }
    if series.allSatisfy({ $0.dates == first.dates && $0.starts == first.starts }) {
      return series.map { Array(0..<$0.count) }
    }
    func time(_ place: Int, _ row: Int) -> Int64 {
      first.width == .session ? Int64(series[place].dates[row].daysSinceEpoch) : series[place].starts[row].nanoseconds
    }
    var kept = [[Int]](repeating: [], count: series.count)
    var rows = [Int](repeating: 0, count: series.count)
    while zip(rows, series).allSatisfy({ $0 < $1.count }) {
      let latest = series.indices.reduce(Int64.min) { max($0, time($1, rows[$1])) }
      var isCommon = true
      for place in series.indices where time(place, rows[place]) < latest {
        isCommon = false
        rows[place] += 1
      }
      guard isCommon else { continue }
      for place in series.indices {
        kept[place].append(rows[place])
        rows[place] += 1
      }
    }
    return kept
  }

  /// The bars of the session of that date; nil where the tape has none.
  package func bars(ofSession date: CalendarDate) -> Range<Int>? {
    let bar = firstBar(onOrAfter: date)
    guard bar < barCount, dates[bar] == date else { return nil }
    return bar..<firstBar(onOrAfter: date.advanced(by: 1))
  }

  /// The first bar on or after `date`, or `barCount`.
  package func firstBar(onOrAfter date: CalendarDate) -> Int { dates.firstPlace { $0 >= date } }
}

extension BarSeries {
  /// A bar a session of bars of minutes: first open, extremes, last close, all of its volume. Traps where the bars are of sessions.
  package var sessionBars: BarSeries {
    precondition(width == .minute, "\(symbol) has bars of a \(width.rawValue)")
    var days = BarSeries(symbol: symbol)
    days.instrument = instrument
    for rows in rowsByDate {
      let (first, last) = (rows.lowerBound, rows.upperBound - 1)
      days.append(
        date: dates[last], open: open[first], high: high[rows].max() ?? high[last], low: low[rows].min() ?? low[last],
        close: close[last], volume: volume[rows].reduce(0, +), adjustmentFactor: adjustmentFactors[last])
    }
    return days
  }

  /// The rows of each date, one behind the other: none where there are no rows.
  var rowsByDate: [Range<Int>] {
    var (found, first): ([Range<Int>], Int) = ([], 0)
    for row in 0..<wholeRows where row + 1 == wholeRows || dates[row + 1] != dates[row] {
      found.append(first..<row + 1)
      first = row + 1
    }
    return found
  }

  /// What was delivered: in rows that were filled in nobody traded.
  package var withoutFilledRows: BarSeries {
    guard !filledRows.isEmpty else { return self }
    let filled = Set(filledRows)
    return rows((0..<count).filter { !filled.contains($0) })
  }
}
