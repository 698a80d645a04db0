// Rows of a table, in any order, brought together to a chain.

/// Collects what a file says of the options of one underlying. One file has one set of columns.
package struct ChainBuilder {
  /// The columns that every row gives, in the order in which it gives them.
  package let columns: [ChainColumn]
  private let underlying: String
  private let declaration: ChainDeclaration
  /// Whether of several rows of one contract in one minute the last two-sided one is kept; else they must not differ.
  private let keepsLast: Bool
  private var roots: [String] = []
  private var contracts: [OptionContract] = []
  /// What names each contract, and the other way round.
  private var keys: [UInt64] = []
  private var numbers: [UInt64: Int32] = [:]
  /// By contract, which was asked for behind it last time: tables name contracts in one order again and again. -1 for none yet.
  private var successors: [Int32] = []
  private var lastNumber: Int32 = -1
  private var sessions: [ChainSessionRows] = []
  private var places: [Int64: Int] = [:]
  private var lastKey = Int64.min
  private var lastPlace = 0
  /// Numbers of rows that are in memory.
  private var heldNumbers = 0
  /// Rows that said again what another row had said.
  package private(set) var repeatedRows = 0

  /// No minute: the row is of the whole day.
  package static let noMinute = Int32.min

  package init(
    underlying: String, columns: [ChainColumn], declaration: ChainDeclaration = ChainDeclaration(),
    keepsLast: Bool = false
  ) {
    self.underlying = underlying
    self.columns = columns
    self.declaration = declaration
    self.keepsLast = keepsLast
  }

  /// More than any underlying has had.
  package static let rootLimit = 1000

  /// The number of a root for `number`; at most `rootLimit` of them.
  package mutating func root(_ name: String) -> Int {
    if let place = roots.firstIndex(of: name) { return place }
    roots.append(name)
    return roots.count - 1
  }

  package var contractCount: Int { contracts.count }
  package var rootCount: Int { roots.count }

  /// A contract's number in this builder. Traps for a strike that no symbol can name.
  package mutating func number(
    root: Int, expiry: CalendarDate, right: OptionSymbol.Right, strikeThousandths: Int
  ) -> Int32 {
    // 16 bits of days reach to 2149; whoever reads dates checks that they are the calendar's.
    let key =
      UInt64(UInt32(truncatingIfNeeded: root)) << 48 | UInt64(UInt16(truncatingIfNeeded: expiry.daysSinceEpoch)) << 32
      | UInt64(UInt32(truncatingIfNeeded: strikeThousandths)) << 1 | (right == .call ? 0 : 1)
    let before = Int(lastNumber)
    if before >= 0 {
      let guess = successors[before]
      if guess >= 0, keys[Int(guess)] == key {
        lastNumber = guess
        return guess
      }
    }
    let number: Int32
    if let known = numbers[key] {
      number = known
    } else {
      number = Int32(contracts.count)
      contracts.append(
        OptionContract(root: roots[root], expiry: expiry, right: right, strikeThousandths: strikeThousandths))
      keys.append(key)
      successors.append(-1)
      numbers[key] = number
    }
    if before >= 0 { successors[before] = number }
    lastNumber = number
    return number
  }

  /// Adds a row: the values in the order of `columns`, the open interest and the underlying's price (`ChainValue.none` where the row gives none).
  /// `minute`: `noMinute` where the row gives the day's open interest alone.
  package mutating func add(
    contract: Int32, date: CalendarDate, isExtendedHours: Bool, minute: Int32, values: [Int32], openInterest: Int32,
    underlying: Int32
  ) {
    let row = [contract, minute, openInterest, underlying] + values
    row.withUnsafeBufferPointer { add($0, date: date, isExtendedHours: isExtendedHours) }
  }

  /// How many numbers a row has before its values: contract, minute, open interest and the underlying's price.
  package static let rowHead = 4

  /// The same for a row that lies in memory as one: `rowHead` numbers, and the values. Traps on one of another length.
  package mutating func add(_ row: UnsafeBufferPointer<Int32>, date: CalendarDate, isExtendedHours: Bool) {
    precondition(
      row.count == ChainBuilder.rowHead + columns.count, "\(row.count) numbers for \(columns.count) columns")
    let key = Int64(date.daysSinceEpoch) * 2 + (isExtendedHours ? 1 : 0)
    if key != lastKey {
      lastKey = key
      if let place = places[key] {
        lastPlace = place
      } else {
        lastPlace = sessions.count
        places[key] = lastPlace
        sessions.append(ChainSessionRows(date: date, isExtendedHours: isExtendedHours, stride: row.count))
      }
    }
    if keepsLast, sessions[lastPlace].replace(row, columns) { return }
    sessions[lastPlace].append(row, keepsLast: keepsLast)
    heldNumbers += row.count
  }

  /// How many bytes the rows in memory have.
  package var heldBytes: Int { heldNumbers * MemoryLayout<Int32>.stride }

  /// Sets the rows aside that are in memory. `put`: keeps some, and says by which number they are found again.
  package mutating func setAside<Failure: Error>(_ put: ([Int32]) throws(Failure) -> Int) throws(Failure) {
    for place in sessions.indices { heldNumbers -= try sessions[place].setAside(put) }
  }

  /// More than a session of any chain has, even day and night: rows that say so little of so many minutes are of no chain.
  private static let cellLimit = 1 << 25

  /// The chain of all rows; nil where so few rows speak of so many minutes and contracts that their table would fill the memory. Traps where rows were set aside.
  package mutating func finish() -> OptionChain? {
    var done: [ChainSession] = []
    let head = finish(fetch: { _ in preconditionFailure("rows were set aside") }) { done.append($0) }
    return head.map { head in
      OptionChain(
        underlying: underlying, contracts: head.contracts, sessions: done, declaration: declaration,
        conflicts: head.conflicts)
    }
  }

  /// The same for rows that were set aside: the chain without its sessions, each of which was taken, in their order. `fetch`: rows by their number.
  package mutating func finish<Failure: Error>(
    fetch: (Int) throws(Failure) -> [Int32], take: (ChainSession) throws(Failure) -> Void
  ) throws(Failure) -> OptionChain? {
    let isInOrder = zip(contracts, contracts.dropFirst()).allSatisfy { $0 < $1 }
    let order =
      isInOrder ? Array(contracts.indices) : contracts.indices.sorted { contracts[$0] < contracts[$1] }
    var numberOf = [Int32](repeating: 0, count: contracts.count)
    for (number, old) in order.enumerated() { numberOf[old] = Int32(number) }
    let table = order.map { contracts[$0] }
    var slotOf = [Int32](repeating: -1, count: contracts.count)
    var conflicts = ConflictList()
    for place in sessions.indices.sorted(by: { sessions[$0].key < sessions[$1].key }) {
      // Not a part of the list any more, so that what it holds goes when its session is made.
      var rows = sessions[place]
      sessions[place].empty()
      guard
        let session = try rows.session(
          numberOf, columns, table, cellLimit: ChainBuilder.cellLimit, &slotOf, &conflicts, &repeatedRows, fetch: fetch)
      else { return nil }
      rows.empty()
      try take(session)
    }
    heldNumbers = 0
    return OptionChain(
      underlying: underlying, contracts: table, sessions: [], declaration: declaration, conflicts: conflicts.all)
  }
}

/// Conflicts, of each kind as many as a report needs.
struct ConflictList {
  private(set) var all: [ChainConflict] = []
  private var counts: [ChainConflict.Kind: Int] = [:]

  static let limit = 10_000

  mutating func add(_ conflict: ChainConflict) {
    guard counts[conflict.kind, default: 0] < ConflictList.limit else { return }
    counts[conflict.kind, default: 0] += 1
    all.append(conflict)
  }
}
