// The exits of many accounts at once: the same rules over columns.

/// One position's exit a lane, as windows on memory that their owner keeps: columns of whole numbers, laneCount each. A lane without a position holds nothing.
///
/// The single account is lane 0 of one. Everything that happens to a lane happens by `ExitState`'s own functions, so that both have the same bits.
package struct ExitLanes: @unchecked Sendable {
  package let laneCount: Int
  @usableFromInline let columns: UnsafeMutablePointer<Int>

  /// Whole numbers of memory that so many lanes need.
  package static func size(laneCount: Int) -> Int { columnCount * laneCount }
  static let columnCount = 10

  /// memory: `size(laneCount:)` whole numbers, which need not be initialised; all lanes begin without a position.
  package init(memory: UnsafeMutablePointer<Int>, laneCount: Int) {
    self.laneCount = laneCount
    columns = memory
    memory.initialize(repeating: 0, count: ExitLanes.size(laneCount: laneCount))
    for lane in 0..<laneCount { self[lane] = ExitState() }
  }

  /// The memory of a lane's plan. Traps outside of the lanes.
  package subscript(lane: Int) -> ExitState {
    @inline(__always) get {
      precondition(lane >= 0 && lane < laneCount, "lane \(lane) of \(laneCount)")
      var state = ExitState()
      state.held = columns[lane]
      state.working = columns[laneCount + lane]
      state.entry = columns[2 * laneCount + lane]
      state.peak = columns[3 * laneCount + lane]
      state.stop = columns[4 * laneCount + lane]
      state.entryQuantity = columns[5 * laneCount + lane]
      state.latched = UInt32(truncatingIfNeeded: columns[6 * laneCount + lane])
      state.entryUnderlying = columns[7 * laneCount + lane]
      state.favourableDirection = columns[8 * laneCount + lane]
      state.entryDaysToExpiry = columns[9 * laneCount + lane]
      return state
    }
    @inline(__always) nonmutating set {
      precondition(lane >= 0 && lane < laneCount, "lane \(lane) of \(laneCount)")
      columns[lane] = newValue.held
      columns[laneCount + lane] = newValue.working
      columns[2 * laneCount + lane] = newValue.entry
      columns[3 * laneCount + lane] = newValue.peak
      columns[4 * laneCount + lane] = newValue.stop
      columns[5 * laneCount + lane] = newValue.entryQuantity
      columns[6 * laneCount + lane] = Int(newValue.latched)
      columns[7 * laneCount + lane] = newValue.entryUnderlying
      columns[8 * laneCount + lane] = newValue.favourableDirection
      columns[9 * laneCount + lane] = newValue.entryDaysToExpiry
    }
  }

  /// Packages that a lane holds.
  package func held(_ lane: Int) -> Int { columns[lane] }

  /// Asks the plan in every lane that holds something. Writes nil where nothing is wanted; returns how many lanes want something. Nothing is allocated.
  ///
  /// moments, decisions: (laneCount).
  package func decide(
    _ plan: ExitPlan, at moments: UnsafePointer<ExitMoment>, into decisions: UnsafeMutablePointer<ExitDecision?>
  ) -> Int {
    var count = 0
    for lane in 0..<laneCount {
      guard columns[lane] > 0 else {
        decisions[lane] = nil
        continue
      }
      var state = self[lane]
      let decision = plan.decide(&state, at: moments[lane])
      // Only these four ever change at a question.
      columns[laneCount + lane] = state.working
      columns[3 * laneCount + lane] = state.peak
      columns[4 * laneCount + lane] = state.stop
      columns[6 * laneCount + lane] = Int(state.latched)
      decisions[lane] = decision
      if decision != nil { count += 1 }
    }
    return count
  }
}
