// Comparisons side by side: what the number of them leaves of a p-value, by hand, by its definition, and where accounts are nearly one.

import Kernels
import Testing

@testable import Evaluation

@Suite struct SharpeFamilyTests {
  private func family(
    _ policies: [[Double]], baseline: [Double]? = nil, seed: UInt64 = 1, lane: UInt32 = 0, resamples: Int = 499
  ) -> SharpeFamily {
    SharpeFamily(
      policies.map { ($0, baseline) }, level: 0.05, seed: seed, lane: lane, resamples: resamples)
  }

  private func returns(_ sharpe: Double, _ lane: UInt32, sessions: Int = 504) -> [Double] {
    var stream = RandomStream(seed: 7, purpose: .market, lane: lane)
    return (0..<sessions).map { _ in 0.01 * (sharpe / 252.0.squareRoot() + stream.nextNormal()) }
  }

  /// Three comparisons, four resamples: the best is judged among three, the next among two, the last alone, and none is surer than one before it.
  @Test func aWorkedExample() {
    let found = SharpeFamily.adjusted([
      ComparedRatios(observed: 1, resampled: [0, 2, -1, 0.5]), ComparedRatios(observed: 3, resampled: [1, 0, 4, 2]),
      ComparedRatios(observed: 1.5, resampled: [1.6, -3, 0, 1]),
    ])
    // Best of all: 1.6, 2, 4, 2; without the second: 1.6, 2, 0, 1; the first alone: 0, 2, -1, 0.5.
    #expect(found.best == [1.6, 2, 4, 2])
    #expect(found.pValues == [0.6, 0.4, 0.6])
    #expect(SharpeFamily.adjusted([]).pValues.isEmpty)
  }

  /// A comparison counts as found where every group of which it is a member is: the largest p-value over all groups, of the best of each.
  @Test func pValuesAreThoseOfTheClosedTest() {
    var stream = RandomStream(seed: 3, purpose: .mutation)
    for _ in 0..<40 {
      let ratios = (0..<5).map { _ in
        ComparedRatios(observed: 2 * stream.nextNormal(), resampled: (0..<60).map { _ in stream.nextNormal() })
      }
      let found = SharpeFamily.adjusted(ratios).pValues
      for one in ratios.indices {
        let groups = (1..<32).map { bits in ratios.indices.filter { bits >> $0 & 1 == 1 } }.filter { $0.contains(one) }
        let most = groups.map { group in
          let best = group.map { ratios[$0].observed }.max() ?? 0
          let luck = (0..<60).count { resample in group.contains { ratios[$0].resampled[resample] >= best } }
          return Double(1 + luck) / 61
        }.max()
        #expect(found[one] == most)
      }
    }
  }

  @Test func oneAloneIsWhatAComparisonSays() throws {
    let (policy, baseline) = (returns(1, 1), returns(0, 2))
    for other in [baseline, nil] {
      let found = family([policy], baseline: other, seed: 5, lane: 3)
      let alone = try #require(SharpeComparison(policy: policy, baseline: other, seed: 5, lane: 3, resamples: 499))
      #expect(found.comparisons == [alone] && found.adjusted == [alone.pValue])
      #expect(abs((found.criticalRatio ?? 0) - 1.645) < 0.4)
    }
  }

  /// Twelve that share nothing need more than one does, twelve that are one need what one does.
  @Test func whatAccountsShareCounts() throws {
    let (policy, baseline) = (returns(1.2, 1), returns(0, 2))
    let copies = family([[Double]](repeating: policy, count: 12), baseline: baseline)
    let alone = try #require(copies.comparisons[0]).pValue
    #expect(copies.adjusted.allSatisfy { $0 == alone })
    let strangers = family([policy] + (10..<21).map { returns(0, $0) }, baseline: baseline)
    #expect(
      strangers.adjusted[0] > 2 * alone
        && zip(strangers.adjusted, strangers.comparisons).allSatisfy { $0 >= $1?.pValue ?? 1 })
    #expect(try #require(strangers.criticalRatio) > #require(copies.criticalRatio) + 0.3)
  }

  /// What cannot be compared is never found, and costs the others nothing.
  @Test func whatDoesNotVaryIsLeftOut() throws {
    let (policy, baseline) = (returns(1, 1), returns(0, 2))
    let still = [Double](repeating: 0, count: 504)
    let found = family([still, policy, baseline], baseline: baseline)
    let alone = family([policy], baseline: baseline)
    #expect(found.comparisons[0] == nil && found.comparisons[2]?.standardError == 0)
    #expect(found.adjusted[0] == 1 && found.adjusted[2] == 1)
    #expect(found.comparisons[1]?.difference.estimate == alone.comparisons[0]?.difference.estimate)
    let none = family([still, still])
    #expect(none.adjusted == [1, 1] && none.criticalRatio == nil)
    #expect(family([]).adjusted.isEmpty)
  }

  @Test func theSeedDecides() {
    let (some, baseline) = ([returns(1, 1), returns(0.5, 3)], returns(0, 2))
    let one = family(some, baseline: baseline, lane: 3)
    #expect(family(some, baseline: baseline, lane: 3) == one)
    #expect(family(some, baseline: baseline, seed: 2, lane: 3) != one)
  }
}
