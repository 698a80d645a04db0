// The clocks that vendors read: how far each is from UTC, and on which Sundays that changes.

/// A clock on a wall of the United States (or in Greenwich), from a rule table: neither the machine's own zone nor its zone files are asked.
///
/// Daylight saving begins and ends at 02:00 of the clock itself: since 1987 from the first Sunday of April to the last Sunday of October,
/// since 2007 from the second Sunday of March to the first Sunday of November.
/// Source: Uniform Time Act Amendments (Public Law 99-359) of 1986, Energy Policy Act (Public Law 109-58, section 110) of 2005.
package struct WallClock: Sendable, Hashable {
  package let name: String
  /// What is added to UTC in winter, seconds.
  package let standardOffset: Int
  package let savesDaylight: Bool

  package static let newYork = WallClock(name: "New York", standardOffset: -5 * 3600, savesDaylight: true)
  package static let chicago = WallClock(name: "Chicago", standardOffset: -6 * 3600, savesDaylight: true)
  /// New York's winter time all the year round: what some vendors call EST.
  package static let easternStandard = WallClock(
    name: "EST without daylight saving", standardOffset: -5 * 3600, savesDaylight: false)
  package static let utc = WallClock(name: "UTC", standardOffset: 0, savesDaylight: false)

  /// The years, by the clock itself, for which the rules have an answer.
  package static let supportedYears = 1990...2035

  /// A clock that is always the same distance from UTC, as a time stamp with an offset of its own names it; seconds, below a day either way.
  package static func fixed(offset: Int) -> WallClock {
    precondition(abs(offset) < 86_400, "an offset of \(offset) s")
    return WallClock(
      name: "UTC\(offset < 0 ? "-" : "+")\(ClockTime.text(secondOfDay: abs(offset)))",
      standardOffset: offset, savesDaylight: false)
  }

  private init(name: String, standardOffset: Int, savesDaylight: Bool) {
    self.name = name
    self.standardOffset = standardOffset
    self.savesDaylight = savesDaylight
  }

  /// A date and a time of day as a clock shows them.
  package struct Reading: Hashable, Sendable {
    package var date: CalendarDate
    /// 0 ..< 86,400 s in nanoseconds.
    package var nanosecondOfDay: Int64

    package init(date: CalendarDate, nanosecondOfDay: Int64) {
      self.date = date
      self.nanosecondOfDay = nanosecondOfDay
    }

    package var minuteOfDay: Int { Int(nanosecondOfDay / Instant.nanosecondsPerMinute) }
  }

  /// When a clock showed a reading.
  package enum Occurrence: Hashable, Sendable {
    case once(Instant)
    /// In the hour that is repeated when daylight saving ends: first in summer time, then in winter time.
    case twice(Instant, Instant)
    /// In the hour that is left out when daylight saving begins.
    case never
    /// The rules have no answer for that year.
    case unsupported
  }

  /// What is added to UTC at an instant, seconds; nil where the rules have no answer.
  package func offset(at instant: Instant) -> Int? {
    let seconds = instant.seconds
    guard WallClock.supports(seconds + Int64(standardOffset)) else { return nil }
    guard savesDaylight, let summer = summer(of: seconds) else { return standardOffset }
    return summer.contains(seconds) ? standardOffset + 3600 : standardOffset
  }

  /// What the clock shows at an instant; nil where the rules have no answer.
  package func reading(at instant: Instant) -> Reading? {
    guard let offset = offset(at: instant) else { return nil }
    let (seconds, nanoseconds) = Instant.floorDivide(instant.nanoseconds, Instant.nanosecondsPerSecond)
    let (days, secondOfDay) = Instant.floorDivide(seconds + Int64(offset), 86_400)
    return Reading(
      date: CalendarDate(daysSinceEpoch: Int32(days)),
      nanosecondOfDay: secondOfDay * Instant.nanosecondsPerSecond + nanoseconds)
  }

  /// When the clock showed a date and a time of day.
  package func occurrence(of reading: Reading) -> Occurrence {
    let local = Int64(reading.date.daysSinceEpoch) * 86_400 + reading.nanosecondOfDay / Instant.nanosecondsPerSecond
    guard WallClock.supports(local) else { return .unsupported }
    let broken = reading.nanosecondOfDay % Instant.nanosecondsPerSecond
    func instant(_ offset: Int) -> Instant {
      Instant(nanoseconds: (local - Int64(offset)) * Instant.nanosecondsPerSecond + broken)
    }
    let winter = instant(standardOffset)
    guard savesDaylight else { return .once(winter) }
    let summer = instant(standardOffset + 3600)
    switch (offset(at: summer) == standardOffset + 3600, offset(at: winter) == standardOffset) {
    case (true, true): return .twice(summer, winter)
    case (true, false): return .once(summer)
    case (false, true): return .once(winter)
    case (false, false): return .never
    }
  }

  /// Days since 1970 of the first and one past the last supported date.
  private static let supportedDays: Range<Int64> =
    Int64(CalendarRule.date(supportedYears.lowerBound, 1, 1).daysSinceEpoch)..<Int64(
      CalendarRule.date(supportedYears.upperBound, 12, 31).daysSinceEpoch) + 1

  private static func supports(_ localSeconds: Int64) -> Bool {
    supportedDays.contains(Instant.floorDivide(localSeconds, 86_400).quotient)
  }

  /// The seconds since 1970 UTC in which daylight is saved, of the year in which an instant lies in winter time.
  private func summer(of seconds: Int64) -> Range<Int64>? {
    let day = Instant.floorDivide(seconds + Int64(standardOffset), 86_400).quotient
    let year = CalendarDate(daysSinceEpoch: Int32(day)).civil.year
    guard WallClock.supportedYears.contains(year) else { return nil }
    let (first, last) = WallClock.summers[year - WallClock.supportedYears.lowerBound]
    // 02:00 of winter time begins it, 02:00 of summer time, which is 01:00 of winter time, ends it.
    return Int64(first.daysSinceEpoch) * 86_400 + 7200 - Int64(standardOffset)..<Int64(last.daysSinceEpoch) * 86_400
      + 3600 - Int64(standardOffset)
  }

  /// The dates on which daylight saving begins and ends, by year.
  private static let summers: [(first: CalendarDate, last: CalendarDate)] = supportedYears.map { year in
    func date(_ rules: [CalendarRule]) -> CalendarDate {
      guard let date = rules.first(where: { $0.years.contains(year) })?.date(in: year) else {
        preconditionFailure("no rule for daylight saving in \(year)")
      }
      return date
    }
    return (date(beginnings), date(endings))
  }

  private static let beginnings = [
    CalendarRule("beginning of daylight saving", 1987...2006, .nth(1, weekday: 7, month: 4)),
    CalendarRule("beginning of daylight saving", 2007...2035, .nth(2, weekday: 7, month: 3)),
  ]
  private static let endings = [
    CalendarRule("end of daylight saving", 1987...2006, .last(weekday: 7, month: 10)),
    CalendarRule("end of daylight saving", 2007...2035, .nth(1, weekday: 7, month: 11)),
  ]
}
