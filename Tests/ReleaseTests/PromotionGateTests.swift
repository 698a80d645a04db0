// The gate, rule by rule, on accounts that are made so that one rule decides.

import Evaluation
import Kernels
import Testing

@testable import Release

@Suite struct PromotionGateTests {
  private let gate = PromotionGate(seed: 1, resamples: 499)

  /// Returns with a true ratio a year, each stream its own.
  private func account(_ sharpe: Double, _ lane: UInt32, sessions: Int = 1000, scale: Double = 0.01) -> [Double] {
    var stream = RandomStream(seed: 5, purpose: .market, lane: lane)
    return (0..<sessions).map { _ in scale * (sharpe / 252.0.squareRoot() + stream.nextNormal()) }
  }

  private func candidate(_ name: String, _ returns: [Double], costlier: [Double]? = nil, chance: Double? = nil)
    -> GateCandidate
  {
    GateCandidate(
      name: name, seeds: [GateAccount(name: name, returns: returns, costlier: costlier, chance: chance)])
  }

  @Test func aClearlyBetterOneIsPromoted() {
    let decision = gate.decide(
      [candidate("a", account(0, 1)), candidate("b", account(4, 2), costlier: account(3, 2), chance: 0.001)],
      champion: account(0, 3), baselines: [("buy & hold", account(0.5, 4))])
    #expect(decision.outcome == .promote("b") && decision.sessions == 1000)
    #expect(decision.judgements[1].comparisons.map(\.opponent) == ["champion", "flat", "buy & hold", "chance"])
    #expect(decision.judgements[0].objections.contains { if case .notAbove = $0 { true } else { false } })
    #expect(decision.sentence.hasPrefix("b is promoted"))
    #expect(decision.caveats.count == 2 && (decision.detectable ?? 0) > 0.5)
  }

  @Test func everyOpponentMustBeBeaten() throws {
    let (good, champion) = (account(4, 2), account(0, 3))
    // A baseline that is as good, and chance that is as good.
    for (baselines, chance, name) in [
      ([("x", account(4, 9))], 0.001, "x"), ([("x", account(0, 9))], 0.2, "chance"),
    ] {
      let decision = gate.decide([candidate("b", good, chance: chance)], champion: champion, baselines: baselines)
      #expect(decision.outcome == .keep)
      #expect(decision.judgements[0].objections == [.notAbove([name])])
      #expect(decision.sentence == "The champion stays: b was not told from \(name).")
    }
  }

  /// The p-value of a candidate is the largest of its comparisons; others beside it, who share nothing with it, leave less of it.
  @Test func manyCandidatesNeedMore() throws {
    let close = candidate("b", account(1.6, 2), chance: 0.004)
    let champion = account(0, 3)
    let alone = gate.decide([close], champion: champion, baselines: [])
    let p = alone.judgements[0].pValue
    #expect(p == alone.judgements[0].adjusted && p == alone.judgements[0].comparisons.map(\.pValue).max())
    let others = (UInt32(0)..<20).map { candidate("n\($0)", account(0, 20 + $0), chance: 0.5) }
    let many = gate.decide([close] + others, champion: champion, baselines: [])
    // Resampled in longer blocks where another asks for them, so that its own moves a little.
    #expect(abs(many.judgements[0].pValue - p) < 0.02 && many.judgements[0].adjusted > 2 * p)
    #expect(many.judgements.allSatisfy { one in one.comparisons.allSatisfy { $0.adjusted >= $0.pValue } })
    // Against chance candidates are counted, after Holm.
    #expect(many.judgements[0].comparisons.map(\.opponent) == ["champion", "chance"])
    #expect(many.judgements[0].comparisons[1].adjusted == 21 * 0.004)
    #expect(many.judgements[0].objections.contains { if case .oneOfMany = $0 { true } else { false } })
  }

  /// Candidates that are nearly one need hardly more than one does.
  @Test func copiesOfOneAreNoManyTries() throws {
    let (good, champion) = (account(1.8, 2), account(0, 3))
    let copies = (UInt32(0)..<12).map { place in
      candidate("c\(place)", zip(good, account(0, 50 + place)).map { $0 + 0.1 * $1 })
    }
    let alone = gate.decide([copies[0]], champion: champion, baselines: []).judgements[0]
    let many = gate.decide(copies, champion: champion, baselines: [])
    #expect(many.judgements[0].adjusted < 2 * alone.pValue + 0.01 && many.outcome != .keep)
    let counted = HolmCorrection(pValues: many.judgements.map { $0.pValue }, familyError: 0.05)
    #expect(counted.adjusted.allSatisfy { $0 > 0.05 }, "\(counted.adjusted)")
  }

  @Test func whatEarnsLessIsNotPromoted() {
    // A better ratio at a tenth of the risk.
    let decision = gate.decide(
      [candidate("b", account(8, 2, scale: 0.0005))], champion: account(2.5, 3, scale: 0.02), baselines: [])
    #expect(decision.judgements[0].objections == [.earnsLess] && decision.outcome == .keep)
    #expect(decision.sentence == "The champion stays: b earns less a session than the champion.")
  }

