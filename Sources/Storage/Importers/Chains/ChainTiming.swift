// When the quotes of a row were made: stamps as sessions and minutes.

import Market

/// A minute of a session, or around one.
struct ChainMinute: Equatable {
  var date: CalendarDate
  var minute: Int32
  var isExtendedHours: Bool
}

/// Turns what a row says of its time into minutes of sessions.
struct ChainTiming {
  let calendar = TradingCalendar.xnys

  /// A local stamp as an instant; nil where the clock shows it never or twice.
  func instant(_ stamp: Stamp, zone: StampZone) -> Instant? {
    let clock: WallClock
    switch stamp.clock {
    case .unnamed: clock = zone.clock
    case .zone(let named): clock = named.clock
    case .offset(let seconds): clock = .fixed(offset: Int(seconds))
    }
    guard case .once(let instant) = clock.occurrence(of: WallClock.Reading(local: stamp.local)) else { return nil }
    return instant
  }

  /// The minute that holds an instant, or that ends at it.
  func minute(at instant: Instant, isEnd: Bool) -> Result<ChainMinute, ChainTimingProblem> {
    switch calendar.place(of: isEnd ? instant.advanced(nanoseconds: -1) : instant) {
    case .session(let session, let minute):
      .success(ChainMinute(date: session.date, minute: Int32(minute), isExtendedHours: false))
    case .extendedHours(let session, let minute):
      .success(ChainMinute(date: session.date, minute: Int32(minute), isExtendedHours: true))
    case .closed(let date, let why): .failure(.closed(date, why))
    case .unsupported: .failure(.unsupported)
    }
  }

  /// The minute that ends so many minutes before the close of a date's session.
  func minute(of date: CalendarDate, beforeClose minutes: Int) -> Result<ChainMinute, ChainTimingProblem> {
    switch calendar.day(date) {
    case .unsupported: .failure(.unsupported)
    case .closed(let why): .failure(.closed(date, why))
    case .session(let closeMinute):
      .success(
        ChainMinute(
          date: date, minute: Int32(closeMinute - calendar.openMinute - 1 - minutes), isExtendedHours: false))
    }
  }

  /// What a page showed at an instant: of a session that is open the minute that ends then, else the last of the one before.
  func lastMinute(at instant: Instant) -> Result<ChainMinute, ChainTimingProblem> {
    switch calendar.place(of: instant.advanced(nanoseconds: -1)) {
    case .session(let session, let minute):
      .success(ChainMinute(date: session.date, minute: Int32(minute), isExtendedHours: false))
    case .extendedHours(let session, let minute) where minute >= 0: self.minute(of: session.date, beforeClose: 0)
    case .extendedHours(let session, _): lastSession(before: session.date)
    case .closed(let date, _): lastSession(before: date)
    case .unsupported: .failure(.unsupported)
    }
  }

  private func lastSession(before date: CalendarDate) -> Result<ChainMinute, ChainTimingProblem> {
    for days in 1...10 {
      let day = date.advanced(by: -days)
      if calendar.isSession(day) == true { return minute(of: day, beforeClose: 0) }
    }
    return .failure(.unsupported)
  }

  /// The line above a header that says when a page was exported, in two forms: `"Date: September 14, 2023 at 4:31 PM EDT",Bid: ...` and
  /// `Date: 14 March 2026 at 07:34 GMT-4,...`.
  func exportInstant(_ lines: [String]) -> (instant: Instant?, line: String)? {
    guard let line = lines.first(where: { $0.contains("Date: ") && $0.contains(" at ") }),
      let start = line.firstRange(of: "Date: ")
    else { return nil }
    let words = line[start.upperBound...].split { " ,\"".contains($0) }.prefix(7).map(String.init)
    guard let at = words.firstIndex(of: "at"), at == 3, words.count >= 6 else { return (nil, line) }
    let isMonthFirst = Int(words[0]) == nil
    guard let month = ChainDates.month(words[isMonthFirst ? 0 : 1]), let day = Int(words[isMonthFirst ? 1 : 0]),
      let year = Int(words[2]), let date = CalendarDate(year: year, month: month, day: day)
    else { return (nil, line) }
    let clock = words[4].split(separator: ":").compactMap { Int($0) }
    guard clock.count >= 2, (0..<24).contains(clock[0]), (0..<60).contains(clock[1]) else { return (nil, line) }
    var hour = clock[0]
    var zone = words[5]
    if zone == "AM" || zone == "PM" {
      guard (1...12).contains(hour) else { return (nil, line) }
      hour = hour % 12 + (zone == "PM" ? 12 : 0)
      zone = words.count > 6 ? words[6] : ""
    }
    guard let offset = ChainTiming.offset(zone) else { return (nil, line) }
    let local = Int64(date.daysSinceEpoch) * 86_400 + Int64(hour * 3600 + clock[1] * 60) - Int64(offset)
    return (Instant(seconds: local), line)
  }

  /// Seconds ahead of UTC of `EDT`, `CST` or `GMT-4`.
  private static func offset(_ zone: String) -> Int? {
    let named = ["EDT": -4, "EST": -5, "CDT": -5, "CST": -6, "MDT": -6, "MST": -7, "PDT": -7, "PST": -8, "UTC": 0]
    if let hours = named[zone] { return hours * 3600 }
    guard zone.hasPrefix("GMT") else { return nil }
    let rest = zone.dropFirst(3)
    if rest.isEmpty { return 0 }
    guard let hours = Int(rest), (-12...14).contains(hours) else { return nil }
    return hours * 3600
  }
}

/// Why a time is no minute of a session.
enum ChainTimingProblem: Error {
  case closed(CalendarDate, String)
  case unsupported

  func problem(_ text: String) -> TableProblem {
    switch self {
    case .closed(let date, let why): .chain(.noSession(date, why))
    case .unsupported: .notADate(text)
    }
  }
}

/// Dates as tables of options write them.
enum ChainDates {
  private static let months = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
  ]

  static func month(_ word: String) -> Int? {
    guard word.count >= 3 else { return nil }
    return months.firstIndex(of: word.prefix(3).lowercased()).map { $0 + 1 }
  }

  /// `2023-09-14`, `20230914`, `9/14/2023` or `Thu Sep 14 2023`.
  static func date(_ text: ArraySlice<UInt8>) -> CalendarDate? {
    for way in [StampText.iso, .compact, .monthFirst] {
      if let stamp = way.read(text) { return WallClock.Reading(local: stamp.local).date }
    }
    let words = String(decoding: text, as: UTF8.self).split(separator: " ")
    guard words.count == 4, let month = month(String(words[1])), let day = Int(words[2]), let year = Int(words[3])
    else {
      return nil
    }
    return CalendarDate(year: year, month: month, day: day)
  }
}
