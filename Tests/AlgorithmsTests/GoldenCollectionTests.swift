// Gathering experience against the reference libraries: values, memories, bootstrap at truncations, advantages.

import AgentInterface
import Algorithms
import Inference
import Kernels
import Networks
import TestSupport
import Testing

@Suite struct GoldenCollectionTests {
  /// The learner goes through the rollout's world itself, from the memory before its first row. Its actions may differ: nothing that is
  /// compared depends on them.
  @Test(arguments: GoldenPPO.memoryless + GoldenPPO.recurrent + GoldenPPO.factored + GoldenA2C.all, [1, 3])
  func `a collected rollout equals the reference`(name: String, workers: Int) throws {
    let golden = try GoldenPPOCase(name)
    let spec = golden.spec
    let learner = try golden.makeOnPolicyLearner(workers: workers)
    let rollout = learner.rollout
    let (horizon, lanes) = (rollout.horizon, rollout.laneCount)
    let given = try golden.file.part("rollout")
    let observations = try given.tensor("observations").floats
    let finals = try given.tensor("finalObservations").floats
    let rewards = try given.tensor("rewards").floats
    let terminated = try given.tensor("terminated").values.map { UInt8($0) }
    let truncated = try given.tensor("truncated").values.map { UInt8($0) }
    let starts = try given.tensor("episodeStarts").values

    try place(golden, given, into: learner, observations: observations, starts: starts)
    // What follows must be the learner's own work.
    rollout.values.update(repeating: .nan, count: (horizon + 1) * lanes)
    rollout.bootstrapValues.update(repeating: .nan, count: horizon * lanes)
    rollout.advantages.update(repeating: .nan, count: horizon * lanes)
    rollout.returns.update(repeating: .nan, count: horizon * lanes)
    let stateCount = rollout.stateRowCount * lanes * rollout.hiddenCount
    let states = [
      "hidden_pi": rollout.states.actorHidden, "cell_pi": rollout.states.actorCell,
      "hidden_vf": rollout.states.criticHidden, "cell_vf": rollout.states.criticCell,
    ]
    for case .some(let state) in states.values { state.update(repeating: .nan, count: stateCount) }

    for step in 0..<horizon {
      learner.act(at: step)
      let row = rollout.stepBuffers(at: step)
      for lane in 0..<lanes {
        let index = step * lanes + lane
        row.rewards[lane] = rewards[index]
        row.terminated[lane] = terminated[index]
        row.truncated[lane] = truncated[index]
        for column in 0..<spec.inputs {
          row.observations.row(lane)[column] = observations[(index + lanes) * spec.inputs + column]
          row.finalObservations.row(lane)[column] =
            truncated[index] != 0 ? finals[index * spec.inputs + column] : .nan
        }
      }
      learner.absorb(at: step)
    }
    learner.finishRollout()

    let expected = try golden.file.part("collected")
    func describe(_ index: Int) -> String {
      let observation = observations[(index * spec.inputs)..<((index + 1) * spec.inputs)]
      return """
        step \(index / lanes), lane \(index % lanes), observation \(Array(observation)), episode start \(starts[index]), \
        \(workers) workers
        """
    }
    func read(_ pointer: UnsafeMutablePointer<Float>, _ count: Int) -> [Float] {
      Array(UnsafeBufferPointer(start: pointer, count: count))
    }
    var problems = [
      try expected.tensor("values").difference(from: read(rollout.values, (horizon + 1) * lanes), inputs: describe),
      try expected.tensor("bootstrapValues").difference(
        from: read(rollout.bootstrapValues, horizon * lanes), inputs: describe),
      try expected.tensor("advantages").difference(from: read(rollout.advantages, horizon * lanes), inputs: describe),
      try expected.tensor("returns").difference(from: read(rollout.returns, horizon * lanes), inputs: describe),
    ]
    for stateName in states.keys.sorted() where expected.has(stateName) {
      let state = try #require(states[stateName] ?? nil, "\(stateName) of \(name)")
      // Whole lanes keep the states of row 0 only.
      let kept = try expected.tensor(stateName)
      let compared = GoldenTensor(
        place: kept.place, shape: [stateCount], values: Array(kept.values.prefix(stateCount)), tolerance: kept.tolerance
      )
      problems.append(compared.difference(from: read(state, stateCount)) { describe($0 / spec.hiddenCount) })
    }
    let found = problems.compactMap { $0 }
    #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
    for index in 0..<((horizon + 1) * lanes) { #expect(Double(rollout.starts[index]) == starts[index]) }
  }

  /// Puts the learner where the reference stood before the rollout's first row.
  private func place(
    _ golden: GoldenPPOCase, _ given: Golden, into learner: OnPolicyLearner, observations: [Float], starts: [Double]
  ) throws {
    let lanes = learner.rollout.laneCount
    var state = learner.snapshot()
    state.floats["lanes/observations"] = Array(observations.prefix(lanes * golden.spec.inputs))
    state.integers["lanes/starts"] = starts.prefix(lanes).map { Int64($0) }
    if given.has("states") {
      let names = [
        "hidden_pi": "actor_hidden", "cell_pi": "actor_cell", "hidden_vf": "critic_hidden", "cell_vf": "critic_cell",
      ]
      let states = try given.part("states")
      for name in states.keys {
        let target = "lanes/" + (names[name] ?? name)
        #expect(state.floats[target] != nil, "the learner keeps \(target)")
        state.floats[target] = Array(try states.tensor(name).floats.prefix(lanes * golden.spec.hiddenCount))
      }
    }
    try learner.restore(state)
  }
}
