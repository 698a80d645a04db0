// LEAN's factor files: what raw prices are multiplied by, dated.

import Market
import Text

/// Rows of date, price factor and split factor, oldest first, each of which holds up to its date and from behind the one before; a price that stands
/// behind them is not read. What a share was split into, or paid, changes them from the next session on.
struct FactorFile {
  /// What there was to be known, oldest first.
  let actions: [CorporateAction]

  /// More than any share has split and paid.
  private static let rowLimit = 10_000
  private static let limitBytes = 1 << 20

  init(path: String) throws(StorageError) {
    let bytes = try FileSystem.read(path, limitBytes: FactorFile.limitBytes)
    try self.init(bytes, path: path)
  }

  init(_ bytes: [UInt8], path: String) throws(StorageError) {
    func problem(_ line: Int, _ column: String, _ problem: TableProblem) -> StorageError {
      .table(path: path, line: line, column: column, problem: problem)
    }
    var rows: [(date: CalendarDate, price: Double, split: Double)] = []
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (place, line) in lines.enumerated() {
      let fields = line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map {
        String(decoding: $0, as: UTF8.self).filter { $0 != "\r" && $0 != " " }
      }
      if fields.allSatisfy(\.isEmpty) { continue }
      guard (3...4).contains(fields.count) else {
        throw problem(place + 1, "", .notFactors("\(fields.count) fields"))
      }
      guard let date = FactorFile.date(fields[0]) else {
        throw problem(place + 1, "date", .notFactors("'\(PrintableText.of(fields[0], longest: 40))'"))
      }
      guard let price = FactorFile.factor(fields[1]), let split = FactorFile.factor(fields[2]) else {
        let text = PrintableText.of(fields[1] + "," + fields[2], longest: 40)
        throw problem(place + 1, "factor", .notFactors("'\(text)'"))
      }
      guard rows.last.map({ $0.date < date }) ?? true, rows.count < FactorFile.rowLimit else {
        throw problem(place + 1, "date", .notFactors("a date that is not behind the one before"))
      }
      rows.append((date, price, split))
    }
    guard !rows.isEmpty else { throw problem(0, "", .empty) }
    var actions: [CorporateAction] = []
    for (row, next) in zip(rows, rows.dropFirst()) where (row.price, row.split) != (next.price, next.split) {
      guard
        let action = CorporateAction(
          date: FactorFile.sessionBehind(row.date), split: next.split / row.split, payment: row.price / next.price)
      else { throw problem(0, "factor", .notFactors("factors that step too far behind \(row.date)")) }
      actions.append(action)
    }
    self.actions = actions
  }

  /// `20140606`.
  private static func date(_ text: String) -> CalendarDate? {
    let digits = Array(text)
    guard digits.count == 8, let number = Int(text), number > 0 else { return nil }
    return CalendarDate(year: number / 10_000, month: number / 100 % 100, day: number % 100)
  }

  private static func factor(_ text: String) -> Double? {
    guard let factor = Double(text), factor > 0, factor <= CorporateAction.largestSplit else { return nil }
    return factor
  }

  /// The first session behind a date; where the calendar has none, the next day.
  private static func sessionBehind(_ date: CalendarDate) -> CalendarDate {
    let calendar = TradingCalendar.xnys
    var next = date.advanced(by: 1)
    // No exchange was ever closed for so long.
    for _ in 0..<14 where calendar.isSession(next) == false { next = next.advanced(by: 1) }
    return next
  }
}
