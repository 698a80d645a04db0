// DQN as plain data, and back.

package import AgentInterface
import Inference
import Kernels
import Networks

extension DQN {
  /// Before the names of the replay memory's vectors.
  package static let replayPrefix = "replay/"

  package func standing() -> StateRecord {
    var state = StateRecord()
    state.floats["network/parameters"] = parameters.values.array
    state.floats["network/target_parameters"] = targetParameters.values.array
    OptimizerState.save(optimizer, to: &state)
    observationMoments?.save("normalizer/observation", to: &state)
    rewardNormalizer?.save(to: &state)
    state.integers["random/seed"] = [Int64(bitPattern: seed)]
    state.integers["random/action_sampling"] = [Int64(bitPattern: decisionCount)]
    state.integers["random/replay_sampling"] = [Int64(bitPattern: replayRandom.position)]
    state.integers["progress/updates"] = [Int64(updateCount)]
    state.integers["progress/rows_before"] = [Int64(rowsBefore)]
    return state
  }

  /// Everything the next rollout and update depend on, the whole replay memory included. To be taken between two rollouts.
  package func snapshot() -> StateRecord {
    let lanes = rollout.laneCount
    var state = standing()
    state.floats["lanes/observations"] = Array(
      UnsafeBufferPointer(start: rollout.observations, count: lanes * spec.inputs))
    state.integers["lanes/masks"] = rollout.masks.integers(lanes)
    var replay = store.snapshot()
    sampler.save(count: store.count, to: &replay)
    state.merge(replay, below: DQN.replayPrefix)
    return state
  }

  /// Begins with the transitions of another store of as many lanes and columns, the newest of them where not all fit. To be called before the first step.
  package func begin(with source: any TransitionStore) {
    precondition(
      store.count == 0 && source.laneCount == store.laneCount && source.columns == store.columns,
      "\(source.laneCount) lanes, \(source.columns) columns for \(store.laneCount) and \(store.columns)")
    let rows = TransitionRowCopy(laneCount: store.laneCount, columns: store.columns)
    let taken = min(source.count, store.capacity)
    let first = (source.count == source.capacity ? source.head : 0) + source.count - taken
    for offset in 0..<taken {
      let written = store.head
      store.append(rows.read(source, row: (first + offset) % source.capacity))
      sampler.noteAppended(row: written)
    }
    rowsBefore = taken
  }

  /// Takes a snapshot of an equal configuration back. On an error the learner is of no use.
  package func restore(_ state: StateRecord) throws(RestoreError) {
    let lanes = rollout.laneCount
    let count = parameters.layout.count
    let values = try state.finiteFloats("network/parameters", count: count)
    let targetValues = try state.finiteFloats("network/target_parameters", count: count)
    let optimizerState = try OptimizerState(state, for: optimizer, parameterCount: count)
    let observations = try state.finiteFloats("lanes/observations", count: lanes * spec.inputs)
    let masks = try state.masks("lanes/masks", count: lanes, factors: spec.factors)
    try state.requireSeed(seed)
    let decisions = try state.natural("random/action_sampling")
    let drawn = try state.integers("random/replay_sampling", count: 1)[0]
    let updates = try state.natural("progress/updates")
    let replay = state.part(below: DQN.replayPrefix)
    let before = try state.natural("progress/rows_before")
    try store.restore(replay)
    // What was gathered is what was decided, as far as it fits.
    guard before <= store.capacity, decisions < 1 << 50, store.count == min(before + decisions, store.capacity) else {
      throw .invalid(
        name: "progress/rows_before",
        reason:
          "\(store.count) rows of transitions, but there were \(before) and \(decisions) steps of \(lanes) lanes were made"
      )
    }
    sampler = try sampler.restored(replay, count: store.count)
    try observationMoments?.restore("normalizer/observation", from: state)
    try rewardNormalizer?.restore(state)

    parameters.values.assign(values)
    targetParameters.values.assign(targetValues)
    optimizerState.take(to: optimizer)
    for (place, value) in observations.enumerated() { rollout.observations[place] = value }
    for lane in 0..<lanes { rollout.masks[lane] = masks[lane] }
    decisionCount = UInt64(decisions)
    replayRandom.position = UInt64(bitPattern: drawn)
    updateCount = updates
    rowsBefore = before
    refresh()
    refreshTarget()
  }
}
