// DQN as plain data, and back.

package import AgentInterface
import Inference
import Kernels
import Networks

extension DQN {
  private static let replayPrefix = "replay/"

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
    return state
  }

  /// Everything the next rollout and update depend on, the whole replay memory included. To be taken between two rollouts.
  package func snapshot() -> StateRecord {
    let lanes = rollout.laneCount
    var state = standing()
    state.floats["lanes/observations"] = Array(
      UnsafeBufferPointer(start: rollout.observations, count: lanes * spec.inputs))
    state.integers["lanes/masks"] = (0..<lanes).map { Int64(bitPattern: rollout.masks[$0].rawValue) }
    var replay = store.snapshot()
    sampler.save(count: store.count, to: &replay)
    state.merge(replay, below: DQN.replayPrefix)
    return state
  }

  /// Takes a snapshot of an equal configuration back. On an error the learner is of no use.
  package func restore(_ state: StateRecord) throws(RestoreError) {
    let lanes = rollout.laneCount
    let count = parameters.layout.count
    let values = try state.finiteFloats("network/parameters", count: count)
    let targetValues = try state.finiteFloats("network/target_parameters", count: count)
    let optimizerState = try OptimizerState(state, for: optimizer, parameterCount: count)
    let observations = try state.finiteFloats("lanes/observations", count: lanes * spec.inputs)
    let masks = try state.masks("lanes/masks", count: lanes, actions: spec.actions)
    try state.requireSeed(seed)
    let decisions = try state.natural("random/action_sampling")
    let drawn = try state.integers("random/replay_sampling", count: 1)[0]
    let updates = try state.natural("progress/updates")
    let replay = state.part(below: DQN.replayPrefix)
    // What was gathered is what was decided, as far as it fits.
    let rows = min(decisions, store.capacity)
    let savedRewards = try replay.floats("rewards").count
    guard savedRewards == rows * lanes else {
      throw .invalid(
        name: "replay/rewards",
        reason: "\(savedRewards) transitions, but \(decisions) steps of \(lanes) lanes were made")
    }
    try store.restore(replay)
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
    refresh()
    refreshTarget()
  }
}
