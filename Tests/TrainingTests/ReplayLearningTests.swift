// A learner that replays from a file takes the same steps, to the bit, as one that replays from memory.

import AgentInterface
import Algorithms
import Glibc
import Inference
import Kernels
import Networks
import TestSupport
import Testing

@testable import Storage

@Suite struct ReplayLearningTests {
  /// A learner, its world and its store.
  private final class Run {
    let learner: DQN
    let world: RandomEpisodes

    init(
      _ change: (inout DQN.Configuration) -> Void, isMasked: Bool,
      store make: (DQN.Configuration) throws -> (any TransitionStore)?
    )
      throws
    {
      var configuration = DQN.Configuration()
      configuration.bufferSize = 60_000
      configuration.learningStarts = 40_000
      configuration.batchSize = 64
      configuration.gradientSteps = 2
      configuration.trainFrequency = 16
      configuration.explorationFraction = 0.5
      change(&configuration)
      let spec = NetworkSpec(
        inputs: 3, actions: 5, memory: .none, policyTower: [8], valueTower: [], activation: .relu, hasValueHead: false,
        kind: .actionValues)
      learner = DQN(
        configuration: configuration, spec: spec, laneCount: 20, masked: isMasked, totalSteps: 200_000, seed: 9,
        pool: WorkerPool(workerCount: 1), store: try make(configuration))
      world = RandomEpisodes(laneCount: 20, columns: 3, actions: 5)
      world.reset(seed: 4, into: learner.rollout.resetBuffers)
      learner.begin()
    }

    func iterate() -> [UInt64] {
      for step in 0..<learner.rollout.horizon {
        learner.act(at: step)
        world.step(learner.rollout.actions(at: step), lanes: 0..<20, into: learner.rollout.stepBuffers(at: step))
        learner.absorb(at: step)
      }
      learner.finishRollout()
      let statistics = learner.update(progressRemaining: 1 - Double(learner.stepCount) / 200_000)
      learner.startNextRollout()
      return statistics.values.map(\.value.bitPattern)
    }
  }

  struct Case: CustomTestStringConvertible, Sendable {
    let testDescription: String
    var isMasked = false
    var mebibytes: Double
    /// Whether nearly everything that is drawn must have been read ahead.
    var isForetold = true
    var change: @Sendable (inout DQN.Configuration) -> Void = { _ in }
  }

  static let cases = [
    Case(testDescription: "a third in memory", mebibytes: 1.3),
    Case(testDescription: "masked, three steps, float16", isMasked: true, mebibytes: 1) {
      ($0.nSteps, $0.replayPrecision) = (3, .float16)
    },
    Case(testDescription: "nothing in memory", mebibytes: 0, isForetold: false),
    Case(testDescription: "prioritised", mebibytes: 1, isForetold: false) { $0.prioritized = true },
  ]

  /// From before learning starts until the ring has gone around twice: the same numbers, wherever the transitions lie.
  @Test(arguments: cases) func learnsTheSameBits(_ test: Case) throws {
    let folder = try TemporaryFolder()
    var store: FileTransitionStore?
    let file = try Run(test.change, isMasked: test.isMasked) { configuration in
      let shape = ReplayShape(
        record: ReplayRecord(
          columns: 3, actionCount: 5, keepsMasks: test.isMasked, precision: configuration.replayPrecision),
        laneCount: 20, capacity: 3000, spareRows: 300, totalRows: 100_000)
      store = FileTransitionStore(
        try ReplayFile.create(folder.place("replay.h5"), shape, attributes: [:]),
        use: ReplayUse(
          drawsPerUpdate: 128, rowsPerUpdate: 16, steps: configuration.nSteps, isPrioritized: configuration.prioritized,
          memoryBytes: Int(test.mebibytes * 0x1p20)))
      return store
    }
    let memory = try Run(test.change, isMasked: test.isMasked) { _ in nil }
    for round in 0..<450 {
      let (one, other) = (file.iterate(), memory.iterate())
      #expect(one == other, "round \(round)")
      guard one == other else { return }
    }
    #expect(file.learner.updateCount > 600)
    #expect(file.learner.parameters.values.array == memory.learner.parameters.values.array)
    let found = try #require(store)
    #expect(found.failure == nil && found.count == 3000)
    let draws = file.learner.updateCount * 64 * (file.learner.configuration.nSteps + 1)
    if test.isForetold { #expect(found.missCount < draws / 50, "\(found.missCount) of \(draws)") }
    if test.mebibytes == 0 { #expect(found.missCount > draws / 3) }
  }

  /// A learner that begins with another one's transitions has them in their order.
  @Test func beginsWithAnotherStoresTransitions() throws {
    let source = try Run({ $0.bufferSize = 4000 }, isMasked: true) { _ in nil }
    for _ in 0..<20 { _ = source.iterate() }
    for size in [2000, 4000, 8000] {
      let run = try Run({ ($0.bufferSize, $0.learningStarts) = (size, 0) }, isMasked: true) { _ in nil }
      run.learner.begin(with: source.learner.store)
      let (old, new) = (source.learner.store, run.learner.store)
      let taken = min(200, size / 20)
      #expect(new.count == taken)
      for offset in 0..<taken {
        let from = (old.head + 200 - taken + offset) % 200
        #expect(Answer(new, row: offset, lane: offset % 20) == Answer(old, row: from, lane: offset % 20))
      }
      // It is saved and taken back like any other.
      _ = run.iterate()
      let state = run.learner.snapshot()
      let again = try Run({ ($0.bufferSize, $0.learningStarts) = (size, 0) }, isMasked: true) { _ in nil }
      try again.learner.restore(state)
      #expect(again.learner.snapshot() == state)
    }
  }
}
