// LEAN's minutes of options: an archive for a day and underlying, in it a table without a header for each contract, whose name says which.

import Market
import Text

/// `20151224_goog_minute_quote_american_call_10000000_20151224.csv`.
struct LEANOptionName: Equatable {
  enum Kind: String {
    case quote, trade, openinterest
  }

  let date: CalendarDate
  let root: String
  let kind: Kind
  let right: OptionSymbol.Right
  let strikeThousandths: Int
  let expiry: CalendarDate

  init?(_ name: String) {
    let file = name.split(separator: "/").last ?? ""
    let parts = file.prefix { $0 != "." }.split(separator: "_", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 8, parts[2] == "minute", let kind = Kind(rawValue: parts[3]),
      ["american", "european"].contains(parts[4]), ["call", "put"].contains(parts[5]),
      let date = LEANOptionName.date(parts[0]), let expiry = LEANOptionName.date(parts[7]),
      let strike = StampText.integer(Array(parts[6].utf8)[...]), strike % 10 == 0,
      (1...99_999_999).contains(strike / 10)
    else { return nil }
    let root = parts[1].uppercased()
    guard let first = root.utf8.first, (65...90).contains(first), root.utf8.count <= 6, CSVImporter.isSymbol(root)
    else {
      return nil
    }
    (self.date, self.root, self.kind, self.expiry) = (date, root, kind, expiry)
    right = parts[5] == "call" ? .call : .put
    strikeThousandths = strike / 10
  }

  private static func date(_ text: String) -> CalendarDate? {
    guard text.utf8.count == 8, let stamp = StampText.compact.read(Array(text.utf8)[...]) else { return nil }
    return WallClock.Reading(local: stamp.local).date
  }
}

/// Reads the members of such an archive. Prices are ten-thousandths of a dollar, a row is stamped at the beginning of its minute, in milliseconds of New York's
/// day; of a minute's quotes and trades the last are taken.
struct LEANOptionReader {
  private let path: String
  private let roots: Set<String>?
  private let deliverables: [DeclaredDeliverable]
  private let timing = ChainTiming()
  private var builders: [ChainBuilder] = []
  private var rowSpool: ChainRowSpool
  private var underlyings: [String] = []
  private var found: LEANOptionName.Kind?
  private(set) var rows = 0
  private var faults: RowFaults

  init(path: String, roots: Set<String>?, deliverables: [DeclaredDeliverable], spool: Spool? = nil) {
    self.path = path
    self.roots = roots
    self.deliverables = deliverables
    rowSpool = ChainRowSpool(spool)
    faults = RowFaults(path: path)
  }

  var kind: String { found?.rawValue ?? "" }

  var notes: [String] {
    found == .trade ? ["prices of trades alone, no quotes: nothing says what could be traded at"] : []
  }

  private var columns: [ChainColumn] {
    switch found {
    case .quote: [.bid, .ask, .bidSize, .askSize]
    case .trade: [.last, .volume]
    case .openinterest, nil: []
    }
  }

  /// In which fields of a row the columns stand, and how many a row has.
  private var places: (columns: [Int], count: Int) {
    switch found {
    case .quote: ([4, 9, 5, 10], 11)
    case .trade: ([4, 5], 6)
    case .openinterest, nil: ([], 2)
    }
  }

