// How often the hot paths ask for memory; the threshold is never.

import AgentInterface
import Algorithms
import CAllocations
import Environments
import Kernels
import Networks
import Training

/// Calls of the C library's allocator, counted by standing in front of it.
enum AllocationCounter {
  /// What `body` asks for.
  static func count(_ body: () throws(BenchmarkError) -> Void) throws(BenchmarkError) -> Int {
    let before = callocations_taken()
    try body()
    return callocations_taken() - before
  }

  /// One allocation by the C library and one by Swift, each of which must be seen as one. Throws where they are not.
  static func control() throws(BenchmarkError) -> Int {
    let plain = try count { callocations_allocate_once() }
    let object = try count { witness = Witness() }
    witness = nil
    guard plain == 1, object == 1 else {
      throw .failed(
        "the allocation counter saw \(plain) and \(object) where 1 and 1 were made; it works with the GNU C library and without "
          + "sanitizers only")
    }
    return plain
  }

  private final class Witness {
    var number = 0
  }

  /// Where the compiler cannot know that nobody looks. The program's only thread that counts writes it.
  private nonisolated(unsafe) static var witness: Witness?
}

final class AllocationSubject {
  private let algorithm: PPO
  private let environment: BasketEnvironment
  private let collector: Collector
  private let decision: DecisionSubject
  /// Of an ensemble.
  private let vote: DecisionSubject
  private let steps: Int

  init(_ workload: Workload) throws(BenchmarkError) {
    let configuration = workload.allocationConfiguration
    environment = try workload.environment(lanes: configuration.world.lanes)
    let pool = WorkerPool(workerCount: 1)
    algorithm = PPO(
      configuration: configuration.ppo, spec: workload.spec(of: environment), laneCount: configuration.world.lanes,
      masked: true, seed: 0, pool: pool)
    collector = Collector(environment: environment, algorithm: algorithm, pool: pool)
    decision = try DecisionSubject(workload)
    vote = try DecisionSubject(workload, members: 3)
    steps = configuration.ppo.horizon
    collector.begin(seed: 0)
    // What grows to its size once is not what is looked for: one whole round first, with episodes that end in every lane.
    for _ in 0..<(configuration.world.episodeLength / steps + 2) {
      collector.collect()
      _ = algorithm.update(progressRemaining: 1)
      algorithm.startNextRollout()
    }
    _ = try decision.measure()
    _ = try vote.measure()
  }

  struct Counts {
    let control: Int
    /// Of one step of all lanes, the mean over a rollout.
    let environmentStep: Double
    /// Of one step of training before the update: deciding, stepping, counting and scaling.
    let trainingStep: Double
    /// Of one decision of a network and one of an ensemble, together.
    let decision: Double
    /// Of a whole update.
    let update: Int
    /// Of what stands between the last step and the update: advantages, and the list of finished episodes.
    let rolloutEnd: Int
  }

  func measure() throws(BenchmarkError) -> Counts {
    let control = try AllocationCounter.control()
    var (inEnvironment, inAlgorithm) = (0, 0)
    let lanes = environment.laneCount
    for step in 0..<steps {
      inAlgorithm += try AllocationCounter.count { algorithm.act(at: step) }
      let actions = UnsafePointer(algorithm.rollout.actions(at: step))
      let row = algorithm.rollout.stepBuffers(at: step)
      inEnvironment += try AllocationCounter.count { environment.step(actions, lanes: 0..<lanes, into: row) }
      inAlgorithm += try AllocationCounter.count { algorithm.absorb(at: step) }
    }
    let end = try AllocationCounter.count {
      algorithm.finishRollout()
      _ = environment.drainEpisodes()
    }
    let update = try AllocationCounter.count {
      _ = algorithm.update(progressRemaining: 1)
      algorithm.startNextRollout()
    }
    let decisions = try AllocationCounter.count { () throws(BenchmarkError) in
      try decision.decideAll()
      try vote.decideAll()
    }
    return Counts(
      control: control, environmentStep: Double(inEnvironment) / Double(steps),
      trainingStep: Double(inEnvironment + inAlgorithm) / Double(steps),
      decision: Double(decisions) / Double(decision.count), update: update, rolloutEnd: end)
  }
}
