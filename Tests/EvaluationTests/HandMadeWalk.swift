// A walk of given closes and fills, for figures worked by hand.

import Environments
import Market
import Trading

@testable import Evaluation

enum HandMadeWalk {
  static let firstDecision = CalendarDate(daysSinceEpoch: 15_000)  // 2011-01-26

  /// Sessions on consecutive days after 2011-01-26; the fill of bar 1 stands at the first. Nothing but `cash` is cash, all of it where it is not given.
  static func make(
    initial: Double = 1000, closes: [Double], fills: [Fill] = [], cash: [Double]? = nil, isLost: Bool = false
  ) -> BacktestRecord {
    func view(_ bar: Int, _ value: Double, _ cash: Double) -> AccountView {
      AccountView(
        bar: bar, netLiquidationMicroDollars: Int64((value * 1e6).rounded()),
        cashMicroDollars: Int64((cash * 1e6).rounded()), shares: [value == cash ? 0 : 1],
        units: [value == cash ? 0 : 1], riskTier: 0)
    }
    var record = BacktestRecord(initialAccount: view(0, initial, initial), observationColumns: 0)
    record.grossAtClose = [0]
    for (session, close) in closes.enumerated() {
      // What is not cash is at work.
      record.grossAtClose.append(close - (cash?[session] ?? close))
      record.grossAtOpen.append(close - (cash?[session] ?? close))
      record.decisionDates.append(firstDecision.advanced(by: session))
      record.closeDates.append(firstDecision.advanced(by: session + 1))
      record.accounts.append(view(session + 1, close, cash?[session] ?? close))
      record.actions.append(0)
    }
    record.fills = fills
    record.endedByTermination = isLost
    return record
  }

  /// Closes whose returns are the given ones, to rounding.
  static func closes(returns: [Double], initial: Double = 1000) -> [Double] {
    var value = initial
    return returns.map { one in
      value *= 1 + one
      return value
    }
  }
}
