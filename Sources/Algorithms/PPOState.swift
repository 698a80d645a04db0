// PPO as plain data, and back.

package import AgentInterface
import Inference
import Kernels
import Networks

extension PPO {
  /// Everything the next rollout and update depend on. To be taken between two rollouts (after `startNextRollout`).
  package func snapshot() -> StateRecord {
    let lanes = rollout.laneCount
    var state = StateRecord()
    state.floats["network/parameters"] = parameters.values.array
    state.floats["optimizer/first_moment"] = optimizer.firstMoments.array
    state.floats["optimizer/second_moment"] = optimizer.secondMoments.array
    state.integers["optimizer/step"] = [Int64(optimizer.stepCount)]
    for (name, pointer) in namedStates {
      state.floats[name] = Array(UnsafeBufferPointer(start: pointer, count: lanes * spec.hiddenCount))
    }
    state.floats["lanes/observations"] = Array(
      UnsafeBufferPointer(start: rollout.observations, count: lanes * spec.inputs))
    state.integers["lanes/masks"] = (0..<lanes).map { Int64(bitPattern: rollout.masks[$0].rawValue) }
    state.integers["lanes/starts"] = (0..<lanes).map { Int64(rollout.starts[$0]) }
    observationMoments?.save("normalizer/observation", to: &state)
    if let rewardNormalizer {
      rewardNormalizer.moments.save("normalizer/return", to: &state)
      state.doubles["normalizer/running_returns"] = Array(
        UnsafeBufferPointer(start: rewardNormalizer.returns, count: lanes))
    }
    state.integers["random/seed"] = [Int64(bitPattern: seed)]
    state.integers["random/action_sampling"] = [Int64(bitPattern: decisionCount)]
    state.integers["random/minibatch_order"] = [Int64(bitPattern: minibatchRandom.position)]
    state.integers["progress/updates"] = [Int64(updateCount)]
    return state
  }

  /// Takes a snapshot of an equal configuration back. On an error nothing is changed.
  package func restore(_ state: StateRecord) throws(RestoreError) {
    let lanes = rollout.laneCount
    let count = parameters.layout.count
    let values = try finite(state, "network/parameters", count)
    let firstMoments = try finite(state, "optimizer/first_moment", count)
    let secondMoments = try finite(state, "optimizer/second_moment", count)
    guard secondMoments.allSatisfy({ $0 >= 0 }) else {
      throw .invalid(name: "optimizer/second_moment", reason: "a mean of squares below 0")
    }
    var memories: [[Float]] = []
    for (name, _) in namedStates { memories.append(try finite(state, name, lanes * spec.hiddenCount)) }
    let observations = try finite(state, "lanes/observations", lanes * spec.inputs)
    let masks = try state.integers("lanes/masks", count: lanes).map { ActionMask(rawValue: UInt64(bitPattern: $0)) }
    let legal = ActionMask.all(count: spec.actions).rawValue
    guard masks.allSatisfy({ $0.rawValue != 0 && $0.rawValue & ~legal == 0 }) else {
      throw .invalid(name: "lanes/masks", reason: "no legal action, or one beyond the \(spec.actions) actions")
    }
    let starts = try state.integers("lanes/starts", count: lanes)
    guard starts.allSatisfy({ $0 == 0 || $0 == 1 }) else {
      throw .invalid(name: "lanes/starts", reason: "a flag other than 0 and 1")
    }
    let adamStep = try natural(state, "optimizer/step")
    let updates = try natural(state, "progress/updates")
    let savedSeed = try state.integers("random/seed", count: 1)[0]
    guard savedSeed == Int64(bitPattern: seed) else {
      throw .invalid(
        name: "random/seed", reason: "it is \(UInt64(bitPattern: savedSeed)), this run's seed is \(seed)")
    }
    let decisions = try state.integers("random/action_sampling", count: 1)[0]
    let order = try state.integers("random/minibatch_order", count: 1)[0]
    var returns: [Double] = []
    if let rewardNormalizer {
      returns = try state.doubles("normalizer/running_returns", count: lanes)
      guard returns.allSatisfy(\.isFinite) else {
        throw .invalid(name: "normalizer/running_returns", reason: "not finite")
      }
      // A trial on the side, so that a bad second record leaves the first untouched.
      try RunningMoments(columns: 1, sliceCount: 1).restore("normalizer/return", from: state)
      try observationMoments?.restore("normalizer/observation", from: state)
      try rewardNormalizer.moments.restore("normalizer/return", from: state)
    } else {
      try observationMoments?.restore("normalizer/observation", from: state)
    }

    parameters.values.assign(values)
    optimizer.firstMoments.assign(firstMoments)
    optimizer.secondMoments.assign(secondMoments)
    optimizer.stepCount = adamStep
    for (index, named) in namedStates.enumerated() {
      for (place, value) in memories[index].enumerated() { named.pointer[place] = value }
    }
    for (place, value) in observations.enumerated() { rollout.observations[place] = value }
    for lane in 0..<lanes {
      rollout.masks[lane] = masks[lane]
      rollout.starts[lane] = UInt8(starts[lane])
      if let rewardNormalizer { rewardNormalizer.returns[lane] = returns[lane] }
    }
    decisionCount = UInt64(bitPattern: decisions)
    minibatchRandom.position = UInt64(bitPattern: order)
    updateCount = updates
    refresh()
  }

  private var namedStates: [(name: String, pointer: UnsafeMutablePointer<Float>)] {
    [
      ("lanes/actor_hidden", states.actorHidden), ("lanes/actor_cell", states.actorCell),
      ("lanes/critic_hidden", states.criticHidden), ("lanes/critic_cell", states.criticCell),
    ].compactMap { name, pointer in pointer.map { (name, $0) } }
  }

  private func finite(_ state: StateRecord, _ name: String, _ count: Int) throws(RestoreError) -> [Float] {
    let values = try state.floats(name, count: count)
    guard values.allSatisfy(\.isFinite) else { throw .invalid(name: name, reason: "not finite") }
    return values
  }

  private func natural(_ state: StateRecord, _ name: String) throws(RestoreError) -> Int {
    let value = try state.integers(name, count: 1)[0]
    guard value >= 0, let result = Int(exactly: value) else {
      throw .invalid(name: name, reason: "\(value) is not a count")
    }
    return result
  }
}
