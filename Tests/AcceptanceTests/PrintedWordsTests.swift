// What a store, a name, a file, a flag or a question says is shown, and obeyed by no terminal.

import Glibc
import Storage
import TestSupport
import Testing
import Text

@Suite struct PrintedWordsTests {
  /// Sets the title, clears the screen, and writes another verdict over the line.
  private static let hostile = "x\u{1B}]0;owned\u{7}\u{1B}[2J\rVERDICT: an edge was found\u{202E}\u{9B}"

  /// Nothing but text and line feeds, on both streams.
  private func expectHarmless(_ outcome: ProgramOutcome, _ location: SourceLocation = #_sourceLocation) {
    for text in [outcome.output, outcome.errors] {
      #expect(PrintableText.lines(text) == text, "\(outcome)", sourceLocation: location)
    }
  }

  /// The reason of an allowance goes from import through training and evaluation to every report.
  @Test func aReasonCommandsNoTerminal() throws {
    let place = try Workplace()
    try place.importMarket()
    var lines = try place.folder.read("AAA.csv").split(separator: "\n").map(String.init)
    for row in 501..<lines.count {
      let fields = lines[row].split(separator: ",").map(String.init)
      let prices = fields[1...4].compactMap { Double($0).map { "\($0 * 0.7)" } }
      lines[row] = ([fields[0]] + prices + [fields[5]]).joined(separator: ",")
    }
    try place.folder.write(lines.map { $0 + "\n" }.joined(), to: "AAA.csv")
    let date = String(lines[501].prefix(10))
    let imported = try place.succeed([
      "import", "AAA=AAA.csv", "BBB=BBB.csv", "--output", "market.h5", "--allow", "price-continuity:AAA:\(date)",
      "--reason", Self.hostile,
    ])
    #expect(imported.output.contains("Reason: x\u{FFFD}]0;owned"))
    expectHarmless(imported)
    let trained = try place.train("run", Workplace.market, "run.total_timesteps=2048")
    #expect(trained.output.contains("allowed by name: price-continuity:AAA:\(date), because: x\u{FFFD}"))
    expectHarmless(trained)
    let evaluated = try place.succeed(["evaluate", "run"])
    #expect(evaluated.output.contains("x\u{FFFD}]0;owned\u{FFFD}\u{FFFD}[2J"))
    expectHarmless(evaluated)
    for name in ["evaluation.json", "report.md"] {
      let text = try place.folder.read(place.file("run", name))
      #expect(PrintableText.lines(text) == text, "\(name)")
    }
    let json = try place.succeed(["evaluate", "run", "--json"])
    expectHarmless(json)
    #expect(try JSON.parse(json.output).prettyText.contains("\\u202e"))
    expectHarmless(try place.succeed(["inspect", "market.h5"]))
  }

  /// What is typed, and what stands in a file or a variable, comes back in a sentence.
  @Test func noSentenceCommandsATerminal() throws {
    let place = try Workplace()
    try place.folder.write("a\nb\n", to: Self.hostile)
    try place.folder.write(
      "run: {\"\(Self.hostile.replacing("\u{1B}", with: "").replacing("\u{7}", with: ""))\": 1}", to: "run.yaml")
    for words in [
      [Self.hostile], ["inspect", Self.hostile], ["import", "A=\(Self.hostile)", "--output", "a.h5"],
      ["train", "--\(Self.hostile)"], ["train", "--set", "\(Self.hostile)=1"], ["train", "--config", "run.yaml"],
      ["train", "--mode", Self.hostile], ["evaluate", Self.hostile], ["synthesize", Self.hostile],
      ["ensemble", Self.hostile], ["replay", "inspect", Self.hostile], ["list", Self.hostile],
      ["synthesize", "leak", "--bars", Self.hostile, "--output", "a.csv"],
    ] {
      let outcome = try place.strikeforge(words)
      #expect([1, 64].contains(outcome.exitCode), "\(outcome)")
      expectHarmless(outcome)
    }
    let secret = try Program.strikeforge.run(["list"], environment: ["IB_\u{1B}[2J_TOKEN": "x"])
    #expect(secret.exitCode == 2 && secret.errors.contains("IB_\u{FFFD}[2J_TOKEN"), "\(secret)")
    expectHarmless(secret)
    let long = try place.strikeforge(["train", "--window\(String(repeating: "w", count: 100_000))"])
    #expect(long.exitCode == 64 && long.errors.utf8.count < 400, "\(long)")
  }

