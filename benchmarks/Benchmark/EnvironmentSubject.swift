// The environment alone: what a step costs when deciding is free.

import AgentInterface
import Algorithms
import Environments
import Glibc
import Kernels
import Training

/// Measured in processor time of one thread, so that a shared core does not count as slowness. The shapes are those of
/// `benchmarks/peers/environment.c`.
final class EnvironmentSubject {
  private let environment: DualTickerEnvironment
  private let pool = WorkerPool(workerCount: 1)
  /// Memory for one step, written over and over.
  private let row: Rollout
  private let steps: Int
  private let passes: Int
  /// (steps, lanes) drawn once among the legal ones: a lane's history depends on seed and actions alone, so they stay legal.
  private var actions: [Int32] = []

  init(_ workload: Workload) throws(BenchmarkError) {
    let lanes = workload.environmentLanes
    environment = try workload.environmentAlone()
    row = Rollout(horizon: 1, laneCount: lanes, observationCount: environment.observationSpace.count)
    steps = workload.environmentSteps
    passes = workload.environmentPasses
    actions.reserveCapacity(steps * lanes)
    environment.reset(seed: 0, into: row.resetBuffers)
    var random = RandomStream(seed: 0, purpose: .actionSampling)
    var masks = row.resetBuffers.masks
    for step in 0..<steps {
      for lane in 0..<lanes {
        let legal = (0..<environment.actionSpace.count).filter { masks[lane].allows($0) }
        actions.append(Int32(legal[Int(random.nextInteger(below: UInt64(legal.count)))]))
      }
      self.step(step)
      masks = row.stepBuffers(at: 0).masks
    }
    forget()
  }

  /// Steps a second of processor time over all lanes, on one core.
  func measure() -> Double {
    var seconds = 0.0
    for _ in 0..<passes {
      environment.reset(seed: 0, into: row.resetBuffers)
      let start = EnvironmentSubject.processorSeconds
      for step in 0..<steps { self.step(step) }
      seconds += EnvironmentSubject.processorSeconds - start
      forget()
    }
    return Double(passes * actions.count) / max(seconds, 1e-9)
  }

  private static var processorSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
  }

  /// As the collector does it: in slices of 64 lanes, through the pool.
  private func step(_ step: Int) {
    let lanes = environment.laneCount
    let buffers = row.stepBuffers(at: 0)
    actions.withUnsafeBufferPointer { actions in
      guard let base = actions.baseAddress else { return }
      pool.run(taskCount: (lanes + 63) / 64) { slice, _ in
        environment.step(base + step * lanes, lanes: slice * 64..<min(slice * 64 + 64, lanes), into: buffers)
      }
    }
  }

  private func forget() {
    _ = environment.drainEpisodes()
    let illegal = environment.drainIllegalAttempts()
    precondition(illegal == 0, "\(illegal) of the actions drawn as legal were not")
  }
}
