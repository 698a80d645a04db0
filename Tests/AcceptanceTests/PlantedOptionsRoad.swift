// The road of made-up options, for many seeds of the training: one store, trained on with a shipped configuration, judged by the program's own report.

import Evaluation
import Foundation
import Kernels
import TestSupport
import Testing
import Text

/// What the program's report says of one trained policy on the held-out window.
struct JudgedPolicy: Sendable {
  let headline: String
  let foundEdge: Bool
  /// (sessions) dollars that the greedy run gained.
  let profits: [Double]
  /// Legs that it had filled.
  let fills: Int

  init(_ report: JSON) throws {
    let verdict = try #require(report["verdict"])
    headline = try #require(verdict["headline"]?.stringValue)
    foundEdge = try #require(verdict["edge_found"]?.boolValue as Bool?)
    let greedy = try account(named: "greedy", of: report)
    let start = try #require(greedy["initial_dollars"]?.doubleValue)
    let values = try #require(greedy["net_liquidation_dollars"]?.arrayValue).map { try #require($0.doubleValue) }
    profits = zip(values, [start] + values).map { $0 - $1 }
    fills = Int(try #require(greedy["fills"]?.integerValue))
  }

  /// Dollars a session.
  var mean: Double { profits.reduce(0, +) / Double(max(profits.count, 1)) }
}

/// The mean less what luck adds to it in 95 of 100 cases.
func lowerBound(_ profits: [Double]) throws -> Double {
  let mean = try #require(ReturnStatistics.mean(profits))
  let deviation = try #require(ReturnStatistics.standardDeviation(profits))
  return mean - NormalDistribution.quantile(0.95) * deviation / Double(profits.count).squareRoot()
}

private func account(named name: String, of report: JSON) throws -> JSON {
  try #require(report["accounts"]?.arrayValue?.first { $0["name"] == .string(name) })
}

/// A made-up market of 1,000 sessions to train on and 1,000 held out, in a store that all seeds share.
struct PlantedOptionsRoad {
  static let seeds = 0..<10
  static let seedText = "0-9"

  /// Of a seed that no configuration was chosen on.
  static let marketSeed = 1

  private let place: Workplace
  private let configuration: String

  /// market: an operand of `strikeforge synthesize`. configuration: a file of scripts/configurations, without its ending.
  init(_ market: String, configuration: String, sessions: Int = 2100) throws {
    place = try Workplace()
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    self.configuration = root.appending(path: "scripts/configurations/\(configuration).yaml").path
    try place.succeed([
      "synthesize", market, "--seed", "\(Self.marketSeed)", "--sessions", "\(sessions)", "--output", "SYN.csv",
    ])
    try place.succeed(["import", "SYN=SYN.csv", "SYN-options.csv", "--output", "market.h5"])
  }

  /// Trains one seed on one core and judges it. `settings`: over the configuration.
  func judge(seed: Int, settings: [String] = []) throws -> JudgedPolicy {
    try train(seed: seed, settings: settings)
    return try JudgedPolicy(report(seed: seed, checkpoint: "latest"))
  }

