// Short words for the legs of margin tests.

import Market
import Trading

/// Options and shares by dollars. Lapse 1 is the first expiry.
enum Legs {
  static func call(_ strike: Double, _ quantity: Int, ask: Double = 0, lapse: Int = 1) -> MarginLeg {
    option(.call, strike, quantity, ask, lapse)
  }

  static func put(_ strike: Double, _ quantity: Int, ask: Double = 0, lapse: Int = 1) -> MarginLeg {
    option(.put, strike, quantity, ask, lapse)
  }

  static func shares(_ quantity: Int) -> MarginLeg { MarginLeg(shares: quantity) }

  private static func option(_ kind: MarginLeg.Kind, _ strike: Double, _ quantity: Int, _ ask: Double, _ lapse: Int)
    -> MarginLeg
  {
    MarginLeg(kind: kind, strike: ticks(strike), lapse: lapse, quantity: quantity, ask: ticks(ask))
  }

  static func ticks(_ dollars: Double) -> Int { Int((dollars * Double(TickRule.perDollar)).rounded()) }
}

extension MarginMatch {
  init(
    _ legs: [MarginLeg], spot: Double?, isBroadIndex: Bool = false, admitsUncovered: Bool = true
  ) throws(MarginError) {
    try self.init(
      of: legs, underlyingPrice: spot.map(Legs.ticks), isBroadIndex: isBroadIndex,
      rules: MarginRules(admitsUncovered: admitsUncovered))
  }

  var grossDollars: Double { Double(requirement.gross) * 1e-6 }
}
