// Intervals: golden quantiles, coverage, block lengths, determinism.

import Kernels
import TestSupport
import Testing
import Text

@testable import Evaluation

@Suite struct BootstrapTests {
  @Test func agreesWithSciPyAndNumPy() throws {
    let cases = try #require(try Golden("performance_metrics").json["trimmed"]?.arrayValue)
    for golden in cases {
      let scores = try #require(golden["scores"]).numbers
      let sorted = scores.sorted()
      let found = [
        ("interquartile_mean", Bootstrap.interquartileMean(scores)),
        ("quantile_025", Bootstrap.quantile(sorted, 0.025)), ("quantile_975", Bootstrap.quantile(sorted, 0.975)),
      ]
      for (key, value) in found {
        let expected = try #require(golden[key]?.doubleValue)
        // At most 40 terms of size 1 to 3, each rounded once: 40 x 2^-53 x 3 = 1.3e-14.
        #expect(try abs(#require(value) - expected) < 1.4e-14, "\(key) of \(scores.count) scores")
      }
    }
  }

  /// 200 samples of 60 normal numbers around 1: the 95 % interval holds the mean in 95 % of them, less a little because a percentile
  /// interval of n values is narrower by sqrt((n - 1) / n). Binomial standard deviation 1.5 %; 90 % and 99 % are three away.
  @Test func coversAKnownMean() throws {
    var covered = 0
    for sample in 0..<200 {
      var stream = RandomStream(seed: UInt64(sample), purpose: .market)
      let values = (0..<60).map { _ in 1 + stream.nextNormal() }
      let interval = try #require(Bootstrap.mean(values, seed: 9, lane: UInt32(sample)))
      if interval.lower <= 1, 1 <= interval.upper { covered += 1 }
    }
    #expect((180...198).contains(covered), "covered \(covered) of 200")
  }

  /// An autoregression with coefficient 0.6 has a mean twice as uncertain as independent values of its variance. The stationary
  /// bootstrap sees most of that, the ordinary one nothing.
  @Test func blocksSeeDependence() throws {
    var stream = RandomStream(seed: 3, purpose: .market)
    var value = 0.0
    let series = (0..<2000).map { _ in
      value = 0.6 * value + stream.nextNormal()
      return value
    }
    let independent = try #require(Bootstrap.mean(series, seed: 1))
    let blocks = try #require(Bootstrap.stationaryMean(series, seed: 1))
    let ratio = (blocks.upper - blocks.lower) / (independent.upper - independent.lower)
    #expect(ratio > 1.5 && ratio < 2.2, "ratio \(ratio)")
    #expect(blocks.estimate == independent.estimate)
  }

  /// Consecutive indices belong to one block: lengths are geometric with the expected mean, and a start is anywhere.
  @Test(arguments: [1.0, 4, 10, 25])
  func blockLengthsAreGeometric(expected: Double) {
    let count = 1_000_003
    var stream = RandomStream(seed: 5, purpose: .bootstrap)
    var blocks = 0
    var longBlocks = 0
    var length = 0
    var before = -2
    var first = [Int](repeating: 0, count: 4)
    Bootstrap.stationaryIndices(count: count, expectedBlock: expected, stream: &stream) { index in
      if index == (before + 1) % count {
        length += 1
      } else {
        if Double(length) > expected { longBlocks += 1 }
        blocks += 1
        length = 1
        first[index * 4 / count] += 1
      }
      before = index
    }
    // The number of blocks is binomial: five standard deviations.
    let p = 1 / expected
    let mean = Double(count) * p
    #expect(abs(Double(blocks) - mean) <= 5 * (mean * (1 - p)).squareRoot() + 1, "\(blocks) blocks, expected \(mean)")
    // P(length > L) = (1 - p)^L.
    let tail = (0..<Int(expected)).reduce(1.0) { power, _ in power * (1 - p) }
    #expect(abs(Double(longBlocks) / Double(blocks) - tail) < 0.01)
    for quarter in first { #expect(abs(Double(quarter) / Double(blocks) - 0.25) < 0.01) }
  }

  @Test func isDecidedBySeedAndLane() {
    // Values without a common grid, on which the ends of two intervals could meet by chance.
    var numbers = RandomStream(seed: 6, purpose: .market)
    let values = (0..<50).map { _ in numbers.nextNormal() }
    let one = Bootstrap.stationaryMean(values, seed: 4, lane: 2)
    #expect(one == Bootstrap.stationaryMean(values, seed: 4, lane: 2))
    #expect(one != Bootstrap.stationaryMean(values, seed: 5, lane: 2))
    #expect(one != Bootstrap.stationaryMean(values, seed: 4, lane: 3))
  }

  @Test func oneValueHasNoInterval() {
    #expect(Bootstrap.mean([1], seed: 1) == nil)
    #expect(Bootstrap.stationaryMean([1], seed: 1) == nil)
    #expect(Bootstrap.clusteredMean(ClusteredSums(amounts: [1], weights: [1]), seed: 1) == nil)
    #expect(Bootstrap.stratifiedInterquartileMean([[1]], seed: 1) == nil)
    #expect(Bootstrap.stratifiedInterquartileMean([], seed: 1) == nil)
    #expect(Bootstrap.interquartileMean([]) == nil)
  }

  /// Ten scores of which two are wild: the middle half does not move, and the interval holds the estimate.
  @Test func interquartileMeanForgivesOutliers() throws {
    let scores = [[-100.0, 0.9, 0.92, 0.95, 0.97], [0.93, 0.94, 0.96, 0.98, 500]]
    let interval = try #require(Bootstrap.stratifiedInterquartileMean(scores, seed: 1))
    #expect(abs(interval.estimate - (0.92 + 0.93 + 0.94 + 0.95 + 0.96 + 0.97) / 6) < 1e-12)
    #expect(interval.lower <= interval.estimate && interval.estimate <= interval.upper)
    #expect(interval.lower > -100 && interval.upper < 500)
  }

  /// Two clusters of 1 and 3 units: 10 over 4. Residuals from 2.5 a unit: 2 - 2.5 = -0.5 and 8 - 7.5 = 0.5; the standard error is
  /// sqrt(2 x 0.5 / 1) / 4 = 0.25.
  @Test func clusteredRatioByHand() throws {
    let sums = ClusteredSums(amounts: [2, 8], weights: [1, 3])
    #expect(sums.ratio == 2.5)
    #expect(try abs(#require(sums.standardError) - 0.25) < 1e-15)
    let interval = try #require(Bootstrap.clusteredMean(sums, seed: 1))
    #expect(interval.lower == 2 && abs(interval.upper - 8.0 / 3) < 1e-12)
    let difference = try #require(Bootstrap.clusteredMean(sums, minus: sums, seed: 1))
    #expect(difference.lower == 0 && difference.upper == 0)
  }
}
