// The one loop that steps an environment: who decides and who listens is the caller's.

package import Kernels

/// An environment between two steps: what its lanes see, and where an episode begins with the next decision.
///
/// Whoever drives it fills `actions` from `row` and takes the next step; collecting, walking a window, judging and comparing differ in what they do
/// between two steps, and in nothing else.
package final class EnvironmentLoop {
  package let environment: any VectorEnvironment
  /// What the lanes see now: the row that was written last.
  package private(set) var row: StepBuffers
  /// (N) 1 where the next decision begins an episode.
  package let starts: UnsafeMutablePointer<UInt8>
  /// (N) what is done next, unless a step is given actions of its own.
  package let actions: ActionRows
  /// Steps of each lane since the reset.
  package private(set) var steps = 0
  private let own: StepRow
  private let pool: WorkerPool?
  private let slices: [Range<Int>]
  /// Lanes of a slice, of each but the last.
  package let sliceWidth: Int

  package var laneCount: Int { environment.laneCount }

  /// `pool`: workers that share the lanes, in slices that do not depend on how many there are; nil steps all lanes at once.
  package init(_ environment: any VectorEnvironment, pool: WorkerPool? = nil) {
    let lanes = environment.laneCount
    self.environment = environment
    self.pool = pool
    let width = pool == nil ? lanes : max(1, min(64, lanes / 2))
    sliceWidth = width
    slices = stride(from: 0, to: lanes, by: width).map { $0..<min($0 + width, lanes) }
    let factors = environment.actionSpace.heads
    own = StepRow(lanes: lanes, columns: environment.observationSpace.count, maskWords: factors.maskWords)
    row = own.buffers
    starts = .allocate(capacity: lanes)
    starts.initialize(repeating: 1, count: lanes)
    let words = UnsafeMutablePointer<Int32>.allocate(capacity: lanes * factors.actionWords)
    words.initialize(repeating: 0, count: lanes * factors.actionWords)
    actions = ActionRows(words, factors)
  }

  deinit {
    starts.deallocate()
    actions.base.deallocate()
  }

  /// Begins an episode in every lane; episodes and illegal requests of before are forgotten. `target`: where the first row is written.
  package func reset(seed: UInt64, into target: StepBuffers? = nil) {
    row = target ?? own.buffers
    environment.reset(seed: seed, into: row)
    _ = environment.drainIllegalAttempts()
    _ = environment.drainEpisodes()
    starts.update(repeating: 1, count: laneCount)
    steps = 0
  }

  /// One step of every lane. `chosen`: (N, words of an action) in place of `actions`. `target`: where it is written. `look`: called for each slice of lanes
  /// once it has stepped, on the worker that did.
  package func step(
    _ chosen: UnsafePointer<Int32>? = nil, into target: StepBuffers? = nil,
    look: (Range<Int>, StepBuffers) -> Void = { _, _ in }
  ) {
    let actions = chosen ?? UnsafePointer(actions.base)
    let row = target ?? own.buffers
    if let pool {
      pool.run(taskCount: slices.count) { slice, _ in
        environment.step(actions, lanes: slices[slice], into: row)
        look(slices[slice], row)
      }
    } else {
      for lanes in slices {
        environment.step(actions, lanes: lanes, into: row)
        look(lanes, row)
      }
    }
    for lane in 0..<laneCount { starts[lane] = row.terminated[lane] | row.truncated[lane] }
    self.row = row
    steps += 1
  }

  /// (D) what a lane sees now.
  package func observation(lane: Int) -> UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(start: UnsafePointer(row.observations.row(lane)), count: environment.observationSpace.count)
  }
}

/// The memory that one time row of steps writes.
package final class StepRow {
  package let buffers: StepBuffers
  private let floats: FloatStorage
  private let flags: UnsafeMutablePointer<UInt8>
  private let masks: UnsafeMutablePointer<UInt64>

  /// maskWords: see `ActionFactors`.
  package init(lanes: Int, columns: Int, maskWords: Int = 1) {
    floats = FloatStorage(count: lanes * (2 * columns + 1))
    flags = .allocate(capacity: 2 * lanes)
    flags.initialize(repeating: 0, count: 2 * lanes)
    masks = .allocate(capacity: 2 * lanes * maskWords)
    masks.initialize(repeating: 0, count: 2 * lanes * maskWords)
    buffers = StepBuffers(
      observations: MatrixView(base: floats.base, rows: lanes, columns: columns),
      finalObservations: MatrixView(base: floats.base + lanes * columns, rows: lanes, columns: columns),
      rewards: floats.base + 2 * lanes * columns, terminated: flags, truncated: flags + lanes,
      masks: MaskRows(masks, words: maskWords), finalMasks: MaskRows(masks + lanes * maskWords, words: maskWords))
  }

  deinit {
    flags.deallocate()
    masks.deallocate()
  }
}
