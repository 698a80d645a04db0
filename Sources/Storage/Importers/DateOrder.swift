// Which of two numbers is the month, by the exchange's calendar.

import Market

/// Dates such as 3/4/2024, which may be of March or of April: where one way of reading puts all of them on sessions, and the other puts some on days without
/// one, the first is meant.
struct DateOrder {
  var way: StampText
  /// In words, since no guess is silent.
  var evidence: String

  /// nil where both ways are as good, or the dates are too few.
  init?(_ samples: [[UInt8]]) {
    let (ofMonthFirst, ofDayFirst) = (DateOrder.dates(samples, .monthFirst), DateOrder.dates(samples, .dayFirst))
    guard let monthFirst = ofMonthFirst, let dayFirst = ofDayFirst, min(monthFirst.count, dayFirst.count) >= 2 else {
      return nil
    }
    switch (DateOrder.closedDay(monthFirst), DateOrder.closedDay(dayFirst)) {
    case (nil, let closed?):
      way = .monthFirst
      evidence = "dates are read month first: day first, \(closed) would be a day without a session"
    case (let closed?, nil):
      way = .dayFirst
      evidence = "dates are read day first: month first, \(closed) would be a day without a session"
    default: return nil
    }
  }

  private static func dates(_ samples: [[UInt8]], _ way: StampText) -> Set<CalendarDate>? {
    var dates: Set<CalendarDate> = []
    for sample in samples {
      guard let stamp = way.read(sample[...]) else { return nil }
      dates.insert(WallClock.Reading(local: stamp.local).date)
    }
    return dates
  }

  /// The first date on which the exchange was closed, or of which nothing is known.
  private static func closedDay(_ dates: Set<CalendarDate>) -> CalendarDate? {
    dates.filter { TradingCalendar.xnys.isSession($0) != true }.min()
  }
}
