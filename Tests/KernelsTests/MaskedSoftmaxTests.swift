// The categorical distribution over legal actions.

import Glibc
import Kernels
import TestSupport
import Testing

struct MaskedSoftmaxTests {
  @Test(arguments: [1, 2, 7, 8, 9, 13, 16, 17, 64])
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

  @Test(arguments: [3, 8, 9, 16, 20]) func `the gradient is the derivative`(count: Int) {
    var random = RandomStream(seed: 7, purpose: .market, lane: UInt32(count))
    let logits = (0..<count).map { _ in Float(random.nextNormal()) }
    let mask = ((UInt64(1) << UInt64(count)) - 1) & ~0b10
    let (logs, chances, gradient) = (FencedBuffer(count: count), FencedBuffer(count: count), FencedBuffer(count: count))
    let entropy = MaskedSoftmax.evaluate(
      logits: logits, mask: mask, count: count, logProbabilities: logs.base, probabilities: chances.base)
    let (pull, scale, action) = (Float(-0.7), Float(0.3), 2)
    MaskedSoftmax.gradient(
      logProbabilities: logs.base, probabilities: chances.base, entropy: entropy, count: count, action: action,
      pull: pull, entropyScale: scale, into: gradient.base)
    #expect(gradient.isIntact)
    func objective(_ logits: [Double]) -> Double {
      let legal = (0..<count).filter { mask >> UInt64($0) & 1 == 1 }
      let total = log(legal.map { exp(logits[$0]) }.reduce(0, +))
      let entropy = -legal.map { exp(logits[$0] - total) * (logits[$0] - total) }.reduce(0, +)
      return Double(pull) * (logits[action] - total) - Double(scale) * entropy
    }
    for place in 0..<count {
      var (up, down) = (logits.map(Double.init), logits.map(Double.init))
      up[place] += 1e-5
      down[place] -= 1e-5
      #expect(abs(Double(gradient.array[place]) - (objective(up) - objective(down)) / 2e-5) < 2e-6, "\(place)")
    }
  }
}
