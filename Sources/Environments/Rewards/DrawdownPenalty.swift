// A reward term: what it costs the learner to stand below the episode's best.

/// `coefficient` times the dollars by which the value is below the episode's highest close, charged at every close: with 0.001, a
/// tenth of a cent a session for each dollar under water. It falls due as long as the drawdown lasts, so deep and long ones cost most.
package struct DrawdownPenalty: Sendable, Hashable, Codable {
  /// Dollars of penalty a bar for a dollar of drawdown; 0 is off.
  package var coefficient: Double

  package init(coefficient: Double = 0) { self.coefficient = coefficient }

  /// The penalty of a step in micro-dollars, rounded once, half to even. belowHighest: in micro-dollars, not negative.
  @inline(__always)
  package func microDollars(belowHighest: Int64) -> Int64 {
    Int64((coefficient * Double(belowHighest)).rounded(.toNearestOrEven))
  }
}
