// How logits and a mask become an action: one rule for training and deployment.

public import AgentInterface
import Kernels

/// Masking and choosing. An illegal action has probability exactly 0 and is never returned. Semantics: contract of the masked
/// categorical distribution of sb3-contrib 2.9 (MaskableCategorical), in log space.
public enum ActionSelection {
  /// How an action is taken from the probabilities.
  public enum Rule: Hashable, Sendable {
    /// The legal action of the largest logit, the lowest of equals.
    case greedy
    /// The action at `uniform`, in [0, 1), of the cumulative distribution over legal actions.
    case sample(uniform: Double)
    /// The same for every factor of a factored action, with a uniform number for each, in their order.
    case sampleEach(uniforms: [Double])
  }

  /// The legal action of the largest logit, the lowest of equals. Traps on an empty mask.
  public static func greedy(logits: Span<Float>, mask: ActionMask) -> Int {
    logits.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { preconditionFailure("choosing among 0 actions") }
      return greedy(logits: base, mask: mask, count: buffer.count)
    }
  }

  /// The action at `uniform`, in [0, 1), of the cumulative distribution. `probabilities` as `evaluate` gives them. Traps on an empty
  /// mask and on a uniform outside [0, 1).
  public static func sample(probabilities: Span<Float>, mask: ActionMask, uniform: Double) -> Int {
    probabilities.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { preconditionFailure("choosing among 0 actions") }
      return sample(probabilities: base, mask: mask, count: buffer.count, uniform: uniform)
    }
  }

  /// Log-probabilities, probabilities and the entropy in nats over the legal actions. Traps on an empty mask.
  public static func evaluate(logits: Span<Float>, mask: ActionMask)
    -> (logProbabilities: [Float], probabilities: [Float], entropy: Float)
  {
    let count = logits.count
    precondition((1...64).contains(count), "choosing among \(count) actions: 1 to 64 are supported")
    var logProbabilities = [Float](repeating: 0, count: count)
    var probabilities = logProbabilities
    let entropy = logits.withUnsafeBufferPointer { logits in
      logProbabilities.withUnsafeMutableBufferPointer { logProbabilities in
        probabilities.withUnsafeMutableBufferPointer { probabilities in
          guard let source = logits.baseAddress, let logTarget = logProbabilities.baseAddress,
            let target = probabilities.baseAddress
          else { return Float(0) }
          return evaluate(
            logits: source, mask: mask, count: count, logProbabilities: logTarget, probabilities: target)
        }
      }
    }
    return (logProbabilities, probabilities, entropy)
  }

  // MARK: Pointer forms, for training

  /// The legal action of the largest logit, the lowest of equals. logits: (count), count <= 64. Traps if no action is legal; with
  /// NaN among the logits the answer is some legal action, so callers check for NaN where that matters.
  package static func greedy(logits: UnsafePointer<Float>, mask: ActionMask, count: Int) -> Int {
    var best = -1
    for action in 0..<count
    where mask.rawValue & (1 << UInt64(action)) != 0 && (best < 0 || logits[action] > logits[best]) { best = action }
    precondition(best >= 0, "the mask \(mask.rawValue) allows none of \(count) actions")
    return best
  }

  /// The first action whose cumulative probability exceeds `uniform`, summed in double precision from action 0 up; when rounding leaves
  /// the sum at or below it, the last action of positive probability. probabilities: (count), illegal ones 0.
  package static func sample(
    probabilities: UnsafePointer<Float>, mask: ActionMask, count: Int, uniform: Double
  ) -> Int {
    precondition(uniform >= 0 && uniform < 1, "a uniform number of \(uniform) is outside [0, 1)")
    var chosen = -1
    var cumulative = 0.0
    for action in 0..<count
    where mask.rawValue & (1 << UInt64(action)) != 0 && (chosen < 0 || probabilities[action] > 0) {
      chosen = action
      cumulative += Double(probabilities[action])
      if uniform < cumulative { break }
    }
    precondition(chosen >= 0, "the mask \(mask.rawValue) allows none of \(count) actions")
    return chosen
  }

  /// Log-probabilities and probabilities of one row; returns the entropy over legal actions in nats. All buffers: (count);
  /// `logProbabilities` may be `logits`. Traps if no action is legal.
  @discardableResult
  package static func evaluate(
    logits: UnsafePointer<Float>, mask: ActionMask, count: Int, logProbabilities: UnsafeMutablePointer<Float>,
    probabilities: UnsafeMutablePointer<Float>
  ) -> Float {
    MaskedSoftmax.evaluate(
      logits: logits, mask: mask.rawValue, count: count, logProbabilities: logProbabilities,
      probabilities: probabilities)
  }
}

/// The uniform numbers behind stochastic decisions: the stream "action sampling" of a seed. Equal seeds give equal decisions.
public struct DecisionRandomness: Sendable {
  private var stream: RandomStream

  /// The stream of a seed and a lane, from its start.
  public init(seed: UInt64, lane: UInt32 = 0) {
    stream = RandomStream(seed: seed, purpose: .actionSampling, lane: lane)
  }

  /// The next number, uniform in [0, 1), a multiple of 2^-53.
  public mutating func next() -> Double { stream.nextDouble() }
}
