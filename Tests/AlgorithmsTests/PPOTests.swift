// PPO as a whole: any number of workers, resumption, masks, memory across rollouts.

import AgentInterface
import Algorithms
import Inference
import Kernels
import Networks
import TestSupport
import Testing

/// A learner and its world.
struct SmallRun {
  let ppo: PPO
  let world: RandomEpisodes

  /// Lanes enough for several slices of lanes and several gradient slices of a minibatch.
  init(_ test: RunCase, workers: Int, isMasked: Bool? = nil, begins: Bool = true) {
    var configuration = PPO.Configuration()
    configuration.horizon = 12
    configuration.batchSize = test.scheme == .lanes ? 12 * 70 : 300
    configuration.epochs = 2
    configuration.entropyCoefficient = 0.01
    configuration.clipRangeValue = 0.3
    configuration.minibatchScheme = test.scheme
    configuration.normalizeObservations = test.normalizes
    configuration.normalizeRewards = test.normalizes
    ppo = PPO(
      configuration: configuration, spec: test.spec, laneCount: 140, masked: isMasked ?? test.isMasked, seed: 9,
      pool: WorkerPool(workerCount: workers))
    world = RandomEpisodes(laneCount: 140, columns: test.spec.inputs, actions: test.spec.actions)
    guard begins else { return }
    world.reset(seed: 4, into: ppo.rollout.resetBuffers)
    ppo.begin()
  }

  func collect() { ppo.collect(from: world) }

  /// One rollout and one update; returns the numbers by name.
  @discardableResult func iterate() -> UpdateStatistics { ppo.iterate(in: world) }
}

struct RunCase: CustomTestStringConvertible, Sendable {
  let spec: NetworkSpec
  let scheme: MinibatchScheme
  let isMasked: Bool
  let normalizes: Bool

  var testDescription: String { "\(spec.memory) \(scheme) masked \(isMasked) normalised \(normalizes)" }

  init(_ memory: NetworkSpec.Memory, _ scheme: MinibatchScheme, isMasked: Bool, normalizes: Bool) {
    spec = NetworkSpec(
      inputs: 6, actions: 5, memory: memory, policyTower: [9], valueTower: [10], activation: .tanh, hasValueHead: true)
    self.scheme = scheme
    self.isMasked = isMasked
    self.normalizes = normalizes
  }

  static let all = [
    RunCase(.none, .shuffled, isMasked: true, normalizes: true),
    RunCase(.none, .shuffled, isMasked: false, normalizes: false),
    RunCase(.lstm(hidden: 12, critic: .separate), .lanes, isMasked: true, normalizes: true),
    RunCase(.lstm(hidden: 12, critic: .sharedJoint), .rotation, isMasked: true, normalizes: false),
    RunCase(.lstm(hidden: 12, critic: .sharedDetached), .lanes, isMasked: false, normalizes: true),
    RunCase(.lstm(hidden: 12, critic: .none), .rotation, isMasked: false, normalizes: true),
  ]
}

private func bits(_ statistics: UpdateStatistics) -> [UInt64] { statistics.values.map(\.value.bitPattern) }

@Suite struct PPOTests {
  @Test(arguments: RunCase.all) func anyNumberOfWorkersGivesTheSameBits(_ test: RunCase) {
    let runs = [1, 2, 3].map { SmallRun(test, workers: $0) }
    for _ in 0..<3 {
      let statistics = runs.map { bits($0.iterate()) }
      #expect(statistics[1] == statistics[0])
      #expect(statistics[2] == statistics[0])
    }
    let states = runs.map { $0.ppo.snapshot() }
    #expect(states[1] == states[0])
    #expect(states[2] == states[0])
    #expect(states[0].floats["network/parameters"]?.allSatisfy(\.isFinite) == true)
  }

