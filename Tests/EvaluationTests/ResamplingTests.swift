// Resamples that are drawn eight side by side against those that are drawn one after the other.

import Kernels
import Testing

@testable import Evaluation

@Suite struct ResamplingTests {
  /// Numbers of sessions and resamples around the eight that go together, blocks of one session to longer than the series.
  @Test(arguments: [8, 9, 17, 64, 257], [1.0, 1.4, 3, 12, 400])
  func eightSideBySideGiveTheBitsOfOneAfterTheOther(count: Int, expectedBlock: Double) {
    var stream = RandomStream(seed: UInt64(count), purpose: .market)
    for hasBaseline in [true, false] {
      for resamples in [1, 7, 8, 9, 40] {
        let pairs = (0..<count).map { place in
          // Mostly nothing in the first, as of an account that rarely trades: some resamples know no risk at all.
          SIMD2(
            place % 7 == 0 ? 0.01 * stream.nextNormal() : 0, hasBaseline ? 0.02 * stream.nextNormal() + 0.001 : 0)
        }
        let plain = Resampling(
          plain: pairs, hasBaseline: hasBaseline, estimate: 0.03, expectedBlock: expectedBlock, resamples: resamples,
          seed: 9, lane: 3)
        let found = Resampling(
          pairs, hasBaseline: hasBaseline, estimate: 0.03, expectedBlock: expectedBlock, resamples: resamples, seed: 9,
          lane: 3)
        #expect(found.ratios.map(\.bitPattern) == plain.ratios.map(\.bitPattern), "\(resamples) of \(count)")
        #expect(found.alphas.map(\.bitPattern) == plain.alphas.map(\.bitPattern), "\(resamples) of \(count)")
        #expect(found.ratios.count == resamples)
      }
    }
  }
}
