// DQN as a whole: any number of workers, resumption, masks, the target network and the bootstrap at an episode's end.

import AgentInterface
import Algorithms
import Inference
import Kernels
import Networks
import TestSupport
import Testing

/// Which switches are on.
struct DQNCase: CustomTestStringConvertible, Sendable {
  let testDescription: String
  var isMasked = false
  let change: @Sendable (inout DQN.Configuration) -> Void

  static let all = [
    DQNCase(testDescription: "vanilla") { _ in },
    DQNCase(testDescription: "double, n-step, masked", isMasked: true) { ($0.double, $0.nSteps) = (true, 3) },
    DQNCase(testDescription: "dueling, prioritised, normalised") {
      ($0.dueling, $0.prioritized, $0.normalizeObservations, $0.normalizeRewards) = (true, true, true, true)
    },
    DQNCase(testDescription: "everything, masked", isMasked: true) {
      ($0.double, $0.dueling, $0.prioritized, $0.nSteps) = (true, true, true, 2)
      ($0.normalizeObservations, $0.normalizeRewards, $0.tau, $0.gradientSteps) = (true, true, 0.3, -1)
    },
  ]
}

/// A learner and its world.
private struct DQNRun {
  let learner: DQN
  let world: RandomEpisodes

  init(_ test: DQNCase, workers: Int, lanes: Int = 20, begins: Bool = true) {
    var configuration = DQN.Configuration()
    configuration.bufferSize = 600
    configuration.learningStarts = 100
    configuration.batchSize = 150
    configuration.targetUpdateInterval = 120
    configuration.explorationFraction = 0.5
    configuration.gradientSteps = 2
    configuration.learningRate = 1e-2
    test.change(&configuration)
    if configuration.gradientSteps < 0 { configuration.batchSize = 70 }
    let spec = NetworkSpec(
      inputs: 6, actions: 5, memory: .none, policyTower: [9], valueTower: configuration.dueling ? [9] : [],
      activation: .relu, hasValueHead: configuration.dueling, kind: configuration.dueling ? .dueling : .actionValues)
    learner = DQN(
      configuration: configuration, spec: spec, laneCount: lanes, masked: test.isMasked, totalSteps: 2000, seed: 9,
      pool: WorkerPool(workerCount: workers))
    world = RandomEpisodes(laneCount: lanes, columns: 6, actions: 5)
    guard begins else { return }
    world.reset(seed: 4, into: learner.rollout.resetBuffers)
    learner.begin()
  }

  /// One rollout and one update; returns the numbers' bits.
  @discardableResult func iterate() -> [UInt64] {
    learner.iterate(in: world, progressRemaining: 1 - Double(learner.stepCount) / 2000).values.map(\.value.bitPattern)
  }
}

