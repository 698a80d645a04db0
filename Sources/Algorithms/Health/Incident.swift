// What was wrong, where, and everything that is needed to look at it again.

package import AgentInterface
package import Text

/// One condition that was met, with the state right before the update or step that met it.
package struct Incident: Sendable {
  /// What of the run was recorded.
  package enum Subject: String, Sendable, CaseIterable {
    /// A minibatch of a rollout, or a batch of the replay memory, before its step was taken.
    case update
    /// What the environment's last step, or its reset, gave.
    case step
    /// Parameters and moments, between two updates.
    case state
  }

  package let condition: HealthCondition
  package let response: HealthResponse
  package let subject: Subject
  /// What was found, as a sentence without its end: `the loss is not a finite number`.
  package let finding: String
  /// Where in the update or rollout: `epoch 2 of 4, minibatch 3 of 8`.
  package let place: String
  /// Steps of the rollout that every lane had made; nil after the rollout.
  package let stepsOfRollout: Int?
  /// What the numbers belong to: the network, the algorithm and its kernels.
  package var facts: [String: JSON]
  /// The numbers by name.
  package var record: StateRecord
  /// Numbers a row of those that are matrices.
  package var widths: [String: Int]

  package init(
    condition: HealthCondition, response: HealthResponse, subject: Subject, finding: String, place: String,
    stepsOfRollout: Int?, facts: [String: JSON], record: StateRecord, widths: [String: Int]
  ) {
    self.condition = condition
    self.response = response
    self.subject = subject
    self.finding = finding
    self.place = place
    self.stepsOfRollout = stepsOfRollout
    self.facts = facts
    self.record = record
    self.widths = widths
  }
}

/// What one update showed, before its step is taken.
struct UpdateVitals {
  var loss = 0.0
  /// Before clipping.
  var gradientNorm = 0.0
  /// Nats; 0 where the algorithm has none.
  var divergence = 0.0
  /// Nats; infinite where the algorithm has none.
  var entropy = Double.infinity
}
