// A policy that plays a lane of many.

package import AgentInterface
package import Inference

/// A session that an array can hold.
package final class LaneSession {
  private var session: PolicySession

  package init(_ policy: InferencePolicy) { session = policy.makeSession() }

  package func decide(_ observation: UnsafeBufferPointer<Float>, mask: ActionMask?, startsEpisode: Bool)
    throws(TrainingError)
    -> ActionNumber
  {
    do {
      return try session.decide(observation, mask: mask, startsEpisode: startsEpisode).action
    } catch {
      throw .decision(error)
    }
  }

  /// The last decision's logits in place, (A), valid until the next one.
  package var logits: UnsafePointer<Float> { session.logitsPointer }

  /// See `PolicySession.headMagnitude`.
  package var headMagnitude: Double { session.headMagnitude }
}
