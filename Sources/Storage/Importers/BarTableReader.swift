// The bytes of a table of bars, field by field.

import Market
import Text

/// One pass over the text of a bar table. No byte sequence makes it trap; every error names line and column.
struct BarTableReader {
  /// What a column holds.
  private enum Column: Int, CaseIterable {
    case ticker, date, open, high, low, close, volume, adjustedClose
  }

  private let pieces: TextPieces
  private let path: String
  /// The piece of the text that the current line lies in.
  private var text: [UInt8] = []
  private var cursor = 0
  /// Where the current line ends, its line feed or the end of the text not included, and where the next one begins.
  private var lineEnd = 0
  private var nextLine = 0
  /// The number of the line that was last taken apart, from 1.
  private var line = 0
  /// The header's own spelling of each column, in file order.
  private var columnNames: [String] = []
  /// For each column kind, where it stands in a row.
  private var positions = [Int?](repeating: nil, count: Column.allCases.count)
  /// Columns beside the layout's own, and where they stand in a row.
  private let extraColumns: [String]
  private var extraPositions: [Int] = []
  /// The fields of that line, as byte ranges of `text` until the next line is looked for, and how many it has: a line of commas must not fill the memory, so that
  /// those beyond `mostColumns` are only counted.
  private var fields: [Field] = []
  private var fieldCount = 0

  /// Far more than any layout has.
  private static let mostColumns = 64

  private struct Field {
    var start: Int
    var end: Int
    var isEscaped = false
  }

  /// Traps on an extra column whose name is not one.
  init(_ pieces: TextPieces, path: String, extraColumns: [String] = []) {
    for name in extraColumns { precondition(ExtraColumn.isName(name), "a column cannot be named '\(name)'") }
    self.pieces = pieces
    self.path = path
    self.extraColumns = extraColumns
  }

  // MARK: Header

  mutating func readHeader() throws(StorageError) -> CSVImporter.Layout {
    guard try nextFilledLine() else { throw problem(.empty, line: 0) }
    try readLine()
    guard fieldCount <= BarTableReader.mostColumns else {
      throw problem(.tooManyColumns(found: fieldCount, limit: BarTableReader.mostColumns))
    }
    columnNames = fields.map { string($0) }
    let found = columnNames.map { $0.lowercased() }
    for (index, name) in found.enumerated() where found[..<index].contains(name) {
      throw problem(.repeatedColumn, column: columnNames[index])
    }
    let known = found.map(BarTableReader.canonical)
    for layout in CSVImporter.Layout.allCases
    where found.count == layout.columns.count + extraColumns.count
      && Set(known) == Set(layout.columns.map(BarTableReader.canonical)).union(extraColumns)
    {
      for (index, name) in found.enumerated() where !extraColumns.contains(name) {
        positions[BarTableReader.kind(of: name).rawValue] = index
      }
      extraPositions = extraColumns.compactMap { found.firstIndex(of: $0) }
      return layout
    }
    // Compare with the layout of shares that the header has more columns in common with.
    /// Columns that only one of the two has.
    func distance(_ layout: CSVImporter.Layout) -> Int {
      Set(known).symmetricDifference(layout.columns.map(BarTableReader.canonical)).count
    }
    let nearest = CSVImporter.Layout.allCases.filter(\.hasVolume).min { distance($0) < distance($1) } ?? .plain
    let wanted = nearest.columns + extraColumns
    let expected = wanted.map(BarTableReader.canonical)
    throw problem(
      .header(
        missing: wanted.filter { !known.contains(BarTableReader.canonical($0)) },
        unexpected: columnNames.filter { !expected.contains(BarTableReader.canonical($0)) }.prefix(8).map {
          shortened($0)
        }))
  }

  /// A column's name without its case, and with one word for the day.
  private static func canonical(_ name: String) -> String {
    let name = name.lowercased()
    return name == "date" ? "timestamp" : name
  }

