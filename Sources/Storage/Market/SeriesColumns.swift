// A series as columns of numbers: what is written, what is read, and the digest of both.

import Market
import Text

/// The columns of one series in a store:
///
/// | column | content |
/// |---|---|
/// | `dates` i32 | of bars of a whole session: the date, days since 1970-01-01 |
/// | `starts` i64 | of narrower bars: when each begins, nanoseconds since 1970-01-01 UTC |
/// | `open`, `high`, `low`, `close`, `volume` f64 | raw |
/// | `adjustment_factor` f64 | of bars of a whole session: what adjusts each |
/// | `factor_rows` i64, `factors` f64 | of narrower bars: the rows from which a factor holds on, and the factors |
/// | `extra.<name>` f64 | a further column |
/// | `action_dates` i32, `action_splits`, `action_payments` f64 | splits and payments whose dates are known (`CorporateAction`); absent where there are none |
/// | `filled_rows` i64 | rows that nobody delivered; absent where there are none |
enum SeriesColumns {
  private enum Numbers {
    case days([CalendarDate])
    case instants([Instant])
    case integers([Int64])
    case doubles([Double])
  }

  /// All columns, in the order in which they are written and digested.
  private static func columns(_ series: BarSeries) -> [(name: String, numbers: Numbers)] {
    var columns: [(String, Numbers)] =
      series.width == .session
      ? [("dates", .days(series.dates))]
      : [("starts", .instants(series.starts))]
    columns += prices.map { ($0.name, .doubles(series[keyPath: $0.values])) }
    if series.width == .session {
      columns.append(("adjustment_factor", .doubles(series.adjustmentFactors)))
    } else {
      let rows = factorRows(series.adjustmentFactors)
      columns.append(("factor_rows", .integers(rows.map { Int64($0) })))
      columns.append(("factors", .doubles(rows.map { series.adjustmentFactors[$0] })))
    }
    columns += series.extra.map { (extraPrefix + $0.name, .doubles($0.values)) }
    if !series.actions.isEmpty {
      columns.append(("action_dates", .days(series.actions.map(\.date))))
      columns.append(("action_splits", .doubles(series.actions.map(\.split))))
      columns.append(("action_payments", .doubles(series.actions.map(\.payment))))
    }
    if !series.filledRows.isEmpty { columns.append(("filled_rows", .integers(series.filledRows.map { Int64($0) }))) }
    return columns
  }

  /// The rows at which a factor has other bits than the one before.
  private static func factorRows(_ factors: [Double]) -> [Int] {
    var rows: [Int] = []
    var last: UInt64?
    for row in factors.indices where factors[row].bitPattern != last {
      rows.append(row)
      last = factors[row].bitPattern
    }
    return rows
  }

  private static let extraPrefix = "extra."

  /// Key paths are not Sendable by themselves, hence a function of nothing rather than a stored table.
  private static var prices: [(name: String, values: WritableKeyPath<BarSeries, [Double]>)] {
    [("open", \.open), ("high", \.high), ("low", \.low), ("close", \.close), ("volume", \.volume)]
  }

  static func write(_ series: BarSeries, to group: borrowing HDF5Group) throws(StorageError) {
    for (name, numbers) in columns(series) { try write(numbers, as: name, to: group) }
  }

  private static func write(
    _ numbers: Numbers, as name: String, to group: borrowing HDF5Group
  ) throws(StorageError) {
    switch numbers {
    case .days(let values): try group.write(values.map(\.daysSinceEpoch), as: name)
    case .instants(let values): try group.write(values.map(\.nanoseconds), as: name)
    case .integers(let values): try group.write(values, as: name)
    case .doubles(let values): try group.write(values, as: name)
    }
  }

  /// What a column will be, before its numbers are at hand.
  struct Plan: Sendable, Equatable {
    fileprivate enum Kind { case integer32, integer64, double }
    let name: String
    fileprivate let kind: Kind
    let count: Int
  }

