// Events that take volatility out of options, as a table of the user's.

package import Market
import Text

/// Rows below `date,kind,share`, in any order, with an optional fourth column `time`. None is shipped, and no event is guessed.
package enum SurfaceEventFile {
  private static let columns = ["date", "kind", "share"]
  private static let time = "time"
  /// Ten a session of forty years.
  private static let rowLimit = 100_000
  private static let limitBytes = 1 << 23

  package static func read(_ path: String) throws(StorageError) -> SurfaceEvents {
    try decode(try FileSystem.read(path, limitBytes: limitBytes), path: path)
  }

  /// What a file's bytes tell.
  package static func decode(_ bytes: [UInt8], path: String) throws(StorageError) -> SurfaceEvents {
    func problem(_ line: Int, _ column: String, _ found: String) -> StorageError {
      .table(path: path, line: line, column: column, problem: .notEvents(found))
    }
    func shown(_ text: String) -> String { "'" + PrintableText.of(text, longest: 40) + "'" }
    var head: [String]?
    var events: [SurfaceEvent] = []
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (place, line) in lines.enumerated() {
      let fields = line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map { field in
        trimmed(String(decoding: field, as: UTF8.self))
      }
      if fields.allSatisfy(\.isEmpty) { continue }
      guard let known = head else {
        let names = fields.map { $0.lowercased() }
        guard names == columns || names == columns + [time] else {
          throw problem(place + 1, "", "a first line " + shown(fields.joined(separator: ",")))
        }
        head = names
        continue
      }
      guard fields.count == known.count else {
        throw problem(place + 1, "", "\(fields.count) of \(known.count) fields")
      }
      guard let date = CalendarDate(fields[0]), let length = TradingCalendar.xnys.tradingMinutes(date), length > 0
      else {
        throw problem(place + 1, "date", shown(fields[0]) + ", which is no session of the New York Stock Exchange")
      }
      guard !fields[1].isEmpty, fields[1].unicodeScalars.count <= SurfaceEvent.longestKind else {
        throw problem(
          place + 1, "kind",
          shown(fields[1]) + " where a word of 1 to \(SurfaceEvent.longestKind) letters says what it is")
      }
      guard case .value(let share) = DecimalNumber.parse(Array(fields[2].utf8)[...]), share > 0,
        SurfaceEvent.shares.contains(share)
      else {
        throw problem(
          place + 1, "share",
          shown(fields[2]) + " where a share above 0 and up to \(SurfaceEvent.shares.upperBound) is meant")
      }
      var minute: Int?
      if fields.count > 3, !fields[3].isEmpty {
        let open = TradingCalendar.xnys.openMinute
        guard let found = TimeOfDay.minute(fields[3]), found < open + length else {
          throw problem(place + 1, time, shown(fields[3]) + " where HH:MM before the session's close is meant")
        }
        minute = found
      }
      guard events.count < rowLimit else { throw problem(place + 1, "", "more than \(rowLimit) events") }
      events.append(SurfaceEvent(date: date, kind: fields[1], share: share, minuteOfDay: minute))
    }
    guard head != nil else { throw .table(path: path, line: 0, column: "", problem: .empty) }
    return SurfaceEvents(events)
  }

  private static func trimmed(_ text: String) -> String {
    let blanks: Set<Character> = [" ", "\t", "\r", "\u{FEFF}", "\r\n"]
    return String(text.drop { blanks.contains($0) }.reversed().drop { blanks.contains($0) }.reversed())
  }
}
