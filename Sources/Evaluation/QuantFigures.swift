// What a report says beyond an account's own figures: cash, market, time and costs.

import Market

/// The greedy run over cash, against its market, over time and at doubled costs.
package struct QuantFigures: Sendable, Equatable {
  package var cash: CashRate
  /// The mean annual rate over the sessions.
  package var meanCashRate: Double
  /// What alpha and beta are against; nil where there is neither an index nor the baseline that buys and holds.
  package var market: MarketReference?
  /// Nil where a figure cannot be made of these sessions.
  package var alphaBeta: AlphaBeta?
  package var rollingSharpe: RollingSharpe?
  /// Nil where that world was not walked.
  package var doubledCosts: DoubledCosts?
  /// Nil where there was no gain to lose.
  package var fragility: Fragility?
  /// Whether trading is known to cost nothing.
  package var tradesAreFree: Bool
  /// What the number of tries leaves of the Sharpe ratio; nil where nobody counts them.
  package var deflated: DeflatedSharpe?

  init(_ records: EvaluationRecords, greedy: AccountReport, looks: WindowLooks?) {
    let returns = greedy.dailyReturns
    cash = records.cash
    tradesAreFree = records.tradesAreFree
    let rates = records.longest.datesBefore.map { records.cash.annual(at: $0) }
    // A mean of equal numbers may be off by its rounding.
    meanCashRate = records.cash.column == nil ? rates.first ?? 0 : ReturnStatistics.mean(rates) ?? 0
    market = records.market ?? records.buyAndHold
    // A market that was lost on the way is none.
    if let market, market.returns.count >= returns.count {
      alphaBeta = AlphaBeta(account: returns, reference: market.returns, cash: records.cashReturns)
    }
    rollingSharpe = RollingSharpe(
      returns: returns, excess: zip(returns, records.cashReturns).map(-), dates: greedy.sessions.dates)
    doubledCosts = records.doubledCosts
    fragility = records.fragility
    deflated = looks.flatMap { looks in
      DeflatedSharpe(
        ReturnStatistics.excess(returns, cash: records.cashReturns), trials: looks.trials,
        trialDeviation: DeflatedSharpe.trialDeviation(ofSharpes: looks.sharpes, sessions: returns.count))
    }
  }
}