  /// A name that is not UTF-8 would become another one.
  @Test func wordsThatAreNoTextAreRefused() throws {
    let place = try Workplace()
    try place.folder.write(#"exec "$1" "$2" "$(printf '%b' "$3")" "$4" "$5""#, to: "start")
    for program in [Program.strikeforge, .serve] {
      let outcome = try Program.start(
        "/bin/bash", named: "bash",
        ["start", program.path, "train", "--run=\\xff", "--set", "run.total_timesteps=1"], in: place.folder.path
      ).wait()
      #expect(outcome.exitCode == 64 && outcome.errors.contains("word 2 of the command line"), "\(outcome)")
      #expect(outcome.errors.contains("is not UTF-8; rename"), "\(outcome)")
    }
    #expect(!place.folder.exists("checkpoints"))
  }

  @Test(arguments: ["\u{1B}[31mred", "two words", ".hidden", "..", "é"])
  func aRunIsNotCalledAnything(_ name: String) throws {
    let place = try Workplace()
    try place.folder.write(Workplace.planted("cue", algorithm: "a2c"), to: "run.yaml")
    try place.folder.write("members: [{algorithm: {name: a2c}}]\nenvironment: {name: cue}\n", to: "ensemble.yaml")
    for words in [
      ["train", "--config", "run.yaml", "--run", name], ["train", "--config", "run.yaml", "--run", "deep/" + name],
      ["train", "--config", "run.yaml", "--model-name", name], ["ensemble", "ensemble.yaml", "--run", name],
    ] {
      let outcome = try place.strikeforge(words)
      #expect(outcome.exitCode == 1 && outcome.errorLines.count == 1, "\(outcome)")
      if words.contains("--model-name") {
        #expect(outcome.errors.contains("'run.model_name' is \""), "\(outcome)")
        #expect(outcome.errors.contains("but must be a name of at most 100 letters"), "\(outcome)")
      } else {
        #expect(outcome.errors.contains("a run cannot be called '"), "\(outcome)")
        #expect(outcome.errors.contains("give it another with --run"), "\(outcome)")
      }
      expectHarmless(outcome)
    }
    #expect(!place.folder.exists("checkpoints") && !place.folder.exists("deep"))
  }

  /// Runs that were made under such a name: the list shows them, every command says how to go on, and then they are what they were.
  @Test func aRunOfAnotherNameIsRenamed() throws {
    let place = try Workplace()
    try place.train("run", Workplace.planted("cue", algorithm: "a2c"))
    let (old, new) = (place.folder.place("checkpoints/run"), place.folder.place("checkpoints/\u{1B}[31mred"))
    try #require(rename(old, new) == 0)
    let list = try place.succeed(["list"])
    #expect(list.output.contains("'\u{FFFD}[31mred' must have another name before it can be used"))
    expectHarmless(list)
    for words in [["evaluate"], ["export"], ["train", "--resume"], ["ensemble", "--resume"]] {
      let outcome = try place.strikeforge(words + ["\u{1B}[31mred"])
      #expect(outcome.exitCode == 1 && outcome.errors.contains("rename its folder"), "\(outcome)")
      expectHarmless(outcome)
    }
    try #require(rename(new, old) == 0)
    try place.succeed(["export", "run"])
    #expect(try place.succeed(["list"]).output.contains("  run  "))
  }

  /// The smallest bundle of the corpus: two actions and one column.
  private static let bundle =
    #filePath.split(separator: "/").dropLast(2).map { "/" + $0 }.joined() + "/FuzzCorpus/bundle/read-hand-smallest"

  /// A key that turns the direction of writing, commands a terminal, and is as long as a line may be.
  @Test func aQuestionIsRepeatedInPart() throws {
    let key = "\u{202E}\u{7F}\u{9B}" + String(repeating: "A", count: 900_000)
    for line in ["{\"\(key)\": 1}", "{\"\(key)\": 1, \"\(key)\": 1}", "{\"observation\": [0], \"\(key)\": {}}", key] {
      let outcome = try Program.serve.run(["once", "--policy", Self.bundle], input: line + "\n")
      #expect(outcome.exitCode == 1 && outcome.errors.utf8.count < 600, "\(outcome)")
      expectHarmless(outcome)
      let error = try JSON.parse(outcome.errors)
      #expect(error["line"] == .integer(1) && error["remedy"]?.stringValue?.isEmpty == false)
    }
    for words in [[key], ["once", "--\(key.prefix(9000))"], ["describe", "--policy", String(key.prefix(300))]] {
      let outcome = try Program.serve.run(words.map { String($0.prefix(100_000)) })
      #expect([1, 64].contains(outcome.exitCode), "\(outcome)")
      #expect(try #require(outcome.errorLines.first).utf8.count < 700, "\(outcome)")
      expectHarmless(outcome)
    }
  }
}
