// The weighted median by parts is the one by sorting, ties and equal values included.

import Kernels
import Testing

@testable import Market

@Suite struct WeightedMedianTests {
  @Test(arguments: 0..<40) func theMedianByPartsIsTheOneBySorting(seed: Int) {
    var random = RandomStream(seed: UInt64(seed), purpose: .market, lane: 40)
    for count in [1, 2, 3, 11, 12, 13, 14, 40, 100, 257] {
      // Whole numbers bring equal values, and equal weights bring sums of exactly a half.
      let (areWhole, areEqual) = (seed % 2 == 0, seed % 4 < 2)
      let values = (0..<count).map { _ in
        let value = random.nextNormal()
        return (
          value: areWhole ? (3 * value).rounded() : value, weight: areEqual ? 0.1 : random.nextDouble() + 1e-3
        )
      }
      let (parts, sorted) = (ChainForward.weightedMedian(values), ChainForward.sortedMedian(values))
      #expect(parts == sorted, "\(count) values: \(parts) against \(sorted)")
      let ascending = values.sorted { $0.value < $1.value }
      #expect(
        ChainForward.weightedMedian(ascending) == sorted && ChainForward.weightedMedian(ascending.reversed()) == sorted)
    }
  }

  @Test func whatWeighsMoreThanAllOthersIsTheMedian() {
    let values = (0..<50).map { (value: Double($0), weight: $0 == 37 ? 1e9 : 1) }
    #expect(ChainForward.weightedMedian(values) == 37)
    #expect(ChainForward.weightedMedian([(5, 0), (3, 1), (4, 0)]) == 3)
  }
}
