// A replay file that is not whole, or not the one that was meant, is refused by name.

import AgentInterface
import Algorithms
import Glibc
import Inference
import Kernels
import Networks
import TestSupport
import Testing

@testable import Storage

@Suite struct DamagedReplayFileTests {
  @Test func everyCutIsRefusedByName() throws {
    let folder = try TemporaryFolder()
    let path = folder.place("replay.h5")
    do {
      let store = FileTransitionStore(
        try ReplayFile.create(path, replayShape(capacity: 900), attributes: [:]), use: replayUse())
      var rows = RandomRows(laneCount: 20, columns: 3, actions: 5)
      rows.append(1000, to: [store])
      _ = store.snapshot()
    }
    let whole = try folder.bytes("replay.h5")
    var refused = 0
    let cuts =
      [0, 1, 15, 16, 40, 95, 100, 4095, 4096, 5000, 8191, 8192, 9000] + (1...40).map { whole.count * $0 / 41 }
      + [whole.count - 1]
    for cut in cuts {
      try folder.write(Array(whole[..<cut]), to: "cut.h5")
      let error = #expect(throws: StorageError.self, "cut at \(cut)") { try ReplayFile.open(folder.place("cut.h5")) }
      #expect(error?.description.contains("cut.h5") == true)
      refused += error == nil ? 0 : 1
    }
    try folder.write(whole + [0], to: "cut.h5")
    #expect(throws: StorageError.self) { try ReplayFile.open(folder.place("cut.h5")) }
    ProofTable.record(
      "damage: cut of a replay file", figure: "\(refused) of \(cuts.count) refused by name", threshold: "all",
      seeds: "-",
      holds: refused == cuts.count)
  }

  @Test func everyChangedByteThatCanBeDrawnIsRefusedByName() throws {
    let folder = try TemporaryFolder()
    let path = folder.place("replay.h5")
    let shape = replayShape(capacity: 900)
    var state = StateRecord()
    var ledger = ReplayLedger()
    do {
      let store = FileTransitionStore(try ReplayFile.create(path, shape, attributes: ["run": "one"]), use: replayUse())
      var rows = RandomRows(laneCount: 20, columns: 3, actions: 5)
      rows.append(1777, to: [store])
      state = store.snapshot()
      ledger = try #require(try store.file.newestLedger()).ledger
    }
    let file = try ReplayFile.open(path)
    var bytes = try folder.bytes("replay.h5")
    let live = ledger.rows(shape)
    #expect(live == 877..<1777)
    var lives = [Bool](repeating: false, count: bytes.count)
    for row in live {
      let place = file.place(ofRow: row)
      for byte in place..<place + shape.rowBytes { lives[byte] = true }
    }
    let data = file.dataOffset..<file.dataOffset + shape.dataBytes
    var random = RandomStream(seed: 5, purpose: .mutation)
    var tried = 0
    var refused = 0
    var unused = 0
    // The description, whose every byte counts, and as many others.
    let description = bytes.indices.filter { !data.contains($0) && $0 < data.lowerBound || $0 >= data.upperBound }
    var places =
      stride(from: 0, to: 4200, by: 61).map { $0 }
      + (0..<200).map { _ in Int(random.nextInteger(below: UInt64(bytes.count))) }
    places += (0..<100).map { _ in description[Int(random.nextInteger(below: UInt64(description.count)))] }
    for place in places {
      let old = bytes[place]
      bytes[place] ^= UInt8(1 + random.nextInteger(below: 255))
      try folder.write(bytes, to: "changed.h5")
      bytes[place] = old
      guard let words = refusal(folder.place("changed.h5"), state) else {
        // Rows that nobody draws any more, and the ledgers, of which a checkpoint has its own.
        #expect(!lives[place], "byte \(place) was changed unnoticed")
        unused += 1
        continue
      }
      tried += 1
      refused += words.contains("changed.h5") ? 1 : 0
    }
    #expect(refused == tried && tried > 150 && unused > 20, "\(refused) of \(tried), \(unused) unused")
    ProofTable.record(
      "damage: changed byte of a replay file", figure: "\(refused) of \(tried) refused by name", threshold: "all",
      seeds: "5",
      holds: refused == tried)
  }

