// What a learner is paid besides profit and loss: the list of all reward terms.

import Trading

/// The reward of a step is its exact change of net liquidation value, less these penalties. They are a learning signal and not money: the
/// account, its statistics and every baseline are untouched by them. All are off by default, and then the reward is the change of value to the
/// bit.
///
/// A term is one file of this folder, one field here and one in `StepBreakdown`.
package struct RewardTerms: Sendable, Hashable, Codable {
  package var turnover: TurnoverPenalty
  package var drawdown: DrawdownPenalty

  package init(turnover: TurnoverPenalty = TurnoverPenalty(), drawdown: DrawdownPenalty = DrawdownPenalty()) {
    self.turnover = turnover
    self.drawdown = drawdown
  }

  /// Whether any term takes anything.
  package var isActive: Bool { turnover.coefficient != 0 || drawdown.coefficient != 0 }

  /// The largest coefficient that may be set.
  static let largestCoefficient = 10.0

  /// Itemises the penalties of a step, in micro-dollars.
  ///
  /// traded: notional of the step's fills. belowHighest: how far the value at the step's close is below the episode's highest.
  @inline(__always)
  func itemise(traded: Int64, belowHighest: Int64, into breakdown: inout StepBreakdown) {
    breakdown.turnoverPenalty = turnover.microDollars(traded: traded)
    breakdown.drawdownPenalty = drawdown.microDollars(belowHighest: belowHighest)
  }
}
