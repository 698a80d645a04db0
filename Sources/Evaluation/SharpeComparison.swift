// Two accounts at equal risk: is one Sharpe ratio above the other, beyond luck?

import Glibc
import Kernels

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

/// First and second moments of two series, and what follows from them.
private struct Moments {
  /// Means of x, y and of x^2, y^2.
  var first = SIMD2<Double>.zero
  var second = SIMD2<Double>.zero
  /// Mean of x y.
  var product = 0.0

  init() {}

  init(_ pairs: ArraySlice<SIMD2<Double>>) {
    for pair in pairs { add(pair) }
    divide(by: Double(pairs.count))
  }

  @inline(__always) mutating func add(_ pair: SIMD2<Double>) {
    first += pair
    second += pair * pair
    product += pair.x * pair.y
  }

  mutating func divide(by count: Double) {
    first /= count
    second /= count
    product /= count
  }

  /// Denominator n, as in the paper.
  private var variances: SIMD2<Double> { second - first * first }

  /// Sharpe ratio of x a session, less that of y.
  func difference(hasBaseline: Bool) -> Double {
    let variances = variances
    return first.x / variances.x.squareRoot() - (hasBaseline ? first.y / variances.y.squareRoot() : 0)
  }

  /// How the difference moves with the four moments: the gradient of equation 3 of Ledoit and Wolf, zero for y where there is none.
  func gradient(hasBaseline: Bool) -> (first: SIMD2<Double>, second: SIMD2<Double>) {
    let variances = variances
    let cubes = variances * variances.squareRoot()
    let sign = SIMD2<Double>(1, hasBaseline ? -1 : 0)
    let safe = hasBaseline ? cubes : SIMD2(cubes.x, 1)
    return (sign * second / safe, -0.5 * sign * first / safe)
  }

  /// (T) what each session adds to the difference, to first order.
  func influence(_ pairs: [SIMD2<Double>], hasBaseline: Bool) -> [Double] {
    let gradient = gradient(hasBaseline: hasBaseline)
    return pairs.map { pair in
      (gradient.first * (pair - first) + gradient.second * (pair * pair - second)).sum()
    }
  }

  /// Intercept of the least squares line of x on y.
  var alpha: Double {
    let slope = (product - first.x * first.y) / variances.y
    return first.x - slope * first.y
  }
}

/// The differences of all resamples over their own errors, less the observed one.
private struct Resampling {
  /// Infinite where a resample has no risk, so that it counts for luck.
  var ratios: [Double] = []
  /// Empty where there is no baseline.
  var alphas: [Double] = []

  init(
    _ pairs: [SIMD2<Double>], hasBaseline: Bool, estimate: Double, expectedBlock: Double, resamples: Int,
    seed: UInt64, lane: UInt32
  ) {
    ratios.reserveCapacity(resamples)
    if hasBaseline { alphas.reserveCapacity(resamples) }
    let count = pairs.count
    var stream = RandomStream(seed: seed, purpose: .bootstrap, lane: lane)
    // One word a place: its upper half says whether a block begins, its lower half where. 32 bits of each are enough by far.
    let limit = UInt64((4294967296.0 / expectedBlock).rounded())
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: count) { words in
      withUnsafeTemporaryAllocation(of: SIMD2<Double>.self, capacity: count) { drawn in
        pairs.withUnsafeBufferPointer { pairs in
          for _ in 0..<resamples {
            stream.fill(words)
            var moments = Moments()
            var index = 0
            for place in 0..<count {
              let word = words[place]
              if place == 0 || word >> 32 < limit {
                index = Int(((word & 0xFFFF_FFFF) &* UInt64(count)) >> 32)
              } else {
                index = index + 1 == count ? 0 : index + 1
              }
              let pair = pairs[index]
              drawn[place] = pair
              moments.add(pair)
            }
            moments.divide(by: Double(count))
            let difference = moments.difference(hasBaseline: hasBaseline)
            let gradient = moments.gradient(hasBaseline: hasBaseline)
            let centre = (gradient.first * moments.first + gradient.second * moments.second).sum()
            var (squares, block) = (0.0, 0.0)
            for place in 0..<count {
              if place > 0, words[place] >> 32 < limit {
                squares += block * block
                block = 0
              }
              let pair = drawn[place]
              block += (pair * (gradient.first + gradient.second * pair)).sum() - centre
            }
            squares += block * block
            let error = squares.squareRoot() / Double(count)
            let ratio = (difference - estimate) / error
            ratios.append(ratio.isFinite ? ratio : .infinity)
            if hasBaseline, moments.alpha.isFinite { alphas.append(moments.alpha) }
          }
        }
      }
    }
  }
}