  /// Why a file cannot serve a saved state, or nil.
  private func refusal(_ path: String, _ state: StateRecord) -> String? {
    do throws(StorageError) {
      try FileTransitionStore(try ReplayFile.open(path), use: replayUse()).verify(state)
      return nil
    } catch {
      return error.description
    }
  }

  /// A ledger whose number no run comes to is none, digest or not: there would be no number after it.
  @Test func aLedgerBeyondAllNumbersIsNone() throws {
    let folder = try TemporaryFolder()
    let path = folder.place("replay.h5")
    let shape = replayShape(capacity: 900)
    let store = FileTransitionStore(try ReplayFile.create(path, shape, attributes: [:]), use: replayUse())
    var rows = RandomRows(laneCount: 20, columns: 3, actions: 5)
    rows.append(100, to: [store])
    let state = store.snapshot()
    var bytes = try folder.bytes("replay.h5")
    let place = bytes[80..<88].reversed().reduce(0) { $0 << 8 | Int($1) }
    for sequence in [UInt64.max, 1 << 62] {
      // The first ledger went to the second place.
      let forged = ReplayLedger(appended: 100, digests: try #require(try store.file.newestLedger()).ledger.digests)
        .encoded(sequence: sequence)
      bytes.replaceSubrange(place..<place + forged.count, with: forged)
      try folder.write(bytes, to: "forged.h5")
      let file = try ReplayFile.open(folder.place("forged.h5"), forWriting: true)
      #expect(try file.newestLedger()?.sequence == 1)
      let again = FileTransitionStore(file, use: replayUse())
      try again.restore(state)
      #expect(again.snapshot() == state && again.failure == nil)
      #expect(try ReplayFile.open(folder.place("forged.h5")).newestLedger()?.sequence == 2)
    }
  }

  /// What is read is checked where it becomes an index, also while a run goes on.
  @Test func damageDuringARunEndsIt() throws {
    let folder = try TemporaryFolder()
    let path = folder.place("replay.h5")
    let shape = replayShape(capacity: 2000)
    let store = FileTransitionStore(try ReplayFile.create(path, shape, attributes: [:]), use: replayUse())
    var rows = RandomRows(laneCount: 20, columns: 3, actions: 5)
    rows.append(2500, to: [store])
    _ = store.snapshot()
    let descriptor = open(path, O_WRONLY | O_CLOEXEC)
    defer { close(descriptor) }
    let bad = [UInt8](repeating: 0xFF, count: shape.dataBytes)
    #expect(pwrite(descriptor, bad, bad.count, off_t(store.file.dataOffset)) == bad.count)
    for row in stride(from: 0, to: 2000, by: 100) {
      #expect((0..<5).contains(store.action(row: row, lane: 3)))
      #expect(store.nextMask(row: row, lane: 3).rawValue != 0)
      _ = store.end(row: row, lane: 3)
    }
    #expect(store.failure?.description.contains("replay.h5") == true)
    // And one that was cut short meanwhile.
    let second = FileTransitionStore(
      try ReplayFile.create(folder.place("second.h5"), shape, attributes: [:]), use: replayUse())
    rows.append(2500, to: [second])
    _ = second.snapshot()
    #expect(truncate(folder.place("second.h5"), 10_000) == 0)
    _ = second.reward(row: 700, lane: 3)
    #expect(second.failure?.description.contains("truncated") == true)
  }

  @Test func refusesOtherKindsAndVersions() throws {
    let folder = try TemporaryFolder()
    try folder.write("hello", to: "text")
    #expect(throws: StorageError.notRecognised(path: folder.place("text"), expected: "a replay file", found: "'hello'"))
    {
      try ReplayFile.open(folder.place("text"))
    }
    try Checkpoint().encoded().withUnsafeBytes { try folder.write(Array($0), to: "checkpoint.h5") }
    #expect(throws: StorageError.self) { try ReplayFile.open(folder.place("checkpoint.h5")) }
    #expect(throws: StorageError.self) { try ReplayFile.open(folder.path) }
    #expect(throws: StorageError.self) { try ReplayFile.open(folder.place("nothing")) }
    let path = folder.place("replay.h5")
    _ = try ReplayFile.create(path, replayShape(), attributes: [:], schemaVersion: 2)
    #expect(
      throws: StorageError.unsupportedVersion(path: path, subject: "replay schema", found: "2", supported: "1")
    ) { try ReplayFile.open(path) }
  }
}
