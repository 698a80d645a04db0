// Gathering experience with the policy that learns from it.

import AgentInterface
import Inference
import Kernels
import Networks

extension OnPolicyLearner {
  package func begin() {
    rollout.starts.update(repeating: 1, count: rollout.laneCount)
    rewardNormalizer?.begin()
    normalizeObservations(row: 0)
  }

  package func act(at step: Int) {
    precondition((0..<rollout.horizon).contains(step), "step \(step) of a rollout of \(rollout.horizon)")
    let lanes = rollout.laneCount
    let hidden = spec.hiddenCount
    let row = step * lanes
    let keepsState = hasMemory && (step == 0 || keepsEveryState)
    let allLegal = ActionMask.all(count: spec.actions)
    let decision = decisionCount
    pool.run(taskCount: laneSlices.count) { slice, worker in
      let range = laneSlices[slice]
      let state = states.advanced(by: range.lowerBound * hidden)
      if keepsState {
        state.copy(
          to: rollout.state(at: step).advanced(by: range.lowerBound * hidden), count: range.count * hidden)
      }
      let outputs = device.forward(
        batch(row: step, lanes: range), parts: .all, worker: worker)
      outputs.finalState.copy(to: state, count: range.count * hidden)
      let logProbabilities = scratches[worker].base
      let probabilities = logProbabilities + spec.actions
      let factors = spec.factors
      for (index, lane) in range.enumerated() {
        let mask = isMasked ? rollout.masks[row + lane] : allLegal
        ActionSelection.evaluate(
          logits: outputs.logits.row(index), mask: mask, factors: factors, logProbabilities: logProbabilities,
          probabilities: probabilities)
        // A draw for each factor, at a place of its own.
        let first = decision &* UInt64(factors.widths.count)
        let action = ActionSelection.sample(probabilities: probabilities, mask: mask, factors: factors) {
          Double(samplers[lane].uniformFloat(at: first &+ UInt64($0)))
        }
        rollout.actions[row + lane] = action
        rollout.logProbabilities[row + lane] = ActionSelection.logProbability(
          of: action, logProbabilities: logProbabilities, factors: factors)
        rollout.values[row + lane] = outputs.values[index]
      }
    }
    decisionCount += 1
  }

  package func absorb(at step: Int) {
    let lanes = rollout.laneCount
    let row = step * lanes
    if observationMoments != nil || rewardNormalizer != nil {
      pool.run(taskCount: laneSlices.count) { slice, _ in
        let range = laneSlices[slice]
        observationMoments?.measure(slice: slice, rows: observations(row: step + 1, lanes: range))
        rewardNormalizer?.measure(slice: slice, lanes: range, rewards: rollout.rewards + row)
      }
      observationMoments?.merge()
      rewardNormalizer?.moments.merge()
    }
    pool.run(taskCount: laneSlices.count) { slice, worker in
      let range = laneSlices[slice]
      var anyTruncated = false
      for lane in range {
        let isTruncated = rollout.truncated[row + lane] != 0
        anyTruncated = anyTruncated || isTruncated
        rollout.starts[row + lanes + lane] = rollout.terminated[row + lane] != 0 || isTruncated ? 1 : 0
        rollout.bootstrapValues[row + lane] = 0
      }
      rewardNormalizer?.normalize(lanes: range, rewards: rollout.rewards + row, ended: rollout.starts + (row + lanes))
      normalize(observations(row: step + 1, lanes: range))
      if anyTruncated { bootstrap(step: step, lanes: range, worker: worker) }
    }
  }

  package func finishRollout() {
    let row = rollout.horizon * rollout.laneCount
    pool.run(taskCount: laneSlices.count) { slice, worker in
      let range = laneSlices[slice]
      let outputs = device.forward(
        batch(row: rollout.horizon, lanes: range), parts: .value, worker: worker)
      (rollout.values + row + range.lowerBound).update(from: outputs.values, count: range.count)
      Advantages.estimate(
        horizon: rollout.horizon, laneCount: rollout.laneCount, lanes: range, rewards: rollout.rewards,
        terminated: rollout.terminated, truncated: rollout.truncated, bootstrapValues: rollout.bootstrapValues,
        values: rollout.values, gamma: settings.gamma, gaeLambda: settings.gaeLambda,
        advantages: rollout.advantages, returns: rollout.returns)
    }
  }

  package func startNextRollout() { rollout.carryLastRow() }

  // MARK: Parts

  /// One row of a rollout for `lanes`, from the current state.
  private func batch(row: Int, lanes: Range<Int>) -> SequenceBatch {
    let first = row * rollout.laneCount + lanes.lowerBound
    return SequenceBatch(
      length: 1, count: lanes.count, observations: rollout.observations + first * spec.inputs,
      observationTimeStride: 0, starts: hasMemory ? UnsafePointer(rollout.starts + first) : nil,
      initialState: states.advanced(by: lanes.lowerBound * spec.hiddenCount))
  }

  private func observations(row: Int, lanes: Range<Int>) -> MatrixView {
    MatrixView(
      base: rollout.observations + (row * rollout.laneCount + lanes.lowerBound) * spec.inputs, rows: lanes.count,
      columns: spec.inputs)
  }

  /// Counts and scales a whole row of observations.
  private func normalizeObservations(row: Int) {
    guard let moments = observationMoments else { return }
    pool.run(taskCount: laneSlices.count) { slice, _ in
      moments.measure(slice: slice, rows: observations(row: row, lanes: laneSlices[slice]))
    }
    moments.merge()
    pool.run(taskCount: laneSlices.count) { slice, _ in
      normalize(observations(row: row, lanes: laneSlices[slice]))
    }
  }

  private func normalize(_ rows: MatrixView) {
    guard let moments = observationMoments else { return }
    ObservationNormalizer.normalize(
      rows.base, into: rows.base, rows: rows.rows, columns: rows.columns, sourceStride: rows.rowStride,
      destinationStride: rows.rowStride, mean: moments.mean, variance: moments.variance,
      clip: settings.observationClip)
  }

  /// V(final observation) of the truncated ones among `lanes`, from the state after the step; final observations are scaled, not counted.
  private func bootstrap(step: Int, lanes: Range<Int>, worker: Int) {
    let gather = bootstrapGathers[worker]
    let (columns, hidden) = (spec.inputs, spec.hiddenCount)
    let row = step * rollout.laneCount
    var count = 0
    for lane in lanes where rollout.truncated[row + lane] != 0 {
      (gather.observations.base + count * columns).update(
        from: rollout.finalObservations + lane * columns, count: columns)
      states.advanced(by: lane * hidden).copy(to: gather.states.advanced(by: count * hidden), count: hidden)
      gather.lanes[count] = Int32(lane)
      count += 1
    }
    normalize(MatrixView(base: gather.observations.base, rows: count, columns: columns))
    let outputs = device.forward(
      SequenceBatch(
        length: 1, count: count, observations: gather.observations.base, observationTimeStride: 0,
        initialState: gather.states),
      parts: .value, worker: worker)
    for index in 0..<count { rollout.bootstrapValues[row + Int(gather.lanes[index])] = outputs.values[index] }
  }
}
