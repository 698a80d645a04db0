// A replay file read from its oldest transition to its newest, block by block.

import AgentInterface
import Text

/// The transitions that a replay file held when its run last saved, every one of them checked.
package final class ReplayReader {
  package let file: ReplayFile
  private let ledger: ReplayLedger

  /// Opens a file and checks everything in it.
  package init(_ path: String) throws(StorageError) {
    file = try ReplayFile.open(path)
    (ledger, _) = try file.verifiedLedger()
  }

  package var shape: ReplayShape { file.shape }
  /// Of the rows, counted from the run's beginning.
  package var rows: Range<Int> { ledger.rows(file.shape) }
  /// Steps that the run has made.
  package var appended: Int { ledger.appended }
  /// SHA-256 of the blocks' digests.
  package var digest: String { SHA256.hex(ledger.digests) }

  /// Calls `body` with each row and the bytes of its transitions, lane by lane.
  func forEachRow(_ body: (Int, UnsafeRawPointer) throws(StorageError) -> Void) throws(StorageError) {
    let shape = file.shape
    let block = UnsafeMutableRawPointer.allocate(byteCount: shape.blockBytes, alignment: 64)
    defer { block.deallocate() }
    for index in ledger.blocks(shape) {
      let rows = ledger.rows(ofBlock: index, shape)
      file.prepare(file.bytes(ofBlock: index + 1))
      try file.read(rows: rows, into: block)
      for row in rows { try body(row, UnsafeRawPointer(block + (row - rows.lowerBound) * shape.rowBytes)) }
    }
  }

  func damaged(_ row: Int, _ lane: Int, _ what: String) -> StorageError {
    .damaged(path: file.path, place: "row \(row), lane \(lane)", reason: "it does not hold \(what)")
  }
}

extension ReplayReader {
  /// Name and value of each line about the file, for a person.
  package func describe() throws(StorageError) -> [(String, String)] {
    let (record, lanes) = (shape.record, shape.laneCount)
    var actions = [Int](repeating: 0, count: record.actionCount)
    var ends = [0, 0, 0]
    var (sum, least, most) = (0.0, Float.infinity, -Float.infinity)
    try forEachRow { (row, bytes) throws(StorageError) in
      for lane in 0..<lanes {
        let transition = bytes + lane * record.bytes
        guard let action = record.action(transition) else { throw damaged(row, lane, "an action") }
        guard let end = record.end(transition) else { throw damaged(row, lane, "an end") }
        actions[action] += 1
        ends[Int(end.rawValue)] += 1
        let reward = record.reward(transition)
        sum += Double(reward)
        (least, most) = (min(least, reward), max(most, reward))
      }
    }
    let count = rows.count * lanes
    var lines = [
      ("kind", "replay memory, schema \(ReplayFile.schemaVersion)"),
      ("transitions", "\(count) of \(shape.capacity * lanes), every block's digest verified"),
      ("rows", rows.isEmpty ? "none" : "\(rows.lowerBound) to \(rows.upperBound - 1), \(lanes) lanes each"),
      (
        "transition",
        "\(record.columns) columns \(record.precision.rawValue), \(record.actionCount) actions, masks "
          + "\(record.keepsMasks ? "kept" : "not kept"), \(record.bytes) bytes"
      ),
      ("ring", "\(shape.blockCount) blocks of \(shape.blockRows) rows, \(shape.dataBytes) bytes"),
    ]
    if count > 0 {
      lines += [
        ("episodes", "\(ends[1]) terminated, \(ends[2]) truncated"),
        ("reward", "mean \(sum / Double(count)), least \(least), most \(most)"),
        ("actions", actions.enumerated().map { "\($0.offset): \($0.element)" }.joined(separator: ", ")),
      ]
    }
    lines.append(("content", "sha256 \(digest)"))
    for (name, text) in file.attributes.sorted(by: { $0.key < $1.key }) where !text.isEmpty {
      lines.append((name, text.count > 100 ? text.prefix(100) + "... (\(text.utf8.count) bytes)" : text))
    }
    return lines.map { (PrintableText.of($0.0), PrintableText.of($0.1, longest: 10_000)) }
  }
}
