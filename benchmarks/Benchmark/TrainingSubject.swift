// Training from end to end: the very parts that `strikeforge train` runs, without its files.

import Algorithms
import Environments
import Kernels
import Training

final class TrainingSubject {
  private let algorithm: PPO
  private let collector: Collector
  let stepsPerRollout: Int
  let operationsPerStep: Double

  init(_ workload: Workload, workers: Int) throws(BenchmarkError) {
    let configuration = workload.configuration
    let environment = try workload.environment(lanes: configuration.world.lanes)
    let spec = workload.spec(of: environment)
    let pool = WorkerPool(workerCount: workers)
    algorithm = PPO(
      configuration: configuration.ppo, spec: spec, laneCount: configuration.world.lanes,
      masked: configuration.algorithm.isMasked, seed: 0, pool: pool)
    collector = Collector(environment: environment, algorithm: algorithm, pool: pool)
    stepsPerRollout = configuration.stepsPerRollout
    operationsPerStep = Workload.operationsPerStep(spec, epochs: configuration.ppo.epochs)
    collector.begin(seed: 0)
  }

  /// One rollout and its update, in seconds.
  func measure() -> (rollout: Double, update: Double) {
    let start = MonotonicClock.seconds
    collector.collect()
    let collected = MonotonicClock.seconds
    _ = algorithm.update(progressRemaining: 1)
    algorithm.startNextRollout()
    return (collected - start, MonotonicClock.seconds - collected)
  }
}
