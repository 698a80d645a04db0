// What a session remembers from one decision to the next.

import Kernels

/// One LSTM's memory, double-buffered: a step writes `next`, which becomes current only when the decision is sound.
final class SessionMemory {
  let count: Int
  private let storage: FloatStorage
  private(set) var hidden: UnsafeMutablePointer<Float>
  private(set) var cell: UnsafeMutablePointer<Float>
  private(set) var nextHidden: UnsafeMutablePointer<Float>
  private(set) var nextCell: UnsafeMutablePointer<Float>

  init(count: Int) {
    self.count = count
    storage = FloatStorage(count: 4 * count)
    storage.fill(0)
    hidden = storage.base
    cell = storage.base + count
    nextHidden = storage.base + 2 * count
    nextCell = storage.base + 3 * count
  }

  func commit() {
    swap(&hidden, &nextHidden)
    swap(&cell, &nextCell)
  }

  var copy: RecurrentState {
    RecurrentState(
      hidden: Array(UnsafeBufferPointer(start: hidden, count: count)),
      cell: Array(UnsafeBufferPointer(start: cell, count: count)))
  }

  /// Shares a state out over memories, one after the other. Traps if it is not of their length.
  static func assign(_ state: RecurrentState, to memories: [SessionMemory]) {
    let units = memories.reduce(0) { $0 + $1.count }
    precondition(state.hidden.count == units, "a state of \(state.hidden.count) units for a memory of \(units)")
    var first = 0
    for memory in memories {
      for unit in 0..<memory.count {
        memory.hidden[unit] = state.hidden[first + unit]
        memory.cell[unit] = state.cell[first + unit]
      }
      first += memory.count
    }
  }
}
