// What checkpoints/README.md advises where something goes wrong, followed word by word.

import Glibc
import Market
import Storage
import TestSupport
import Testing
import Text

/// The commands that a page gives under its headings.
private struct Runbook {
  /// By heading: each command without the program's name.
  let answers: [String: [[String]]]

  init() throws {
    let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
    let page = String(decoding: try FileSystem.read(root + "/checkpoints/README.md"), as: UTF8.self)
    var answers: [String: [[String]]] = [:]
    var (isHere, isCode, heading) = (false, false, "")
    for line in page.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("## ") { isHere = line == "## When something goes wrong" }
      guard isHere else { continue }
      if line.hasPrefix("### ") {
        heading = String(line.dropFirst(4))
        answers[heading] = []
      } else if line.hasPrefix("```") {
        isCode.toggle()
      } else if isCode {
        let words = line.split(separator: " ").map(String.init)
        try #require(words.first == "strikeforge", "\(line)")
        answers[heading, default: []].append(Array(words.dropFirst()))
      }
    }
    self.answers = answers
  }

  func commands(_ heading: String, _ count: Int) throws -> [[String]] {
    let commands = try #require(answers[heading], "no answer to '\(heading)'")
    try #require(commands.count == count, "\(heading): \(commands)")
    return commands
  }
}

@Suite struct RunbookTests {
  /// A run with all its checkpoints, made once; every test works in a copy.
  private static let stage = Result { () throws -> (place: Workplace, end: RunEnd) in
    let place = try Workplace()
    try place.importMarket()
    return (place, try RunEnd(place, place.train("run", Workplace.market, "run.keep_checkpoints=9")))
  }

  private func copy() throws -> (place: Workplace, end: RunEnd) {
    let stage = try Self.stage.get()
    try #require(stage.place.checkpointSteps("run") == [0, 2048, 4096, 6144, 8192])
    return (try Workplace(copying: stage.place), stage.end)
  }

  /// The run begun anew, and stopped after its first checkpoint.
  private func begun(_ place: Workplace) throws -> RunningProgram {
    for name in place.folder.names(in: "checkpoints/run") { unlink(place.folder.place(place.file("run", name))) }
    try #require(rmdir(place.folder.place("checkpoints/run")) == 0)
    let program = try Program.strikeforge.start(
      ["train", "--config", "run.yaml", "--run", "run", "--set", "run.keep_checkpoints=9"], in: place.folder.path,
      isIdle: true)
    _ = try program.wait { place.checkpointSteps("run").contains(2048) }
    program.send(SIGSTOP)
    return program
  }

  private func damage(_ place: Workplace, _ path: String) throws {
    var bytes = try place.folder.bytes(path)
    bytes[bytes.count / 2] ^= 1
    try place.folder.write(bytes, to: path)
  }

  /// Files of another market in the place of those that the store came from.
  private func otherRows(_ place: Workplace) throws {
    for series in SyntheticTape.series(bars: 1000, seed: 2) {
      try place.folder.write(BarFile.plain(series), to: "\(series.symbol).csv")
    }
  }