  private static func kind(of name: String) -> Column {
    switch name {
    case "ticker": .ticker
    case "date", "timestamp": .date
    case "open": .open
    case "high": .high
    case "low": .low
    case "close": .close
    case "volume": .volume
    default: .adjustedClose
    }
  }

  // MARK: Rows

  mutating func readRows(layout: CSVImporter.Layout) throws(StorageError) -> [BarSeries] {
    var series: [BarSeries] = []
    var indexBySymbol: [String: Int] = [:]
    var current = -1
    var currentSymbol: [UInt8] = []
    if !layout.namesSymbols {
      series.append(BarSeries(symbol: "", extraColumns: extraColumns))
      current = 0
    }
    while try nextRow() {
      try readLine()
      guard fieldCount == columnNames.count else {
        throw problem(.fieldCount(expected: columnNames.count, found: fieldCount))
      }
      if layout.namesSymbols {
        let symbol = bytes(field(.ticker))
        if current < 0 || !symbol.elementsEqual(currentSymbol) {
          currentSymbol = Array(symbol)
          current = try index(ofSymbol: currentSymbol, in: &series, &indexBySymbol)
        }
      }
      let close = try number(.close)
      var factor = 1.0
      if layout.hasAdjustedClose {
        factor = try number(.adjustedClose) / close
        guard factor.isFinite else {
          throw problem(
            .noAdjustmentFactor(
              adjustedClose: shortened(string(field(.adjustedClose))), close: shortened(string(field(.close)))),
            column: .adjustedClose)
        }
      }
      var extra: [Double] = []
      for position in extraPositions { extra.append(try number(at: position)) }
      guard series[current].count < CSVImporter.rowLimit else {
        throw problem(.tooManyRows(limit: CSVImporter.rowLimit))
      }
      series[current].append(
        date: try date(), open: try number(.open), high: try number(.high), low: try number(.low), close: close,
        volume: layout.hasVolume ? try number(.volume) : .nan, adjustmentFactor: factor, extra: extra)
    }
    guard let first = series.first, first.count > 0 else { throw problem(.noRows, line: 0) }
    return series
  }

  private func index(
    ofSymbol bytes: [UInt8], in series: inout [BarSeries], _ indexBySymbol: inout [String: Int]
  ) throws(StorageError) -> Int {
    let symbol = String(decoding: bytes, as: UTF8.self)
    if let known = indexBySymbol[symbol] { return known }
    guard CSVImporter.isSymbol(symbol) else { throw problem(.symbolName(shortened(symbol)), column: .ticker) }
    guard series.count < CSVImporter.symbolLimit else {
      throw problem(.tooManySymbols(limit: CSVImporter.symbolLimit), column: .ticker)
    }
    series.append(BarSeries(symbol: symbol, extraColumns: extraColumns))
    indexBySymbol[symbol] = series.count - 1
    return series.count - 1
  }

  // MARK: Lines

  /// Makes the next line the current one; false at the end of the text. Throws on one that is longer than any row.
  private mutating func moveToNextLine() throws(StorageError) -> Bool {
    var looked = nextLine
    while true {
      if let end = text[looked...].firstIndex(of: 10) {
        (cursor, lineEnd, nextLine) = (nextLine, end, end + 1)
        break
      }
      text.removeSubrange(..<nextLine)
      looked = text.count
      nextLine = 0
      guard looked <= CSVImporter.lineLimitBytes else {
        throw problem(.lineTooLong(limitBytes: CSVImporter.lineLimitBytes), line: line + 1)
      }
      if let piece = try pieces.next() {
        text += piece
      } else if text.isEmpty {
        (cursor, lineEnd) = (0, 0)
        return false
      } else {
        (cursor, lineEnd, nextLine) = (0, text.count, text.count)
        break
      }
    }
    return true
  }

  private var isLineEmpty: Bool { text[cursor..<lineEnd].allSatisfy { isBlank($0) || $0 == 13 } }

