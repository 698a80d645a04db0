// Cutting a rollout into minibatches, and minibatches into gradient slices.

import Kernels
import Networks

/// The order in which one epoch visits a rollout.
package enum EpochOrder: Sendable {
  /// Drawn from the run's own stream.
  case random
  /// As the steps lie in the rollout; not for `rotation`.
  case inOrder
  /// `shuffled`: a permutation of all T N steps, lane-major (step t of lane n is n T + t).
  case permutation([Int32])
  /// `rotation`: the lane-major step that comes first.
  case split(Int)
  /// `lanes`: a permutation of the lane blocks.
  case blocks([Int32])
}

/// Cuts a rollout into minibatches by scheme, and each minibatch into gradient slices whose number and shape depend on the configuration
/// and the data alone, never on the workers.
///
/// One cutter thread calls `beginEpoch` and `cut`; then workers call `prepare` for different slices at the same time.
final class MinibatchCutter: Minibatch, @unchecked Sendable {
  /// The most sequences of a slice: small enough to feed many workers, large enough for the matrix products.
  private static let sequencesPerSlice = 32
  /// `rotation`: the most sequences of a minibatch, one at its first step and one at each lane's first step after that.
  private let sequenceLimit: Int

  let scheme: MinibatchScheme
  private let rollout: Rollout
  private let batchSize: Int
  /// Lanes of a block in `lanes`.
  let blockWidth: Int
  private let blockCount: Int
  private let blocksPerMinibatch: Int
  private let rowsPerSlice: Int
  /// `shuffled`: lane-major permutation; `lanes`: block permutation.
  private let order: UnsafeMutablePointer<Int32>
  private let orderCount: Int
  private var split = 0
  /// `rotation`: the minibatch's sequences, each first step (lane-major) and length.
  private let sequenceStarts: UnsafeMutablePointer<Int32>
  private let sequenceLengths: UnsafeMutablePointer<Int32>
  private var sequenceCount = 0
  private let gathers: [SliceGather]

  // The current minibatch.
  private var first = 0
  private var last = 0
  /// Slices of the current minibatch.
  private(set) var sliceCount = 0
  /// Steps of the current minibatch.
  private(set) var validCount = 0

  /// What the pass of a slice needs.
  let room: PassRoom

  init(scheme: MinibatchScheme, rollout: Rollout, batchSize: Int, workerCount: Int) {
    let (horizon, lanes) = (rollout.horizon, rollout.laneCount)
    let total = horizon * lanes
    self.scheme = scheme
    self.rollout = rollout
    self.batchSize = min(batchSize, total)
    (blockWidth, blocksPerMinibatch) = MinibatchCutter.blocks(batchSize: batchSize, horizon: horizon, lanes: lanes)
    blockCount = (lanes + blockWidth - 1) / blockWidth
    sequenceLimit = 1 + (self.batchSize + horizon - 2) / horizon
    rowsPerSlice = MinibatchCutter.rowsPerSlice(of: self.batchSize)
    let (rowCapacity, sequenceCapacity, lengthCapacity): (Int, Int, Int)
    switch scheme {
    case .shuffled:
      orderCount = total
      (lengthCapacity, sequenceCapacity) = (1, min(rowsPerSlice, self.batchSize))
      rowCapacity = sequenceCapacity
    case .lanes:
      orderCount = blockCount
      (lengthCapacity, sequenceCapacity) = (horizon, blockWidth)
      rowCapacity = horizon * blockWidth
    case .rotation:
      orderCount = 0
      lengthCapacity = min(horizon, self.batchSize)
      sequenceCapacity = min(MinibatchCutter.sequencesPerSlice, sequenceLimit)
      rowCapacity = lengthCapacity * sequenceCapacity
    }
    room = PassRoom(rows: rowCapacity, sequences: sequenceCapacity, length: lengthCapacity)
    order = .allocate(capacity: max(orderCount, 1))
    for index in 0..<orderCount { order[index] = Int32(index) }
    let sequenceRoom = scheme == .rotation ? sequenceLimit : 1
    sequenceStarts = .allocate(capacity: sequenceRoom)
    sequenceStarts.initialize(repeating: 0, count: sequenceRoom)
    sequenceLengths = .allocate(capacity: sequenceRoom)
    sequenceLengths.initialize(repeating: 0, count: sequenceRoom)
    let (rows, sequences) = (rowCapacity, sequenceCapacity)
    gathers = (0..<workerCount).map { _ in
      SliceGather(
        rowCapacity: rows, observationCount: scheme == .lanes ? 0 : rollout.observationCount,
        stateCount: scheme == .rotation ? sequences * rollout.hiddenCount : 0,
        hasCriticState: rollout.states.criticHidden != nil)
    }
  }

