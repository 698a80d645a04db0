// Whoever deletes, edits, copies or moves lines of a log is found, wherever and however: a thousand edits at random.

import Kernels
import TestSupport
import Testing
import Text

@testable import Storage

@Suite struct ChainedLogEditTests {
  private enum Edit: CaseIterable { case delete, cutEnd, change, swap, copy, insert, move }

  private static let lineFeed = UInt8(ascii: "\n")

  @Test func everyEditIsFoundAndNamed() throws {
    let folder = try TemporaryFolder()
    let path = folder.place("log.jsonl")
    for line in 0..<40 { try ChainedLog.append(["name": .string("entry \(line)")], to: path) }
    let lines = try FileSystem.read(path).split(separator: Self.lineFeed).map { Array($0) }
    #expect(lines.count == 40)
    var stream = RandomStream(seed: 9, purpose: .mutation)
    var found = 0
    for round in 0..<1000 {
      let edit = Edit.allCases[round % Edit.allCases.count]
      let edited = Self.edited(lines, edit, &stream)
      #expect(edited != lines)
      writePlainly(edited.flatMap { $0 + [Self.lineFeed] }, to: path)
      let faults = try ChainedLog.read(path).faults
      if !faults.isEmpty { found += 1 } else { Issue.record("\(edit) was not found") }
      // The first line that is another one than before, or the one behind it, is named; a cut end says how much is missing.
      let first =
        zip(lines, edited).enumerated().first { $0.element.0 != $0.element.1 }?.offset
        ?? min(lines.count, edited.count)
      let named = faults.contains { fault in
        switch fault {
        case .unreadable(let line), .broken(let line), .changedEnd(let line): (first + 1...first + 2).contains(line)
        case .cut(let count, let expected): count == edited.count && expected == 40
        case .noHead, .unproven: false
        }
      }
      #expect(named, "\(edit), first difference at line \(first + 1): \(faults)")
    }
    #expect(found == 1000)
  }

  /// Another text of lines: never the same.
  private static func edited(_ lines: [[UInt8]], _ edit: Edit, _ stream: inout RandomStream) -> [[UInt8]] {
    func place(_ bound: Int) -> Int { Int(stream.nextInteger(below: UInt64(bound))) }
    var edited = lines
    let one = place(lines.count)
    switch edit {
    case .delete: edited.remove(at: one)
    case .cutEnd: edited.removeLast(1 + place(lines.count - 1))
    case .change:
      // A digit of its text, as somebody would who wants another figure there, or any byte.
      let byte = place(edited[one].count)
      let other = UInt8(ascii: "0") + UInt8(place(10))
      edited[one][byte] = edited[one][byte] == other ? UInt8(ascii: "x") : other
    case .swap:
      let other = (one + 1 + place(lines.count - 1)) % lines.count
      edited.swapAt(one, other)
    case .copy: edited.insert(lines[one], at: place(lines.count))
    case .insert: edited.insert(Array("{\"name\":\"new\",\"sequence\":\(one + 1)}".utf8), at: one)
    case .move:
      let line = edited.remove(at: one)
      edited.insert(line, at: (one + 1 + place(lines.count - 1)) % lines.count)
    }
    return edited
  }

  /// Appending without reading what stands before gives the very bytes of the form that reads it all, also where the head is behind or missing.
  @Test func bothFormsAppendTheSame() throws {
    let folder = try TemporaryFolder()
    let (short, long) = (folder.place("short.jsonl"), folder.place("long.jsonl"))
    for line in 0..<6 {
      let members: [String: JSON] = ["name": .string(String(repeating: "x", count: line == 3 ? 70_000 : line))]
      try ChainedLog.append(members, to: short)
      _ = try ChainedLog.append(to: long) { _ in members }
      if line == 4 {
        for path in [short, long] { try FileSystem.remove(path + ChainedLog.headSuffix) }
      }
    }
    let (one, other) = (try FileSystem.read(short), try FileSystem.read(long))
    #expect(one == other)
    let (head, otherHead) = (
      try FileSystem.read(short + ChainedLog.headSuffix), try FileSystem.read(long + ChainedLog.headSuffix)
    )
    #expect(head == otherHead)
    let faults = try ChainedLog.read(short).faults
    #expect(faults == [.unproven(line: 6)])
  }
}
