// Scaling, masking and choosing: the rules that training and deployment share.

import AgentInterface
import Inference
import Kernels
import Testing

@Suite struct ObservationNormalizerTests {
  @Test func scalesBoundsAndRounds() {
    let normalizer = ObservationNormalizer(mean: [1, -2, 0, 5], variance: [4, 0, 1, 1], count: 100)
    var row: [Float] = [5, -2, 1e6, -1e6]
    normalizer.normalize(&row)
    #expect(row == [Float(4 / (4 + 1e-8).squareRoot()), 0, 10, -10])
  }

  @Test func manyRowsWithStridesEqualOneRow() {
    let columns = 5
    var stream = RandomStream(seed: 3, purpose: .market)
    let source = (0..<(4 * 8)).map { _ in Float(stream.nextNormal() * 3) }
    let mean = (0..<columns).map { _ in stream.nextNormal() }
    let variance = (0..<columns).map { _ in stream.nextDouble() * 4 }
    let normalizer = ObservationNormalizer(mean: mean, variance: variance, count: 1)
    var result = [Float](repeating: -99, count: 4 * 6)
    ObservationNormalizer.normalize(
      source, into: &result, rows: 4, columns: columns, sourceStride: 8, destinationStride: 6, mean: mean,
      variance: variance)
    for row in 0..<4 {
      var expected = Array(source[(8 * row)..<(8 * row + columns)])
      normalizer.normalize(&expected)
      #expect(Array(result[(6 * row)..<(6 * row + columns)]) == expected)
      #expect(result[6 * row + columns] == -99, "the gap between rows is untouched")
    }
  }

  @Test func hidesNoNaN() {
    var row: [Float] = [.nan]
    ObservationNormalizer(mean: [0], variance: [1], count: 1).normalize(&row)
    #expect(row[0].isNaN)
  }
}

@Suite struct ActionSelectionTests {
  @Test func greedyTakesTheLowestOfEqualLegalActions() {
    let logits: [Float] = [9, 2, 3, 3, -1]
    #expect(ActionSelection.greedy(logits: logits.span, mask: ActionMask(rawValue: 0b11110)) == 2)
    #expect(ActionSelection.greedy(logits: logits.span, mask: ActionMask(rawValue: 0b10000)) == 4)
    #expect(ActionSelection.greedy(logits: logits.span, mask: .all(count: 5)) == 0)
  }

  @Test func samplingInvertsTheCumulativeDistribution() {
    let probabilities: [Float] = [0, 0.25, 0, 0.5, 0.25]
    let mask = ActionMask(rawValue: 0b11010)
    func sample(_ uniform: Double) -> Int {
      ActionSelection.sample(probabilities: probabilities.span, mask: mask, uniform: uniform)
    }
    #expect([0, 0.2499, 0.25, 0.7499, 0.75, 1.0.nextDown].map(sample) == [1, 1, 3, 3, 4, 4])
    // A rounded sum below 1 must not fall through to an action of probability 0.
    let short: [Float] = [0.5, 0.49999, 0]
    #expect(ActionSelection.sample(probabilities: short.span, mask: .all(count: 3), uniform: 1.0.nextDown) == 1)
  }

  @Test func frequenciesFollowTheProbabilities() {
    let logits: [Float] = [1, -0.5, 3, 0.2]
    let mask = ActionMask(rawValue: 0b1011)
    let (_, probabilities, _) = ActionSelection.evaluate(logits: logits.span, mask: mask)
    var randomness = DecisionRandomness(seed: 9)
    var counts = [Int](repeating: 0, count: 4)
    let draws = 40_000
    for _ in 0..<draws {
      counts[ActionSelection.sample(probabilities: probabilities.span, mask: mask, uniform: randomness.next())] += 1
    }
    #expect(counts[2] == 0)
    for (count, probability) in zip(counts, probabilities) {
      let deviation = (Double(probability) * Double(1 - probability) / Double(draws)).squareRoot()
      #expect(abs(Double(count) / Double(draws) - Double(probability)) <= 5 * deviation)
    }
  }

  @Test func illegalActionsHaveProbabilityZeroAndEntropyCountsTheLegal() {
    var stream = RandomStream(seed: 21, purpose: .market)
    for _ in 0..<300 {
      let count = Int(stream.nextInteger(below: 64)) + 1
      let logits = (0..<count).map { _ in Float(stream.nextNormal() * 20) }
      let all = ActionMask.all(count: count).rawValue
      var bits = stream.next() & all
      if bits == 0 { bits = all }
      let mask = ActionMask(rawValue: bits)
      let (logs, probabilities, entropy) = ActionSelection.evaluate(logits: logits.span, mask: mask)
      let legal = (0..<count).filter { mask.allows($0) }
      let largest = legal.map { Double(logits[$0]) }.max() ?? 0
      let total = legal.reduce(0.0) { $0 + exponential(Double(logits[$1]) - largest) }
      var exact = 0.0
      for action in 0..<count {
        guard mask.allows(action) else {
          #expect(probabilities[action] == 0)
          continue
        }
        let probability = exponential(Double(logits[action]) - largest) / total
        if probability > 0 { exact -= probability * naturalLogarithm(probability) }
        #expect(abs(Double(probabilities[action]) - probability) <= 1e-6)
        #expect(logs[action] <= 1e-6)
      }
      #expect(abs(Double(entropy) - exact) <= 1e-5)
      #expect((0...1.00001).contains(probabilities.reduce(0, +)))
      let uniform = stream.nextDouble()
      #expect(mask.allows(ActionSelection.sample(probabilities: probabilities.span, mask: mask, uniform: uniform)))
    }
  }

  @Test func equalSeedsDrawEqualNumbers() {
    var (a, b, c) = (DecisionRandomness(seed: 4), DecisionRandomness(seed: 4), DecisionRandomness(seed: 5))
    let first = (0..<20).map { _ in a.next() }
    #expect(first == (0..<20).map { _ in b.next() })
    #expect(first != (0..<20).map { _ in c.next() })
    #expect(first.allSatisfy { (0..<1).contains($0) })
  }
}