  @Test(arguments: RunCase.all) func aRestoredRunContinuesBitForBit(_ test: RunCase) throws {
    let whole = SmallRun(test, workers: 1)
    for _ in 0..<2 { whole.iterate() }
    let (state, worldState) = (whole.ppo.snapshot(), whole.world.snapshot())
    let resumed = SmallRun(test, workers: 2, begins: false)
    try resumed.ppo.restore(state)
    try resumed.world.restore(worldState)
    #expect(resumed.ppo.snapshot() == state)
    for _ in 0..<2 { #expect(bits(whole.iterate()) == bits(resumed.iterate())) }
    #expect(whole.ppo.snapshot() == resumed.ppo.snapshot())

    // Every part counts: a state with one number changed ends elsewhere.
    for name in ["optimizer/first_moment", "lanes/observations"] {
      var changed = state
      let place = try #require(changed.floats[name]?.firstIndex { $0 != 0 })
      changed.floats[name]?[place] *= -1.5
      let other = SmallRun(test, workers: 1, begins: false)
      try other.ppo.restore(changed)
      try other.world.restore(worldState)
      for _ in 0..<2 { other.iterate() }
      #expect(other.ppo.snapshot().floats["network/parameters"] != whole.ppo.snapshot().floats["network/parameters"])
    }
  }

  @Test func aBadStateIsRefusedAndChangesNothing() throws {
    let test = RunCase.all[2]
    let run = SmallRun(test, workers: 1)
    run.iterate()
    let state = run.ppo.snapshot()
    let damages: [(String, (inout StateRecord) -> Void)] = [
      ("network/parameters", { $0.floats["network/parameters"]?.removeLast() }),
      ("optimizer/second_moment", { $0.floats["optimizer/second_moment"]?[3] = -1 }),
      ("lanes/actor_cell", { $0.floats["lanes/actor_cell"]?[0] = .nan }),
      ("lanes/masks", { $0.integers["lanes/masks"]?[5] = 0 }),
      ("lanes/masks", { $0.integers["lanes/masks"]?[5] = 1 << 5 }),
      ("lanes/starts", { $0.integers["lanes/starts"]?[0] = 2 }),
      ("optimizer/step", { $0.integers["optimizer/step"] = [-1] }),
      ("random/seed", { $0.integers["random/seed"] = [8] }),
      ("normalizer/observation_mean", { $0.doubles["normalizer/observation_mean"] = nil }),
      ("normalizer/observation_variance", { $0.doubles["normalizer/observation_variance"]?[1] = -2 }),
      ("normalizer/return_count", { $0.doubles["normalizer/return_count"] = [0] }),
      ("normalizer/running_returns", { $0.doubles["normalizer/running_returns"]?[0] = .infinity }),
    ]
    for (name, damage) in damages {
      var changed = state
      damage(&changed)
      do throws(RestoreError) {
        try run.ppo.restore(changed)
        Issue.record("\(name): accepted")
      } catch {
        #expect(error.description.contains(name), "\(error)")
      }
      #expect(run.ppo.snapshot() == state, "\(name)")
    }
  }

  @Test func maskedPoliciesNeverActIllegally() {
    for test in RunCase.all {
      let run = SmallRun(test, workers: 2)
      for _ in 0..<2 { run.iterate() }
      // The same policy without the switch does, so the count can fail.
      #expect((run.world.drainIllegalAttempts() == 0) == test.isMasked)
    }
  }

  /// A mask that allows everything is no mask, to the bit.
  @Test func anAllLegalMaskIsNoMask() {
    for test in RunCase.all {
      let parameters = [true, false].map { isMasked in
        let run = SmallRun(test, workers: 1, isMasked: isMasked)
        for _ in 0..<2 {
          // The world's own masks are overwritten before each decision.
          for step in 0..<run.ppo.rollout.horizon {
            for lane in 0..<140 { run.ppo.rollout.masks[step * 140 + lane] = .all(count: 5) }
            run.ppo.act(at: step)
            run.world.step(
              run.ppo.rollout.actions(at: step), lanes: 0..<140, into: run.ppo.rollout.stepBuffers(at: step))
            run.ppo.absorb(at: step)
          }
          run.ppo.finishRollout()
          _ = run.ppo.update(progressRemaining: 1)
          run.ppo.startNextRollout()
        }
        return run.ppo.parameters.values.array
      }
      #expect(parameters[0] == parameters[1])
    }
  }

  /// Acting carries memory from step to step and across rollouts, clears it at episode starts, and scales what the deployed policy scales.
  @Test func actingEqualsTheDeployedPolicy() throws {
    for test in RunCase.all {
      let run = SmallRun(test, workers: 2)
      let rollout = run.ppo.rollout
      let policy = InferencePolicy(
        spec: test.spec, parameters: run.ppo.parameters.values.array, requiresMask: test.isMasked)
      var first = policy.makeSession()
      var last = policy.makeSession()
      for _ in 0..<2 {
        run.collect()
        for step in 0..<rollout.horizon {
          for lane in [0, 139] {
            let place = step * 140 + lane
            let observation = (0..<6).map { rollout.observations[place * 6 + $0] }
            let mask: ActionMask? = test.isMasked ? rollout.masks[place] : nil
            let isStart = rollout.starts[place] != 0
            let decision =
              lane == 0
              ? try first.decide(observation, mask: mask, startsEpisode: isStart)
              : try last.decide(observation, mask: mask, startsEpisode: isStart)
            let logits = lane == 0 ? first.logits : last.logits
            let expected = ActionSelection.evaluate(
              logits: logits.span, mask: mask ?? .all(count: 5)
            ).logProbabilities[Int(rollout.actions[place])]
            #expect(abs(rollout.logProbabilities[place] - expected) < 1e-5)
            #expect(abs(rollout.values[place] - (decision.value ?? .nan)) < 1e-5)
          }
        }
        run.ppo.startNextRollout()
      }
    }
  }

  /// A truncated episode is worth its last observation's value, read with the memory after the step.
  @Test func truncationBootstrapsFromTheFinalObservation() throws {
    for critic in NetworkSpec.CriticMemory.allCases {
      let test = RunCase(.lstm(hidden: 12, critic: critic), .lanes, isMasked: true, normalizes: false)
      let run = SmallRun(test, workers: 1)
      let rollout = run.ppo.rollout
      let reference = ReferencePolicy(test.spec)
      let parameters = run.ppo.parameters.values.array.map(Double.init)
      var states = [ReferencePolicy.State](repeating: .init(hiddenCount: 12), count: 140)
      var seen = 0
      for step in 0..<rollout.horizon {
        run.ppo.act(at: step)
        for lane in 0..<140 {
          let observation = (0..<6).map { Double(rollout.observations[(step * 140 + lane) * 6 + $0]) }
          _ = reference.step(
            parameters, observation: observation, isStart: rollout.starts[step * 140 + lane] != 0, state: &states[lane])
        }
        run.world.step(rollout.actions(at: step), lanes: 0..<140, into: rollout.stepBuffers(at: step))
        let final = (0..<(140 * 6)).map { Double(rollout.finalObservations[$0]) }
        run.ppo.absorb(at: step)
        for lane in 0..<140 {
          let found = rollout.bootstrapValues[step * 140 + lane]
          guard rollout.truncated[step * 140 + lane] != 0 else {
            #expect(found == 0)
            continue
          }
          seen += 1
          var state = states[lane]
          let expected = reference.step(
            parameters, observation: Array(final[(lane * 6)..<(lane * 6 + 6)]), isStart: false, state: &state)
          #expect(abs(Double(found) - expected.value) < 1e-5)
        }
      }
      #expect(seen > 50)
    }
  }

  @Test func theDivergenceLimitStopsBeforeTheStep() {
    var configuration = PPO.Configuration(hasMemory: true)
    configuration.horizon = 8
    configuration.batchSize = 16
    configuration.epochs = 6
    configuration.learningRate = 0.01
    configuration.targetKL = 1e-4
    let spec = RunCase.all[2].spec
    let ppo = PPO(
      configuration: configuration, spec: spec, laneCount: 8, masked: true, seed: 2, pool: WorkerPool(workerCount: 1))
    let world = RandomEpisodes(laneCount: 8, columns: 6, actions: 5)
    world.reset(seed: 4, into: ppo.rollout.resetBuffers)
    ppo.begin()
    for step in 0..<8 {
      ppo.act(at: step)
      world.step(ppo.rollout.actions(at: step), lanes: 0..<8, into: ppo.rollout.stepBuffers(at: step))
      ppo.absorb(at: step)
    }
    ppo.finishRollout()
    let records = ppo.learn(orders: [EpochOrder](repeating: .random, count: 6), learningRate: 0.01, clipRange: 0.2)
    #expect(records.count < 24)
    #expect(records.last?.isApplied == false)
    #expect((records.last?.approximateKL ?? 0) > 1.5e-4)
    #expect(records.dropLast().allSatisfy { $0.isApplied && $0.approximateKL <= 1.5e-4 })
    #expect(ppo.optimizer.stepCount == records.count - 1)
    // The epoch that was cut short counts.
    #expect(ppo.updateCount == (records.last?.epoch ?? 0) + 1)
  }

  @Test func aFallingScheduleNeverGoesBelowZero() {
    #expect(LearningRateSchedule.linear.rate(0.5, progressRemaining: 0.25) == 0.125)
    #expect(LearningRateSchedule.linear.rate(0.5, progressRemaining: -0.01) == 0)
    #expect(LearningRateSchedule.constant.rate(0.5, progressRemaining: -0.01) == 0.5)
  }
}
