// Eight symbols at once with a known answer, an independent choice for each, and more of them than an action's number holds: the whole road from bars to
// decisions.

import Glibc
import Storage
import TestSupport
import Testing
import Text

@Suite struct WideBasketRoadTests {
  private static let symbols = (1...8).map { "S\($0)" }

  private static func configuration(extraColumns: String) -> String {
    """
    run: {seed: 1, total_timesteps: 131072, workers: 2, checkpoint_interval: 131072, evaluation_interval: 131072}
    environment: {name: dual_ticker, store: market.h5, lanes: 16, episode_length: 64, extra_columns: [\(extraColumns)]}
    algorithm: {name: ppo_mask, horizon: 64, batch_size: 256, epochs: 4, learning_rate: 1.0e-3, gamma: 0.9}
    network: {policy_tower: [32], value_tower: [32]}

    """
  }

  /// Eight symbols of one kind, each of its own seed, trained on and judged: the evaluation's JSON.
  private func walk(_ place: Workplace, _ market: String, extraColumn: String? = nil) throws -> JSON {
    for (number, symbol) in Self.symbols.enumerated() {
      try place.succeed(["synthesize", market, "--seed", "\(number + 1)", "--output", "\(symbol).csv"])
    }
    let extra = extraColumn.map { ["--extra-columns", $0] } ?? []
    try place.succeed(["import"] + Self.symbols.map { "\($0)=\($0).csv" } + ["--output", "market.h5"] + extra)
    try place.train("run", Self.configuration(extraColumns: extraColumn ?? ""))
    return try JSON.parse(
      place.succeed([
        "evaluate", "run", "--checkpoint", "latest", "--json", "--write-observations", "lines.jsonl",
        "--write-actions", "actions",
      ]).output)
  }

  /// Tried with five seeds: each finds an edge over every baseline.
  @Test func eightLeaksAreFoundEarnedAndServed() throws {
    let place = try Workplace()
    let report = try walk(place, "leak", extraColumn: "next_return")
    #expect(
      report["verdict"]?["edge_found"] == .bool(true) && report["verdict"]?["claim"] == "every_baseline",
      "\(report["verdict"]?.text ?? "no verdict")")
    #expect(report["notes"]?.text.contains("8 independent choices, and its confidence the product of theirs") == true)
    let trades = try place.folder.read(place.file("run", "trades.csv")).split(whereSeparator: \.isNewline).dropFirst()
    #expect(Set(trades.compactMap { $0.split(separator: ",").first.map(String.init) }) == Set(Self.symbols))

    try place.succeed(["export", "run", "--checkpoint", "latest"])
    try place.expectServedEqualsEvaluated(run: "run", decisions: 2264)
    let answer = try place.serve(
      "once", "--policy", place.file("run", "policy.safetensors"), input: place.folder.read("lines.jsonl"))
    let choices = try JSON.parse(try #require(answer.lines.first))["choices"]
    for symbol in Self.symbols {
      let choice = choices?[symbol]?.text ?? "nothing"
      #expect([#""sell""#, #""hold""#, #""buy""#].contains(choice), "\(symbol): \(choice)")
    }
  }

  @Test func inEightMartingalesNoEdgeIsFound() throws {
    let report = try walk(try Workplace(), "martingale")
    #expect(report["verdict"]?["edge_found"] == .bool(false), "\(report["verdict"]?.text ?? "no verdict")")
  }

