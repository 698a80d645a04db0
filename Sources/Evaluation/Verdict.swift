// Is it luck: the policy against every baseline, day by day.

/// The paired difference of daily returns, policy minus baseline.
package struct Comparison: Sendable, Equatable {
  package var baseline: String
  /// Mean difference a session with its stationary bootstrap interval; nil below two sessions.
  package var interval: Interval?

  /// One sentence, without a line break.
  package var sentence: String {
    guard let interval else { return "Against \(baseline): too few sessions to compare." }
    let range =
      "\(ReportText.signedPercent(interval.estimate, decimals: 4)) a session"
      + " (\(ReportText.signedPercent(interval.lower, decimals: 4)) to"
      + " \(ReportText.signedPercent(interval.upper, decimals: 4)))"
    if interval.isAboveZero { return "Against \(baseline): better, \(range)." }
    if interval.isBelowZero { return "Against \(baseline): worse, \(range)." }
    return "Not distinguishable from \(baseline): \(range)."
  }
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

  /// The verdict in a few words.
  package var headline: String { edgeFound ? "edge over every baseline on this window" : "no edge found" }

  /// What the headline does not say.
  package var caveats: [String] {
    var lines: [String] = []
    if sessions < Verdict.minimumSessions {
      lines.append(
        "\(sessions) sessions are too few for a claim: at least \(Verdict.minimumSessions) are needed.")
    }
    if edgeFound {
      lines.append(
        "This holds for one window and one cost model. The interval says how far luck reaches within these sessions, "
          + "not that the next ones will be like them; each further look at this window weakens the claim.")
    }
    return lines
  }
}
