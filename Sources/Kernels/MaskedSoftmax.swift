// The categorical distribution over legal actions.

import CKernels
import Glibc

/// Softmax over the legal actions only. An illegal action has probability exactly 0 and log-probability `illegalLogProbability`.
///
/// Source: the mask of sb3-contrib 2.9, MaskableCategorical, whose -1e8 logits vanish in float32.
package enum MaskedSoftmax {
  /// The log-probability reported for an illegal action: finite, so that 0 times it is 0.
  package static let illegalLogProbability: Float = -1e8

  /// Log-probabilities and probabilities of one row; returns the entropy over the legal actions, in nats.
  ///
  /// logits, logProbabilities, probabilities: (count), count <= 64. Bit a of `mask` set: action a is legal. The order of sums depends on the
  /// count alone. `logProbabilities` may be `logits`. Traps if no action is legal.
  ///
  /// Eight to sixteen actions are left to C; the plain form is what tests hold it against.
  @discardableResult
  package static func evaluate(
    logits: UnsafePointer<Float>, mask: UInt64, count: Int, logProbabilities: UnsafeMutablePointer<Float>,
    probabilities: UnsafeMutablePointer<Float>
  ) -> Float {
    guard wide.contains(count) else {
      return plainEvaluate(
        logits: logits, mask: mask, count: count, logProbabilities: logProbabilities, probabilities: probabilities)
    }
    precondition(mask & ((1 << UInt64(count)) - 1) != 0, "the mask \(mask) allows none of \(count) actions")
    return ckernels_masked_softmax(logits, mask, count, illegalLogProbability, logProbabilities, probabilities)
  }

  /// Numbers of actions that C takes.
  private static let wide = 8...16

  /// The same in Swift. Sums run from action 0 up.
  package static func plainEvaluate(
    logits: UnsafePointer<Float>, mask: UInt64, count: Int, logProbabilities: UnsafeMutablePointer<Float>,
    probabilities: UnsafeMutablePointer<Float>
  ) -> Float {
    var largest = -Float.infinity
    var isAnyLegal = false
    for action in 0..<count where mask & (1 << UInt64(action)) != 0 {
      isAnyLegal = true
      // A NaN logit must surface as NaN, not be skipped by a comparison.
      if !(logits[action] <= largest) { largest = logits[action] }
    }
    precondition(isAnyLegal, "the mask \(mask) allows none of \(count) actions")
    for action in 0..<count {
      let isLegal = mask & (1 << UInt64(action)) != 0
      logProbabilities[action] = isLegal ? logits[action] - largest : illegalLogProbability
      probabilities[action] = logProbabilities[action]
    }
    Elementwise.exp(probabilities, count: count)
    var sum: Float = 0
    for action in 0..<count where mask & (1 << UInt64(action)) != 0 { sum += probabilities[action] }
    let logSum = logf(sum)
    let scale = 1 / sum
    var entropy: Float = 0
    for action in 0..<count {
      if mask & (1 << UInt64(action)) != 0 {
        logProbabilities[action] -= logSum
        probabilities[action] *= scale
        entropy -= probabilities[action] * logProbabilities[action]
      } else {
        probabilities[action] = 0
      }
    }
    return entropy
  }

  /// What a policy's loss pulls at the logits of one row: gradient = -pull p + entropyScale p (log p + entropy), and `pull` more for the action
  /// that was taken.
  ///
  /// logProbabilities, probabilities, entropy: as `evaluate` gives them; gradient: (count).
  package static func gradient(
    logProbabilities: UnsafePointer<Float>, probabilities: UnsafePointer<Float>, entropy: Float, count: Int,
    action: Int, pull: Float, entropyScale: Float, into gradient: UnsafeMutablePointer<Float>
  ) {
    if wide.contains(count) {
      ckernels_policy_gradient(logProbabilities, probabilities, count, entropy, pull, entropyScale, gradient)
    } else {
      for other in 0..<count {
        gradient[other] =
          probabilities[other] * -pull + probabilities[other] * entropyScale * (logProbabilities[other] + entropy)
      }
    }
    gradient[action] += pull
  }

  /// As `evaluate`, for callers who need no probabilities.
  package static func logProbabilities(
    logits: UnsafePointer<Float>, mask: UInt64, count: Int, into result: UnsafeMutablePointer<Float>
  ) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { scratch in
      _ = evaluate(
        logits: logits, mask: mask, count: count, logProbabilities: result, probabilities: scratch.baseAddress!)
    }
  }
}
