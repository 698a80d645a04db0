// How many contracts: the least that any rule allows, and which rule that was.

/// Why a position is not larger, in the order in which rules are asked.
package enum SizeRule: String, Sendable, CaseIterable {
  /// Something that sizes need is not known: nothing is bought.
  case unknown
  /// The fixed share of the account's tier.
  case tier = "account_tier"
  case kelly
  /// The most that Kelly may say.
  case kellyCap = "kelly_cap"
  /// The share of a tier whose trades say too little.
  case fallback = "kelly_fallback"
  /// The share at this height of volatility.
  case riskLevel = "risk_level"
  case averageRange = "average_true_range"
  case stopRisk = "stop_risk"
  case delta, gamma, theta, vega
  case cash
  case largest = "largest_order"

  package var words: String {
    switch self {
    case .unknown: "something unknown"
    case .tier: "the tier's share of the account"
    case .kelly: "Kelly"
    case .kellyCap: "the cap on Kelly"
    case .fallback: "the share without statistics"
    case .riskLevel: "the share at this volatility"
    case .averageRange: "the average true range"
    case .stopRisk: "the loss at the stop"
    case .delta: "delta"
    case .gamma: "gamma"
    case .theta: "theta"
    case .vega: "vega"
    case .cash: "cash"
    case .largest: "the largest order"
    }
  }
}

/// Contracts, and the rule that binds. Rules compose by the least; of two that allow the same the first in the order of `SizeRule` that was asked is named.
/// Zero is a size.
package struct PositionSize: Sendable, Hashable {
  package private(set) var contracts: Int
  package private(set) var binding: SizeRule

  /// Before any rule is asked: as many as one order may have.
  @inlinable
  package init() {
    contracts = Order.mostQuantity
    binding = .largest
  }

  /// Nothing, because of a rule.
  package static func none(by rule: SizeRule) -> PositionSize {
    var size = PositionSize()
    size.limit(to: 0, by: rule)
    return size
  }

  /// A further rule that allows so many.
  package mutating func limit(to contracts: Int, by rule: SizeRule) {
    let allowed = max(0, contracts)
    guard allowed < self.contracts || (allowed == self.contracts && binding == .largest) else { return }
    self.contracts = allowed
    binding = rule
  }

  package static func least(_ sizes: PositionSize...) -> PositionSize {
    sizes.reduce(PositionSize()) { least, size in
      var least = least
      least.limit(to: size.contracts, by: size.binding)
      return least
    }
  }

  /// How often `each` goes into an amount; nil where one of them is not known. Rounded down, after the last bits of fractions are forgiven: 0.2 of 1,000 pays
  /// for one of 200, whatever binary says of 0.2.
  package static func whole(_ amount: Double, over each: Double) -> Int? {
    guard amount.isFinite, each.isFinite, each > 0 else { return nil }
    guard amount > 0 else { return 0 }
    let ratio = (amount / each) * (1 + 1e-12)
    return ratio < Double(Order.mostQuantity) ? Int(ratio) : Order.mostQuantity
  }
}

/// What a limit leaves: the most contracts that a sum of a Greek has room for.
package struct GreekHeadroom: Sendable, Hashable {
  /// The most that the sum may be, either way; not below 0.
  package var limit: Double
  /// The sum of what is held, signed.
  package var current: Double
  /// What one contract adds, signed, in the same unit.
  package var each: Double

  package init(limit: Double, current: Double, each: Double) {
    self.limit = limit
    self.current = current
    self.each = each
  }

  /// The largest whole n with |current + n x each| <= limit, or that only brings the sum nearer to 0 where it is above the limit already; 0 where even one is
  /// too many, nil where something is not known.
  package var contracts: Int? {
    guard limit >= 0, limit.isFinite, current.isFinite, each.isFinite else { return nil }
    guard each != 0 else { return Order.mostQuantity }
    // Toward the side on which one more adds, that is the way left; a sum beyond the other side is a longer way.
    let most = PositionSize.whole(limit - (each > 0 ? current : -current), over: abs(each))
    // A limit is hard: here no last bit is forgiven.
    let side: Double = each > 0 ? 1 : -1
    return most.map { $0 > 0 && side * (current + Double($0) * each) > limit ? $0 - 1 : $0 }
  }
}
