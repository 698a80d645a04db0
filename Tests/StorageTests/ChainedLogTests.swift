// A log that only grows: whoever changes, removes or half-writes a line is seen, and nobody is in anybody's way.

import Glibc
import TestSupport
import Testing
import Text

@testable import Storage

@Suite struct ChainedLogTests {
  private func append(_ name: String, to path: String) throws -> ChainedLog {
    try ChainedLog.append(to: path) { _ in ["name": .string(name)] }
  }

  /// A log of lines named a, b, c ... in a folder of its own.
  private func withLog<Result>(_ count: Int, _ body: (String) throws -> Result) throws -> Result {
    try withScratchFolder { folder in
      let path = folder + "/x.looks.jsonl"
      for line in 0..<count { _ = try append(String(UnicodeScalar(UInt8(97 + line))), to: path) }
      return try body(path)
    }
  }

  private func bytes(_ path: String) throws -> [UInt8] { try FileSystem.read(path) }

  /// The lines of a file with their line feeds.
  private func lines(_ path: String) throws -> [[UInt8]] {
    try bytes(path).split(separator: UInt8(ascii: "\n")).map { Array($0) + [UInt8(ascii: "\n")] }
  }

  private func names(_ log: ChainedLog) -> [String] { log.entries.map { $0.members["name"]?.stringValue ?? "?" } }

  @Test func everyLineHoldsTheDigestOfTheOneBefore() throws {
    try withLog(3) { path in
      let lines = try lines(path)
      #expect(lines.count == 3)
      var previous = String(repeating: "0", count: 64)
      for (place, line) in lines.enumerated() {
        let text = String(decoding: line.dropLast(), as: UTF8.self)
        let members = try #require(JSON.parse(text).objectValue)
        #expect(members["sequence"]?.integerValue == place + 1 && members["previous"]?.stringValue == previous)
        #expect(Set(members.keys) == ["name", "previous", "sequence"])
        var digest = SHA256()
        digest.update(Array(line.dropLast()))
        previous = SHA256.hexDigits(digest.finalize())
      }
      let log = try ChainedLog.read(path)
      #expect(names(log) == ["a", "b", "c"] && log.faults.isEmpty && log.entries.map(\.line) == [1, 2, 3])
    }
  }

  @Test func whatIsThereAlreadyIsNotWritten() throws {
    try withLog(2) { path in
      let before = try bytes(path)
      let log = try ChainedLog.append(to: path) { log in log.entries.count == 2 ? nil : ["name": "never"] }
      #expect(try bytes(path) == before && names(log) == ["a", "b"] && log.faults.isEmpty)
    }
    try withScratchFolder { folder in
      let found = try ChainedLog.read(folder + "/none")
      #expect(found.entries.isEmpty)
      #expect(TemporaryFolder.names(folder).isEmpty)
    }
  }

