// What an account earned symbol by symbol, where each decision is about one of them.

package import Environments
import Market
import Trading

/// One symbol's part of a walk: an account of its own, whose money is itemised.
package struct SymbolAccount: Sendable, Equatable {
  package var symbol: String
  /// Where the value went. Its total is what the symbol's account gained.
  package var breakdown: StepBreakdown
  /// Sessions of the symbol, and those of them in which something was traded.
  package var sessions: Int
  package var tradedSessions: Int
  package var trades: Int
  package var wins: Int
  /// Dollars bought plus dollars sold.
  package var tradedDollars: Double
  package var costDollars: Double
  /// Mean net gain of a closed trade, dollars, with its 95 % interval; nil below one, and below two, trades.
  package var expectancyDollars: Double?
  package var expectancyInterval: Interval?

  package var winRate: Double? { trades == 0 ? nil : Double(wins) / Double(trades) }
  /// As of independent trades.
  package var winRateStandardError: Double? { winRate.map { ($0 * (1 - $0) / Double(trades)).squareRoot() } }
  package var profitDollars: Double { PerformanceMetrics.dollars(breakdown.change.total) }

  /// The bootstraps of symbols draw from lanes of their own.
  private static let firstLane: UInt32 = 2000

  /// Empty where decisions are about all symbols. Traps where the parts are not the whole: then an amount was booked nowhere, or twice.
  static func all(_ record: BacktestRecord, symbols: [String], seed: UInt64) -> [SymbolAccount] {
    guard !record.symbolBreakdowns.isEmpty else { return [] }
    let log = TradeLog(record.fills)
    let number = record.sessionOfBar
    let accounts = symbols.indices.map { symbol in
      let fills = record.fills.filter { $0.symbol == symbol }
      let closed = log.closed.filter { $0.symbol == symbol }
      let nets = closed.map { PerformanceMetrics.dollars($0.netMicroDollars) }
      var sessions: Set<Int32> = []
      for (step, one) in record.symbolsInPlay.enumerated() where one == symbol {
        sessions.insert(record.decisionDates[step].daysSinceEpoch)
      }
      return SymbolAccount(
        symbol: symbols[symbol], breakdown: record.symbolBreakdowns[symbol], sessions: sessions.count,
        tradedSessions: Set(fills.map { number($0.bar) }).count, trades: nets.count, wins: nets.count { $0 > 0 },
        tradedDollars: PerformanceMetrics.traded(fills),
        costDollars: PerformanceMetrics.dollars(
          fills.reduce(0) {
            $0 + $1.halfSpreadCostMicroDollars + $1.impactCostMicroDollars + $1.commissionMicroDollars
          }),
        expectancyDollars: ReturnStatistics.mean(nets),
        expectancyInterval: Bootstrap.mean(nets, seed: seed, lane: firstLane + UInt32(symbol)))
    }
    if let last = record.accounts.last {
      let gained = last.netLiquidationMicroDollars - record.initialAccount.netLiquidationMicroDollars
      let parts = accounts.reduce(0) { $0 + $1.breakdown.change.total }
      precondition(parts == gained, "the items of \(parts) micro-dollars are not the account's \(gained)")
    }
    return accounts
  }
}
