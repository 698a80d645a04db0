// The parts of the long tests: every long test is in one, and none in two.

import FoundationEssentials
import TestSupport
import Testing

/// scripts/slow-parts.txt, read as `scripts/test` reads it.
private struct SlowParts {
  /// What plays each part, by its name, in the file's order.
  private(set) var parts: [(name: String, steps: [String])] = []

  init(_ text: String) {
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      if line.hasPrefix(" ") {
        if !parts.isEmpty { parts[parts.count - 1].steps.append(String(line.drop { $0 == " " })) }
      } else {
        parts.append((String(line.prefix { $0 != ":" }), []))
      }
    }
  }

  /// What is wrong, in words. tests: every Swift file below Tests by its path; comparisons: every program directly below benchmarks by its path;
  /// shapes: the policies that are compared with peers.
  func problems(tests: [String: String], comparisons: [String: String], shapes: [String]) -> [String] {
    var problems: [String] = []
    var owners: [String: [String]] = [:]
    var commands: [String] = []
    for part in parts {
      if parts.count(where: { $0.name == part.name }) > 1 { problems.append("\(part.name) is a part twice") }
      if part.steps.isEmpty { problems.append("\(part.name) has nothing that plays it") }
      for step in part.steps {
        if step.hasPrefix("Tests/") {
          owners[step, default: []].append(part.name)
          if tests[step]?.contains("@Test") != true { problems.append("\(part.name): \(step) is no file with tests") }
        } else {
          commands.append(step)
        }
      }
    }
    for (path, text) in tests.sorted(by: { $0.key < $1.key }) {
      if path != "Tests/TestSupport/SlowTests.swift",
        text.contains(#"getenv("STRIKEFORGE_"# + "SLOW") || text.contains(#"environment["STRIKEFORGE_"# + "SLOW")
      {
        problems.append("\(path) asks the environment itself; ask SlowTests")
      }
      guard text.contains("@Test") else { continue }
      let isLong = text.contains("SlowTests" + ".areEnabled") || text.contains("ProofTable" + ".record")
      switch (isLong, owners[path] ?? []) {
      case (true, let parts) where parts.isEmpty: problems.append("\(path) is in no part")
      case (true, let parts) where parts.count > 1:
        problems.append("\(path) is in \(parts.joined(separator: " and "))")
      case (false, let parts) where !parts.isEmpty: problems.append("\(path) has no long test and no row")
      default: break
      }
    }
    for (path, text) in comparisons.sorted(by: { $0.key < $1.key }) where text.contains("proofs") {
      if !commands.contains(where: { $0.hasPrefix(path + " ") }) { problems.append("\(path) is played by no part") }
    }
    for shape in shapes where !commands.contains(where: { ($0 + " ").contains("--shapes \(shape) ") }) {
      problems.append("the shape \(shape) is compared by no part")
    }
    return problems
  }
}

