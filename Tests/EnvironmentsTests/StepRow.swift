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
  /// (N, words of an action)
  let actions: UnsafeMutablePointer<Int32>
  let factors: ActionFactors

  init(laneCount: Int, columns: Int, factors: ActionFactors) {
    self.laneCount = laneCount
    self.columns = columns
    self.factors = factors
    observations = FloatStorage(count: laneCount * columns)
    finalObservations = FloatStorage(count: laneCount * columns)
    rewards = .allocate(capacity: laneCount)
    terminated = .allocate(capacity: laneCount)
    truncated = .allocate(capacity: laneCount)
    let words = laneCount * factors.maskWords
    masks = MaskRows(.allocate(capacity: words), words: factors.maskWords)
    finalMasks = MaskRows(.allocate(capacity: words), words: factors.maskWords)
    finalMasks.base.initialize(repeating: 0, count: words)
    actions = .allocate(capacity: laneCount * factors.actionWords)
    rewards.initialize(repeating: .nan, count: laneCount)
    terminated.initialize(repeating: 7, count: laneCount)
    truncated.initialize(repeating: 7, count: laneCount)
    masks.base.initialize(repeating: 0, count: words)
    actions.initialize(repeating: 0, count: laneCount * factors.actionWords)
  }

  convenience init(for environment: some VectorEnvironment) {
    self.init(
      laneCount: environment.laneCount, columns: environment.observationSpace.count,
      factors: environment.actionSpace.heads)
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
    bits += words(masks, lane)
    if truncated[lane] == 1 {
      bits += finalObservation(lane).map { UInt64($0.bitPattern) }
      bits += words(finalMasks, lane)
    }
    return bits
  }

  private func words(_ masks: MaskRows, _ lane: Int) -> [UInt64] { (0..<masks.words).map { masks[lane].word($0) } }

  /// Chooses a lane's action, however wide.
  func choose(_ action: ActionNumber, lane: Int = 0) { ActionRows(actions, factors)[lane] = action }

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

  /// Chooses uniformly among the legal choices of every factor; the draws are named by (seed, lane, step) alone.
  func chooseLegal(seed: UInt64, step: Int) {
    for lane in 0..<laneCount {
      let stream = RandomStream(seed: seed, purpose: .actionSampling, lane: UInt32(lane))
      var word = stream.word(at: UInt64(step))
      var action: ActionNumber = 0
      for factor in factors.widths.indices {
        // A word of 64 bits is enough for twenty choices of three.
        if factor > 0 && factor % 20 == 0 { word = stream.word(at: UInt64(step) | UInt64(factor) << 32) }
        let legal = (0..<factors.widths[factor]).filter { factors.mask(masks[lane], of: factor).allows($0) }
        action += ActionNumber(legal[Int(word % UInt64(legal.count))]) * factors.step(of: factor)
        word /= UInt64(legal.count)
      }
      choose(action, lane: lane)
    }
  }
}
