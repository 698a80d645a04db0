// The columns of a tape of options, session by session, in the order of time.

import Glibc
import Pricing

extension SessionMaker {
  /// Walks all minutes of the symbol, and writes those of the tape's sessions.
  func fill(_ laid: [OptionTape.Session], _ places: OptionPlaces, _ rows: OptionRows) {
    var stream = OptionFeatureStream(hasVolume: underlying.minutes.instrument.hasVolume, clock: clock)
    var numbers: [CalendarDate: Int] = [:]
    for one in laid { numbers[one.date] = one.number }
    var scratch = [Float](repeating: 0, count: OptionFeatures.columns.count)
    var known = SurfaceColumns()
    for one in laid where rowsOf[one.date] == nil { fillClock(one, rows) }
    for date in dates {
      guard let ordinal = calendar.ordinal(of: date), let range = rowsOf[date] else { continue }
      let session = calendar.sessions[ordinal]
      stream.begin(minutes: session.minuteCount)
      let one = numbers[date].map { laid[$0] }
      var pricing = one.flatMap { $0.absence == nil ? self.pricing($0, session) : nil }
      if let one, one.absence == nil, pricing == nil { preconditionFailure("no prices of \(name) on \(one.date)") }
      known.begin()
      var (row, spot) = (range.lowerBound, Double.nan)
      for minute in 0..<session.minuteCount {
        let bar = nextBar(&row, range, session, minute)
        scratch.withUnsafeMutableBufferPointer { scratch in
          guard let columns = scratch.baseAddress else { return }
          stream.next(bar.map { adjusted($0) }, into: columns)
        }
        if let bar, underlying.minutes.close[bar] > 0 { spot = underlying.minutes.close[bar] }
        guard let one else { continue }
        let place = one.row(minute: minute)
        rows.spots[place] = spot
        rows.weights[place] = stream.usualWeight(ofMinute: minute)
        write(clock: minute, session, into: &scratch)
        rows.years[place] = years(one, minute)
        if pricing != nil, spot.isFinite {
          pricing?.price(minute: minute, spot: spot, years: rows.years[place], into: places)
          known.take(pricing?.level(minute: minute, spot: spot, from: places), rank: rank(one, spot, pricing))
        }
        known.write(recent: stream.recent, clock, minutes: session.minuteCount, into: &scratch)
        rows.ranks[place] = known.rank
        let features = rows.features + place * OptionFeatures.columns.count
        for (column, number) in scratch.enumerated() { features[column] = number }
      }
    }
  }

  /// The row of a minute's bar, where there is one whose prices are prices.
  private func nextBar(_ row: inout Int, _ range: Range<Int>, _ session: Session, _ minute: Int) -> Int? {
    let bars = underlying.minutes
    while row < range.upperBound, session.minute(of: bars.starts[row]) < minute { row += 1 }
    guard row < range.upperBound, session.minute(of: bars.starts[row]) == minute else { return nil }
    return [bars.open[row], bars.high[row], bars.low[row], bars.close[row]].allSatisfy { $0 > 0 && $0.isFinite }
      ? row : nil
  }

  private func adjusted(_ row: Int) -> OptionFeatureStream.Bar {
    let (bars, factor) = (underlying.minutes, underlying.minutes.adjustmentFactors[row])
    return OptionFeatureStream.Bar(
      open: bars.open[row] * factor, high: bars.high[row] * factor, low: bars.low[row] * factor,
      close: bars.close[row] * factor, volume: bars.volume[row] / factor)
  }

  /// From the end of a minute to the expiry.
  func years(_ one: OptionTape.Session, _ minute: Int) -> Double {
    clock.years(
      over: calendar.remainingSessions(
        from: one.ordinal, minute: Double(minute + 1), to: one.ordinal + one.sessionsAhead))
  }

  private func fillClock(_ one: OptionTape.Session, _ rows: OptionRows) {
    var scratch = [Float](repeating: 0, count: OptionFeatures.columns.count)
    for minute in 0..<one.minuteCount {
      write(clock: minute, calendar.sessions[one.ordinal], into: &scratch)
      let features = rows.features + one.row(minute: minute) * OptionFeatures.columns.count
      for (column, number) in scratch.enumerated() { features[column] = number }
    }
  }

  /// At the end of a minute.
  private func write(clock minute: Int, _ session: Session, into columns: inout [Float]) {
    let (gone, length, first) = (Double(minute + 1), Double(session.minuteCount), OptionFeatures.market.count)
    columns[first] = Float(gone / clock.fullSessionMinutes)
    columns[first + 1] = Float((length - gone) / clock.fullSessionMinutes)
    columns[first + 2] = Float(1 - clock.profile.cumulative(minute: gone, of: length))
    columns[first + 3] = length < clock.fullSessionMinutes ? 1 : 0
  }

  private func pricing(_ one: OptionTape.Session, _ session: Session) -> (any SessionPricing)? {
    switch underlying.quotes {
    case .chain(let chain): ChainPricing(chain, one, rules)
    case .surface(let history, _, _):
      history.evening(before: one.ordinal).flatMap { surface(history, $0, one.date, one.ordinal) }.flatMap {
        SyntheticPricing($0, one, rules: QuoteRules.of(name))
      }
    }
  }

