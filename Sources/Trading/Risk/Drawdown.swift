// How far an account may fall below its best before it may do less.

/// What the account's fall below its highest closing value permits. Raw values are those that reports show.
package enum RiskTier: Int, Sendable, Comparable, CaseIterable {
  case none = 0
  /// Recorded, nothing forbidden.
  case warn = 1
  /// No action may leave more than one symbol newly held.
  case reduce = 2
  /// Nothing may be opened until the episode ends.
  case halt = 3

  package static func < (left: RiskTier, right: RiskTier) -> Bool { left.rawValue < right.rawValue }
}

/// Falls, as fractions of the highest closing value since the episode began, at which each tier begins. A fall of exactly the
/// fraction belongs to the tier.
package struct DrawdownTiers: Sendable, Hashable, Codable {
  package var warn: Double
  package var reduce: Double
  package var halt: Double

  package init(warn: Double, reduce: Double, halt: Double) {
    self.warn = warn
    self.reduce = reduce
    self.halt = halt
  }

  /// The profile `daily`: 20, 30 and 40 percent.
  package static let daily = DrawdownTiers(warn: 0.2, reduce: 0.3, halt: 0.4)

  /// The tier at a close. `highest` is the highest closing value since the episode began, this close included. Warn and reduce end
  /// when the value has recovered; halt lasts.
  package func tier(value: Int64, highest: Int64, before: RiskTier) -> RiskTier {
    if before == .halt { return .halt }
    let best = Double(highest)
    let current = Double(value)
    if current <= best * (1 - halt) { return .halt }
    if current <= best * (1 - reduce) { return .reduce }
    return current <= best * (1 - warn) ? .warn : .none
  }
}
