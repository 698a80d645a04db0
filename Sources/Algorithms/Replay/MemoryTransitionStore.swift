// A replay memory in the process's own memory.

package import AgentInterface
private import Kernels

/// Rows of transitions in one allocation each; pages are taken from the system as rows are written.
package final class MemoryTransitionStore: TransitionStore, @unchecked Sendable {
  package let laneCount: Int
  package let columns: Int
  package let capacity: Int
  package private(set) var count = 0
  package private(set) var head = 0

  /// Rows for which there is memory.
  private let roomRows: Int
  private let actionCount: Int
  private let keepsMasks: Bool
  private let precision: ReplayPrecision
  private let allLegal: ActionMask
  /// (roomRows, N, D) each.
  private let observations: UnsafeMutablePointer<Float>
  private let nextObservations: UnsafeMutablePointer<Float>
  /// (roomRows, N) each.
  private let rewards: UnsafeMutablePointer<Float>
  private let actions: UnsafeMutablePointer<UInt8>
  private let ends: UnsafeMutablePointer<UInt8>
  private let nextMasks: UnsafeMutablePointer<UInt64>
  /// What will be drawn behind `foreseen`.
  private var forecast: ReplayForecast?
  /// The batch that was fetched, then the next one, which is on its way into the caches.
  private var foreseen: [ReplayDraw] = []

  /// Room for `transitions`, rounded down to whole rows, at least one. `totalRows`: more are never appended.
  package init(
    transitions: Int, laneCount: Int, columns: Int, actionCount: Int, keepsMasks: Bool,
    precision: ReplayPrecision = .float32, totalRows: Int = .max
  ) {
    precondition(
      transitions >= 1 && laneCount >= 1 && columns >= 1, "\(transitions) transitions, \(laneCount) x \(columns)")
    self.laneCount = laneCount
    self.columns = columns
    self.actionCount = actionCount
    self.keepsMasks = keepsMasks
    self.precision = precision
    capacity = max(1, transitions / laneCount)
    allLegal = .all(count: actionCount)
    roomRows = max(1, min(capacity, totalRows))
    let places = roomRows * laneCount
    observations = .allocate(capacity: places * columns)
    nextObservations = .allocate(capacity: places * columns)
    rewards = .allocate(capacity: places)
    actions = .allocate(capacity: places)
    ends = .allocate(capacity: places)
    nextMasks = .allocate(capacity: keepsMasks ? places : 1)
  }

  deinit {
    observations.deallocate()
    nextObservations.deallocate()
    rewards.deallocate()
    actions.deallocate()
    ends.deallocate()
    nextMasks.deallocate()
  }

  /// Bytes of a transition in memory; in a checkpoint, whose numbers are wider, it is the larger of the two.
  package static func bytesPerTransition(columns: Int, keepsMasks: Bool) -> Int {
    8 * columns + 4 + 8 + (keepsMasks ? 8 : 0)
  }

  package func append(_ row: TransitionRow) {
    precondition(head < roomRows, "more rows than the \(roomRows) that were announced")
    let first = head * laneCount
    let width = laneCount * columns
    (observations + head * width).update(from: row.observations, count: width)
    (nextObservations + head * width).update(from: row.nextObservations, count: width)
    (rewards + first).update(from: row.rewards, count: laneCount)
    for lane in 0..<laneCount {
      let isTruncated = row.truncated[lane] != 0
      let end: TransitionEnd = row.terminated[lane] != 0 ? .terminated : isTruncated ? .truncated : .none
      actions[first + lane] = UInt8(row.actions[lane])
      ends[first + lane] = end.rawValue
      if end == .truncated {
        (nextObservations + head * width + lane * columns).update(
          from: row.finalObservations + lane * columns, count: columns)
      }
      if keepsMasks {
        nextMasks[first + lane] = (end == .truncated ? row.finalMasks[lane] : row.nextMasks[lane]).rawValue
      }
    }
    if precision == .float16 {
      for place in head * width..<(head + 1) * width {
        observations[place] = precision.rounded(observations[place])
        nextObservations[place] = precision.rounded(nextObservations[place])
      }
    }
    head = (head + 1) % capacity
    count = min(count + 1, capacity)
  }

  package func action(row: Int, lane: Int) -> Int { Int(actions[place(row, lane)]) }
  package func reward(row: Int, lane: Int) -> Float { rewards[place(row, lane)] }
  package func end(row: Int, lane: Int) -> TransitionEnd { TransitionEnd(rawValue: ends[place(row, lane)]) ?? .none }

  package func nextMask(row: Int, lane: Int) -> ActionMask {
    keepsMasks ? ActionMask(rawValue: nextMasks[place(row, lane)]) : allLegal
  }

  package func copyObservation(row: Int, lane: Int, to target: UnsafeMutablePointer<Float>) {
    target.update(from: observations + place(row, lane) * columns, count: columns)
  }

  package func copyNextObservation(row: Int, lane: Int, to target: UnsafeMutablePointer<Float>) {
    target.update(from: nextObservations + place(row, lane) * columns, count: columns)
  }

  package var wantsForecast: Bool { forecast == nil }

  package func follow(_ forecast: ReplayForecast) {
    self.forecast = forecast
    foreseen.removeAll(keepingCapacity: true)
  }

  /// Every transition lies somewhere else in memory: all are asked for before the first is waited for, where `lookAhead` has not asked for them.
  package func fetch(rows: [Int], lanes: [Int], steps: Int) {
    guard !isEqual(foreseen, rows, lanes) else { return }
    for (row, lane) in zip(rows, lanes) { prefetch(place(row, lane)) }
    guard var forecast else { return }
    foreseen.removeAll(keepingCapacity: true)
    for _ in rows { foreseen.append(forecast.next()) }
    // Else somebody draws otherwise than was foretold.
    self.forecast = isEqual(foreseen, rows, lanes) ? forecast : nil
  }

  /// Bytes of transitions that are asked for ahead: more would push out of the second-level cache what the passes work on.
  private static let limitAhead = 1 << 18

  /// Asks for the next batch while the last one is learned from.
  package func lookAhead() {
    guard var forecast else { return }
    let bytes = MemoryTransitionStore.bytesPerTransition(columns: columns, keepsMasks: keepsMasks)
    guard foreseen.count * bytes <= MemoryTransitionStore.limitAhead else {
      foreseen.removeAll(keepingCapacity: true)
      return
    }
    for index in foreseen.indices {
      let draw = forecast.next()
      foreseen[index] = draw
      // Rows that are not written yet have no memory.
      if draw.row < roomRows { prefetch(draw.row * laneCount + draw.lane) }
    }
    self.forecast = forecast
  }

  private func isEqual(_ draws: [ReplayDraw], _ rows: [Int], _ lanes: [Int]) -> Bool {
    guard draws.count == rows.count else { return false }
    for index in draws.indices where draws[index].row != rows[index] || draws[index].lane != lanes[index] {
      return false
    }
    return true
  }

  private func prefetch(_ place: Int) {
    let width = columns * MemoryLayout<Float>.stride
    Prefetch.bytes(observations + place * columns, count: width)
    Prefetch.bytes(nextObservations + place * columns, count: width)
    Prefetch.bytes(rewards + place, count: 1)
    Prefetch.bytes(actions + place, count: 1)
    Prefetch.bytes(ends + place, count: 1)
    if keepsMasks { Prefetch.bytes(nextMasks + place, count: 1) }
  }

  private func place(_ row: Int, _ lane: Int) -> Int {
    precondition(row >= 0 && row < count && lane >= 0 && lane < laneCount, "row \(row) of \(count), lane \(lane)")
    return row * laneCount + lane
  }

  // MARK: Saved state

  /// The rows that hold transitions. Action and end share a number.
  package func snapshot() -> StateRecord {
    let places = count * laneCount
    var state = StateRecord()
    state.integers["head"] = [Int64(head)]
    state.floats["observations"] = Array(UnsafeBufferPointer(start: observations, count: places * columns))
    state.floats["next_observations"] = Array(UnsafeBufferPointer(start: nextObservations, count: places * columns))
    state.floats["rewards"] = Array(UnsafeBufferPointer(start: rewards, count: places))
    state.integers["steps"] = (0..<places).map { Int64(actions[$0]) | Int64(ends[$0]) << 8 }
    if keepsMasks { state.integers["next_masks"] = (0..<places).map { Int64(bitPattern: nextMasks[$0]) } }
    return state
  }

  package func restore(_ state: StateRecord) throws(RestoreError) {
    let saved = try state.floats("rewards").count
    let (rows, rest) = saved.quotientAndRemainder(dividingBy: laneCount)
    guard rest == 0, rows <= roomRows else {
      throw .invalid(name: "rewards", reason: "\(saved) are no whole rows of \(laneCount) lanes up to \(roomRows)")
    }
    let savedHead = try state.natural("head")
    // A ring that is not full yet is written at its end.
    guard rows == capacity ? savedHead < capacity : savedHead == rows else {
      throw .invalid(name: "head", reason: "\(savedHead) for \(rows) of \(capacity) rows")
    }
    let savedRewards = try state.finiteFloats("rewards", count: saved)
    let savedObservations = try state.finiteFloats("observations", count: saved * columns)
    let savedNext = try state.finiteFloats("next_observations", count: saved * columns)
    let steps = try state.integers("steps", count: saved)
    for step in steps
    where step < 0 || step & 0xFF >= Int64(actionCount) || step >> 8 > Int64(TransitionEnd.truncated.rawValue) {
      throw .invalid(name: "steps", reason: "\(step) is no action and end of \(actionCount) actions")
    }
    let masks =
      keepsMasks ? try state.masks("next_masks", count: saved, factors: ActionFactors(joint: actionCount)) : []

    (count, head) = (rows, savedHead)
    forecast = nil
    foreseen.removeAll()
    for (place, value) in savedObservations.enumerated() { observations[place] = value }
    for (place, value) in savedNext.enumerated() { nextObservations[place] = value }
    for (place, value) in savedRewards.enumerated() { rewards[place] = value }
    for (place, step) in steps.enumerated() { (actions[place], ends[place]) = (UInt8(step & 0xFF), UInt8(step >> 8)) }
    for (place, mask) in masks.enumerated() { nextMasks[place] = mask.rawValue }
  }
}
