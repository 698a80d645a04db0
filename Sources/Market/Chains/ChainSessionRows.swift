// The rows of one session of a chain as they came, and the dense table that they make.

/// A row is `ChainBuilder.rowHead` numbers (contract, minute, open interest, underlying) and its values.
struct ChainSessionRows {
  let date: CalendarDate
  let isExtendedHours: Bool
  private let stride: Int
  /// By which numbers rows are found that were set aside: they came before those in memory.
  private var aside: [Int] = []
  private var asideCount = 0
  /// So many rows each but the last: a list that is copied whenever it has outgrown its room holds twice what it must.
  private var blocks: [[Int32]] = [[]]
  /// Of those in memory.
  private var count = 0
  /// By contract of the builder, which row is its last one; -1 for none.
  private var lastRows: [Int] = []

  private static let blockRows = 1 << 12

  init(date: CalendarDate, isExtendedHours: Bool, stride: Int) {
    self.date = date
    self.isExtendedHours = isExtendedHours
    self.stride = stride
  }

  var key: Int64 { Int64(date.daysSinceEpoch) * 2 + (isExtendedHours ? 1 : 0) }

  mutating func empty() { (aside, asideCount, blocks, count, lastRows) = ([], 0, [[]], 0, []) }

  /// Sets rows aside, and returns how many numbers they are. The last row of each contract stays where the next may take its place.
  mutating func setAside<Failure: Error>(_ put: ([Int32]) throws(Failure) -> Int) throws(Failure) -> Int {
    var (kept, keptCount): ([[Int32]], Int) = ([[]], 0)
    let last = Set(lastRows.filter { $0 >= 0 })
    var (row, set) = (0, 0)
    for block in blocks where !block.isEmpty {
      var rows = block
      if !last.isEmpty {
        rows = []
        for start in Swift.stride(from: 0, to: block.count, by: stride) {
          let one = block[start..<start + stride]
          if last.contains(row) {
            lastRows[Int(one[start])] = keptCount
            if kept[kept.count - 1].count == ChainSessionRows.blockRows * stride { kept.append([]) }
            kept[kept.count - 1] += one
            keptCount += 1
          } else {
            rows += one
          }
          row += 1
        }
      }
      guard !rows.isEmpty else { continue }
      aside.append(try put(rows))
      set += rows.count
    }
    (blocks, count) = (kept, keptCount)
    asideCount += set / stride
    return set
  }

  mutating func append(_ row: UnsafeBufferPointer<Int32>, keepsLast: Bool) {
    if keepsLast {
      let contract = Int(row[0])
      while lastRows.count <= contract { lastRows.append(-1) }
      lastRows[contract] = count
    }
    if blocks[blocks.count - 1].count == ChainSessionRows.blockRows * stride {
      blocks.append([])
      blocks[blocks.count - 1].reserveCapacity(ChainSessionRows.blockRows * stride)
    }
    blocks[blocks.count - 1].append(contentsOf: row)
    count += 1
  }

  /// Puts a row in the place of the contract's last one where both are of one minute; false where they are not.
  mutating func replace(_ row: UnsafeBufferPointer<Int32>, _ columns: [ChainColumn]) -> Bool {
    let contract = Int(row[0])
    guard contract < lastRows.count, lastRows[contract] >= 0 else { return false }
    let (block, inBlock) = lastRows[contract].quotientAndRemainder(dividingBy: ChainSessionRows.blockRows)
    let start = inBlock * stride
    guard blocks[block][start + 1] == row[1] else { return false }
    func isTwoSided(_ value: (Int) -> Int32) -> Bool {
      guard let bid = columns.firstIndex(of: .bid), let ask = columns.firstIndex(of: .ask) else { return true }
      return value(bid) > 0 && value(ask) > 0
    }
    let head = ChainBuilder.rowHead
    if isTwoSided({ row[head + $0] }) || !isTwoSided({ blocks[block][start + head + $0] }) {
      for place in columns.indices { blocks[block][start + head + place] = row[head + place] }
    }
    return true
  }

  /// Fewer rows are fetched at once.
  private static let fewRows = 1 << 18

  /// `numberOf`: the number in the chain's table of each contract of the builder. `slotOf`: room for as many, -1 each, and left so.
  mutating func session<Failure: Error>(
    _ numberOf: [Int32], _ columns: [ChainColumn], _ table: [OptionContract], cellLimit: Int,
    _ slotOf: inout [Int32], _ conflicts: inout ConflictList, _ repeated: inout Int,
    fetch: (Int) throws(Failure) -> [Int32]
  ) throws(Failure) -> ChainSession? {
    if asideCount <= ChainSessionRows.fewRows {
      var all: [[Int32]] = []
      for number in aside { all.append(try fetch(number)) }
      (blocks, aside) = (all + blocks, [])
    }
    let (builderNumbers, minutes) = try seen(numberOf, &slotOf, fetch: fetch)
    defer { for number in builderNumbers { slotOf[Int(number)] = -1 } }
    let cells = builderNumbers.count * minutes.count
    guard cells <= cellLimit else { return nil }
    var dense = DenseSession(
      date: date, contracts: builderNumbers.map { numberOf[Int($0)] }, minutes: minutes, columns: columns, cells: cells)
    try forEachBlock(fetch: fetch) { dense.fill($0, stride: stride, slotOf, table, &conflicts, &repeated) }
    return dense.session(isExtendedHours: isExtendedHours)
  }

  /// The rows in the order in which they came, some at a time.
  private func forEachBlock<Failure: Error>(
    fetch: (Int) throws(Failure) -> [Int32], _ body: ([Int32]) -> Void
  ) throws(Failure) {
    for number in aside { body(try fetch(number)) }
    for block in blocks { body(block) }
  }

