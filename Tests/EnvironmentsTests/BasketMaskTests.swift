// Actions, masks and risk tiers of the basket game.

import AgentInterface
import Environments
import Market
import Testing
import Trading

@Test func nineActionsGoThereAndBack() {
  let expected = [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 0), (0, 1), (1, -1), (1, 0), (1, 1)]
  for (index, orders) in expected.enumerated() {
    let action = BasketAction(index: ActionNumber(index), symbolCount: 2)
    #expect(action.orders == [orders.0, orders.1])
    #expect(action.index == index)
  }
  let space = BasketAction.space(symbols: ["AAPL", "MSFT"])
  #expect(
    space.names == [
      "sell AAPL, sell MSFT", "sell AAPL, hold MSFT", "sell AAPL, buy MSFT", "hold AAPL, sell MSFT",
      "hold AAPL, hold MSFT", "hold AAPL, buy MSFT", "buy AAPL, sell MSFT", "buy AAPL, hold MSFT", "buy AAPL, buy MSFT",
    ])
  #expect(space.fallback == 4)
  #expect(BasketAction.space(symbols: ["AAPL"]).names == ["sell AAPL", "hold AAPL", "buy AAPL"])
  #expect(BasketAction.space(symbols: ["AAPL"]).fallback == 1)
  for index in 0..<27 { #expect(BasketAction(index: ActionNumber(index), symbolCount: 3).index == index) }
  #expect(BasketAction.hold(symbolCount: 3) == 13)
}

private func environment(
  _ scripts: [[(open: Double, close: Double)]], _ configuration: BasketConfiguration = BasketConfiguration()
) throws -> (BasketEnvironment, StepRow) {
  let tape = scriptedTape(Array(["AAA", "BBB"].prefix(scripts.count)), scripts)
  let made = try BasketEnvironment(
    tape: tape, configuration: configuration, window: 50..<60, laneCount: 1, episodes: .continuous, recordsFills: true)
  let row = StepRow(for: made)
  row.reset(made, seed: 3)
  return (made, row)
}

private func legal(_ row: StepRow) -> Set<[Int]> {
  Set((0..<9).filter { row.masks[0].allows($0) }.map { BasketAction(index: ActionNumber($0), symbolCount: 2).orders })
}

private func act(_ environment: BasketEnvironment, _ row: StepRow, _ orders: Int...) {
  row.actions[0] = Int32(BasketAction(orders: orders).index)
  row.step(environment)
}

@Test func nothingIsSoldThatIsNotHeldNorBoughtAtTheCap() throws {
  let (made, row) = try environment([[(100, 100)], [(100, 100)]])
  #expect(legal(row) == [[0, 0], [0, 1], [1, 0], [1, 1]])
  act(made, row, 1, 0)
  #expect(legal(row) == [[-1, 0], [-1, 1], [0, 0], [0, 1]])
  act(made, row, 0, 1)
  #expect(legal(row) == [[-1, -1], [-1, 0], [0, -1], [0, 0]])
  act(made, row, -1, -1)
  #expect(legal(row) == [[0, 0], [0, 1], [1, 0], [1, 1]])
}

@Test func purchasesNeedCash() throws {
  // A fee of 60 leaves 100 beyond one unit of 950 a symbol: two fees cannot be paid, one can.
  let (made, row) = try environment(
    [[(100, 100)], [(100, 100)]], BasketConfiguration(execution: ExecutionModel(commissionDollars: 60)))
  #expect(legal(row) == [[0, 0], [0, 1], [1, 0]])
  act(made, row, 1, 0)
  // Now a unit is 0.95 x 1939.62 / 2 = 921.3, and 989.8 of cash pay 921.5 + 60; selling first pays too.
  #expect(legal(row) == [[-1, 0], [-1, 1], [0, 0], [0, 1]])
}

