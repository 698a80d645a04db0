// A desk with plans: what is ordered, what is left, and what the book says happened in between.

import Market
import Testing
import Text
import Trading

private func price(_ dollars: Double) -> Int { Int((dollars * 10_000).rounded()) }

private func option(_ symbol: String) throws -> TradedContract {
  try #require(TradedContract(OptionContract(try OptionSymbol(symbol))))
}

/// Quotes of a session by contract, which stand until the next one.
private struct Market: MarketView {
  var date: CalendarDate
  var minuteCount = 390
  var quotes: [Int32: MinuteQuote] = [:]
  var underlying: Int? = price(600)

  func quote(of contract: Int32, minute: Int) -> MinuteQuote? { quotes[contract] }
  func underlyingPrice(of contract: Int32, minute: Int) -> Int? { underlying }
}

private struct Closes: SettlementPrices {
  var close: Int

  func price(of underlying: String, at settlement: ContractTerms.Settlement) -> SettlementPrice? {
    SettlementPrice(price: close, source: .officialClose)
  }
}

/// One account in one session, minute after minute.
private struct Walk {
  let desk: Desk
  var exits = ExitKeeper()
  var market: Market
  var minute = 30

  init(_ table: ContractTable, _ date: String = "2025-12-11") throws {
    desk = Desk(DeskSettings(), table: table)
    market = Market(date: try #require(CalendarDate(date)))
    try desk.beginSession(market.date)
  }

  /// A minute with quotes, the spread of two cents around each price.
  mutating func minute(_ prices: [Int32: Double]) {
    for (contract, middle) in prices {
      market.quotes[contract] = MinuteQuote(
        bid: price(middle) - 100, ask: price(middle) + 100, bidSize: 1000, askSize: 1000, minute: minute)
    }
    desk.advance(minute: minute, view: market)
    exits.walk(desk, minute: minute, view: market)
    minute += 1
  }

  mutating func order(
    _ id: Int64, _ legs: [(Int32, Int32)], _ quantity: Int, plan: ExitPlan? = nil, closes: Int64 = 0
  ) throws {
    if let plan { exits.plan(plan, for: id) }
    let read = legs.map { OrderLeg(contract: $0.0, ratio: $0.1) }
    let legs: UpToFour<OrderLeg> = try #require(UpToFour(read))
    let isSent = desk.submit(
      Order(
        id: id, legs: legs, quantity: quantity, effect: closes == 0 ? .opens : .closes, submittedMinute: minute - 1,
        closes: closes), view: market)
    #expect(isSent)
  }

  /// What the plans decided, in words.
  var decided: [String] {
    desk.log.compactMap {
      if case .decided(_, let words) = $0.what { return words }
      return nil
    }
  }

  /// What was filled of a contract: signed quantities at their prices.
  func fills(of contract: Int32) -> [String] {
    desk.log.flatMap { entry -> [String] in
      guard case .filled(let fill, _) = entry.what else { return [] }
      return fill.legs.indices.compactMap {
        let leg = fill.legs[$0]
        return leg.contract == contract ? "\(leg.quantity) at \(PriceText.dollars(leg.price))" : nil
      }
    }
  }
}

/// Six at 17.15: three at the first rung, one at the second, two behind the stop, each at the bid of the minute after.
@Test func aPlanIsFollowedToItsEnd() throws {
  var walk = try Walk(ContractTable([try option("META260116C00600000")]))
  walk.minute([0: 17.14])
  try walk.order(1, [(0, 1)], 6, plan: .scaleOutAndTrail)
  for middle in [17.14, 20, 25.74, 26, 30.03, 31, 40.01, 35, 34.26, 30] { walk.minute([0: middle]) }
  #expect(walk.fills(of: 0) == ["6 at 17.15", "-3 at 25.99", "-1 at 30.99", "-2 at 29.99"])
  #expect(
    walk.decided == [
      "scale-out: closes 3 of 6, entry 17.15, level 25.73, now 25.73, +50.03 % (own order 1)",
      "scale-out: closes 1 of 3, entry 17.15, level 30.01, now 30.02, +75.04 % (own order 2)",
      "trailing stop: closes 2 of 2, entry 17.15, best 40.00, stop 34.29, now 34.25, +99.71 % (own order 3)",
    ])
  #expect(walk.exits.positions.isEmpty && walk.desk.book.isEmpty && walk.desk.widestGap == 0)
}