  @Test func everyAnswerIsFollowedHere() throws {
    #expect(
      try Runbook().answers.keys.sorted() == [
        "A checkpoint is damaged", "A run stopped", "A store is refused", "Results differ from yesterday's",
        "The disk is full",
      ])
  }

  @Test func aRunThatStopped() throws {
    let (place, end) = try copy()
    let program = try begun(place)
    program.send(SIGKILL)
    try #require(try program.wait().signal == SIGKILL)
    let commands = try Runbook().commands("A run stopped", 1)
    let outcome = try place.succeed(commands[0])
    let found = try RunEnd(place, outcome)
    #expect(found.parameters == end.parameters && found.rows == end.rows && found.checkpoints == end.checkpoints)
  }

  /// Killed before its first checkpoint: by the words of its `command.txt`.
  @Test func aRunThatStoppedBeforeItsFirstCheckpoint() throws {
    let (place, end) = try copy()
    for name in place.folder.names(in: "checkpoints/run") where !["config.json", "command.txt"].contains(name) {
      place.folder.remove(place.file("run", name))
    }
    let refusal = try place.strikeforge(Runbook().commands("A run stopped", 1)[0])
    #expect(refusal.exitCode == 1 && refusal.errors.contains("it ended before its first"), "\(refusal)")
    let words = try place.folder.read(place.file("run", "command.txt"))
    let outcome = try Program.start("/bin/sh", named: "sh", ["-c", words], in: place.folder.path).wait()
    let found = try RunEnd(place, outcome)
    #expect(found.parameters == end.parameters && found.rows == end.rows && found.checkpoints == end.checkpoints)
  }

  @Test func aDiskThatIsFull() throws {
    let (place, end) = try copy()
    let program = try begun(place)
    try program.limitFiles(toBytes: 4096)
    program.send(SIGCONT)
    let refusal = try program.wait()
    #expect(refusal.exitCode == 1 && refusal.errorLines.count == 1, "\(refusal)")
    for step in place.checkpointSteps("run") { _ = try place.checkpoint(place.file("run", "checkpoint-\(step).h5")) }
    // What the page says may go, goes.
    for step in place.checkpointSteps("run").dropLast() {
      unlink(place.folder.place(place.file("run", "checkpoint-\(step).h5")))
    }
    let commands = try Runbook().commands("The disk is full", 1)
    let found = try RunEnd(place, place.succeed(commands[0]))
    #expect(found.parameters == end.parameters && found.rows == end.rows)
  }

  @Test func aDamagedCheckpoint() throws {
    let (place, end) = try copy()
    let commands = try Runbook().commands("A checkpoint is damaged", 3)
    try damage(place, "checkpoints/run/checkpoint-8192.h5")
    let before = try place.content(below: "checkpoints/run")
    for command in commands.dropLast() {
      let refusal = try place.strikeforge(command)
      #expect(refusal.exitCode != 0 && refusal.errorLines.count == 1, "\(refusal)")
      #expect(refusal.errors.contains("checkpoint-8192.h5' is damaged"), "\(refusal)")
    }
    #expect(try place.content(below: "checkpoints/run") == before)
    #expect(try place.strikeforge(commands[1]).errors.contains("strikeforge " + commands[2].joined(separator: " ")))
    let outcome = try place.succeed(commands[2])
    #expect(outcome.parameters == end.parameters)
    let aside = try place.folder.bytes("checkpoints/run/checkpoint-8192.h5.set-aside")
    #expect(aside == before["checkpoints/run/checkpoint-8192.h5"])
  }

  @Test func aStoreThatIsRefused() throws {
    let (place, end) = try copy()
    let commands = try Runbook().commands("A store is refused", 3)
    try damage(place, "market.h5")
    let refusal = try place.strikeforge(commands[0])
    #expect(refusal.exitCode != 0 && refusal.errorLines.count == 1, "\(refusal)")
    #expect(try place.strikeforge(commands[2]).exitCode != 0)
    try place.succeed(commands[1])
    #expect(try place.succeed(commands[2]).parameters == end.parameters)
    // Other rows are another run's.
    try otherRows(place)
    try place.succeed(commands[1])
    let other = try place.strikeforge(commands[2])
    #expect(other.exitCode != 0 && other.errorLines.count == 1, "\(other)")
  }

  /// What `import` itself refuses, a word that is no number and a session that stands there twice: named, and the store stays as it was.
  @Test func filesThatAreRefused() throws {
    let (place, _) = try copy()
    let command = try Runbook().commands("A store is refused", 3)[1]
    let store = try place.folder.bytes("market.h5")
    let lines = try place.folder.read("AAA.csv").split(separator: "\n").map(String.init)
    for (line, names) in [
      ("\(lines[499].prefix(10)),many,2,1,2,100", ["'AAA.csv', line 500", "found 'many'"]),
      (lines[498], ["timestamp-alignment of AAA"]),
    ] {
      var changed = lines
      changed[499] = line
      try place.folder.write(changed.joined(separator: "\n") + "\n", to: "AAA.csv")
      let refusal = try place.strikeforge(command)
      #expect(refusal.exitCode != 0 && refusal.errorLines.count == 1, "\(refusal)")
      for name in names { #expect(refusal.errors.contains(name), "\(refusal)") }
      #expect(line.contains("many") || refusal.output.contains("Suggestion: "), "\(refusal.output)")
      #expect(try place.folder.bytes("market.h5") == store)
    }
  }

  /// A run's `manifest.json` without what names it and its moment.
  private func manifest(_ place: Workplace, _ run: String) throws -> [String: JSON] {
    var members = try #require(try JSON.parse(place.folder.bytes(place.file(run, "manifest.json"))).objectValue)
    for name in ["created", "model_name"] { members[name] = nil }
    return members
  }

  /// Each reason that the page names, made on purpose: other parameters, and another word in the manifest, there and nowhere else.
  @Test func resultsThatDifferSayWhy() throws {
    let (place, end) = try copy()
    let command = try Runbook().commands("Results differ from yesterday's", 1)[0]
    let first = try manifest(place, "run")
    func differences(_ run: String, _ environment: [String: String] = [:], _ words: [String] = []) throws -> [String] {
      let outcome = try Program.strikeforge.run(
        Array(command.dropLast()) + [run] + words, in: place.folder.path, environment: environment)
      try #require(outcome.exitCode == 0, "\(outcome)")
      #expect(outcome.parameters != nil && outcome.parameters != end.parameters, "\(run)")
      let second = try manifest(place, run)
      return Set(first.keys).union(second.keys).filter { first[$0] != second[$0] }.sorted()
    }
    #expect(try differences("seed", [:], ["--set", "run.seed=4"]) == ["seed"])
    #if arch(x86_64)
      let core = first["kernels"]?.stringValue?.hasPrefix("Nehalem") == true ? "Haswell" : "Nehalem"
      #expect(try differences("library", [LibraryKernelsTests.variable: core]) == ["kernels"])
    #endif
    try otherRows(place)
    try place.succeed(Runbook().commands("A store is refused", 3)[1])
    #expect(try differences("data") == ["data_fingerprint"])
  }

  @Test func resultsThatDiffer() throws {
    let (place, end) = try copy()
    let commands = try Runbook().commands("Results differ from yesterday's", 1)
    let again = try place.succeed(commands[0])
    #expect(again.parameters == end.parameters)
    let (first, second) = (try manifest(place, "run"), try manifest(place, "again"))
    #expect(first == second)
    for name in ["data_fingerprint", "strikeforge", "source_revision", "kernels", "seed"] {
      #expect(first[name] != nil, "\(name)")
    }
  }
}
