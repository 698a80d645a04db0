// Reads what will be drawn in the order in which it lies: the file goes round and round, and every passage brings what is drawn before the next.

import AgentInterface
import Glibc

/// Transitions that were read ahead. Draws are known `passLength` of them in advance; the file's blocks are visited in turn, all of them once
/// while so many are drawn. A visit takes the block's transitions that are drawn before the next visit, so that one read of the whole file
/// serves `passLength` draws with half as many transitions in memory; from a block that is written what will be drawn of it is kept at once.
/// What is not found here is read singly: nothing depends on it but time.
final class ReplayScan {
  /// How a store's memory is shared out.
  struct Plan: Equatable {
    /// Blocks of the newest rows, the one that is being written among them.
    var recentBlocks: Int
    /// Draws of a passage over the file; 0 where nobody knows what will be drawn.
    var passLength: Int
    /// Transitions that are held.
    var slotCount: Int
    /// Draws that are noted at once: those of a passage and those of the batch in use.
    var window: Int
    /// Blocks that are written while a passage lasts.
    var newBlocks = 0

    init(_ shape: ReplayShape, _ use: ReplayUse) {
      let most = shape.blockCount + 1
      let affordable = use.memoryBytes / shape.blockBytes
      recentBlocks = min(most, max(2, affordable))
      (passLength, slotCount, window) = (0, 0, 0)
      guard !use.isPrioritized, use.drawsPerUpdate > 0, affordable > 8, affordable < most else { return }
      let bytes = Double(
        use.memoryBytes - Plan.recentBlocks * shape.blockBytes - BlockReadahead.bytes(shape, depth: blocksAhead)
          - 2 * use.drawsPerUpdate * Plan.indexBytes(use.steps))
      let (aDraw, aSlot) = (
        Double(Plan.indexBytes(use.steps)), Double(shape.record.bytes + MemoryLayout<Int32>.size)
      )
      // What the slots take grows a little slower than the draws.
      var draws = bytes / aDraw
      for _ in 0..<8 { draws *= bytes / (draws * aDraw + Plan.slots(draws, shape, use) * aSlot) }
      draws = min(draws, 4 * Double(shape.capacity * shape.laneCount))
      // Few draws to a block: their pages are read singly.
      guard draws >= Double(2 * shape.blockCount), draws >= Double(2 * use.drawsPerUpdate) else { return }
      passLength = Int(draws)
      slotCount = Int(Plan.slots(draws, shape, use))
      newBlocks = Plan.newBlocks(draws, shape, use)
      window = passLength + 2 * use.drawsPerUpdate
      recentBlocks = Plan.recentBlocks
    }

    /// Blocks that are written while so many draws are made.
    private static func newBlocks(_ draws: Double, _ shape: ReplayShape, _ use: ReplayUse) -> Int {
      Int(draws) / use.drawsPerUpdate * use.rowsPerUpdate / shape.blockRows + 1
    }

    /// Transitions that are held at once: half of a passage's, as all blocks are visited evenly, more where they are visited oftener than once
    /// a passage; and what chance adds, five standard deviations. A return's steps come together.
    private static func slots(_ draws: Double, _ shape: ReplayShape, _ use: ReplayUse) -> Double {
      let blocks = Double(shape.capacity / shape.blockRows + 1)
      let visited = blocks / (blocks + Double(newBlocks(draws, shape, use)) + 1)
      return Double(use.steps) * ((1 - 0.5 * visited) * draws + 5 * draws.squareRoot())
    }

    /// One to write, one to be sure of.
    private static let recentBlocks = 2
    /// What is noted about a draw: its place, and two numbers for each of its transitions.
    private static func indexBytes(_ steps: Int) -> Int { 8 + 8 * steps }
  }

  private let shape: ReplayShape
  private let plan: Plan
  private let steps: Int
  private var forecast: ReplayForecast?
  /// Rows that were appended when the forecast began.
  private var base = 0
  /// Draws foretold, and draws made.
  private var foretold = 0
  private var drawn = 0
  /// The block that is visited next, counted from the run's beginning, and the draw before which it is.
  private var visitedBlock = 0
  private var visitDraw = 0.0
  /// (window) The first transition of each draw, by its number modulo the window.
  private var places: [Int]
  /// (window, steps) The draws' transitions: where they are held, or `waiting`, or `none`; and the next that waits for the same block.
  private var slots: [Int32]
  private var nextNeed: [Int32]
  /// (blockCount) The first that waits for each block.
  private var firstNeed: [Int32]
  private let window: Int
  /// (slotCount) records.
  private let memory: UnsafeMutableRawPointer
  private var freeSlots: [Int32]
  private let readahead: BlockReadahead
  /// The draws of the batch that is being learned from.
  private var current: Range<Int> = 0..<0

  private static let none: Int32 = -1
  private static let waiting: Int32 = -2

  init(_ file: ReplayFile, plan: Plan, steps: Int) {
    shape = file.shape
    self.plan = plan
    self.steps = steps
    window = plan.window
    places = [Int](repeating: 0, count: window)
    slots = [Int32](repeating: ReplayScan.none, count: window * steps)
    nextNeed = slots
    firstNeed = [Int32](repeating: ReplayScan.none, count: shape.blockCount)
    memory = .allocate(byteCount: max(1, plan.slotCount) * shape.record.bytes, alignment: 64)
    freeSlots = (0..<Int32(plan.slotCount)).reversed()
    readahead = BlockReadahead(file, depth: ReplayScan.blocksAhead)
  }

