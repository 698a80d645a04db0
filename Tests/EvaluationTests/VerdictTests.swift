// The verdict three ways, and how often luck alone would pass.

import Kernels
import Testing

@testable import Evaluation

@Suite struct VerdictTests {
  private func noise(_ count: Int, seed: UInt64, mean: Double = 0, deviation: Double = 0.01) -> [Double] {
    var stream = RandomStream(seed: seed, purpose: .market)
    return (0..<count).map { _ in mean + deviation * stream.nextNormal() }
  }

  private func verdict(
    _ policy: [Double], _ baselines: [(name: String, returns: [Double])], chance: Double? = 0.001, cash: [Double] = []
  ) -> Verdict {
    Verdict(
      policy: policy, baselines: baselines, chance: chance, cash: cash, seed: 1, firstLane: 16, resamples: 1999)
  }

  @Test func aPlantedEdgeIsFound() {
    let market = noise(500, seed: 1)
    let policy = zip(market, noise(500, seed: 2, mean: 0.004, deviation: 0.005)).map { 0.2 * $0 + $1 }
    let verdict = verdict(policy, [("flat", [Double](repeating: 0, count: 500)), ("buy-and-hold", market)])
    #expect(verdict.claim == .overEverything && verdict.edgeFound && verdict.notToldFrom.isEmpty)
    #expect(verdict.headline == "an edge over every baseline on this window")
    // Nothing held is compared with once, whatever baseline says the same.
    #expect(verdict.comparisons.map(\.baseline) == ["flat", "buy-and-hold"])
    #expect(verdict.comparisons.allSatisfy { $0.sentence.contains("better") })
    #expect(verdict.caveats.count == 2)
  }

  /// Holds the market, and is right beside: better than nothing, at equal risk not better than the market.
  @Test func theMiddleHeadlineNamesWhatItIsNotToldFrom() {
    let market = noise(1000, seed: 1, mean: 0.0015)
    let policy = market.map { 3 * $0 }
    let verdict = verdict(policy, [("buy-and-hold", market), ("worse", noise(1000, seed: 9, mean: -0.002))])
    #expect(verdict.claim == .overFlatAndChance && verdict.edgeFound)
    #expect(
      verdict.headline == "an edge over flat and over chance on this window, not told from buy-and-hold")
    #expect(verdict.comparisons[1].sentence.hasPrefix("Not told from buy-and-hold, Sharpe ratio "))
    #expect(verdict.comparisons[2].sentence.hasPrefix("Against worse: better"))
  }

  /// The headline claims it over chance: what a correction over more comparisons leaves of that is told with them, not against it.
  @Test func theMiddleHeadlineDoesNotContradictItself() {
    let market = noise(1000, seed: 1, mean: 0.0015)
    let verdict = verdict(market.map { 3 * $0 }, [("buy-and-hold", market)], chance: 0.02)
    #expect(verdict.claim == .overFlatAndChance && verdict.notToldFrom == ["buy-and-hold", "chance"])
    #expect(verdict.headline == "an edge over flat and over chance on this window, not told from buy-and-hold")
  }

  /// Both of the family of two, one of them at half the error: chance alone or flat alone is no claim.
  @Test func chanceAndFlatAreBothNeeded() {
    let policy = noise(500, seed: 2, mean: 0.002)
    let expected: [(Double?, Verdict.Claim)] = [
      (nil, .none), (0.001, .overEverything), (0.0126, .overEverything), (0.025, .overEverything), (0.0251, .none),
      (0.4, .none),
    ]
    for (chance, claim) in expected {
      #expect(verdict(policy, [], chance: chance).claim == claim, "\(chance ?? -1)")
    }
    let weak = noise(500, seed: 2, mean: 0.0001)
    #expect(verdict(weak, [], chance: 0.001).claim == .none)
    #expect(verdict(weak, [], chance: 0.001).headline == "no edge found")
  }

  /// What cash earns is nobody's edge.
  @Test func cashIsTakenOff() {
    let still = noise(500, seed: 2, mean: 0.002, deviation: 0.004)
    #expect(verdict(still, []).edgeFound)
    #expect(!verdict(still, [], cash: [Double](repeating: 0.002, count: 500)).edgeFound)
  }

  @Test func aWorsePolicyIsCalledWorse() {
    let market = noise(500, seed: 1)
    let verdict = verdict(market.map { $0 - 0.002 }, [("buy-and-hold", market)])
    #expect(!verdict.edgeFound)
    #expect(verdict.comparisons[1].sentence.hasPrefix("Against buy-and-hold: worse, Sharpe ratio -"))
  }

  @Test func fewSessionsProveNothing() {
    let gain = noise(60, seed: 3, mean: 0.02)
    let few = verdict(Array(gain.dropLast()), [])
    #expect(few.comparisons[0].pValue < 0.001 && !few.edgeFound)
    #expect(few.caveats.first?.hasPrefix("59 sessions are too few") == true)
    #expect(verdict(gain, []).edgeFound)
    let one = verdict([0.5], [("flat", [0])])
    #expect(!one.edgeFound && one.caveats.first?.hasPrefix("1 session is too few") == true)
    #expect(verdict([Double](repeating: 0, count: 100), []).comparisons[0].sharpe == nil)
  }

  /// (z of 98.75 % + z of 80 %) = 3.083 standard errors, about 1 over the root of the years.
  @Test func whatWouldHaveBeenFoundIsSaid() {
    let nineYears = verdict(noise(9 * 252, seed: 1), [])
    #expect(abs(nineYears.detectableSharpe - 3.083 / 3) < 0.08)
    #expect(nineYears.caveats.contains { $0.hasPrefix("An edge of Sharpe 1.0") })
    let idle = verdict([Double](repeating: 0, count: 252), [])
    #expect(abs(idle.detectableSharpe - 3.083) < 0.001)
  }

  /// A lost account keeps its loss and earns nothing after it.
  @Test func aLostAccountIsPaddedWithZero() {
    let market = noise(100, seed: 1)
    let verdict = verdict([0.1, -1], [("buy-and-hold", market)])
    #expect(verdict.sessions == 100 && !verdict.edgeFound)
  }

  /// 120 policies without any edge over 250 sessions against one baseline and chance: a claim may be false in 2.5 %, and the highest in fewer.
  @Test func luckRarelyPasses() {
    var (one, two) = (0, 0)
    for trial in 0..<120 {
      let policy = noise(250, seed: UInt64(1000 + trial))
      let other = noise(250, seed: UInt64(5000 + trial))
      var stream = RandomStream(seed: UInt64(trial), purpose: .mutation)
      let verdict = Verdict(
        policy: policy, baselines: [("other", other)], chance: stream.nextDouble(), seed: UInt64(trial), firstLane: 16,
        resamples: 399)
      if verdict.comparisons[0].pValue <= 0.05 { one += 1 }
      if verdict.edgeFound { two += 1 }
    }
    // 6 expected, four deviations are 10.
    #expect(one <= 16 && one >= 1, "\(one) of 120")
    #expect(two <= 1)
  }
}
