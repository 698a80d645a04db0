// Clean made-up daily bars for tests that need a market but no file.

import Glibc
import Kernels
package import Market

package enum SyntheticTape {
  /// Daily volatility of a symbol's close-to-close log returns.
  package static let dailyVolatility = 0.015

  /// Bars of a geometric random walk without drift, on the sessions of the New York calendar from 2001 on. They pass the quality
  /// gate: OHLC in order, positive prices, whole volumes, factors of 1. A symbol's bars depend on the seed and its place alone.
  ///
  /// Traps if the calendar has fewer than `bars` sessions from 2001 to 2035 (8,797).
  package static func series(symbols: [String] = ["AAA", "BBB"], bars: Int, seed: UInt64) -> [BarSeries] {
    let calendar = TradingCalendar.xnys
    let start = CalendarDate(daysSinceEpoch: 11_323)  // 2001-01-01
    let sessions = calendar.sessions(in: start...calendar.supportedRange.upperBound)
    precondition(bars <= sessions.count, "\(bars) bars asked, \(sessions.count) sessions in the calendar since 2001")
    return symbols.enumerated().map { place, symbol in
      var random = RandomStream(seed: seed, purpose: .market, lane: UInt32(place))
      var series = BarSeries(symbol: symbol)
      var previousClose = 50.0 * Double(place + 1)
      for date in sessions.prefix(bars) {
        // A third of the day's variance happens overnight; the two parts add up to `dailyVolatility`.
        let open = previousClose * exp(dailyVolatility * (1.0 / 3).squareRoot() * random.nextNormal())
        let close = open * exp(dailyVolatility * (2.0 / 3).squareRoot() * random.nextNormal())
        let high = max(open, close) * (1 + 0.005 * random.nextDouble())
        let low = min(open, close) * (1 - 0.005 * random.nextDouble())
        let volume = (1_000_000 * exp(0.3 * random.nextNormal())).rounded()
        series.append(date: date, open: open, high: high, low: low, close: close, volume: volume)
        previousClose = close
      }
      return series
    }
  }

  /// Minute bars of a geometric random walk without drift, of every minute of so many sessions from a date on. They pass the quality gate.
  package static func minutes(
    symbols: [String] = ["AAA", "BBB"], sessions: Int, from start: CalendarDate = CalendarDate(daysSinceEpoch: 19_723),
    seed: UInt64
  ) -> [BarSeries] {
    let calendar = TradingCalendar.xnys
    let dates = calendar.sessions(in: start...calendar.supportedRange.upperBound).prefix(sessions)
    precondition(dates.count == sessions, "\(sessions) sessions asked, \(dates.count) in the calendar from \(start) on")
    let volatility = dailyVolatility / 390.0.squareRoot()
    return symbols.enumerated().map { place, symbol in
      var random = RandomStream(seed: seed, purpose: .market, lane: UInt32(place))
      var series = BarSeries(symbol: symbol, width: .minute)
      var price = 50.0 * Double(place + 1)
      for date in dates {
        guard let session = calendar.session(on: date) else { preconditionFailure("\(date) is no session") }
        for minute in 0..<session.minuteCount {
          let open = price
          price *= exp(volatility * random.nextNormal())
          series.append(
            start: session.start(ofMinute: minute), open: open,
            high: max(open, price) * (1 + 1e-4 * random.nextDouble()),
            low: min(open, price) * (1 - 1e-4 * random.nextDouble()), close: price,
            volume: (10_000 * exp(0.3 * random.nextNormal())).rounded())
        }
      }
      return series
    }
  }
}