/// A spread is closed by one order at the quotes of one minute, both legs of it.
@Test func aSpreadIsClosedAtOnce() throws {
  var walk = try Walk(ContractTable([try option("SPY260116C00600000"), try option("SPY260116C00605000")]))
  walk.minute([0: 5, 1: 3])
  try walk.order(1, [(0, -1), (1, 1)], 2, plan: .fullTarget)
  walk.minute([0: 5, 1: 3])
  // Sold at 4.99, bought at 3.01: a credit of 1.98. At 1.50 and 0.56 it costs 0.96 to close: 51 % gained.
  let position = try #require(walk.exits.positions.first)
  #expect(position.state.entry == price(-1.98) && position.state.favourableDirection == -1)
  walk.minute([0: 1.5, 1: 0.55])
  walk.minute([0: 1.4, 1: 0.5])
  #expect(walk.decided == ["profit target: closes 2 of 2, entry 1.98, level 0.99, now 0.97, +51.01 % (own order 1)"])
  #expect(walk.fills(of: 0) == ["-2 at 4.99", "2 at 1.41"] && walk.fills(of: 1) == ["2 at 3.01", "-2 at 0.49"])
  #expect(walk.desk.book.isEmpty && walk.desk.widestGap == 0)
}

/// What is closed by hand, or settled, is not closed again.
@Test func theBookSaysWhatIsHeld() throws {
  var walk = try Walk(ContractTable([try option("SPY251211C00600000")]))
  walk.minute([0: 10])
  try walk.order(1, [(0, 1)], 5, plan: .fullTarget)
  walk.minute([0: 10])
  try walk.order(2, [(0, -1)], 2, closes: 1)
  walk.minute([0: 10])
  #expect(walk.exits.positions.first?.state.held == 3)
  walk.minute([0: 7])
  #expect(walk.decided.first?.hasPrefix("stop loss: closes 3 of 3") == true)
  walk.minute([0: 6])
  #expect(walk.fills(of: 0) == ["5 at 10.01", "-2 at 9.99", "-3 at 5.99"])
  // Into settlement: no quote comes any more, and nothing is left to close.
  try walk.order(3, [(0, 1)], 1, plan: .fullTarget)
  walk.minute([0: 6])
  try walk.desk.settle(.close, view: walk.market, prices: Closes(close: price(606)))
  walk.exits.endSession(walk.desk, view: walk.market)
  #expect(walk.exits.positions.isEmpty && walk.desk.book.isEmpty && walk.desk.widestGap == 0)
}

/// Fifteen minutes before the close of its last session a position is closed, at the first quote that fills.
@Test func aPositionIsFlatBeforeItsExpiry() throws {
  var walk = try Walk(ContractTable([try option("SPY251211C00600000")]))
  walk.minute = 372
  walk.minute([0: 10])
  try walk.order(1, [(0, 1)], 2, plan: .scaleOutAndTrail)
  walk.minute([0: 10])
  walk.minute([0: 10])
  #expect(walk.decided.isEmpty && walk.minute == 375)
  walk.minute([0: 10])
  #expect(walk.decided == ["flat before expiry: closes 2 of 2, entry 10.01, now 9.99, -0.20 % (own order 1)"])
  walk.minute([0: 10])
  #expect(walk.fills(of: 0) == ["2 at 10.01", "-2 at 9.99"] && walk.desk.book.isEmpty)
}

