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

/// Costs in micro-dollars by kind, positive where they are paid: eight numbers, which a pass over lanes keeps in registers.
package struct Costs: Sendable, Hashable {
  package var halfSpread: Int64 = 0
  package var impact: Int64 = 0
  package var adverseSelection: Int64 = 0
  package var commission: Int64 = 0
  package var clearing: Int64 = 0
  package var regulatory: Int64 = 0
  package var saleFees: Int64 = 0
  package var legDiscount: Int64 = 0

  @inlinable @inline(__always)
  package init() {}

  /// The same by their kind.
  @inlinable
  package subscript(kind: CostKind) -> Int64 {
    get {
      switch kind {
      case .halfSpread: halfSpread
      case .impact: impact
      case .adverseSelection: adverseSelection
      case .commission: commission
      case .clearing: clearing
      case .regulatory: regulatory
      case .saleFees: saleFees
      case .legDiscount: legDiscount
      }
    }
    set {
      switch kind {
      case .halfSpread: halfSpread = newValue
      case .impact: impact = newValue
      case .adverseSelection: adverseSelection = newValue
      case .commission: commission = newValue
      case .clearing: clearing = newValue
      case .regulatory: regulatory = newValue
      case .saleFees: saleFees = newValue
      case .legDiscount: legDiscount = newValue
      }
    }
  }

  @inlinable
  package var total: Int64 { inPrice &+ besidePrice }

  /// Those that lie in the price.
  @inlinable @inline(__always)
  package var inPrice: Int64 { halfSpread &+ impact }

  /// Those that are paid beside the price.
  @inlinable @inline(__always)
  package var besidePrice: Int64 {
    adverseSelection &+ commission &+ clearing &+ regulatory &+ saleFees &+ legDiscount
  }

  @inlinable @inline(__always)
  package static func += (left: inout Costs, right: Costs) {
    left.halfSpread &+= right.halfSpread
    left.impact &+= right.impact
    left.adverseSelection &+= right.adverseSelection
    left.commission &+= right.commission
    left.clearing &+= right.clearing
    left.regulatory &+= right.regulatory
    left.saleFees &+= right.saleFees
    left.legDiscount &+= right.legDiscount
  }

  @inlinable
  package static func -= (left: inout Costs, right: Costs) {
    left.halfSpread &-= right.halfSpread
    left.impact &-= right.impact
    left.adverseSelection &-= right.adverseSelection
    left.commission &-= right.commission
    left.clearing &-= right.clearing
    left.regulatory &-= right.regulatory
    left.saleFees &-= right.saleFees
    left.legDiscount &-= right.legDiscount
  }
}
