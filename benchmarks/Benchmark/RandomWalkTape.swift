// The market that is measured on: made up, clean, and the same every time.

import Glibc
import Kernels
import Market
import Storage

enum RandomWalkTape {
  /// Symbols, two unless told, of `bars` daily bars without drift, 1.5 % a day, on the sessions of the New York calendar from 1990 on. Their content does
  /// not matter, only that nothing is out of the ordinary. Traps beyond the calendar's 10,000 sessions.
  static func series(bars: Int, symbols: [String] = ["AAA", "BBB"]) -> [BarSeries] {
    let calendar = TradingCalendar.xnys
    let sessions = calendar.sessions(in: calendar.supportedRange)
    precondition(bars <= sessions.count, "\(bars) bars asked of a calendar of \(sessions.count) sessions")
    return symbols.enumerated().map { place, symbol in
      var random = RandomStream(seed: 1, purpose: .market, lane: UInt32(place))
      var series = BarSeries(symbol: symbol)
      var close = 50.0
      for date in sessions.prefix(bars) {
        let open = close * exp(0.005 * random.nextNormal())
        close = open * exp(0.014 * random.nextNormal())
        series.append(
          date: date, open: open, high: max(open, close) * 1.003, low: min(open, close) * 0.997, close: close,
          volume: (1e6 * exp(0.3 * random.nextNormal())).rounded())
      }
      return series
    }
  }

  /// Where such series come from.
  static func provenance(_ series: [BarSeries]) -> ImportProvenance {
    ImportProvenance(
      sourceName: "random walk", sourceSHA256: MarketStore.contentHash(series), layout: "benchmark",
      rows: series.reduce(0) { $0 + $1.count }, symbols: series.map(\.symbol), importerVersion: 1)
  }

  /// A tape as long as one likes: a walk of at most 5,000 bars over and over, its dates running on whatever a calendar says. Where it begins
  /// again the price jumps, as it may.
  static func long(bars: Int) -> MarketTape {
    MarketTape(
      series(bars: min(bars, 5_000)).map { walk in
        var series = BarSeries(symbol: walk.symbol)
        for bar in 0..<bars {
          let row = bar % walk.count
          series.append(
            date: walk.dates[0].advanced(by: bar), open: walk.open[row], high: walk.high[row], low: walk.low[row],
            close: walk.close[row], volume: walk.volume[row])
        }
        return series
      })
  }
}
