// Is it luck: the policy against every baseline, day by day.

/// The paired difference of daily returns, policy minus baseline.
package struct Comparison: Sendable, Equatable {
  package var baseline: String
  /// Mean difference a session with its stationary bootstrap interval; nil below two sessions.
  package var interval: Interval?
}

/// "No edge found", unless the policy's daily returns beat those of every baseline beyond what luck explains.
package struct Verdict: Sendable, Equatable {
  /// Below this many sessions (six expected bootstrap blocks) an interval is too narrow to be believed, and no edge is claimed.
  package static let minimumSessions = 60

  package var comparisons: [Comparison]
  package var sessions: Int
  /// Where the policy lies among random trading at its own turnover; nil where that was not played.
  package var randomPercentile: Double?
  /// Every lower bound lies above zero, over enough sessions, and chance does not do as well.
  package var edgeFound: Bool

  /// policy, baselines: daily returns over the same sessions. An account that was lost early earns 0 on the sessions after that.
  /// The bootstrap of baseline i draws from lane `firstLane` + i.
  package init(
    policy: [Double], baselines: [(name: String, returns: [Double])], randomPercentile: Double? = nil, seed: UInt64,
    firstLane: UInt32
  ) {
    self.randomPercentile = randomPercentile
    sessions = baselines.reduce(policy.count) { max($0, $1.returns.count) }
    let count = sessions
    func padded(_ returns: [Double]) -> [Double] {
      returns + [Double](repeating: 0, count: count - returns.count)
    }
    let mine = padded(policy)
    comparisons = baselines.enumerated().map { index, baseline in
      Comparison(
        baseline: baseline.name,
        interval: Bootstrap.stationaryMean(
          zip(mine, padded(baseline.returns)).map { $0 - $1 }, seed: seed, lane: firstLane + UInt32(index)))
    }
    edgeFound =
      sessions >= Verdict.minimumSessions && !comparisons.isEmpty
      && comparisons.allSatisfy { $0.interval?.isAboveZero ?? false }
      && (randomPercentile ?? 100) > RandomTrading.requiredPercentile
  }
}
