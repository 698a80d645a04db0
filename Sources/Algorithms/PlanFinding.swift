// What a configuration says of a run's learning before the run starts.

import Networks

/// A sentence about a run that has not started yet: it names a setting, its value, and what to do.
package struct PlanFinding: Sendable, Equatable {
  package enum Severity: Sendable, Equatable {
    /// Nothing at all would be learned: the run is not begun.
    case refuse
    /// The run is hardly what was meant.
    case warn
    /// Something that is as it should be, and still surprises.
    case remark
  }

  package let severity: Severity
  /// Without a full stop.
  package let sentence: String

  package init(_ severity: Severity, _ sentence: String) {
    self.severity = severity
    self.sentence = sentence
  }
}

/// The shape of a run, as a learner's configuration is asked about it.
package struct LearnerPlan: Sendable {
  /// Environment steps of the whole run, over all lanes: whole rollouts.
  package let totalSteps: Int
  package let laneCount: Int
  package let stepsPerRollout: Int
  /// Whether the policy remembers.
  package let hasMemory: Bool

  package init(totalSteps: Int, laneCount: Int, stepsPerRollout: Int, hasMemory: Bool) {
    self.totalSteps = totalSteps
    self.laneCount = laneCount
    self.stepsPerRollout = stepsPerRollout
    self.hasMemory = hasMemory
  }

  /// Each ends in an update.
  package var rollouts: Int { totalSteps / stepsPerRollout }

  /// Rollouts whose update has a rate above zero: a linear schedule ends at zero with the run's last update, as in the reference.
  func usefulRollouts(_ schedule: LearningRateSchedule) -> Int { schedule == .linear ? rollouts - 1 : rollouts }

  /// What a learning rate's schedule makes of the run; nothing where it is constant.
  func findings(_ schedule: LearningRateSchedule) -> [PlanFinding] {
    guard schedule == .linear else { return [] }
    guard rollouts > 1 else {
      return [
        PlanFinding(
          .refuse,
          "algorithm.learning_rate_schedule is linear and the run makes one rollout, so that the rate of its only update is 0 "
            + "and nothing would be learned; set run.total_timesteps to at least \(stepsPerRollout + 1), which makes two, or "
            + "algorithm.learning_rate_schedule to constant")
      ]
    }
    return [
      PlanFinding(
        .remark,
        "learning rate: falls in a straight line to 0; the last of \(rollouts) updates is made at 0 and changes nothing, as in "
          + "stable-baselines3")
    ]
  }
}
