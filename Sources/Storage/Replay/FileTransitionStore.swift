// A replay memory beyond memory: the newest rows and those that are drawn next in memory, all of them in a file.

package import AgentInterface
private import Glibc
private import Kernels
import Text

/// Transitions in a file of the run's folder, written block by block and read in place. Draws, and so a run's bits, are those of a store in
/// memory.
///
/// Rows are counted from the run's beginning here; row r of the ring is the newest of the rows r, r + capacity, ... A row is written once and never
/// changes, so that what was read ahead stays true. What cannot be read or written is kept in `failure`: whoever steps the learner looks at it
/// and ends the run. One thread uses a store.
package final class FileTransitionStore: TransitionStore, @unchecked Sendable {
  package let laneCount: Int
  package let columns: Int
  package let capacity: Int
  package var count: Int { min(appended, capacity) }
  package var head: Int { appended % capacity }
  /// What kept the file from being read or written: from then on what the store answers means nothing.
  package private(set) var failure: StorageError?
  /// Transitions that were needed and not at hand.
  package private(set) var missCount = 0

  let file: ReplayFile
  private let shape: ReplayShape
  private let record: ReplayRecord
  /// Rows appended since the run began.
  private var appended = 0
  /// (recentBlocks) whole blocks, the newest rows; a block lies at its number modulo `recentBlocks`.
  private let recent: UnsafeMutableRawPointer
  private let recentBlocks: Int
  /// Of the rows of the block that is being filled.
  private var running = SHA256()
  /// (blockCount) of whole blocks, at their place in the file; 32 bytes each.
  private var blockDigests: [UInt8]
  /// What was last found to be whole, so that it is not read twice.
  private var verified: ReplayLedger?
  private let scan: ReplayScan?
  private var batch: ReplayBatch
  /// The first transitions of the draws of the batch.
  private var drawn: [Int] = []

  /// A store on a file without transitions, or, before `restore`, on one that has some.
  package init(_ file: ReplayFile, use: ReplayUse) {
    self.file = file
    shape = file.shape
    record = shape.record
    (laneCount, columns, capacity) = (shape.laneCount, record.columns, shape.capacity)
    let plan = ReplayScan.Plan(shape, use)
    recentBlocks = plan.recentBlocks
    recent = .allocate(byteCount: recentBlocks * shape.blockBytes, alignment: 4096)
    blockDigests = [UInt8](repeating: 0, count: shape.blockCount * ReplayLedger.digestBytes)
    scan = plan.passLength > 0 ? ReplayScan(file, plan: plan, steps: use.steps) : nil
    batch = ReplayBatch(recordBytes: record.bytes)
  }

  deinit { recent.deallocate() }

  // MARK: Writing

  package func append(_ row: TransitionRow) {
    guard failure == nil else { return }
    let place = appended % shape.blockRows
    if place == 0 { running = SHA256() }
    let bytes = recent(row: appended)
    for lane in 0..<laneCount { record.write(row, lane: lane, to: bytes + lane * record.bytes) }
    running.update(UnsafeRawBufferPointer(start: bytes, count: shape.rowBytes))
    appended += 1
    batch.clear()
    guard place + 1 == shape.blockRows else { return }
    let block = appended / shape.blockRows - 1
    remember(running.finalize(), ofBlock: block)
    scan?.keep(block: block, from: recent(row: block * shape.blockRows))
    attempt { () throws(StorageError) in
      try file.write(rows: block * shape.blockRows..<appended, from: recent(row: block * shape.blockRows))
      // The disk begins with this one; the one before is there by now, and its pages are free for others.
      file.release(file.bytes(ofBlock: block))
      if block > 0 { file.release(file.bytes(ofBlock: block - 1)) }
    }
  }

  private func remember(_ digest: [UInt8], ofBlock block: Int) {
    let place = block % shape.blockCount * ReplayLedger.digestBytes
    blockDigests.replaceSubrange(place..<place + ReplayLedger.digestBytes, with: digest)
  }

  /// Where a row lies, or lay, among the newest.
  private func recent(row: Int) -> UnsafeMutableRawPointer {
    let block = row / shape.blockRows % recentBlocks
    return recent + block * shape.blockBytes + row % shape.blockRows * shape.rowBytes
  }

  private func isRecent(row: Int) -> Bool { row / shape.blockRows + recentBlocks > (appended - 1) / shape.blockRows }

  private func attempt(_ body: () throws(StorageError) -> Void) {
    guard failure == nil else { return }
    do throws(StorageError) {
      try body()
    } catch {
      failure = error
    }
  }

  // MARK: Reading

  package func action(row: Int, lane: Int) -> Int {
    checked(record.action(bytes(row, lane)), "an action", row, lane) ?? 0
  }

  package func reward(row: Int, lane: Int) -> Float { record.reward(bytes(row, lane)) }

  package func end(row: Int, lane: Int) -> TransitionEnd {
    checked(record.end(bytes(row, lane)), "an end", row, lane) ?? .none
  }

  package func nextMask(row: Int, lane: Int) -> ActionMask {
    checked(record.nextMask(bytes(row, lane)), "legal actions", row, lane) ?? .all(count: record.actionCount)
  }

  package func copyObservation(row: Int, lane: Int, to target: UnsafeMutablePointer<Float>) {
    record.copyObservation(bytes(row, lane), to: target)
  }

  package func copyNextObservation(row: Int, lane: Int, to target: UnsafeMutablePointer<Float>) {
    record.copyNextObservation(bytes(row, lane), to: target)
  }

  /// Nothing that lies on a disk is believed where it would be an index.
  private func checked<Value>(_ value: Value?, _ what: String, _ row: Int, _ lane: Int) -> Value? {
    if value == nil, failure == nil {
      let row = absolute(row)
      failure = .damaged(
        path: file.path, place: "block \(row / shape.blockRows % shape.blockCount)",
        reason: "row \(row), lane \(lane) does not hold \(what)")
    }
    return value
  }

  /// The row of the run that the ring's row is.
  private func absolute(_ row: Int) -> Int {
    let oldest = appended - head
    return row < head ? oldest + row : oldest - capacity + row
  }

  private func bytes(_ row: Int, _ lane: Int) -> UnsafeRawPointer {
    precondition(row >= 0 && row < count && lane >= 0 && lane < laneCount, "row \(row) of \(count), lane \(lane)")
    let absolute = absolute(row)
    if isRecent(row: absolute) { return UnsafeRawPointer(recent(row: absolute) + lane * record.bytes) }
    let place = absolute * laneCount + lane
    if let found = batch[place] { return found }
    read([place])
    return batch[place] ?? batch.nothing
  }

  /// Reads transitions into the batch, in the order in which they lie.
  private func read(_ places: [Int]) {
    missCount += places.count
    let offsets = places.map { (place: $0, offset: offset(of: $0)) }.sorted { $0.offset < $1.offset }
    if offsets.count > 1 { for one in offsets { file.prepare(one.offset..<one.offset + record.bytes) } }
    let room = batch.makeRoom(for: offsets.count)
    for (index, one) in offsets.enumerated() {
      let target = room + index * record.bytes
      attempt { () throws(StorageError) in
        try file.read(into: UnsafeMutableRawBufferPointer(start: target, count: record.bytes), at: one.offset)
      }
      guard failure == nil else { return }
      batch[one.place] = UnsafeRawPointer(target)
    }
  }

  private func offset(of place: Int) -> Int {
    file.place(ofRow: place / laneCount) + place % laneCount * record.bytes
  }

  package func fetch(rows: [Int], lanes: [Int], steps: Int) {
    guard failure == nil, appended > 0 else { return }
    batch.clear()
    drawn.removeAll(keepingCapacity: true)
    for (index, row) in rows.enumerated() { drawn.append(absolute(row) * laneCount + lanes[index]) }
    var isForetold = false
    if let scan {
      attempt { () throws(StorageError) in isForetold = try scan.advance(over: drawn, appended: appended) }
    }
    var missing: Set<Int> = []
    for (index, first) in drawn.enumerated() {
      for step in 0..<steps {
        let place = first + step * laneCount
        let row = place / laneCount
        guard row < appended, !isRecent(row: row) else { break }
        if isForetold, let found = scan?.record(index, step: step) {
          // Read soon, each from somewhere else in memory.
          Prefetch.bytes(found, count: record.bytes)
          batch[place] = found
        } else if batch[place] == nil {
          missing.insert(place)
        }
      }
    }
    if !missing.isEmpty { read(Array(missing)) }
  }

  package var wantsForecast: Bool { scan?.isIdle ?? false }

  package func follow(_ forecast: ReplayForecast) { scan?.begin(forecast, appended: appended) }

  // MARK: Saved state

  /// The state of the rows, which are on the disk when this returns, unless there is a `failure`.
  package func snapshot() -> StateRecord {
    var state = StateRecord()
    var ledger = ReplayLedger(appended: appended)
    attempt { () throws(StorageError) in
      let first = appended / shape.blockRows * shape.blockRows
      if first < appended { try file.write(rows: first..<appended, from: recent(row: first)) }
      try file.flush()
      for block in ledger.blocks(shape) { ledger.digests += try digest(ofBlock: block, ledger) }
      try file.write(ledger)
    }
    if failure == nil { verified = ledger }
    ledger.save(to: &state)
    return state
  }

  private func digest(ofBlock block: Int, _ ledger: ReplayLedger) throws(StorageError) -> [UInt8] {
    let rows = ledger.rows(ofBlock: block, shape)
    guard rows.lowerBound == block * shape.blockRows else {
      // The oldest block: some of its rows are not in use any more.
      return try digest(ofRows: rows)
    }
    if rows.upperBound < (block + 1) * shape.blockRows { return running.finalize() }
    let place = block % shape.blockCount * ReplayLedger.digestBytes
    return Array(blockDigests[place..<place + ReplayLedger.digestBytes])
  }

  /// Of rows in one block, from memory where they are there.
  private func digest(ofRows rows: Range<Int>) throws(StorageError) -> [UInt8] {
    var digest = SHA256()
    let byteCount = rows.count * shape.rowBytes
    if isRecent(row: rows.lowerBound) {
      digest.update(UnsafeRawBufferPointer(start: recent(row: rows.lowerBound), count: byteCount))
      return digest.finalize()
    }
    let bytes = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64)
    defer { bytes.deallocate() }
    try file.read(rows: rows, into: bytes)
    digest.update(UnsafeRawBufferPointer(start: bytes, count: byteCount))
    return digest.finalize()
  }

  /// Checks every block that a saved state can draw from. Throws an error that names the file and the block.
  package func verify(_ state: StateRecord) throws(StorageError) {
    guard let ledger = try? ReplayLedger(state, shape), ledger != verified else { return }
    try file.verify(ledger)
    verified = ledger
  }

  /// Goes back to a saved state: what was written after it is forgotten. Reads and checks all its rows unless `verify` did.
  package func restore(_ state: StateRecord) throws(RestoreError) {
    let ledger = try ReplayLedger(state, shape)
    do {
      try verify(state)
      appended = ledger.appended
      try takeBack(ledger)
    } catch {
      throw .invalid(name: "block_digests", reason: "\(error)")
    }
    batch.clear()
    scan?.stop()
  }

  /// Takes the newest rows into memory, and what is known of blocks.
  private func takeBack(_ ledger: ReplayLedger) throws(StorageError) {
    running = SHA256()
    for block in ledger.blocks(shape) {
      remember(Array(ledger.digest(ofBlock: block, shape)), ofBlock: block)
      let rows = ledger.rows(ofBlock: block, shape)
      guard isRecent(row: rows.lowerBound) else { continue }
      try file.read(rows: rows, into: recent(row: rows.lowerBound))
      guard rows.upperBound % shape.blockRows != 0 else { continue }
      running.update(
        UnsafeRawBufferPointer(start: recent(row: rows.lowerBound), count: rows.count * shape.rowBytes))
    }
  }
}

