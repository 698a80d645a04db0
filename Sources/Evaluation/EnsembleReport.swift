// What an ensemble's members add to each other on one window: how often they disagree, and what the whole loses without each of them.

private import AgentInterface
package import Environments
package import Inference

/// An ensemble against its members, all greedy, on one window.
package struct EnsembleReport: Sendable, Equatable {
  /// What is compared, and over what it is averaged.
  package enum Measure: String, Sendable {
    case dailyReturn = "mean daily return"
    case stepReward = "mean reward a step"
    case episodeReward = "mean reward an episode"
  }

  package struct Row: Sendable, Equatable {
    package var name: String
    /// Of all weights, in [0, 1].
    package var share: Double
    package var temperature: Double
    /// The share of the ensemble's decisions in which this member alone would have decided otherwise.
    package var disagreement: Double
    /// What the member earns by itself.
    package var alone: Double
    /// What the others earn together; nil where nobody with a weight remains.
    package var without: Double?
    /// What the ensemble earns more with the member than without, with its interval; nil where that cannot be told.
    package var contribution: Interval?
  }

  package var rule: String
  package var measure: Measure
  /// The member that did best on the selection window: chosen there, so that this window does not choose.
  package var best: String
  package var decisions: Int
  package var whole: Double
  package var rows: [Row]
  /// Whether weights or temperatures were fitted on this very window.
  package var isFittedHere: Bool

  /// The share of the decisions in which the best member alone would have decided otherwise.
  package var disagreementWithBest: Double { rows.first { $0.name == best }?.disagreement ?? 0 }

  /// What the ensemble earns more with the member than without; nil where nobody with a weight remains.
  package func gain(_ row: Row) -> Double? { row.without.map { whole - $0 } }

  /// Walks a market's window: once for the whole, once for every member alone, once without it. environment: as for `Backtest.run`. Traps
  /// where the policy is one network.
  package init(
    market environment: any TradingEnvironment, policy: DeployedPolicy, best: String, isFittedHere: Bool, seed: UInt64
  ) throws(DecisionError) {
    try self.init(policy, .dailyReturn, best, isFittedHere, seed) { (one: DeployedPolicy) throws(DecisionError) in
      let decider = PolicyDecider(one, mode: .greedy)
      let record = try Backtest.run(environment, decider: decider, seed: seed, keeps: .account)
      return Outcome(earned: .daily(record.dailyReturns), deciders: [decider])
    }
  }

  /// Plays a planted market: see `PlantedRun.play`. Traps where the policy is one network.
  package init(
    planted environment: any GameEnvironment, policy: DeployedPolicy, best: String, unit: PlantedRun.Unit,
    steps: Int, isFittedHere: Bool, seed: UInt64
  ) throws(DecisionError) {
    let measure: Measure = unit == .step ? .stepReward : .episodeReward
    try self.init(policy, measure, best, isFittedHere, seed) { (one: DeployedPolicy) throws(DecisionError) in
      let deciders = (0..<environment.laneCount).map { PolicyDecider(one, mode: .greedy, lane: $0) }
      let run = try PlantedRun.play(environment, steps: steps, seed: seed, unit: unit) { deciders[$0] }
      return Outcome(earned: .planted(run.sums), deciders: deciders)
    }
  }

  private init(
    _ policy: DeployedPolicy, _ measure: Measure, _ best: String, _ isFittedHere: Bool, _ seed: UInt64,
    play: (DeployedPolicy) throws(DecisionError) -> Outcome
  ) throws(DecisionError) {
    guard let rule = policy.rule else { preconditionFailure("one network is no ensemble") }
    let total = Double(policy.members.reduce(0) { $0 + $1.weight })
    let whole = try play(policy)
    self.rule = rule.rawValue
    self.measure = measure
    self.best = best
    self.isFittedHere = isFittedHere
    self.whole = whole.earned.mean
    decisions = whole.decisions
    rows = []
    for (index, member) in policy.members.enumerated() {
      var without: Outcome?
      if let rest = policy.without(index) { without = try play(rest) }
      rows.append(
        Row(
          name: member.name, share: Double(member.weight) / total, temperature: member.temperature,
          disagreement: Double(whole.dissents[index]) / Double(max(1, whole.decisions)),
          alone: try play(member.policy.deployed).earned.mean, without: without?.earned.mean,
          contribution: without.flatMap {
            whole.earned.minus($0.earned, seed: seed, lane: EnsembleReport.firstLane + UInt32(index))
          }))
    }
  }

  /// Of the bootstraps; far from those of the verdicts.
  private static let firstLane: UInt32 = 1000

  private struct Outcome {
    let earned: Earned
    let decisions: Int
    /// By member.
    let dissents: [Int]

    init(earned: Earned, deciders: [PolicyDecider]) {
      self.earned = earned
      decisions = deciders.reduce(0) { $0 + $1.decisions }
      dissents = (deciders.first?.dissents ?? []).indices.map { member in
        deciders.reduce(0) { $0 + $1.dissents[member] }
      }
    }
  }

  private enum Earned {
    case daily([Double])
    case planted(ClusteredSums)

    var mean: Double {
      switch self {
      case .daily(let returns): ReturnStatistics.mean(returns) ?? 0
      case .planted(let sums): sums.ratio
      }
    }

    /// The paired difference. An account that was lost early earns 0 on the sessions after that.
    func minus(_ other: Earned, seed: UInt64, lane: UInt32) -> Interval? {
      switch (self, other) {
      case (.daily(let mine), .daily(let theirs)):
        let count = max(mine.count, theirs.count)
        let differences = (0..<count).map {
          ($0 < mine.count ? mine[$0] : 0) - ($0 < theirs.count ? theirs[$0] : 0)
        }
        return Bootstrap.stationaryMean(differences, seed: seed, lane: lane)
      case (.planted(let mine), .planted(let theirs)):
        return Bootstrap.clusteredMean(mine, minus: theirs, seed: seed, lane: lane)
      default: return nil
      }
    }
  }
}
