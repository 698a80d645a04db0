// Saves that go on beside their run: in order, none lost, and what goes wrong is told with the next.

import AgentInterface
import Glibc
import Storage
import TestSupport
import Testing

@Suite struct CheckpointWriterTests {
  private func checkpoint(_ number: Int, floats: Int = 100_000) -> Checkpoint {
    var record = StateRecord()
    record.floats["values"] = [Float](repeating: Float(number), count: floats)
    return Checkpoint(attributes: ["number": "\(number)"], groups: ["network": record])
  }

  @Test func savesAreInPlaceInTheirOrder() throws {
    let folder = try TemporaryFolder()
    let store = try CheckpointStore(directory: folder.path, keepLast: 2)
    let writer = CheckpointWriter(store)
    for number in 0..<6 {
      try writer.save(checkpoint(number), asBest: number == 3, step: number == 4 ? nil : number)
      // Whatever was saved before this one is whole by now.
      if number > 0, number - 1 != 4 { #expect(try store.load(store.path(step: number - 1)) == checkpoint(number - 1)) }
    }
    try writer.finish()
    #expect(writer.isIdle)
    let steps = try store.list().map(\.step)
    #expect(steps == [3, 5])
    #expect(try store.load(store.path(step: 5)) == checkpoint(5))
    #expect(try store.load(store.bestPath) == checkpoint(3))
  }

  /// Two files of the same bytes, of which the one stays as it is whatever becomes of the other.
  @Test func aBestOfAStepIsTwoFiles() throws {
    let folder = try TemporaryFolder()
    let store = try CheckpointStore(directory: folder.path, keepLast: 1)
    let writer = CheckpointWriter(store)
    try writer.save(checkpoint(1), asBest: false, step: 1)
    try writer.save(checkpoint(2), asBest: true, step: 2)
    try writer.finish()
    let bytes = try checkpoint(2).encoded()
    #expect(try FileSystem.read(store.bestPath) == bytes)
    #expect(try FileSystem.read(store.path(step: 2)) == bytes)
    #expect(try store.list().map(\.step) == [2])
    let files = try [store.bestPath, store.path(step: 2)].map { path in
      var status = stat()
      try #require(lstat(path, &status) == 0)
      return status.st_ino
    }
    #expect(files[0] != files[1])
    try writer.save(checkpoint(3), asBest: true, step: nil)
    try writer.finish()
    #expect(try FileSystem.read(store.path(step: 2)) == bytes)
  }

  /// Told where the run looks next, once; what was there before stays.
  @Test func aSaveThatFailsIsTold() throws {
    let folder = try TemporaryFolder()
    let store = try CheckpointStore(directory: folder.path, keepLast: 1)
    let writer = CheckpointWriter(store)
    try writer.save(checkpoint(1), asBest: false, step: 1)
    try writer.finish()
    // A folder where the next file should be.
    try FileSystem.makeFolder(folder.place("checkpoint-2.h5"))
    try writer.save(checkpoint(2), asBest: false, step: 2)
    #expect(throws: StorageError.self) { try writer.save(checkpoint(3), asBest: false, step: 3) }
    #expect(writer.isIdle)
    #expect(try store.load(store.path(step: 1)) == checkpoint(1))
    try #require(rmdir(folder.place("checkpoint-2.h5")) == 0)
    try writer.save(checkpoint(3), asBest: false, step: 3)
    try writer.finish()
    #expect(try store.load(store.path(step: 3)) == checkpoint(3))
  }

  /// Who lets go of a writer still gets the file.
  @Test func whatWasBegunIsWritten() throws {
    let folder = try TemporaryFolder()
    let store = try CheckpointStore(directory: folder.path, keepLast: 1)
    do {
      let writer = CheckpointWriter(store)
      try writer.save(checkpoint(7, floats: 1_000_000), asBest: false, step: 7)
    }
    #expect(try store.load(store.path(step: 7)) == checkpoint(7, floats: 1_000_000))
  }
}