  mutating func read(_ name: LEANOptionName, _ pieces: TextPieces) throws(StorageError) {
    if let found, found != name.kind {
      throw .archive(path: path, problem: .damaged("it mixes \(found.rawValue) and \(name.kind.rawValue)"))
    }
    found = name.kind
    if let roots, !roots.contains(name.root) { return }
    guard name.expiry >= name.date else {
      throw .table(
        path: pieces.path, line: 0, column: "", problem: .chain(.expired(expiry: name.expiry, date: name.date)))
    }
    let underlying =
      ContractTerms.of(root: name.root).underlying
      ?? deliverables.first { $0.root == name.root }?.underlying ?? name.root
    let place = underlyings.firstIndex(of: underlying) ?? builders.count
    if place == builders.count {
      underlyings.append(underlying)
      builders.append(
        ChainBuilder(
          underlying: underlying, columns: columns,
          declaration: ChainDeclaration(volume: found == .trade ? .minute : nil)))
    }
    let root = builders[place].root(name.root)
    let number = builders[place].number(
      root: root, expiry: name.expiry, right: name.right, strikeThousandths: name.strikeThousandths)
    guard let session = timing.calendar.session(on: name.date) else {
      guard case .failure(let failure) = timing.minute(of: name.date, beforeClose: 0) else { return }
      throw .table(path: pieces.path, line: 0, column: "", problem: failure.problem("\(name.date)"))
    }
    var lines = try TableLines(pieces)
    while try lines.next() {
      if lines.isEmpty { continue }
      rows += 1
      let row = lines.bytes.withUnsafeBufferPointer { self.row($0, lines.line) }
      switch row {
      case .failure(let fault):
        faults.add(
          fault.problem, column: "field \(fault.field + 1) of \(FileSystem.split(pieces.path).name)", line: lines.number
        )
      case .success(let (millisecond, values)):
        if name.kind == .openinterest {
          builders[place].add(
            contract: number, date: name.date, isExtendedHours: false, minute: ChainBuilder.noMinute, values: [],
            openInterest: values.first ?? ChainValue.none, underlying: ChainValue.none)
          continue
        }
        let minute = millisecond / 60_000 - timing.calendar.openMinute
        builders[place].add(
          contract: number, date: name.date, isExtendedHours: minute < 0 || minute >= session.minuteCount,
          minute: Int32(minute), values: values, openInterest: ChainValue.none, underlying: ChainValue.none)
      }
    }
    try rowSpool.relieve(&builders)
  }

  private struct Fault: Error {
    var problem: TableProblem
    var field: Int
  }

  private func row(
    _ bytes: UnsafeBufferPointer<UInt8>, _ line: Range<Int>
  ) -> Result<(millisecond: Int, values: [Int32]), Fault> {
    var fields: [(start: Int, end: Int)] = []
    var start = line.lowerBound
    for cursor in line where bytes[cursor] == UInt8(ascii: ",") {
      fields.append(FixedPoint.trimmed(bytes, start, cursor))
      start = cursor + 1
    }
    fields.append(FixedPoint.trimmed(bytes, start, line.upperBound))
    let (columns, count) = places
    guard fields.count == count else {
      return .failure(Fault(problem: .fieldCount(expected: count, found: fields.count), field: 0))
    }
    func number(_ field: Int) -> Result<Int32, Fault> {
      let (start, end) = fields[field]
      switch FixedPoint.read(bytes, start, end, decimals: 0) {
      case .missing: return .success(ChainValue.none)
      case .value(let value) where Int32(exactly: value) != nil && value > Int(ChainValue.none):
        return .success(Int32(value))
      default:
        let text = String(decoding: bytes[start..<min(end, start + 40)], as: UTF8.self)
        return .failure(Fault(problem: .notANumber(text), field: field))
      }
    }
    switch number(0) {
    case .failure(let fault): return .failure(fault)
    case .success(let millisecond):
      guard (0..<86_400_000).contains(millisecond) else {
        return .failure(Fault(problem: .notANumber("\(millisecond)"), field: 0))
      }
      var values: [Int32] = []
      for field in columns.isEmpty ? [1] : columns {
        switch number(field) {
        case .failure(let fault): return .failure(fault)
        case .success(let value): values.append(value)
        }
      }
      return .success((Int(millisecond), values))
    }
  }

  /// The chains of all members; nil where they are too large for their rows.
  mutating func finish() throws(StorageError) -> [ShelvedChain]? {
    if let error = faults.error { throw error }
    return try rowSpool.finish(&builders)
  }
}