  @Test func whatLosesItsGainAtHigherCostsIsNotPromoted() {
    let good = account(4, 2)
    let lost = good.map { $0 - 0.005 }
    let decision = gate.decide([candidate("b", good, costlier: lost)], champion: account(0, 3), baselines: [])
    #expect(decision.judgements[0].objections == [.fragile] && decision.outcome == .keep)
    #expect(decision.sentence == "The champion stays: b loses its gain at 1.5 times the costs.")
  }

  @Test func fewSessionsAreNotEnough() {
    func decision(_ sessions: Int) -> GateDecision {
      gate.decide(
        [candidate("b", account(20, 2, sessions: sessions))], champion: account(0, 3, sessions: sessions), baselines: []
      )
    }
    #expect(decision(59).judgements[0].objections == [.tooFewSessions(59)])
    #expect(
      decision(59).sentence
        == "The champion stays: b was judged over 59 sessions, fewer than the 60 that the gate asks for.")
    #expect(decision(60).outcome == .promote("b"))
    #expect(gate.decide([], champion: account(0, 3), baselines: []).outcome == .keep)
    #expect(gate.decide([candidate("b", [])], champion: [], baselines: []).outcome == .keep)
  }

  /// Of five seeds the third, of four the second: neither the best nor the worst speaks.
  @Test func theMedianSeedStandsForACandidate() {
    let ratios = [6.0, 0, 9, 3, 12]
    func named(_ count: Int) -> String {
      let seeds = ratios.prefix(count).enumerated().map {
        GateAccount(name: "seed \($0.offset)", returns: account($0.element, 40))
      }
      return PromotionGate.median(GateCandidate(name: "c", seeds: seeds)).name
    }
    #expect(named(5) == "seed 0" && named(4) == "seed 3" && named(3) == "seed 0" && named(1) == "seed 0")
    #expect(named(2) == "seed 1")
  }

  @Test func theBestOfThoseThatPassIsPromotedAndOfEqualsTheEarlier() {
    let champion = account(0, 3)
    let both = [candidate("a", account(4, 2)), candidate("b", account(8, 2)), candidate("c", account(8, 2))]
    let decision = gate.decide(both, champion: champion, baselines: [])
    #expect(decision.judgements.allSatisfy { $0.passes })
    let lower = decision.judgements.map(\.lowerBound)
    #expect(lower[1] > lower[0])
    let best = lower.indices.max { (lower[$0], -$0) < (lower[$1], -$1) }
    #expect(decision.outcome == .promote(["a", "b", "c"][best ?? 0]))
    // The very same account twice: bootstraps of their own, so the bounds differ by their noise alone.
    let equal = GateDecision(
      judgements: [decision.judgements[1], decision.judgements[1]].enumerated().map { place, one in
        var one = one
        one.candidate = "e\(place)"
        return one
      }, sessions: 1000, hasChampion: true, criticalRatio: nil)
    #expect(equal.outcome == .promote("e0"))
  }

  /// The champion's own bundle offered again is never promoted, nor is an account that never moved.
  @Test func equalsAndIdlersStay() {
    let champion = account(3, 3)
    for returns in [champion, champion.map { 2 * $0 }, [Double](repeating: 0, count: 1000)] {
      let decision = gate.decide([candidate("b", returns)], champion: champion, baselines: [("x", account(0, 9))])
      #expect(decision.outcome == .keep)
    }
    // A flat champion is a ratio of 0 without error; a flat candidate is better than a losing champion, but not than holding nothing.
    let flat = [Double](repeating: 0, count: 1000)
    #expect(gate.decide([candidate("b", account(4, 2))], champion: flat, baselines: []).outcome == .promote("b"))
    let idle = gate.decide([candidate("b", flat)], champion: account(-6, 3), baselines: [("x", account(-6, 9))])
    #expect(idle.judgements[0].comparisons.map { $0.pValue < 0.05 } == [true, false, true])
    #expect(idle.outcome == .keep)
  }

  @Test func withoutAChampionOnlyAPersonPromotes() {
    let decision = gate.decide(
      [candidate("b", account(4, 2), chance: 0.001)], champion: nil, baselines: [("x", account(0, 9))])
    #expect(decision.outcome == .challenge("b") && decision.judgements[0].profit == nil)
    #expect(decision.judgements[0].comparisons.map(\.opponent) == ["flat", "x", "chance"])
    #expect(decision.sentence.contains("only a person promotes the first"))
    let none = gate.decide([candidate("b", account(0, 2))], champion: nil, baselines: [])
    #expect(none.outcome == .keep && none.sentence.hasPrefix("Nothing is published: b was not told from flat"))
  }

  @Test func theSameReturnsGiveTheSameDecision() {
    let weekend = SimulatedWeekend(candidates: 3, baselines: 1)
    #expect(weekend.decide(seed: 4, resamples: 199) == weekend.decide(seed: 4, resamples: 199))
  }

  /// The short form of the long tests: 40 weekends without an edge, 20 with a plain one.
  @Test func luckIsRarelyPromoted() {
    #expect(SimulatedWeekend(candidates: 6).promotions(in: 40, seed: 2) <= 7)
    #expect(
      SimulatedWeekend(candidates: 3, sessions: 1008, candidateSharpe: 4, baselines: 2, correlation: 0.9)
        .promotions(in: 20, seed: 3) >= 16)
  }
}
