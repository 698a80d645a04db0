// What a recurrent policy remembers between two decisions.

/// The memory of an LSTM: hidden and cell, (H) each; both empty for a policy without memory.
public struct RecurrentState: Hashable, Sendable {
  /// (H) the output of the cell.
  public var hidden: [Float]
  /// (H) the content of the cell.
  public var cell: [Float]

  /// A state from its parts. Traps if their lengths differ.
  public init(hidden: [Float], cell: [Float]) {
    precondition(hidden.count == cell.count, "a hidden state of \(hidden.count) units, a cell of \(cell.count)")
    self.hidden = hidden
    self.cell = cell
  }

  /// The state at an episode's start: all zero.
  public init(zeroUnits count: Int) {
    self.init(hidden: [Float](repeating: 0, count: count), cell: [Float](repeating: 0, count: count))
  }

  /// Several states, one after the other.
  init(joining states: [RecurrentState]) {
    self.init(hidden: states.flatMap(\.hidden), cell: states.flatMap(\.cell))
  }
}