  deinit { memory.deallocate() }

  var isIdle: Bool { forecast == nil }

  func stop() { forecast = nil }

  /// Forgets everything and begins with a forecast.
  func begin(_ forecast: ReplayForecast, appended: Int) {
    readahead.forget()
    self.forecast = forecast
    base = appended
    (foretold, drawn, current) = (0, 0, 0..<0)
    for index in slots.indices { slots[index] = ReplayScan.none }
    for block in firstNeed.indices { firstNeed[block] = ReplayScan.none }
    freeSlots.removeAll(keepingCapacity: true)
    freeSlots.append(contentsOf: (0..<Int32(plan.slotCount)).reversed())
    visitedBlock = 0
    visitDraw = -Double(plan.passLength)
  }

  /// The next batch is drawn: whether it is the one that was foretold. `places`: of the draws' first transitions.
  func advance(over batch: [Int], appended: Int) throws(StorageError) -> Bool {
    free(current)
    guard forecast != nil else { return false }
    let last = drawn + batch.count
    while visitDraw < Double(last) {
      let blocks = blocksToVisit(appended)
      foretell(until: Int(visitDraw) + plan.passLength)
      if !blocks.isEmpty { try visit(blocks, appended: appended) }
      // A little faster than the passage asks for: blocks come and go while it lasts, and all must be visited before what was foretold of
      // them is drawn.
      let coming = appended < shape.capacity ? plan.newBlocks : 0
      visitDraw += Double(plan.passLength) / Double(blocks.count + coming + 1)
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
    return slot < 0 ? nil : UnsafeRawPointer(memory + Int(slot) * shape.record.bytes)
  }

  /// Whole blocks that hold rows in use, counted from the run's beginning.
  private func blocksToVisit(_ appended: Int) -> Range<Int> {
    let end = appended / shape.blockRows
    return min(end, max(0, appended - shape.capacity) / shape.blockRows)..<end
  }

  /// Forgets draws that were made: their numbers will be used again.
  private func free(_ draws: Range<Int>) {
    for draw in draws {
      for step in 0..<steps {
        let index = draw % window * steps + step
        // One whose block was not visited in time stands in a list still.
        if slots[index] == ReplayScan.waiting { stop() }
        if slots[index] >= 0 { freeSlots.append(slots[index]) }
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
        slots[Int(need)] = ReplayScan.waiting
      }
      foretold += 1
    }
    self.forecast = forecast
  }

  /// Visits the next of the blocks: takes all transitions that were foretold of it.
  private func visit(_ blocks: Range<Int>, appended: Int) throws(StorageError) {
    let first = blocks.contains(visitedBlock) ? visitedBlock : blocks.lowerBound
    // What comes next is read while this one is looked through and learned from.
    for ahead in 0..<min(ReplayScan.blocksAhead, blocks.count) {
      let next = (blocks.lowerBound + (first - blocks.lowerBound + ahead) % blocks.count) % shape.blockCount
      if firstNeed[next] != ReplayScan.none, !readahead.isComing(next) { readahead.start(next, appended: appended) }
    }
    visitedBlock = first + 1
    let place = first % shape.blockCount
    guard firstNeed[place] != ReplayScan.none else { return }
    try readahead.take(place, appended: appended) { bytes, known in
      take(of: place, from: bytes, written: 0..<known / shape.blockRows, next: blocks.upperBound)
    }
  }

  /// A block is full and being written: keeps what was foretold of it. `block`: counted from the run's beginning.
  func keep(block: Int, from bytes: UnsafeRawPointer) {
    guard forecast != nil else { return }
    take(of: block % shape.blockCount, from: bytes, written: block..<block + 1, next: block + 1)
  }

  /// Takes what was foretold of a block's place in the file and is in these bytes. `written`: the blocks that they may hold, counted from
  /// the run's beginning; what lies in `next` or later stays foretold until it is written.
  private func take(of place: Int, from bytes: UnsafeRawPointer, written: Range<Int>, next: Int) {
    var need = firstNeed[place]
    firstNeed[place] = ReplayScan.none
    while need != ReplayScan.none {
      let index = Int(need)
      need = nextNeed[index]
      let (draw, step) = index.quotientAndRemainder(dividingBy: steps)
      let (row, lane) = places[draw].quotientAndRemainder(dividingBy: shape.laneCount)
      let block = (row + step) / shape.blockRows
      if block >= next {
        nextNeed[index] = firstNeed[place]
        firstNeed[place] = Int32(index)
        continue
      }
      slots[index] = ReplayScan.none
      guard written.contains(block), let slot = freeSlots.popLast() else { continue }
      let source = (row + step) % shape.blockRows * shape.rowBytes + lane * shape.record.bytes
      (memory + Int(slot) * shape.record.bytes).copyMemory(from: bytes + source, byteCount: shape.record.bytes)
      slots[index] = slot
    }
  }

  private static let blocksAhead = 3
}
