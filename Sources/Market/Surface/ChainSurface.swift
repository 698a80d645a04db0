// A surface from a chain: forwards, smiles, and what was mended, of quotes that were known at the moment that it serves.

import Glibc
package import Pricing

/// What the quotes of a chain say of volatility at one moment of a session, expiry by expiry.
///
/// Volatilities are on the variance clock. Options that may be exercised early are taken for European ones, with the forward that their own parity says.
package struct ChainSurface: Sendable {
  package let underlying: String
  package let date: CalendarDate
  /// Minutes from the open to the moment: what was quoted later is not looked at.
  package let minute: Int
  /// What the chain as a whole says of the rate.
  package let rate: ChainRate
  /// By the time to their expiry.
  package private(set) var expiries: [ChainExpiry]

  /// A quote is stale that is older, in minutes.
  package static let freshMinutes = 2

  /// `minute`: 0 at the open, the session's length at its close. `rate`: continuously compounded, a year of the calendar; nil for that of parity. Throws where no quote of the chain can speak then.
  package init(
    _ chain: OptionChain, _ session: ChainSession, at minute: Int, rate: Double? = nil,
    calendar: TradingCalendar = .xnys, clock: VarianceClock = VarianceClock()
  ) throws(ChainSurfaceProblem) {
    (underlying, date, self.minute) = (chain.underlying, session.date, minute)
    guard let ordinal = calendar.ordinal(of: session.date),
      (0...calendar.sessions[ordinal].minuteCount).contains(minute)
    else { throw .noMoment(date: session.date, minute: minute) }
    let all = ChainStrikes.all(chain, session, at: minute, fresh: ChainSurface.freshMinutes)
    let names = Set(all.map { $0.terms.underlying ?? $0.root })
    guard names.count <= 1 else { throw .severalUnderlyings(chain.underlying, names.sorted()) }
    guard all.contains(where: { $0.usable > 0 }) else {
      throw ChainSurfaceProblem.silence(chain, session, all, minute: minute)
    }
    let ticks = QuoteRules.of(chain.underlying).ticks
    var expiries = all.map { ChainExpiry($0, from: ordinal, minute: minute, calendar, clock, ticks) }
    // Stable where two expire at once: the table's order.
    expiries.sort { ($0.years, $0.strikes.expiry, $0.strikes.root) < ($1.years, $1.strikes.expiry, $1.strikes.root) }
    let rate = rate.map { ChainRate.given($0) } ?? ChainRate.pooled(expiries.compactMap(\.slope))
    self.rate = rate
    for place in expiries.indices { expiries[place].fit(rate: rate, ticks) }
    self.expiries = expiries
    mendCalendar()
  }

  /// No expiry has less total variance than the one before it: where it has, it gets that one's.
  ///
  /// Of two smiles without negative butterflies the higher at each strike has none either: prices rise with variance, and the larger of two convex functions is
  /// convex.
  private mutating func mendCalendar() {
    var before: ChainSmile?
    for place in expiries.indices {
      guard let smile = expiries[place].smile else { continue }
      if let before { expiries[place].raise(above: before) }
      before = expiries[place].smile ?? before ?? smile
    }
  }

  /// The volatility at the money of a time to expiry that need not be listed, linear in total variance between the neighbours; nil outside of them. `years`:
  /// on the variance clock.
  package func atTheMoney(years: Double) -> Double? {
    let known = expiries.compactMap(\.smile)
    guard let after = known.firstIndex(where: { $0.years >= years }) else { return nil }
    if known[after].years == years { return known[after].atTheMoney }
    guard after > 0 else { return nil }
    let (low, high) = (known[after - 1], known[after])
    let share = (years - low.years) / (high.years - low.years)
    let variance = low.totalVariance(at: 0) + share * (high.totalVariance(at: 0) - low.totalVariance(at: 0))
    return (variance / years).squareRoot()
  }

  /// The expiry of a contract.
  package func expiry(of contract: OptionContract) -> ChainExpiry? {
    expiries.first { $0.strikes.root == contract.root && $0.strikes.expiry == contract.expiry }
  }
}

/// Why there is no surface. Each sentence says what to do.
package enum ChainSurfaceProblem: Error, Equatable, Sendable, CustomStringConvertible {
  case noMoment(date: CalendarDate, minute: Int)
  case noQuotes(String, CalendarDate)
  case nothingFresh(String, CalendarDate, minute: Int, last: Int?, next: Int?)
  case noTwoSides(String, CalendarDate, minute: Int, contracts: Int)
  /// What its roots are options of.
  case severalUnderlyings(String, [String])

  static func silence(
    _ chain: OptionChain, _ session: ChainSession, _ all: [ChainStrikes], minute: Int
  ) -> ChainSurfaceProblem {
    guard session.has(.bid), session.has(.ask) else { return .noQuotes(chain.underlying, session.date) }
    let said = all.reduce(0) { $0 + $1.contracts - $1.silent.stale }
    guard said == 0 else {
      return .noTwoSides(chain.underlying, session.date, minute: minute, contracts: said)
    }
    let ends = session.minutes.map { Int($0) + 1 }
    return .nothingFresh(
      chain.underlying, session.date, minute: minute, last: ends.last { $0 <= minute },
      next: ends.first { $0 > minute })
  }

  package var description: String {
    func clock(_ minute: Int) -> String { TradingCalendar.xnys.clockTime(ofMinute: minute) }
    switch self {
    case .noMoment(let date, let minute):
      return "minute \(minute) of \(date) is in no session of the New York Stock Exchange: choose one of a session"
    case .noQuotes(let name, let date):
      return "the chain of \(name) has no bids and asks on \(date), prices of trades alone: import quotes of that day"
    case .nothingFresh(let name, let date, let minute, let last, let next):
      let start = "no quote of \(name) is fresh at \(clock(minute)) on \(date): "
      switch (last, next) {
      case (let last?, _):
        return start + "the last before are of \(clock(last)), and after \(ChainSurface.freshMinutes) minutes they are "
          + "stale; take --time \(clock(last))"
      case (nil, let next?): return start + "the first of the day are of \(clock(next)); take --time \(clock(next))"
      case (nil, nil): return start + "the store has none of that session; choose another --date"
      }
    case .noTwoSides(let name, let date, let minute, let contracts):
      return "none of \(contracts) quotes of \(name) at \(clock(minute)) on \(date) has a bid and a higher ask: "
        + "choose a moment at which the exchange was open"
    case .severalUnderlyings(let name, let found):
      return "the chain of \(name) holds options of \(found.joined(separator: " and ")), and a surface is of one "
        + "underlying: import the file again with --roots, the roots of that one"
    }
  }
}
