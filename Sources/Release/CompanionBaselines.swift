// Who must be beaten beside rules of the game that is played: other games, over the same bars, at the same costs.

import Environments
import Evaluation
import Inference
import Market
import Training

extension RunEvaluator {
  /// The accounts of their rules over so many bars; none where the game has no companions.
  static func companions(
    _ factory: EnvironmentFactory, bars: Range<Int>, seed: UInt64, cash: CashRate
  ) throws(TrainingError) -> [AccountReport] {
    var accounts: [AccountReport] = []
    for (play, environment) in try factory.companionWalks(bars) {
      for rule in play.rules {
        let record = try TrainingError.deciding { () throws(DecisionError) in
          try Backtest.run(
            environment, decider: ActionRuleDecider(rule, play, for: environment), seed: seed, keeps: .account)
        }
        accounts.append(AccountReport(name: rule.name, record: record, seed: seed, cash: cash))
      }
    }
    return accounts
  }

  /// Of which of them nothing was ever filled, in a sentence: they stand at nothing because they could not trade.
  static func idleCompanions(_ baselines: [AccountReport]) -> [String] {
    let idle = baselines.filter { $0.name != ActionRule.flatName && $0.fillCount == 0 }.map(\.name)
    return idle.isEmpty
      ? []
      : [
        "Never traded, since no quote, limit, cash or margin let them: \(idle.joined(separator: ", "))."
      ]
  }

  /// What the surfaces of made-up quotes themselves handed out in days of a report, and of which it is not known.
  static func handouts(
    _ market: AdmittedMarket, in days: ClosedRange<CalendarDate>, seed: UInt64
  ) -> (found: [SurfaceHandout], notes: [String]) {
    var (found, notes): ([SurfaceHandout], [String]) = ([], [])
    for (history, law) in market.surfaces {
      if let study = try? PremiumStudy(history), let handout = SurfaceHandout(study, law, in: days, seed: seed) {
        found.append(handout)
      } else {
        notes.append(
          "What the surface of \(history.symbol) itself handed out from \(days.lowerBound) to \(days.upperBound) is not known: too few options "
            + "of one day can be priced of its closes.")
      }
    }
    return (found, notes)
  }
}