  /// Moves to the first line, which may be empty if only some line is not: then it is no header, and what follows it does not matter. Leaves out a
  /// byte-order mark.
  private mutating func nextFilledLine() throws(StorageError) -> Bool {
    guard try moveToNextLine() else { return false }
    if text[cursor..<lineEnd].starts(with: [0xef, 0xbb, 0xbf]) { cursor += 3 }
    guard isLineEmpty else { return true }
    var emptyLines = 1
    while try moveToNextLine(), isLineEmpty, emptyLines <= CSVImporter.rowLimit { emptyLines += 1 }
    guard !isLineEmpty else { return false }
    lineEnd = cursor
    return true
  }

  /// Moves to the next row; false if nothing but empty lines is left. Throws if a row follows an empty line, or there are as many as no table has rows.
  private mutating func nextRow() throws(StorageError) -> Bool {
    guard try moveToNextLine() else { return false }
    guard isLineEmpty else { return true }
    var emptyLines = 1
    while try moveToNextLine() {
      emptyLines += 1
      guard isLineEmpty, emptyLines <= CSVImporter.rowLimit else { throw problem(.emptyLine, line: line + 1) }
    }
    return false
  }

  // MARK: Fields

  /// Takes the current line apart into `fields`.
  private mutating func readLine() throws(StorageError) {
    line += 1
    fields.removeAll(keepingCapacity: true)
    fieldCount = 0
    while true {
      while cursor < lineEnd, isBlank(text[cursor]) { cursor += 1 }
      if cursor < lineEnd, text[cursor] == UInt8(ascii: "\"") {
        try readQuotedField()
      } else {
        let start = cursor
        while cursor < lineEnd, text[cursor] != UInt8(ascii: ",") { cursor += 1 }
        var end = cursor
        while end > start, isBlank(text[end - 1]) || text[end - 1] == 13 { end -= 1 }
        add(Field(start: start, end: end))
      }
      guard cursor < lineEnd else { return }
      cursor += 1
    }
  }

  /// A field between quotes; a doubled quote stands for one. Ends on the comma behind it, or at the end of the line.
  private mutating func readQuotedField() throws(StorageError) {
    cursor += 1
    var field = Field(start: cursor, end: cursor)
    while true {
      guard cursor < lineEnd else { throw problem(.unterminatedQuote) }
      if text[cursor] == UInt8(ascii: "\"") {
        guard cursor + 1 < lineEnd, text[cursor + 1] == UInt8(ascii: "\"") else { break }
        field.isEscaped = true
        cursor += 1
      }
      cursor += 1
    }
    field.end = cursor
    add(field)
    cursor += 1
    while cursor < lineEnd, isBlank(text[cursor]) || text[cursor] == 13 { cursor += 1 }
    guard cursor == lineEnd || text[cursor] == UInt8(ascii: ",") else { throw problem(.textAfterQuote) }
  }

  private mutating func add(_ field: Field) {
    fieldCount += 1
    if fields.count < BarTableReader.mostColumns { fields.append(field) }
  }

  /// Only called for a row with as many fields as the header names, of a layout that has this column.
  private func field(_ column: Column) -> Field {
    positions[column.rawValue].map { fields[$0] } ?? Field(start: 0, end: 0)
  }

  private func bytes(_ field: Field) -> ArraySlice<UInt8> { text[field.start..<field.end] }

  private func string(_ field: Field) -> String {
    let plain = String(decoding: bytes(field), as: UTF8.self)
    return field.isEscaped
      ? plain.split(separator: "\"\"", omittingEmptySubsequences: false).joined(separator: "\"") : plain
  }

  private func number(_ column: Column) throws(StorageError) -> Double {
    try number(field(column), column: positions[column.rawValue].map { columnNames[$0] } ?? "")
  }

  private func number(at position: Int) throws(StorageError) -> Double {
    try number(fields[position], column: columnNames[position])
  }

  private func number(_ field: Field, column: String) throws(StorageError) -> Double {
    switch DecimalNumber.parse(bytes(field)) {
    case .value(let value): return value
    case .malformed: throw problem(.notANumber(shortened(string(field))), column: column)
    case .outOfRange: throw problem(.outOfRange(shortened(string(field))), column: column)
    case .notFinite: throw problem(.notFinite(shortened(string(field))), column: column)
    }
  }

