// On which dates a symbol's options expire, where no chain says it.

/// The days of the week on which contracts of a symbol are listed to expire.
///
/// Source: Cboe, announcements of SPX Weeklys (Wednesdays since February 2016, Mondays since August 2016, Tuesdays and Thursdays since April and May 2022); Tuesdays and Thursdays
/// of SPY and QQQ since November 2022. A chain knows better, and is asked where there is one.
package enum ExpiryListing: Sendable, Equatable {
  /// As the exchange lists them.
  case exchange
  /// Every session: of made-up minutes, which no exchange knows.
  case everySession

  /// Whether contracts of a symbol end in the session of that date.
  package func isListed(_ symbol: String, on date: CalendarDate, calendar: TradingCalendar = .xnys) -> Bool {
    guard calendar.isSession(date) == true else { return false }
    guard self == .exchange else { return true }
    if ExpiryListing.weekdays(symbol, on: date).contains(date.weekday) { return true }
    // What would end on a Friday that is a holiday ends the session before.
    let friday = date.advanced(by: 5 - date.weekday)
    guard date.weekday < 5, calendar.isSession(friday) == false else { return false }
    return calendar.nextSession(onOrAfter: date.advanced(by: 1)).map { $0 > friday } ?? false
  }

  /// The first session from a date on, within 60 days, in which contracts end; nil where there is none.
  package func first(_ symbol: String, from date: CalendarDate, calendar: TradingCalendar = .xnys) -> CalendarDate? {
    (0...60).lazy.map { date.advanced(by: $0) }.first { isListed(symbol, on: $0, calendar: calendar) }
  }

  private static func weekdays(_ symbol: String, on date: CalendarDate) -> Set<Int> {
    stages[symbol]?.last { $0.from <= date }?.weekdays ?? [5]
  }

  /// What is listed from a date on; before the first Fridays alone. The dates are not earlier than the exchange's own, so that nothing trades that was not listed.
  private static let stages: [String: [(from: CalendarDate, weekdays: Set<Int>)]] = {
    let three: Set = [1, 3, 5]
    let all: Set = [1, 2, 3, 4, 5]
    let funds = (CalendarRule.date(2022, 11, 14), all)
    return [
      "SPX": [(CalendarRule.date(2016, 9, 1), three), (CalendarRule.date(2022, 5, 12), all)],
      "SPY": [(CalendarRule.date(2018, 3, 1), three), funds], "QQQ": [(CalendarRule.date(2022, 1, 1), three), funds],
    ]
  }()
}
