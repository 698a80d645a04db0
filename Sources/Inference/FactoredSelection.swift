// How logits and a mask become an action that is made of independent choices; a joint action is one choice.

package import AgentInterface
import Kernels

extension ActionSelection {
  /// The most likely choice of every factor, as one action. logits: (A). Traps where a factor has no legal choice.
  package static func greedy(logits: UnsafePointer<Float>, mask: ActionMask, factors: ActionFactors) -> ActionNumber {
    var action: ActionNumber = 0
    for factor in factors.widths.indices {
      let choice = greedy(
        logits: logits + factors.firsts[factor], mask: factors.mask(mask, of: factor), count: factors.widths[factor])
      action += ActionNumber(choice) * factors.step(of: factor)
    }
    return action
  }

  /// The choice of every factor at a uniform number of its own, as one action; see the form of one choice. probabilities: (A), as `evaluate` gives them;
  /// `uniform`: of a factor, asked for in order. Traps where a factor has no legal choice.
  package static func sample(
    probabilities: UnsafePointer<Float>, mask: ActionMask, factors: ActionFactors, uniform: (Int) -> Double
  ) -> ActionNumber {
    var action: ActionNumber = 0
    for factor in factors.widths.indices {
      let choice = sample(
        probabilities: probabilities + factors.firsts[factor], mask: factors.mask(mask, of: factor),
        count: factors.widths[factor], uniform: uniform(factor))
      action += ActionNumber(choice) * factors.step(of: factor)
    }
    return action
  }

  /// Log-probabilities and probabilities of every choice within its factor; returns the entropy of the action in nats, the sum of its factors'. All
  /// buffers: (A); `logProbabilities` may be `logits`; entropies: (F) each factor's, or nil. Traps where a factor has no legal choice.
  @discardableResult
  package static func evaluate(
    logits: UnsafePointer<Float>, mask: ActionMask, factors: ActionFactors,
    logProbabilities: UnsafeMutablePointer<Float>, probabilities: UnsafeMutablePointer<Float>,
    entropies: UnsafeMutablePointer<Float>? = nil
  ) -> Float {
    // So that one factor's number is itself, to the sign of a zero.
    var sum: Float = -0.0
    for factor in factors.widths.indices {
      let first = factors.firsts[factor]
      let entropy = MaskedSoftmax.evaluate(
        logits: logits + first, mask: factors.mask(mask, of: factor).rawValue, count: factors.widths[factor],
        logProbabilities: logProbabilities + first, probabilities: probabilities + first)
      entropies?[factor] = entropy
      sum += entropy
    }
    return sum
  }

  /// The logarithm of an action's probability: the sum over its choices, first to last. logProbabilities: (A), as `evaluate` gives them.
  package static func logProbability(
    of action: ActionNumber, logProbabilities: UnsafePointer<Float>, factors: ActionFactors
  ) -> Float {
    var sum: Float = -0.0
    let halves = factors.halves(of: action)
    for factor in factors.widths.indices {
      sum += logProbabilities[factors.firsts[factor] + factors.choice(of: factor, in: halves)]
    }
    return sum
  }

  /// An action's probability: the product over its choices, first to last. probabilities: (A), as `evaluate` gives them.
  package static func probability(of action: ActionNumber, probabilities: UnsafePointer<Float>, factors: ActionFactors)
    -> Float
  {
    var product: Float = 1
    let halves = factors.halves(of: action)
    for factor in factors.widths.indices {
      product *= probabilities[factors.firsts[factor] + factors.choice(of: factor, in: halves)]
    }
    return product
  }
}

extension DecisionRandomness {
  /// The rule that draws the next action of a policy: one number for each of its factors, in their order.
  public mutating func nextRule(for policy: DeployedPolicy) -> ActionSelection.Rule {
    guard !policy.factors.isJoint else { return .sample(uniform: next()) }
    return .sampleEach(uniforms: policy.factors.widths.map { _ in next() })
  }
}
