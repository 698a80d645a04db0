// A learner from rollouts as plain data, and back.

package import AgentInterface
import Inference
import Kernels
import Networks

extension OnPolicyLearner {
  package func standing() -> StateRecord {
    var state = StateRecord()
    state.floats["network/parameters"] = parameters.values.array
    OptimizerState.save(optimizer, to: &state)
    observationMoments?.save("normalizer/observation", to: &state)
    rewardNormalizer?.save(to: &state)
    state.integers["random/seed"] = [Int64(bitPattern: seed)]
    state.integers["random/action_sampling"] = [Int64(bitPattern: decisionCount)]
    state.integers["random/minibatch_order"] = [Int64(bitPattern: minibatchRandom.position)]
    state.integers["progress/updates"] = [Int64(updateCount)]
    return state
  }

  /// Everything the next rollout and update depend on. To be taken between two rollouts (after `startNextRollout`).
  package func snapshot() -> StateRecord {
    let lanes = rollout.laneCount
    var state = standing()
    for (name, pointer) in namedStates {
      state.floats[name] = Array(UnsafeBufferPointer(start: pointer, count: lanes * spec.hiddenCount))
    }
    state.floats["lanes/observations"] = Array(
      UnsafeBufferPointer(start: rollout.observations, count: lanes * spec.inputs))
    state.integers["lanes/masks"] = rollout.masks.integers(lanes)
    state.integers["lanes/starts"] = (0..<lanes).map { Int64(rollout.starts[$0]) }
    return state
  }

  /// Takes a snapshot of an equal configuration back. On an error nothing is changed.
  package func restore(_ state: StateRecord) throws(RestoreError) {
    let lanes = rollout.laneCount
    let count = parameters.layout.count
    let values = try state.finiteFloats("network/parameters", count: count)
    let optimizerState = try OptimizerState(state, for: optimizer, parameterCount: count)
    var memories: [[Float]] = []
    for (name, _) in namedStates { memories.append(try state.finiteFloats(name, count: lanes * spec.hiddenCount)) }
    let observations = try state.finiteFloats("lanes/observations", count: lanes * spec.inputs)
    let masks = try state.masks("lanes/masks", count: lanes, factors: spec.factors)
    let starts = try state.flags("lanes/starts", count: lanes)
    let updates = try state.natural("progress/updates")
    try state.requireSeed(seed)
    let decisions = try state.integers("random/action_sampling", count: 1)[0]
    let order = try state.integers("random/minibatch_order", count: 1)[0]
    if rewardNormalizer != nil {
      // A trial on the side, so that a bad second record leaves the first untouched.
      try RewardNormalizer(laneCount: lanes, sliceCount: 1, gamma: 1, clip: 1).restore(state)
    }
    try observationMoments?.restore("normalizer/observation", from: state)
    try rewardNormalizer?.restore(state)

    parameters.values.assign(values)
    optimizerState.take(to: optimizer)
    for (index, named) in namedStates.enumerated() {
      for (place, value) in memories[index].enumerated() { named.pointer[place] = value }
    }
    for (place, value) in observations.enumerated() { rollout.observations[place] = value }
    for lane in 0..<lanes {
      rollout.masks[lane] = masks[lane]
      rollout.starts[lane] = starts[lane]
    }
    decisionCount = UInt64(bitPattern: decisions)
    minibatchRandom.position = UInt64(bitPattern: order)
    updateCount = updates
    refresh()
  }

  private var namedStates: [(name: String, pointer: UnsafeMutablePointer<Float>)] {
    states.named.map { ("lanes/" + $0.name, $0.values) }
  }
}
