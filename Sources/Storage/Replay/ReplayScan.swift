// Reads what will be drawn in the order in which it lies: the file goes round and round, and every passage brings what is drawn before the next.

import AgentInterface
import Glibc

/// Transitions that were read ahead. Draws are known `passLength` of them in advance; the file's blocks are visited in turn, all of them once
/// while so many are drawn. A visit takes the block's transitions that are drawn before the next visit, so that one read of the whole file
/// serves `passLength` draws with half as many transitions in memory. What is not found here is read singly: nothing depends on it but time.
final class ReplayScan {
  /// How a store's memory is shared out.
  struct Plan: Equatable {
    /// Blocks of the newest rows, the one that is being written among them.
    var recentBlocks: Int
    /// Draws of a passage over the file; 0 where nobody knows what will be drawn.
    var passLength: Int
    /// Transitions that are held.
    var slotCount: Int

    init(_ shape: ReplayShape, _ use: ReplayUse) {
      let most = shape.blockCount + 1
      let affordable = use.memoryBytes / shape.blockBytes
      recentBlocks = min(most, max(2, affordable))
      (passLength, slotCount) = (0, 0)
      guard !use.isPrioritized, use.drawsPerUpdate > 0, affordable > 8, affordable < most else { return }
      // One block to write, one to be sure of, and what is read at once.
      let bytes = Double(use.memoryBytes - 3 * shape.blockBytes)
      let rows = Double(use.rowsPerUpdate) / Double(use.drawsPerUpdate)
      let held = 0.5 * Plan.reserve * Double(use.steps)
      let aDraw =
        held * Double(shape.record.bytes) + Plan.indexBytes * Double(use.steps) + rows * Double(shape.rowBytes)
      let draws = bytes / aDraw
      // Few draws to a block: their pages are read singly.
      guard draws >= Double(2 * shape.blockCount), draws >= Double(2 * use.drawsPerUpdate) else { return }
      passLength = Int(min(draws, 4 * Double(shape.capacity * shape.laneCount)))
      slotCount = Int(held * Double(passLength))
      recentBlocks = min(most, 2 + Int((rows * Double(passLength) / Double(shape.blockRows)).rounded(.up)))
    }

    /// Draws fall unevenly.
    private static let reserve = 1.15
    /// Of what is noted about a draw.
    private static let indexBytes = 20.0
  }

  private let file: ReplayFile
  private let shape: ReplayShape
  private let plan: Plan
  private let steps: Int
  private var forecast: ReplayForecast?
  /// Rows that were appended when the forecast began.
  private var base = 0
  /// Draws foretold, and draws made.
  private var foretold = 0
  private var drawn = 0
  private var visit = 0
  /// (window) The first transition of each draw, by its number modulo the window.
  private var places: [Int]
  /// (window, steps) The draws' transitions: where they are held, and the next that lies in the same block.
  private var slots: [Int32]
  private var nextNeed: [Int32]
  /// (blockCount) The first that lies in each block.
  private var firstNeed: [Int32]
  private let window: Int
  /// (slotCount) records.
  private let memory: UnsafeMutableRawPointer
  private var freeSlots: [Int32]
  private let blockBuffer: UnsafeMutableRawPointer
  /// The draws of the batch that is being learned from.
  private var current: Range<Int> = 0..<0

  private static let none: Int32 = -1

  init(_ file: ReplayFile, plan: Plan, steps: Int) {
    self.file = file
    shape = file.shape
    self.plan = plan
    self.steps = steps
    window = 2 * plan.passLength
    places = [Int](repeating: 0, count: window)
    slots = [Int32](repeating: ReplayScan.none, count: window * steps)
    nextNeed = slots
    firstNeed = [Int32](repeating: ReplayScan.none, count: shape.blockCount)
    memory = .allocate(byteCount: max(1, plan.slotCount) * shape.record.bytes, alignment: 64)
    freeSlots = (0..<Int32(plan.slotCount)).reversed()
    blockBuffer = .allocate(byteCount: shape.blockBytes, alignment: 4096)
  }

  deinit {
    memory.deallocate()
    blockBuffer.deallocate()
  }

  var isIdle: Bool { forecast == nil }

  func stop() { forecast = nil }