  deinit {
    order.deallocate()
    sequenceStarts.deallocate()
    sequenceLengths.deallocate()
  }

  /// Of minibatches of single steps: at most 16 slices, enough to feed many workers, and none smaller than 64 steps but the last.
  static func rowsPerSlice(of batchSize: Int) -> Int { max(64, (batchSize + 15) / 16) }

  /// Of scheme `lanes`: neighbouring lanes of a block, and blocks of a minibatch.
  static func blocks(batchSize: Int, horizon: Int, lanes: Int) -> (width: Int, perMinibatch: Int) {
    let lanesPerMinibatch = min(max(1, batchSize / horizon), lanes)
    let blocks = (lanesPerMinibatch + sequencesPerSlice - 1) / sequencesPerSlice
    return ((lanesPerMinibatch + blocks - 1) / blocks, blocks)
  }

  /// Minibatches of an epoch; the last may be short.
  var minibatchCount: Int {
    switch scheme {
    case .shuffled, .rotation: (rollout.horizon * rollout.laneCount + batchSize - 1) / batchSize
    case .lanes: (blockCount + blocksPerMinibatch - 1) / blocksPerMinibatch
    }
  }

  /// The most slices a minibatch can have.
  var sliceLimit: Int {
    switch scheme {
    case .shuffled: (batchSize + rowsPerSlice - 1) / rowsPerSlice
    case .lanes: blocksPerMinibatch
    case .rotation: (sequenceLimit + MinibatchCutter.sequencesPerSlice - 1) / MinibatchCutter.sequencesPerSlice
    }
  }

  /// Fixes the epoch's order. Traps if a given order does not fit the scheme.
  func beginEpoch(_ given: EpochOrder, random: inout RandomStream) {
    let total = rollout.horizon * rollout.laneCount
    switch (given, scheme) {
    case (.random, .rotation):
      split = Int(random.nextInteger(below: UInt64(total)))
    case (.inOrder, .shuffled), (.inOrder, .lanes):
      for index in 0..<orderCount { order[index] = Int32(index) }
    case (.random, _):
      for index in 0..<orderCount { order[index] = Int32(index) }
      random.shuffle(UnsafeMutableBufferPointer(start: order, count: orderCount))
    case (.split(let position), .rotation):
      precondition((0..<total).contains(position), "split \(position) of \(total) steps")
      split = position
    case (.permutation(let values), .shuffled), (.blocks(let values), .lanes):
      precondition(
        values.count == orderCount && values.allSatisfy { (0..<Int32(orderCount)).contains($0) },
        "an order of \(values.count) entries for \(orderCount)")
      for (index, value) in values.enumerated() { order[index] = value }
    default: preconditionFailure("the order does not fit the scheme \(scheme)")
    }
  }

