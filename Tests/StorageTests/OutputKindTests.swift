// What is written where the user said: beside what a link leads to, and over its own kind alone.

import Glibc
import TestSupport
import Testing

@testable import Storage

@Suite struct OutputKindTests {
  private static let numbers = OutputKind("a list of numbers") { $0.allSatisfy { (48...57).contains($0) || $0 == 10 } }

  private func refusal(_ path: String, inputs: [String] = []) -> StorageError? {
    storageError {
      try AtomicWrite.require(path, replacing: Self.numbers, inputs: inputs)
      try AtomicWrite.write([0x31], to: path, replacing: Self.numbers)
    }
  }

  private func kind(_ path: String) -> UInt32 {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mode & S_IFMT : 0
  }

  @Test func replacesItsOwnKindAlone() throws {
    try withScratchFolder { (folder) throws in
      let path = folder + "/out"
      for (before, isReplaced) in [("", true), ("12\n3\n", true), ("notes", false), ("12,", false)] {
        writePlainly(Array(before.utf8), to: path)
        let error = refusal(path)
        #expect((error == nil) == isReplaced, "\(before)")
        #expect(try FileSystem.read(path) == (isReplaced ? [0x31] : Array(before.utf8)))
        if !isReplaced {
          #expect(
            error?.description.contains("'\(path)' exists and is not a list of numbers, but begins with '") == true)
          #expect(error?.description.contains("name another file, or remove it first") == true)
        }
      }
    }
  }

  /// One link, a chain of relative ones, and one that leads to nothing yet.
  @Test func aLinkStaysAndWhatItLeadsToIsWritten() throws {
    try withScratchFolder { (folder) throws in
      try FileSystem.makeFolder(folder + "/deep")
      writePlainly([0x37], to: folder + "/deep/real")
      for (name, target) in [("a", "deep/real"), ("b", "a"), ("deep/c", "../b"), ("new", "deep/none")] {
        try #require(symlink(target, folder + "/" + name) == 0)
      }
      for name in ["a", "b", "deep/c"] {
        writePlainly([0x37], to: folder + "/deep/real")
        #expect(refusal(folder + "/" + name) == nil)
        #expect(kind(folder + "/" + name) == S_IFLNK && kind(folder + "/deep/real") == S_IFREG)
        #expect(try FileSystem.read(folder + "/deep/real") == [0x31])
      }
      #expect(refusal(folder + "/new") == nil && kind(folder + "/new") == S_IFLNK)
      #expect(try FileSystem.read(folder + "/deep/none") == [0x31])
      #expect(try FileSystem.names(inFolder: folder + "/deep") == ["c", "none", "real"])
    }
  }

  @Test func whatIsNoFileIsRefused() throws {
    try withScratchFolder { (folder) throws in
      try #require(symlink("/proc/self/fd/1", folder + "/stdout") == 0)
      try #require(symlink("loop", folder + "/loop") == 0)
      try #require(mkfifo(folder + "/pipe", 0o600) == 0)
      for path in ["/proc/self/fd/1", folder + "/stdout"] {
        #expect(refusal(path) == .output(path: path, .isOpen))
        #expect(storageError { try AtomicWrite.write([1], to: path) } == .output(path: path, .isOpen))
      }
      #expect(kind(folder + "/stdout") == S_IFLNK)
      #expect(refusal(folder + "/loop") == .system(path: folder + "/loop", operation: .open, code: ELOOP))
      for path in [folder + "/pipe", folder, "/dev/null"] { #expect(refusal(path) == .notARegularFile(path: path)) }
      #expect(kind("/dev/null") == S_IFCHR)
    }
  }

  /// By name, by a link and by another name of the same file.
  @Test func anInputIsNotWrittenOver() throws {
    try withScratchFolder { (folder) throws in
      let input = folder + "/in"
      writePlainly([0x35], to: input)
      try #require(symlink("in", folder + "/link") == 0 && link(input, folder + "/twin") == 0)
      for path in [input, folder + "/link", folder + "/twin"] {
        #expect(refusal(path, inputs: [folder + "/none", input]) == .output(path: path, .input(input)))
      }
      #expect(try FileSystem.read(input) == [0x35])
      // What is said of a name does not say it twice.
      #expect(
        StorageError.output(path: "a.csv", .input("a.csv")).description
          == "'a.csv' is read, and is not written over; name another file")
      #expect(
        StorageError.output(path: "b.csv", .input("a.csv")).description.contains("'b.csv' is 'a.csv', which is read"))
    }
  }

  /// Names as long as the file system has them are written; longer ones are a sentence.
  @Test func longNamesAreWrittenOrNamed() throws {
    try withScratchFolder { (folder) throws in
      for length in [200, 201, 255] {
        let path = folder + "/" + String(repeating: "n", count: length)
        writePlainly([], to: FileSystem.split(path).folder + "/x")
        #expect(refusal(path) == nil, "\(length)")
        #expect(try FileSystem.read(path) == [0x31])
        #expect(refusal(path) == nil, "\(length) again")
      }
      let path = folder + "/" + String(repeating: "n", count: 256)
      #expect(refusal(path)?.description.contains("File name too long; choose a shorter name") == true)
      #expect(try FileSystem.names(inFolder: folder).count == 4)
    }
  }

  /// What is refused by its first bytes or its size is not read: holes of gibibytes cost nothing.
  @Test func aWrongLargeFileIsNotRead() throws {
    try withScratchFolder { (folder) throws in
      let path = folder + "/big"
      writePlainly([], to: path)
      try #require(truncate(path, 1 << 40) == 0)
      func isRefused(_ body: () throws -> Void) -> Bool {
        storageError(body)?.description.contains("'\(path)'") == true
      }
      #expect(isRefused { _ = try MarketStore.read(path) })
      #expect(isRefused { _ = try CheckpointStore.load(path) })
      #expect(isRefused { _ = try RolloutFile.read(path, content: .incident) })
      #expect(isRefused { _ = try StorageInspection.describe(path) })
      #expect(try StorageInspection.kind(path) == nil)
      #expect(isRefused { _ = try CSVImporter.read(path: path, symbolOverride: "A") })
      // With the right beginning its size is not the one that it announces.
      let descriptor = open(path, O_WRONLY)
      _ = Array("STRIKEFORGE-MRKT\u{1}\0\0\0\0\0\0\0".utf8).withUnsafeBytes {
        pwrite(descriptor, $0.baseAddress, $0.count, 0)
      }
      close(descriptor)
      #expect(
        storageError { try MarketStore.read(path) } == .wrongSize(path: path, expectedBytes: 512, foundBytes: 1 << 40))
    }
  }
}
