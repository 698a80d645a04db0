// A reward term: what trading costs the learner beyond what it costs the account.

/// `coefficient` times the dollars that a step's fills moved, buys and sales alike: with 0.001, ten basis points of every dollar traded.
package struct TurnoverPenalty: Sendable, Hashable, Codable {
  /// Dollars of penalty for a dollar traded; 0 is off.
  package var coefficient: Double

  package init(coefficient: Double = 0) { self.coefficient = coefficient }

  /// The penalty of a step in micro-dollars, rounded once, half to even. traded: notional in micro-dollars, not negative.
  @inline(__always)
  package func microDollars(traded: Int64) -> Int64 {
    Int64((coefficient * Double(traded)).rounded(.toNearestOrEven))
  }
}
