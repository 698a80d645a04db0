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
  private let environment: BasketEnvironment
  private let pool = WorkerPool(workerCount: 1)
  /// Memory for one step, written over and over.
  private let row: Rollout
  private let steps: Int
  private let passes: Int
  /// (steps, lanes) drawn once among the legal ones: a lane's history depends on seed and actions alone, so they stay legal. Bytes, as those of
  /// the C loop, so that reading them back is not what is measured.
  private var actions: [UInt8] = []
  /// (lanes) those of one step.
  private let chosen: UnsafeMutablePointer<Int32>

  init(_ workload: Workload) throws(BenchmarkError) {
    let lanes = workload.environmentLanes
    environment = try workload.environmentAlone()
    row = Rollout(
      horizon: 1, laneCount: lanes, observationCount: environment.observationSpace.count,
      factors: environment.actionSpace.heads)
    steps = workload.environmentSteps
    passes = workload.environmentPasses
    chosen = .allocate(capacity: lanes)
    chosen.initialize(repeating: 0, count: lanes)
    actions.reserveCapacity(steps * lanes)
    environment.reset(seed: 0, into: row.resetBuffers)
    var random = RandomStream(seed: 0, purpose: .actionSampling)
    var masks = row.resetBuffers.masks
    for step in 0..<steps {
      for lane in 0..<lanes {
        let legal = (0..<environment.actionSpace.count).filter { masks[lane].allows($0) }
        actions.append(UInt8(legal[Int(random.nextInteger(below: UInt64(legal.count)))]))
      }
      self.step(step)
      masks = row.stepBuffers(at: 0).masks
    }
    forget()
  }

  deinit { chosen.deallocate() }

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
        let some = slice * 64..<min(slice * 64 + 64, lanes)
        EnvironmentSubject.widen(base + step * lanes + some.lowerBound, to: chosen + some.lowerBound, count: some.count)
        environment.step(chosen, lanes: some, into: buffers)
      }
    }
  }

  @inline(__always)
  private static func widen(_ bytes: UnsafePointer<UInt8>, to target: UnsafeMutablePointer<Int32>, count: Int) {
    var place = 0
    while place &+ 16 <= count {
      let some = UnsafeRawPointer(bytes + place).loadUnaligned(as: SIMD16<UInt8>.self)
      UnsafeMutableRawPointer(target + place).storeBytes(
        of: SIMD16<Int32>(truncatingIfNeeded: some), as: SIMD16<Int32>.self)
      place &+= 16
    }
    while place < count {
      target[place] = Int32(bytes[place])
      place &+= 1
    }
  }

  private func forget() {
    _ = environment.drainEpisodes()
    let illegal = environment.drainIllegalAttempts()
    precondition(illegal == 0, "\(illegal) of the actions drawn as legal were not")
  }
}