  /// Forgets everything and begins with a forecast.
  func begin(_ forecast: ReplayForecast, appended: Int) {
    self.forecast = forecast
    base = appended
    (foretold, drawn, current) = (0, 0, 0..<0)
    for index in slots.indices { slots[index] = ReplayScan.none }
    for block in firstNeed.indices { firstNeed[block] = ReplayScan.none }
    freeSlots.removeAll(keepingCapacity: true)
    freeSlots.append(contentsOf: (0..<Int32(plan.slotCount)).reversed())
    visit = 1 - shape.blockCount
  }

  /// The next batch is drawn: whether it is the one that was foretold. `places`: of the draws' first transitions.
  func advance(over batch: [Int], appended: Int) throws(StorageError) -> Bool {
    guard forecast != nil else { return false }
    free(current)
    let last = drawn + batch.count
    while start(ofVisit: visit) < last {
      foretell(until: start(ofVisit: visit) + plan.passLength)
      try take(block: (visit % shape.blockCount + shape.blockCount) % shape.blockCount, appended: appended)
      visit += 1
    }
    current = drawn..<last
    drawn = last
    let isForetold =
      last <= foretold && batch.indices.allSatisfy { batch[$0] == places[(current.lowerBound + $0) % window] }
    if !isForetold { stop() }
    return isForetold
  }

  /// The transition `step` rows after a draw of the current batch, if it is at hand.
  func record(_ index: Int, step: Int) -> UnsafeRawPointer? {
    let slot = slots[(current.lowerBound + index) % window * steps + step]
    return slot == ReplayScan.none ? nil : UnsafeRawPointer(memory + Int(slot) * shape.record.bytes)
  }

  /// The number of the draw before which a visit is made.
  private func start(ofVisit visit: Int) -> Int {
    let (turns, rest) = visit.quotientAndRemainder(dividingBy: shape.blockCount)
    return turns * plan.passLength + rest * plan.passLength / shape.blockCount
  }

  private func free(_ draws: Range<Int>) {
    for draw in draws {
      for step in 0..<steps {
        let index = draw % window * steps + step
        guard slots[index] != ReplayScan.none else { continue }
        freeSlots.append(slots[index])
        slots[index] = ReplayScan.none
      }
    }
  }

  /// Notes the draws up to a number, each with the block that it lies in.
  private func foretell(until end: Int) {
    guard var forecast else { return }
    let (capacity, lanes) = (shape.capacity, shape.laneCount)
    while foretold < end {
      let draw = forecast.next()
      let appended = base + forecast.rowsAhead
      let head = appended % capacity
      let row = appended - head + draw.row - (draw.row < head ? 0 : capacity)
      places[foretold % window] = row * lanes + draw.lane
      for step in 0..<steps where row + step < appended {
        let block = (row + step) / shape.blockRows
        // In memory when it is drawn.
        guard block + plan.recentBlocks <= (appended - 1) / shape.blockRows else { break }
        let need = Int32(foretold % window * steps + step)
        nextNeed[Int(need)] = firstNeed[block % shape.blockCount]
        firstNeed[block % shape.blockCount] = need
      }
      foretold += 1
    }
    self.forecast = forecast
  }

  /// Visits a block of the file: takes all transitions that were foretold of it.
  private func take(block: Int, appended: Int) throws(StorageError) {
    var need = firstNeed[block]
    // What comes next is read while this one is looked through and learned from.
    for ahead in 1...ReplayScan.blocksAhead {
      let next = (block + ahead) % shape.blockCount
      if firstNeed[next] != ReplayScan.none { file.prepare(file.bytes(ofBlock: next)) }
    }
    guard need != ReplayScan.none else { return }
    firstNeed[block] = ReplayScan.none
    let bytes = file.bytes(ofBlock: block)
    try file.read(
      into: UnsafeMutableRawBufferPointer(start: blockBuffer, count: bytes.count), at: bytes.lowerBound)
    file.release(bytes)
    while need != ReplayScan.none {
      let index = Int(need)
      need = nextNeed[index]
      let (draw, step) = index.quotientAndRemainder(dividingBy: steps)
      let place = places[draw] + step * shape.laneCount
      let row = place / shape.laneCount
      // A row that is not in the file yet is read when it is drawn.
      guard row / shape.blockRows < appended / shape.blockRows, let slot = freeSlots.popLast() else { continue }
      let source = row % shape.blockRows * shape.rowBytes + place % shape.laneCount * shape.record.bytes
      (memory + Int(slot) * shape.record.bytes).copyMemory(
        from: blockBuffer + source, byteCount: shape.record.bytes)
      slots[index] = slot
    }
  }

  private static let blocksAhead = 3
}
