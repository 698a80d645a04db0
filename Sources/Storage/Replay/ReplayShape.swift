// The extents of a replay file, and what a store may do with memory.

import AgentInterface

/// What a replay file has room for. Rows are steps of all lanes; blocks are what is written, read and digested as a whole.
package struct ReplayShape: Sendable, Equatable {
  package let record: ReplayRecord
  package let laneCount: Int
  /// Rows that a learner draws from.
  package let capacity: Int
  /// Blocks of the file's ring: room for `capacity`, for rows that a saved run may still draw from, and for the block that is being written.
  package let blockCount: Int

  /// A block holds at least so many transitions, whole rows of them.
  package static let blockTransitions = 4096

  /// `spareRows`: how many may be written while the oldest that is in use must stay. `totalRows`: more are never written.
  package init(record: ReplayRecord, laneCount: Int, capacity: Int, spareRows: Int, totalRows: Int) {
    precondition(
      laneCount >= 1 && capacity >= 1 && spareRows >= 0 && totalRows >= 0,
      "\(laneCount) lanes, \(capacity) + \(spareRows) of \(totalRows) rows")
    let blockRows = ReplayShape.blockRows(laneCount)
    // The newest and the oldest row never share a block.
    let ring = (capacity + spareRows + blockRows - 1) / blockRows + 2
    let all = max(1, (totalRows + blockRows - 1) / blockRows)
    self.init(record: record, laneCount: laneCount, capacity: capacity, blockCount: min(ring, all))
  }

  init(record: ReplayRecord, laneCount: Int, capacity: Int, blockCount: Int) {
    self.record = record
    self.laneCount = laneCount
    self.capacity = capacity
    self.blockCount = blockCount
  }

  static func blockRows(_ laneCount: Int) -> Int { (blockTransitions + laneCount - 1) / laneCount }

  package var blockRows: Int { ReplayShape.blockRows(laneCount) }
  package var rowBytes: Int { laneCount * record.bytes }
  package var blockBytes: Int { blockRows * rowBytes }
  /// Rows of the file's ring.
  var rowCount: Int { blockCount * blockRows }
  package var dataBytes: Int { blockCount * blockBytes }
  /// Of the whole file, to within what describes it.
  package var fileBytes: Int { dataBytes + 2 * ReplayLedger.bytes(blockCount: blockCount) + 65_536 }
}

/// How a learner uses a store, so that it spends its memory well.
package struct ReplayUse: Sendable, Equatable {
  package let drawsPerUpdate: Int
  package let rowsPerUpdate: Int
  /// Steps of a return.
  package let steps: Int
  /// Whether draws depend on what was learned, so that nobody can know them before.
  package let isPrioritized: Bool
  /// What the store may take.
  package let memoryBytes: Int

  package init(drawsPerUpdate: Int, rowsPerUpdate: Int, steps: Int, isPrioritized: Bool, memoryBytes: Int) {
    self.drawsPerUpdate = drawsPerUpdate
    self.rowsPerUpdate = rowsPerUpdate
    self.steps = steps
    self.isPrioritized = isPrioritized
    self.memoryBytes = memoryBytes
  }
}
