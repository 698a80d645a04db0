// The main road from outside: a file of bars is imported, looked at, learned from, judged, exported and served.

import Market
import Storage
import TestSupport
import Testing
import Text

@Suite struct WalkTests {
  /// Everything from the bar files to the served decisions.
  @Test func fromBarsToDecisions() throws {
    let place = try Workplace()
    try place.importMarket()
    let store = try place.succeed(["inspect", "market.h5"])
    #expect(store.output.contains("AAA") && store.output.contains("BBB") && store.output.contains("1000"))

    let training = try place.train("walk", Workplace.market)
    #expect(training.output.contains("observation_dim: 0") && training.output.contains("run folder: checkpoints/walk"))
    #expect(training.output.contains("held-out window: 2004-01-02"))
    let parameters = try #require(training.parameters)
    #expect(place.checkpointSteps("walk") == [4096, 6144, 8192])
    #expect(try place.progress("walk").steps() == Array(stride(from: 512, through: 8192, by: 512)))
    for name in ["config.json", "command.txt", "manifest.json", "best.h5"] {
      #expect(place.folder.exists(place.file("walk", name)), "\(name)")
    }
    let checkpoint = try place.succeed(["inspect", place.file("walk", "checkpoint-8192.h5")])
    #expect(checkpoint.output.contains("ppo_lstm_mask") && checkpoint.output.contains("dual_ticker"))

    let evaluation = try place.succeed([
      "evaluate", "walk", "--checkpoint", "latest", "--write-observations", "lines.jsonl", "--write-actions", "actions",
    ])
    for word in ["no edge found", "Sharpe", "buy-and-hold", "previous-sign"] {
      #expect(evaluation.output.contains(word), "\(word)")
    }
    let report = try JSON.parse(place.folder.read(place.file("walk", "evaluation.json")))
    #expect(report.objectValue?.isEmpty == false)

    let export = try place.succeed(["export", "walk", "--checkpoint", "latest"])
    #expect(export.parameters == parameters)
    let bundle = try place.succeed(["inspect", place.file("walk", "policy.safetensors")])
    #expect(bundle.output.contains("AAA.log_return_1") && bundle.output.contains("BBB.position"))
    // 1,000 bars from 2001 on are 752 of three years and 248 of 2004, and nothing is decided on the last.
    try place.expectServedEqualsEvaluated(run: "walk", decisions: 247)

    let list = try place.succeed(["list"])
    #expect(list.output.contains("walk") && list.output.contains("step 8,192"))
    #expect(list.output.contains("best, exported, evaluated"))
  }

  /// The layout that names its symbols, packed, gives the same market as two plain files.
  @Test func layoutsAgree() throws {
    let place = try Workplace()
    try place.importMarket(bars: 400, seed: 8)
    let text = BarFile.tickers(SyntheticTape.series(bars: 400, seed: 8))
    try place.folder.write(Gzip.deflate(Array(text.utf8), path: "both.csv.gz"), to: "both.csv.gz")
    let outcome = try place.succeed(["import", "both.csv.gz", "--symbols", "AAA,BBB", "--output", "packed.h5"])
    #expect(outcome.lines.first == "read both.csv.gz: AAA 400 bars, BBB 400 bars")
    let plain = try MarketStore.read(place.folder.place("market.h5"))
    let packed = try MarketStore.read(place.folder.place("packed.h5"))
    #expect(packed.contentHash == plain.contentHash && packed.series == plain.series)
  }

