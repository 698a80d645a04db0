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
    for command in commands.dropLast() {
      let refusal = try place.strikeforge(command)
      #expect(refusal.exitCode != 0 && refusal.errorLines.count == 1, "\(refusal)")
      #expect(refusal.errors.contains("checkpoint-8192.h5' is damaged"), "\(refusal)")
    }
    #expect(try place.strikeforge(commands[1]).errors.contains("strikeforge " + commands[2].joined(separator: " ")))
    let outcome = try place.succeed(commands[2])
    #expect(outcome.parameters == end.parameters)
    #expect(place.folder.exists("checkpoints/run/checkpoint-8192.h5.set-aside"))
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
    for series in SyntheticTape.series(bars: 1000, seed: 2) {
      try place.folder.write(BarFile.plain(series), to: "\(series.symbol).csv")
    }
    try place.succeed(commands[1])
    let other = try place.strikeforge(commands[2])
    #expect(other.exitCode != 0 && other.errorLines.count == 1, "\(other)")
  }

  @Test func resultsThatDiffer() throws {
    let (place, end) = try copy()
    let commands = try Runbook().commands("Results differ from yesterday's", 1)
    let again = try place.succeed(commands[0])
    #expect(again.parameters == end.parameters)
    func manifest(_ run: String) throws -> [String: JSON] {
      var members = try #require(try JSON.parse(place.folder.bytes(place.file(run, "manifest.json"))).objectValue)
      for name in ["created", "model_name"] { members[name] = nil }
      return members
    }
    let (first, second) = (try manifest("run"), try manifest("again"))
    #expect(first == second)
    for name in ["data_fingerprint", "strikeforge", "source_revision", "kernels", "seed"] {
      #expect(first[name] != nil, "\(name)")
    }
  }
}