  /// The columns of a series, in the order in which they are written.
  static func plan(_ series: BarSeries) -> [Plan] {
    columns(series).map { name, numbers in
      switch numbers {
      case .days(let values): Plan(name: name, kind: .integer32, count: values.count)
      case .instants(let values): Plan(name: name, kind: .integer64, count: values.count)
      case .integers(let values): Plan(name: name, kind: .integer64, count: values.count)
      case .doubles(let values): Plan(name: name, kind: .double, count: values.count)
      }
    }
  }

  /// Makes room for the columns, and returns where in the file each will lie; nil for one of nothing.
  static func reserve(_ plan: [Plan], in group: borrowing HDF5Group) throws(StorageError) -> [Range<Int>?] {
    var places: [Range<Int>?] = []
    for column in plan {
      guard column.count > 0 else {
        switch column.kind {
        case .integer32: try group.write([Int32](), as: column.name)
        case .integer64: try group.write([Int64](), as: column.name)
        case .double: try group.write([Double](), as: column.name)
        }
        places.append(nil)
        continue
      }
      let (type, size) =
        switch column.kind {
        case .integer32: (Int32.fileType, 4)
        case .integer64: (Int64.fileType, 8)
        case .double: (Double.fileType, 8)
        }
      let start = try group.reserve(column.name, type: type, extent: [column.count])
      places.append(start..<start + column.count * size)
    }
    return places
  }

  /// Writes the columns where room was made for them.
  static func write(_ series: BarSeries, to output: ColumnOutput, at places: [Range<Int>?]) throws(StorageError) {
    for (column, place) in zip(columns(series), places) {
      guard let start = place?.lowerBound else { continue }
      switch column.numbers {
      case .days(let values): try output.write(values, at: start)
      case .instants(let values): try output.write(values, at: start)
      case .integers(let values): try output.write(values, at: start)
      case .doubles(let values): try output.write(values, at: start)
      }
    }
  }

  /// SHA-256 of a series, as 64 hexadecimal digits: what it is and every bit of its numbers, however they lie in a file.
  ///
  /// Fed, all little-endian: the text `strikeforge series 1` and a line feed; the length in bytes (u64) and text of symbol, instrument, width, and
  /// `regular` or `extended`; the number of bars (u64); and for each column its name's length and text, the number of its values (u64) and their
  /// bits. Traps if the columns differ in length.
  static func digest(_ series: BarSeries, isExtendedHours: Bool) -> String {
    precondition(
      series.wholeRows == series.count && series.longestColumn == series.count,
      "\(series.symbol) has columns of \(series.wholeRows) to \(series.longestColumn) rows for \(series.count) bars")
    var digest = SHA256()
    func feed(_ number: Int) { withUnsafeBytes(of: UInt64(number).littleEndian) { digest.update($0) } }
    func feed(_ text: String) {
      feed(text.utf8.count)
      digest.update(Array(text.utf8))
    }
    digest.update(Array("strikeforge series 1\n".utf8))
    for text in [
      series.symbol, series.instrument.rawValue, series.width.rawValue, isExtendedHours ? "extended" : "regular",
    ] { feed(text) }
    feed(series.count)
    for (name, numbers) in columns(series) {
      feed(name)
      // In memory the bits are little-endian already, as in the file: see `HDF5Element`. A date is its days and an instant its nanoseconds.
      switch numbers {
      case .days(let values):
        feed(values.count)
        values.withUnsafeBytes { digest.update($0) }
      case .instants(let values):
        feed(values.count)
        values.withUnsafeBytes { digest.update($0) }
      case .integers(let values):
        feed(values.count)
        values.withUnsafeBytes { digest.update($0) }
      case .doubles(let values):
        feed(values.count)
        values.withUnsafeBytes { digest.update($0) }
      }
    }
    return SHA256.hexDigits(digest.finalize())
  }

