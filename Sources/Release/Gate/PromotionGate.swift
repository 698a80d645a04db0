// Whether a candidate may take the champion's place: a pure function of what they earned on one window.

package import Evaluation

/// The rule by which a weekend promotes: written before, applied to daily returns alone.
///
/// A candidate is stood for by its median seed (of an even number the lower of the two in the middle), ranked by Sharpe ratio. It is promoted where
///
/// 1. there are at least 60 sessions,
/// 2. its Sharpe ratio is above the champion's, above that of every baseline and above chance: each is a paired comparison at equal risk
///    (`SharpeComparison`; chance by percentile), one-sided. Its p-value is the largest of them: all must hold, so none among them needs a correction.
///    What is left of it once all candidates are counted is at most 5 %: against each opponent by `SharpeFamily`, against chance by Holm's correction,
/// 3. its mean return a session is not below the champion's: the upper 95 % bound of the paired difference is at least 0,
/// 4. what it earns keeps its sign at one and a half times the costs.
///
/// A candidate is no better than some opponent just where it is no better than the best of them, which is one and the same for all candidates; against
/// that one the family's error holds, and the other opponents only make it rarer. So luck promotes anybody in at most 5 % of weekends, whatever the
/// candidates share, by which 12 that are nearly one need hardly more than one does. Chance is another question, and is asked at 5 % of its own.
///
/// Where several pass, the one with the highest lower bound against the champion is promoted, of equals the earlier. Without a champion the best that
/// passes (by its lower bound against nothing held) may become the challenger, which only a person promotes.
package struct PromotionGate: Sendable {
  /// The chance, over all candidates of one weekend, that one of them is promoted by luck.
  package static let familyError = 0.05
  package static let minimumSessions = 60
  /// How much more trading costs where an edge must keep its sign.
  package static let costFactor = Fragility.factor
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
    let returns = accounts.map { whole($0.returns) }
    // Of all candidates against one opponent, over the same resamples.
    let families = opponents.enumerated().map { index, opponent in
      SharpeFamily(
        returns.map { compared($0, with: opponent.returns) }, level: PromotionGate.familyError, seed: seed,
        lane: UInt32(index), resamples: resamples)
    }
    let chances = HolmCorrection(pValues: accounts.map { $0.chance ?? 1 }, familyError: PromotionGate.familyError)
    let judged = zip(candidates, accounts).enumerated().map { place, one in
      var comparisons = zip(opponents, families).map { opponent, family in
        GateComparison(
          opponent: opponent.name, difference: family.comparisons[place],
          pValue: family.comparisons[place]?.pValue ?? 1, adjusted: family.adjusted[place])
      }
      if let chance = one.1.chance {
        comparisons.append(
          GateComparison(
            opponent: PromotionGate.chanceName, difference: nil, pValue: chance, adjusted: chances.adjusted[place]))
      }
      return GateJudgement(
        candidate: one.0.name, account: one.1.name, seeds: one.0.seeds.count, comparisons: comparisons,
        sharpe: ReturnStatistics.sharpe(returns[place]) ?? 0,
        profit: champion.flatMap { champion in
          Bootstrap.stationaryMean(
            zip(returns[place], whole(champion)).map(-), seed: seed,
            lane: UInt32(place * (opponents.count + 1) + opponents.count),
            resamples: min(resamples, Bootstrap.resamples))
        }, isFragile: PromotionGate.isFragile(one.1))
    }
    return GateDecision(
      judgements: judged, sessions: sessions, hasChampion: champion != nil, criticalRatio: families.first?.criticalRatio
    )
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

  /// An account without variance has a ratio of 0 that is known without error, and 0 less the other's ratio is the ratio of the other's opposite.
  private func compared(_ policy: [Double], with other: [Double]) -> (policy: [Double], baseline: [Double]?) {
    if isFlat(policy) { return (other.map(-), nil) }
    return (policy, isFlat(other) ? nil : other)
  }
}
