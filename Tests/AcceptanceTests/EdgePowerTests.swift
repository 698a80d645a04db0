// The whole road, from bars with a planted edge of known strength to the verdict: how often an edge is claimed that is none, and found where it is.

import Foundation
import TestSupport
import Testing
import Text

@Suite struct EdgePowerTests {
  private static let configuration = """
    run: {total_timesteps: 60000, evaluation_interval: 15000, workers: 1}
    environment:
      {name: dual_ticker, store: edge.h5, assets: [X], extra_columns: [signal], lanes: 16, allow_short: true, commission_dollars: 0,
       half_spread_bps: 0, impact_coefficient: 0}
    algorithm: {name: ppo, batch_size: 512, learning_rate: 0.001, gamma: 0.9}
    network: {policy_tower: [32], value_tower: [32]}

    """

  /// The claim of a run on one market: `none`, `flat_and_chance` or `every_baseline`.
  private func claim(rho: String, market: Int) throws -> String {
    let report = try report(rho: rho, market: market)
    return try #require(report["verdict"]?["claim"]?.stringValue)
  }

  private func report(rho: String, market: Int) throws -> JSON {
    let place = try Workplace()
    try place.succeed(["synthesize", "edge", "--rho", rho, "--seed", "\(market)", "--output", "x.csv"])
    try place.succeed(["import", "X=x.csv", "--extra-columns", "signal", "--output", "edge.h5"])
    try place.folder.write(Self.configuration, to: "run.yaml")
    // Notes on standard error are no failure: a column of this market is constant.
    let trained = try place.strikeforge("train", "--config", "run.yaml", "--run", "run", "--seed", "1")
    try #require(trained.exitCode == 0, "\(trained)")
    let judged = try place.strikeforge("evaluate", "run", "--json")
    try #require(judged.exitCode == 0, "\(judged)")
    return try JSON.parse(judged.output)
  }

  /// Sharpe ratios of about 3: told from nothing and from chance, whatever buying and holding did. The same walk without the edge: nothing is claimed.
  @Test(arguments: [("0.315", 1001), ("0.4", 1002), ("0", 1003)])
  func whatIsThereIsFound(rho: String, market: Int) throws {
    let report = try report(rho: rho, market: market)
    let verdict = try #require(report["verdict"])
    #expect(verdict["edge_found"]?.boolValue == (rho != "0"), "\(verdict.text)")
    #expect(report["random_trading"]?["draws"]?.integerValue == 999)
  }

  struct Strength: Sendable, CustomStringConvertible {
    let rho: String
    let markets: Int
    var leastFound = 0
    var mostFound = Int.max
    var mostHighest = Int.max
    var description: String { "rho \(rho)" }
  }

  @Test(
    .enabled(if: SlowTests.areEnabled, "long: set STRIKEFORGE_SLOW=1"),
    arguments: [
      Strength(rho: "0", markets: 100, mostFound: 5, mostHighest: 1),
      Strength(rho: "0.197", markets: 40, leastFound: 30), Strength(rho: "0.315", markets: 40, leastFound: 36),
    ])
  func edgesAreClaimedWhereTheyAre(_ strength: Strength) throws {
    var (found, highest) = (0, 0)
    for market in 1...strength.markets {
      let claim = try claim(rho: strength.rho, market: market)
      found += claim == "none" ? 0 : 1
      highest += claim == "every_baseline" ? 1 : 0
    }
    let range = strength.leastFound...max(strength.leastFound, min(strength.mostFound, strength.markets))
    ProofTable.record(
      "power: \(strength), markets with an edge claimed", figure: "\(found) of \(strength.markets)",
      threshold: strength.mostFound == .max ? ">= \(strength.leastFound)" : "<= \(strength.mostFound)",
      seeds: "markets 1-\(strength.markets)", holds: range.contains(found))
    ProofTable.record(
      "power: \(strength), markets with the highest claim", figure: "\(highest) of \(strength.markets)",
      threshold: strength.mostHighest == .max ? "-" : "<= \(strength.mostHighest)",
      seeds: "markets 1-\(strength.markets)", holds: highest <= strength.mostHighest)
    #expect(range.contains(found) && highest <= strength.mostHighest, "\(found) and \(highest) of \(strength.markets)")
  }
}
