// How much of a number is luck: resampled intervals, seeded.

import Kernels

/// An estimate with its bootstrap interval.
package struct Interval: Sendable, Equatable {
  package var estimate: Double
  package var lower: Double
  package var upper: Double
  /// 0.95 for a 95 % interval.
  package var confidence: Double

  package init(estimate: Double, lower: Double, upper: Double, confidence: Double) {
    self.estimate = estimate
    self.lower = lower
    self.upper = upper
    self.confidence = confidence
  }

  /// The whole interval lies above zero.
  package var isAboveZero: Bool { lower > 0 }
  /// The whole interval lies below zero.
  package var isBelowZero: Bool { upper < 0 }
}

/// Sums by independent cluster: amounts (rewards) and weights (steps or episodes), of one length.
package struct ClusteredSums: Sendable, Equatable {
  package var amounts: [Double]
  package var weights: [Double]

  /// Traps where the lengths differ or a weight is not positive.
  package init(amounts: [Double], weights: [Double]) {
    precondition(amounts.count == weights.count, "\(amounts.count) amounts for \(weights.count) weights")
    precondition(weights.allSatisfy { $0 > 0 }, "a cluster without weight")
    self.amounts = amounts
    self.weights = weights
  }

  /// sum(amounts) / sum(weights).
  package var ratio: Double { amounts.reduce(0, +) / weights.reduce(0, +) }

  /// Standard error of the ratio to first order, from the scatter of the clusters; nil below two.
  package var standardError: Double? {
    guard amounts.count >= 2 else { return nil }
    let ratio = ratio
    let squares = zip(amounts, weights).reduce(0.0) { sum, cluster in
      let residual = cluster.0 - ratio * cluster.1
      return sum + residual * residual
    }
    let count = Double(amounts.count)
    return (squares / (count - 1) * count).squareRoot() / weights.reduce(0, +)
  }

  func ratio(over clusters: [Int]) -> Double {
    var amount = 0.0
    var weight = 0.0
    for cluster in clusters {
      amount += amounts[cluster]
      weight += weights[cluster]
    }
    return amount / weight
  }
}

/// A statistic with its resampled values.
package struct ResampledStatistic: Sendable {
  package let estimate: Double
  private let sorted: [Double]

  init(estimate: Double, values: [Double]) {
    self.estimate = estimate
    sorted = values.sorted()
  }

  /// The percentile interval.
  package func interval(confidence: Double) -> Interval {
    let tail = (1 - confidence) / 2
    return Interval(
      estimate: estimate, lower: Bootstrap.quantile(sorted, tail), upper: Bootstrap.quantile(sorted, 1 - tail),
      confidence: confidence)
  }

  /// Twice the smaller share of resampled values on one side of zero, values at zero on both; at most 1.
  package var pValue: Double {
    let count = Double(sorted.count)
    let below = Double(sorted.count { $0 <= 0 }) / count
    let above = Double(sorted.count { $0 >= 0 }) / count
    return min(1, 2 * min(below, above))
  }
}

