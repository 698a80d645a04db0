// Days on which a scheduled event takes volatility out of options: told by the user, never guessed.

/// One event. The volatility that was known the evening before still holds what was paid for it; once it is over, a share of that is gone.
package struct SurfaceEvent: Sendable, Equatable {
  /// The session in which it acts.
  package let date: CalendarDate
  /// The user's word for it.
  package let kind: String
  /// Of the volatility at the money: v becomes v (1 - share).
  package let share: Double
  /// The minute of the exchange's day from which on it is over; nil: over when the session opens.
  package let minuteOfDay: Int?

  package static let shares = 0.0...0.9
  package static let longestKind = 40

  package init(date: CalendarDate, kind: String, share: Double, minuteOfDay: Int? = nil) {
    self.date = date
    self.kind = kind
    self.share = share
    self.minuteOfDay = minuteOfDay
  }
}

/// Events by their days. Without any, nothing is taken out: what a session's end takes is in the variance clock already.
package struct SurfaceEvents: Sendable, Equatable {
  /// In the order of their days.
  package let events: [SurfaceEvent]

  package init(_ events: [SurfaceEvent] = []) {
    self.events = events.enumerated().sorted { ($0.element.date, $0.offset) < ($1.element.date, $1.offset) }.map(
      \.element)
  }

  /// Those of a session that are over in a minute of it.
  package func over(on date: CalendarDate, minute: Int, calendar: TradingCalendar = .xnys) -> [SurfaceEvent] {
    events.filter { $0.date == date && ($0.minuteOfDay ?? 0) <= calendar.openMinute + minute }
  }

  /// What they take together, as a share of the volatility: each takes its share of what the others left.
  package func crush(on date: CalendarDate, minute: Int, calendar: TradingCalendar = .xnys) -> Double {
    1 - over(on: date, minute: minute, calendar: calendar).reduce(1) { $0 * (1 - $1.share) }
  }
}
