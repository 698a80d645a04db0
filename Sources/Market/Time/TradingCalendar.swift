// When the New York Stock Exchange trades: a rule table, and a year-by-year expansion of it.

/// The sessions of an exchange between two dates; what lies outside them is unsupported and never guessed.
///
/// Minutes are counted from local midnight at the exchange (a 16:00 close is minute 960).
package struct TradingCalendar: Sendable {
  /// What a date is to the exchange.
  package enum Day: Equatable, Sendable {
    /// A session that ends at this local minute of the day.
    case session(closeMinute: Int)
    /// No session, and the reason in words.
    case closed(String)
    /// Outside the range that the rule table covers.
    case unsupported
  }

  /// Minutes of a session that does not close early.
  package static let fullSessionMinutes = 390

  /// New York Stock Exchange, 1990 to 2035.
  package static let xnys = TradingCalendar(
    years: 1990...2035, closures: closuresOfNewYork, earlyCloses: earlyClosesOfNewYork,
    openMinute: 9 * 60 + 30, closeMinute: 9 * 60 + 30 + fullSessionMinutes, clock: .newYork)

  /// The dates for which the calendar has an answer.
  package let supportedRange: ClosedRange<CalendarDate>
  /// The clock of the exchange, by which its dates and minutes are meant.
  package let clock: WallClock
  /// The local minute at which every session opens.
  package let openMinute: Int
  /// The local minute at which a session closes unless it is an early close.
  package let regularCloseMinute: Int
  /// By days since the range's first day: the close minute of a session, or 0 where there is none.
  private let closeMinutes: [Int16]
  private let closureNames: [CalendarDate: String]
  /// Every session, in order: its place here is its ordinal.
  package private(set) var sessions: [Session] = []
  /// The minutes of all sessions before each one, and of all of them.
  package private(set) var minutesBefore: [Int] = [0]
  /// By days since the range's first day: the number of sessions before it.
  private var sessionsBefore: [Int32] = []

  /// Expands rule tables over whole years. Traps if an early close falls on no session: the tables would contradict each other.
  private init(
    years: ClosedRange<Int>, closures: [CalendarRule], earlyCloses: [EarlyCloseRule], openMinute: Int, closeMinute: Int,
    clock: WallClock
  ) {
    let first = CalendarRule.date(years.lowerBound, 1, 1)
    let last = CalendarRule.date(years.upperBound, 12, 31)
    supportedRange = first...last
    self.clock = clock
    self.openMinute = openMinute
    regularCloseMinute = closeMinute

    var names: [CalendarDate: String] = [:]
    for rule in closures {
      for year in years.clamped(to: rule.years) where rule.years.contains(year) {
        if let date = rule.date(in: year) { names[date] = rule.name }
      }
    }
    let dayCount = Int(last.daysSinceEpoch - first.daysSinceEpoch) + 1
    var minutes = [Int16](repeating: 0, count: dayCount)
    for day in 0..<dayCount {
      let date = first.advanced(by: day)
      if date.weekday <= 5 && names[date] == nil { minutes[day] = Int16(closeMinute) }
    }
    for early in earlyCloses {
      for year in years.clamped(to: early.rule.years) where early.rule.years.contains(year) {
        guard let date = early.rule.date(in: year), early.weekdays.contains(date.weekday) else { continue }
        let day = Int(date.daysSinceEpoch - first.daysSinceEpoch)
        precondition(minutes[day] != 0, "\(early.rule.name), \(date): an early close on a day without a session")
        minutes[day] = Int16(early.closeMinute)
      }
    }
    closeMinutes = minutes
    closureNames = names
    for day in 0..<dayCount {
      sessionsBefore.append(Int32(sessions.count))
      guard let session = session(on: first.advanced(by: day)) else { continue }
      sessions.append(session)
      minutesBefore.append(minutesBefore[sessions.count - 1] + session.minuteCount)
    }
  }

  package func day(_ date: CalendarDate) -> Day {
    guard let minute = closeMinute(date) else { return .unsupported }
    if minute > 0 { return .session(closeMinute: minute) }
    return .closed(closureNames[date] ?? "weekend")
  }

  /// Whether the exchange trades on the date, or nil where the date is not supported.
  package func isSession(_ date: CalendarDate) -> Bool? { closeMinute(date).map { $0 > 0 } }

  /// Whether the date is a session that closes before the regular time, or nil where the date is not supported.
  package func isEarlyClose(_ date: CalendarDate) -> Bool? {
    closeMinute(date).map { $0 > 0 && $0 < regularCloseMinute }
  }

  /// Which of `sessions` a date is, or nil where it is none.
  package func ordinal(of date: CalendarDate) -> Int? {
    guard isSession(date) == true else { return nil }
    return Int(sessionsBefore[Int(date.daysSinceEpoch - supportedRange.lowerBound.daysSinceEpoch)])
  }

  /// Every session of the range, in order. Traps if the range leaves `supportedRange`.
  package func sessions(in range: ClosedRange<CalendarDate>) -> [CalendarDate] {
    precondition(
      supportedRange.contains(range.lowerBound) && supportedRange.contains(range.upperBound),
      "sessions of \(range) asked of a calendar that covers \(supportedRange)")
    let start = supportedRange.lowerBound.daysSinceEpoch
    var sessions: [CalendarDate] = []
    for day in range.lowerBound.daysSinceEpoch...range.upperBound.daysSinceEpoch
    where closeMinutes[Int(day - start)] > 0 {
      sessions.append(CalendarDate(daysSinceEpoch: day))
    }
    return sessions
  }

  /// The first session on or after the date, or nil where the date is not supported or the range ends before one.
  package func nextSession(onOrAfter date: CalendarDate) -> CalendarDate? {
    guard supportedRange.contains(date) else { return nil }
    let start = supportedRange.lowerBound
    let from = Int(date.daysSinceEpoch - start.daysSinceEpoch)
    guard let day = closeMinutes[from...].firstIndex(where: { $0 > 0 }) else { return nil }
    return start.advanced(by: day)
  }

  /// Minutes of trading on the date (0 on a day without a session), or nil where the date is not supported.
  package func tradingMinutes(_ date: CalendarDate) -> Int? {
    closeMinute(date).map { $0 > 0 ? $0 - openMinute : 0 }
  }

  private func closeMinute(_ date: CalendarDate) -> Int? {
    guard supportedRange.contains(date) else { return nil }
    return Int(closeMinutes[Int(date.daysSinceEpoch - supportedRange.lowerBound.daysSinceEpoch)])
  }
}
