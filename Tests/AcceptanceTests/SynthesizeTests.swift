// The whole road with a known answer: bars are synthesized, imported, learned from and judged.

import Storage
import TestSupport
import Testing
import Text

@Suite struct SynthesizeTests {
  /// Thirty years of one symbol, the default split, and a small policy without memory.
  private static func configuration(extraColumns: String) -> String {
    """
    run: {seed: 1, total_timesteps: 65536, workers: 2, checkpoint_interval: 65536, evaluation_interval: 65536}
    environment: {name: dual_ticker, store: market.h5, lanes: 16, episode_length: 64, extra_columns: [\(extraColumns)]}
    algorithm: {name: ppo_mask, horizon: 64, batch_size: 256, epochs: 4, learning_rate: 1.0e-3, gamma: 0.9}
    network: {policy_tower: [16], value_tower: [16]}

    """
  }

  /// The evaluation's JSON after synthesize, import, train and evaluate.
  private func walk(_ market: String, extraColumn: String? = nil) throws -> JSON {
    let place = try Workplace()
    let made = try place.succeed(["synthesize", market, "--output", "syn.csv"])
    #expect(made.lines.first?.hasPrefix("wrote syn.csv: \(market), 7560 bars, 1990-01-02 to 2020-01-02") == true)
    let extra = extraColumn.map { ["--extra-columns", $0] } ?? []
    try place.succeed(["import", "SYN=syn.csv", "--output", "market.h5"] + extra)
    try place.train("run", Self.configuration(extraColumns: extraColumn ?? ""))
    let evaluation = try place.succeed(["evaluate", "run", "--checkpoint", "latest", "--json"])
    return try JSON.parse(evaluation.output)
  }

  @Test func aLeakIsFoundAndEarned() throws {
    let report = try walk("leak", extraColumn: "next_return")
    #expect(report["verdict"]?["edge_found"] == .bool(true), "\(report["verdict"]?.text ?? "no verdict")")
  }

  @Test func inAMartingaleNoEdgeIsFound() throws {
    let report = try walk("martingale")
    #expect(report["verdict"]?["edge_found"] == .bool(false), "\(report["verdict"]?.text ?? "no verdict")")
  }

  /// Tried with three seeds: each finds it over every baseline.
  @Test func aRevertingPriceIsFoundAndEarned() throws {
    let report = try walk("mean_reversion")
    #expect(
      report["verdict"]?["edge_found"] == .bool(true) && report["verdict"]?["claim"] == "every_baseline",
      "\(report["verdict"]?.text ?? "no verdict")")
  }

  @Test func theSameSeedGivesTheSameFile() throws {
    let place = try Workplace()
    for (file, seed) in [("a.csv", "7"), ("b.csv", "7"), ("c.csv", "8")] {
      try place.succeed([
        "synthesize", "leak", "--bars", "300", "--from", "2010-01-01", "--seed", seed, "--output", file,
      ])
    }
    let (a, b, c) = try (place.folder.bytes("a.csv"), place.folder.bytes("b.csv"), place.folder.bytes("c.csv"))
    #expect(a == b && a != c)
    let lines = try place.folder.read("a.csv").split(separator: "\n").map { $0.split(separator: ",") }
    #expect(lines[0].joined(separator: ",") == "timestamp,open,high,low,close,volume,next_return")
    #expect(lines[1].prefix(2) == ["2010-01-04", "100.0"] && lines.count == 301)
    // The column tells what the next bar does, and another seed has other bars on the same dates.
    for (bar, next) in zip(lines.dropFirst(), lines.dropFirst(2)) {
      let (close, after, told) = try (
        #require(Double(bar[4])), #require(Double(next[4])), #require(Double(bar[6]))
      )
      #expect(abs(after / close - 1 - told) < 1e-9, "\(bar)")
    }
    let others = String(decoding: c, as: UTF8.self).split(separator: "\n").map { $0.split(separator: ",") }
    #expect(zip(lines, others).dropFirst().allSatisfy { $0[0] == $1[0] && $0[4] != $1[4] })
    let inspected = try {
      try place.succeed(["import", "A=a.csv", "--extra-columns", "next_return", "--output", "a.h5"])
      return try place.succeed(["inspect", "a.h5"])
    }()
    #expect(inspected.output.contains("300 bars, 2010-01-04 to 2011-03-11, with next_return"))
  }

  /// An edge of a given strength walks the road, with units that follow the account; the run keeps how it sizes them.
  @Test func anEdgeIsImportedAndTradedInSharesOfTheAccount() throws {
    let place = try Workplace()
    for (file, seed, rho) in [("a", "7", "0.315"), ("b", "7", "0.315"), ("c", "8", "0.315"), ("d", "7", "-0.5")] {
      let made = try place.succeed(["synthesize", "edge", "--rho", rho, "--seed", seed, "--output", "\(file).csv"])
      #expect(
        made.lines == [
          "wrote \(file).csv: edge, 7560 bars, 1990-01-02 to 2020-01-02, seed \(seed), rho \(rho)",
          "next: strikeforge import SYN=\(file).csv --extra-columns signal --output FILE.h5",
        ])
    }
    let files = try ["a", "b", "c", "d"].map { try place.folder.bytes("\($0).csv") }
    #expect(files[0] == files[1] && files[0] != files[2] && files[0] != files[3])
    let text = try place.folder.read("a.csv")
    #expect(text.hasPrefix("timestamp,open,high,low,close,volume,signal\n1990-01-02,100.0,"))
    try place.succeed(["synthesize", "martingale", "--seed", "7", "--output", "walk.csv"])
    func dates(_ text: String) -> [Substring] { text.split(separator: "\n").map { $0.prefix { $0 != "," } } }
    #expect(dates(text) == dates(try place.folder.read("walk.csv")))

    try place.succeed(["import", "X=a.csv", "--extra-columns", "signal", "--output", "edge.h5"])
    #expect(
      try place.succeed(["inspect", "edge.h5"]).output.contains("7560 bars, 1990-01-02 to 2020-01-02, with signal"))
    try place.train(
      "run",
      """
      run: {seed: 1, total_timesteps: 1024, workers: 1}
      environment: {name: dual_ticker, store: edge.h5, assets: [X], extra_columns: [signal], lanes: 8, episode_length: 64, allow_short: true, unit_share: 0.9}
      algorithm: {name: ppo, horizon: 64, batch_size: 128, epochs: 1}
      network: {policy_tower: [8], value_tower: [8]}
      split: {held_out_until: "2011-06-30"}

      """)
    let evaluation = try place.succeed(["evaluate", "run", "--checkpoint", "latest"])
    let words = evaluation.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(words.contains("unit: 90 % of the account's value at the decision; at most 1 a symbol"), "\(words)")
    let changed = try place.strikeforge("train", "--resume", "run", "--set", "environment.unit_share=0.5")
    #expect(changed.exitCode == 64 && changed.errors.contains("--resume keeps the run's configuration"), "\(changed)")
  }
}
