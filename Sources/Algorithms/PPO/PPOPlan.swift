// What PPO's configuration says of a run before it starts.

import Networks

extension PPO.Configuration {
  /// What the clip's schedule makes of the run.
  func clipFindings(_ plan: LearnerPlan) -> [PlanFinding] {
    guard clipRangeSchedule == .linear else { return [] }
    guard plan.rollouts > 1 else {
      return [
        PlanFinding(
          .warn,
          "algorithm.clip_range_schedule is linear and the run makes one rollout, so that the clip of its only update is 0 and the "
            + "policy hardly moves; set algorithm.clip_range_schedule to constant, or run.total_timesteps to at least "
            + "\(plan.stepsPerRollout + 1)")
      ]
    }
    // A rate that ends at the same moment has said so.
    guard shared.learningRateSchedule != .linear else { return [] }
    return [
      PlanFinding(
        .remark,
        "clip range: falls in a straight line to 0; the last of \(plan.rollouts) updates is made at 0, as in stable-baselines3"
      )
    ]
  }

  /// Minibatches that are not all of the size that was asked for.
  func minibatchFindings(_ plan: LearnerPlan) -> [PlanFinding] {
    let total = plan.stepsPerRollout
    if batchSize > total {
      return [
        PlanFinding(
          .remark,
          "minibatches: algorithm.batch_size is \(batchSize), but a rollout has \(total) steps: every minibatch is a whole rollout"
        )
      ]
    }
    if scheme(hasMemory: plan.hasMemory) == .lanes { return laneFindings(plan) }
    guard total % batchSize > 0 else { return [] }
    let even = PPO.Configuration.nearest(to: batchSize, below: total) { total % $0 == 0 }
    return [
      PlanFinding(
        .warn,
        "algorithm.batch_size is \(batchSize) and a rollout has \(total) steps, so that the last minibatch of an epoch has only "
          + "\(total % batchSize), which weigh as much as a full one; \(even) would divide them evenly")
    ]
  }

  /// Minibatches of whole blocks of neighbouring lanes, as the cutter makes them.
  private func laneFindings(_ plan: LearnerPlan) -> [PlanFinding] {
    let (lanes, horizon) = (plan.laneCount, shared.horizon)
    func lanesPerMinibatch(_ batchSize: Int) -> Int {
      let blocks = MinibatchCutter.blocks(batchSize: batchSize, horizon: horizon, lanes: lanes)
      return min(blocks.width * blocks.perMinibatch, lanes)
    }
    var findings: [PlanFinding] = []
    if horizon >= 2 * batchSize {
      findings.append(
        PlanFinding(
          .warn,
          "algorithm.batch_size is \(batchSize), but a minibatch holds at least one lane, and algorithm.horizon makes that "
            + "\(horizon) steps; lower algorithm.horizon, or set algorithm.minibatch_scheme to rotation"))
    }
    let width = lanesPerMinibatch(batchSize)
    if lanes % width > 0 {
      let even = PPO.Configuration.nearest(to: width, below: lanes) {
        lanes % $0 == 0 && lanesPerMinibatch($0 * horizon) == $0
      }
      findings.append(
        PlanFinding(
          .warn,
          "algorithm.batch_size is \(batchSize), which takes \(width) of environment.lanes \(lanes), so that minibatches differ in "
            + "size and the steps of smaller ones weigh more; \(even * horizon) would divide them evenly"))
    }
    return findings
  }

  /// The number that is nearest to `value` and fits; `limit` where none does that is not far away.
  private static func nearest(to value: Int, below limit: Int, where fits: (Int) -> Bool) -> Int {
    for distance in 0...100_000 {
      for candidate in [value + distance, value - distance] where (1...limit).contains(candidate) && fits(candidate) {
        return candidate
      }
    }
    return limit
  }
}
