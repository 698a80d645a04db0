// The categorical distribution over legal actions in both spellings; `OpCases` holds it against double precision and differences.

import Kernels
import OpCases
import Testing

struct MaskedSoftmaxTests {
  @Test(arguments: [3, 8, 11, 16]) func `a NaN logit surfaces`(count: Int) {
    for place in 0..<count {
      var logits = (0..<count).map(Float.init)
      logits[place] = .nan
      let values = FencedBuffer(logits)
      let probabilities = FencedBuffer(count: count)
      let entropy = MaskedSoftmax.evaluate(
        logits: values.base, mask: (1 << UInt64(count)) - 1, count: count, logProbabilities: values.base,
        probabilities: probabilities.base)
      #expect(entropy.isNaN)
    }
  }

  /// Beyond what a softmax meets: far apart, equal, and one legal alone. What C gives is what Swift gives, but for the order of sums.
  @Test(arguments: 8...16) func `both spellings agree`(count: Int) {
    var random = RandomStream(seed: 6, purpose: .market, lane: UInt32(count))
    for trial in 0..<200 {
      let spread = [0, 1, 30, 300][trial % 4]
      let logits = (0..<count).map { _ in Float(random.nextNormal() * Double(spread)) }
      let all = (UInt64(1) << UInt64(count)) - 1
      let mask = trial % 5 == 0 ? 1 << UInt64(trial % count) : random.next() & all | 1
      let (fast, plain) = (
        (0..<2).map { _ in FencedBuffer(count: count) }, (0..<2).map { _ in FencedBuffer(count: count) }
      )
      let entropy = MaskedSoftmax.evaluate(
        logits: logits, mask: mask, count: count, logProbabilities: fast[0].base, probabilities: fast[1].base)
      let plainEntropy = MaskedSoftmax.plainEvaluate(
        logits: logits, mask: mask, count: count, logProbabilities: plain[0].base, probabilities: plain[1].base)
      #expect(abs(entropy - plainEntropy) <= 1e-6)
      for (a, b) in zip(fast[0].array, plain[0].array) { #expect(abs(a - b) <= 3e-7 * max(1, abs(b))) }
      for (a, b) in zip(fast[1].array, plain[1].array) { #expect(abs(a - b) <= 3e-7) }
      for buffer in fast + plain { #expect(buffer.isIntact) }
    }
  }
}
