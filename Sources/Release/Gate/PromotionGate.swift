// Whether a candidate may take the champion's place: a pure function of what they earned on one window.

package import Evaluation

/// The rule by which a weekend promotes: written before, applied to daily returns alone.
///
/// A candidate is stood for by its median seed (of an even number the lower of the two in the middle), ranked by Sharpe ratio. It is promoted where
///
/// 1. there are at least 60 sessions,
/// 2. its Sharpe ratio is above the champion's, above that of every baseline and above chance: each is a paired comparison at equal risk
///    (`SharpeComparison`; chance by percentile), one-sided. Its p-value is the largest of them: all must hold, so none among them needs a correction.
///    Holm's correction over all candidates leaves it at most 5 %,
/// 3. its mean return a session is not below the champion's: the upper 95 % bound of the paired difference is at least 0,
/// 4. what it earns keeps its sign at one and a half times the costs.
///
/// Where several pass, the one with the highest lower bound against the champion is promoted, of equals the earlier. Without a champion the best that
/// passes (by its lower bound against nothing held) may become the challenger, which only a person promotes.
package struct PromotionGate: Sendable {
  /// The chance, over all candidates of one weekend, that one of them is promoted by luck.
  package static let familyError = 0.05
  package static let minimumSessions = 60
  /// How much more trading costs where an edge must keep its sign.
  package static let costFactor = 1.5
  /// With which the smallest difference is told that a window can find.
  static let power = 0.8

  package static let championName = "champion"
  package static let flatName = "flat"
  package static let chanceName = "chance"

  /// Of the bootstraps.
  package var seed: UInt64
  package var resamples: Int

  package init(seed: UInt64, resamples: Int = SharpeComparison.resamples) {
    self.seed = seed
    self.resamples = resamples
  }

  /// champion, baselines: (T) returns over cash over the sessions of the candidates. Nothing held ("flat") need not be among the baselines: it is always
  /// compared with where there is any baseline, or no champion.
  package func decide(
    _ candidates: [GateCandidate], champion: [Double]?, baselines: [(name: String, returns: [Double])]
  ) -> GateDecision {
    let accounts = candidates.map(PromotionGate.median)
    let lengths = accounts.map(\.returns.count) + baselines.map(\.returns.count) + [champion?.count ?? 0]
    let sessions = lengths.max() ?? 0
    func whole(_ returns: [Double]) -> [Double] {
      returns + [Double](repeating: 0, count: sessions - returns.count)
    }
    var opponents: [(name: String, returns: [Double])] = []
    if let champion { opponents.append((PromotionGate.championName, whole(champion))) }
    let moving = baselines.map { ($0.name, whole($0.returns)) }.filter { !isFlat($0.1) }
    if champion == nil || !baselines.isEmpty {
      opponents.append((PromotionGate.flatName, [Double](repeating: 0, count: sessions)))
    }
    opponents += moving
    var judged = zip(candidates, accounts).enumerated().map { place, one in
      var comparisons = opponents.enumerated().map { index, opponent in
        compare(
          whole(one.1.returns), with: opponent.returns, named: opponent.name,
          lane: UInt32(place * (opponents.count + 1) + index))
      }
      if let chance = one.1.chance {
        comparisons.append(GateComparison(opponent: PromotionGate.chanceName, difference: nil, pValue: chance))
      }
      return GateJudgement(
        candidate: one.0.name, account: one.1.name, seeds: one.0.seeds.count, comparisons: comparisons,
        sharpe: ReturnStatistics.sharpe(whole(one.1.returns)) ?? 0,
        profit: champion.flatMap { champion in
          Bootstrap.stationaryMean(
            zip(whole(one.1.returns), whole(champion)).map(-), seed: seed,
            lane: UInt32(place * (opponents.count + 1) + opponents.count))
        }, isFragile: PromotionGate.isFragile(one.1))
    }
    let corrected = HolmCorrection(pValues: judged.map(\.pValue), familyError: PromotionGate.familyError)
    for place in judged.indices { judged[place].adjusted = corrected.adjusted[place] }
    return GateDecision(judgements: judged, sessions: sessions, hasChampion: champion != nil)
  }

  /// The seed that stands for a candidate.
  static func median(_ candidate: GateCandidate) -> GateAccount {
    let ranked = candidate.seeds.indices.sorted { one, other in
      let (mine, theirs) = (sharpe(candidate.seeds[one]), sharpe(candidate.seeds[other]))
      return mine != theirs ? mine < theirs : one < other
    }
    return candidate.seeds[ranked[(ranked.count - 1) / 2]]
  }

  private static func sharpe(_ account: GateAccount) -> Double { ReturnStatistics.sharpe(account.returns) ?? 0 }

  /// Whether what is earned turns into a loss at higher costs.
  private static func isFragile(_ account: GateAccount) -> Bool {
    guard let costlier = account.costlier else { return false }
    return account.returns.reduce(0, +) > 0 && costlier.reduce(0, +) <= 0
  }

  private func isFlat(_ returns: [Double]) -> Bool { ReturnStatistics.sharpe(returns) == nil }

  /// An account without variance has a ratio of 0 that is known without error.
  private func compare(_ policy: [Double], with other: [Double], named name: String, lane: UInt32) -> GateComparison {
    let found: SharpeComparison? =
      switch (isFlat(policy), isFlat(other)) {
      case (false, let isFlat):
        SharpeComparison(policy: policy, baseline: isFlat ? nil : other, seed: seed, lane: lane, resamples: resamples)
      // 0 less the other's ratio is the ratio of the other's opposite.
      case (true, false): SharpeComparison(policy: other.map(-), seed: seed, lane: lane, resamples: resamples)
      case (true, true): nil
      }
    return GateComparison(opponent: name, difference: found, pValue: found?.pValue ?? 1)
  }
}