@Test func tiersWarnReduceAndHalt() throws {
  // Two units of 950 of 2000 dollars: a fall of the price by p is one of about 0.95 p of the value.
  let path: [(open: Double, close: Double)] = [
    (100, 100), (78, 78), (65, 65), (65, 65), (65, 65), (50, 50), (50, 300), (300, 300),
  ]
  let (made, row) = try environment([path, path])
  act(made, row, 1, 1)
  #expect(made.account(lane: 0).riskTier == 0)
  act(made, row, 0, 0)
  #expect(made.account(lane: 0).riskTier == 1)
  #expect(legal(row) == [[-1, -1], [-1, 0], [0, -1], [0, 0]])
  act(made, row, 0, 0)
  #expect(made.account(lane: 0).riskTier == 2)
  act(made, row, -1, -1)
  // Flat and in `reduce`: one symbol may be opened, not both.
  #expect(made.account(lane: 0).riskTier == 2)
  #expect(legal(row) == [[0, 0], [0, 1], [1, 0]])
  act(made, row, 1, 0)
  // One held, so the other may be newly held; holding on is not newly holding.
  #expect(legal(row) == [[-1, 0], [-1, 1], [0, 0], [0, 1]])
  act(made, row, 0, 0)
  // 65 -> 50 takes another 7 % of the peak: 40 % below it.
  #expect(made.account(lane: 0).riskTier == 3)
  #expect(legal(row) == [[-1, 0], [0, 0]])
  act(made, row, 0, 0)
  // The price is six times as high, but a halt lasts.
  #expect(made.account(lane: 0).netLiquidationMicroDollars > 2_000_000_000)
  #expect(made.account(lane: 0).riskTier == 3)
  #expect(legal(row) == [[-1, 0], [0, 0]])
  act(made, row, -1, 0)
  #expect(legal(row) == [[0, 0]])
  act(made, row, 0, 0)
  #expect(row.truncated[0] == 1)
  // Until the episode ends.
  #expect(made.lastAccount(lane: 0).riskTier == 3)
  #expect(made.account(lane: 0).riskTier == 0)
  #expect(legal(row) == [[0, 0], [0, 1], [1, 0], [1, 1]])
  let counts = made.drainCounts()
  #expect(counts.warnBars == 1 && counts.reduceBars == 3 && counts.haltBars == 4)
}

@Test func aHaltedShortMayStillBeCovered() throws {
  let (made, row) = try environment([[(100, 100), (145, 145)]], BasketConfiguration(allowShort: true))
  act(made, row, -1)
  act(made, row, 0)
  #expect(made.account(lane: 0).riskTier == 3)
  #expect(row.masks[0].rawValue == 0b110)
  act(made, row, 1)
  #expect(made.account(lane: 0).units == [0])
  #expect(row.masks[0].rawValue == 0b010)
}

@Test func whatCannotBePlayedIsRefusedByName() throws {
  let tape = scriptedTape(["AAA"], [[(100, 100)]])
  func make(
    _ tape: MarketTape, _ window: Range<Int>, _ configuration: BasketConfiguration = BasketConfiguration(),
    _ episodes: BasketConfiguration.Episodes = .continuous
  ) throws(EnvironmentError) {
    _ = try BasketEnvironment(
      tape: tape, configuration: configuration, window: window, laneCount: 1, episodes: episodes)
  }
  #expect(throws: EnvironmentError.missingWarmUp(firstBar: 49, needed: 50)) { try make(tape, 49..<60) }
  #expect(throws: EnvironmentError.windowOutsideTape(window: 50..<61, bars: 60)) { try make(tape, 50..<61) }
  #expect(throws: EnvironmentError.windowTooShort(bars: 1, needed: 2)) { try make(tape, 50..<51) }
  #expect(throws: EnvironmentError.windowTooShort(bars: 10, needed: 11)) {
    try make(tape, 50..<60, BasketConfiguration(), .randomStarts(length: 10))
  }
  #expect(
    throws: EnvironmentError.badSetting(
      name: "environment.maximum_units", found: "0", allowed: "a whole number from 1 to 100 (units)")
  ) {
    try make(tape, 50..<60, BasketConfiguration(maximumUnits: 0))
  }
  for dollars in [Double.nan, .infinity, 0] {
    let error = #expect(throws: EnvironmentError.self) {
      try make(tape, 50..<60, BasketConfiguration(unitDollars: dollars))
    }
    #expect(error?.description.hasPrefix("the setting 'environment.unit_dollars' is \(dollars)") == true)
  }
  #expect(
    throws: EnvironmentError.badSetting(
      name: "environment.drawdown_reduce", found: "0.2", allowed: "at least environment.drawdown_warn, 0.3")
  ) {
    try make(tape, 50..<60, BasketConfiguration(drawdown: DrawdownTiers(warn: 0.3, reduce: 0.2, halt: 0.4)))
  }
  #expect(throws: EnvironmentError.positionAboveLimit(dollars: 2000, limit: 1999)) {
    try make(tape, 50..<60, BasketConfiguration(positionLimitDollars: 1999, maximumUnits: 2))
  }
  let many = handMadeTape((1...65).map { "S\($0)" }, bars: 60) { _, _ in HandMadeBar(open: 1, close: 1) }
  #expect(throws: EnvironmentError.unsupportedSymbolCount(found: 65, supported: 1...64)) { try make(many, 50..<60) }
  let negative = scriptedTape(["AAA"], [[(100, -1), (100, 100)]])
  #expect(throws: EnvironmentError.unusablePrice(symbol: "AAA", date: "1970-02-21", found: -1)) {
    try make(negative, 50..<60)
  }
  let wild = scriptedTape(["AAA"], [[(100, 1e12)]])
  #expect(throws: EnvironmentError.priceRangeTooWide(symbol: "AAA", ratio: 1e10)) { try make(wild, 50..<60) }
}
