// Where a step's change of value came from.

/// A change of net liquidation value, itemised in micro-dollars. Costs are positive. `total` is the change, exactly.
package struct ValueChange: Sendable, Equatable {
  /// What the positions gained at mid: from close to open with the old shares, from open to close with the new ones.
  package var priceProfit: Int64
  package var halfSpreadCost: Int64
  package var impactCost: Int64
  package var commission: Int64
  /// Change of the distance between mid and the liquidation side: negative when a position is opened, positive when it is closed.
  package var markChange: Int64

  @inlinable
  package init(
    priceProfit: Int64 = 0, halfSpreadCost: Int64 = 0, impactCost: Int64 = 0, commission: Int64 = 0,
    markChange: Int64 = 0
  ) {
    self.priceProfit = priceProfit
    self.halfSpreadCost = halfSpreadCost
    self.impactCost = impactCost
    self.commission = commission
    self.markChange = markChange
  }

  @inlinable
  package var total: Int64 { priceProfit - halfSpreadCost - impactCost - commission + markChange }

  @inlinable
  package static func += (left: inout ValueChange, right: ValueChange) {
    left.priceProfit += right.priceProfit
    left.halfSpreadCost += right.halfSpreadCost
    left.impactCost += right.impactCost
    left.commission += right.commission
    left.markChange += right.markChange
  }
}
