// Eight symbols at once with a known answer, an independent choice for each: the whole road from bars to decisions.

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

  /// More symbols than an action can hold, and a symbol twice.
  @Test func whatCannotBeIsRefusedInASentence() throws {
    let place = try Workplace()
    let symbols = (1...20).map { "T\($0)" }
    try place.succeed(["synthesize", "martingale", "--bars", "300", "--from", "2001-01-02", "--output", "one.csv"])
    try place.succeed(["import"] + symbols.map { "\($0)=one.csv" } + ["--output", "market.h5"])
    func refusal(_ settings: String...) throws -> ProgramOutcome {
      try place.folder.write(Workplace.market, to: "run.yaml")
      return try place.strikeforge(
        ["train", "--config", "run.yaml", "--run", "no"] + settings.flatMap { ["--set", $0] })
    }
    let many = try refusal()
    #expect(many.exitCode == 1 && many.errors.contains("trades 1 to 19 symbols and was given 20"), "\(many)")
    let twice = try refusal("environment.assets=[T1,T2,T3,T4,T4]")
    #expect(twice.exitCode == 1 && twice.errors.contains("different words"), "\(twice)")
  }
}