  /// Where today's volatility of 30 days stands; nil where nobody can say it.
  private func rank(_ one: OptionTape.Session, _ spot: Double, _ pricing: (any SessionPricing)?) -> Float? {
    guard let history, let surface = (pricing as? SyntheticPricing)?.surface,
      let ahead = calendar.sessionsAhead(of: one.ordinal, calendarDays: VolatilityHistory.calendarDays),
      let rank = try? VolatilityRank(
        current: surface.atTheMoney(sessionsAhead: ahead, spot: spot), before: history.volatilities(before: one.date))
    else { return nil }
    return Float(rank.rankOrNeutral)
  }
}

/// What writes a session's quotes, minute after minute.
protocol SessionPricing {
  /// Writes the places of a minute. `spot`: dollars at its end; `years`: from then to the expiry.
  mutating func price(minute: Int, spot: Double, years: Double, into places: OptionPlaces)
  /// What the quotes of the minute say of volatility; nil where they say nothing.
  func level(minute: Int, spot: Double, from places: OptionPlaces) -> SurfaceColumns.Level?
}

/// What options of a session are worth at its close if price and volatility stay.
struct CloseValues {
  private var options: OptionColumns<Double>
  private var values: ValueColumns<Double>
  private let yearsAtClose: Double

  init(_ contracts: [OptionContract], yearsAtClose: Double, rate: Double, dividendYield: Double) {
    options = OptionColumns(
      signs: contracts.map { $0.right == .call ? 1 : -1 }, forward: 1, strikes: contracts.map(\.strike),
      years: yearsAtClose, volatilities: [Double](repeating: 0, count: contracts.count))
    options.rates = [Double](repeating: rate, count: contracts.count)
    options.dividendYields = [Double](repeating: dividendYield, count: contracts.count)
    values = ValueColumns(count: contracts.count)
    self.yearsAtClose = yearsAtClose
  }

  /// (contracts) dollars; NaN where there is no value. `volatilities`: those that are no number have none.
  mutating func prices(spot: Double, volatilities: [Double]) -> [Double] {
    // What ends today is worth what it pays: the formula has no loop for that.
    guard yearsAtClose > 0 else {
      return options.strikes.indices.map { max(Double(options.signs[$0]) * (spot - options.strikes[$0]), 0) }
    }
    for contract in volatilities.indices {
      options.spots[contract] = spot
      options.volatilities[contract] = volatilities[contract]
    }
    options.value(into: &values)
    return values.prices
  }
}

/// The four columns of the surface: what is not said in a minute is as it was said last.
struct SurfaceColumns {
  struct Level {
    /// A decimal a year of the variance clock.
    var atTheMoney: Double
    /// Put less call at a delta of 0.25, as a share of that at the money; nil where a side says nothing.
    var skew: Double?
  }

  private var level = Level(atTheMoney: 0, skew: nil)
  private(set) var rank = Float.nan

  mutating func begin() {
    // A volatility of yesterday's expiry says nothing of today's.
    (level, rank) = (Level(atTheMoney: 0, skew: nil), .nan)
  }

  mutating func take(_ new: Level?, rank: Float?) {
    if let new { level = Level(atTheMoney: new.atTheMoney, skew: new.skew ?? level.skew) }
    self.rank = rank ?? (new == nil ? self.rank : Float(VolatilityRank.neutral))
  }

  /// recent: see `OptionFeatureStream`. minutes: of the session.
  func write(
    recent: (share: Double, variance: Double), _ clock: VarianceClock, minutes: Int, into columns: inout [Float]
  ) {
    let first = OptionFeatures.market.count + OptionFeatures.clock.count
    let daily = level.atTheMoney * level.atTheMoney / clock.daysPerYear
    let implied = daily * clock.weight(ofMinutes: Double(minutes)) * recent.share
    columns[first] = Float(level.atTheMoney)
    columns[first + 1] = rank.isNaN ? Float(VolatilityRank.neutral) : rank
    columns[first + 2] = Float(level.skew ?? 0)
    columns[first + 3] = implied > 0 ? Float((recent.variance / implied).squareRoot()) : 0
  }

  /// The skew by straight lines in delta between neighbouring contracts of a side that are out of the money; nil where 0.25 lies outside of theirs.
  static func skew(
    _ contracts: [OptionContract], deltas: UnsafePointer<Float>, volatilities: UnsafePointer<Float>, atTheMoney: Double
  ) -> Double? {
    guard atTheMoney > 0 else { return nil }
    func quarter(_ right: OptionSymbol.Right) -> Double? {
      var before: (delta: Double, volatility: Double)?
      for place in contracts.indices where contracts[place].right == right {
        let (delta, volatility) = (Double(abs(deltas[place])), Double(volatilities[place]))
        guard delta.isFinite, volatility.isFinite else { continue }
        if let before, (before.delta - 0.25) * (delta - 0.25) <= 0, before.delta != delta {
          let share = (0.25 - before.delta) / (delta - before.delta)
          return before.volatility + share * (volatility - before.volatility)
        }
        before = (delta, volatility)
      }
      return nil
    }
    guard let put = quarter(.put), let call = quarter(.call) else { return nil }
    return (put - call) / atTheMoney
  }
}
