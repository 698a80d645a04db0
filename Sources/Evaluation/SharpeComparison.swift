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
    guard let series = ComparedSeries(policy: policy, baseline: baseline) else { return nil }
    var ratios: ComparedRatios?
    self.init(
      series, expectedBlock: series.expectedBlock, seed: seed, lane: lane, resamples: resamples,
      confidence: confidence, ratios: &ratios)
  }

  /// The same in blocks of a given length. ratios: becomes what the p-value was read from; nil where the two are one account.
  init(
    _ series: ComparedSeries, expectedBlock: Double, seed: UInt64, lane: UInt32, resamples: Int, confidence: Double,
    ratios: inout ComparedRatios?
  ) {
    self.expectedBlock = expectedBlock
    ratios = nil
    let (estimate, error) = (series.estimate, series.error(expectedBlock: expectedBlock))
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
      series.pairs, hasBaseline: series.hasBaseline, estimate: estimate, expectedBlock: expectedBlock,
      resamples: resamples, seed: seed, lane: lane)
    let ratio = estimate / error
    ratios = ComparedRatios(observed: ratio, resampled: resampled.ratios)
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
      : ResampledStatistic(estimate: series.observed.alpha * year, values: resampled.alphas.map { $0 * year })
        .interval(confidence: confidence)
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

/// Differences over their errors: the observed one, and those of the resamples where there is no difference.
struct ComparedRatios: Sendable {
  let observed: Double
  let resampled: [Double]
}

/// The sessions of a comparison, before anything is drawn.
struct ComparedSeries: Sendable {
  /// (T) of policy and baseline; without a baseline the second is 0.
  let pairs: [SIMD2<Double>]
  let hasBaseline: Bool
  let observed: Moments
  /// (T) what each session adds to the difference, to first order.
  private let influence: [Double]
  /// The block length that the difference asks for, in sessions.
  let expectedBlock: Double

  /// Nil where fewer than eight sessions, or one of the two does not vary. Traps where their lengths differ.
  init?(policy: [Double], baseline: [Double]?) {
    let count = policy.count
    precondition(baseline.map { $0.count == count } ?? true, "\(count) sessions against \(baseline?.count ?? 0)")
    guard count >= 8, ComparedSeries.varies(policy), baseline.map(ComparedSeries.varies) ?? true else { return nil }
    let other = baseline ?? [Double](repeating: 0, count: count)
    pairs = zip(policy, other).map { SIMD2($0, $1) }
    hasBaseline = baseline != nil
    observed = Moments(pairs[...])
    influence = observed.influence(pairs, hasBaseline: hasBaseline)
    expectedBlock = BlockLength.stationary(influence)
  }

  /// A session.
  var estimate: Double { observed.difference(hasBaseline: hasBaseline) }

  /// Of the estimate.
  func error(expectedBlock: Double) -> Double {
    let variance = SharpeComparison.longRunVariance(influence, expectedBlock: expectedBlock)
    return (variance / Double(pairs.count)).squareRoot()
  }

  private static func varies(_ returns: [Double]) -> Bool {
    (ReturnStatistics.standardDeviation(returns) ?? 0) > ReturnStatistics.negligibleDeviation
  }
}
