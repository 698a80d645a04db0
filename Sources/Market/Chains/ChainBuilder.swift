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
  private var numbers: [UInt64: Int32] = [:]
  private var sessions: [SessionRows] = []
  private var places: [Int64: Int] = [:]
  private var lastKey = Int64.min
  private var lastPlace = 0
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
    if let number = numbers[key] { return number }
    let number = Int32(contracts.count)
    contracts.append(
      OptionContract(root: roots[root], expiry: expiry, right: right, strikeThousandths: strikeThousandths))
    numbers[key] = number
    return number
  }

  /// Adds a row: the values in the order of `columns`, the open interest and the underlying's price (`ChainValue.none` where the row gives none).
  /// `minute`: `noMinute` where the row gives the day's open interest alone.
  package mutating func add(
    contract: Int32, date: CalendarDate, isExtendedHours: Bool, minute: Int32, values: [Int32], openInterest: Int32,
    underlying: Int32
  ) {
    precondition(values.count == columns.count, "\(values.count) values for \(columns.count) columns")
    let key = Int64(date.daysSinceEpoch) * 2 + (isExtendedHours ? 1 : 0)
    if key != lastKey {
      lastKey = key
      if let place = places[key] {
        lastPlace = place
      } else {
        lastPlace = sessions.count
        places[key] = lastPlace
        sessions.append(SessionRows(date: date, isExtendedHours: isExtendedHours, stride: columns.count + 4))
      }
    }
    if keepsLast, sessions[lastPlace].replace(contract, minute, values, columns) { return }
    sessions[lastPlace].append(contract, minute, openInterest, underlying, values, keepsLast: keepsLast)
  }

  /// More than a session of any chain has, even day and night: rows that say so little of so many minutes are of no chain.
  private static let cellLimit = 1 << 25

  /// The chain of all rows; nil where so few rows speak of so many minutes and contracts that their table would fill the memory.
  package mutating func finish() -> OptionChain? {
    let order = contracts.indices.sorted { contracts[$0] < contracts[$1] }
    var numberOf = [Int32](repeating: 0, count: contracts.count)
    for (number, old) in order.enumerated() { numberOf[old] = Int32(number) }
    let table = order.map { contracts[$0] }
    var conflicts = ConflictList()
    var done: [ChainSession] = []
    for place in sessions.indices.sorted(by: { sessions[$0].key < sessions[$1].key }) {
      guard
        let session = sessions[place].session(
          numberOf, columns, table, cellLimit: ChainBuilder.cellLimit, &conflicts, &repeatedRows)
      else { return nil }
      done.append(session)
      sessions[place].empty()
    }
    return OptionChain(
      underlying: underlying, contracts: table, sessions: done, declaration: declaration, conflicts: conflicts.all)
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

/// The rows of one session as they came: contract, minute, open interest, underlying, and the values.
private struct SessionRows {
  let date: CalendarDate
  let isExtendedHours: Bool
  let stride: Int
  private var rows: [Int32] = []
  /// Where the last row of a contract stands.
  private var lastRows: [Int32: Int] = [:]

  init(date: CalendarDate, isExtendedHours: Bool, stride: Int) {
    self.date = date
    self.isExtendedHours = isExtendedHours
    self.stride = stride
  }

  var key: Int64 { Int64(date.daysSinceEpoch) * 2 + (isExtendedHours ? 1 : 0) }

  mutating func empty() { (rows, lastRows) = ([], [:]) }

  mutating func append(
    _ contract: Int32, _ minute: Int32, _ openInterest: Int32, _ underlying: Int32, _ values: [Int32], keepsLast: Bool
  ) {
    if keepsLast { lastRows[contract] = rows.count }
    rows.append(contract)
    rows.append(minute)
    rows.append(openInterest)
    rows.append(underlying)
    rows.append(contentsOf: values)
  }

  /// Puts a row in the place of the contract's last one where both are of one minute; false where they are not.
  mutating func replace(_ contract: Int32, _ minute: Int32, _ values: [Int32], _ columns: [ChainColumn]) -> Bool {
    guard let row = lastRows[contract], rows[row + 1] == minute else { return false }
    func isTwoSided(_ value: (Int) -> Int32) -> Bool {
      guard let bid = columns.firstIndex(of: .bid), let ask = columns.firstIndex(of: .ask) else { return true }
      return value(bid) > 0 && value(ask) > 0
    }
    if isTwoSided({ values[$0] }) || !isTwoSided({ rows[row + 4 + $0] }) {
      for (place, value) in values.enumerated() { rows[row + 4 + place] = value }
    }
    return true
  }

  /// `numberOf`: the number in the chain's table of each contract of the builder.
  func session(
    _ numberOf: [Int32], _ columns: [ChainColumn], _ table: [OptionContract], cellLimit: Int,
    _ conflicts: inout ConflictList, _ repeated: inout Int
  ) -> ChainSession? {
    var isThere = [Bool](repeating: false, count: table.count)
    var minuteSet: Set<Int32> = []
    var last = ChainBuilder.noMinute
    for row in Swift.stride(from: 0, to: rows.count, by: stride) {
      isThere[Int(numberOf[Int(rows[row])])] = true
      let minute = rows[row + 1]
      if minute != last, minute != ChainBuilder.noMinute { minuteSet.insert(minute) }
      last = minute
    }
    let contracts = isThere.indices.filter { isThere[$0] }.map { Int32($0) }
    var slotOf = [Int32](repeating: -1, count: table.count)
    for (slot, number) in contracts.enumerated() { slotOf[Int(number)] = Int32(slot) }
    let minutes = minuteSet.sorted()
    var blockOf: [Int32: Int] = [:]
    for (block, minute) in minutes.enumerated() { blockOf[minute] = block }
    let cells = contracts.count * minutes.count
    guard cells <= cellLimit else { return nil }
    var filled = [Bool](repeating: false, count: cells)
    var dense = columns.map { _ in [Int32](repeating: ChainValue.none, count: cells) }
    var openInterest = [Int32](repeating: ChainValue.none, count: contracts.count)
    var underlying = [Int32](repeating: ChainValue.none, count: minutes.count)
    for row in Swift.stride(from: 0, to: rows.count, by: stride) {
      let number = Int(numberOf[Int(rows[row])])
      let slot = Int(slotOf[number])
      let minute = rows[row + 1]
      func conflict(_ kind: ChainConflict.Kind, _ first: Int32, _ second: Int32) -> ChainConflict {
        ChainConflict(
          kind: kind, contract: kind == .underlying ? nil : table[number], date: date, minute: Int(minute),
          first: first, second: second)
      }
      if rows[row + 2] != ChainValue.none {
        if openInterest[slot] == ChainValue.none {
          openInterest[slot] = rows[row + 2]
        } else if openInterest[slot] != rows[row + 2] {
          conflicts.add(conflict(.openInterest, openInterest[slot], rows[row + 2]))
        }
      }
      guard minute != ChainBuilder.noMinute, let block = blockOf[minute] else { continue }
      if rows[row + 3] != ChainValue.none {
        if underlying[block] == ChainValue.none {
          underlying[block] = rows[row + 3]
        } else if underlying[block] != rows[row + 3] {
          conflicts.add(conflict(.underlying, underlying[block], rows[row + 3]))
        }
      }
      let cell = block * contracts.count + slot
      guard filled[cell] else {
        filled[cell] = true
        for place in columns.indices { dense[place][cell] = rows[row + 4 + place] }
        continue
      }
      guard let other = columns.indices.first(where: { dense[$0][cell] != rows[row + 4 + $0] }) else {
        repeated += 1
        continue
      }
      conflicts.add(conflict(.quote, dense[other][cell], rows[row + 4 + other]))
    }
    func dropped(_ values: [Int32]) -> [Int32] { values.allSatisfy { $0 == ChainValue.none } ? [] : values }
    var all = [[Int32]](repeating: [], count: ChainColumn.count)
    for (place, column) in columns.enumerated() { all[column.rawValue] = dropped(dense[place]) }
    return ChainSession(
      date: date, isExtendedHours: isExtendedHours, contracts: contracts, minutes: minutes, columns: all,
      openInterest: dropped(openInterest), underlying: dropped(underlying))
  }
}