  /// An index comes without a volume, is named as one wherever it shows, is looked at in three columns more, and is never traded.
  @Test func anIndexIsLookedAtAndNeverTraded() throws {
    let place = try Workplace()
    let market = SyntheticTape.series(symbols: ["AAA", "BBB", "IDX"], bars: 1000, seed: 4)
    for series in market.prefix(2) { try place.folder.write(BarFile.plain(series), to: "\(series.symbol).csv") }
    let index = BarFile.plain(market[2]).split(separator: "\n").map { line in
      line.split(separator: ",").prefix(5).joined(separator: ",")
    }
    try place.folder.write(index.joined(separator: "\n") + "\n", to: "idx.csv")
    let operands = ["import", "AAA=AAA.csv", "BBB=BBB.csv", "--output", "market.h5"]
    let refused = try place.strikeforge(operands + ["IDX=idx.csv"])
    #expect(refused.exitCode == 1 && refused.errors.contains("--index"))
    let imported = try place.succeed(operands + ["--index", "IDX=idx.csv"])
    #expect(imported.output.contains("read idx.csv: IDX 1000 bars, an index, not tradable"))
    #expect(imported.output.contains("Not tradable, an index: IDX"))
    #expect(try place.succeed(["inspect", "market.h5"]).output.contains("not tradable"))

    let traded = Workplace.market.replacing("store: market.h5", with: "store: market.h5, assets: [AAA, IDX]")
    try place.folder.write(traded, to: "traded.yaml")
    let refusal = try place.strikeforge("train", "--run", "traded", "--config", "traded.yaml")
    #expect(refusal.exitCode == 1 && refusal.errors.contains("IDX, which is an index"))
    let training = try place.train(
      "wide", Workplace.market, "environment.benchmark_symbol=IDX", "environment.portfolio_features=true",
      "environment.observation_dim=29", "environment.turnover_penalty=0.001", "run.total_timesteps=2048")
    #expect(training.output.contains("benchmark: IDX (an index), looked at, never traded"))
    let evaluation = try place.succeed(["evaluate", "wide", "--checkpoint", "latest"])
    let words = evaluation.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(words.contains("0.001 $ for a $ traded") && words.contains("It is a learning signal and not money"))
    try place.succeed(["export", "wide", "--checkpoint", "latest"])
    let bundle = try place.succeed(["inspect", place.file("wide", "policy.safetensors")])
    #expect(bundle.output.contains("portfolio.beta_30") && bundle.output.contains("portfolio.concentration"))
  }

  /// Without data: planted markets, with and without memory and mask.
  @Test(arguments: [
    ("cue", "ppo"), ("cue", "ppo_mask"), ("cue", "ppo_lstm_mask"), ("leak", "ppo"), ("leak", "a2c"),
    ("cue", "a2c_lstm_mask"), ("leak", "dqn"), ("cue", "dqn_mask"), ("mean_reversion", "ppo_lstm"),
    ("leak_basket", "ppo_lstm_mask"), ("leak_basket", "a2c"),
  ])
  func plantedMarkets(environment: String, algorithm: String) throws {
    let place = try Workplace()
    let training = try place.train("run", Workplace.planted(environment, algorithm: algorithm))
    #expect(training.parameters != nil)
    let evaluation = try place.succeed([
      "evaluate", "run", "--write-observations", "lines.jsonl", "--write-actions", "actions",
    ])
    #expect(evaluation.output.contains("optimum"))
    try place.succeed(["export", "run"])
    let lines = try place.folder.read("lines.jsonl")
    #expect(lines.contains("mask") == algorithm.hasSuffix("mask"))
    try place.expectServedEqualsEvaluated(run: "run", decisions: 256)
  }
}

extension Workplace {
  /// Feeds the evaluation's observations to the server: the same actions come back.
  func expectServedEqualsEvaluated(run: String, decisions: Int) throws {
    let served = try serve(
      "once", "--policy", file(run, "policy.safetensors"), input: folder.read("lines.jsonl"))
    try #require(served.exitCode == 0 && served.errors.isEmpty, "\(served)")
    // A number, or of very many choices a list.
    let actions = try served.lines.map { try #require(JSON.parse($0)["action"]).text }
    let expected = try folder.read("actions").split(separator: "\n").map { try JSON.parse(String($0)).text }
    #expect(actions == expected && expected.count == decisions)
  }
}

extension ProgramOutcome {
  /// The SHA-256 of the parameters that the program names in its output.
  var parameters: String? {
    output.firstMatch(of: /parameters ([0-9a-f]{64})\n/).map { String($0.1) }
  }
}
