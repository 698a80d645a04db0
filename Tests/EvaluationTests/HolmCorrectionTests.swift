// Several comparisons at once, by hand.

import Evaluation
import Testing

@Suite struct HolmCorrectionTests {
  /// Four tests: the smallest is judged as one of four, the next as one of three, and none is surer than one before it.
  @Test func `each p-value is judged among those not smaller`() {
    let found = HolmCorrection(pValues: [0.01, 0.04, 0.03, 0.005], familyError: 0.05)
    let expected = [0.03, 0.06, 0.06, 0.02]
    #expect(zip(found.adjusted, expected).allSatisfy { abs($0 - $1) < 1e-15 }, "\(found.adjusted)")
    let levels = [0.05 / 3, 0.05, 0.05 / 2, 0.05 / 4]
    #expect(found.levels == levels)
  }

  @Test func `a p-value never exceeds one and one test needs no correction`() {
    #expect(HolmCorrection(pValues: [0.6, 0.7], familyError: 0.05).adjusted == [1, 1])
    #expect(HolmCorrection(pValues: [0.03], familyError: 0.05).adjusted == [0.03])
    #expect(HolmCorrection(pValues: [], familyError: 0.05).adjusted.isEmpty)
  }
}
