// A2C as a whole: any number of workers, resumption, and the optimizer's two forms.

import AgentInterface
import Algorithms
import Inference
import Kernels
import Networks
import TestSupport
import Testing

/// A learner and its world.
private struct A2CRun {
  let learner: A2C
  let world: RandomEpisodes

  init(_ test: RunCase, _ form: RMSprop.Form, workers: Int, begins: Bool = true) {
    var configuration = A2C.Configuration()
    configuration.optimizer = form
    configuration.entropyCoefficient = 0.01
    configuration.normalizeObservations = test.normalizes
    configuration.normalizeRewards = test.normalizes
    learner = A2C(
      configuration: configuration, spec: test.spec, laneCount: 140, masked: test.isMasked, seed: 9,
      pool: WorkerPool(workerCount: workers))
    world = RandomEpisodes(laneCount: 140, columns: test.spec.inputs, actions: test.spec.actions)
    guard begins else { return }
    world.reset(seed: 4, into: learner.rollout.resetBuffers)
    learner.begin()
  }

  /// One rollout and one update; returns the numbers' bits.
  @discardableResult func iterate() -> [UInt64] {
    learner.iterate(in: world).values.map(\.value.bitPattern)
  }
}

@Suite struct A2CTests {
  @Test(arguments: RunCase.all, RMSprop.Form.allCases)
  func anyNumberOfWorkersAndAnyResumeGivesTheSameBits(_ test: RunCase, form: RMSprop.Form) throws {
    let runs = [1, 2, 3].map { A2CRun(test, form, workers: $0) }
    for _ in 0..<3 {
      let numbers = runs.map { $0.iterate() }
      #expect(numbers[1] == numbers[0] && numbers[2] == numbers[0])
    }
    let (state, worldState) = (runs[0].learner.snapshot(), runs[0].world.snapshot())
    #expect(runs[1].learner.snapshot() == state && runs[2].learner.snapshot() == state)
    let resumed = A2CRun(test, form, workers: 2, begins: false)
    try resumed.learner.restore(state)
    try resumed.world.restore(worldState)
    for _ in 0..<3 { #expect(runs[0].iterate() == resumed.iterate()) }
    #expect(runs[0].learner.snapshot() == resumed.learner.snapshot())
    #expect(test.isMasked ? runs[0].world.drainIllegalAttempts() == 0 : runs[0].world.drainIllegalAttempts() > 0)
  }

  @Test func everyPartOfTheStateIsAskedFor() throws {
    let run = A2CRun(RunCase.all[2], .torch, workers: 1)
    run.iterate()
    let state = run.learner.snapshot()
    for name in state.floats.keys {
      for damage in [{ $0.dropLast() + [Float.nan] }, { Array($0.dropLast()) }] as [([Float]) -> [Float]] {
        var changed = state
        changed.floats[name] = damage(state.floats[name] ?? [])
        #expect(throws: RestoreError.self, "\(name)") { try run.learner.restore(changed) }
      }
    }
    var negative = state
    negative.floats["optimizer/square_average"]?[3] = -1e-9
    #expect(throws: RestoreError.self) { try run.learner.restore(negative) }
    #expect(run.learner.snapshot() == state)
  }

  @Test func trapsNowhereInItsDefaults() {
    let spec = RunCase.all[0].spec
    let configuration = A2C.Configuration()
    #expect(configuration.problem(spec: spec) == nil)
    #expect(configuration.horizon == 5 && configuration.gaeLambda == 1 && !configuration.normalizeAdvantage)
    #expect(configuration.learningRate == 7e-4 && configuration.maxGradientNorm == 0.5)
    var wrong = configuration
    wrong.rmspropEpsilon = 0
    #expect(wrong.problem(spec: spec) == "algorithm.rmsprop_epsilon is 0.0; it must be a number from 1e-30 to 1.0")
    wrong = configuration
    wrong.gaeLambda = 1.5
    #expect(wrong.problem(spec: spec) == "algorithm.gae_lambda is 1.5; it must be a number from 0.0 to 1.0")
  }
}