@Suite struct SlowPartTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  private static func text(_ path: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(filePath: root + "/" + path)), as: UTF8.self)
  }

  private static func tests() throws -> [String: String] {
    let names = try FileManager.default.subpathsOfDirectory(atPath: root + "/Tests").filter { $0.hasSuffix(".swift") }
    return try names.reduce(into: [:]) { $0["Tests/" + $1] = try text("Tests/" + $1) }
  }

  private static func comparisons() throws -> [String: String] {
    let names = try FileManager.default.contentsOfDirectory(atPath: root + "/benchmarks").filter { name in
      var isFolder = false
      _ = FileManager.default.fileExists(atPath: root + "/benchmarks/" + name, isDirectory: &isFolder)
      return !isFolder && !name.contains(".")
    }
    // This one hands everything on.
    return try names.reduce(into: [:]) {
      $0["benchmarks/" + $1] = try text("benchmarks/" + $1) + ($1 == "compare-peers" ? "proofs" : "")
    }
  }

  private static func shapes() throws -> [String] {
    try text("benchmarks/peers/shapes.json").matches(of: /"name": "([^"]+)"/).map { String($0.output.1) }
  }

  @Test func `every long test and every comparison is in one part`() throws {
    let parts = SlowParts(try Self.text("scripts/slow-parts.txt"))
    #expect(parts.parts.count > 20)
    let (comparisons, shapes) = (try Self.comparisons(), try Self.shapes())
    #expect(comparisons.count >= 6 && shapes.contains("lstm64"))
    #expect(try parts.problems(tests: Self.tests(), comparisons: comparisons, shapes: shapes) == [])
  }

  @Test func `what is in no part or in two is found`() {
    let parts = SlowParts(
      """
      # A comment.
      one: what it proves
        Tests/A/LongTests.swift
        Tests/A/ShortTests.swift
      two: what it proves
        Tests/A/LongTests.swift
        Tests/A/GoneTests.swift
        benchmarks/compare --proofs $rows --shapes lstm64-towers
      two: again
      """)
    let long = "@Test(.enabled(if: SlowTests" + ".areEnabled)) func a() {}"
    let problems = parts.problems(
      tests: [
        "Tests/A/LongTests.swift": long, "Tests/A/ShortTests.swift": "@Test func b() {}",
        "Tests/A/LostTests.swift": "@Test func c() { ProofTable" + ".record() }",
        "Tests/A/Helper.swift": "ProofTable" + ".record()",
        "Tests/A/OwnTests.swift": #"@Test(.enabled(if: getenv("STRIKEFORGE_"# + #"SLOW") != nil)) func d() {}"#,
      ],
      comparisons: ["benchmarks/compare": "proofs", "benchmarks/lost": "proofs", "benchmarks/other": ""],
      shapes: ["lstm64", "lstm64-towers"])
    #expect(
      problems == [
        "two is a part twice", "two: Tests/A/GoneTests.swift is no file with tests", "two is a part twice",
        "two has nothing that plays it", "Tests/A/LongTests.swift is in one and two",
        "Tests/A/LostTests.swift is in no part", "Tests/A/OwnTests.swift asks the environment itself; ask SlowTests",
        "Tests/A/ShortTests.swift has no long test and no row", "benchmarks/lost is played by no part",
        "the shape lstm64 is compared by no part",
      ])
  }

  @Test func `parts are listed, and what is none is refused`() throws {
    func test(_ words: [String]) throws -> ProgramOutcome {
      try Program.start(Self.root + "/scripts/test", named: "test", words).wait()
    }
    let names = SlowParts(try Self.text("scripts/slow-parts.txt")).parts.map(\.name)
    let list = try test(["--slow", "list"])
    #expect(list.exitCode == 0 && list.lines.map { String($0.prefix { $0 != ":" }) } == names, "\(list)")
    // A name's beginning ends where a word does.
    for words in [["--slow", "nothing"], ["--slow", "learn"], ["--slow", "resume", "--filter", "x"], ["resume"]] {
      let outcome = try test(words)
      #expect(outcome.exitCode == 64 && outcome.errors.contains("usage: scripts/test"), "\(words): \(outcome)")
    }
  }

  // MARK: The table of proofs

  /// `scripts/proofs` on a table of the test's own.
  private static func proofs(_ words: String..., in folder: TemporaryFolder) throws -> ProgramOutcome {
    try Program.start(
      root + "/scripts/proofs", named: "proofs", words + ["--table", folder.place("proofs.md")], in: folder.path
    ).wait()
  }

  private static func merge(
    _ part: String, _ rows: [String], revision: String, machine: String, in folder: TemporaryFolder
  ) throws -> ProgramOutcome {
    try folder.write(rows.map { $0 + "\t>= 1\t0-9\tyes\n" }.joined(), to: "rows.tsv")
    return try proofs("merge", part, "rows.tsv", "--revision", revision, "--machine", machine, in: folder)
  }

  @Test func `a part replaces its own rows of its own class of machine`() throws {
    let folder = try TemporaryFolder()
    /// Proof, figure, revision and class of each row, in the table's order.
    func rows() throws -> [[String]] {
      var rows: [[String]] = []
      for line in try folder.read("proofs.md").split(separator: "\n") {
        let cells = line.split(separator: "|").map { cell in String(cell.filter { $0 != " " }) }
        guard cells.count == 7, cells[4] == "yes" else { continue }
        rows.append([cells[0], cells[1], cells[5], String(cells[6].prefix { $0 != "," })])
      }
      return rows
    }
    let merges: [(String, [String], String, String)] = [
      ("resume", ["kills\t1", "more\t2"], "aaa", "x86-64-v4, One, 2 cores"),
      ("speed-mask", ["mask\t3"], "aaa", "x86-64-v4, One, 2 cores"),
      ("resume", ["kills\t4", "more\t5"], "bbb", "x86-64-v3, Two, 8 cores"),
      ("resume", ["kills\t6"], "ccc", "x86-64-v4, Three, 4 cores"),
    ]
    for (part, rows, revision, machine) in merges {
      let outcome = try Self.merge(part, rows, revision: revision, machine: machine, in: folder)
      #expect(outcome.exitCode == 0, "\(outcome)")
      #expect(outcome.errors.contains("'more' was in the table") == (revision == "ccc"), "\(outcome)")
      #expect(try Self.proofs("check", in: folder).exitCode == 0)
    }
    #expect(
      try rows() == [
        ["kills", "4", "bbb", "x86-64-v3"], ["kills", "6", "ccc", "x86-64-v4"], ["more", "5", "bbb", "x86-64-v3"],
        ["mask", "3", "aaa", "x86-64-v4"],
      ])
  }

  @Test func `a part that proves nothing and a table that was written by hand are refused`() throws {
    let folder = try TemporaryFolder()
    func merge(_ part: String, _ rows: [String]) throws -> ProgramOutcome {
      try Self.merge(part, rows, revision: "aaa", machine: "baseline, One, 1 core", in: folder)
    }
    #expect(try merge("resume", ["kills\t1"]).exitCode == 0)
    let table = try folder.read("proofs.md")
    for (part, rows, reason) in [
      ("resume", [], "wrote no row"), ("nothing", ["kills\t1"], "there is no part 'nothing'"),
      ("resume", ["kills"], "is not five cells"), ("resume", ["kills | 2\t1"], "is not five cells"),
    ] as [(String, [String], String)] {
      let outcome = try merge(part, rows)
      #expect(outcome.exitCode == 1 && outcome.errors.contains(reason), "\(outcome)")
      #expect(try folder.read("proofs.md") == table)
    }
    for (found, written) in [("yes", "NO "), ("aaa", "a"), ("## resume", "## other")] {
      try folder.write(table.replacing(found, with: written), to: "proofs.md")
      #expect(try Self.proofs("check", in: folder).exitCode == 1, "\(written)")
    }
  }
}
