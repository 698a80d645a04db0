// What may be traded, and how much of it.

import Pricing
import Testing
import Trading

@Suite struct RiskGateTests {
  /// One contract at the money, sixty minutes before the close.
  private func desk(
    _ dollars: Int = 10_000, _ change: (inout RiskProfile) -> Void = { _ in },
    risks: [ContractRisk] = [RiskScene.option()]
  ) -> RiskDesk {
    var profile = RiskScene.profile()
    change(&profile)
    return RiskDesk(profile, dollars: dollars, risks)
  }

  @Test func `of ten contracts one fits, for theta binds first`() {
    let verdict = desk().judge(desk().order([(0, 1)], 10))
    #expect(verdict.outcome == .reduced && verdict.quantity == 1 && verdict.reason == .decay)
    #expect(verdict.current == 0 && verdict.maximum == 100)
    #expect(abs(verdict.proposed - 887.15) < 0.005)
    #expect(
      verdict.sentence
        == "reduced to 1 of 10: theta is 0.00 and would be 887.15, at most 100.00 dollars of decay to the close")
  }

  @Test(arguments: [(RiskLimit.delta, 6), (.gamma, 3), (.vega, 253)])
  func `each of the other limits alone allows what was worked`(limit: RiskLimit, count: Int) {
    let desk = desk { profile in
      profile.limits.decayDollars = 1e9
      profile.limits.shockFraction = 100
      if limit != .delta { profile.limits.deltaFraction = 100 }
      if limit != .gamma { profile.limits.gammaFraction = 100 }
    }
    let verdict = desk.judge(desk.order([(0, 1)], 1_000))
    #expect(verdict.quantity == count && verdict.reason?.limit == limit)
    // Gamma caps what is sold as what is bought.
    desk.risks[0].bid = desk.risks[0].ask
    if limit == .gamma { #expect(desk.judge(desk.order([(0, -1)], 1_000)).quantity == count) }
  }

  @Test func `two orders in flight never share headroom, and a cancelled one gives it back`() {
    let desk = desk { $0.limits.decayDollars = 200 }
    let first = desk.order([(0, 1)], 2)
    #expect(desk.evaluate(first).outcome == .pass)
    let second = desk.evaluate(desk.order([(0, 1)], 1))
    #expect(second.outcome == .refused && second.reason == .decay)
    #expect(desk.state.counters.blocked[RiskReason.decay.rawValue] == 1)
    desk.cancel(first)
    #expect(desk.evaluate(desk.order([(0, 1)], 1)).outcome == .pass)
  }

  @Test func `an order that may not be filled frees nothing for another`() {
    // The sale would make room, if it were filled.
    let desk = desk { $0.limits.decayDollars = 100 }
    desk.hold(0, 1)
    #expect(desk.evaluate(desk.order([(0, -1)], 1, .closes)).outcome == .pass)
    #expect(desk.judge(desk.order([(0, 1)], 1)).outcome == .refused)
  }

  @Test func `a minute can take gamma over its limit, and what no longer fits is not filled`() {
    var profile = RiskScene.profile()
    profile.limits.decayDollars = 1e9
    let desk = RiskDesk(profile, dollars: 10_000, [RiskScene.option()])
    let order = desk.order([(0, 1)], 3)
    #expect(desk.evaluate(order).outcome == .pass)
    // One minute before the close gamma is nearly eight times as much.
    desk.risks[0] = RiskScene.option(minutes: 1)
    desk.mark(minute: 195)
    let (verdict, over) = desk.fill(order, offered: 3)
    #expect(verdict.outcome == .refused && verdict.reason == .gamma && over.isEmpty)
    #expect(desk.state.counters.shrunkAtFill[RiskReason.gamma.rawValue] == 3)
    #expect(desk.quantity(0) == 0)
    #expect(desk.state.counters.blocked == SIMD16(repeating: 0))
  }

  @Test func `what the market does is drift: nothing is added, and reducing is allowed where it ends above the limit`()
  {
    let desk = desk { profile in
      profile.limits.decayDollars = 1e9
      // What the options lose by time is no state of the desk here.
      profile.sessionTiers = DrawdownTiers(warn: 0.5, reduce: 0.5, halt: 0.5)
      profile.killFraction = 0.5
    }
    desk.hold(0, 3)
    #expect(desk.state.counters.drift == SIMD8(repeating: 0))
    desk.risks[0] = RiskScene.option(minutes: 10)
    desk.mark(minute: 195)
    #expect(desk.state.counters.drift[RiskLimit.gamma.rawValue] == 1)
    desk.mark(minute: 196)
    #expect(desk.state.counters.drift[RiskLimit.gamma.rawValue] == 1)
    #expect(desk.judge(desk.order([(0, 1)], 1)).reason == .gamma)
    let sale = desk.order([(0, -1)], 1, .closes)
    #expect(desk.evaluate(sale).outcome == .pass)
    #expect(desk.fill(sale, offered: 1).over.isEmpty)
    // Still over the limit, and no violation.
    let limits = desk.gate.profile.limits
    let value = desk.state.netLiquidationDollars
    #expect(limits.exceeded(by: desk.state.held, netLiquidationDollars: value).contains(.gamma))
    #expect(desk.state.counters.violations == SIMD8(repeating: 0))
  }

  @Test func `an order through zero meets the limit of the other side`() {
    let desk = desk { profile in
      profile.limits.decayDollars = 1e9
      profile.limits.gammaFraction = 100
      profile.limits.shockFraction = 100
    }
    desk.hold(0, 6)
    // From +6 to -6 are twelve.
    #expect(desk.judge(desk.order([(0, -1)], 100)).quantity == 12)
  }

  @Test func `a naked call is refused by the shock, and its spread is let through by the bound alone`() {
    let risks = [RiskScene.option(strike: 606), RiskScene.option(strike: 611)]
    let desk = desk(risks: risks)
    let naked = desk.judge(desk.order([(0, -1)], 1))
    #expect(naked.outcome == .refused && naked.reason == .shock)
    #expect(abs(naked.proposed - 2_400) < 1 && abs(naked.maximum - 2_000) < 0.01)
    #expect(desk.judge(desk.order([(0, -1), (1, 1)], 4)).outcome == .pass)
    // Five of 5 wide may lose 2,500, but no shock of the grid takes more than the width: the same number.
    #expect(desk.judge(desk.order([(0, -1), (1, 1)], 5)).quantity == 4)
    #expect(desk.gate.worstShock(desk.account, book: desk.book, market: desk.market) == nil)
  }

  @Test func `hours hold back entries and never exits`() {
    for (minute, reason) in [(28, RiskReason.firstMinutes), (360, .lastMinutes)] {
      let desk = desk()
      desk.hold(0, 1)
      desk.mark(minute: minute)
      #expect(desk.judge(desk.order([(0, 1)], 1)).reason == reason)
      #expect(desk.judge(desk.order([(0, -1)], 1, .closes)).outcome == .pass)
    }
    for minute in [29, 359] {
      let desk = desk()
      desk.mark(minute: minute)
      #expect(desk.judge(desk.order([(0, 1)], 1)).outcome == .pass)
    }
  }

  @Test func `what expires today is closed 15 minutes before the close, and not opened any more`() {
    let desk = desk { $0.lastMinutes = 0 }
    desk.hold(0, 1)
    #expect(!desk.mark(minute: 373).contains(.closeExpiring))
    #expect(desk.mark(minute: 374).contains(.closeExpiring))
    #expect(desk.judge(desk.order([(0, 1)], 1)).reason == .forcedFlat)
    desk.risks[0].expiresToday = false
    #expect(!desk.mark(minute: 374).contains(.closeExpiring))
  }

  @Test func `an option that is sold has at most the delta that is allowed`() {
    let desk = desk(1_000_000, { $0.soldDelta = 0.20 })
    let verdict = desk.judge(desk.order([(0, -1)], 1))
    #expect(verdict.reason == .soldDelta)
    #expect(
      verdict.sentence.contains("delta sold is 0.0000 and would be 0.5007, at most 0.2000 delta of the option sold"))
    desk.hold(0, 1)
    #expect(desk.judge(desk.order([(0, -1)], 1, .closes)).outcome == .pass)
  }

  @Test(arguments: [(nil, 2), (0.39, 3), (0.4, 2), (0.6, 2), (0.61, 1), (.nan, 1)] as [(Double?, Int)])
  func `an order's most loss depends on the rank of volatility`(rank: Double?, count: Int) {
    var profile = RiskProfile()
    profile.limits.decayDollars = 1e9
    profile.limits.deltaFraction = 10
    profile.limits.gammaFraction = 10
    profile.limits.shockFraction = 1
    // One costs $88.71: a tenth of $900 pays for one, two and three tenths for two and three.
    let desk = RiskDesk(profile, dollars: 900, [RiskScene.option()])
    desk.mark(minute: 194, MarketHealth(volatilityRank: rank))
    let verdict = desk.judge(desk.order([(0, 1)], 10))
    #expect(verdict.quantity == count && verdict.reason == .size)
  }

  @Test func `no more of an underlying is held than its notional cap`() {
    let share = ContractRisk(ofShareAt: 100, bid: 100, ask: 100, underlying: 1)
    let desk = desk(1_000_000, { $0.limits.notionalDollars = 1_000 }, risks: [RiskScene.option(), share])
    let verdict = desk.evaluate(desk.order([(1, 1)], 25))
    #expect(verdict.quantity == 10 && verdict.reason == .notional)
    #expect(verdict.current == 0 && verdict.proposed == 2_500 && verdict.maximum == 1_000)
    // The ten in flight have it all.
    #expect(desk.judge(desk.order([(1, 1)], 1)).reason == .notional)
  }

  @Test func `what has no volatility is not opened, and may be given back`() {
    let desk = desk(1_000_000)
    desk.hold(0, 1)
    desk.risks[0].isKnown = false
    desk.mark(minute: 195)
    #expect(desk.judge(desk.order([(0, 1)], 1)).reason == .unknownVolatility)
    #expect(desk.judge(desk.order([(0, -1)], 1, .closes)).outcome == .pass)
    desk.risks[0].exposure = GreekExposure(SIMD4(repeating: .nan))
    desk.mark(minute: 196)
    #expect(desk.judge(desk.order([(0, -1)], 1, .closes)).outcome == .pass)
    #expect(desk.judge(desk.order([(0, 1)], 1)).outcome == .refused)
  }

  @Test func `an exit gives back what is held and no more, whatever the limits say`() {
    let desk = desk(100)
    desk.hold(0, 2)
    let exit = desk.order([(0, -1)], 3)
    let verdict = desk.evaluate(exit, as: .exit)
    #expect(verdict.quantity == 2 && verdict.reason == .nothingToClose)
    // Both are on their way: nothing is left for a second exit.
    #expect(desk.judge(desk.order([(0, -1)], 1), as: .exit).outcome == .refused)
    #expect(desk.fill(exit, offered: 2).verdict.quantity == 2)
    #expect(desk.quantity(0) == 0 && desk.state.held == .zero)
  }

  @Test func `as many orders are in flight as are kept account of, and exits have room of their own`() {
    let desk = desk(100_000_000, { $0.limits.decayDollars = 1e9 })
    desk.hold(0, 1)
    for _ in 0..<RiskGate.mostDecisions { #expect(desk.evaluate(desk.order([(0, 1)], 1)).outcome == .pass) }
    #expect(desk.evaluate(desk.order([(0, 1)], 1)).reason == .tooManyOrders)
    #expect(desk.judge(desk.order([(0, -1)], 1), as: .exit).outcome == .pass)
  }

  @Test func `an account that cannot trade a symbol is told so at once`() {
    var profile = RiskScene.profile()
    profile.limits.decayDollars = 50
    let contracts = [RiskScene.option()]
    let problem = TradableContracts.problem(
      symbol: "SPY", contracts, profile: profile, netLiquidationDollars: 10_000)
    #expect(problem == "SPY: no tradable contract fits: theta needs $88.71 a contract of $50.00")
    profile.limits.decayDollars = 100
    #expect(
      TradableContracts.problem(symbol: "SPY", contracts, profile: profile, netLiquidationDollars: 10_000) == nil)
    #expect(
      TradableContracts.problem(symbol: "SPY", [], profile: profile, netLiquidationDollars: 10_000)
        == "SPY: no tradable contract fits: none is quoted")
  }

  @Test func `a desk that lacks a part does not begin`() throws {
    var parts = DeskParts(execution: "far touch", fees: "retail", margin: "strategy", profile: RiskProfile())
    #expect(throws: RiskError.missing(part: "state of the desk", remedy: "keep a risk journal")) { try parts.line() }
    parts.state = .active
    let line = try parts.line()
    #expect(line.hasPrefix("active: execution far touch; fees retail; limits one_percent_move delta 20.0%"))
    #expect(line.contains("; order size 30.0%/20.0%/10.0%, delta sold 0.20; session reduces at 1.5%"))
    #expect(line.hasSuffix("margin strategy; state ACTIVE"))
    parts.fees = nil
    #expect(throws: RiskError.missing(part: "fee table", remedy: "name one")) { try parts.line() }
    parts.fees = "retail"
    parts.profile?.sessionTiers.halt = 0.2
    #expect(throws: RiskError.self) { try parts.line() }
  }
}
