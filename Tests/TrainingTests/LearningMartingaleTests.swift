// Where there is no edge, none is found, and a learner trades less than it began with.

import AgentInterface
import Algorithms
import Environments
import Evaluation
import Inference
import Kernels
import TestSupport
import Testing
import Training

/// Asks another decider and counts how far the position moves. An action is a position plus a constant.
private final class PositionCounter: Decider {
  let decider: any Decider
  let startAction: Int
  private(set) var moved = 0
  private(set) var decisions = 0
  private var last = 0

  init(_ decider: any Decider, startAction: Int) {
    self.decider = decider
    self.startAction = startAction
  }

  func decide(_ observation: Span<Float>, mask: ActionMask, startsEpisode: Bool) throws(DecisionError) -> Choice {
    let choice = try decider.decide(observation, mask: mask, startsEpisode: startsEpisode)
    moved += abs(Int(choice.action) - (startsEpisode ? startAction : last))
    last = Int(choice.action)
    decisions += 1
    return choice
  }
}

/// Any of three actions, each as likely.
private final class RandomDecider: Decider {
  private var random: RandomStream

  init(lane: Int) { random = RandomStream(seed: 0, purpose: .exploration, lane: UInt32(lane)) }

  func decide(_ observation: Span<Float>, mask: ActionMask, startsEpisode: Bool) -> Choice {
    Choice(action: ActionNumber(random.nextInteger(below: 3)), confidence: nil)
  }
}

/// Units of position changed a step, over 64 days.
private func turnover(_ learned: Learned, decider make: (Int) -> any Decider) throws -> Double {
  var counters: [PositionCounter] = []
  _ = try PlantedRun.play(
    learned.factory.game(laneCount: 64), steps: 64 * 390, seed: learned.freshSeed, unit: .step
  ) { lane in
    counters.append(PositionCounter(make(lane), startAction: 1))
    return counters[counters.count - 1]
  }
  return Double(counters.reduce(0) { $0 + $1.moved }) / Double(counters.reduce(0) { $0 + $1.decisions })
}

/// Greedy turnover over that of random actions.
private func relativeTurnover(_ learned: Learned) throws -> Double {
  try turnover(learned) { PolicyDecider(learned.policy, mode: .greedy, lane: $0) }
    / turnover(learned) { RandomDecider(lane: $0) }
}

extension LearningProofTests {
  @Suite(.serialized) struct Martingale {
    @Test func `the short version finds no edge where there is none, and trades less than it began with`() throws {
      let proof = Proof.martingale(.ppo)
      let learned = try learn(proof, seed: 0, extra: proof.short, workers: WorkerPool.availableProcessors)
      let relative = try relativeTurnover(learned)
      #expect(relative < 0.25, "turnover \(relative) of random's")
      let report = try judge(learned, days: 200)
      #expect(report.headline == "no edge found", "\(report.text)")
    }

    @Test(
      .enabled(if: SlowTests.areEnabled, "long: set STRIKEFORGE_SLOW=1"),
      arguments: [AlgorithmTag.ppo, .ppoLSTM, .a2c, .dqn])
    func `where there is no edge none is found`(_ algorithm: AlgorithmTag) throws {
      try findNoEdge("martingale, \(algorithm.rawValue)") { try learn(.martingale(algorithm), seed: $0) }
    }

    /// PPO, A2C and DQN by a soft vote with the customary weights, the temperature fitted on the selection streams.
    @Test(.enabled(if: SlowTests.areEnabled, "long: set STRIKEFORGE_SLOW=1"))
    func `where there is no edge an ensemble finds none either`() throws {
      try findNoEdge("martingale, ensemble") { try learnTogether([.ppo, .a2c, .dqn], seed: $0) }
    }

    /// Members trained one after the other, then combined.
    private func learnTogether(_ algorithms: [AlgorithmTag], seed: Int) throws -> Learned {
      let learned = try algorithms.map { try learn(.martingale($0), seed: seed) }
      let members = try zip(algorithms, learned).map { algorithm, one in
        DeployedPolicy.Member(
          name: algorithm.rawValue, policy: try #require(one.policy.network),
          weight: try #require(algorithm.family.customaryWeight))
      }
      let factory = learned[0].factory
      let fitting = try EnsembleFitting(
        members, rule: .softVote, fallback: factory.game(laneCount: 1).actionSpace.fallback, weights: .given,
        factory: factory, seed: UInt64(seed))
      return Learned(policy: fitting.policy, factory: factory, seed: UInt64(seed))
    }

    private func findNoEdge(_ name: String, learn: (_ seed: Int) throws -> Learned) throws {
      let judged = try overSeeds { seed in
        let learned = try learn(seed)
        return (report: try judge(learned, days: 2_000), turnover: try relativeTurnover(learned))
      }
      /// Mean daily profit less what luck adds to it in 95 of 100 cases.
      func lowerBound(_ sums: ClusteredSums) throws -> Double {
        try sums.ratio - NormalDistribution.quantile(0.95) * #require(sums.standardError)
      }
      let bounds = try judged.map { try lowerBound($0.report.greedy.run.sums) }
      let runs = judged.map(\.report.greedy.run.sums)
      let pooled = ClusteredSums(amounts: runs.flatMap(\.amounts), weights: runs.flatMap(\.weights))
      for (seed, one) in judged.enumerated() {
        print(
          "\(name), seed \(seed): \(fixed(one.report.greedy.run.mean)) a day, lower bound \(fixed(bounds[seed])), "
            + "turnover \(fixed(one.turnover)) of random's, \(one.report.headline)")
      }
      let none = zip(judged, bounds).count { $0.report.headline == "no edge found" && $1 <= 0 }
      recordProof("\(name), no edge found", "\(none) of 10", ">= 9 of 10", holds: none >= 9)
      let bound = try lowerBound(pooled)
      recordProof("\(name), pooled lower bound a day", fixed(bound), "<= 0", holds: bound <= 0)
      let most = judged.reduce(0) { max($0, $1.turnover) }
      recordProof("\(name), turnover of random's, most", fixed(most), "< 0.05", holds: most < 0.05)
    }

    /// The verdict of the product's own report over fresh days, five a lane.
    private func judge(_ learned: Learned, days: Int) throws -> PlantedReport {
      let environment = learned.factory.game(laneCount: days / 5)
      return try PlantedReport(
        policy: learned.policy, policyName: "martingale", environment: environment, environmentName: "martingale",
        optimum: environment.optimumPerEpisode, unit: .episode, steps: days * environment.episodeLength,
        seed: learned.freshSeed)
    }
  }
}
