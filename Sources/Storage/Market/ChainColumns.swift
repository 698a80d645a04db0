// An option chain as columns of numbers: what is written and what is read, session by session.

import Market

/// The columns of one chain in a store. Those of sessions lie behind each other in the order of the catalogue.
///
/// | column | content |
/// |---|---|
/// | `contract_root`, `contract_expiry`, `contract_strike`, `contract_right` i32 | the table of contracts: number of the root in the catalogue, days since 1970-01-01, thousandths of a dollar, 0 call or 1 put |
/// | `slots` i32 | for each session the numbers of its contracts |
/// | `minutes` i32 | for each session its minutes, counted from the opening |
/// | `bid`, `ask`, `last` i32 | for each session minutes x contracts: ten-thousandths of a dollar, -2147483648 for none |
/// | `bid_size`, `ask_size`, `volume` i32 | the same, whole numbers |
/// | `implied_volatility`, `delta`, `gamma`, `theta`, `vega`, `rho` f32 | the same, in the units of the catalogue; the negative zero for none |
/// | `open_interest` i32 | for each session by contract |
/// | `underlying` i32 | for each session by minute, ten-thousandths of a dollar |
enum ChainColumns {
  // MARK: Writing

  private static func filled(_ values: [Int32], count: Int) -> [Int32] {
    values.isEmpty ? [Int32](repeating: ChainValue.none, count: count) : values
  }

  /// A session's values of a column that the chain has.
  static func values(_ session: ChainSession, _ column: ChainColumn) -> [Int32] {
    filled(session.columns[column.rawValue], count: session.contracts.count * session.minutes.count)
  }

  static func openInterest(_ session: ChainSession) -> [Int32] {
    filled(session.openInterest, count: session.contracts.count)
  }

  static func underlying(_ session: ChainSession) -> [Int32] {
    filled(session.underlying, count: session.minutes.count)
  }

  /// A column that is written: the values of each session behind those of the one before, or of the table of contracts.
  private struct Column {
    let name: String
    var isFloat = false
    let count: Int
    var table: [Int32] = []
    var part: (ChainSession) -> [Int32] = { _ in [] }
  }

  /// All columns, in the order in which they are written.
  private static func columns(_ contracts: [OptionContract], _ entry: ChainEntry) -> [Column] {
    func table(_ name: String, _ value: (OptionContract) -> Int32) -> Column {
      Column(name: name, count: contracts.count, table: contracts.map(value))
    }
    var rootOf: [String: Int32] = [:]
    for (place, root) in entry.roots.enumerated() { rootOf[root] = Int32(place) }
    let slots = entry.sessions.reduce(0) { $0 + $1.contracts }
    let minutes = entry.sessions.reduce(0) { $0 + $1.minutes }
    let cells = entry.sessions.reduce(0) { $0 + $1.cells }
    var columns = [
      table("contract_root") { rootOf[$0.root] ?? 0 },
      table("contract_expiry") { $0.expiry.daysSinceEpoch },
      table("contract_strike") { Int32($0.strikeThousandths) },
      table("contract_right") { $0.right == .call ? 0 : 1 },
      Column(name: "slots", count: slots) { $0.contracts },
      Column(name: "minutes", count: minutes) { $0.minutes },
    ]
    columns += entry.columns.map { column in
      Column(name: column.name, isFloat: column.isFloat, count: cells) { values($0, column) }
    }
    if entry.hasOpenInterest { columns.append(Column(name: "open_interest", count: slots) { openInterest($0) }) }
    if entry.hasUnderlying { columns.append(Column(name: "underlying", count: minutes) { underlying($0) }) }
    return columns
  }

  static func write(
    _ chain: SettledChain, _ entry: ChainEntry, to group: borrowing HDF5Group
  ) throws(StorageError) {
    let sessions = try chain.whole().sessions
    for column in columns(chain.head.contracts, entry) {
      try write(column.table + sessions.flatMap(column.part), column, to: group)
    }
  }

  private static func write(
    _ all: [Int32], _ column: Column, to group: borrowing HDF5Group
  ) throws(StorageError) {
    if column.isFloat {
      try group.write(all.map { Float(bitPattern: UInt32(bitPattern: $0)) }, as: column.name)
    } else {
      try group.write(all, as: column.name)
    }
  }

