// The rule table of the New York Stock Exchange: which days are closed, which close early, and in which years.

/// A day that recurs: a name, the years it holds in, and where it lies in a year.
struct CalendarRule: Sendable {
  /// What happens to a fixed date on a weekend.
  enum Observance: Sendable {
    /// Saturday moves to Friday, Sunday to Monday.
    case nearestWeekday
    /// Sunday moves to Monday; a Saturday is not observed (the Friday would belong to the old year's books).
    case sundayToMonday
    /// The date stays where it is.
    case fixed
  }

  enum Place: Sendable {
    case date(month: Int, day: Int, Observance)
    /// The n-th weekday (ISO: 1 Monday ... 7 Sunday) of a month, and an offset in days from it.
    case nth(Int, weekday: Int, month: Int, offset: Int = 0)
    case last(weekday: Int, month: Int)
    /// Days from Easter Sunday.
    case easter(offset: Int)
  }

  let name: String
  let years: ClosedRange<Int>
  let place: Place

  init(_ name: String, _ years: ClosedRange<Int>, _ place: Place) {
    self.name = name
    self.years = years
    self.place = place
  }

  /// A day that happened once.
  init(_ name: String, once year: Int, _ month: Int, _ day: Int) {
    self.init(name, year...year, .date(month: month, day: day, .fixed))
  }

  /// Where the rule falls in a year, or nil where it is not observed.
  func date(in year: Int) -> CalendarDate? {
    switch place {
    case .date(let month, let day, let observance):
      let date = CalendarRule.date(year, month, day)
      switch (observance, date.weekday) {
      case (.nearestWeekday, 6): return date.advanced(by: -1)
      case (.nearestWeekday, 7), (.sundayToMonday, 7): return date.advanced(by: 1)
      case (.sundayToMonday, 6): return nil
      default: return date
      }
    case .nth(let n, let weekday, let month, let offset):
      let first = CalendarRule.date(year, month, 1)
      return first.advanced(by: (weekday - first.weekday + 7) % 7 + 7 * (n - 1) + offset)
    case .last(let weekday, let month):
      let last = CalendarRule.date(year, month, CalendarDate.days(in: month, of: year))
      return last.advanced(by: -((last.weekday - weekday + 7) % 7))
    case .easter(let offset):
      return CalendarRule.easterSunday(of: year).advanced(by: offset)
    }
  }

  /// Easter Sunday of the Gregorian calendar. Source: Meeus, "Astronomical Algorithms", 2nd edition, chapter 8.
  static func easterSunday(of year: Int) -> CalendarDate {
    let golden = year % 19
    let century = year / 100
    let yearOfCentury = year % 100
    let moonCorrection = (century + 8) / 25
    let epact =
      (19 * golden + century - century / 4 - (century - moonCorrection + 1) / 3 + 15) % 30
    let toSunday = (32 + 2 * (century % 4) + 2 * (yearOfCentury / 4) - epact - yearOfCentury % 4) % 7
    let late = (golden + 11 * epact + 22 * toSunday) / 451
    let day = epact + toSunday - 7 * late + 114
    return date(year, day / 31, day % 31 + 1)
  }

  /// A date that the table itself wrote. Traps if the calendar has no such day.
  static func date(_ year: Int, _ month: Int, _ day: Int) -> CalendarDate {
    guard let date = CalendarDate(year: year, month: month, day: day) else {
      preconditionFailure("the calendar's rules name a day that does not exist: \(year)-\(month)-\(day)")
    }
    return date
  }
}

/// A session that ends early: on the rule's date, if that falls on one of the weekdays.
struct EarlyCloseRule: Sendable {
  let rule: CalendarRule
  let weekdays: Set<Int>
  /// Local minute of the day.
  let closeMinute: Int

  init(_ rule: CalendarRule, weekdays: Set<Int> = [1, 2, 3, 4, 5], closeMinute: Int = 13 * 60) {
    self.rule = rule
    self.weekdays = weekdays
    self.closeMinute = closeMinute
  }
}

