// The loss of factored actions against the same policy over all combinations of their choices.

import AgentInterface
import Algorithms
import Glibc
import Inference
import Kernels
import Networks
import Testing

@Suite struct FactoredLossTests {
  private static let factors = ActionFactors(widths: [3, 2, 8])

  /// Rows whose joint logits are the sums of their choices' logits: the two are one policy.
  private struct Rows {
    let rollout: Rollout
    let joint: Rollout
    let logits: [[Float]]
    let values: [Float]

    init(count: Int, isMasked: Bool, seed: UInt64) {
      let factors = FactoredLossTests.factors
      var random = RandomStream(seed: seed, purpose: .market)
      rollout = Rollout(horizon: count, laneCount: 1, observationCount: 1)
      joint = Rollout(horizon: count, laneCount: 1, observationCount: 1)
      var logits: [[Float]] = []
      var values: [Float] = []
      for row in 0..<count {
        logits.append((0..<factors.count).map { _ in Float(random.nextNormal()) })
        values.append(Float(random.nextNormal()))
        let action = Int(random.nextInteger(below: UInt64(factors.actionCount)))
        var bits = isMasked ? random.next() : .max
        for factor in 0..<3 {
          bits |= 1 << UInt64(factors.firsts[factor] + factors.choice(of: factor, in: ActionNumber(action)))
        }
        let mask = ActionMask(rawValue: bits & ActionMask.all(count: factors.count).rawValue)
        rollout.masks[row] = mask
        joint.masks[row] = ActionMask((0..<factors.actionCount).map { factors.allows($0, in: mask) })
        let (advantage, old) = (Float(random.nextNormal()), Float(-3 + 0.3 * random.nextNormal()))
        let (target, before) = (Float(random.nextNormal()), Float(random.nextNormal()))
        for one in [rollout, joint] {
          one.actions[row] = ActionNumber(action)
          one.advantages[row] = advantage
          one.logProbabilities[row] = old
          one.returns[row] = target
          one.values[row] = before
        }
      }
      self.logits = logits
      self.values = values
    }
  }

  private func evaluate(
    _ logits: [[Float]], _ values: [Float], _ rollout: Rollout, _ factors: ActionFactors, isMasked: Bool
  ) -> (sums: PolicyLossSums, gradient: [[Float]], values: [Float]) {
    let (rows, width) = (logits.count, logits[0].count)
    let storage = FloatStorage(logits.flatMap { $0 } + values)
    let scratch = FloatStorage(count: 3 * width)
    let outputs = NetworkOutputs(
      logits: MatrixView(base: storage.base, rows: rows, columns: width), values: storage.base + rows * width,
      finalState: RecurrentStateRows(actorHidden: nil, actorCell: nil, criticHidden: nil, criticCell: nil))
    var settings = PPOLossSettings(clipRange: 0.2, clipRangeValue: 0.5, entropyCoefficient: 0.3, valueCoefficient: 0.5)
    settings.validCount = rows
    let places = (0..<Int32(rows)).map { $0 }
    let sums = places.withUnsafeBufferPointer { places in
      PPOLoss.evaluate(
        outputs: outputs, rowIndices: places.baseAddress!, rollout: rollout, factors: factors, isMasked: isMasked,
        settings: settings, scratch: scratch.base)
    }
    let found = storage.array
    return (
      sums, (0..<rows).map { Array(found[($0 * width)..<(($0 + 1) * width)]) }, Array(found[(rows * width)...])
    )
  }

  @Test(arguments: [true, false])
  func `it is the loss over all combinations`(isMasked: Bool) {
    let factors = Self.factors
    let rows = Rows(count: 200, isMasked: isMasked, seed: isMasked ? 5 : 6)
    let jointLogits = rows.logits.map { logits in
      (0..<factors.actionCount).map { action in
        (0..<3).reduce(Float(0)) { $0 + logits[factors.firsts[$1] + factors.choice(of: $1, in: action)] }
      }
    }
    let one = evaluate(rows.logits, rows.values, rows.rollout, factors, isMasked: isMasked)
    let all = evaluate(
      jointLogits, rows.values, rows.joint, ActionFactors(joint: Int(factors.actionCount)), isMasked: isMasked)
    #expect(abs(one.sums.policy - all.sums.policy) < 1e-3 && abs(one.sums.entropy - all.sums.entropy) < 1e-3)
    #expect(abs(one.sums.divergence - all.sums.divergence) < 1e-2 && one.sums.clipped == all.sums.clipped)
    #expect(one.sums.value == all.sums.value && one.values == all.values)
    #expect(one.sums.clipped > 10 && one.sums.clipped < 200)
    var (largest, worst) = (Float(0), Float(0))
    for row in 0..<200 {
      for factor in 0..<3 {
        for choice in 0..<factors.widths[factor] {
          // What every combination with this choice is pulled by, together.
          let pulled = (0..<factors.actionCount).filter { factors.choice(of: factor, in: $0) == choice }
            .reduce(Float(0)) { $0 + all.gradient[row][Int($1)] }
          let found = one.gradient[row][factors.firsts[factor] + choice]
          largest = max(largest, abs(found))
          worst = max(worst, abs(found - pulled))
          if isMasked, !rows.rollout.masks[row].allows(factors.firsts[factor] + choice) {
            #expect(found == 0, "an illegal choice is pulled")
          }
        }
      }
    }
    // Float32 sums of 48 numbers.
    #expect(largest > 1e-3 && worst < 2e-6 + 2e-5 * largest, "\(worst) of \(largest)")
  }