  /// Makes room for the columns, and returns where in the file each will lie; nil for one of nothing.
  static func reserve(
    _ chain: SettledChain, _ entry: ChainEntry, in group: borrowing HDF5Group
  ) throws(StorageError) -> [Range<Int>?] {
    var places: [Range<Int>?] = []
    for column in columns(chain.head.contracts, entry) {
      guard column.count > 0 else {
        try write([], column, to: group)
        places.append(nil)
        continue
      }
      let type = column.isFloat ? Float.fileType : Int32.fileType
      let start = try group.reserve(column.name, type: type, extent: [column.count])
      places.append(start..<start + 4 * column.count)
    }
    return places
  }

  /// So many bytes of sessions are in memory while they are written, and those of one more.
  private static let batchBytes = 8 << 20

  /// Writes the columns where room was made for them, some sessions at a time: of these the parts of a column lie behind each other.
  static func write(
    _ chain: SettledChain, _ entry: ChainEntry, to output: ColumnOutput, at places: [Range<Int>?]
  ) throws(StorageError) {
    let columns = columns(chain.head.contracts, entry)
    var starts = places.map { $0?.lowerBound ?? 0 }
    for (place, column) in columns.enumerated() where !column.table.isEmpty {
      try output.write(column.table, at: starts[place])
    }
    var (batch, bytes): ([ChainSession], Int) = ([], 0)
    func write() throws(StorageError) {
      for (place, column) in columns.enumerated() where column.table.isEmpty {
        for session in batch {
          let values = column.part(session)
          try output.write(values, at: starts[place])
          starts[place] += 4 * values.count
        }
      }
      (batch, bytes) = ([], 0)
    }
    try chain.forEachSession { (session) throws(StorageError) in
      batch.append(session)
      bytes += 4 * session.contracts.count * session.minutes.count * entry.columns.count
      if bytes >= batchBytes { try write() }
    }
    try write()
  }

  // MARK: Reading

  /// Where the values of a chain lie, and how to read some of them.
  struct Reader {
    let entry: ChainEntry
    private let group: HDF5Object
    private let read: (Range<Int>) throws(StorageError) -> [UInt8]
    private var places: [String: Range<Int>] = [:]
    /// Where each session's part of the columns begins: of slots, of minutes and of cells.
    private var starts: [(slot: Int, minute: Int, cell: Int)] = []

    /// Checks that all columns are there, with the values that the catalogue announces. `read`: the bytes of a range of the file.
    init(
      _ group: HDF5Object, as entry: ChainEntry, read: @escaping (Range<Int>) throws(StorageError) -> [UInt8]
    ) throws(StorageError) {
      self.entry = entry
      self.group = group
      self.read = read
      var objects: [String: HDF5Object] = [:]
      for child in try group.children() { objects[child.name] = child }
      func find(_ name: String, _ kind: HDF5Dataset.ElementKind, count: Int) throws(StorageError) {
        guard let object = objects[name] else { throw group.damaged("it has no '\(name)'") }
        let shape = try HDF5Dataset.Shape(object)
        guard shape.kind == kind, shape.count == count else {
          throw group.damaged("'\(name)' does not hold what the catalogue announces")
        }
        places[name] = shape.fileRange
      }
      for name in ["contract_root", "contract_expiry", "contract_strike", "contract_right"] {
        try find(name, .integer32, count: entry.contractCount)
      }
      let (slots, minutes) = (
        entry.sessions.reduce(0) { $0 + $1.contracts }, entry.sessions.reduce(0) { $0 + $1.minutes }
      )
      let (cells, isBeyond) = entry.sessions.reduce((0, false)) { sum, session in
        let (next, overflow) = sum.0.addingReportingOverflow(session.cells)
        return (next, sum.1 || overflow)
      }
      guard !isBeyond else { throw group.damaged("the catalogue announces more than any file holds") }
      try find("slots", .integer32, count: slots)
      try find("minutes", .integer32, count: minutes)
      for column in entry.columns { try find(column.name, column.isFloat ? .float : .integer32, count: cells) }
      if entry.hasOpenInterest { try find("open_interest", .integer32, count: slots) }
      if entry.hasUnderlying { try find("underlying", .integer32, count: minutes) }
      var (slot, minute, cell) = (0, 0, 0)
      for session in entry.sessions {
        starts.append((slot, minute, cell))
        (slot, minute, cell) = (slot + session.contracts, minute + session.minutes, cell + session.cells)
      }
    }

