// Moments as text.

private import Glibc

/// Moments as ISO 8601 in UTC.
package enum UTCTime {
  /// The moment `seconds` after 1970-01-01T00:00:00Z, as `YYYY-MM-DDTHH:MM:SSZ`.
  package static func text(secondsSinceEpoch seconds: Int64) -> String { wholeSeconds(seconds) + "Z" }

  /// Seconds since 1970-01-01T00:00:00Z until this moment: tells what is not over yet, nothing else may depend on it.
  package static func secondsSinceEpoch() -> Int64 { Int64(clock().tv_sec) }

  /// This moment, for provenance only: nothing that is computed may depend on it.
  package static func now() -> String { text(secondsSinceEpoch: secondsSinceEpoch()) }

  /// This moment with microseconds, for example `2026-01-02T03:04:05.678901Z`.
  package static func nowWithMicroseconds() -> String {
    let time = clock()
    return text(secondsSinceEpoch: Int64(time.tv_sec), microseconds: time.tv_nsec / 1000)
  }

  /// One clock for all of them: `time` lags a few milliseconds behind it, so that a later moment could be told as an earlier one.
  private static func clock() -> timespec {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return time
  }

  /// `microseconds`: 0 to 999,999; what is outside of that is taken for the nearest.
  static func text(secondsSinceEpoch seconds: Int64, microseconds: Int) -> String {
    "\(wholeSeconds(seconds)).\(digits(min(max(microseconds, 0), 999_999), 6))Z"
  }

  /// Appends moments: what one has in common with the moment before is not spelled again.
  package struct Writer {
    /// The second that `spelled` is about.
    private var second: Int64?
    private var spelled: [UInt8] = []

    package init() {}

    /// Appends what `nowWithMicroseconds` says.
    package mutating func appendNow(to output: inout [UInt8]) {
      var time = timespec()
      clock_gettime(CLOCK_REALTIME, &time)
      append(secondsSinceEpoch: Int64(time.tv_sec), microseconds: time.tv_nsec / 1000, to: &output)
    }

    /// Appends `text(secondsSinceEpoch:microseconds:)`.
    mutating func append(secondsSinceEpoch seconds: Int64, microseconds: Int, to output: inout [UInt8]) {
      if second != seconds {
        second = seconds
        spelled = Array((UTCTime.wholeSeconds(seconds) + ".").utf8)
      }
      output += spelled
      let rest = min(max(microseconds, 0), 999_999)
      for unit in [100_000, 10_000, 1000, 100, 10, 1] { output.append(UInt8(ascii: "0") + UInt8(rest / unit % 10)) }
      output.append(UInt8(ascii: "Z"))
    }
  }

  /// For any number of seconds, by the proleptic Gregorian calendar; years before 0 and after 9999 have a sign, as ISO 8601 wants it.
  private static func wholeSeconds(_ seconds: Int64) -> String {
    let (quotient, remainder) = seconds.quotientAndRemainder(dividingBy: 86_400)
    let (day, second) = remainder < 0 ? (quotient - 1, Int(remainder) + 86_400) : (quotient, Int(remainder))
    let (year, month, dayOfMonth) = date(day)
    let sign = year < 0 ? "-" : year > 9999 ? "+" : ""
    let date = "\(sign)\(digits(abs(year), 4))-\(digits(month, 2))-\(digits(dayOfMonth, 2))"
    return "\(date)T\(digits(second / 3600, 2)):\(digits(second / 60 % 60, 2)):\(digits(second % 60, 2))"
  }

  /// Year, month and day of a day counted from 1970-01-01. Source: Hinnant, "chrono-compatible low-level date algorithms", civil_from_days.
  package static func date(_ day: Int64) -> (year: Int, month: Int, day: Int) {
    let z = Int(day) + 719_468
    let era = (z >= 0 ? z : z - 146_096) / 146_097
    let dayOfEra = z - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
  }

  /// The year of a day counted from 1970-01-01.
  static func year(ofDay day: Int64) -> Int { date(day).year }

  /// A date as days counted from 1970-01-01. Source: Hinnant, as above, days_from_civil.
  package static func day(year: Int, month: Int, day: Int) -> Int64 {
    let y = month <= 2 ? year - 1 : year
    let era = (y >= 0 ? y : y - 399) / 400
    let yearOfEra = y - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return Int64(era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468)
  }

  private static func digits(_ value: Int, _ width: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }
}
