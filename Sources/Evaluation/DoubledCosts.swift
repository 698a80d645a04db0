// The same policy where trading costs twice as much: whether a result hangs on the guess of what trading costs.

package import Environments
package import Inference

/// What became of the greedy account in a world of such costs, in which the policy decides anew.
package struct DoubledCosts: Sendable, Equatable {
  package static let factor = 2.0

  /// The rules of that world that differ.
  package var rules: [RuleLine]
  package var account: AccountReport

  /// A figure whose sign the costs decide: positive at the usual ones and not at twice as much.
  package struct Flip: Sendable, Equatable {
    package var name: String
    package var usual: Double
    package var doubled: Double
    /// Fractions that are shown as percentages.
    package var isFraction: Bool
  }

  /// player: makes whoever decides. environment: the window's walk at those costs. Throws where nobody can decide.
  package init(
    player: EvaluationRecords.Player, environment: any TradingEnvironment, rules: [RuleLine], seed: UInt64,
    cash: CashRate
  ) throws(DecisionError) {
    self.init(
      rules: rules,
      record: try Backtest.run(environment, decider: player(environment), seed: seed, keeps: .account), seed: seed,
      cash: cash)
  }

  init(rules: [RuleLine], record: BacktestRecord, seed: UInt64, cash: CashRate = .zero) {
    self.rules = rules
    account = AccountReport(name: "doubled", record: record, seed: seed, cash: cash)
  }

  /// The figures that change sign, from gain to loss or back, against the account at the usual costs.
  package func flips(from usual: AccountReport) -> [Flip] {
    let figures: [(String, Double?, Double?, Bool)] = [
      ("total return", usual.metrics.totalReturn, account.metrics.totalReturn, true),
      ("Sharpe ratio", usual.metrics.sharpe, account.metrics.sharpe, false),
      ("mean of a closed trade", usual.metrics.expectancyDollars, account.metrics.expectancyDollars, false),
    ]
    return figures.compactMap { name, before, after, isFraction in
      guard let before, let after, (before > 0) != (after > 0), before != 0 else { return nil }
      return Flip(name: name, usual: before, doubled: after, isFraction: isFraction)
    }
  }
}

/// Whether a gain is left where trading costs half as much again, in which world the policy decides anew.
package struct Fragility: Sendable, Equatable {
  package static let factor = MarketStress.costFactor
  /// What stands behind the verdict of a fragile gain.
  package static let qualification = "fragile at 1.5 times the costs"

  /// Total returns, fractions.
  package var usual: Double
  package var costlier: Double

  package var isFragile: Bool { usual > 0 && costlier <= 0 }

  /// What must be read first; nil where the gain stands.
  package var sentence: String? {
    guard isFragile else { return nil }
    func text(_ value: Double) -> String { ReportText.signedPercent(value, decimals: 2) }
    return
      "FRAGILE: at 1.5 times the costs, where the policy decides anew, the total return turns from \(text(usual)) to \(text(costlier))."
  }

  package init(usual: Double, costlier: Double) {
    (self.usual, self.costlier) = (usual, costlier)
  }
}
