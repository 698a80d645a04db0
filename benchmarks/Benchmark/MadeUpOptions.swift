// The options that are measured on: minutes of a walk, SYNTHETIC quotes on them, and the same as quotes of a chain.

import Glibc
import Kernels
import Market

/// Sessions of a symbol with minutes, the days that they make, and the index that quotes are made of. Their content does not matter, only that nothing is out of
/// the ordinary.
struct MadeUpOptions {
  private let minutes: BarSeries
  private let days: BarSeries
  private let index: BarSeries

  private static let first = "2023-01-03"
  private static let dailyVolatility = 0.008

  init(_ symbol: String, sessions count: Int, price: Double, seed: UInt64) throws(BenchmarkError) {
    let calendar = TradingCalendar.xnys
    guard let from = CalendarDate(MadeUpOptions.first) else { throw .failed("the first session's date is none") }
    let sessions = calendar.sessions.drop { $0.date < from }.prefix(count)
    guard sessions.count == count else { throw .failed("the calendar ends before \(count) sessions") }
    var minutes = BarSeries(symbol: symbol, width: .minute)
    var (days, index) = (BarSeries(symbol: symbol), BarSeries(symbol: "VIX"))
    if symbol == "SPX" { (minutes.instrument, days.instrument) = (.index, .index) }
    index.instrument = .index
    var random = RandomStream(seed: seed, purpose: .market, lane: 21)
    var (now, level) = (price, 16.0)
    let hasVolume = minutes.instrument.hasVolume
    for session in sessions {
      let open = now
      var (high, low) = (open, open)
      for minute in 0..<session.minuteCount {
        let size = MadeUpOptions.dailyVolatility / Double(session.minuteCount).squareRoot()
        let next = now * exp(size * random.nextNormal())
        minutes.append(
          start: session.start(ofMinute: minute), open: now, high: max(now, next) * 1.0001,
          low: min(now, next) * 0.9999,
          close: next, volume: hasVolume ? 1000 + (500 * random.nextDouble()).rounded() : .nan)
        now = next
        (high, low) = (max(high, now), min(low, now))
      }
      days.append(date: session.date, open: open, high: high, low: low, close: now, volume: hasVolume ? 1e6 : .nan)
      level *= exp(0.02 * random.nextNormal() + 0.1 * log(16 / level))
      index.append(date: session.date, open: level, high: level, low: level, close: level, volume: .nan)
      now *= exp(0.002 * random.nextNormal() + 0.02 * log(price / now))
    }
    (self.minutes, self.days, self.index) = (minutes, days, index)
  }

  /// On the surface `fair`. benchmark: what a symbol is compared with whose volatility no index tells.
  func underlying(benchmark: MadeUpOptions? = nil) -> OptionTape.Underlying {
    OptionTape.Underlying(
      minutes: minutes, areMinutesSynthetic: true,
      quotes: .surface(
        SurfaceHistory(underlying: days, index: index, benchmark: benchmark?.days, ratio: benchmark == nil ? nil : 1.2),
        .fair, leastFairSessions: 0))
  }

  /// One symbol's.
  static func surface(sessions: Int) throws(BenchmarkError) -> OptionTape {
    OptionTape([try MadeUpOptions("SPY", sessions: sessions + 1, price: 600, seed: 1).underlying()])
  }

  /// Three symbols', as a run of all of them has.
  static func surfaces(sessions: Int) throws(BenchmarkError) -> OptionTape {
    let share = try MadeUpOptions("SPY", sessions: sessions + 1, price: 600, seed: 1)
    let other = try MadeUpOptions("QQQ", sessions: sessions + 1, price: 500, seed: 2)
    let index = try MadeUpOptions("SPX", sessions: sessions + 1, price: 6000, seed: 3)
    return OptionTape([share.underlying(), other.underlying(benchmark: share), index.underlying()])
  }

  /// The quotes of a surface as a chain's, with sizes at the touch, as stored chains have them.
  static func chain(of tape: OptionTape) -> OptionTape {
    var places = tape.plainPlaces
    var random = RandomStream(seed: 4, purpose: .market, lane: 22)
    func sizes() -> [Int32] { (0..<tape.placeCount).map { _ in 10 + Int32(random.nextInteger(below: 50)) } }
    (places.bidSizes, places.askSizes) = (sizes(), sizes())
    // Whoever keeps a chain has no model of it.
    places.models = [Int32](repeating: -1, count: tape.placeCount)
    let sessions = tape.sessions.map { ofSymbol in
      ofSymbol.map { one in
        OptionTape.Session(
          symbol: one.symbol, number: one.number, ordinal: one.ordinal, date: one.date, minuteCount: one.minuteCount,
          source: .chain, absence: one.absence, contracts: one.contracts, openInterests: one.openInterests,
          sessionsAhead: one.sessionsAhead, yearsAtClose: one.yearsAtClose, settlementPrice: one.settlementPrice,
          rankedSessions: one.rankedSessions, blocks: one.blocks)
      }
    }
    return OptionTape(
      symbols: tape.symbols, dates: tape.dates, sessions: sessions, places: places, rows: tape.plainRows)
  }
}
