// How long an option lives, by the exchange's calendar.
//
// Moments are minutes of the exchange's local days. Between two of them the calendar's minutes are counted as if no clock were changed in between: over a
// change of summer time, the calendar clock is an hour off.

import Market
import Pricing
import Text

/// A minute of a day at the exchange, New York.
struct ExchangeMoment: Equatable {
  var date: CalendarDate
  /// From local midnight.
  var minute: Double

  /// `2025-12-11T15:00`, or with a space; nil where it is none.
  init?(_ text: String) {
    let parts = text.split(omittingEmptySubsequences: false) { $0 == "T" || $0 == " " }
    guard parts.count == 2, let date = CalendarDate(parts[0]) else { return nil }
    guard let minute = ExchangeMoment.minuteOfDay(parts[1]) else { return nil }
    self.init(date, minute: Double(minute))
  }

  /// `15:00` as minutes from midnight; nil where it is none.
  static func minuteOfDay(_ text: some StringProtocol) -> Int? {
    TimeOfDay.minute(text)
  }

  init(_ date: CalendarDate, minute: Double) {
    self.date = date
    self.minute = minute
  }
}

/// The time from now to an expiry on every clock, and what is left of it at the close of the session that is open.
struct PriceTimes {
  let expiry: ExpiryTimes
  /// Nil at night.
  let atClose: ExpiryTimes?
  /// When the last session ends, or begins where the option is settled on its opening prices; nil where only minutes are known.
  let end: ExchangeMoment?

  enum Problem: Error, Equatable, CustomStringConvertible {
    case outsideCalendar(CalendarDate, ClosedRange<CalendarDate>)
    case past(String)

    var description: String {
      switch self {
      case .outsideCalendar(let date, let range):
        "\(date) is outside the calendar, which knows \(range.lowerBound) to \(range.upperBound)"
      case .past(let end): "the option has expired: its time ended at \(end), which is not after --now"
      }
    }
  }

  /// That many minutes before the close of the last session.
  init(minutes: Double) {
    let session = Double(TradingCalendar.fullSessionMinutes)
    expiry = ExpiryTimes(
      calendarMinutes: minutes, sessionMinutes: minutes,
      variance: VarianceClock().years(over: RemainingSessions(current: (session - minutes, session), later: [])))
    atClose = ExpiryTimes(calendarMinutes: 0, sessionMinutes: 0, variance: 0)
    end = nil
  }

  /// From now to the close of the expiry's session, or to its open. An expiry on a day without a session has the session before for its last.
  init(
    from now: ExchangeMoment, expiry date: CalendarDate, settlesAtOpen: Bool, calendar: TradingCalendar = .xnys
  ) throws(Problem) {
    let range = calendar.supportedRange
    for one in [now.date, date] where !range.contains(one) { throw .outsideCalendar(one, range) }
    var last = date
    while calendar.isSession(last) != true {
      last = last.advanced(by: -1)
      guard range.contains(last) else { throw .outsideCalendar(last, range) }
    }
    let close = Self.closeMinute(last, calendar)
    let end = ExchangeMoment(last, minute: settlesAtOpen ? Double(calendar.openMinute) : close)
    guard (now.date, now.minute) < (end.date, end.minute) else {
      let (hour, minute) = Int(end.minute).quotientAndRemainder(dividingBy: 60)
      throw .past("\(end.date) \(hour):\(minute < 10 ? "0" : "")\(minute)")
    }
    expiry = Self.times(from: now, to: end, settlesAtOpen: settlesAtOpen, calendar)
    self.end = end
    let isOpen =
      calendar.isSession(now.date) == true && now.minute >= Double(calendar.openMinute)
      && now.minute <= Self.closeMinute(now.date, calendar)
    guard isOpen else {
      atClose = nil
      return
    }
    let atClose = ExchangeMoment(now.date, minute: Self.closeMinute(now.date, calendar))
    self.atClose = Self.times(from: atClose, to: end, settlesAtOpen: settlesAtOpen, calendar)
  }

  private static func closeMinute(_ date: CalendarDate, _ calendar: TradingCalendar) -> Double {
    Double(calendar.openMinute + (calendar.tradingMinutes(date) ?? 0))
  }

  /// Between two supported moments, the second at the open or the close of a session.
  private static func times(
    from now: ExchangeMoment, to end: ExchangeMoment, settlesAtOpen: Bool, _ calendar: TradingCalendar
  ) -> ExpiryTimes {
    let open = Double(calendar.openMinute)
    let sessions = calendar.sessions(in: now.date...end.date)
    var current: (elapsed: Double, minutes: Double)?
    var later: [RemainingSessions.Session] = []
    var minutes = 0.0
    for date in sessions {
      let length = closeMinute(date, calendar) - open
      if date == now.date {
        if now.minute > open + length { continue }
        if now.minute >= open {
          current = (now.minute - open, length)
          minutes += open + length - now.minute
          continue
        }
      }
      later.append(.init(after: night(before: date, calendar), minutes: length))
      if !(settlesAtOpen && date == end.date) { minutes += length }
    }
    let days = Double(end.date.daysSinceEpoch - now.date.daysSinceEpoch)
    return ExpiryTimes(
      calendarMinutes: days * 1440 + end.minute - now.minute, sessionMinutes: minutes,
      variance: VarianceClock().years(
        over: RemainingSessions(current: current, later: later, settlesAtOpen: settlesAtOpen)))
  }

  private static func night(before date: CalendarDate, _ calendar: TradingCalendar) -> RemainingSessions.Night {
    calendar.isSession(date.advanced(by: -1)) == true ? .ordinary : .long
  }
}
