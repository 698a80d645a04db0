// Rows of chains that memory has no room for until their sessions are made of them.

import Market

/// Makes chains of what builders collected. Without a spool all rows stay in memory.
struct ChainRowSpool {
  let spool: Spool?
  private var blocks: [Spool.Block] = []
  /// Above so many bytes in memory rows are set aside.
  private var limitBytes: Int

  init(_ spool: Spool?) {
    self.spool = spool
    limitBytes = spool?.rowBudgetBytes ?? .max
  }

  /// Sets rows aside where there are too many of them.
  mutating func relieve(_ builders: inout [ChainBuilder]) throws(StorageError) {
    guard let spool, ChainRowSpool.held(builders) > limitBytes else { return }
    for place in builders.indices {
      try builders[place].setAside { (rows) throws(StorageError) in
        let block = spool.block(bytes: rows.count * MemoryLayout<Int32>.stride)
        try block.append(rows[...])
        blocks.append(block)
        return blocks.count - 1
      }
    }
    // Some cannot be set aside: they are not looked through again for a few more.
    limitBytes = max(spool.rowBudgetBytes, 2 * ChainRowSpool.held(builders))
  }

  private static func held(_ builders: [ChainBuilder]) -> Int { builders.reduce(0) { $0 + $1.heldBytes } }

  /// The chains of all rows; nil where one is too large for its rows.
  func finish(_ builders: inout [ChainBuilder]) throws(StorageError) -> [ShelvedChain]? {
    var chains: [ShelvedChain] = []
    spool?.rowBytes = ChainRowSpool.held(builders)
    defer { spool?.rowBytes = 0 }
    for place in builders.indices {
      var sessions = ShelvedChain.Sessions(spool: spool)
      let head = try builders[place].finish { (number) throws(StorageError) -> [Int32] in
        guard let spool else { preconditionFailure("rows on a spool that is not there") }
        return try spool.read(blocks[number].columns)
      } take: { (session) throws(StorageError) in
        try sessions.append(session)
      }
      guard let head else { return nil }
      chains.append(ShelvedChain(head, sessions, spool: spool))
    }
    return chains
  }
}