  /// Makes minibatch `index` the current one.
  func cut(_ index: Int) {
    switch scheme {
    case .shuffled:
      first = index * batchSize
      last = min(first + batchSize, orderCount)
      validCount = last - first
      sliceCount = (validCount + rowsPerSlice - 1) / rowsPerSlice
    case .lanes:
      first = index * blocksPerMinibatch
      last = min(first + blocksPerMinibatch, blockCount)
      sliceCount = last - first
      validCount = 0
      for place in first..<last { validCount += lanes(ofBlock: Int(order[place])).count * rollout.horizon }
    case .rotation:
      first = index * batchSize
      last = min(first + batchSize, rollout.horizon * rollout.laneCount)
      validCount = last - first
      findSequences()
      sliceCount = (sequenceCount + MinibatchCutter.sequencesPerSlice - 1) / MinibatchCutter.sequencesPerSlice
    }
  }

  /// Mean and unbiased standard deviation of the advantages of the current minibatch.
  func advantageMoments() -> (mean: Double, deviation: Double) {
    let advantages = rollout.advantages
    var sum = 0.0
    forEachRow { sum += Double(advantages[$0]) }
    let mean = sum / Double(validCount)
    var squares = 0.0
    forEachRow { squares += (Double(advantages[$0]) - mean) * (Double(advantages[$0]) - mean) }
    return (mean, (squares / Double(validCount - 1)).squareRoot())
  }

  /// The batch of slice `slice` of the current minibatch, and each of its rows' place in the rollout (-1: padding).
  func prepare(slice: Int, worker: Int) -> (batch: SequenceBatch, rowIndices: UnsafePointer<Int32>) {
    let gather = gathers[worker]
    switch scheme {
    case .shuffled: return (shuffledBatch(slice, gather), UnsafePointer(gather.rowIndices))
    case .lanes: return (laneBatch(slice, gather), UnsafePointer(gather.rowIndices))
    case .rotation: return (rotationBatch(slice, gather), UnsafePointer(gather.rowIndices))
    }
  }

  // MARK: Schemes

  private func lanes(ofBlock block: Int) -> Range<Int> {
    (block * blockWidth)..<min((block + 1) * blockWidth, rollout.laneCount)
  }

  /// A lane-major step's place t N + lane.
  private func place(ofLaneMajor step: Int) -> Int {
    let (lane, time) = step.quotientAndRemainder(dividingBy: rollout.horizon)
    return time * rollout.laneCount + lane
  }

  private func forEachRow(_ body: (Int) -> Void) {
    switch scheme {
    case .shuffled:
      for position in first..<last { body(place(ofLaneMajor: Int(order[position]))) }
    case .lanes:
      for position in first..<last {
        for lane in lanes(ofBlock: Int(order[position])) {
          for step in 0..<rollout.horizon { body(step * rollout.laneCount + lane) }
        }
      }
    case .rotation:
      let total = rollout.horizon * rollout.laneCount
      for position in first..<last { body(place(ofLaneMajor: (split + position) % total)) }
    }
  }

  private func shuffledBatch(_ slice: Int, _ gather: SliceGather) -> SequenceBatch {
    let start = first + slice * rowsPerSlice
    let count = min(rowsPerSlice, last - start)
    let columns = rollout.observationCount
    let (source, target, rowIndices) = (rollout.observations, gather.observations.base, gather.rowIndices)
    for row in 0..<count { rowIndices[row] = Int32(place(ofLaneMajor: Int(order[start + row]))) }
    for row in 0..<count {
      if row % Prefetch.distance == 0 {
        Prefetch.elements(
          source, columns: columns, at: rowIndices + min(row + Prefetch.distance, count),
          count: min(Prefetch.distance, max(0, count - row - Prefetch.distance)))
      }
      (target + row * columns).update(from: source + Int(rowIndices[row]) * columns, count: columns)
    }
    return SequenceBatch(length: 1, count: count, observations: target, observationTimeStride: 0)
  }