  /// `YYYY-MM-DD`, alone or followed by midnight (` 00:00`, `T00:00:00`, `00:00:00.000`, with or without `Z` or an offset). The day
  /// is taken as it is written: turning a midnight of one zone into another zone would move every bar to the day before.
  private func date() throws(StorageError) -> CalendarDate {
    let found = bytes(field(.date))
    func fail(_ make: (String) -> TableProblem) -> StorageError {
      problem(make(shortened(string(field(.date)))), column: .date)
    }
    let digits = Array(found.prefix(10))
    guard digits.count == 10, digits[4] == UInt8(ascii: "-"), digits[7] == UInt8(ascii: "-"),
      let year = BarTableReader.integer(digits[0..<4]), let month = BarTableReader.integer(digits[5..<7]),
      let day = BarTableReader.integer(digits[8..<10]), let date = CalendarDate(year: year, month: month, day: day)
    else { throw fail { .notADate($0) } }
    var rest = found.dropFirst(10)
    if rest.isEmpty { return date }
    guard let separator = rest.popFirst(), separator == UInt8(ascii: " ") || separator == UInt8(ascii: "T") else {
      throw fail { .notADate($0) }
    }
    guard let time = BarTableReader.timeOfDay(rest) else { throw fail { .notADate($0) } }
    guard time == 0 else { throw fail { .intraday($0) } }
    return date
  }

  /// 0 for midnight, another number for any other time of day, nil for text that is no time.
  private static func timeOfDay(_ text: ArraySlice<UInt8>) -> Int? {
    var rest = text
    func two() -> Int? { rest.count >= 2 ? integer(rest.prefix(2)) : nil }
    guard let hour = two(), hour < 24 else { return nil }
    rest = rest.dropFirst(2)
    guard rest.popFirst() == UInt8(ascii: ":"), let minute = two(), minute < 60 else { return nil }
    rest = rest.dropFirst(2)
    var time = hour * 3600 + minute * 60
    if rest.first == UInt8(ascii: ":") {
      rest = rest.dropFirst()
      guard let second = two(), second <= 60 else { return nil }
      rest = rest.dropFirst(2)
      time += second
      if rest.first == UInt8(ascii: ".") {
        rest = rest.dropFirst()
        let fraction = rest.prefix { (48...57).contains($0) }
        guard (1...9).contains(fraction.count) else { return nil }
        if fraction.contains(where: { $0 != 48 }) { time += 1 }
        rest = rest.dropFirst(fraction.count)
      }
    }
    if rest.isEmpty || rest.elementsEqual([UInt8(ascii: "Z")]) { return time }
    guard rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") else { return nil }
    rest = rest.dropFirst()
    guard let offsetHour = two(), offsetHour < 24 else { return nil }
    rest = rest.dropFirst(2)
    if rest.first == UInt8(ascii: ":") { rest = rest.dropFirst() }
    if rest.isEmpty { return time }
    guard rest.count == 2, let offsetMinute = two(), offsetMinute < 60 else { return nil }
    return time
  }

  private static func integer(_ digits: ArraySlice<UInt8>) -> Int? {
    var value = 0
    for digit in digits {
      guard (48...57).contains(digit) else { return nil }
      value = value * 10 + Int(digit - 48)
    }
    return value
  }

  private func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

  // MARK: Errors

  private func problem(_ problem: TableProblem, column: Column) -> StorageError {
    self.problem(problem, column: positions[column.rawValue].map { columnNames[$0] } ?? "")
  }

  private func problem(_ problem: TableProblem, column: String = "", line: Int? = nil) -> StorageError {
    .table(path: path, line: line ?? self.line, column: shortened(column), problem: problem)
  }

  /// A damaged file may hold a megabyte where a number belongs, or bytes that would upset a terminal.
  private func shortened(_ text: String) -> String { PrintableText.of(text, longest: 40) }
}
