// Is it luck: the policy against every baseline and against chance, at equal risk.

private import Kernels

/// The policy's Sharpe ratio against a baseline's, over the same sessions.
package struct Comparison: Sendable, Equatable {
  package var baseline: String
  /// nil where the sessions are too few, or the policy's returns do not vary.
  package var sharpe: SharpeComparison?
  /// One-sided: how often luck alone would show as much. 1 where nothing could be compared.
  package var pValue: Double
  /// The p-value that Holm's correction over all comparisons leaves.
  package var adjusted: Double

  /// Told from luck, all comparisons together.
  package var isFound: Bool { adjusted <= Verdict.familyError }
}

/// What a window says of a policy, at most: each claim may be wrong in 2.5 % of the cases, over all its comparisons.
package struct Verdict: Sendable, Equatable {
  /// The chance of a false claim, one-sided, over the comparisons that the claim rests on.
  package static let familyError = 0.025
  /// Below this many sessions an interval is too narrow to be believed, and no edge is claimed.
  package static let minimumSessions = 60
  /// What must hold of an edge that a window is said to be long enough for.
  static let power = 0.8

  package enum Claim: Int, Sendable, Equatable, Comparable {
    /// Luck would do as well.
    case none
    /// Better than holding nothing, and than the same positions at other times; not told from every baseline.
    case overFlatAndChance
    /// Better than every baseline, and than the same positions at other times.
    case overEverything

    package static func < (one: Claim, other: Claim) -> Bool { one.rawValue < other.rawValue }
  }

  /// Against nothing held first, then the baselines that varied, in the order given.
  package var comparisons: [Comparison]
  package var sessions: Int
  /// How often chance does as well; nil where chance was not played.
  package var chancePValue: Double?
  /// The same, corrected with all comparisons.
  package var chanceAdjusted: Double?
  package var claim: Claim
  /// The true Sharpe ratio a year that this window would tell from nothing and from chance in four of five cases.
  package var detectableSharpe: Double
  /// Whether a model made the quotes: then nothing is said of a market.
  package var isOfSyntheticQuotes = false

  package var edgeFound: Bool { claim > .none }
  /// Baselines, and chance, that the policy is not told from.
  package var notToldFrom: [String] {
    comparisons.filter { !$0.isFound }.map(\.baseline)
      + ((chanceAdjusted ?? 0) > Verdict.familyError ? [Verdict.chance] : [])
  }

  /// What holding nothing is called.
  static let flat = "flat"
  /// What the same positions at other times are called.
  static let chance = "chance"

  /// policy, baselines: daily returns over the same sessions. An account that was lost early earns 0 on the sessions after that. A baseline whose
  /// returns never vary held nothing. cash: (T) what cash earns each session; nothing where it is empty. The bootstrap of comparison i draws from
  /// lane `firstLane` + i. Without `chance` nothing is claimed.
  package init(
    policy: [Double], baselines: [(name: String, returns: [Double])], chance: Double?, cash: [Double] = [],
    seed: UInt64, firstLane: UInt32, resamples: Int = SharpeComparison.resamples
  ) {
    let count = baselines.reduce(policy.count) { max($0, $1.returns.count) }
    sessions = count
    func excess(_ returns: [Double]) -> [Double] {
      ReturnStatistics.excess(returns + [Double](repeating: 0, count: count - returns.count), cash: cash)
    }
    let mine = excess(policy)
    let others = baselines.filter { (ReturnStatistics.standardDeviation($0.returns) ?? 0) > 1e-12 }
    let all: [(name: String, returns: [Double]?)] = [(Verdict.flat, nil)] + others.map { ($0.name, excess($0.returns)) }
    var comparisons = all.enumerated().map { index, baseline in
      let sharpe = SharpeComparison(
        policy: mine, baseline: baseline.returns, seed: seed, lane: firstLane + UInt32(index), resamples: resamples)
      return Comparison(baseline: baseline.name, sharpe: sharpe, pValue: sharpe?.pValue ?? 1, adjusted: 1)
    }
    let corrected = HolmCorrection(
      pValues: comparisons.map(\.pValue) + (chance.map { [$0] } ?? []), familyError: Verdict.familyError)
    for index in comparisons.indices { comparisons[index].adjusted = corrected.adjusted[index] }
    var claim = Claim.none
    if let chance, count >= Verdict.minimumSessions {
      let two = HolmCorrection(pValues: [comparisons[0].pValue, chance], familyError: Verdict.familyError)
      if two.adjusted.allSatisfy({ $0 <= Verdict.familyError }) { claim = .overFlatAndChance }
      if corrected.adjusted.allSatisfy({ $0 <= Verdict.familyError }) { claim = .overEverything }
    }
    self.comparisons = comparisons
    self.claim = claim
    chancePValue = chance
    chanceAdjusted = chance.map { _ in corrected.adjusted[comparisons.count] }
    // The stricter of the two levels, so that either may come first.
    let level = NormalDistribution.quantile(1 - Verdict.familyError / 2) + NormalDistribution.quantile(Verdict.power)
    let error =
      comparisons[0].sharpe?.standardError ?? (ReturnStatistics.sessionsPerYear / Double(max(1, count))).squareRoot()
    detectableSharpe = level * error
  }
}
