// Sharpe ratios compared: block lengths and p-values of the package arch, the test's size, and its edges.

import Kernels
import TestSupport
import Testing
import Text

@testable import Evaluation

@Suite struct SharpeComparisonTests {
  private func agree(_ found: Double?, _ expected: JSON?, within tolerance: Double, _ name: String) throws {
    let (found, expected) = (try #require(found), try #require(expected?.doubleValue))
    #expect(abs(found - expected) <= tolerance, "\(name): \(found), not \(expected) within \(tolerance)")
  }

  @Test func blockLengthsAreThoseOfArch() throws {
    for series in try #require(try Golden("sharpe_comparison").json["series"]?.arrayValue) {
      let expected = try #require(series["block_length"]?.doubleValue)
      let relative = try #require(series["relative_tolerance"]?.doubleValue)
      try agree(
        BlockLength.stationary(#require(series["values"]).numbers), series["block_length"],
        within: relative * expected, series["name"]?.stringValue ?? "")
    }
  }

  @Test func comparisonsAreThoseOfArchsResamples() throws {
    for (lane, golden) in try #require(try Golden("sharpe_comparison").json["comparisons"]?.arrayValue).enumerated() {
      let name = golden["name"]?.stringValue ?? ""
      let policy = try #require(golden["policy"]).numbers
      let baseline = golden["baseline"].flatMap { $0.arrayValue == nil ? nil : $0.numbers }
      let found = try #require(SharpeComparison(policy: policy, baseline: baseline, seed: 5, lane: UInt32(lane)))
      let relative = try #require(golden["relative_tolerance"]?.doubleValue)
      try agree(found.expectedBlock, golden["block_length"], within: relative * found.expectedBlock, name)
      try agree(found.difference.estimate, golden["difference_a_year"], within: 10 * relative, name)
      try agree(found.standardError, golden["standard_error_a_year"], within: 10 * relative, name)
      try agree(found.pValue, golden["p"], within: #require(golden["p_tolerance"]?.doubleValue), name)
      let bound = try #require(golden["bound_tolerance"]?.doubleValue)
      try agree(found.difference.lower, golden["lower"], within: bound, name)
      try agree(found.difference.upper, golden["upper"], within: bound, name)
    }
  }

  /// Scaled returns have the same ratio: the size of the position decides nothing, and an account against itself is a draw.
  @Test func riskIsEqual() throws {
    var stream = RandomStream(seed: 4, purpose: .market)
    let market = (0..<300).map { _ in 0.01 * stream.nextNormal() }
    let policy = market.map { 0.2 * $0 + 0.002 * stream.nextNormal() + 0.0004 }
    let one = try #require(SharpeComparison(policy: policy, baseline: market, seed: 1, lane: 0, resamples: 499))
    let scaled = try #require(
      SharpeComparison(
        policy: policy.map { 3 * $0 }, baseline: market.map { 0.5 * $0 }, seed: 1, lane: 0, resamples: 499))
    #expect(abs(one.difference.estimate - scaled.difference.estimate) < 1e-9 && one.pValue == scaled.pValue)
    #expect(try abs(#require(scaled.alpha).estimate / 3 - #require(one.alpha).estimate) < 1e-12)
    let same = try #require(SharpeComparison(policy: market, baseline: market, seed: 1, lane: 0))
    #expect(same.pValue == 1 && same.standardError == 0 && same.difference.estimate == 0)
  }