    /// Some values of a column: floats as their bits.
    private func numbers(_ name: String, _ values: Range<Int>) throws(StorageError) -> [Int32] {
      guard let place = places[name], !values.isEmpty else { return [] }
      let range = place.lowerBound + 4 * values.lowerBound..<place.lowerBound + 4 * values.upperBound
      let bytes = try read(range)
      guard bytes.count == range.count else { throw group.damaged("'\(name)' ends before its place does") }
      return [Int32](unsafeUninitializedCapacity: values.count) { buffer, filled in
        UnsafeMutableRawBufferPointer(buffer).copyBytes(from: bytes)
        filled = values.count
      }
    }

    /// The table of contracts, checked.
    func contracts() throws(StorageError) -> [OptionContract] {
      let all = 0..<entry.contractCount
      let roots = try numbers("contract_root", all)
      let expiries = try numbers("contract_expiry", all)
      let strikes = try numbers("contract_strike", all)
      let rights = try numbers("contract_right", all)
      var contracts: [OptionContract] = []
      contracts.reserveCapacity(all.count)
      for row in all {
        guard entry.roots.indices.contains(Int(roots[row])), (1...99_999_999).contains(strikes[row]),
          (0...1).contains(rights[row])
        else { throw group.damaged("contract \(row) is none") }
        contracts.append(
          OptionContract(
            root: entry.roots[Int(roots[row])], expiry: CalendarDate(daysSinceEpoch: expiries[row]),
            right: rights[row] == 0 ? .call : .put, strikeThousandths: Int(strikes[row])))
      }
      guard zip(contracts, contracts.dropFirst()).allSatisfy({ $0 < $1 }) else {
        throw group.damaged("its contracts are in no order")
      }
      guard ChainDigest.contracts(contracts) == entry.contractDigest else {
        throw group.damaged("the digest of the contracts is not that of the numbers")
      }
      return contracts
    }

    /// The sessions that are wanted, in the order of the catalogue, checked.
    func sessions(where isWanted: (ChainEntry.SessionEntry) -> Bool) throws(StorageError) -> [ChainSession] {
      var sessions: [ChainSession] = []
      for index in entry.sessions.indices where isWanted(entry.sessions[index]) {
        sessions.append(try session(at: index))
      }
      return sessions
    }

    /// The session at a place of the catalogue, checked.
    func session(at index: Int) throws(StorageError) -> ChainSession {
      let (session, start) = (entry.sessions[index], starts[index])
      let (slots, minutes, cells) = (
        start.slot..<start.slot + session.contracts, start.minute..<start.minute + session.minutes,
        start.cell..<start.cell + session.cells
      )
      let contracts = try numbers("slots", slots)
      let times = try numbers("minutes", minutes)
      let isWhole =
        ChainSessionOrder.isAscending(contracts) && ChainSessionOrder.isAscending(times)
        && contracts.allSatisfy { (0..<Int32(clamping: entry.contractCount)).contains($0) }
        && times.allSatisfy { (-1440...2880).contains($0) }
      guard isWhole else { throw group.damaged("the session of \(session.date) is in no order") }
      var columns = [[Int32]](repeating: [], count: ChainColumn.allCases.count)
      for column in entry.columns { columns[column.rawValue] = dropped(try numbers(column.name, cells)) }
      let read = ChainSession(
        date: session.date, isExtendedHours: session.isExtendedHours, contracts: contracts, minutes: times,
        columns: columns, openInterest: entry.hasOpenInterest ? dropped(try numbers("open_interest", slots)) : [],
        underlying: entry.hasUnderlying ? dropped(try numbers("underlying", minutes)) : [])
      guard ChainDigest.session(read, entry.presence) == session.digest else {
        throw group.damaged("the digest of \(session.date) is not that of the numbers")
      }
      return read
    }

    private func dropped(_ values: [Int32]) -> [Int32] { values.allSatisfy { $0 == ChainValue.none } ? [] : values }

    func requireOrder() throws(StorageError) {
      let keys = entry.sessions.map { Int64($0.date.daysSinceEpoch) * 2 + ($0.isExtendedHours ? 1 : 0) }
      guard zip(keys, keys.dropFirst()).allSatisfy({ $0 < $1 }) else {
        throw group.damaged("its sessions are in no order")
      }
    }

    func chain(where isWanted: (ChainEntry.SessionEntry) -> Bool) throws(StorageError) -> OptionChain {
      try requireOrder()
      return OptionChain(
        underlying: entry.underlying, contracts: try contracts(), sessions: try sessions(where: isWanted),
        declaration: entry.declaration, deliverables: entry.deliverables)
    }
  }
}

private enum ChainSessionOrder {
  static func isAscending(_ numbers: [Int32]) -> Bool { zip(numbers, numbers.dropFirst()).allSatisfy { $0 < $1 } }
}
