// Would it have made money: one account's window in numbers.

package import Trading

/// Everything a report says about one account over one window. Fractions are of 1, money is in dollars, nil is undefined.
package struct PerformanceMetrics: Sendable, Equatable {
  /// What the losing trades leave of the winning ones.
  package enum ProfitFactor: Sendable, Equatable {
    /// No closed trade won or lost anything.
    case undefined
    /// So many winning trades and no losing one: no number, because one would be infinite.
    case noLosses(wins: Int)
    /// Sum of wins over the magnitude of the sum of losses.
    case ratio(Double)
  }

  /// Daily returns in the window, T.
  package var sessions: Int
  package var initialDollars: Double
  package var finalDollars: Double
  package var totalReturn: Double?
  package var annualReturn: Double?
  package var annualVolatility: Double?
  package var sharpe: Double?
  /// Annual, like the ratio itself.
  package var sharpeStandardError: Double?
  package var sortino: Double?
  package var maximumDrawdown: ReturnStatistics.Drawdown?
  /// Annual return over the magnitude of the maximum drawdown; nil where the value never fell.
  package var calmar: Double?
  /// Dollars bought plus dollars sold.
  package var tradedDollars: Double
  /// Traded dollars over the mean closing value of the account; per year: x 252 / T.
  package var turnover: Double?
  package var turnoverPerYear: Double?
  /// Half-spread, impact and commissions of all fills.
  package var costDollars: Double
  /// Net gain plus those costs. The spread that a position still open at the end has yet to pay counts as loss, not as cost.
  package var grossDollars: Double
  /// Costs over the gross gain; nil where that is not positive, because then there was no gain for the costs to take a share of.
  package var costShare: Double?
  /// Bars that ended with a position, over all bars.
  package var timeInPosition: Double?
  /// Closed round trips, those that ended at exactly zero included.
  package var tradeCount: Int
  /// Positions that the end of the window left open; in no statistic of closed trades.
  package var openPositionCount: Int
  package var winCount: Int
  /// Closed round trips with a net gain over all closed ones. A rate of trades, not of days.
  package var winRate: Double?
  /// Of that rate, as of independent trades: sqrt(p (1 - p) / n).
  package var winRateStandardError: Double? { winRate.map { ($0 * (1 - $0) / Double(tradeCount)).squareRoot() } }
  package var profitFactor: ProfitFactor
  /// Mean net gain of a closed round trip in dollars, and its 95 % bootstrap interval (nil below two trades).
  package var expectancyDollars: Double?
  package var expectancyInterval: Interval?
  /// From the session of a trade's first fill to that of its last: 0 within one.
  package var medianHoldingSessions: Double?

  /// The metrics of one account.
  ///
  /// `closes`: the net liquidation value at each session's close of the window, dollars, after `initial`; `heldPosition`: whether the account
  /// held anything at each bar's close. Traps where there are fewer bars than sessions. `seed`: of the bootstrap. `cashReturns`: what cash earned in those sessions
  /// (and later ones, where there are more), over which the ratios of Sharpe and Sortino are counted; none for zero. `sessionOfBar`: the number of a bar's
  /// session.
  package init(
    initial: Double, closes: [Double], heldPosition: [Bool], fills: [Fill], seed: UInt64, cashReturns: [Double] = [],
    sessionOfBar: (Int) -> Int = { $0 }
  ) {
    precondition(
      closes.count <= heldPosition.count, "\(closes.count) closing values for \(heldPosition.count) position flags")
    let returns = ReturnStatistics.dailyReturns(initial: initial, closes: closes)
    precondition(
      cashReturns.isEmpty || cashReturns.count >= returns.count,
      "\(returns.count) sessions and what cash earned in \(cashReturns.count)")
    let excess = cashReturns.isEmpty ? returns : zip(returns, cashReturns).map(-)
    sessions = returns.count
    initialDollars = initial
    finalDollars = closes.last ?? initial
    totalReturn = closes.last.map { $0 / initial - 1 }
    annualReturn = ReturnStatistics.annualReturn(returns)
    annualVolatility = ReturnStatistics.annualVolatility(returns)
    let ratio = ReturnStatistics.sharpe(returns, excess: excess)
    sharpe = ratio
    sharpeStandardError = ratio.flatMap {
      ReturnStatistics.sharpeStandardError(annualSharpe: $0, sessions: returns.count)
    }
    // What never moved lost nothing of its own: cash alone would make the ratio.
    let moves = (ReturnStatistics.standardDeviation(returns) ?? 0) > ReturnStatistics.negligibleDeviation
    sortino = moves || excess == returns ? ReturnStatistics.sortino(excess) : nil
    maximumDrawdown = ReturnStatistics.maximumDrawdown(initial: initial, closes: closes)
    if let depth = maximumDrawdown?.depth, depth < 0, let annualReturn {
      calmar = annualReturn / -depth
    } else {
      calmar = nil
    }

    tradedDollars = PerformanceMetrics.traded(fills)
    turnover = PerformanceMetrics.turnover(tradedDollars, closes: closes)
    turnoverPerYear = turnover.map { $0 * ReturnStatistics.sessionsPerYear / Double(closes.count) }
    costDollars = PerformanceMetrics.dollars(
      fills.reduce(0) {
        $0 + $1.halfSpreadCostMicroDollars + $1.impactCostMicroDollars + $1.commissionMicroDollars
      })
    grossDollars = finalDollars - initial + costDollars
    costShare = grossDollars > 0 ? costDollars / grossDollars : nil
    timeInPosition =
      heldPosition.isEmpty ? nil : Double(heldPosition.count(where: { $0 })) / Double(heldPosition.count)

    let log = TradeLog(fills)
    let nets = log.closed.map { PerformanceMetrics.dollars($0.netMicroDollars) }
    tradeCount = nets.count
    openPositionCount = log.open.count
    winCount = nets.count(where: { $0 > 0 })
    winRate = nets.isEmpty ? nil : Double(winCount) / Double(nets.count)
    let gains = nets.filter { $0 > 0 }.reduce(0, +)
    let losses = nets.filter { $0 < 0 }.reduce(0, +)
    if losses < 0 {
      profitFactor = .ratio(gains / -losses)
    } else {
      profitFactor = gains > 0 ? .noLosses(wins: winCount) : .undefined
    }
    expectancyDollars = ReturnStatistics.mean(nets)
    expectancyInterval = Bootstrap.mean(nets, seed: seed, lane: PerformanceMetrics.expectancyLane)
    let holding = log.closed.map { Double(sessionOfBar($0.exitBar) - sessionOfBar($0.entryBar)) }.sorted()
    medianHoldingSessions = holding.isEmpty ? nil : Bootstrap.quantile(holding, 0.5)
  }

  /// Its own stream, so that further intervals never move this one.
  static let expectancyLane: UInt32 = 1

  /// Dollars bought plus dollars sold.
  static func traded(_ fills: [Fill]) -> Double { dollars(fills.reduce(0) { $0 + $1.notionalMicroDollars }) }

  /// Traded dollars over the mean close; nil where that is not positive.
  static func turnover(_ tradedDollars: Double, closes: [Double]) -> Double? {
    guard let mean = ReturnStatistics.mean(closes), mean > 0 else { return nil }
    return tradedDollars / mean
  }

  package static func dollars(_ microDollars: Int64) -> Double { Double(microDollars) * 1e-6 }

  /// Where the true Sharpe ratio lies in 95 of 100 cases, by its standard error; nil where the ratio is undefined.
  var sharpeInterval: (lower: Double, upper: Double)? {
    guard let sharpe, let sharpeStandardError else { return nil }
    let halfWidth = ReturnStatistics.standardErrorsOf95Percent * sharpeStandardError
    return (sharpe - halfWidth, sharpe + halfWidth)
  }
}
