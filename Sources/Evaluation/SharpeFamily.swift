// Several accounts against one: how often would luck make the best of them look so good?

/// Comparisons at equal risk that are made side by side, and what is left of each once it is known that there were others.
///
/// All of them are resampled over the same sessions. What the accounts share then moves them together, and of many that are nearly one the best is hardly
/// better than any: a correction that only counts them (`HolmCorrection`) would ask of twelve copies of one policy what it asks of twelve strangers.
///
/// Source: Romano and Wolf 2005, "Stepwise multiple testing as formalized data snooping", with the adjusted p-values of Romano and Wolf 2016,
/// "Efficient computation of adjusted p-values for resampling-based stepdown multiple testing". The chance of any false finding among them stays
/// below the level that the adjusted p-values are held against, whatever they share, as the sessions grow in number; how well that is kept over a
/// year of sessions is simulated in `PromotionPowerTests`.
package struct SharpeFamily: Sendable, Equatable {
  /// In the order given; nil as in `SharpeComparison`.
  package let comparisons: [SharpeComparison?]
  /// How often luck would show the best of those that are no better as good as this one: at least its own p-value. 1 where nothing was compared.
  package let adjusted: [Double]
  /// So many of its errors a difference must lie above zero, where all are no better, for an adjusted p-value of the level; nil without a comparison.
  package let criticalRatio: Double?

  /// pairs: (T) returns of a policy and of whom it is compared with, nil for nothing held, over the same sessions. Resamples are drawn from the stream
  /// (seed, lane) in blocks as long as the most dependent of them asks for, so that one alone gets what `SharpeComparison` gives it.
  package init(
    _ pairs: [(policy: [Double], baseline: [Double]?)], level: Double, seed: UInt64, lane: UInt32,
    resamples: Int = SharpeComparison.resamples, confidence: Double = Bootstrap.confidence
  ) {
    let series = pairs.map { ComparedSeries(policy: $0.policy, baseline: $0.baseline) }
    let block = series.compactMap { $0?.expectedBlock }.max() ?? 1
    var comparisons: [SharpeComparison?] = []
    // The very same account twice has no ratios, and is never told from itself.
    var found: [(place: Int, ratios: ComparedRatios)] = []
    for (place, one) in series.enumerated() {
      var ratios: ComparedRatios?
      comparisons.append(
        one.map {
          SharpeComparison(
            $0, expectedBlock: block, seed: seed, lane: lane, resamples: resamples, confidence: confidence,
            ratios: &ratios)
        })
      if let ratios { found.append((place, ratios)) }
    }
    self.comparisons = comparisons
    let (adjusted, best) = SharpeFamily.adjusted(found.map(\.ratios))
    var all = [Double](repeating: 1, count: pairs.count)
    for (one, adjusted) in zip(found, adjusted) { all[one.place] = adjusted }
    self.adjusted = all
    // Where many resamples have no risk there is none.
    let critical = best.isEmpty ? .nan : Bootstrap.quantile(best.sorted(), 1 - level)
    criticalRatio = critical.isFinite ? critical : nil
  }

  /// Adjusted p-values in the order given, and the best of all in each resample. ratios: of as many resamples each, over the same sessions.
  static func adjusted(_ ratios: [ComparedRatios]) -> (pValues: [Double], best: [Double]) {
    guard let resamples = ratios.first?.resampled.count else { return ([], []) }
    let ranked = ratios.indices.sorted { one, other in
      let (mine, theirs) = (ratios[one].observed, ratios[other].observed)
      return mine != theirs ? mine > theirs : one < other
    }
    var adjusted = [Double](repeating: 1, count: ratios.count)
    // From the last on, the best of each resample among a comparison and those behind it.
    var best = [Double](repeating: -.infinity, count: resamples)
    for place in ranked.reversed() {
      let (observed, resampled) = (ratios[place].observed, ratios[place].resampled)
      for resample in best.indices { best[resample] = max(best[resample], resampled[resample]) }
      adjusted[place] = Double(1 + best.count { $0 >= observed }) / Double(resamples + 1)
    }
    // Nobody is told from luck where a better one was not.
    var least = 0.0
    for place in ranked {
      least = max(least, adjusted[place])
      adjusted[place] = least
    }
    return (adjusted, best)
  }
}