@Test func aRollBeginsThePlanAnewInTheLaterContract() throws {
  let table = ContractTable([
    try option("SPY260102C00600000"), try option("SPY260130C00600000"), try option("SPY260130C00605000"),
  ])
  var plan = ExitPlan.fullTarget
  plan.roll = RollRule(mostDebit: price(3))
  var walk = try Walk(table)
  walk.minute([0: 10, 1: 13.1])
  try walk.order(1, [(0, 1)], 2, plan: plan)
  walk.minute([0: 10, 1: 13.1])
  #expect(walk.decided.isEmpty)
  // Twenty-two days to live at entry, twenty-one in the next session.
  walk.market.date = try #require(CalendarDate("2025-12-12"))
  walk.market.quotes = [:]
  try walk.desk.beginSession(walk.market.date)
  walk.minute = 0
  for _ in 0..<3 { walk.minute([0: 10, 1: 13.1]) }
  let refused = "roll: the exchange would cost 3.1200, and the plan's limit is to cost 3.0000: nothing is closed"
  #expect(walk.decided == [refused])
  walk.minute([0: 10, 1: 12.9])
  walk.minute([0: 10, 1: 12.9])
  #expect(
    walk.decided == [
      refused, "roll: exchanges 2 of 2, entry 10.01, now 9.99, -0.20 %, into SPY260130C00600000 (own order 4)",
    ])
  #expect(walk.fills(of: 0) == ["2 at 10.01", "-2 at 9.99"] && walk.fills(of: 1) == ["2 at 12.91"])
  let position = try #require(walk.exits.positions.first)
  #expect(walk.exits.positions.count == 1 && position.state.entry == price(12.91) && position.state.held == 2)
  #expect(position.package.legs[0].contract == 1 && position.plan == plan && position.state.entryDaysToExpiry == 49)
  #expect(walk.desk.widestGap == 0)
}

/// A roll that its minute did not fill is taken back, so that the stop can close what it would have exchanged.
@Test func aRollThatIsNotFilledDoesNotHoldTheStopUp() throws {
  var plan = ExitPlan.fullTarget
  plan.roll = RollRule(mostDebit: price(3))
  var walk = try Walk(ContractTable([try option("SPY260102C00600000"), try option("SPY260130C00600000")]))
  walk.minute([0: 10, 1: 14])
  try walk.order(1, [(0, 1)], 2, plan: plan)
  walk.minute([0: 10, 1: 14])
  walk.market.date = try #require(CalendarDate("2025-12-12"))
  try walk.desk.beginSession(walk.market.date)
  walk.minute = 0
  for (held, later) in [(10.0, 12.9), (10, 13.5), (7, 12), (7, 12)] { walk.minute([0: held, 1: later]) }
  #expect(walk.decided.map { $0.prefix(9) } == ["roll: exc", "roll: the", "stop loss"])
  #expect(walk.fills(of: 0) == ["2 at 10.01", "-2 at 6.99"] && walk.desk.book.isEmpty)
}

