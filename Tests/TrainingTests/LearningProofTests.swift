// The learner against markets whose optimum is known, with one set of hyper-parameters and controls that must fail.

import AgentInterface
import Algorithms
import Environments
import Evaluation
import FoundationEssentials
import Inference
import Kernels
import Networks
import TestSupport
import Testing
import Training

/// Where the greedy policy turns from long to short as the price rises, and from short to long as it falls: the mean distance from 0.
private func flipThreshold(_ policy: DeployedPolicy) throws -> Double {
  func firstFlip(_ position: Float) throws -> Double {
    for step in -600...600 {
      let deviation = Float(step) / 100 * position
      var session = policy.makeSession()
      let observation: [Float] = [deviation, position]
      let decision = try session.decide(observation.span, mask: nil, startsEpisode: true, rule: .greedy)
      if Float(decision.action - 1) == -position { return Double(deviation * position) }
    }
    return .infinity
  }
  return try (firstFlip(1) + firstFlip(-1)) / 2
}

@Suite(.serialized) struct LearningProofTests {
  static let shortProofs = [
    Proof.leak, .meanReversion, .meanReversionA2C, .meanReversionDQN, .cue, .hiddenWithMemory, .hiddenWithoutMemory,
  ]

  @Test(arguments: shortProofs)
  func `the short version learns and its control does not`(_ proof: Proof) throws {
    func play(permutesRewards: Bool) throws -> Double {
      try learn(
        proof, seed: 0, extra: proof.short, workers: WorkerPool.availableProcessors, permutesRewards: permutesRewards
      ).play(proof.unit, steps: 40_000).mean
    }
    let mean = try play(permutesRewards: false)
    #expect(proof.shortMust.contains(mean), "\(proof.name): \(mean)")
    let control = try play(permutesRewards: true)
    #expect(control < proof.shortMust.lowerBound, "\(proof.name), control: \(control)")
  }

  @Test func `the short version learns with bfloat16 products`() throws {
    let proof = Proof.hiddenWithMemory.inBFloat16
    let learned = try learn(proof, seed: 0, extra: proof.short, workers: WorkerPool.availableProcessors)
    let mean = try learned.play(proof.unit, steps: 40_000).mean
    #expect(proof.shortMust.contains(mean), "\(proof.name): \(mean)")
  }

  @Test(
    .enabled(if: isSlow, "long: set STRIKEFORGE_SLOW=1"),
    arguments: [Proof.leak, .cue, .meanReversionA2C, .meanReversionDQN])
  func `ten seeds reach the share of the known optimum, their controls do not`(_ proof: Proof) throws {
    _ = try prove(proof)
  }

  /// The thresholds of float32; the deployed form that plays is float32 as always.
  @Test(
    .enabled(if: isSlow, "long: set STRIKEFORGE_SLOW=1"),
    arguments: [Proof.cue, .hiddenWithMemory])
  func `ten seeds reach the same with bfloat16 products`(_ proof: Proof) throws {
    let narrow = proof.inBFloat16
    let interval = try interquartileMean(narrow).interval
    recordProof(narrow.name, fixed(interval), narrow.threshold, holds: narrow.must.contains(interval.estimate))
  }

  /// Where float32 does not reach the optimum with memory, bfloat16 must do no worse, seed by seed.
  @Test(.enabled(if: isSlow, "long: set STRIKEFORGE_SLOW=1"))
  func `a cost is learned alike with bfloat16 products`() throws {
    let wide = try interquartileMean(.meanReversionWithMemory).means
    let narrow = try interquartileMean(Proof.meanReversionWithMemory.inBFloat16).means
    let interval = try #require(
      Bootstrap.stratifiedInterquartileMean([zip(narrow, wide).map { $0 - $1 }], seed: 0))
    recordProof(
      "mean_reversion, ppo_lstm, bf16 less float32", fixed(interval), "upper >= 0", holds: interval.upper >= 0)
  }

  @Test(.enabled(if: isSlow, "long: set STRIKEFORGE_SLOW=1"))
  func `a cost widens the band in which the position stays, as it should`() throws {
    var thresholds: [Double] = []
    _ = try prove(.meanReversion) { thresholds.append(try flipThreshold($0.policy)) }
    print("mean_reversion, flip thresholds: \(thresholds.map { fixed($0, decimals: 2) })")
    let interval = try #require(Bootstrap.stratifiedInterquartileMean([thresholds], seed: 0))
    // Of the seeds together: the reward is flat around the optimum of 2.02, and one seed in five leaves the band whatever kernels train it (of
    // seeds 20 to 59 eight with CBLAS and ten with the fused ones, in median 0.01 apart).
    recordProof(
      "mean_reversion, greedy flip at", fixed(interval), "interval in 1.4 to 2.7",
      holds: interval.lower >= 1.4 && interval.upper <= 2.7)
  }

  @Test(.enabled(if: isSlow, "long: set STRIKEFORGE_SLOW=1"))
  func `memory earns what the last return does not tell`() throws {
    let with = try prove(.hiddenWithMemory)
    let without = try prove(.hiddenWithoutMemory)
    let interval = try #require(
      Bootstrap.stratifiedInterquartileMean([zip(with, without).map { $0 - $1 }], seed: 0))
    recordProof("regime_switching, memory's gain", fixed(interval), "interval above 0", holds: interval.isAboveZero)
  }

  @Test(.enabled(if: isSlow, "long: set STRIKEFORGE_SLOW=1"))
  func `a visible position is one bit of memory and no more`() throws {
    let (_, with) = try interquartileMean(.visibleWithMemory)
    recordProof(
      Proof.visibleWithMemory.name, fixed(with), Proof.visibleWithMemory.threshold, holds: with.estimate >= 0.107)
    _ = try prove(.visibleWithoutMemory)
  }

  @Test(.enabled(if: isSlow, "long: set STRIKEFORGE_SLOW=1"))
  func `without memory the cue is worth nothing`() throws {
    let runs = try overSeeds { try learn(.cueWithoutMemory, seed: $0).play(.episode, steps: 500_000) }
    let pooled = ClusteredSums(amounts: runs.flatMap(\.sums.amounts), weights: runs.flatMap(\.sums.weights))
    let result = try #require(Bootstrap.clusteredMean(pooled, seed: 0))
    recordProof(
      Proof.cueWithoutMemory.name, fixed(result), "0 inside", holds: result.lower <= 0 && result.upper >= 0)
  }
}
