// What a decision asks for, before any price is known.

/// An order of one unit of one symbol, sized at the decision and filled at the next open.
package struct OrderIntent: Sendable, Equatable {
  package enum Effect: Sendable, Equatable {
    /// Begins or adds to a position, and so needs cash or margin.
    case opens
    /// Gives back one held unit, and so lowers the exposure.
    case closes
  }

  /// Index of the symbol in the tape.
  package var symbol: Int
  /// +1 buy, -1 sell.
  package var side: Int
  /// Adjusted shares, positive, fractional.
  package var shares: Double
  package var effect: Effect

  @inlinable
  package init(symbol: Int, side: Int, shares: Double, effect: Effect) {
    self.symbol = symbol
    self.side = side
    self.shares = shares
    self.effect = effect
  }
}