/// Where the transitions of a batch lie in memory: a table from their places to their bytes.
struct ReplayBatch {
  private let recordBytes: Int
  private var keys: [Int]
  private var values: [UnsafeRawPointer?]
  private var count = 0
  /// Read from the file for this batch.
  private var memory: UnsafeMutableRawPointer
  private var capacity = 64
  private var used = 0
  private let owner: Owner

  /// Frees what the batch has allocated.
  private final class Owner {
    var pointers: [UnsafeMutableRawPointer] = []
    deinit { for pointer in pointers { pointer.deallocate() } }
  }

  init(recordBytes: Int) {
    self.recordBytes = recordBytes
    keys = [Int](repeating: -1, count: 256)
    values = [UnsafeRawPointer?](repeating: nil, count: 256)
    owner = Owner()
    memory = .allocate(byteCount: capacity * recordBytes, alignment: 64)
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: capacity * recordBytes)
    owner.pointers = [memory]
  }

  /// Zeros, or whatever was read before: for one who has nothing better and has said so.
  var nothing: UnsafeRawPointer { UnsafeRawPointer(memory) }

  mutating func clear() {
    used = 0
    guard count > 0 else { return }
    count = 0
    for index in keys.indices { keys[index] = -1 }
    // Larger rooms stay, the smaller ones before them are no longer needed.
    if owner.pointers.count > 1 {
      for pointer in owner.pointers.dropLast() { pointer.deallocate() }
      owner.pointers.removeFirst(owner.pointers.count - 1)
    }
  }

  /// Room for so many more records, good until `clear`.
  mutating func makeRoom(for records: Int) -> UnsafeMutableRawPointer {
    if used + records > capacity {
      capacity = max(2 * capacity, records)
      memory = .allocate(byteCount: capacity * recordBytes, alignment: 64)
      memory.initializeMemory(as: UInt8.self, repeating: 0, count: capacity * recordBytes)
      owner.pointers.append(memory)
      used = 0
    }
    defer { used += records }
    return memory + used * recordBytes
  }

  subscript(place: Int) -> UnsafeRawPointer? {
    get {
      let slot = slot(of: place)
      return keys[slot] == place ? values[slot] : nil
    }
    set {
      if 4 * count >= keys.count { grow() }
      let slot = slot(of: place)
      if keys[slot] != place { count += 1 }
      keys[slot] = place
      values[slot] = newValue
    }
  }

  /// Where the place is, or would be.
  private func slot(of place: Int) -> Int {
    let mask = keys.count - 1
    var slot = Int(truncatingIfNeeded: (UInt64(place) &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
    while keys[slot] != -1, keys[slot] != place { slot = (slot + 1) & mask }
    return slot
  }

  private mutating func grow() {
    let old = zip(keys, values).filter { $0.0 != -1 }
    keys = [Int](repeating: -1, count: 4 * keys.count)
    values = [UnsafeRawPointer?](repeating: nil, count: keys.count)
    count = 0
    for (place, value) in old { self[place] = value }
  }
}
