// Two accounts at equal risk: is one Sharpe ratio above the other, beyond luck?

import Glibc

/// The difference of two Sharpe ratios over the same sessions, policy minus baseline, annual; against nothing held, the policy's own ratio.
///
/// Returns are divided by their own risk, so that neither a larger account nor a bolder one is called better. The test is a studentised
/// stationary bootstrap: each resample's difference, less the observed one, over that resample's own standard error. Source: Ledoit and Wolf
/// 2008, "Robust performance hypothesis testing with the Sharpe ratio", with random block lengths (Politis and Romano 1994) whose mean the series
/// itself chooses (`BlockLength`).
package struct SharpeComparison: Sendable, Equatable {
  /// Resamples of each comparison: a p-value of 0.5 % is known to a tenth of a percent.
  package static let resamples = 4999

  /// The difference a year, with the interval that the resampled ratios of difference to error give.
  package var difference: Interval
  /// Of the difference, annual.
  package var standardError: Double
  /// How often luck alone would show as much, where the policy is no better: one-sided.
  package var pValue: Double
  /// Mean block length of the resamples, in sessions.
  package var expectedBlock: Double
  /// What the policy earns beyond its share of the baseline: the intercept of its excess returns on the baseline's, times 252, with its
  /// percentile interval over the same resamples; nil against nothing held.
  package var alpha: Interval?

  /// policy, baseline: (T) daily returns over the cash rate; no baseline is nothing held. Nil where fewer than eight sessions, or one of the two does
  /// not vary: a ratio needs a risk. Draws from the stream (seed, lane) alone.
  package init?(
    policy: [Double], baseline: [Double]? = nil, seed: UInt64, lane: UInt32, resamples: Int = resamples,
    confidence: Double = Bootstrap.confidence
  ) {
    let count = policy.count
    precondition(baseline.map { $0.count == count } ?? true, "\(count) sessions against \(baseline?.count ?? 0)")
    guard count >= 8, SharpeComparison.varies(policy), baseline.map(SharpeComparison.varies) ?? true else { return nil }
    let other = baseline ?? [Double](repeating: 0, count: count)
    let pairs = zip(policy, other).map { SIMD2($0, $1) }
    let observed = Moments(pairs[...])
    let influence = observed.influence(pairs, hasBaseline: baseline != nil)
    expectedBlock = BlockLength.stationary(influence)
    let estimate = observed.difference(hasBaseline: baseline != nil)
    let error = (SharpeComparison.longRunVariance(influence, expectedBlock: expectedBlock) / Double(count)).squareRoot()
    let year = ReturnStatistics.sessionsPerYear
    // The very same account: no difference, and none that luck could have made.
    guard error > 1e-12 else {
      difference = Interval(
        estimate: estimate * year.squareRoot(), lower: estimate * year.squareRoot(),
        upper: estimate * year.squareRoot(), confidence: confidence)
      (standardError, pValue) = (0, 1)
      alpha = nil
      return
    }
    let resampled = Resampling(
      pairs, hasBaseline: baseline != nil, estimate: estimate, expectedBlock: expectedBlock, resamples: resamples,
      seed: seed, lane: lane)
    let ratio = estimate / error
    pValue = Double(1 + resampled.ratios.count { $0 >= ratio }) / Double(resamples + 1)
    let sorted = resampled.ratios.sorted()
    let tail = (1 - confidence) / 2
    // Between two infinite ratios there is no number: the bound is infinite, which reports show as undefined.
    func bound(_ share: Double) -> Double {
      let quantile = Bootstrap.quantile(sorted, share)
      return (estimate - (quantile.isNaN ? .infinity : quantile) * error) * year.squareRoot()
    }
    difference = Interval(
      estimate: estimate * year.squareRoot(), lower: bound(1 - tail), upper: bound(tail), confidence: confidence)
    standardError = error * year.squareRoot()
    // Where most resamples do not know the baseline's days, there is no line to draw through them.
    alpha =
      resampled.alphas.count <= resamples / 2
      ? nil
      : ResampledStatistic(estimate: observed.alpha * year, values: resampled.alphas.map { $0 * year })
        .interval(confidence: confidence)
  }

  private static func varies(_ returns: [Double]) -> Bool {
    (ReturnStatistics.standardDeviation(returns) ?? 0) > ReturnStatistics.negligibleDeviation
  }

  /// n times the variance of the mean of a stationary bootstrap resample, in closed form: lemma 1 of Politis and Romano 1994.
  static func longRunVariance(_ series: [Double], expectedBlock: Double) -> Double {
    let count = series.count
    guard let mean = ReturnStatistics.mean(series) else { return 0 }
    let centred = series.map { $0 - mean }
    func covariance(_ lag: Int) -> Double {
      var sum = 0.0
      for place in lag..<count { sum += centred[place] * centred[place - lag] }
      return sum / Double(count)
    }
    var total = covariance(0)
    let stays = 1 - 1 / expectedBlock
    guard stays > 0 else { return total }
    for lag in 1..<count {
      let share = Double(lag) / Double(count)
      let weight = (1 - share) * pow(stays, Double(lag)) + share * pow(stays, Double(count - lag))
      // Below this a term is nothing beside the first.
      if weight > 1e-9 { total += 2 * weight * covariance(lag) }
    }
    return max(total, 0)
  }
}
