// Moments as text.

private import Glibc

/// Moments as ISO 8601 in UTC.
package enum UTCTime {
  /// The moment `seconds` after 1970-01-01T00:00:00Z, as `YYYY-MM-DDTHH:MM:SSZ`.
  package static func text(secondsSinceEpoch seconds: Int64) -> String { wholeSeconds(seconds) + "Z" }

  /// This moment, for provenance only: nothing that is computed may depend on it.
  package static func now() -> String { text(secondsSinceEpoch: Int64(time(nil))) }

  /// This moment with microseconds, for example `2026-01-02T03:04:05.678901Z`.
  package static func nowWithMicroseconds() -> String {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return "\(wholeSeconds(Int64(time.tv_sec))).\(digits(time.tv_nsec / 1000, 6))Z"
  }

  private static func wholeSeconds(_ seconds: Int64) -> String {
    var moment = time_t(seconds)
    var parts = tm()
    gmtime_r(&moment, &parts)
    let date =
      "\(digits(Int(parts.tm_year) + 1900, 4))-\(digits(Int(parts.tm_mon) + 1, 2))-\(digits(Int(parts.tm_mday), 2))"
    return "\(date)T\(digits(Int(parts.tm_hour), 2)):\(digits(Int(parts.tm_min), 2)):\(digits(Int(parts.tm_sec), 2))"
  }

  private static func digits(_ value: Int, _ width: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }
}
