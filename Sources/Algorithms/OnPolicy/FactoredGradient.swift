// What a policy's loss pulls at the logits of one row whose action is made of independent choices.

import AgentInterface
import Kernels

extension MaskedSoftmax {
  /// The gradient of every factor's logits as that of one choice: the action's log-probability and entropy are sums over factors, so each is pulled by the
  /// same `pull` and by its own entropy.
  ///
  /// logProbabilities, probabilities, entropies: (A), (A), (F), as `ActionSelection.evaluate` gives them; gradient: (A).
  static func gradient(
    logProbabilities: UnsafePointer<Float>, probabilities: UnsafePointer<Float>, entropies: UnsafePointer<Float>,
    factors: ActionFactors, action: ActionNumber, pull: Float, entropyScale: Float,
    into gradient: UnsafeMutablePointer<Float>
  ) {
    let halves = factors.halves(of: action)
    for factor in factors.widths.indices {
      let first = factors.firsts[factor]
      self.gradient(
        logProbabilities: logProbabilities + first, probabilities: probabilities + first, entropy: entropies[factor],
        count: factors.widths[factor], action: factors.choice(of: factor, in: halves), pull: pull,
        entropyScale: entropyScale, into: gradient + first)
    }
  }
}
