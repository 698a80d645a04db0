// What a contract promises, by its root: a table of the exceptions, and what all other roots have in common.

/// The terms that all contracts of a root share.
///
/// Source: Cboe, "Contract specifications" of SPX, SPXW, XSP, OEX, XEO, NDX, NDXP, RUT, RUTW, MRUT, DJX, VIX and its weeklies, and "Hours & Holidays"
/// for options that trade until 16:15; The Options Clearing Corporation, "Characteristics and Risks of Standardized Options", for all others.
package struct ContractTerms: Hashable, Sendable {
  package enum Style: String, Sendable {
    case american, european
  }

  /// When the price that it settles on is made.
  package enum Settlement: String, Sendable {
    /// At the opening of a session: the contract trades last in the session before.
    case opening = "AM"
    /// At the close of its last session.
    case close = "PM"
  }

  package let style: Style
  package let settlement: Settlement
  /// Units of the underlying a contract delivers, or is paid for.
  package let multiplier: Int
  /// Minutes behind the close of a session in which it still trades, except in its last session where it is paid in cash.
  package let minutesAfterClose: Int
  package let isCashSettled: Bool
  /// Whether it delivers what its root's name says. A digit in a root marks a contract that a corporate action has changed.
  package let isStandard: Bool
  /// What the root's options are of, where the root itself is not its name.
  package let underlying: String?

  private init(
    _ style: Style, _ settlement: Settlement, minutesAfterClose: Int = 15, isCashSettled: Bool = true,
    isStandard: Bool = true, of underlying: String? = nil
  ) {
    self.style = style
    self.settlement = settlement
    multiplier = 100
    self.minutesAfterClose = minutesAfterClose
    self.isCashSettled = isCashSettled
    self.isStandard = isStandard
    self.underlying = underlying
  }

  package static func of(root: String) -> ContractTerms {
    if let terms = table[root] { return terms }
    let hasDigit = root.utf8.contains { (48...57).contains($0) }
    return ContractTerms(
      .american, .close, minutesAfterClose: lateFunds.contains(root) ? 15 : 0, isCashSettled: false,
      isStandard: !hasDigit)
  }

  private static let table: [String: ContractTerms] = [
    "SPX": ContractTerms(.european, .opening),
    "SPXW": ContractTerms(.european, .close, of: "SPX"),
    "SPXPM": ContractTerms(.european, .close, of: "SPX"),
    "XSP": ContractTerms(.european, .close),
    "OEX": ContractTerms(.american, .close),
    "XEO": ContractTerms(.european, .close, of: "OEX"),
    "NDX": ContractTerms(.european, .opening),
    "NDXP": ContractTerms(.european, .close, of: "NDX"),
    "RUT": ContractTerms(.european, .opening),
    "RUTW": ContractTerms(.european, .close, of: "RUT"),
    "MRUT": ContractTerms(.european, .close),
    "DJX": ContractTerms(.european, .opening),
    "VIX": ContractTerms(.european, .opening),
    "VIXW": ContractTerms(.european, .opening, of: "VIX"),
  ]

  /// Funds whose options trade until 16:15.
  private static let lateFunds: Set<String> = [
    "SPY", "QQQ", "IWM", "DIA", "MDY", "EEM", "EFA", "IWN", "IWO", "IWV", "OEF", "KBE", "KRE", "XHB", "XLB", "XLE",
    "XLF", "XLI", "XLK", "XLP", "XLU", "XLV", "XLY", "XME", "XRT", "MOO", "SLX", "DBA", "DBC", "UNG", "UUP", "SVXY",
    "UVXY", "VIXY", "VXX", "VXZ",
  ]

  /// The roots under which an index has its options where a table names the index alone: of the third Friday, and of all other dates.
  private static let weeklyRoots = ["SPX": "SPXW", "NDX": "NDXP", "RUT": "RUTW"]

  /// The root of an underlying's contract where a table does not say it. Monthly contracts of an index are dated on the third Friday, or before 2015
  /// on the Saturday behind it, or on the Thursday before where that Friday is a holiday.
  package static func root(
    ofUnderlying underlying: String, expiry: CalendarDate, calendar: TradingCalendar = .xnys
  ) -> String {
    guard let weekly = weeklyRoots[underlying] else { return underlying }
    let (year, month, _) = expiry.civil
    let friday = CalendarRule("third Friday", year...year, .nth(3, weekday: 5, month: month)).date(in: year)
    guard let friday else { return weekly }
    let isHoliday = calendar.isSession(friday) == false
    let isMonthly =
      expiry == friday || expiry == friday.advanced(by: 1) || (isHoliday && expiry == friday.advanced(by: -1))
    return isMonthly ? underlying : weekly
  }
}

/// When a contract trades last, and when the price is made that it settles on.
package struct ContractLife: Hashable, Sendable {
  /// How a listed date relates to the exchange's sessions.
  package enum Dating: Sendable {
    case session
    /// On a Saturday, as until February 2015, or on a holiday: what happens on that day happens in the session before.
    case sessionBefore
  }

  package let dating: Dating
  /// The last session in which it trades.
  package let lastSession: CalendarDate
  /// Minutes of the last session in which it trades, from the opening; those behind the session's own close are recognised, and nobody trades in them here.
  package let lastMinutes: Int
  /// The session at whose opening or close it settles.
  package let settlementSession: CalendarDate

  /// nil where no contract is dated so: on a Sunday, on a Saturday since February 2015, or outside of the calendar's years.
  ///
  /// Source: OCC, "Expiration date change from Saturday to Friday", effective 2015-02-01.
  package init?(_ contract: OptionContract, calendar: TradingCalendar = .xnys) {
    let expiry = contract.expiry
    guard let isSession = calendar.isSession(expiry) else { return nil }
    if !isSession {
      guard expiry.weekday != 7, expiry.weekday != 6 || expiry < ContractLife.lastSaturdays else { return nil }
    }
    guard let settles = ContractLife.session(onOrBefore: expiry, calendar) else { return nil }
    dating = isSession ? .session : .sessionBefore
    settlementSession = settles
    let terms = contract.terms
    switch terms.settlement {
    case .opening:
      guard let before = ContractLife.session(onOrBefore: settles.advanced(by: -1), calendar) else { return nil }
      lastSession = before
    case .close: lastSession = settles
    }
    let minutes = calendar.tradingMinutes(lastSession) ?? 0
    let endsAtClose = terms.isCashSettled && terms.settlement == .close
    lastMinutes = minutes + (endsAtClose ? 0 : terms.minutesAfterClose)
  }

  /// The first day on which no contract is dated a Saturday any more.
  private static let lastSaturdays = CalendarRule.date(2015, 2, 1)

  private static func session(onOrBefore date: CalendarDate, _ calendar: TradingCalendar) -> CalendarDate? {
    var day = date
    // The longest closing since 1990 had six days.
    for _ in 0..<10 {
      guard let isSession = calendar.isSession(day) else { return nil }
      if isSession { return day }
      day = day.advanced(by: -1)
    }
    return nil
  }
}
