// The old file or the new one, and a name for every refusal.

import Glibc
import TestSupport
import Testing

@testable import Storage

@Suite struct AtomicWriteTests {
  @Test func writesReplacesAndLeavesNothingBehind() throws {
    try withScratchFolder { folder in
      let path = folder + "/a.bin"
      for size in [0, 1, 100_000, 3] {
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try AtomicWrite.write(bytes, to: path)
        #expect(try FileSystem.read(path) == bytes)
      }
      try AtomicWrite.write(text: "é", to: folder + "/text")
      #expect(try FileSystem.read(folder + "/text") == [0xc3, 0xa9])
      #expect(try FileSystem.names(inFolder: folder) == ["a.bin", "text"])
    }
  }

  @Test func aFullDiskIsNamed() throws {
    let descriptor = open("/dev/full", O_WRONLY)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    let error = storageError { try AtomicWrite.writeAll([1, 2, 3], to: descriptor, path: "runs/x.h5") }
    #expect(error == .system(path: "runs/x.h5", operation: .write, code: ENOSPC))
    #expect(error?.description.contains("No space left on device; free some space") == true)
  }

  private func refusal(to path: String) -> StorageError? { storageError { try AtomicWrite.write([1], to: path) } }

  @Test func whatCannotBeWrittenIsNamedAndLeftAlone() throws {
    try withScratchFolder { folder in
      let file = folder + "/file"
      writePlainly([7], to: file)
      #expect(refusal(to: file + "/x") == .system(path: file + "/x", operation: .create, code: ENOTDIR))
      #expect(refusal(to: folder + "/none/x") == .system(path: folder + "/none/x", operation: .create, code: ENOENT))
      #expect(refusal(to: folder) == .notARegularFile(path: folder))
      let kept = try FileSystem.read(file)
      let names = try FileSystem.names(inFolder: folder)
      #expect(kept == [7])
      #expect(names == ["file"])
    }
    #expect(refusal(to: "/dev/full") == .notARegularFile(path: "/dev/full"))
    // A folder that root cannot write to either.
    #expect(refusal(to: "/proc/strikeforge")?.description.contains("'/proc/strikeforge'") == true)
    #expect(refusal(to: "") == .notARegularFile(path: ""))
  }

  @Test func whatCannotBeReadIsNamed() throws {
    try withScratchFolder { folder in
      #expect(
        storageError { try FileSystem.read(folder + "/none") }
          == .system(path: folder + "/none", operation: .open, code: ENOENT))
      #expect(storageError { try FileSystem.read(folder) } == .notARegularFile(path: folder))
      #expect(mkfifo(folder + "/pipe", 0o600) == 0)
      #expect(storageError { try FileSystem.read(folder + "/pipe") } == .notARegularFile(path: folder + "/pipe"))
      #expect(storageError { try FileSystem.read("/dev/zero") } == .notARegularFile(path: "/dev/zero"))
    }
  }

  /// Writing a file clears away what earlier writers of that very file left, and nothing else.
  @Test func aFilesOwnLeftoversGo() throws {
    try withScratchFolder { folder in
      let dead = ".a.bin.99999999.1.unfinished"
      let other = ".b.bin.99999999.1.unfinished"
      for name in [dead, other] { writePlainly([1], to: folder + "/" + name) }
      try AtomicWrite.write([2], to: folder + "/a.bin")
      #expect(try FileSystem.names(inFolder: folder) == [other, "a.bin"].sorted())
    }
  }

  /// A file of holes has no size on the disk, but asking for its bytes would end the process.
  @Test func aFileBeyondMemoryIsNamed() throws {
    try withScratchFolder { folder in
      let path = folder + "/holes"
      writePlainly([], to: path)
      let bytes = 1 << 42
      try #require(truncate(path, bytes) == 0)
      let error = storageError { try FileSystem.read(path) }
      #expect(error == .tooLarge(path: path, bytes: bytes, limitBytes: FileSystem.largestFileBytes))
      #expect(
        storageError { try FileSystem.read("/proc/self/maps", limitBytes: 10) }?.description.contains("maps") == true)
    }
  }

  @Test func pathsComeApart() {
    let cases = [
      ("a", ".", "a"), ("a/b", "a", "b"), ("/a", "/", "a"), ("/a/b/", "/a", "b"), ("a//b", "a/", "b"), ("/", "/", ""),
    ]
    for (path, folder, name) in cases {
      #expect(FileSystem.split(path) == (folder, name), "\(path)")
    }
  }

  @Test func temporariesAreRecognisedByName() {
    #expect(AtomicWrite.ownerOfTemporary(named: ".best.h5.123.4.unfinished") == 123)
    for name in ["best.h5", ".best.h5.123.4", "best.h5.123.4.unfinished", ".123.4.unfinished", ".a.x.4.unfinished"] {
      #expect(AtomicWrite.ownerOfTemporary(named: name) == nil, "\(name)")
    }
  }
}
