// Quantiles by selection against those of the sorted numbers.

import Kernels
import Testing

@testable import Evaluation

@Suite struct OrderStatisticsTests {
  /// Numbers of every kind of repetition: none, a few values, one alone, ascending and descending ones.
  @Test(arguments: [1, 2, 3, 5, 20, 21, 100, 999])
  func selectedQuantilesAreThoseOfSortedNumbers(count: Int) {
    var stream = RandomStream(seed: UInt64(count), purpose: .market)
    let normal = (0..<count).map { _ in 1000 + stream.nextNormal() }
    let few = (0..<count).map { _ in Double(stream.nextInteger(below: 3)) }
    let cases = [normal, few, normal.map { _ in 7 }, normal.sorted(), normal.sorted(by: >)]
    for shares in [[0.05, 0.5, 0.95], [0, 1], [0.5], [0.49, 0.5, 0.51], [0.3, 0.3, 0.999]] {
      for values in cases {
        let sorted = values.sorted()
        var scratch = values
        let found = scratch.withUnsafeMutableBufferPointer { OrderStatistics.quantiles($0, shares: shares) }
        #expect(found.map(\.bitPattern) == shares.map { Bootstrap.quantile(sorted, $0).bitPattern }, "\(shares)")
        #expect(scratch.sorted() == sorted)
      }
    }
  }
}
