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

// MARK: As texts

extension ReplayShape {
  /// What a replay file's attributes say of its shape.
  func attributes(schemaVersion: Int = ReplayFile.schemaVersion) -> [String: String] {
    [
      "replay_schema_version": "\(schemaVersion)", "lanes": "\(laneCount)", "columns": "\(record.columns)",
      "actions": "\(record.actionCount)", "masks": record.keepsMasks ? "kept" : "none",
      "observations": record.precision.rawValue, "capacity_rows": "\(capacity)", "blocks": "\(blockCount)",
      "block_rows": "\(blockRows)",
    ]
  }

  /// The shape that attributes tell of, which are taken out of them.
  init(taking attributes: inout [String: String], path: String) throws(StorageError) {
    func damaged(_ name: String) -> StorageError {
      .damaged(
        path: path, place: "attribute '\(name)'", reason: "it is missing, or nothing that a run can have written")
    }
    let texts = attributes
    func number(_ name: String, _ range: ClosedRange<Int>) throws(StorageError) -> Int {
      guard let value = texts[name].flatMap({ Int($0) }), range.contains(value) else { throw damaged(name) }
      return value
    }
    guard let schema = texts["replay_schema_version"] else { throw damaged("replay_schema_version") }
    guard schema == "\(ReplayFile.schemaVersion)" else {
      throw .unsupportedVersion(
        path: path, subject: "replay schema", found: schema, supported: "\(ReplayFile.schemaVersion)")
    }
    guard let masks = texts["masks"], ["kept", "none"].contains(masks) else { throw damaged("masks") }
    guard let precision = texts["observations"].flatMap({ ReplayPrecision(rawValue: $0) }) else {
      throw damaged("observations")
    }
    self.init(
      record: ReplayRecord(
        columns: try number("columns", 1...1_000_000), actionCount: try number("actions", 1...64),
        keepsMasks: masks == "kept", precision: precision),
      laneCount: try number("lanes", 1...1_000_000), capacity: try number("capacity_rows", 1...1 << 40),
      blockCount: try number("blocks", 1...1 << 30))
    let (bytes, overflow) = blockBytes.multipliedReportingOverflow(by: blockCount)
    guard !overflow, bytes < 1 << 60 else { throw damaged("blocks") }
    _ = try number("block_rows", blockRows...blockRows)
    for name in self.attributes().keys { attributes[name] = nil }
  }
}
