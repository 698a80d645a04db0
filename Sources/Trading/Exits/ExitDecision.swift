// What a plan wants done in a minute, and why.

/// Why a position is left, in order of precedence.
package enum ExitReason: String, Sendable, CaseIterable {
  case stopLoss = "option_stop_loss"
  /// Nothing is held through the last minutes of a contract.
  case expiry = "expiry"
  case timeDecay = "theta_decay_risk"
  case scaleOut = "scale_out"
  case trailingStop = "trailing_stop"
  case profitTarget = "option_profit_target"
  case underlyingTarget = "underlying_target"
  /// Exchanged for a later contract, not left.
  case roll = "roll"
}

/// One order that a plan asks for: at the market, so that a level is a trigger and the price is the quote that the order meets.
package struct ExitDecision: Sendable, Hashable {
  package var reason: ExitReason
  /// Packages to close, above 0.
  package var quantity: Int
  /// The value that was crossed, in ten-thousandths of a dollar a package; of several rungs the farthest, of time the last quote.
  package var level: Int
  /// The value at the decision; `ExitMoment.unquoted` where none was quoted.
  package var value: Int

  @inlinable
  package init(reason: ExitReason, quantity: Int, level: Int, value: Int) {
    self.reason = reason
    self.quantity = quantity
    self.level = level
    self.value = value
  }
}
