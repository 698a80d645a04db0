// DQN's side of gathering experience.

import AgentInterface
import Inference
import Kernels
import Networks

extension DQN {
  package func begin() {
    rollout.starts.update(repeating: 1, count: rollout.laneCount)
    rewardNormalizer?.begin()
    measureObservations(row: 0)
  }

  /// Before learning starts all decisions are random; then, with the exploration's probability, those of all lanes together, else none.
  package func act(at step: Int) {
    precondition((0..<rollout.horizon).contains(step), "step \(step) of a rollout of \(rollout.horizon)")
    let row = step * rollout.laneCount
    let isRandom =
      stepCount < configuration.learningStarts
      || Double(explorationRandom.uniformFloat(at: decisionCount)) < explorationRate
    if isRandom { explore(row: row) } else { chooseBest(row: row) }
    decisionCount += 1
  }

  package func absorb(at step: Int) {
    let lanes = rollout.laneCount
    let row = step * lanes
    for lane in 0..<lanes {
      rollout.starts[row + lanes + lane] = rollout.terminated[row + lane] | rollout.truncated[row + lane]
    }
    measureObservations(row: step + 1)
    if let rewardNormalizer {
      rewardNormalizer.measure(slice: 0, lanes: 0..<lanes, rewards: rollout.rewards + row)
      rewardNormalizer.moments.merge()
      rewardNormalizer.forgetEnded(rollout.starts + (row + lanes))
    }
    // Counted in steps of all lanes together, from the very first one.
    if decisionCount % UInt64(max(configuration.targetUpdateInterval / lanes, 1)) == 0 { moveTarget() }
  }

  /// The rollout's steps go to the store.
  package func finishRollout() {
    for step in 0..<rollout.horizon {
      let written = store.head
      store.append(rollout.transitions(at: step))
      sampler.noteAppended(row: written)
    }
  }

  package func startNextRollout() { rollout.carryLastRow() }

  // MARK: Parts

  private func mask(at place: Int) -> ActionMask { isMasked ? rollout.masks[place] : .all(count: spec.actions) }

  /// One of the legal actions each, all as likely.
  private func explore(row: Int) {
    for lane in 0..<rollout.laneCount {
      let mask = mask(at: row + lane)
      let uniform = Double(actionRandoms[lane].uniformFloat(at: decisionCount))
      var left = Int(uniform * Double(mask.legalCount))
      for action in 0..<spec.actions where mask.allows(action) {
        if left == 0 {
          rollout.actions[row + lane] = ActionNumber(action)
          break
        }
        left -= 1
      }
    }
  }

  private func chooseBest(row: Int) {
    let columns = spec.inputs
    pool.run(taskCount: laneSlices.count) { slice, worker in
      let range = laneSlices[slice]
      var observations = rollout.observations + (row + range.lowerBound) * columns
      if observationMoments != nil {
        let target = scaled.base + range.lowerBound * columns
        target.update(from: observations, count: range.count * columns)
        normalize(target, rows: range.count)
        observations = target
      }
      // The value of the state moves all actions alike: a dueling network decides without it.
      let outputs = online.forward(
        SequenceBatch(length: 1, count: range.count, observations: observations, observationTimeStride: 0),
        parts: .policy, worker: worker)
      for (index, lane) in range.enumerated() {
        rollout.actions[row + lane] = ActionNumber(
          ActionSelection.greedy(logits: outputs.logits.row(index), mask: mask(at: row + lane), count: spec.actions))
      }
    }
  }

  private func measureObservations(row: Int) {
    guard let observationMoments else { return }
    let (lanes, columns) = (rollout.laneCount, spec.inputs)
    observationMoments.measure(
      slice: 0,
      rows: MatrixView(base: rollout.observations + row * lanes * columns, rows: lanes, columns: columns))
    observationMoments.merge()
  }

  /// Scales rows in place with the statistics as they are now.
  func normalize(_ rows: UnsafeMutablePointer<Float>, rows count: Int) {
    guard let moments = observationMoments else { return }
    ObservationNormalizer.normalize(
      rows, into: rows, rows: count, columns: spec.inputs, sourceStride: spec.inputs, destinationStride: spec.inputs,
      mean: moments.mean, variance: moments.variance, clip: configuration.observationClip)
  }
}
