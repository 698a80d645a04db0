// What a learner is paid besides profit and loss: the list of all reward terms.

/// The reward of a step is its exact change of net liquidation value, less these penalties. They are a learning signal and not money: the
/// account, its statistics and every baseline are untouched by them. All are off by default, and then the reward is the change of value to the
/// bit.
///
/// A term is one file of this folder, one field here and one in `Penalties`.
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

  /// The penalties of a step.
  ///
  /// traded: notional of the step's fills. belowHighest: how far the value at the step's close is below the episode's highest.
  @inline(__always)
  func penalties(traded: Int64, belowHighest: Int64) -> Penalties {
    Penalties(
      turnover: turnover.microDollars(traded: traded), drawdown: drawdown.microDollars(belowHighest: belowHighest))
  }
}
