// Sessions as instants, and instants as minutes of sessions.

/// One session of an exchange, from its first instant to just before its closing one.
package struct Session: Hashable, Sendable {
  package let date: CalendarDate
  package let open: Instant
  /// The first instant that is no longer in the session.
  package let close: Instant

  /// 390; fewer where the session closes early.
  package var minuteCount: Int { Int((close.nanoseconds - open.nanoseconds) / Instant.nanosecondsPerMinute) }

  /// When a minute begins. Minute 0 is the first; minutes before the open are negative, and those from `minuteCount` on are after the close.
  package func start(ofMinute minute: Int) -> Instant { open.advanced(seconds: 60 * minute) }

  /// The minute that holds an instant, counted from the open, downwards: -1 is the last minute before it.
  package func minute(of instant: Instant) -> Int {
    Int(Instant.floorDivide(instant.nanoseconds - open.nanoseconds, Instant.nanosecondsPerMinute).quotient)
  }

  package func contains(_ instant: Instant) -> Bool { open <= instant && instant < close }
}

extension TradingCalendar {
  /// What an instant is to the exchange. Dates are those of the exchange's own clock.
  package enum Place: Hashable, Sendable {
    /// In a session, in this minute of it (0 ..< `minuteCount`).
    case session(Session, minute: Int)
    /// On the date of a session, but before it opens or after it has closed: minutes as `Session.minute` counts them.
    case extendedHours(Session, minute: Int)
    /// On a date without a session, and the reason in words.
    case closed(CalendarDate, String)
    /// Outside the years that the rules cover.
    case unsupported
  }

  /// The session of a date, or nil where there is none or the date is not supported.
  package func session(on date: CalendarDate) -> Session? {
    guard case .session(let closeMinute) = day(date) else { return nil }
    return Session(date: date, open: instant(date, openMinute), close: instant(date, closeMinute))
  }

  /// `HH:MM` at the exchange, so many minutes after the opening of a session.
  package func clockTime(ofMinute minute: Int) -> String {
    String(ClockTime.text(secondOfDay: 60 * (openMinute + minute)).prefix(5))
  }

  /// Where an instant lies.
  package func place(of instant: Instant) -> Place {
    guard let reading = clock.reading(at: instant) else { return .unsupported }
    switch day(reading.date) {
    case .unsupported: return .unsupported
    case .closed(let why): return .closed(reading.date, why)
    case .session(let closeMinute):
      let session = Session(
        date: reading.date, open: self.instant(reading.date, openMinute), close: self.instant(reading.date, closeMinute)
      )
      let minute = session.minute(of: instant)
      return session.contains(instant) ? .session(session, minute: minute) : .extendedHours(session, minute: minute)
    }
  }

  /// A minute of a supported date, by the exchange's clock. Clocks change on Sunday nights, so that every minute of a session exists once.
  private func instant(_ date: CalendarDate, _ minuteOfDay: Int) -> Instant {
    let reading = WallClock.Reading(date: date, nanosecondOfDay: Int64(minuteOfDay) * Instant.nanosecondsPerMinute)
    guard case .once(let instant) = clock.occurrence(of: reading) else {
      preconditionFailure("the clock of \(clock.name) has no single minute \(minuteOfDay) on \(date)")
    }
    return instant
  }
}
