// One time row with its own memory, and what tests do with it.

import AgentInterface
import Environments
import Kernels

/// Memory for one `StepBuffers`, poisoned, with actions beside it.
final class StepRow: @unchecked Sendable {
  let laneCount: Int
  let columns: Int
  let observations: FloatStorage
  let finalObservations: FloatStorage
  let rewards: UnsafeMutablePointer<Float>
  let terminated: UnsafeMutablePointer<UInt8>
  let truncated: UnsafeMutablePointer<UInt8>
  let masks: MaskRows
  let finalMasks: MaskRows
  let actions: UnsafeMutablePointer<Int32>

  init(laneCount: Int, columns: Int) {
    self.laneCount = laneCount
    self.columns = columns
    observations = FloatStorage(count: laneCount * columns)
    finalObservations = FloatStorage(count: laneCount * columns)
    rewards = .allocate(capacity: laneCount)
    terminated = .allocate(capacity: laneCount)
    truncated = .allocate(capacity: laneCount)
    masks = MaskRows(.allocate(capacity: laneCount))
    finalMasks = MaskRows(.allocate(capacity: laneCount))
    finalMasks.base.initialize(repeating: 0, count: laneCount)
    actions = .allocate(capacity: laneCount)
    rewards.initialize(repeating: .nan, count: laneCount)
    terminated.initialize(repeating: 7, count: laneCount)
    truncated.initialize(repeating: 7, count: laneCount)
    masks.base.initialize(repeating: 0, count: laneCount)
    actions.initialize(repeating: 0, count: laneCount)
  }

  convenience init(for environment: some VectorEnvironment) {
    self.init(laneCount: environment.laneCount, columns: environment.observationSpace.count)
  }

  deinit {
    rewards.deallocate()
    terminated.deallocate()
    truncated.deallocate()
    masks.base.deallocate()
    finalMasks.base.deallocate()
    actions.deallocate()
  }

  var buffers: StepBuffers {
    StepBuffers(
      observations: MatrixView(base: observations.base, rows: laneCount, columns: columns),
      finalObservations: MatrixView(base: finalObservations.base, rows: laneCount, columns: columns),
      rewards: rewards, terminated: terminated, truncated: truncated, masks: masks, finalMasks: finalMasks)
  }

  func observation(_ lane: Int) -> [Float] {
    Array(UnsafeBufferPointer(start: observations.base + lane * columns, count: columns))
  }

  func finalObservation(_ lane: Int) -> [Float] {
    Array(UnsafeBufferPointer(start: finalObservations.base + lane * columns, count: columns))
  }

  /// Everything that a step wrote for a lane, as bits: equal arrays mean indistinguishable steps.
  func bits(_ lane: Int) -> [UInt64] {
    var bits = observation(lane).map { UInt64($0.bitPattern) }
    bits.append(UInt64(rewards[lane].bitPattern))
    bits.append(UInt64(terminated[lane]))
    bits.append(UInt64(truncated[lane]))
    bits.append(masks[lane].rawValue)
    if truncated[lane] == 1 {
      bits += finalObservation(lane).map { UInt64($0.bitPattern) }
      bits.append(finalMasks[lane].rawValue)
    }
    return bits
  }

  // `buffers` is a bare pointer to this row's memory: whoever hands it out keeps the row alive meanwhile.

  func reset(_ environment: some VectorEnvironment, seed: UInt64) {
    withExtendedLifetime(self) { environment.reset(seed: seed, into: buffers) }
  }

  func step(_ environment: some VectorEnvironment) { step(environment, lanes: 0..<laneCount) }

  func step(_ environment: some VectorEnvironment, lanes: Range<Int>) {
    withExtendedLifetime(self) { environment.step(actions, lanes: lanes, into: buffers) }
  }

  /// Chooses every lane's action by a rule of its observation.
  func choose(_ rule: (UnsafePointer<Float>) -> Int32) {
    for lane in 0..<laneCount { actions[lane] = rule(observations.base + lane * columns) }
  }

  /// Chooses uniformly among the legal choices of every factor (of nil: of one); the draws are named by (seed, lane, step) alone.
  func chooseLegal(seed: UInt64, step: Int, factors: ActionFactors? = nil) {
    let factors = factors ?? ActionFactors(joint: 64)
    for lane in 0..<laneCount {
      let stream = RandomStream(seed: seed, purpose: .actionSampling, lane: UInt32(lane))
      var word = stream.word(at: UInt64(step))
      actions[lane] = 0
      for factor in factors.widths.indices {
        let legal = (0..<factors.widths[factor]).filter { factors.mask(masks[lane], of: factor).allows($0) }
        actions[lane] += Int32(legal[Int(word % UInt64(legal.count))]) * Int32(factors.step(of: factor))
        word /= UInt64(legal.count)
      }
    }
  }
}
