// A point in time, the same everywhere: what a bar begins at, whatever clock its vendor read.

/// Nanoseconds since 1970-01-01 00:00 UTC, leap seconds not counted; 64 bits reach from 1677 to 2262.
package struct Instant: Hashable, Comparable, Sendable {
  package let nanoseconds: Int64

  package static let nanosecondsPerSecond: Int64 = 1_000_000_000
  package static let nanosecondsPerMinute: Int64 = 60 * nanosecondsPerSecond

  package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// The instant so many whole seconds after the epoch, or nil where 64 bits do not hold its nanoseconds.
  package init?(seconds: Int64) {
    let (nanoseconds, overflow) = seconds.multipliedReportingOverflow(by: Instant.nanosecondsPerSecond)
    guard !overflow else { return nil }
    self.nanoseconds = nanoseconds
  }

  /// The instant that a clock in Greenwich shows as this date and second of the day, or nil where 64 bits do not hold it.
  package init?(date: CalendarDate, secondOfDay: Int) {
    self.init(seconds: Int64(date.daysSinceEpoch) * 86_400 + Int64(secondOfDay))
  }

  /// Whole seconds since the epoch; what is left of a second is dropped, downwards.
  package var seconds: Int64 { Instant.floorDivide(nanoseconds, Instant.nanosecondsPerSecond).quotient }

  /// The date in Greenwich.
  package var date: CalendarDate {
    CalendarDate(daysSinceEpoch: Int32(Instant.floorDivide(seconds, 86_400).quotient))
  }

  /// Whether it lies on a whole minute.
  package var isWholeMinute: Bool { nanoseconds % Instant.nanosecondsPerMinute == 0 }

  /// Traps if 64 bits do not hold the result.
  package func advanced(nanoseconds: Int64) -> Instant { Instant(nanoseconds: self.nanoseconds + nanoseconds) }

  /// Traps if 64 bits do not hold the result.
  package func advanced(seconds: Int) -> Instant {
    advanced(nanoseconds: Int64(seconds) * Instant.nanosecondsPerSecond)
  }

  package static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }

  /// Division that rounds down, and what is left over (never negative).
  static func floorDivide(_ value: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}

extension Instant: CustomStringConvertible {
  /// `2024-03-08T14:30:00Z`, with the digits of a broken second where there are any.
  package var description: String {
    let (seconds, nanoseconds) = Instant.floorDivide(nanoseconds, Instant.nanosecondsPerSecond)
    let (days, secondOfDay) = Instant.floorDivide(seconds, 86_400)
    var text = "\(CalendarDate(daysSinceEpoch: Int32(days)))T\(ClockTime.text(secondOfDay: Int(secondOfDay)))"
    if nanoseconds > 0 {
      let digits = String(nanoseconds)
      text += "." + String(repeating: "0", count: 9 - digits.count) + digits
      while text.last == "0" { text.removeLast() }
    }
    return text + "Z"
  }
}

/// Times of day as a clock shows them.
enum ClockTime {
  /// `HH:MM:SS`.
  static func text(secondOfDay: Int) -> String {
    func two(_ number: Int) -> String { (number < 10 ? "0" : "") + String(number) }
    return two(secondOfDay / 3600) + ":" + two(secondOfDay / 60 % 60) + ":" + two(secondOfDay % 60)
  }
}