/// Percentile bootstrap intervals (Efron 1979). Every call draws from a stream of its own, named by (seed, lane): the same data,
/// seed and lane give the same interval to the bit.
package enum Bootstrap {
  package static let resamples = 2000
  package static let confidence = 0.95
  /// Expected block of the stationary bootstrap, in sessions: two weeks, longer than the few days over which daily returns of
  /// liquid shares are known to depend on each other, and short against a year of 252.
  package static let expectedBlockSessions = 10.0

  /// The mean of independent values; nil below two values.
  package static func mean(_ values: [Double], seed: UInt64, lane: UInt32 = 0) -> Interval? {
    guard values.count >= 2, let estimate = ReturnStatistics.mean(values) else { return nil }
    var stream = RandomStream(seed: seed, purpose: .bootstrap, lane: lane)
    let bound = UInt64(values.count)
    let means = (0..<resamples).map { _ in
      var sum = 0.0
      for _ in values.indices { sum += values[Int(stream.nextInteger(below: bound))] }
      return sum / Double(values.count)
    }
    return interval(of: means, estimate: estimate)
  }

  /// The mean of a dependent series: the stationary bootstrap. Nil below two values.
  ///
  /// A resample strings together blocks of consecutive values, the series taken as a circle; block lengths are geometric with
  /// mean `expectedBlock`. Source: Politis & Romano 1994, "The stationary bootstrap".
  package static func stationaryMean(
    _ series: [Double], seed: UInt64, lane: UInt32 = 0, expectedBlock: Double = expectedBlockSessions,
    confidence: Double = confidence, resamples: Int = resamples
  ) -> Interval? {
    guard series.count >= 2, let estimate = ReturnStatistics.mean(series) else { return nil }
    var stream = RandomStream(seed: seed, purpose: .bootstrap, lane: lane)
    let means = (0..<resamples).map { _ in
      var sum = 0.0
      stationaryIndices(count: series.count, expectedBlock: expectedBlock, stream: &stream) { sum += series[$0] }
      return sum / Double(series.count)
    }
    return ResampledStatistic(estimate: estimate, values: means).interval(confidence: confidence)
  }

  /// Calls `body` with the `count` indices of one stationary resample. Traps where `expectedBlock` is below 1.
  static func stationaryIndices(
    count: Int, expectedBlock: Double, stream: inout RandomStream, body: (Int) -> Void
  ) {
    precondition(expectedBlock >= 1, "an expected block of \(expectedBlock) values: 1 is the least")
    let newBlockProbability = 1 / expectedBlock
    var index = 0
    for place in 0..<count {
      if place == 0 || stream.nextDouble() < newBlockProbability {
        index = Int(stream.nextInteger(below: UInt64(count)))
      } else {
        index = index + 1 == count ? 0 : index + 1
      }
      body(index)
    }
  }

  /// The difference of two ratios sum(amounts) / sum(weights) over the same independent clusters, resampled together; without
  /// `other` the first ratio alone. A mean per step or per episode is such a ratio: a lane is one cluster, whose steps depend on
  /// each other. Nil below two clusters. Traps where the numbers of clusters differ.
  package static func clusteredMean(
    _ one: ClusteredSums, minus other: ClusteredSums? = nil, seed: UInt64, lane: UInt32 = 0
  ) -> Interval? {
    let count = one.amounts.count
    if let other {
      precondition(count == other.amounts.count, "\(count) clusters against \(other.amounts.count)")
    }
    guard count >= 2 else { return nil }
    var stream = RandomStream(seed: seed, purpose: .bootstrap, lane: lane)
    var clusters = [Int](repeating: 0, count: count)
    let differences = (0..<resamples).map { _ in
      for place in clusters.indices { clusters[place] = Int(stream.nextInteger(below: UInt64(count))) }
      return one.ratio(over: clusters) - (other?.ratio(over: clusters) ?? 0)
    }
    return interval(of: differences, estimate: one.ratio - (other?.ratio ?? 0))
  }

  /// The mean of the middle half: a quarter of the values, rounded down, is cut from each end. Nil for no values.
  ///
  /// Source: Agarwal et al. 2021, "Deep reinforcement learning at the edge of the statistical precipice"; same cut as scipy's trim_mean.
  package static func interquartileMean(_ values: [Double]) -> Double? {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    let cut = sorted.count / 4
    return ReturnStatistics.mean(Array(sorted[cut..<(sorted.count - cut)]))
  }

  /// The interquartile mean over all scores of all strata (tasks), each stratum resampled on its own over its runs (seeds).
  ///
  /// scores: one row a stratum, one value a run. Nil where fewer than two runs stand in every stratum, or there is none.
  package static func stratifiedInterquartileMean(_ scores: [[Double]], seed: UInt64, lane: UInt32 = 0) -> Interval? {
    guard scores.contains(where: { $0.count >= 2 }), scores.allSatisfy({ !$0.isEmpty }),
      let estimate = interquartileMean(scores.flatMap { $0 })
    else { return nil }
    var stream = RandomStream(seed: seed, purpose: .bootstrap, lane: lane)
    let means = (0..<resamples).compactMap { _ in
      interquartileMean(
        scores.flatMap { runs in runs.map { _ in runs[Int(stream.nextInteger(below: UInt64(runs.count)))] } })
    }
    return interval(of: means, estimate: estimate)
  }

  /// The difference of two interquartile means of independent runs, each side resampled on its own, ten times as often as elsewhere: several
  /// of these are compared together, deep in the tails. Nil where a side has fewer than two runs.
  package static func interquartileMeanDifference(
    _ one: [Double], minus other: [Double], seed: UInt64, lane: UInt32 = 0
  ) -> ResampledStatistic? {
    guard one.count >= 2, other.count >= 2, let first = interquartileMean(one), let second = interquartileMean(other)
    else { return nil }
    var stream = RandomStream(seed: seed, purpose: .bootstrap, lane: lane)
    func resampled(_ runs: [Double]) -> Double {
      interquartileMean(runs.map { _ in runs[Int(stream.nextInteger(below: UInt64(runs.count)))] }) ?? .nan
    }
    let differences = (0..<10 * resamples).map { _ in resampled(one) - resampled(other) }
    return ResampledStatistic(estimate: first - second, values: differences)
  }

  /// The quantile of sorted values by linear interpolation between the two around (n - 1) q.
  static func quantile(_ sorted: [Double], _ q: Double) -> Double {
    let place = Double(sorted.count - 1) * q
    let low = Int(place)
    let high = min(low + 1, sorted.count - 1)
    return sorted[low] + (sorted[high] - sorted[low]) * (place - Double(low))
  }

  private static func interval(of statistics: [Double], estimate: Double) -> Interval {
    ResampledStatistic(estimate: estimate, values: statistics).interval(confidence: confidence)
  }
}
