// One stream of questions and answers: a policy, its memory and its chance.

private import AgentInterface
package import Inference
private import Text

/// Answers questions in order, bytes for bytes, whatever brings them.
package struct ServingSession: ~Copyable {
  private var session: PolicySession
  private let actionNames: [String]
  private let columnNames: [String]
  private var randomness: DecisionRandomness?

  /// `seed`: draws actions from the policy's probabilities; nil decides greedily.
  package init(_ bundle: PolicyBundle, seed: UInt64?) {
    session = bundle.policy.makeSession()
    actionNames = bundle.manifest.actionSpace.names
    columnNames = bundle.manifest.observationSpace.columns.map(\.name)
    randomness = seed.map { DecisionRandomness(seed: $0) }
  }

  /// The answer to one question, both a JSON object without a line break. A question that is refused changes neither the memory nor what is
  /// drawn next.
  package mutating func answer(_ bytes: [UInt8]) throws(Question.Defect) -> String {
    let begin = Clock.monotonicNanoseconds()
    let question = try Question(bytes, policy: session.policy)
    var drawn = randomness
    var rule = ActionSelection.Rule.greedy
    if let uniform = drawn?.next() { rule = .sample(uniform: uniform) }
    let decision: Decision
    do {
      decision = try session.decide(
        question.observation, mask: question.mask, startsEpisode: question.startsEpisode, rule: rule)
    } catch {
      let parts = error.description.split(separator: ";", maxSplits: 1)
      throw Question.Defect(
        reason: String(parts[0]), remedy: parts.count > 1 ? String(parts[1].drop(while: { $0 == " " })) : "")
    }
    randomness = drawn
    let latency = Clock.microseconds(from: begin, to: Clock.monotonicNanoseconds())
    var answer: [String: JSON] = [
      "action": .integer(Int64(decision.action)), "action_name": .string(actionNames[decision.action]),
      "confidence": .number(Double(decision.confidence)), "latency_microseconds": .number(latency),
      "timestamp": .string(UTCTime.nowWithMicroseconds()),
    ]
    if decision.isOutsideTraining {
      answer["outside_training"] = .array(session.outsideTraining.map { .string(columnNames[$0]) })
    }
    return JSON.object(answer).text
  }
}
