// What trading costs, by kind.

/// A kind of cost. IV crush is none: it is a loss of the position, and stands in its profit.
package enum CostKind: Int, Sendable, CaseIterable {
  /// From the middle of the quote to the price, so far as the touch explains it; negative for a fill on the own side of the middle.
  case halfSpread
  /// Beyond the touch, because of the order's size.
  case impact
  /// What a passive fill gives away because it was filled at all; beside the price, which is that of the limit.
  case adverseSelection
  case commission
  case clearing
  case regulatory
  /// Fees on sales alone.
  case saleFees
  /// What a setting gives back of the half-spreads of an order of many legs, beside their prices: negative or zero.
  case legDiscount

  /// In a sentence or a table.
  package var words: String {
    switch self {
    case .halfSpread: "half-spread"
    case .impact: "impact"
    case .adverseSelection: "adverse selection"
    case .commission: "commission"
    case .clearing: "clearing"
    case .regulatory: "regulatory fees"
    case .saleFees: "fees on sales"
    case .legDiscount: "leg discount"
    }
  }

  /// Whether it lies in the price of the fill: the others are paid, or given back, beside it.
  package var isInPrice: Bool { self == .halfSpread || self == .impact }
}

/// Costs in micro-dollars by kind, positive where they are paid.
package struct Costs: Sendable, Hashable {
  /// By `CostKind.rawValue`.
  @usableFromInline var amounts: SIMD8<Int64>

  @inlinable
  package init() { amounts = SIMD8(repeating: 0) }

  @inlinable
  package subscript(kind: CostKind) -> Int64 {
    get { amounts[kind.rawValue] }
    set { amounts[kind.rawValue] = newValue }
  }

  @inlinable
  package var total: Int64 { amounts.wrappedSum() }

  /// Those that lie in the price.
  @inlinable
  package var inPrice: Int64 { self[.halfSpread] + self[.impact] }

  /// Those that are paid beside the price.
  @inlinable
  package var besidePrice: Int64 { total - inPrice }

  @inlinable
  package static func += (left: inout Costs, right: Costs) { left.amounts &+= right.amounts }

  @inlinable
  package static func -= (left: inout Costs, right: Costs) { left.amounts &-= right.amounts }
}
