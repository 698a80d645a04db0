// When a file was made, as text.

import Glibc
import Market

/// Moments as `YYYY-MM-DDTHH:MM:SSZ`.
package enum UTCTime {
  /// The moment `seconds` after 1970-01-01T00:00:00Z.
  package static func text(secondsSinceEpoch seconds: Int64) -> String {
    let (day, second) = seconds.quotientAndRemainder(dividingBy: 86_400)
    let (dayNumber, rest) = second < 0 ? (day - 1, second + 86_400) : (day, second)
    let date = CalendarDate(daysSinceEpoch: Int32(clamping: dayNumber))
    func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
    return "\(date)T\(two(rest / 3600)):\(two(rest / 60 % 60)):\(two(rest % 60))Z"
  }

  /// This moment, for provenance only: nothing that is computed may depend on it.
  package static func now() -> String { text(secondsSinceEpoch: Int64(time(nil))) }
}
