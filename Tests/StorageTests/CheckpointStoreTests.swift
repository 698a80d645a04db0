// The last few and the best stay, whatever else lies in the folder.

import AgentInterface
import Glibc
import TestSupport
import Testing

@testable import Storage

@Suite struct CheckpointStoreTests {
  private func checkpoint(_ step: Int) -> Checkpoint {
    Checkpoint(attributes: ["step": "\(step)"], groups: ["network": StateRecord(floats: ["parameters": [Float(step)]])])
  }

  @Test func keepsTheLastFewAndTheBest() throws {
    try withScratchFolder { folder in
      let store = try CheckpointStore(directory: folder + "/run/checkpoints", keepLast: 3)
      #expect(try store.latest() == nil)
      for step in [0, 9, 10, 100, 1000] { try store.save(checkpoint(step), step: step) }
      try store.save(checkpoint(9), asBest: true)
      #expect(try store.list().map(\.step) == [10, 100, 1000])
      let latest = try #require(try store.latest())
      #expect(latest.path == folder + "/run/checkpoints/checkpoint-1000.h5")
      #expect(try store.load(latest.path) == checkpoint(1000))
      #expect(try store.load(store.bestPath) == checkpoint(9))
      try store.save(checkpoint(100), asBest: true)
      #expect(try store.load(store.bestPath) == checkpoint(100))
      #expect(
        try FileSystem.names(inFolder: store.directory)
          == ["best.h5", "checkpoint-10.h5", "checkpoint-100.h5", "checkpoint-1000.h5"])
    }
  }

  @Test func savingAStepAgainReplacesIt() throws {
    try withScratchFolder { folder in
      let store = try CheckpointStore(directory: folder, keepLast: 1)
      try store.save(checkpoint(5), step: 7)
      try store.save(checkpoint(7), step: 7)
      let path = store.path(step: 7)
      #expect(try store.load(path) == checkpoint(7))
      #expect(try store.list().count == 1)
    }
  }

  /// What is hashed while it is written, piece by piece, are the bytes that are made at once; more than two pieces, and less than one.
  @Test(arguments: [0, 3, 700_000]) func aSavedFileHasTheBytesOfAnEncodedOne(count: Int) throws {
    try withScratchFolder { folder in
      let store = try CheckpointStore(directory: folder, keepLast: 1)
      let checkpoint = Checkpoint(
        attributes: ["run": "x"],
        groups: ["network": StateRecord(floats: ["parameters": (0..<count).map { Float($0) * 0.37 }])])
      try store.save(checkpoint, step: 1)
      let path = store.path(step: 1)
      #expect(try FileSystem.read(path) == checkpoint.encoded())
      #expect(try store.load(path) == checkpoint)
    }
  }

  @Test func checkpointsOfLaterStepsAreNotTouched() throws {
    try withScratchFolder { folder in
      let store = try CheckpointStore(directory: folder, keepLast: 2)
      for step in [10, 20, 30] { try store.save(checkpoint(step), step: step) }
      try store.save(checkpoint(15), step: 15)
      #expect(try store.list().map(\.step) == [15, 20, 30])
    }
  }

  @Test func otherFilesAreNoCheckpoints() throws {
    try withScratchFolder { folder in
      let names = [
        "checkpoint-.h5", "checkpoint-007.h5", "checkpoint--3.h5", "checkpoint-+3.h5", "checkpoint-5.h5.bak",
        "checkpoint-99999999999999999999.h5", ".checkpoint-8.h5.1.1.unfinished", "best.h5", "progress.csv",
      ]
      for name in names { writePlainly([1], to: folder + "/" + name) }
      let found = try CheckpointStore.list(directory: folder)
      #expect(found.isEmpty)
    }
  }

  @Test func leftoversOfTheDeadGoAndThoseOfTheLivingStay() throws {
    try withScratchFolder { folder in
      let deadProcess = 99_999_999
      let dead = ".checkpoint-8.h5.\(deadProcess).1.unfinished"
      let living = ".checkpoint-9.h5.\(getppid()).1.unfinished"
      // Made by an earlier process that had our number: nobody holds its lock. Ours, which we hold, stays.
      let namesake = ".checkpoint-7.h5.\(getpid()).1.unfinished"
      let ours = ".checkpoint-6.h5.\(getpid()).2.unfinished"
      for name in [dead, living, namesake, ours, ".hidden", "x.unfinished"] {
        writePlainly([1], to: folder + "/" + name)
      }
      let held = open(folder + "/" + ours, O_WRONLY | O_CLOEXEC)
      defer { close(held) }
      try #require(flock(held, LOCK_EX) == 0)
      let store = try CheckpointStore(directory: folder, keepLast: 1)
      let names = try FileSystem.names(inFolder: folder)
      #expect(names == [living, ours, ".hidden", "x.unfinished"].sorted())
      #expect(try store.latest() == nil)
    }
  }

  @Test func aDamagedCheckpointIsRefusedByName() throws {
    try withScratchFolder { folder in
      let store = try CheckpointStore(directory: folder, keepLast: 2)
      try store.save(checkpoint(1), step: 1)
      let path = store.path(step: 1)
      var bytes = try FileSystem.read(path)
      bytes[bytes.count / 2] ^= 4
      writePlainly(bytes, to: path)
      let text = try #require(storageError { try store.load(path) }).description
      #expect(text.contains(path) && text.contains("SHA-256") && text.contains("restore it from a copy"))
    }
  }

  @Test func aVanishedFolderIsAnErrorThatNamesIt() throws {
    try withScratchFolder { folder in
      let store = try CheckpointStore(directory: folder + "/run", keepLast: 1)
      #expect(rmdir(folder + "/run") == 0)
      let error = try #require(storageError { try store.save(checkpoint(1), step: 1) })
      #expect(
        error == .system(path: folder + "/run/checkpoint-1.h5", operation: .create, code: ENOENT))
      #expect(error.description.contains("folder still exists"))
      #expect(storageError { try store.list() } == .system(path: folder + "/run", operation: .list, code: ENOENT))
    }
  }

  @Test func aFolderThatIsAFileIsAnError() throws {
    try withScratchFolder { folder in
      writePlainly([1], to: folder + "/file")
      #expect(
        storageError { try CheckpointStore(directory: folder + "/file", keepLast: 1) }
          == .system(path: folder + "/file", operation: .create, code: ENOTDIR))
      let below = storageError { try CheckpointStore(directory: folder + "/file/run", keepLast: 1) }
      #expect(below != nil)
    }
  }
}