  /// The actions of twenty-four symbols are more than 32 bits number, and their choices more than a word of a mask holds.
  @Test func twentyFourSymbolsWalkTheWholeRoad() throws {
    let place = try Workplace()
    let symbols = (1...24).map { "S\($0)" }
    for (number, symbol) in symbols.enumerated() {
      try place.succeed([
        "synthesize", "leak", "--bars", "1000", "--from", "2001-01-02", "--seed", "\(number + 1)", "--output",
        "\(symbol).csv",
      ])
    }
    try place.succeed(
      ["import"] + symbols.map { "\($0)=\($0).csv" } + ["--output", "market.h5", "--extra-columns", "next_return"])
    try place.folder.write(
      Workplace.market.replacing("episode_length: 40", with: "episode_length: 40, extra_columns: [next_return]"),
      to: "run.yaml")
    let words = ["train", "--config", "run.yaml", "--run", "run", "--set", "run.total_timesteps=20480"]
    let expected = try RunEnd(place, place.succeed(words))
    place.folder.remove("checkpoints")
    var program = try Program.strikeforge.start(words, in: place.folder.path, isIdle: true)
    _ = try program.wait { !place.checkpointSteps("run").isEmpty }
    program.send(SIGKILL)
    try #require(program.wait().signal == SIGKILL, "the run ended before it was killed")
    let found = try RunEnd(place, place.succeed(["train", "--resume", "run"]))
    #expect(found.parameters == expected.parameters && found.rows == expected.rows && found.lines == expected.lines)
    #expect(found.checkpoints == expected.checkpoints)

    let report = try JSON.parse(
      place.succeed([
        "evaluate", "run", "--checkpoint", "latest", "--json", "--write-observations", "lines.jsonl",
        "--write-actions", "actions", "--record-rollouts=rollouts.h5",
      ]).output)
    #expect(report["verdict"]?["edge_found"] != nil)
    let trades = try place.folder.read(place.file("run", "trades.csv")).split(whereSeparator: \.isNewline).dropFirst()
    let traded = Set(trades.compactMap { $0.split(separator: ",").first.map(String.init) })
    #expect(traded.count > 3 && traded.isSubset(of: symbols), "\(traded.sorted())")
    let decisions = try place.folder.read("actions").split(separator: "\n").count
    #expect(decisions > 200)
    try expectChoices(place, "rollouts.h5", steps: 2 * decisions)

    try place.succeed(["export", "run", "--checkpoint", "latest"])
    try place.expectServedEqualsEvaluated(run: "run", decisions: decisions)
    let bundle = place.file("run", "policy.safetensors")
    let answer = try JSON.parse(
      try #require(
        place.serve("once", "--policy", bundle, input: place.folder.read("lines.jsonl")).lines.first))
    let action = try #require(answer["action"]?.arrayValue).compactMap(\.integerValue)
    #expect(action.count == 24 && answer["choices"]?.objectValue?.count == 24)
    for (symbol, choice) in zip(symbols, action) {
      #expect(answer["choices"]?[symbol]?.stringValue == ["sell", "hold", "buy"][choice], "\(symbol)")
    }
    let described = try place.serve("describe", "--policy", bundle, input: "").output
    #expect(described.contains("S24: sell, hold (fallback), buy") && described.contains("24 independent choices"))

    // What a run gathers is recorded by the choices too.
    try place.succeed([
      "train", "--config", "run.yaml", "--run", "recorded", "--record-rollouts", "1", "--set",
      "run.total_timesteps=512", "--set", "run.checkpoint_interval=512", "--set", "run.evaluation_interval=512",
    ])
    try expectChoices(place, place.file("recorded", "training-rollouts.h5"), steps: 32 * 16)
  }

  /// Every action of a recording lies as 24 choices, each of which its step's mask allows.
  private func expectChoices(_ place: Workplace, _ path: String, steps: Int) throws {
    let file = try RolloutFile.read(place.folder.place(path))
    #expect(file.columns["actions"]?.width == 24 && file.columns["action_masks"]?.width == 72, "\(path)")
    guard case .integers(let choices)? = file.columns["actions"]?.values,
      case .bytes(let masks)? = file.columns["action_masks"]?.values
    else {
      Issue.record("columns of other kinds: \(file.columns.keys.sorted())")
      return
    }
    #expect(choices.count == 24 * steps && masks.count >= 72 * steps && choices.allSatisfy { (0..<3).contains($0) })
    #expect(choices.indices.allSatisfy { masks[3 * $0 + Int(choices[$0])] == 1 }, "\(path)")
    #expect(Set(choices).count == 3 && masks.contains(0))
  }

  /// More symbols than an action can hold, and a symbol twice.
  @Test func whatCannotBeIsRefusedInASentence() throws {
    let place = try Workplace()
    let symbols = (1...65).map { "T\($0)" }
    try place.succeed(["synthesize", "martingale", "--bars", "300", "--from", "2001-01-02", "--output", "one.csv"])
    try place.succeed(["import"] + symbols.map { "\($0)=one.csv" } + ["--output", "market.h5"])
    func refusal(_ settings: String...) throws -> ProgramOutcome {
      try place.folder.write(Workplace.market, to: "run.yaml")
      return try place.strikeforge(
        ["train", "--config", "run.yaml", "--run", "no"] + settings.flatMap { ["--set", $0] })
    }
    let many = try refusal()
    #expect(many.exitCode == 1 && many.errors.contains("trades 1 to 64 symbols and was given 65"), "\(many)")
    let twice = try refusal("environment.assets=[T1,T2,T3,T4,T4]")
    #expect(twice.exitCode == 1 && twice.errors.contains("different words"), "\(twice)")
  }
}
