// One stream of questions and answers: a policy, its memory and its chance.

private import AgentInterface
package import Inference
private import Text

/// Answers questions in order, bytes for bytes, whatever brings them.
package struct ServingSession: ~Copyable {
  private var session: PolicySession
  private var writer: AnswerWriter
  private var randomness: DecisionRandomness?

  /// `seed`: draws actions from the policy's probabilities; nil decides greedily.
  package init(_ bundle: PolicyBundle, seed: UInt64?) {
    session = bundle.policy.makeSession()
    writer = AnswerWriter(
      actions: bundle.manifest.actionSpace, columns: bundle.manifest.observationSpace.columns.map(\.name))
    randomness = seed.map { DecisionRandomness(seed: $0) }
  }

  /// Appends the answer to one question, both a JSON object without a line break. A question that is refused changes neither the output, nor the
  /// memory, nor what is drawn next.
  package mutating func answer(_ bytes: ArraySlice<UInt8>, into output: inout [UInt8]) throws(Question.Defect) {
    let begin = Clock.monotonicNanoseconds()
    let question = try Question.read(bytes, policy: session.policy)
    var drawn = randomness
    let rule = drawn?.nextRule(for: session.policy) ?? .greedy
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
    writer.append(
      action: decision.action, confidence: Double(decision.confidence), latencyMicroseconds: latency,
      outside: decision.isOutsideTraining ? session.outsideTraining : [], to: &output)
  }

  /// The answer to one question; see the form that appends.
  package mutating func answer(_ bytes: [UInt8]) throws(Question.Defect) -> String {
    var output: [UInt8] = []
    try answer(bytes[...], into: &output)
    return String(decoding: output, as: UTF8.self)
  }
}
