// The mistakes that test the tests: `scripts/mutate` makes them, here it is only asked whether they can still be made and judged.

import FoundationEssentials
import TestSupport
import Testing

@Suite struct MutationListTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  private struct Mistake {
    var name: String
    var path: String
    var judges: [String]

    var room: String { String(path.split(separator: "/").dropFirst().first ?? "") }
  }

  private static func mutate(_ words: String...) throws -> ProgramOutcome {
    try Program.start(root + "/scripts/mutate", named: "mutate", words).wait()
  }

  /// What `scripts/mutate list` prints of each.
  private static func mistakes() throws -> [Mistake] {
    let lines = try mutate("list").lines
    var found: [Mistake] = []
    for line in lines {
      if let name = line.firstMatch(of: /^ *[0-9]+ ([a-z0-9-]+):/) {
        found.append(Mistake(name: String(name.output.1), path: "", judges: []))
      } else if let last = found.indices.last {
        let text = line.drop { $0 == " " }
        if text.hasPrefix("Sources/") { found[last].path = String(text) }
        if text.hasPrefix("judged by ") {
          found[last].judges = text.dropFirst("judged by ".count).split(separator: ", ").map(String.init)
        }
      }
    }
    return found
  }

  /// Three may wait until somebody finds them a new line: as many as may survive.
  @Test func `mistakes stand in the source as the list has them`() throws {
    let outcome = try Self.mutate("check")
    let gone = outcome.errors.split(separator: "\n")
    #expect(gone.count <= 3 && (outcome.exitCode == 0) == gone.isEmpty, "\(outcome)")
  }

  @Test func `every room has a mistake, and every mistake has tests`() throws {
    let mistakes = try Self.mistakes()
    #expect(mistakes.count == 60 && Set(mistakes.map(\.name)).count == 60)
    let manager = FileManager.default
    let rooms = try manager.contentsOfDirectory(atPath: Self.root + "/Sources").filter { room in
      // Of libraries of the system there is nothing but their names.
      guard let files = try? manager.contentsOfDirectory(atPath: Self.root + "/Sources/" + room) else { return false }
      return !files.contains("module.modulemap")
    }
    // Whose only file imports.
    #expect(Set(rooms).subtracting(mistakes.map(\.room)).sorted() == ["Programs"])
    for mistake in mistakes {
      for judge in mistake.judges {
        let parts = judge.split(separator: ".", maxSplits: 1)
        let folder = Self.root + "/Tests/" + parts[0]
        let files = try manager.subpathsOfDirectory(atPath: folder).filter { $0.hasSuffix(".swift") }
        let holds = try files.contains { file in
          let text = String(decoding: try Data(contentsOf: URL(filePath: folder + "/" + file)), as: UTF8.self)
          return parts.count == 1 || text.contains("struct \(parts[1]) ") || text.contains("func \(parts[1])(")
        }
        #expect(holds, "\(mistake.name): there is no \(judge)")
      }
    }
  }

  @Test func `a mistake that is none is refused by name`() throws {
    let outcome = try Self.mutate("no-such-mistake")
    #expect(
      outcome.exitCode == 1 && outcome.errors.hasPrefix("mutate: there is no mistake 'no-such-mistake'"), "\(outcome)")
  }
}