  /// Killed after every number of bytes of the third line, before its head was written.
  @Test func aKillAtAnyByteOfALineCostsThatLineAlone() throws {
    try withLog(3) { path in
      let all = try bytes(path)
      let last = try lines(path)[2]
      // The head as it was after two lines.
      let head = try withLog(2) { try bytes($0 + ChainedLog.headSuffix) }
      for count in 0...last.count {
        writePlainly(Array(all.dropLast(last.count - count)), to: path)
        writePlainly(head, to: path + ChainedLog.headSuffix)
        let isWhole = count == last.count
        let read = try ChainedLog.read(path)
        #expect(names(read) == (isWhole ? ["a", "b", "c"] : ["a", "b"]) && read.faults.isEmpty, "\(count) bytes")
        let log = try append("d", to: path)
        #expect(
          names(log) == (isWhole ? ["a", "b", "c", "d"] : ["a", "b", "d"]) && log.faults.isEmpty, "\(count) bytes")
        let again = try ChainedLog.read(path)
        #expect(names(again) == names(log) && again.faults.isEmpty, "\(count) bytes")
      }
    }
    // And before the very first head.
    try withLog(1) { path in
      #expect(unlink(path + ChainedLog.headSuffix) == 0)
      let found = try ChainedLog.read(path)
      #expect(found.faults.isEmpty)
      let after = try append("b", to: path)
      #expect(after.faults.isEmpty)
    }
  }

  @Test(arguments: 0..<3) func aRemovedLineIsSeenForGood(place: Int) throws {
    try withLog(3) { path in
      var lines = try lines(path)
      lines.remove(at: place)
      writePlainly(lines.flatMap { $0 }, to: path)
      let found = try ChainedLog.read(path)
      #expect(found.faults.contains(.cut(lines: 2, expected: 3)))
      for name in ["d", "e"] {
        let log = try append(name, to: path)
        #expect(!log.faults.isEmpty, "after \(name)")
      }
      let log = try ChainedLog.read(path)
      #expect(log.faults == [.broken(line: place + 1)] && log.entries.count == 4)
    }
  }

  @Test(arguments: 0..<3) func aChangedLineIsSeenForGood(place: Int) throws {
    try withLog(3) { path in
      var lines = try lines(path)
      let letter = Character(UnicodeScalar(UInt8(97 + place)))
      let text = String(decoding: lines[place], as: UTF8.self)
      #expect(text.contains("\"name\":\"\(letter)\""))
      lines[place] = Array(text.replacing("\"name\":\"\(letter)\"", with: "\"name\":\"z\"").utf8)
      writePlainly(lines.flatMap { $0 }, to: path)
      let read = try ChainedLog.read(path)
      #expect(read.faults == (place == 2 ? [.changedEnd(line: 3)] : [.broken(line: place + 2)]))
      _ = try append("d", to: path)
      let after = try append("e", to: path)
      #expect(after.faults == [.broken(line: place + 2)])
    }
  }

  @Test func whatIsNoLineIsSeenForGood() throws {
    try withLog(3) { path in
      var lines = try lines(path)
      lines[1] = Array("not a line\n".utf8)
      writePlainly(lines.flatMap { $0 }, to: path)
      let found = try ChainedLog.read(path)
      #expect(found.faults == [.unreadable(line: 2), .broken(line: 3)])
      let after = try append("d", to: path)
      #expect(after.faults == [.unreadable(line: 2), .broken(line: 3)])
      #expect(try names(ChainedLog.read(path)) == ["a", "c", "d"])
    }
  }

  /// The log alone, and its head alone.
  @Test func aRemovedFileIsSeenForGood() throws {
    try withLog(3) { path in
      #expect(unlink(path) == 0)
      let found = try ChainedLog.read(path)
      #expect(found.faults == [.cut(lines: 0, expected: 3)])
      _ = try append("d", to: path)
      let after = try append("e", to: path)
      #expect(after.faults == [.broken(line: 1)])
    }
    try withLog(3) { path in
      #expect(unlink(path + ChainedLog.headSuffix) == 0)
      for _ in 0..<2 {
        // Looking mends nothing.
        #expect(try ChainedLog.append(to: path) { _ in nil }.faults == [.noHead])
      }
      _ = try append("d", to: path)
      let after = try append("e", to: path)
      #expect(after.faults == [.unproven(line: 4)])
    }
    try withLog(1) { path in
      writePlainly(Array("{\"lines\":-1}".utf8), to: path + ChainedLog.headSuffix)
      let found = try ChainedLog.read(path)
      #expect(found.faults == [.noHead])
    }
  }

  /// Numbers at the end of what an integer holds, and what no reader should trip over.
  @Test(arguments: [
    "{\"lines\":9223372036854775807,\"sequence\":9223372036854775807,\"last\":\"x\"}", "{\"lines\":1}", "[]", "",
    "{\"lines\":2,\"sequence\":1,\"last\":\"\"}", "\u{0}\u{FFFD}",
  ])
  func aStrangeHeadIsAFault(_ head: String) throws {
    try withLog(2) { path in
      writePlainly(Array(head.utf8), to: path + ChainedLog.headSuffix)
      let found = try ChainedLog.read(path)
      #expect(!found.faults.isEmpty)
      let after = try append("c", to: path)
      #expect(!after.faults.isEmpty)
    }
  }

  @Test(arguments: [
    "{\"sequence\":9223372036854775807,\"previous\":\"\"}", "{\"sequence\":-9223372036854775808,\"previous\":\"\"}",
    "{\"sequence\":1.5,\"previous\":\"\"}", "{}", "", "\u{0}", "null", String(repeating: "[", count: 100_000),
  ])
  func aStrangeLineIsAFault(_ line: String) throws {
    try withLog(2) { path in
      writePlainly(try bytes(path) + Array((line + "\n").utf8), to: path)
      let found = try ChainedLog.read(path)
      #expect(!found.faults.isEmpty)
      let log = try append("c", to: path)
      #expect(names(log).contains("c") && !log.faults.isEmpty)
      let after = try append("d", to: path)
      #expect(after.entries.count == log.entries.count + 1)
    }
  }

  @Test func whatIsNoFileIsAnError() throws {
    try withScratchFolder { folder in
      // A folder, a pipe (which nobody writes), a link, and a folder that is not there.
      #expect(mkdir(folder + "/folder", 0o755) == 0 && mkfifo(folder + "/pipe", 0o644) == 0)
      #expect(symlink("target", folder + "/link") == 0)
      for name in ["folder", "pipe", "link", "none/x"] {
        let error = storageError { try self.append("a", to: folder + "/" + name) }
        #expect(error?.description.contains(name) == true, "\(name)")
      }
      #expect(TemporaryFolder.names(folder) == ["folder", "link", "pipe"])
    }
  }

  /// Eight at once, twenty lines each: every line once, in one chain.
  @Test func manyMayAppendAtOnce() async throws {
    let folder = try TemporaryFolder()
    let path = folder.place("x.looks.jsonl")
    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in 0..<8 {
        group.addTask {
          for line in 0..<20 {
            _ = try ChainedLog.append(to: path) { _ in ["name": .string("\(writer)-\(line)")] }
          }
        }
      }
      try await group.waitForAll()
    }
    let log = try ChainedLog.read(path)
    #expect(log.faults.isEmpty && Set(names(log)).count == 160)
    #expect(log.entries.map { $0.members["sequence"]?.integerValue } == (1...160).map { Optional($0) })
    // The folder goes with its last user.
    #expect(folder.exists("x.looks.jsonl"))
  }
}
