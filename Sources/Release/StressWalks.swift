// The greedy run in worse worlds, each the walk that is reported with one thing changed.

import Environments
import Evaluation
import Inference
private import Market
import Training

extension MarketEvaluation {
  /// What a stress makes of whoever decides.
  func stressed(
    _ stress: MarketStress, _ player: EvaluationRecords.Player, cash: CashRate
  ) throws(TrainingError) -> StressedAccount {
    func played(
      _ words: String, _ environment: any TradingEnvironment, isLate: Bool = false
    ) throws(TrainingError) -> StressedAccount {
      let own = player(environment)
      let decider = isLate ? StressedDecider(own, stress, environment: environment, seed: seed) : own
      return StressedAccount(
        stress, words,
        account: AccountReport(
          name: stress.rawValue, record: try walked(environment, by: decider), seed: seed, cash: cash))
    }
    if let walk = try factory.walk(window, under: stress) {
      return try played(walk.rules.map { "\($0.name) \($0.text)" }.joined(separator: "; "), walk.environment)
    }
    switch stress {
    case .costs: return StressedAccount(stress, "not played, since trading costs nothing", account: nil)
    case .spread: return StressedAccount(stress, "not played, since no spread is paid", account: nil)
    case .latency:
      return try played(
        "every decision is carried out one decision later, or not at all where it is not allowed then",
        try factory.walk(window), isLate: true)
    case .fills:
      return try played("what is ordered goes unfilled with a chance of a half", try factory.walk(window), isLate: true)
    case .gaps:
      return try played(
        "in a twentieth of the bars nothing arrives and nothing is decided", try factory.walk(window), isLate: true)
    case .halfDays:
      guard factory.market?.tape.width == .minute else {
        return StressedAccount(stress, "not played, since a bar is a whole session", account: nil)
      }
      return try played(
        "nothing is decided from 13:00 on", try factory.walk(window), isLate: true)
    case .volatility:
      guard let wilder = try factory.moved(by: MarketStress.factor) else {
        return StressedAccount(stress, "not played, since recorded quotes say nothing of other prices", account: nil)
      }
      return try played(
        "prices move twice as far around their growth, and the index that quotes are made of is twice as high",
        try wilder.walk(window))
    }
  }
}
