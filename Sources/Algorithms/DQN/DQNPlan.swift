// What DQN's configuration says of a run before it starts.

import Networks

extension DQN.Configuration {
  package func findings(_ plan: LearnerPlan) -> [PlanFinding] {
    let schedule = plan.findings(learningRateSchedule)
    if schedule.contains(where: { $0.severity == .refuse }) { return schedule }
    // Steps up to the last update with a rate above zero.
    let usefulSteps = plan.usefulRollouts(learningRateSchedule) * plan.stepsPerRollout
    guard learningStarts < usefulSteps else { return [lateFinding(plan, usefulSteps: usefulSteps)] }
    return schedule + targetFindings(plan, usefulSteps: usefulSteps) + explorationFindings(plan)
  }

  /// Updates learn once more than `learning_starts` steps are made.
  private func lateFinding(_ plan: LearnerPlan, usefulSteps: Int) -> PlanFinding {
    let last = usefulSteps < plan.totalSteps ? "makes its last update at a rate above 0" : "ends"
    let needed = learningStarts + 1 + plan.totalSteps - usefulSteps
    return PlanFinding(
      .refuse,
      "algorithm.learning_starts is \(learningStarts), but the run \(last) at step \(usefulSteps), so that nothing would be learned; "
        + "set it to at most \(usefulSteps - 1), or run.total_timesteps to at least \(needed)")
  }

  /// The target network moves at every so many decisions of all lanes; what it moves to must have learned, and an update must follow.
  private func targetFindings(_ plan: LearnerPlan, usefulSteps: Int) -> [PlanFinding] {
    let lanes = plan.laneCount
    let every = max(targetUpdateInterval / lanes, 1)
    let firstLearned = (learningStarts / plan.stepsPerRollout + 1) * plan.stepsPerRollout / lanes
    let last = usefulSteps / lanes
    guard last / every * every <= firstLearned else { return [] }
    let room = (last - firstLearned) * lanes
    let remedy =
      room > 0 ? "set it to at most \(room), or raise run.total_timesteps" : "raise run.total_timesteps"
    return [
      PlanFinding(
        .warn,
        "algorithm.target_update_interval is \(targetUpdateInterval) steps, and between the first update at step "
          + "\(firstLearned * lanes) and the last at step \(usefulSteps) the target network never moves: what comes after a step is "
          + "valued by a network that has learned nothing; \(remedy)")
    ]
  }

  /// Decisions are random before learning starts, and then by the exploration's rate.
  private func explorationFindings(_ plan: LearnerPlan) -> [PlanFinding] {
    let lastDecision = plan.totalSteps - plan.laneCount
    guard learningStarts <= lastDecision else {
      return [
        PlanFinding(
          .warn,
          "algorithm.learning_starts is \(learningStarts) of \(plan.totalSteps) steps, so that every decision of the run is random; "
            + "set it to at most \(lastDecision), or raise run.total_timesteps")
      ]
    }
    guard explorationFinal >= explorationInitial, explorationInitial > 0 else { return [] }
    return [
      PlanFinding(
        .warn,
        "algorithm.exploration_final is \(explorationFinal) and algorithm.exploration_initial \(explorationInitial), so that the share "
          + "of random decisions never falls; set algorithm.exploration_final below algorithm.exploration_initial")
    ]
  }
}