  /// Of each factor a softmax over what is legal; an action's log-probability and entropy are their sums.
  private func plain(_ logits: [Double], legal: [Bool], choices: [Int]) -> (logProbability: Double, entropy: Double) {
    var (logProbability, entropy) = (0.0, 0.0)
    for (factor, choice) in choices.enumerated() {
      let places = (3 * factor..<3 * factor + 3).filter { legal[$0] }
      let sum = log(places.reduce(0) { $0 + exp(logits[$1]) })
      logProbability += logits[3 * factor + choice] - sum
      entropy -= places.reduce(0) { $0 + exp(logits[$1] - sum) * (logits[$1] - sum) }
    }
    return (logProbability, entropy)
  }

  /// Choices of three, as many as symbols of a basket: where an action and a mask begin to have several words, and the most.
  @Test(arguments: [19, 20, 38, 39, 64], [true, false])
  func `its gradient is the slope of the plain loss, however many the choices`(count: Int, isMasked: Bool) {
    let factors = ActionFactors(widths: [Int](repeating: 3, count: count))
    let rows = 12
    let rollout = Rollout(horizon: rows, laneCount: 1, observationCount: 1, factors: factors)
    var random = RandomStream(seed: UInt64(count), purpose: .market)
    var (logits, legal, choices): ([[Float]], [[Bool]], [[Int]]) = ([], [], [])
    for row in 0..<rows {
      logits.append((0..<factors.count).map { _ in Float(random.nextNormal()) })
      choices.append((0..<count).map { _ in Int(random.nextInteger(below: 3)) })
      legal.append(
        (0..<factors.count).map { place in
          !isMasked || place % 3 == choices[row][place / 3] || random.nextInteger(below: 2) == 0
        })
      let own = plain(logits[row].map { Double($0) }, legal: legal[row], choices: choices[row])
      rollout.actions[row] = factors.action(ofChoices: choices[row])
      // Without a mask whatever stands there is not looked at.
      rollout.masks[row] = ActionMask(isMasked ? legal[row] : (0..<factors.count).map { $0 % 3 == 0 })
      rollout.logProbabilities[row] = Float(own.logProbability + 0.2 * random.nextNormal())
      rollout.advantages[row] = Float(random.nextNormal())
      (rollout.returns[row], rollout.values[row]) = (0, 0)
    }
    func loss(_ row: Int, _ logits: [Double]) -> (policy: Double, entropy: Double, ratio: Double) {
      let own = plain(logits, legal: legal[row], choices: choices[row])
      let ratio = exp(own.logProbability - Double(rollout.logProbabilities[row]))
      let advantage = Double(rollout.advantages[row])
      return (-min(advantage * ratio, advantage * min(max(ratio, 0.8), 1.2)), own.entropy, ratio)
    }
    let found = evaluate(
      logits, [Float](repeating: 0, count: rows), rollout, factors, isMasked: isMasked)
    var (policy, entropy, clipped) = (0.0, 0.0, 0)
    var (largest, worst) = (0.0, 0.0)
    for row in 0..<rows {
      let base = logits[row].map { Double($0) }
      let own = loss(row, base)
      policy += own.policy
      entropy += own.entropy
      if abs(own.ratio - 1) > 0.2 { clipped += 1 }
      for place in base.indices {
        let sides = [1e-5, -1e-5].map { step in
          var moved = base
          moved[place] += step
          let (policy, entropy, _) = loss(row, moved)
          return (policy - 0.3 * entropy) / Double(rows)
        }
        let slope = (sides[0] - sides[1]) / 2e-5
        largest = max(largest, abs(slope))
        worst = max(worst, abs(slope - Double(found.gradient[row][place])))
        if !legal[row][place] { #expect(found.gradient[row][place] == 0, "an illegal choice is pulled") }
      }
    }
    #expect(found.sums.clipped == Double(clipped) && clipped < rows)
    // Float32 sums of as many numbers as there are choices.
    #expect(abs(found.sums.policy - policy) < 2e-3, "\(found.sums.policy) for \(policy)")
    #expect(abs(found.sums.entropy - entropy) < 1e-5 * entropy, "\(found.sums.entropy) for \(entropy)")
    #expect(largest > 1e-3 && worst < 2e-6 + 1e-4 * largest, "\(worst) of \(largest)")
  }
}
