// What is told as saved is on the disk: every flush of the program, and its place among the renames.

import AgentInterface
import Algorithms
import RunSupport
import TestSupport
import Testing
import Text

@testable import Storage
@testable import Training

@Suite struct DurabilityTests {
  private func size(_ path: String) throws -> Int { try FileSystem.read(path).count }

  /// The bytes first, then their name, then the folder that holds the name: in another order a loss of power leaves an empty file under a good name.
  @Test func aFileIsFlushedBeforeItsNameAndTheFolderAfterIt() throws {
    let folder = try TemporaryFolder()
    let requests = try DiskTrace.requests(below: folder.path) {
      try AtomicWrite.write([UInt8](repeating: 7, count: 12_345), to: folder.place("a.bin"))
    }
    #expect(requests.count == 3, "\(requests)")
    guard requests.count == 3, case .flush(let temporary, let bytes) = requests[0] else { return }
    #expect(temporary.hasPrefix(".a.bin.") && bytes == 12_345)
    #expect(requests[1] == .rename(temporary, to: "a.bin"))
    #expect(requests[2] == .flush(".", bytes: nil))
  }

  /// The last thing that happens to a log's file is its flush, with the whole line in it.
  @Test func aLineOfALogIsFlushed() throws {
    let folder = try TemporaryFolder()
    let path = folder.place("x.looks.jsonl")
    for line in 1...3 {
      let requests = try DiskTrace.requests(below: folder.path) {
        _ = try ChainedLog.append(to: path) { _ in ["line": .integer(Int64(line))] }
      }
      #expect(try requests.contains(.flush("x.looks.jsonl", bytes: size(path))), "\(requests)")
    }
  }

  /// Rows before the ledger that tells of them, the ledger before the checkpoint that names it; and a new file before anything is put into it.
  @Test func aReplayFileIsFlushedRowsFirst() throws {
    let folder = try TemporaryFolder()
    let path = folder.place("replay.h5")
    let shape = replayShape(capacity: 400, actions: 5, masks: true, precision: .float32)
    var file: ReplayFile?
    let made = try DiskTrace.requests(below: folder.path) {
      file = try ReplayFile.create(path, shape, attributes: ["environment": "none"])
    }
    #expect(made.count == 3, "\(made)")
    guard made.count == 3, case .flush(let unfinished, let bytes) = made[0] else { return }
    #expect(try bytes == size(path) && made[1] == .rename(unfinished, to: "replay.h5"), "\(made)")
    #expect(made[2] == .flush(".", bytes: nil), "\(made)")
    let store = FileTransitionStore(try #require(file), use: replayUse(0))
    var rows = RandomRows(laneCount: 20, columns: 3, actions: 5)
    rows.append(30, to: [store])
    let saved = DiskTrace.requests(below: folder.path) { _ = store.snapshot() }
    #expect(try saved == [.flush("replay.h5", bytes: size(path)), .flush("replay.h5", bytes: size(path))], "\(saved)")
    #expect(store.failure == nil)
  }

  /// No checkpoint is ahead of its log: every file that a run appends to is flushed before the checkpoint gets its name.
  @Test func aRunsLogIsFlushedBeforeItsCheckpoint() throws {
    let folder = try TemporaryFolder()
    let configuration = smallConfiguration("leak", .ppo)
    let directory = try RunDirectory.create(run: folder.place("run"), prefix: "")
    let log = try RunLog(directory, configuration, resumeStep: nil)
    let saves = RunSaves(directory, log: log, store: try RunSaves.store(configuration, directory))
    let requests = try DiskTrace.requests(below: folder.path) {
      try saves.save(Checkpoint(attributes: ["run": "run"]), step: 2, best: nil, isKept: true, waits: true)
    }
    let named = try #require(
      requests.firstIndex { if case .rename(_, to: "run/checkpoint-2.h5") = $0 { true } else { false } }, "\(requests)")
    let logs = try FileSystem.names(inFolder: directory.path).filter {
      $0.hasSuffix(".csv") || $0.hasSuffix(".jsonl") || $0.contains("tfevents")
    }
    #expect(!logs.isEmpty)
    for name in logs {
      let bytes = try size(directory.file(name))
      #expect(requests[..<named].contains(.flush("run/\(name)", bytes: bytes)), "\(name): \(requests)")
    }
  }
}
