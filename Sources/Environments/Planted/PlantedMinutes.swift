// Made-up minutes whose variance over a session is known, so that everything that minutes go through can be driven offline.

import Glibc
import Kernels
package import Market
package import Pricing

/// Minute bars of every minute of sessions of the New York calendar. A day's variance is shared out by a `VarianceClock`: 65 % to the session, by its
/// profile (`SessionProfile.measured`, pressed together on half days), the rest to the night, more of it over weekends.
///
/// The highest and the lowest price of a minute are each drawn from the law of the extreme of a Brownian bridge of variance v between the logarithms a
/// and b of its open and close, P(highest above h) = exp(-2 (h - a)(h - b) / v), one without looking at the other. Prices are rounded to a millionth. Volume
/// grows with the root of a minute's variance, and means nothing.
package enum PlantedMinutes {
  /// Sessions before a day by whose changes its own volatility is measured.
  package static let volatilitySessions = 63

  /// A walk without drift from 100, 1 % a trading day. The same sessions and seed give the same bars to the bit. Traps where a date is no session.
  package static func walk(
    symbol: String, dates: [CalendarDate], seed: UInt64, clock: VarianceClock = VarianceClock()
  ) -> BarSeries {
    let variance = PlantedBars.dailyVolatility * PlantedBars.dailyVolatility
    var maker = Maker(symbol: symbol, instrument: .share, seed: seed, clock: clock)
    var price = log(100.0)
    for (index, date) in dates.enumerated() {
      let session = maker.session(on: date)
      if index > 0 {
        let night: RemainingSessions.Night =
          date.daysSinceEpoch - dates[index - 1].daysSinceEpoch > 1 ? .long : .ordinary
        price += maker.step(variance * clock.weight(of: night))
      }
      var path = [price]
      for share in maker.variances(of: session, daily: variance) {
        path.append(path[path.count - 1] + maker.step(share))
      }
      price = path[path.count - 1]
      maker.append(
        session, path, daily: variance,
        volume: 1_000_000 * Double(session.minuteCount) / Double(TradingCalendar.fullSessionMinutes))
    }
    return maker.series
  }

  /// Between the adjusted open and close of each day of a daily series a Brownian bridge; both are met exactly, high and low are not. How far a
  /// day's minutes swing is told by the mean square of the closes' changes over the 63 sessions before it, the first 63 by their own: never by the
  /// day itself. The volume of a day is shared out over its minutes. Traps where the days are no sessions with positive opens and closes.
  package static func bridge(
    _ days: BarSeries, seed: UInt64, clock: VarianceClock = VarianceClock()
  ) -> BarSeries {
    precondition(days.width == .session, "\(days.symbol) has no bars of whole sessions")
    let opens = zip(days.open, days.adjustmentFactors).map(*)
    let closes = zip(days.close, days.adjustmentFactors).map(*)
    let squares = zip(closes.dropFirst(), closes).map { now, before in log(now / before) * log(now / before) }
    var maker = Maker(symbol: days.symbol, instrument: days.instrument, seed: seed, clock: clock)
    for (day, date) in days.dates.enumerated() {
      let session = maker.session(on: date)
      let known =
        day > volatilitySessions
        ? squares[(day - 1 - volatilitySessions)..<(day - 1)] : squares.prefix(volatilitySessions)
      let daily =
        known.isEmpty
        ? PlantedBars.dailyVolatility * PlantedBars.dailyVolatility : known.reduce(0, +) / Double(known.count)
      let (from, to) = (log(opens[day]), log(closes[day]))
      let variances = maker.variances(of: session, daily: daily)
      var walk = [0.0]
      for variance in variances { walk.append(walk[walk.count - 1] + maker.noise(variance)) }
      // Of the clock of variance, not of minutes: the profile is what the path keeps.
      let minutes = session.minuteCount
      let gone = (0...minutes).map { clock.profile.cumulative(minute: Double($0), of: Double(minutes)) }
      let miss = to - from - walk[walk.count - 1]
      let path = zip(walk, gone).map { from + $0 + $1 * miss }
      maker.append(
        session, path, daily: daily, volume: days.volume[day] / days.adjustmentFactors[day],
        ends: (opens[day], closes[day]))
    }
    return maker.series
  }

  /// From each adjusted close of a daily series to the next a Brownian bridge on the clock of variance, the night first: closes are met exactly, and
  /// opens, whose changes over the night no index tells, are made up. How far a day swings is what the evening before it promised: the index times the fair
  /// ratio and, where it is settled, the symbol's. A day whose evening or whose close before is not known has no minutes. The volume of a day is shared out
  /// over its minutes. Traps where a close is not positive.
  package static func bridge(
    _ days: BarSeries, from history: SurfaceHistory, seed: UInt64, clock: VarianceClock = VarianceClock()
  ) -> BarSeries {
    precondition(days.width == .session, "\(days.symbol) has no bars of whole sessions")
    let closes = zip(days.close, days.adjustmentFactors).map(*)
    var maker = Maker(symbol: days.symbol, instrument: days.instrument, seed: seed, clock: clock)
    let calendar = TradingCalendar.xnys
    for day in days.dates.indices.dropFirst() {
      let (before, date) = (days.dates[day - 1], days.dates[day])
      guard let ordinal = calendar.ordinal(of: date), calendar.ordinal(of: before) == ordinal - 1,
        let evening = history.evening(before: ordinal)
      else { continue }
      precondition(closes[day - 1] > 0 && closes[day] > 0, "a close of \(days.symbol) that is not positive")
      let promised = evening.index / 100 * evening.fairRatio * (evening.symbolRatio ?? 1)
      let daily = promised * promised / clock.daysPerYear
      let session = maker.session(on: date)
      let night: RemainingSessions.Night = date.daysSinceEpoch - before.daysSinceEpoch > 1 ? .long : .ordinary
      let variances = [daily * clock.weight(of: night)] + maker.variances(of: session, daily: daily)
      let whole = variances.reduce(0, +)
      let (from, to) = (log(closes[day - 1]), log(closes[day]))
      var (walk, gone) = ([Double](), [Double]())
      var (sum, share) = (0.0, 0.0)
      for variance in variances {
        sum += maker.noise(variance)
        share += variance / whole
        walk.append(sum)
        gone.append(share)
      }
      let miss = to - from - sum
      let path = zip(walk, gone).map { from + $0 + $1 * miss }
      maker.append(
        session, path, daily: daily, volume: days.volume[day] / days.adjustmentFactors[day],
        ends: (Maker.rounded(path[0]), closes[day]))
    }
    return maker.series
  }

  /// What made-up minutes are written with.
  struct Maker {
    var series: BarSeries
    private var prices: RandomStream
    private var extremes: RandomStream
    private var volumes: RandomStream
    private let clock: VarianceClock
    /// By the minutes of a session: the share of its variance that each has.
    private var shares: [Int: [Double]] = [:]

    init(symbol: String, instrument: Instrument, seed: UInt64, clock: VarianceClock) {
      series = BarSeries(symbol: symbol, width: .minute)
      series.instrument = instrument
      // Apart from the streams of the daily markets.
      prices = RandomStream(seed: seed, purpose: .market, lane: 16)
      extremes = RandomStream(seed: seed, purpose: .market, lane: 17)
      volumes = RandomStream(seed: seed, purpose: .market, lane: 18)
      self.clock = clock
    }

    func session(on date: CalendarDate) -> Session {
      guard let session = TradingCalendar.xnys.session(on: date) else { preconditionFailure("\(date) is no session") }
      return session
    }

    /// (minutes) the variance of each of a session's minutes, where a trading day has `daily`.
    mutating func variances(of session: Session, daily: Double) -> [Double] {
      let minutes = session.minuteCount
      let shares = self.shares[minutes] ?? clock.profile.shares(ofMinutes: minutes)
      self.shares[minutes] = shares
      let whole = daily * clock.weight(ofMinutes: Double(minutes))
      return shares.map { whole * $0 }
    }

    mutating func noise(_ variance: Double) -> Double { variance.squareRoot() * prices.nextNormal() }

    /// A change of the logarithm whose exponential is expected to be 1.
    mutating func step(_ variance: Double) -> Double { noise(variance) - variance / 2 }

    /// A session's bars. path: (minutes + 1) logarithms of prices. ends: the first open and the last close, where they are not to be rounded.
    mutating func append(
      _ session: Session, _ path: [Double], daily: Double, volume: Double, ends: (open: Double, close: Double)? = nil
    ) {
      let variances = variances(of: session, daily: daily)
      let activity = variances.map { $0.squareRoot() * exp(0.3 * volumes.nextNormal()) }
      let total = activity.reduce(0, +)
      for minute in 0..<session.minuteCount {
        let (from, to, variance) = (path[minute], path[minute + 1], variances[minute])
        var (open, close) = (Maker.rounded(from), Maker.rounded(to))
        if let ends, minute == 0 { open = ends.open }
        if let ends, minute == session.minuteCount - 1 { close = ends.close }
        let (up, down) = (extremes.nextDouble(), extremes.nextDouble())
        series.append(
          start: session.start(ofMinute: minute), open: open,
          high: max(open, close, Maker.rounded((from + to + Maker.reach(to - from, variance, up)) / 2)),
          low: min(open, close, Maker.rounded((from + to - Maker.reach(to - from, variance, down)) / 2)), close: close,
          volume: series.instrument.hasVolume ? (total > 0 ? volume * activity[minute] / total : 0).rounded() : .nan)
      }
    }

    /// How far the extremes of a bridge of that change and variance lie apart from its ends' sum, of a uniform number.
    private static func reach(_ change: Double, _ variance: Double, _ uniform: Double) -> Double {
      (change * change - 2 * variance * log(max(uniform, 0x1p-53))).squareRoot()
    }

    fileprivate static func rounded(_ logarithm: Double) -> Double { (exp(logarithm) * 1e6).rounded() / 1e6 }
  }
}
