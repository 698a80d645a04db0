// The quotes of one root and expiry in one minute with what they say of the forward: what the gate's questions of pricing are asked of.

import Pricing

/// One root and expiry in one minute of a session.
struct PricedSeries {
  let chain: OptionChain
  let session: ChainSession
  /// Of the session.
  let minute: Int
  let strikes: ChainStrikes
  let pairs: ParityPairs
  let forward: ChainForward
  let times: ExpiryTimes
  /// Whole days from the date to that of the expiry.
  let days: Int
  /// Dollars: what the nearest expiry of the minute says that the underlying costs.
  let spot: Double

  var isAmerican: Bool { strikes.terms.style == .american }

  func place(_ strike: Double, _ right: OptionSymbol.Right) -> String {
    PricedSeries.place(strikes.root, strikes.expiry, strike, right, session.date, minute)
  }

  static func place(
    _ root: String, _ expiry: CalendarDate, _ strike: Double, _ right: OptionSymbol.Right, _ date: CalendarDate,
    _ minute: Int
  ) -> String { "\(root) \(expiry) \(strike) \(right == .call ? "call" : "put") \(date) minute \(minute)" }

  /// The same of a contract.
  static func place(_ contract: OptionContract, _ date: CalendarDate, minute: Int) -> String {
    place(contract.root, contract.expiry, contract.strike, contract.right, date, minute)
  }

  /// Every quote, by strike, calls first.
  var quotes: [(strike: Double, right: OptionSymbol.Right, quote: SidedQuote)] {
    strikes.strikes.flatMap { one in
      [(OptionSymbol.Right.call, one.call), (.put, one.put)].compactMap { right, quote in
        quote.map { (one.strike, right, $0) }
      }
    }
  }

  /// Those of every minute of the regular sessions, nearest expiry first.
  static func forEach(of chain: OptionChain, _ body: (PricedSeries) -> Void) {
    let head = chain.head
    for session in chain.sessions { forEach(of: head, session, body) }
  }

  /// The same of one session; `chain`: what is known of the chain beside its sessions.
  static func forEach(of chain: OptionChain, _ session: ChainSession, _ body: (PricedSeries) -> Void) {
    let calendar = TradingCalendar.xnys
    guard !session.isExtendedHours, session.has(.bid), session.has(.ask),
      let ordinal = calendar.ordinal(of: session.date)
    else { return }
    for minute in session.minutes.map({ Int($0) }) where minute < calendar.sessions[ordinal].minuteCount {
      let ticks = QuoteRules.of(chain.underlying).ticks
      var all = ChainStrikes.all(chain, session, at: minute + 1, fresh: 0).map {
        ChainExpiry($0, from: ordinal, minute: minute + 1, calendar, VarianceClock(), ticks)
      }
      all.sort { $0.years < $1.years }
      let rate = ChainRate.pooled(all.compactMap(\.slope))
      var spot: Double?
      for one in all {
        guard let pairs = one.pairs,
          let forward = ChainForward(pairs, one.line, calendarYears: one.calendarYears, rate: rate)
        else { continue }
        let near = spot ?? forward.forward * forward.discount
        spot = near
        body(
          PricedSeries(
            chain: chain, session: session, minute: minute, strikes: one.strikes, pairs: pairs, forward: forward,
            times: ExpiryTimes(
              calendarMinutes: one.calendarYears * VolatilityClock.calendarMinutesPerYear,
              sessionMinutes: one.sessionMinutes, variance: one.years),
            days: Int(one.strikes.expiry.daysSinceEpoch - session.date.daysSinceEpoch), spot: near))
      }
    }
  }
}

/// A question of pricing: it sees all series, and then says what it found.
protocol PricedCheck {
  init(_ chain: OptionChain)
  mutating func examine(_ series: PricedSeries)
  var findings: [QualityFinding] { get }
}

/// All questions of pricing, which share what they are asked of.
struct PricedChecks: ChainCheck {
  /// In the order in which they report.
  static let all: [any PricedCheck.Type] = [
    ChainBoundCheck.self, ChainParityCheck.self, ChainConvexityCheck.self, ChainVendorCheck.self,
  ]

  private let chain: OptionChain
  private var checks: [any PricedCheck]

  init(_ chain: OptionChain) {
    self.chain = chain.head
    checks = PricedChecks.all.map { $0.init(chain.head) }
  }

  mutating func examine(_ session: ChainSession) {
    PricedSeries.forEach(of: chain, session) { series in
      for place in checks.indices { checks[place].examine(series) }
    }
  }

  var findings: [QualityFinding] { checks.flatMap(\.findings) }
}
