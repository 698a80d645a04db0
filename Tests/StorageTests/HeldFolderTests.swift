// What is done in a held folder stays in it, wherever its path leads.

import AgentInterface
import Glibc
import TestSupport
import Testing

@testable import Storage

@Suite struct HeldFolderTests {
  /// A held folder `run`, moved away, with another one in its place.
  private func displaced(_ body: (_ scratch: String, _ held: HeldFolder) throws -> Void) throws {
    try withScratchFolder { scratch in
      try FileSystem.makeFolder(scratch + "/run")
      let held = try HeldFolder(scratch + "/run")
      #expect(try held.whereabouts == .here)
      #expect(rename(scratch + "/run", scratch + "/moved") == 0)
      try FileSystem.makeFolder(scratch + "/run")
      try AtomicWrite.write(text: "another's", to: scratch + "/run/a")
      try body(scratch, held)
      #expect(try FileSystem.names(inFolder: scratch + "/run") == ["a"])
      #expect(try FileSystem.read(scratch + "/run/a") == Array("another's".utf8))
    }
  }

  @Test func whatIsWrittenReadAndRemovedStaysInIt() throws {
    try displaced { scratch, held in
      #expect(try held.whereabouts == .moved(to: scratch + "/moved"))
      try AtomicWrite.write(text: "ours", to: held.file("a"), in: held)
      #expect(try FileSystem.read(held.file("a"), in: held) == Array("ours".utf8))
      try FileSystem.rename(held.file("a"), to: held.file("b"), in: held)
      #expect(try FileSystem.names(inFolder: held.path, held: held) == ["b"])
      try FileSystem.remove(held.file("b"), in: held)
      #expect(try FileSystem.names(inFolder: scratch + "/moved").isEmpty)
      // What another left half made is not ours to clear away.
      try AtomicWrite.write(text: "half", to: scratch + "/moved/.a.999999999.1.unfinished")
      AtomicWrite.removeLeftovers(inFolder: held.path, held: held)
      #expect(try FileSystem.names(inFolder: scratch + "/moved").isEmpty)
    }
  }

  @Test func checkpointsToo() throws {
    try displaced { scratch, held in
      let store = try CheckpointStore(directory: held.path, keepLast: 1, held: held)
      for step in [1, 2] { try store.save(Checkpoint(), step: step) }
      try store.save(Checkpoint(), asBest: true)
      #expect(try store.list().map(\.step) == [2])
      try store.setAside(store.list())
      #expect(
        try FileSystem.names(inFolder: scratch + "/moved") == ["best.h5", "checkpoint-2.h5.set-aside"])
    }
  }

  @Test func aReplayFileToo() throws {
    try displaced { scratch, held in
      let record = ReplayRecord(columns: 3, actionCount: 2, keepsMasks: false, precision: .float32)
      let shape = ReplayShape(record: record, laneCount: 2, capacity: 8, spareRows: 4, totalRows: 100)
      _ = try ReplayFile.create(held.file("replay.h5"), shape, attributes: ["run": "run"], in: held)
      #expect(try FileSystem.names(inFolder: scratch + "/moved") == ["replay.h5"])
      #expect(try ReplayFile.open(held.file("replay.h5"), in: held).attributes == ["run": "run"])
      // By its path there is none.
      #expect(
        storageError { _ = try ReplayFile.open(held.file("replay.h5")) }
          == .system(path: held.file("replay.h5"), operation: .open, code: ENOENT))
    }
  }

  @Test func aRemovedFolderIsTold() throws {
    try withScratchFolder { scratch in
      try FileSystem.makeFolder(scratch + "/run")
      let held = try HeldFolder(scratch + "/run")
      #expect(rmdir(scratch + "/run") == 0)
      #expect(try held.whereabouts == .removed)
      try FileSystem.makeFolder(scratch + "/run")
      #expect(try held.whereabouts == .removed)
      #expect(
        storageError { try AtomicWrite.write(text: "ours", to: held.file("a"), in: held) }
          == .system(path: held.file("a"), operation: .create, code: ENOENT))
      #expect(storageError { _ = try HeldFolder(scratch + "/none") }?.description.contains("/none") == true)
    }
  }

  /// A link in place of the folder leads to it all the same; another file of the same name is not the one that is open.
  @Test func theSameFileIsTold() throws {
    try withScratchFolder { scratch in
      try FileSystem.makeFolder(scratch + "/run")
      let held = try HeldFolder(scratch + "/run")
      #expect(rename(scratch + "/run", scratch + "/moved") == 0 && symlink("moved", scratch + "/run") == 0)
      #expect(try held.whereabouts == .here)
      let lock = held.open(".lock", O_RDWR | O_CREAT)
      defer { close(lock) }
      #expect(try held.holds(".lock", as: lock) && !held.holds("none", as: lock))
      #expect(unlink(scratch + "/moved/.lock") == 0)
      #expect(try !held.holds(".lock", as: lock))
      try AtomicWrite.write(text: "", to: held.file(".lock"), in: held)
      #expect(try !held.holds(".lock", as: lock))
    }
  }
}