  /// Legs that the policy of the first step fills on the same window: its actions are drawn evenly among the legal ones, so far as small first weights are even.
  func randomFills(seed: Int) throws -> Int {
    let report = try report(seed: seed, checkpoint: "checkpoint-0.h5")
    let drawn = try account(named: "stochastic", of: report)
    return Int(try #require(drawn["fills"]?.integerValue))
  }

  /// An account of a seed's report, beside the policy's.
  func baseline(_ name: String, seed: Int) throws -> JSON {
    try account(named: name, of: report(seed: seed, checkpoint: "latest"))
  }

  /// Trains one seed and gives the dollars that its greedy policy gains on the selection window, as the program says at the end.
  func selectionProfit(seed: Int, settings: [String]) throws -> Double {
    let trained = try train(seed: seed, settings: settings)
    let line = try #require(trained.lines.first { $0.hasPrefix("best on the selection window") })
    let words = line.split(separator: " ").map { $0.filter { $0 != "," } }
    let place = try #require(words.lastIndex(of: "an"))
    return try #require(place > 0 ? Double(words[place - 1]) : nil)
  }

  @discardableResult
  private func train(seed: Int, settings: [String]) throws -> ProgramOutcome {
    let words = ["run.workers=1", "run.tensorboard=false"] + settings
    // Notes on standard error are no failure: some columns of one symbol never change.
    let trained = try place.strikeforge(
      ["train", "--config", configuration, "--seed", "\(seed)", "--run", "seed-\(seed)"]
        + words.flatMap { ["--set", $0] })
    try #require(trained.exitCode == 0, "\(trained)")
    return trained
  }

  private func report(seed: Int, checkpoint: String) throws -> JSON {
    let judged = try place.strikeforge(["evaluate", "seed-\(seed)", "--checkpoint", checkpoint, "--json"])
    try #require(judged.exitCode == 0, "\(judged)")
    return try JSON.parse(judged.output)
  }

  /// All seeds, as many side by side as there are cores; each is printed.
  func judgeAll(_ name: String) throws -> [JudgedPolicy] {
    var results: [Result<JudgedPolicy, any Error>?] = Self.seeds.map { _ in nil }
    let pool = WorkerPool(workerCount: min(Self.seeds.count, WorkerPool.availableProcessors))
    results.withUnsafeMutableBufferPointer { places in
      pool.run(taskCount: Self.seeds.count) { seed, _ in places[seed] = Result { try judge(seed: seed) } }
    }
    let judged = try results.map { try #require($0).get() }
    for (seed, one) in judged.enumerated() {
      print("\(name), seed \(seed): \(cents(one.mean)) dollars a session, \(one.fills) fills, \(one.headline)")
    }
    return judged
  }

  func record(_ proof: String, _ figure: String, _ threshold: String, holds: Bool) {
    ProofTable.record(
      "options: \(proof)", figure: figure, threshold: threshold, seeds: Self.seedText, holds: holds)
    #expect(holds, "\(proof): \(figure), must be \(threshold)")
  }

  /// Where nothing can be earned nothing is claimed, and the greedy policy hardly trades.
  func proveNoEdge(_ name: String) throws {
    let judged = try judgeAll(name)
    let bounds = try judged.map { try lowerBound($0.profits) }
    let none = zip(judged, bounds).count { !$0.foundEdge && $1 <= 0 }
    record("\(name), no edge found", "\(none) of \(judged.count)", ">= 9 of 10", holds: none >= 9)
    // Seeds play the same sessions: their mean session by session is what is independent.
    let sessions = judged[0].profits.indices.map { session in
      judged.reduce(0) { $0 + $1.profits[session] } / Double(judged.count)
    }
    let pooled = try lowerBound(sessions)
    record("\(name), pooled lower bound, dollars a session", cents(pooled), "<= 0", holds: pooled <= 0)
    let random = Double(try randomFills(seed: 0))
    try #require(random > 0)
    let turnovers = judged.map { 100 * Double($0.fills) / random }
    let middle = try #require(Bootstrap.stratifiedInterquartileMean([turnovers], seed: 0))
    record("\(name), turnover of random's", "\(text(middle)) %", "< 5 %", holds: middle.estimate < 5)
    let most = turnovers.max() ?? .infinity
    record("\(name), turnover of random's, most", "\(cents(most)) %", "<= 15 %", holds: most <= 15)
  }

  /// Where something can be earned at least four fifths of what the rule earns are. rule: dollars a session.
  func proveEdge(_ name: String, rule: Double) throws {
    let judged = try judgeAll(name)
    let mean = try #require(Bootstrap.stratifiedInterquartileMean([judged.map(\.mean)], seed: 0))
    let least = 0.8 * rule
    record("\(name), dollars a session", text(mean), ">= \(cents(least))", holds: mean.estimate >= least)
    let found = judged.count { $0.foundEdge }
    record("\(name), an edge found", "\(found) of \(judged.count)", ">= 9 of 10", holds: found >= 9)
  }
}

func cents(_ value: Double) -> String { DecimalText.fixed(value, decimals: 2) }

private func text(_ interval: Interval) -> String {
  "\(cents(interval.estimate)) [\(cents(interval.lower)), \(cents(interval.upper))]"
}
