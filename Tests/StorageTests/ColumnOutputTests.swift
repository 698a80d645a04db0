// Columns on their way to the disk: the same bytes past the system's cache and through it.

import Glibc
import TestSupport
import Testing

@testable import Storage

@Suite struct ColumnOutputTests {
  /// Pieces of many lengths at ascending places, some of them behind each other, some with gaps, over more than one block.
  @Test func bytesLieWhereTheyBelong() throws {
    let folder = try TemporaryFolder()
    for isDirect in [true, false] {
      for trial in 0..<6 {
        var random = SplitMix(seed: UInt64(trial))
        let path = folder.place("columns-\(trial)")
        var expected: [UInt8] = []
        let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        defer { close(descriptor) }
        let output = ColumnOutput(descriptor, path: path, isDirect: isDirect)
        while expected.count < 3 << 20 {
          if random.next(below: 3) == 0 {
            expected += [UInt8](repeating: 0, count: random.next(below: trial % 2 == 0 ? 300 : 9000))
          }
          let count = [7, 512, 4096, 5000, 300_000, 1_500_000][random.next(below: 6)] + random.next(below: 9)
          let piece = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ trial &+ expected.count) }
          try output.write(piece, at: expected.count)
          expected += piece
        }
        try output.finish()
        #expect(fsync(descriptor) == 0)
        #expect(try FileSystem.read(path) == expected, "trial \(trial), direct \(isDirect)")
      }
    }
  }

  /// A descriptor that cannot be written to, and a disk without room, are told as by any other writer.
  @Test func whatCannotBeWrittenIsSaid() throws {
    let folder = try TemporaryFolder()
    let path = folder.place("columns")
    writePlainly([1], to: path)
    let closed = open(path, O_RDONLY | O_CLOEXEC)
    defer { close(closed) }
    let output = ColumnOutput(closed, path: path, isDirect: false)
    let error = storageError {
      try output.write([UInt8](repeating: 1, count: 9000), at: 0)
      try output.finish()
    }
    #expect(error == .system(path: path, operation: .write, code: EBADF))
    let full = open("/dev/full", O_WRONLY | O_CLOEXEC)
    guard full >= 0 else { return }
    defer { close(full) }
    let filled = ColumnOutput(full, path: "/dev/full")
    let failure = storageError {
      try filled.write([UInt8](repeating: 1, count: 9000), at: 0)
      try filled.finish()
    }
    #expect(failure == .system(path: "/dev/full", operation: .write, code: ENOSPC))
  }
}