extension TradingCalendar {
  /// Source: NYSE, "Holidays & Trading Hours" and the exchange's list of special closings since 1885.
  static let closuresOfNewYork: [CalendarRule] = [
    CalendarRule("New Year's Day", 1990...2035, .date(month: 1, day: 1, .sundayToMonday)),
    CalendarRule("Martin Luther King Jr. Day", 1998...2035, .nth(3, weekday: 1, month: 1)),
    CalendarRule("Washington's Birthday", 1990...2035, .nth(3, weekday: 1, month: 2)),
    CalendarRule("Good Friday", 1990...2035, .easter(offset: -2)),
    CalendarRule("Memorial Day", 1990...2035, .last(weekday: 1, month: 5)),
    CalendarRule("Juneteenth", 2022...2035, .date(month: 6, day: 19, .nearestWeekday)),
    CalendarRule("Independence Day", 1990...2035, .date(month: 7, day: 4, .nearestWeekday)),
    CalendarRule("Labor Day", 1990...2035, .nth(1, weekday: 1, month: 9)),
    CalendarRule("Thanksgiving Day", 1990...2035, .nth(4, weekday: 4, month: 11)),
    CalendarRule("Christmas Day", 1990...2035, .date(month: 12, day: 25, .nearestWeekday)),
    CalendarRule("day of mourning for Richard Nixon", once: 1994, 4, 27),
    CalendarRule("attacks of September 11", once: 2001, 9, 11),
    CalendarRule("attacks of September 11", once: 2001, 9, 12),
    CalendarRule("attacks of September 11", once: 2001, 9, 13),
    CalendarRule("attacks of September 11", once: 2001, 9, 14),
    CalendarRule("day of mourning for Ronald Reagan", once: 2004, 6, 11),
    CalendarRule("day of mourning for Gerald Ford", once: 2007, 1, 2),
    CalendarRule("Hurricane Sandy", once: 2012, 10, 29),
    CalendarRule("Hurricane Sandy", once: 2012, 10, 30),
    CalendarRule("day of mourning for George H. W. Bush", once: 2018, 12, 5),
    CalendarRule("day of mourning for Jimmy Carter", once: 2025, 1, 9),
  ]

  /// Early closes were at 14:00 until 1992 and have been at 13:00 since.
  static let earlyClosesOfNewYork: [EarlyCloseRule] = [
    EarlyCloseRule(
      CalendarRule("day before Independence Day", 1995...2035, .date(month: 7, day: 3, .fixed)), weekdays: [1, 2, 4]),
    EarlyCloseRule(
      CalendarRule("day before Independence Day", 2013...2035, .date(month: 7, day: 3, .fixed)), weekdays: [3]),
    EarlyCloseRule(
      CalendarRule("day after Independence Day", 1995...2012, .date(month: 7, day: 5, .fixed)), weekdays: [5]),
    EarlyCloseRule(
      CalendarRule("day after Thanksgiving", 1992...1992, .nth(4, weekday: 4, month: 11, offset: 1)),
      closeMinute: 14 * 60),
    EarlyCloseRule(CalendarRule("day after Thanksgiving", 1993...2035, .nth(4, weekday: 4, month: 11, offset: 1))),
    EarlyCloseRule(
      CalendarRule("Christmas Eve", 1990...1992, .date(month: 12, day: 24, .fixed)), weekdays: [1, 2, 3, 4],
      closeMinute: 14 * 60),
    EarlyCloseRule(
      CalendarRule("Christmas Eve", 1993...2035, .date(month: 12, day: 24, .fixed)), weekdays: [1, 2, 3, 4]),
    EarlyCloseRule(CalendarRule("day after Christmas", once: 1997, 12, 26)),
    EarlyCloseRule(CalendarRule("last session before the year 2000", once: 1999, 12, 31)),
    EarlyCloseRule(CalendarRule("day after Christmas", once: 2003, 12, 26)),
  ]
}
