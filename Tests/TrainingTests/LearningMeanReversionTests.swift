// A market that comes back, at a cost: the position changes where it pays.

import Evaluation
import Inference
import TestSupport
import Testing

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

extension LearningProofTests {
  @Suite(.serialized) struct MeanReversion {
    @Test(arguments: [Proof.meanReversion, .meanReversionA2C, .meanReversionDQN])
    func `the short version learns and its control does not`(_ proof: Proof) throws { try proveShortly(proof) }

    @Test(
      .enabled(if: SlowTests.areEnabled, "long: set STRIKEFORGE_SLOW=1"),
      arguments: [Proof.meanReversionA2C, .meanReversionDQN])
    func `ten seeds reach the share of the known optimum, their controls do not`(_ proof: Proof) throws {
      _ = try prove(proof)
    }

    /// Where float32 does not reach the optimum with memory, bfloat16 must do no worse, seed by seed.
    @Test(.enabled(if: SlowTests.areEnabled, "long: set STRIKEFORGE_SLOW=1"))
    func `a cost is learned alike with bfloat16 products`() throws {
      let wide = try interquartileMean(.meanReversionWithMemory).means
      let narrow = try interquartileMean(Proof.meanReversionWithMemory.inBFloat16).means
      let interval = try #require(
        Bootstrap.stratifiedInterquartileMean([zip(narrow, wide).map { $0 - $1 }], seed: 0))
      recordProof(
        "mean_reversion, ppo_lstm, bf16 less float32", fixed(interval), "upper >= 0", holds: interval.upper >= 0)
    }

    @Test(.enabled(if: SlowTests.areEnabled, "long: set STRIKEFORGE_SLOW=1"))
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
  }
}