  private func laneBatch(_ slice: Int, _ gather: SliceGather) -> SequenceBatch {
    let lanes = lanes(ofBlock: Int(order[first + slice]))
    let (horizon, laneCount, columns) = (rollout.horizon, rollout.laneCount, rollout.observationCount)
    let rowIndices = gather.rowIndices
    for step in 0..<horizon {
      let row = rowIndices + step * lanes.count
      let index = Int32(step * laneCount + lanes.lowerBound)
      for lane in 0..<lanes.count { row[lane] = index + Int32(lane) }
    }
    return SequenceBatch(
      length: horizon, count: lanes.count, observations: rollout.observations + lanes.lowerBound * columns,
      observationTimeStride: laneCount * columns, starts: rollout.starts + lanes.lowerBound,
      startTimeStride: laneCount,
      initialState: rollout.state(at: 0).advanced(by: lanes.lowerBound * rollout.hiddenCount))
  }

  /// A sequence begins at the minibatch's first step and at a lane's first step. Where an episode starts inside, the state counts as zero and
  /// no gradient passes, so that cutting there too, as the scheme's source does, would change nothing but the padding.
  private func findSequences() {
    let (horizon, total) = (rollout.horizon, rollout.horizon * rollout.laneCount)
    sequenceCount = 0
    for position in first..<last {
      let step = (split + position) % total
      if position == first || step % horizon == 0 {
        sequenceStarts[sequenceCount] = Int32(step)
        sequenceLengths[sequenceCount] = 0
        sequenceCount += 1
      }
      sequenceLengths[sequenceCount - 1] += 1
    }
  }

  private func rotationBatch(_ slice: Int, _ gather: SliceGather) -> SequenceBatch {
    let start = slice * MinibatchCutter.sequencesPerSlice
    let count = min(MinibatchCutter.sequencesPerSlice, sequenceCount - start)
    var length = 0
    for sequence in start..<(start + count) { length = max(length, Int(sequenceLengths[sequence])) }
    let (columns, hidden) = (rollout.observationCount, rollout.hiddenCount)
    gather.observations.base.update(repeating: 0, count: length * count * columns)
    gather.rowIndices.update(repeating: -1, count: length * count)
    gather.starts.update(repeating: 0, count: length * count)
    for sequence in 0..<count {
      let begin = place(ofLaneMajor: Int(sequenceStarts[start + sequence]))
      rollout.states.advanced(by: begin * hidden).copy(
        to: gather.states.advanced(by: sequence * hidden), count: hidden)
      for step in 0..<Int(sequenceLengths[start + sequence]) {
        let index = begin + step * rollout.laneCount
        let row = step * count + sequence
        gather.rowIndices[row] = Int32(index)
        gather.starts[row] = rollout.starts[index]
        (gather.observations.base + row * columns).update(from: rollout.observations + index * columns, count: columns)
      }
    }
    return SequenceBatch(
      length: length, count: count, observations: gather.observations.base, observationTimeStride: count * columns,
      starts: gather.starts, startTimeStride: count, initialState: gather.states)
  }
}

/// One worker's copies of what is not contiguous in the rollout.
private final class SliceGather {
  let rowIndices: UnsafeMutablePointer<Int32>
  let starts: UnsafeMutablePointer<UInt8>
  let observations: FloatStorage
  let states: RecurrentStateRows
  private let stateStorage: FloatStorage

  init(rowCapacity: Int, observationCount: Int, stateCount: Int, hasCriticState: Bool) {
    rowIndices = .allocate(capacity: rowCapacity)
    rowIndices.initialize(repeating: -1, count: rowCapacity)
    starts = .allocate(capacity: rowCapacity)
    starts.initialize(repeating: 0, count: rowCapacity)
    observations = FloatStorage(count: rowCapacity * observationCount)
    stateStorage = FloatStorage(count: 4 * stateCount)
    states = RecurrentStateRows(in: stateStorage, count: stateCount, hasCritic: hasCriticState)
  }

  deinit {
    rowIndices.deallocate()
    starts.deallocate()
  }
}
