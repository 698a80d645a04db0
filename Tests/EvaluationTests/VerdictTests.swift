// The verdict both ways, and how often luck alone would pass.

import Kernels
import Testing

@testable import Evaluation

@Suite struct VerdictTests {
  private func noise(_ count: Int, seed: UInt64, mean: Double = 0, deviation: Double = 0.01) -> [Double] {
    var stream = RandomStream(seed: seed, purpose: .market)
    return (0..<count).map { _ in mean + deviation * stream.nextNormal() }
  }

  @Test func aPlantedEdgeIsFound() {
    let market = noise(500, seed: 1)
    let policy = zip(market, noise(500, seed: 2, mean: 0.002, deviation: 0.005)).map(+)
    let verdict = Verdict(
      policy: policy, baselines: [("flat", [Double](repeating: 0, count: 500)), ("buy-and-hold", market)], seed: 1,
      firstLane: 16)
    #expect(verdict.edgeFound)
    #expect(verdict.headline == "edge over every baseline on this window")
    #expect(verdict.comparisons.allSatisfy { $0.sentence.contains("better") })
    #expect(verdict.caveats.count == 1)
  }

  @Test func beatingAllButOneIsNoEdge() {
    let market = noise(500, seed: 1)
    let policy = market.map { $0 + 0.002 }
    let verdict = Verdict(
      policy: policy, baselines: [("buy-and-hold", market), ("twin", policy)], seed: 1, firstLane: 16)
    #expect(!verdict.edgeFound && verdict.headline == "no edge found")
    #expect(verdict.comparisons[0].sentence.hasPrefix("Against buy-and-hold: better, +0.2000 % a session"))
    #expect(verdict.comparisons[1].sentence.hasPrefix("Not distinguishable from twin"))
  }

  @Test func aWorsePolicyIsCalledWorse() {
    let market = noise(500, seed: 1)
    let verdict = Verdict(
      policy: market.map { $0 - 0.001 }, baselines: [("buy-and-hold", market)], seed: 1, firstLane: 16)
    #expect(!verdict.edgeFound)
    #expect(verdict.comparisons[0].sentence.hasPrefix("Against buy-and-hold: worse, -0.1000 % a session"))
  }

  @Test func fewSessionsProveNothing() {
    let count = Verdict.minimumSessions - 1
    let gain = [Double](repeating: 0.01, count: count)
    let flat = [Double](repeating: 0, count: count)
    let verdict = Verdict(policy: gain, baselines: [("flat", flat)], seed: 1, firstLane: 16)
    #expect(verdict.comparisons[0].interval?.isAboveZero == true)
    #expect(!verdict.edgeFound)
    #expect(verdict.caveats.first?.hasPrefix("59 sessions are too few") == true)
    #expect(Verdict(policy: gain + [0.01], baselines: [("flat", flat + [0])], seed: 1, firstLane: 16).edgeFound)
    #expect(!Verdict(policy: [0.5], baselines: [("flat", [0])], seed: 1, firstLane: 16).edgeFound)
    #expect(!Verdict(policy: gain + gain, baselines: [], seed: 1, firstLane: 16).edgeFound)
  }

  /// A lost account keeps its loss and earns nothing after it.
  @Test func aLostAccountIsPaddedWithZero() {
    let flat = [Double](repeating: 0, count: 100)
    let verdict = Verdict(policy: [0.1, -1], baselines: [("flat", flat)], seed: 1, firstLane: 16)
    #expect(verdict.sessions == 100 && !verdict.edgeFound)
    #expect(verdict.comparisons[0].interval.map { abs($0.estimate + 0.009) < 1e-15 } == true)
  }

  /// 120 policies without any edge over 250 sessions against one baseline: a one-sided 2.5 % test passes about 3 of them; a
  /// bootstrap over 25 blocks passes a few more. Against two baselines it passes fewer.
  @Test func luckRarelyPasses() {
    var one = 0
    var two = 0
    for trial in 0..<120 {
      let policy = noise(250, seed: UInt64(1000 + trial))
      let flat = [Double](repeating: 0, count: 250)
      let other = noise(250, seed: UInt64(5000 + trial))
      let verdict = Verdict(
        policy: policy, baselines: [("flat", flat), ("other", other)], seed: UInt64(trial), firstLane: 16)
      if verdict.comparisons[0].interval?.isAboveZero ?? false { one += 1 }
      if verdict.edgeFound { two += 1 }
    }
    #expect(one <= 10 && one >= 1, "\(one) of 120")
    #expect(two <= one)
  }
}