@Suite struct DQNTests {
  /// Twelve rollouts of 80 steps: the memory of 600 is full after eight.
  @Test(arguments: DQNCase.all) func anyNumberOfWorkersAndAnyResumeGivesTheSameBits(_ test: DQNCase) throws {
    let runs = [1, 2, 3].map { DQNRun(test, workers: $0) }
    for round in 0..<12 {
      let numbers = runs.map { $0.iterate() }
      #expect(numbers[1] == numbers[0] && numbers[2] == numbers[0], "round \(round)")
      guard [0, 1, 4, 9].contains(round) else { continue }
      let (state, worldState) = (runs[0].learner.snapshot(), runs[0].world.snapshot())
      #expect(runs[1].learner.snapshot() == state && runs[2].learner.snapshot() == state)
      let (whole, resumed) = (DQNRun(test, workers: 1, begins: false), DQNRun(test, workers: 2, begins: false))
      for run in [whole, resumed] {
        try run.learner.restore(state)
        try run.world.restore(worldState)
      }
      #expect(resumed.learner.snapshot() == state)
      #expect(resumed.learner.explorationRate == runs[0].learner.explorationRate)
      for _ in 0..<3 { #expect(whole.iterate() == resumed.iterate()) }
      #expect(whole.learner.snapshot() == resumed.learner.snapshot())
    }
    // The control: runs that go on from the state equal the run that never stopped.
    let state = runs[0].learner.snapshot()
    let resumed = DQNRun(test, workers: 2, begins: false)
    try resumed.learner.restore(state)
    try resumed.world.restore(runs[0].world.snapshot())
    for _ in 0..<3 { #expect(runs[0].iterate() == resumed.iterate()) }
    #expect(runs[0].learner.snapshot() == resumed.learner.snapshot())
    let illegal = runs[1].world.drainIllegalAttempts()
    #expect(test.isMasked ? illegal == 0 : illegal > 0)
  }

  @Test func everyPartOfTheStateIsAskedFor() throws {
    let run = DQNRun(DQNCase.all[3], workers: 1)
    for _ in 0..<4 { run.iterate() }
    let state = run.learner.snapshot()
    func refuses(_ name: String, _ change: (inout StateRecord) -> Void) {
      var damaged = state
      change(&damaged)
      let other = DQNRun(DQNCase.all[3], workers: 1, begins: false)
      #expect(throws: RestoreError.self, "\(name)") { try other.learner.restore(damaged) }
    }
    for name in state.floats.keys {
      refuses(name) { $0.floats[name] = nil }
      refuses(name) { $0.floats[name]?.removeLast() }
      refuses(name) { $0.floats[name]?[0] = .nan }
    }
    for name in state.doubles.keys {
      refuses(name) { $0.doubles[name] = nil }
      refuses(name) { $0.doubles[name]?.append(1) }
      refuses(name) { $0.doubles[name]?[0] = .nan }
    }
    for name in state.integers.keys {
      refuses(name) { $0.integers[name] = nil }
      refuses(name) { $0.integers[name]?.append(1) }
    }
    refuses("another seed") { $0.integers["random/seed"] = [3] }
    refuses("steps that were not gathered") { $0.integers["random/action_sampling"]?[0] += 1 }
  }

  /// Whatever the network says of forbidden actions: they are not chosen, not explored, and nothing is expected of them.
  @Test(arguments: [DQNCase.all[1], DQNCase.all[3]]) func forbiddenActionsDoNotExist(_ test: DQNCase) throws {
    let runs = [0, 1].map { _ in DQNRun(test, workers: 1, begins: false) }
    for run in runs {
      // Action 4 looks splendid to both networks, in the second run absurdly so.
      run.world.reset(seed: 4, into: run.learner.rollout.resetBuffers)
      run.learner.begin()
    }
    func forbid(_ run: DQNRun, _ bonus: Float) {
      for store in [run.learner.parameters, run.learner.targetParameters] {
        let name = run.learner.spec.actionHeadName + ".bias"
        guard let entry = store.layout.entry(name) else { return }
        store.values.base[entry.offset + 4] = bonus
      }
      run.learner.refresh()
      run.learner.refreshTarget()
    }
    for (run, bonus) in zip(runs, [Float(50), 500]) {
      forbid(run, bonus)
      // Nowhere is action 4 legal.
      let rollout = run.learner.rollout
      for _ in 0..<6 {
        for step in 0..<rollout.horizon {
          for lane in 0..<rollout.laneCount { close(rollout.masks, step * rollout.laneCount + lane) }
          run.learner.act(at: step)
          for lane in 0..<rollout.laneCount {
            let mask = rollout.masks[step * rollout.laneCount + lane]
            #expect(mask.allows(Int(rollout.actions(at: step)[lane])))
          }
          run.world.step(rollout.actions(at: step), lanes: 0..<rollout.laneCount, into: rollout.stepBuffers(at: step))
          for lane in 0..<rollout.laneCount {
            close(rollout.masks, (step + 1) * rollout.laneCount + lane)
            close(rollout.finalMasks, step * rollout.laneCount + lane)
          }
          run.learner.absorb(at: step)
        }
        run.learner.finishRollout()
        run.learner.startNextRollout()
      }
    }
    // The same experience in both: the targets do not know what the forbidden action is worth.
    let rows = (0..<runs[0].learner.configuration.batchSize).map { $0 % runs[0].learner.store.count }
    let lanes = rows.map { $0 % 20 }
    // A dueling network takes the mean of all advantages off each: there the bias of one moves the values of all.
    guard !runs[0].learner.configuration.dueling else { return }
    let targets = runs.map { run in
      _ = run.learner.learn(rows: rows, lanes: lanes, learningRate: 1e-3)
      return run.learner.lastBatch.targets
    }
    #expect(targets[0] == targets[1] && targets[0].allSatisfy { abs($0) < 40 })
  }

  private func close(_ masks: MaskRows, _ row: Int) {
    let rest = masks[row].rawValue & ~(1 << 4)
    masks[row] = ActionMask(rawValue: rest == 0 ? 1 : rest)
  }

  /// A terminated step is worth its reward alone; a truncated one also what the place where it was cut is worth.
  @Test func truncationBootstrapsAndTerminationDoesNot() throws {
    let run = DQNRun(DQNCase.all[0], workers: 1)
    for _ in 0..<6 { run.iterate() }
    let learner = run.learner
    let store = learner.store
    let rows = (0..<150).map { $0 % store.count }
    let lanes = (0..<150).map { $0 % 20 }
    let expected = try (0..<150).map { index in
      let (row, lane) = (rows[index], lanes[index])
      var next = [Float](repeating: 0, count: 6)
      next.withUnsafeMutableBufferPointer { buffer in
        if let base = buffer.baseAddress { store.copyNextObservation(row: row, lane: lane, to: base) }
      }
      let best = try #require(learner.values(of: next, byTarget: true).max())
      let reward = store.reward(row: row, lane: lane)
      return store.end(row: row, lane: lane) == .terminated ? reward : reward + 0.99 * best
    }
    _ = learner.learn(rows: rows, lanes: lanes, learningRate: 1e-3)
    let ends = zip(rows, lanes).map { store.end(row: $0, lane: $1) }
    #expect(ends.contains(.terminated) && ends.contains(.truncated))
    for (found, wanted) in zip(learner.lastBatch.targets, expected) { #expect(abs(found - wanted) < 1e-4) }
  }

  @Test func explorationFallsInAStraightLineAndBadSettingsAreNamed() {
    var configuration = DQN.Configuration()
    #expect(configuration.exploration(steps: 0, totalSteps: 1000) == 1)
    #expect(abs(configuration.exploration(steps: 50, totalSteps: 1000) - 0.525) < 1e-12)
    #expect(configuration.exploration(steps: 101, totalSteps: 1000) == 0.05)
    #expect(configuration.exploration(steps: 5000, totalSteps: 1000) == 0.05)
    let spec = DQNRun(DQNCase.all[0], workers: 1).learner.spec
    #expect(configuration.problem(spec: spec) == nil)
    configuration.gradientSteps = 0
    #expect(configuration.problem(spec: spec)?.hasPrefix("algorithm.gradient_steps is 0;") == true)
    configuration = DQN.Configuration()
    configuration.dueling = true
    #expect(configuration.problem(spec: spec) != nil)
  }
}
