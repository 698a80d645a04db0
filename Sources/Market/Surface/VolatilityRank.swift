// Where today's implied volatility stands among those of the days before.

/// Rank and percentile of a constant 30-day volatility at the money, on the variance clock, among days before today only.
package struct VolatilityRank: Sendable, Equatable {
  package static let longestSessions = 252
  package static let leastSessions = 30
  /// What stands where a number is needed and none is known.
  package static let neutral = 0.5

  /// (current - least) / (most - least), within 0...1; a half where all days before were alike. Nil: unknown, below `leastSessions`.
  package let rank: Double?
  /// The share of days before that were below the current one. Nil as above.
  package let percentile: Double?
  package let sessionCount: Int

  /// `before`: the volatilities of days before today, oldest first; the last `longestSessions` of them count. `current`: today's. Those that are no number or not
  /// above 0 are unknown and do not count. Throws where the current one is unknown: nothing may be decided on it.
  package init(current: Double, before: [Double]) throws(UnknownVolatility) {
    guard current > 0, current.isFinite else { throw UnknownVolatility(value: current) }
    let known = before.suffix(VolatilityRank.longestSessions).filter { $0 > 0 && $0.isFinite }
    sessionCount = known.count
    guard known.count >= VolatilityRank.leastSessions, let least = known.min(), let most = known.max() else {
      (rank, percentile) = (nil, nil)
      return
    }
    rank = most > least ? min(max((current - least) / (most - least), 0), 1) : VolatilityRank.neutral
    percentile = Double(known.count { $0 < current }) / Double(known.count)
  }

  /// A rank that somebody else has counted, 0...1; nil: unknown, which is no reason against a trade.
  package init(stated rank: Double?) {
    self.rank = rank
    percentile = nil
    sessionCount = 0
  }

  /// The rank, or what stands for an unknown one.
  package var rankOrNeutral: Double { rank ?? VolatilityRank.neutral }

  /// `0.33 (OK), percentile 40 %, of 252 sessions before`, or why it is not known; `highest` as in `refusal`.
  package func words(highest: Double = VolatilityRank.highest) -> String {
    guard let rank, let percentile else {
      if let rank { return "\(rank) (\(refusal(highest: highest) ?? "OK")), as stated" }
      return
        "unknown, since \(sessionCount) of \(VolatilityRank.leastSessions) sessions before are known; \(VolatilityRank.neutral) stands in"
    }
    let hundredths = Int((100 * rank).rounded())
    return
      "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100) (\(refusal(highest: highest) ?? "OK")), percentile "
      + "\(Int((100 * percentile).rounded())) %, of \(sessionCount) sessions before"
  }

  /// The highest rank at which premium is still bought or sold.
  package static let highest = 0.80

  /// Why the rank forbids a trade; nil where it does not. An unknown rank does not.
  package func refusal(highest: Double = VolatilityRank.highest) -> String? {
    rankOrNeutral > highest ? "IV Rank too high" : nil
  }
}

/// The current implied volatility is not known.
package struct UnknownVolatility: Error, Equatable, Sendable, CustomStringConvertible {
  package let value: Double
  package var description: String {
    "the current implied volatility is \(value): nothing is decided without it; wait for a two-sided quote"
  }
}
