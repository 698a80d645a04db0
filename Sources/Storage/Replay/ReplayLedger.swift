// What a replay file held at one moment: how many rows were written, and the digests of those that can be drawn.

package import AgentInterface
import Text

/// The rows of a store, as a checkpoint and the file itself remember them.
package struct ReplayLedger: Sendable, Equatable {
  /// Rows appended since the run began.
  package var appended: Int
  /// SHA-256 of what each block holds of the rows in use, 32 bytes a block, from the oldest row's on.
  package var digests: [UInt8]

  static let digestBytes = 32

  init(appended: Int = 0, digests: [UInt8] = []) {
    self.appended = appended
    self.digests = digests
  }

  /// The rows in use, counted from the run's beginning.
  func rows(_ shape: ReplayShape) -> Range<Int> { max(0, appended - shape.capacity)..<appended }

  /// The blocks that hold them, counted likewise.
  func blocks(_ shape: ReplayShape) -> Range<Int> {
    let rows = rows(shape)
    return rows.isEmpty ? 0..<0 : rows.lowerBound / shape.blockRows..<(rows.upperBound - 1) / shape.blockRows + 1
  }

  /// The rows in use of one of these blocks.
  func rows(ofBlock block: Int, _ shape: ReplayShape) -> Range<Int> {
    (block * shape.blockRows..<(block + 1) * shape.blockRows).clamped(to: rows(shape))
  }

  func digest(ofBlock block: Int, _ shape: ReplayShape) -> ArraySlice<UInt8> {
    let place = (block - blocks(shape).lowerBound) * ReplayLedger.digestBytes
    return digests[place..<place + ReplayLedger.digestBytes]
  }

  // MARK: In a checkpoint

  func save(to state: inout StateRecord) {
    state.integers["appended"] = [Int64(appended)]
    state.integers["block_digests"] = stride(from: 0, to: digests.count, by: 8).map { place in
      digests[place..<place + 8].reversed().reduce(0) { $0 << 8 | Int64($1) }
    }
  }

  /// The ledger of a store of that shape. Throws where it cannot be one.
  init(_ state: StateRecord, _ shape: ReplayShape) throws(RestoreError) {
    let saved = try state.integers("appended", count: 1)[0]
    guard let appended = Int(exactly: saved), (0..<1 << 50).contains(appended) else {
      throw .invalid(name: "appended", reason: "\(saved) is no number of rows")
    }
    self.init(appended: appended)
    let words = try state.integers("block_digests", count: blocks(shape).count * ReplayLedger.digestBytes / 8)
    digests = words.flatMap { word in
      (0..<8).map { UInt8(truncatingIfNeeded: UInt64(bitPattern: word) >> UInt64(8 * $0)) }
    }
  }

  // MARK: In the file

  /// Of the place that a ledger has in a file, of which there are two: the older is written over.
  static func bytes(blockCount: Int) -> Int { 24 + (blockCount + 1) * digestBytes }

  /// Sequence, rows appended, digests' bytes (u64 each); the digests; SHA-256 of all before it.
  func encoded(sequence: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    for word in [sequence, UInt64(appended), UInt64(digests.count)] {
      bytes += (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) }
    }
    bytes += digests
    var digest = SHA256()
    digest.update(bytes)
    return bytes + digest.finalize()
  }

  /// The ledger at a place of a file and its number in the row of all; nil where none was written as a whole, or one that no run comes to.
  static func decode(_ bytes: ArraySlice<UInt8>, _ shape: ReplayShape) -> (sequence: UInt64, ledger: ReplayLedger)? {
    func word(_ index: Int) -> UInt64 {
      bytes.dropFirst(8 * index).prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    guard bytes.count >= 24 + digestBytes, word(2) <= UInt64(bytes.count - 24 - digestBytes),
      let appended = Int(exactly: word(1)), appended < 1 << 50, word(0) < 1 << 62
    else { return nil }
    let content = bytes.prefix(24 + Int(word(2)))
    var digest = SHA256()
    digest.update(Array(content))
    guard bytes.dropFirst(content.count).prefix(digestBytes).elementsEqual(digest.finalize()) else { return nil }
    let ledger = ReplayLedger(appended: appended, digests: Array(content.dropFirst(24)))
    guard ledger.digests.count == ledger.blocks(shape).count * digestBytes else { return nil }
    return (word(0), ledger)
  }
}

extension ReplayLedger {
  /// Rows in use.
  package func rowCount(_ shape: ReplayShape) -> Int { rows(shape).count }

  package func state() -> StateRecord {
    var state = StateRecord()
    save(to: &state)
    return state
  }
}

/// What a ledger takes in a checkpoint.
package enum ReplayLedgerSize {
  package static func bytes(_ shape: ReplayShape) -> Int { ReplayLedger.bytes(blockCount: shape.blockCount) }
}

extension ReplayFile {
  /// What the file says it holds, every row of it checked, and the same as a store's saved state.
  package func verifiedLedger() throws(StorageError) -> (ledger: ReplayLedger, state: StateRecord) {
    guard let ledger = try newestLedger()?.ledger else { throw .replay(path: path, .noLedger) }
    try verify(ledger)
    return (ledger, ledger.state())
  }
}
