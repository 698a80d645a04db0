// What an evaluation may look at besides observations and rewards.

package import AgentInterface
package import Market
package import Trading

/// One lane's account at the close of `bar`, marked at the liquidation side.
package struct AccountView: Sendable, Equatable {
  package var bar: Int
  package var netLiquidationMicroDollars: Int64
  package var cashMicroDollars: Int64
  /// Signed adjusted shares a symbol.
  package var shares: [Double]
  /// Signed units a symbol.
  package var units: [Int]
  /// Why actions are restricted now: 0 none, 1 warn, 2 reduce, 3 halt (the risk profile's tiers).
  package var riskTier: Int

  package init(
    bar: Int, netLiquidationMicroDollars: Int64, cashMicroDollars: Int64, shares: [Double], units: [Int], riskTier: Int
  ) {
    self.bar = bar
    self.netLiquidationMicroDollars = netLiquidationMicroDollars
    self.cashMicroDollars = cashMicroDollars
    self.shares = shares
    self.units = units
    self.riskTier = riskTier
  }
}

/// What of an account takes no memory of its own.
package struct AccountStanding: Sendable, Equatable {
  package var netLiquidationMicroDollars: Int64
  /// Whether the account has shares of any symbol.
  package var holdsShares: Bool

  package init(netLiquidationMicroDollars: Int64, holdsShares: Bool) {
    self.netLiquidationMicroDollars = netLiquidationMicroDollars
    self.holdsShares = holdsShares
  }
}

/// An environment that trades a tape. The account of a lane is the one *before* auto-reset: after a step that ended an episode,
/// `lastAccount` still tells how it ended.
package protocol TradingEnvironment: VectorEnvironment {
  var tape: MarketTape { get }
  /// The account as the lane's current decision sees it.
  func account(lane: Int) -> AccountView
  /// The account at the end of the lane's last step, before any reset.
  func lastAccount(lane: Int) -> AccountView
  /// What must be known of `lastAccount` at every step of many lanes; its units are written to `units`, (S).
  func lastStanding(lane: Int, units: UnsafeMutablePointer<Int>) -> AccountStanding
  /// Where the value went in the lane's last step, and what the reward took off it; all zero before the first.
  func lastBreakdown(lane: Int) -> StepBreakdown
  /// The symbol that the lane's decision is about; nil where one decision is about all of them.
  func symbolInPlay(lane: Int) -> Int?
  /// The bars at which a symbol may be ordered so far as its listing goes: all of the tape's, where it was always listed.
  func decisionBars(symbol: Int) -> Range<Int>
  /// What was bought or sold in a fill, where it was not the symbol's shares.
  func contract(of fill: Fill) -> OptionContract?
  /// What the account at the end of the lane's last step must keep in cash for what it has sold, micro-dollars; nil where what is held is its own measure.
  func lastRequirement(lane: Int) -> Int64?
  /// What a desk did to the lane's account in the sessions that have ended since the last call; nil where there is no desk. Recorded as fills are.
  func drainOutcomes(lane: Int) -> DeskOutcomes?
  /// Executed orders of the lane since the last call, in order. Recorded only where the environment was made to record.
  func drainFills(lane: Int) -> [Fill]
}

extension TradingEnvironment {
  package func symbolInPlay(lane: Int) -> Int? { nil }
  package func decisionBars(symbol: Int) -> Range<Int> { 0..<tape.barCount }
  package func contract(of fill: Fill) -> OptionContract? { nil }
  package func lastRequirement(lane: Int) -> Int64? { nil }
  package func drainOutcomes(lane: Int) -> DeskOutcomes? { nil }

  /// By way of the whole account: the twin of forms that make none.
  package func lastStanding(lane: Int, units: UnsafeMutablePointer<Int>) -> AccountStanding {
    let account = lastAccount(lane: lane)
    for (symbol, held) in account.units.enumerated() { units[symbol] = held }
    return AccountStanding(
      netLiquidationMicroDollars: account.netLiquidationMicroDollars,
      holdsShares: account.shares.contains { $0 != 0 })
  }
}
