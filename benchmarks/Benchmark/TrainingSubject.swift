// Training from end to end: the very parts that `strikeforge train` runs, without its files.

import AgentInterface
import Algorithms
import Environments
import Kernels
import Training

final class TrainingSubject {
  private let algorithm: PPO
  private let collector: Collector
  let stepsPerRollout: Int
  let operationsPerStep: Double
  /// What it holds at most, in MiB, its environment and rollout included; nil where the kernel does not tell.
  private(set) var peakMebibytes: Double?

  /// makeEnvironment: of so many lanes; what it holds counts as the subject's.
  init(
    _ configuration: RunConfiguration, workers: Int, makeEnvironment: (Int) throws(BenchmarkError) -> BasketEnvironment
  ) throws(BenchmarkError) {
    let canForget = ProcessMemory.forgetPeak()
    let before = ProcessMemory.resident
    let environment = try makeEnvironment(configuration.world.lanes)
    let spec = configuration.networkSpec(EnvironmentSpaces(environment))
    let pool = WorkerPool(workerCount: workers)
    algorithm = PPO(
      configuration: configuration.ppo, spec: spec, laneCount: configuration.world.lanes,
      masked: configuration.algorithm.isMasked, seed: 0, pool: pool)
    collector = Collector(environment: environment, algorithm: algorithm, pool: pool)
    stepsPerRollout = configuration.stepsPerRollout
    operationsPerStep = ArithmeticFloor.operationsPerStep(spec, epochs: configuration.ppo.epochs)
    collector.begin(seed: 0)
    // Once without counting: every page of its memory is touched.
    _ = try measure()
    if canForget, let before, let peak = ProcessMemory.peak { peakMebibytes = peak - before }
  }

  /// Of a policy that the benchmark knows, on its usual market.
  convenience init(_ shape: PolicyShape, _ workload: Workload, workers: Int) throws(BenchmarkError) {
    try self.init(shape.applied(to: workload.configuration), workers: workers) { lanes throws(BenchmarkError) in
      try workload.environment(lanes: lanes)
    }
  }

  struct Sample {
    var rolloutSeconds: Double
    var updateSeconds: Double
    /// Calls of the allocator in the update.
    var updateAllocations: Int
  }

  /// One rollout and its update.
  func measure() throws(BenchmarkError) -> Sample {
    let start = MonotonicClock.seconds
    collector.collect()
    let collected = MonotonicClock.seconds
    let allocations = try AllocationCounter.count {
      _ = algorithm.update(progressRemaining: 1)
      algorithm.startNextRollout()
    }
    return Sample(
      rolloutSeconds: collected - start, updateSeconds: MonotonicClock.seconds - collected,
      updateAllocations: allocations)
  }
}