  /// The series that lies in a group, checked against what the catalogue says of it.
  static func read(_ group: HDF5Object, as entry: SeriesEntry) throws(StorageError) -> BarSeries {
    var datasets: [String: HDF5Dataset] = [:]
    for child in try group.children() { datasets[child.name] = try HDF5Dataset(child) }
    func numbers<Element: HDF5Element>(
      _ name: String, _ kind: HDF5Dataset.ElementKind, count: Int?
    ) throws(StorageError) -> [Element] {
      guard let found = datasets[name] else { throw group.damaged("it has no '\(name)'") }
      guard found.kind == kind else { throw group.damaged("'\(name)' holds other numbers") }
      guard count == nil || found.count == count else {
        throw group.damaged("'\(name)' holds \(found.count) values for \(entry.count) bars")
      }
      return try found.read()
    }
    var series = BarSeries(symbol: entry.symbol, width: entry.width)
    series.instrument = entry.instrument
    if entry.width == .session {
      let days: [Int32] = try numbers("dates", .integer32, count: entry.count)
      series.dates = days.map { CalendarDate(daysSinceEpoch: $0) }
      series.adjustmentFactors = try numbers("adjustment_factor", .double, count: entry.count)
    } else {
      let starts: [Int64] = try numbers("starts", .integer64, count: entry.count)
      series.begin(at: starts.map { Instant(nanoseconds: $0) })
      let rows: [Int64] = try numbers("factor_rows", .integer64, count: nil)
      let factors: [Double] = try numbers("factors", .double, count: rows.count)
      series.adjustmentFactors = try spread(factors, from: rows, over: entry.count, group)
    }
    for one in prices { series[keyPath: one.values] = try numbers(one.name, .double, count: entry.count) }
    for name in entry.extraColumns {
      let values: [Double] = try numbers(extraPrefix + name, .double, count: entry.count)
      series.extra.append(ExtraColumn(name: name, values: values))
    }
    if datasets["action_dates"] != nil {
      let days: [Int32] = try numbers("action_dates", .integer32, count: nil)
      let splits: [Double] = try numbers("action_splits", .double, count: days.count)
      let payments: [Double] = try numbers("action_payments", .double, count: days.count)
      let actions = days.indices.compactMap { place in
        CorporateAction(
          date: CalendarDate(daysSinceEpoch: days[place]), split: splits[place], payment: payments[place])
      }
      guard actions.count == days.count, zip(days, days.dropFirst()).allSatisfy({ $0 < $1 }) else {
        throw group.damaged("'action_dates' holds no splits and payments in order")
      }
      series.remember(actions)
    }
    if datasets["filled_rows"] != nil {
      let rows: [Int64] = try numbers("filled_rows", .integer64, count: nil)
      guard zip(rows, rows.dropFirst()).allSatisfy({ $0 < $1 }),
        rows.allSatisfy({ (0..<Int64(entry.count)).contains($0) })
      else { throw group.damaged("'filled_rows' does not hold rows in order") }
      series.filledRows = rows.map { Int($0) }
    }
    guard SeriesEntry(series, isExtendedHours: entry.isExtendedHours) == entry else {
      throw group.damaged("the content hash is not that of the numbers")
    }
    return series
  }

  /// Factors that hold from rows on, as one for every row.
  private static func spread(
    _ factors: [Double], from rows: [Int64], over count: Int, _ group: HDF5Object
  ) throws(StorageError) -> [Double] {
    let isAscending = zip(rows, rows.dropFirst()).allSatisfy { $0 < $1 }
    guard isAscending, rows.first == (count == 0 ? nil : 0), rows.allSatisfy({ $0 < count }) else {
      throw group.damaged("'factor_rows' does not hold rows in order, from the first on")
    }
    return [Double](unsafeUninitializedCapacity: count) { buffer, filled in
      for (index, row) in rows.enumerated() {
        let end = index + 1 < rows.count ? Int(rows[index + 1]) : count
        buffer[Int(row)..<end].initialize(repeating: factors[index])
      }
      filled = count
    }
  }
}
