// What the head of a policy put out at one decision, and how an action is taken from it.

import AgentInterface
import Kernels

/// The numbers of a head, allocated once, beside the choices that they stand for. A class, so that a decision reads the choices where they are and counts no
/// references to them.
final class HeadOutput {
  private let factors: ActionFactors
  private let storage: FloatStorage
  /// (A) before masking.
  let logits: UnsafeMutablePointer<Float>
  /// (A) as `evaluate` gives them.
  let logProbabilities: UnsafeMutablePointer<Float>
  /// (A) as `evaluate` gives them, illegal ones 0.
  let probabilities: UnsafeMutablePointer<Float>

  init(_ factors: ActionFactors) {
    self.factors = factors
    storage = FloatStorage(count: 3 * factors.count)
    logits = storage.base
    logProbabilities = logits + factors.count
    probabilities = logProbabilities + factors.count
  }

  /// The most likely choice of every factor, as one action. Traps where a factor has no legal choice.
  func greedy(_ mask: ActionMask) -> ActionNumber {
    ActionSelection.greedy(logits: logits, mask: mask, factors: factors)
  }

  /// Log-probabilities and probabilities of the logits; returns the entropy in nats. Traps where a factor has no legal choice.
  func evaluate(_ mask: ActionMask) -> Float {
    ActionSelection.evaluate(
      logits: logits, mask: mask, factors: factors, logProbabilities: logProbabilities, probabilities: probabilities)
  }

  /// The action of a rule; `greedy` is what was chosen greedily. Traps on a uniform outside [0, 1), and on another number of them than there are factors.
  func action(by rule: ActionSelection.Rule, greedy: ActionNumber, mask: ActionMask) -> ActionNumber {
    switch rule {
    case .greedy: return greedy
    case .sample(let uniform):
      precondition(factors.isJoint, "one uniform number for \(factors.widths.count) factors")
      return ActionSelection.sample(probabilities: probabilities, mask: mask, factors: factors) { _ in uniform }
    case .sampleEach(let uniforms):
      precondition(
        uniforms.count == factors.widths.count, "\(uniforms.count) uniform numbers for \(factors.widths.count) factors")
      return ActionSelection.sample(probabilities: probabilities, mask: mask, factors: factors) { uniforms[$0] }
    }
  }

  /// The logarithm of an action's probability.
  func logProbability(of action: ActionNumber) -> Float {
    ActionSelection.logProbability(of: action, logProbabilities: logProbabilities, factors: factors)
  }

  /// An action's probability.
  func probability(of action: ActionNumber) -> Float {
    ActionSelection.probability(of: action, probabilities: probabilities, factors: factors)
  }

  /// The first factor of which a mask allows nothing; nil where every factor has a legal choice.
  func emptyFactor(of mask: ActionMask) -> Int? { factors.emptyFactor(of: mask) }
}