/// Two for one: twice the contracts at half the price are the same position.
@Test func aSplitLeavesAPlanItsGains() throws {
  let table = ContractTable([TradedContract(share: "AAPL"), try option("AAPL260116C00200000")])
  var walk = try Walk(table)
  walk.minute([1: 10])
  try walk.order(1, [(1, 1)], 3, plan: .scaleOutAndTrail)
  walk.minute([1: 10])
  walk.minute([1: 14.01])
  let before = try #require(walk.exits.positions.first)
  #expect(before.state.stop == price(13.0025))
  walk.market.date = try #require(CalendarDate("2025-12-12"))
  walk.market.quotes = [:]
  walk.market.underlying = price(300)
  walk.desk.adjust(for: try #require(ContractAdjustment(split: 2)), of: "AAPL", on: walk.market.date)
  try walk.desk.beginSession(walk.market.date)
  walk.minute = 0
  walk.minute([2: 6.75])
  let after = try #require(walk.exits.positions.first)
  #expect(after.state.entry == before.state.entry && after.state.stop == before.state.stop && after.state.held == 3)
  #expect(after.state.entryUnderlying == price(300) && after.package.legs[0] == OrderLeg(contract: 2, ratio: 2))
  walk.minute([2: 6.50])
  walk.minute([2: 6.50])
  #expect(walk.fills(of: 1) == ["3 at 10.01"] && walk.fills(of: 2) == ["-6 at 6.49"])
  #expect(walk.desk.book.isEmpty && walk.desk.widestGap == 0)
}

/// A leg that is closed by hand leaves another position than the one that the plan was made for.
@Test func aPlanEndsWithALegOfItsPosition() throws {
  var walk = try Walk(ContractTable([try option("SPY260116C00600000"), try option("SPY260116C00605000")]))
  walk.minute([0: 5, 1: 3])
  try walk.order(1, [(0, 1), (1, -1)], 1, plan: .fullTarget)
  walk.minute([0: 5, 1: 3])
  try walk.order(2, [(1, 1)], 1, closes: 1)
  walk.minute([0: 5, 1: 3])
  walk.minute([0: 5, 1: 3])
  #expect(walk.exits.positions.isEmpty)
}

/// Stopped behind every minute and begun anew from its text, a keeper decides as one that was never stopped.
@Test func aKeeperSurvivesARestartBehindAnyMinute() throws {
  let middles = [17.14, 20, 25.74, 26, 30.03, 31, 40.01, 35, 34.26, 30, 30]
  func played(restartBehind stop: Int?) throws -> Walk {
    var walk = try Walk(ContractTable([try option("META260116C00600000")]))
    walk.minute([0: 17.14])
    try walk.order(1, [(0, 1)], 6, plan: .scaleOutAndTrail)
    for (place, middle) in middles.enumerated() {
      walk.minute([0: middle])
      guard place == stop else { continue }
      let text = walk.exits.json(in: walk.desk.table).text
      walk.exits = try ExitKeeper(JSON.parse(text), in: walk.desk.table, behind: walk.desk.log, ordersWork: true)
      #expect(walk.exits.json(in: walk.desk.table).text == text)
    }
    return walk
  }
  let whole = try played(restartBehind: nil)
  for stop in middles.indices {
    let walk = try played(restartBehind: stop)
    #expect(walk.decided == whole.decided && walk.fills(of: 0) == whole.fills(of: 0))
    #expect(walk.exits.positions.isEmpty && walk.desk.value == whole.desk.value)
  }
}

/// Where its orders did not survive it, what they would have closed is closed by new ones.
@Test func ordersThatARestartLostAreAskedForAgain() throws {
  var walk = try Walk(ContractTable([try option("META260116C00600000")]))
  walk.minute([0: 10])
  try walk.order(1, [(0, 1)], 4, plan: .fullTarget)
  walk.minute([0: 10])
  walk.minute([0: 7])
  let text = walk.exits.json(in: walk.desk.table)
  walk.desk.cancel(-1, minute: walk.minute - 1)
  walk.exits = try ExitKeeper(text, in: walk.desk.table, behind: walk.desk.log, ordersWork: false)
  walk.minute([0: 7])
  walk.minute([0: 7])
  #expect(walk.decided.count == 2 && walk.fills(of: 0) == ["4 at 10.01", "-4 at 6.99"])
}

/// Two accounts with plans of their own: what one loses leaves the other as it is alone.
@Test func accountsDoNotTouchEachOther() throws {
  func opened(_ contracts: Int, _ plan: ExitPlan) throws -> Walk {
    var walk = try Walk(ContractTable([try option("META260116C00600000")]))
    walk.minute([0: 10])
    try walk.order(1, [(0, 1)], contracts, plan: plan)
    return walk
  }
  let middles = [10.0, 16, 12, 9, 7, 5]
  var alone = try opened(8, .scaleOutAndTrail)
  for middle in middles { alone.minute([0: middle]) }
  var (large, tiny) = (try opened(8, .scaleOutAndTrail), try opened(1, .fullTarget))
  for middle in middles {
    tiny.minute([0: middle])
    large.minute([0: middle])
  }
  #expect(large.desk.value == alone.desk.value && large.decided == alone.decided)
  #expect(tiny.fills(of: 0) == ["1 at 10.01", "-1 at 11.99"] && tiny.desk.value != large.desk.value)
}
