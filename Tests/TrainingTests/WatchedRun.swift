// A small run whose health is looked at.

import AgentInterface
import Algorithms
import Environments
import Inference
import Kernels
import Networks
import RunSupport
import Storage
import TestSupport
import Testing

@testable import Training

/// A learner, what it sees, and the loop between them.
struct WatchedRun {
  static let lanes = 12
  static let columns = 5
  static let actions = 4

  let learner: any Algorithm
  let world: any VectorEnvironment
  let collector: Collector
  let stepsPerRollout: Int

  /// `given`: what is played, in as many lanes; nil: random episodes.
  init(
    _ tag: AlgorithmTag, in given: (any VectorEnvironment)? = nil,
    fault: (what: FaultyEnvironment.Fault, lane: Int, step: Int)? = nil,
    change: (inout RunConfiguration) -> Void = { _ in }
  ) {
    var configuration = smallConfiguration("cue", tag)
    configuration.world.lanes = WatchedRun.lanes
    (configuration.network.policyTower, configuration.network.valueTower) = ([6], [7])
    configuration.dqn.learningStarts = 0
    change(&configuration)
    let plain =
      given
      ?? RandomEpisodes(laneCount: WatchedRun.lanes, columns: WatchedRun.columns, actions: WatchedRun.actions)
    let spec = configuration.networkSpec(EnvironmentSpaces(plain))
    let pool = WorkerPool(workerCount: 2)
    learner = configuration.learner.makeLearner(
      LearnerSetup(
        spec: spec, laneCount: WatchedRun.lanes, isMasked: tag.isMasked, totalSteps: 10_000,
        device: configuration.run.device, kernels: configuration.run.kernels,
        bfloat16: configuration.run.precision == .bf16 ? .processor ?? .portable : nil, seed: 3, pool: pool))
    learner.health.settings = configuration.health
    world = fault.map { FaultyEnvironment(plain, $0.what, lane: $0.lane, step: $0.step) } ?? plain
    collector = Collector(environment: world, algorithm: learner, pool: pool)
    stepsPerRollout = configuration.stepsPerRollout
    collector.begin(seed: 8)
  }

  var isSound: Bool { learner.parameters.values.array.allSatisfy(\.isFinite) }

  /// Rollouts and updates until something is found; what was found.
  func run(rollouts: Int) -> [Incident] {
    var found = learner.health.drain()
    for rollout in 0..<rollouts where !learner.health.isHalted {
      collector.collect()
      if !learner.health.isHalted {
        _ = learner.update(progressRemaining: 1 - Double(rollout) / 100)
        learner.startNextRollout()
      }
      found += learner.health.drain()
    }
    return found
  }
}

let watched: [AlgorithmTag] = [.ppo, .ppoMask, .ppoLSTM, .ppoLSTMMask, .a2c, .a2cLSTMMask, .dqn, .dqnMask]