  /// The contracts of all rows by the builder's numbers, in the order of the chain's table, and the minutes, ascending. Notes in `slotOf` which slot each has.
  private func seen<Failure: Error>(
    _ numberOf: [Int32], _ slotOf: inout [Int32], fetch: (Int) throws(Failure) -> [Int32]
  ) throws(Failure) -> (contracts: [Int32], minutes: [Int32]) {
    var contracts: [Int32] = []
    var minutes: Set<Int32> = []
    var last = ChainBuilder.noMinute
    try forEachBlock(fetch: fetch) { block in
      block.withUnsafeBufferPointer { rows in
        for row in Swift.stride(from: 0, to: rows.count, by: stride) {
          let contract = rows[row]
          if slotOf[Int(contract)] < 0 {
            slotOf[Int(contract)] = 0
            contracts.append(contract)
          }
          let minute = rows[row + 1]
          if minute != last, minute != ChainBuilder.noMinute { minutes.insert(minute) }
          last = minute
        }
      }
    }
    contracts.sort { numberOf[Int($0)] < numberOf[Int($1)] }
    for (slot, contract) in contracts.enumerated() { slotOf[Int(contract)] = Int32(slot) }
    return (contracts, minutes.sorted())
  }
}

/// The table that is being made of a session's rows.
private struct DenseSession {
  let date: CalendarDate
  /// Numbers in the chain's table.
  let contracts: [Int32]
  let minutes: [Int32]
  let columns: [ChainColumn]
  private var blockOf: [Int32: Int] = [:]
  private var filled: [Bool]
  /// Column behind column.
  private var values: [[Int32]]
  private var openInterest: [Int32]
  private var underlying: [Int32]

  init(date: CalendarDate, contracts: [Int32], minutes: [Int32], columns: [ChainColumn], cells: Int) {
    self.date = date
    self.contracts = contracts
    self.minutes = minutes
    self.columns = columns
    for (block, minute) in minutes.enumerated() { blockOf[minute] = block }
    filled = [Bool](repeating: false, count: cells)
    values = columns.map { _ in [Int32](repeating: ChainValue.none, count: cells) }
    openInterest = [Int32](repeating: ChainValue.none, count: contracts.count)
    underlying = [Int32](repeating: ChainValue.none, count: minutes.count)
  }

  /// Puts a block of rows where they belong. Two rows of one cell: the first stays.
  mutating func fill(
    _ rows: [Int32], stride: Int, _ slotOf: [Int32], _ table: [OptionContract], _ conflicts: inout ConflictList,
    _ repeated: inout Int
  ) {
    let head = ChainBuilder.rowHead
    let count = rows.count / stride
    var cellOf = [Int32](repeating: -1, count: count)
    var (last, block, written) = (ChainBuilder.noMinute, 0, 0)
    rows.withUnsafeBufferPointer { rows in
      for row in 0..<count {
        let start = row * stride
        let slot = Int(slotOf[Int(rows[start])])
        let minute = rows[start + 1]
        func note(_ kind: ChainConflict.Kind, _ first: Int32, _ second: Int32) {
          conflicts.add(
            ChainConflict(
              kind: kind, contract: kind == .underlying ? nil : table[Int(contracts[slot])], date: date,
              minute: Int(minute), first: first, second: second))
        }
        let openInterest = rows[start + 2]
        if openInterest != ChainValue.none, openInterest != self.openInterest[slot] {
          if self.openInterest[slot] == ChainValue.none {
            self.openInterest[slot] = openInterest
          } else {
            note(.openInterest, self.openInterest[slot], openInterest)
          }
        }
        guard minute != ChainBuilder.noMinute else { continue }
        if minute != last {
          guard let found = blockOf[minute] else { continue }
          (last, block) = (minute, found)
        }
        let underlying = rows[start + 3]
        if underlying != ChainValue.none, underlying != self.underlying[block] {
          if self.underlying[block] == ChainValue.none {
            self.underlying[block] = underlying
          } else {
            note(.underlying, self.underlying[block], underlying)
          }
        }
        let cell = block * contracts.count + slot
        guard filled[cell] else {
          filled[cell] = true
          cellOf[row] = Int32(cell)
          continue
        }
        write(rows, written..<row, stride: stride, cellOf)
        written = row
        guard let other = columns.indices.first(where: { values[$0][cell] != rows[start + head + $0] }) else {
          repeated += 1
          continue
        }
        note(.quote, values[other][cell], rows[start + head + other])
      }
      write(rows, written..<count, stride: stride, cellOf)
    }
  }

  /// Writes the values of some rows, column after column, to their cells; of a row whose cell is -1 none.
  private mutating func write(
    _ rows: UnsafeBufferPointer<Int32>, _ range: Range<Int>, stride: Int, _ cellOf: [Int32]
  ) {
    for place in columns.indices {
      values[place].withUnsafeMutableBufferPointer { values in
        for row in range where cellOf[row] >= 0 {
          values[Int(cellOf[row])] = rows[row * stride + ChainBuilder.rowHead + place]
        }
      }
    }
  }

  func session(isExtendedHours: Bool) -> ChainSession {
    func dropped(_ values: [Int32]) -> [Int32] { values.allSatisfy { $0 == ChainValue.none } ? [] : values }
    var all = [[Int32]](repeating: [], count: ChainColumn.count)
    for (place, column) in columns.enumerated() { all[column.rawValue] = dropped(values[place]) }
    return ChainSession(
      date: date, isExtendedHours: isExtendedHours, contracts: contracts, minutes: minutes, columns: all,
      openInterest: dropped(openInterest), underlying: dropped(underlying))
  }
}