  /// Alpha of a line without noise is its intercept.
  @Test func alphaIsTheIntercept() throws {
    var stream = RandomStream(seed: 4, purpose: .market)
    let market = (0..<200).map { _ in 0.01 * stream.nextNormal() }
    let wiggle = (0..<200).map { 1e-9 * Double($0 % 2) }
    let found = try #require(
      SharpeComparison(
        policy: zip(market, wiggle).map { 0.5 * $0 + 0.001 + $1 }, baseline: market, seed: 1, lane: 0, resamples: 99))
    #expect(try abs(#require(found.alpha).estimate - 0.252) < 1e-6)
  }

  @Test func withoutRiskNothingIsCompared() {
    let moving = (0..<40).map { 0.01 * Double($0 % 3) }
    let still = [Double](repeating: 0.001, count: 40)
    #expect(SharpeComparison(policy: still, seed: 1, lane: 0) == nil)
    #expect(SharpeComparison(policy: moving, baseline: still, seed: 1, lane: 0) == nil)
    #expect(SharpeComparison(policy: Array(moving.prefix(7)), seed: 1, lane: 0) == nil)
  }

  /// A position on three days of two hundred: most resamples know it, some have no risk at all, and those count for luck.
  @Test func rareTradesDoNotTrap() throws {
    var returns = [Double](repeating: 0, count: 200)
    for day in [20, 90, 150] { returns[day] = 0.01 }
    let found = try #require(SharpeComparison(policy: returns, seed: 1, lane: 0))
    #expect(found.pValue > 0.01 && found.pValue < 1)
  }

  @Test func theSeedDecides() {
    var stream = RandomStream(seed: 8, purpose: .market)
    let policy = (0..<100).map { _ in 0.01 * stream.nextNormal() }
    let one = SharpeComparison(policy: policy, seed: 1, lane: 3, resamples: 199)
    #expect(SharpeComparison(policy: policy, seed: 1, lane: 3, resamples: 199) == one)
    #expect(SharpeComparison(policy: policy, seed: 2, lane: 3, resamples: 199)?.pValue != one?.pValue)
  }

  /// 200 pairs of equal ratios at a nominal 5 % (two-sided): 10 expected, four standard deviations are 12. The long tests play 2,000.
  @Test func equalRatiosAreRarelyTold() {
    #expect(EqualSharpePairs.rejected(.normal, pairs: 200, sessions: 252, resamples: 199, seed: 3) <= 22)
  }

  @Test func wordsInBlocksAreTheStreamsWords() {
    for count in [0, 1, 15, 16, 17, 100] {
      var (blocks, ones) = (RandomStream(seed: 3, purpose: .bootstrap), RandomStream(seed: 3, purpose: .bootstrap))
      _ = (blocks.next(), ones.next())
      var words = [UInt64](repeating: 0, count: count)
      words.withUnsafeMutableBufferPointer { blocks.fill($0) }
      #expect(words == (0..<count).map { _ in ones.next() } && blocks.next() == ones.next())
    }
  }
}

/// Pairs of return series with equal Sharpe ratios and a correlation of 0.5, one twice as bold as the other.
enum EqualSharpePairs {
  enum Kind: String, CaseIterable {
    case normal, t5 = "t with 5 degrees of freedom", garch = "GARCH(1,1) of 0.1 and 0.85"
  }

  /// How many of the pairs the test tells apart at 5 %, either way.
  static func rejected(_ kind: Kind, pairs: Int, sessions: Int, resamples: Int, seed: UInt64) -> Int {
    (0..<pairs).count { pair in
      let (one, other) = draw(kind, sessions: sessions, seed: seed &* 1_000_003 &+ UInt64(pair))
      let up = SharpeComparison(policy: one, baseline: other, seed: seed, lane: UInt32(pair), resamples: resamples)
      let p = up?.pValue ?? 1
      return min(p, 1 - p + 1 / Double(resamples + 1)) <= 0.025
    }
  }

  private static func draw(_ kind: Kind, sessions: Int, seed: UInt64) -> ([Double], [Double]) {
    var stream = RandomStream(seed: seed, purpose: .market)
    var (variance, before) = (SIMD2<Double>(repeating: 1), SIMD2<Double>.zero)
    let begin = kind == .garch ? -300 : 0
    var (one, other): ([Double], [Double]) = ([], [])
    for session in begin..<sessions {
      let common = stream.nextNormal()
      var shock = SIMD2(common, 0.5 * common + 0.75.squareRoot() * stream.nextNormal())
      switch kind {
      case .normal: break
      case .t5:
        let chi = (0..<5).reduce(0.0) { sum, _ in
          let z = stream.nextNormal()
          return sum + z * z
        }
        shock /= (chi / 5).squareRoot()
      case .garch:
        variance = 0.05 + 0.1 * before * before + 0.85 * variance
        shock *= variance.squareRoot()
        before = shock
      }
      guard session >= 0 else { continue }
      one.append(0.01 * (shock.x + 0.06))
      other.append(0.02 * (shock.y + 0.06))
    }
    return (one, other)
  }
}
