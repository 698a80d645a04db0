// The categorical distribution over legal actions.

import Glibc
import Kernels
import TestSupport
import Testing

struct MaskedSoftmaxTests {
  @Test(arguments: [1, 2, 9, 64])
  func `agrees with double precision over random masks`(count: Int) {
    var random = RandomStream(seed: 5, purpose: .market, lane: UInt32(count))
    for _ in 0..<50 {
      let logits = (0..<count).map { _ in Float(random.nextNormal() * 5) }
      var mask = random.next() & (count == 64 ? .max : (1 << UInt64(count)) - 1)
      if mask == 0 { mask = 1 }
      let logProbabilities = FencedBuffer(logits)
      let probabilities = FencedBuffer(count: count)
      let entropy = MaskedSoftmax.evaluate(
        logits: logProbabilities.base, mask: mask, count: count, logProbabilities: logProbabilities.base,
        probabilities: probabilities.base)
      #expect(logProbabilities.isIntact && probabilities.isIntact)
      let legal = (0..<count).filter { mask & (1 << UInt64($0)) != 0 }
      let largest = legal.map { Double(logits[$0]) }.max()!
      let logSum = log(legal.map { exp(Double(logits[$0]) - largest) }.reduce(0, +)) + largest
      var exactEntropy = 0.0
      for action in 0..<count {
        if legal.contains(action) {
          let exact = Double(logits[action]) - logSum
          exactEntropy -= exp(exact) * exact
          #expect(abs(Double(logProbabilities.array[action]) - exact) <= 4e-6 * max(1, abs(exact)))
          #expect(abs(Double(probabilities.array[action]) - exp(exact)) <= 1e-6)
        } else {
          #expect(probabilities.array[action] == 0)
          #expect(logProbabilities.array[action] == MaskedSoftmax.illegalLogProbability)
        }
      }
      #expect(abs(Double(entropy) - exactEntropy) <= 1e-5)
    }
  }

  @Test func `a NaN logit surfaces`() {
    let values = FencedBuffer([1, .nan, 0])
    let probabilities = FencedBuffer(count: 3)
    let entropy = MaskedSoftmax.evaluate(
      logits: values.base, mask: 7, count: 3, logProbabilities: values.base, probabilities: probabilities.base)
    #expect(entropy.isNaN)
  }
}
