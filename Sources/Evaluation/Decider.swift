// Whoever decides for one lane: a policy's session, or a rule.

package import AgentInterface
package import Inference

/// What was chosen, and how sure the decider was.
package struct Choice: Sendable, Equatable {
  package var action: ActionNumber
  /// Probability of the chosen action, of factored choices their product; nil where the decider has none (baselines).
  package var confidence: Double?

  package init(action: ActionNumber, confidence: Double?) {
    self.action = action
    self.confidence = confidence
  }
}

/// Decides for one lane, one episode after the other; `startsEpisode` tells it when to forget.
package protocol Decider: AnyObject {
  /// observation: (D) raw columns. Throws where no decision could be made (a policy with numbers that are not finite).
  func decide(_ observation: Span<Float>, mask: ActionMask, startsEpisode: Bool) throws(DecisionError) -> Choice
}

/// A policy as it is deployed: memory carried by its session, the normaliser frozen inside it.
///
/// A policy trained without masks is asked without one: what it then requests against the mask becomes the environment's
/// fallback, and the environment counts it.
package final class PolicyDecider: Decider {
  /// How actions are taken. `stochastic` draws from the stream "action sampling" of (seed, lane), one number a choice of a decision.
  package enum Mode: Sendable, Hashable {
    case greedy
    case stochastic(seed: UInt64)
  }

  private var session: PolicySession
  /// Natural logarithm of the last choice's probability.
  package private(set) var logProbability: Float = 0
  /// Decisions made so far.
  package var decisions: Int { session.decisionCount }
  /// In how many of them each member of an ensemble alone would have decided otherwise, greedily.
  package private(set) var dissents: [Int]
  private let requiresMask: Bool
  private var randomness: DecisionRandomness?

  package convenience init(_ network: InferencePolicy, mode: Mode, lane: Int = 0) {
    self.init(network.deployed, mode: mode, lane: lane)
  }

  package init(_ policy: DeployedPolicy, mode: Mode, lane: Int = 0) {
    session = policy.makeSession()
    dissents = [Int](repeating: 0, count: policy.members.count)
    requiresMask = policy.requiresMask
    switch mode {
    case .greedy: randomness = nil
    case .stochastic(let seed): randomness = DecisionRandomness(seed: seed, lane: UInt32(lane))
    }
  }

  package func decide(_ observation: Span<Float>, mask: ActionMask, startsEpisode: Bool) throws(DecisionError) -> Choice
  {
    let rule = randomness?.nextRule(for: session.policy) ?? .greedy
    let decision = try session.decide(
      observation, mask: requiresMask ? mask : nil, startsEpisode: startsEpisode, rule: rule)
    logProbability = decision.logProbability
    for member in dissents.indices where session.choice(ofMember: member) != decision.action { dissents[member] += 1 }
    return Choice(action: decision.action, confidence: Double(decision.confidence))
  }

  /// (A) the probabilities of the last decision, 0 where the mask forbids.
  package var probabilities: [Float] { session.probabilities }
}

/// Always the same action: the one that a space names as its fallback (hold, flat), or its first where it names none.
package final class FallbackDecider: Decider {
  private let action: ActionNumber

  package init(_ space: ActionSpace) { action = FallbackDecider.action(of: space) }

  static func action(of space: ActionSpace) -> ActionNumber { space.fallback ?? 0 }

  package func decide(_ observation: Span<Float>, mask: ActionMask, startsEpisode: Bool) -> Choice {
    Choice(action: action, confidence: nil)
  }
}
