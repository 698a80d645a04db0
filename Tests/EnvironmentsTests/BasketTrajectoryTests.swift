// The basket game on tapes small enough to be worked out by hand.

import AgentInterface
import Environments
import Glibc
import Market
import Testing
import Trading

private func micro(_ dollars: Double) -> Int64 { Int64((dollars * 1e6).rounded(.toNearestOrEven)) }

private let noImpact = ExecutionModel(impactCoefficient: 0)

/// One lane over the window from bar 50 on.
private func play(
  _ tape: MarketTape, _ configuration: BasketConfiguration, steps: Int
) throws -> (BasketEnvironment, StepRow) {
  let environment = try BasketEnvironment(
    tape: tape, configuration: configuration, window: 50..<(51 + steps), laneCount: 1, episodes: .continuous,
    recordsFills: true)
  let row = StepRow(for: environment)
  row.reset(environment, seed: 1)
  return (environment, row)
}

private func act(_ environment: BasketEnvironment, _ row: StepRow, _ orders: Int...) {
  row.actions[0] = Int32(BasketAction(orders: orders).index)
  row.step(environment)
}

@Test func oneRoundTripByHand() throws {
  let tape = scriptedTape(["AAA"], [[(101, 102), (100, 99), (98, 97)]])
  let (environment, row) = try play(tape, BasketConfiguration(execution: noImpact), steps: 3)
  #expect(environment.account(lane: 0).netLiquidationMicroDollars == 1_000_000_000)
  #expect(row.masks[0].rawValue == 0b110)

  // Bar 50, close 100: one unit is min(1000, 0.95 x 1000) = 950 dollars, 9.5 shares.
  // Fill at the open of bar 51: 101 x 1.0002 = 101.0202, so 9.5 x 101.0202 = 959.6919, half-spread 9.5 x 0.0202 = 0.1919, fee 1.
  // Cash 1000 - 959.6919 - 1 = 39.3081. Close 102: bid 102 x 0.9998 = 101.9796, 9.5 of them 968.8062; value 1008.1143.
  act(environment, row, 1)
  var account = environment.account(lane: 0)
  #expect(account.bar == 51)
  #expect(account.cashMicroDollars == micro(39.3081))
  #expect(account.netLiquidationMicroDollars == micro(1008.1143))
  #expect(account.shares == [9.5] && account.units == [1] && account.riskTier == 0)
  #expect(row.rewards[0] == 8.1143)
  #expect(row.observation(0)[12] == 1)
  #expect(row.masks[0].rawValue == 0b011)
  // Gained 9.5 x (102 - 101) = 9.5 since the fill; the bid is 9.5 x 0.0204 = 0.1938 below mid.
  #expect(
    environment.lastBreakdown(lane: 0).change
      == ValueChange(
        priceProfit: micro(9.5), halfSpreadCost: micro(0.1919), impactCost: 0, commission: micro(1),
        markChange: micro(-0.1938)))
  #expect(
    environment.drainFills(lane: 0) == [
      Fill(
        symbol: 0, bar: 51, side: 1, shares: 9.5, referencePriceDollars: 101, fillPriceDollars: 101 * 1.0002,
        notionalMicroDollars: micro(959.6919), halfSpreadCostMicroDollars: micro(0.1919), impactCostMicroDollars: 0,
        commissionMicroDollars: micro(1), wasCut: false)
    ])
  #expect(environment.lastBreakdown(lane: 0).penalties == Penalties())

  // Held to the close of bar 52 at 99: 9.5 x 99 x 0.9998 = 940.3119, value 979.62.
  act(environment, row, 0)
  #expect(environment.account(lane: 0).netLiquidationMicroDollars == micro(979.62))
  #expect(row.rewards[0] == -28.4943)
  #expect(environment.drainFills(lane: 0).isEmpty)
  #expect(
    environment.lastBreakdown(lane: 0).change
      == ValueChange(priceProfit: micro(-28.5), markChange: micro(0.1938 - 0.1881)))

  // Sold at the open of bar 53: 9.5 x 98 x 0.9998 = 930.8138 less the fee; cash 969.1219 is all there is.
  act(environment, row, -1)
  #expect(row.truncated[0] == 1 && row.terminated[0] == 0)
  #expect(row.rewards[0] == -10.4981)
  account = environment.lastAccount(lane: 0)
  #expect(account.bar == 53 && account.cashMicroDollars == micro(969.1219))
  #expect(account.netLiquidationMicroDollars == account.cashMicroDollars)
  #expect(account.shares == [0] && account.units == [0])
  #expect(
    environment.lastBreakdown(lane: 0).change
      == ValueChange(
        priceProfit: micro(-9.5), halfSpreadCost: micro(0.1862), commission: micro(1), markChange: micro(0.1881)))
  // The lane has begun anew, and the ended episode's last view is kept beside it.
  #expect(environment.account(lane: 0).bar == 50)
  #expect(environment.account(lane: 0).netLiquidationMicroDollars == 1_000_000_000)
  #expect(row.finalObservation(0)[12] == 0)
  #expect(row.observation(0)[0] == 0)
  #expect(environment.drainEpisodes() == [EpisodeSummary(lane: 0, length: 3, episodeReturn: -30.8781)])
}

@Test func impactFollowsTheSquareRootOfTheOrder() throws {
  // Closes alternate 100 and 110, and 110,000 dollars trade every day. The last 20 returns are +-ln 1.1 with mean 0, so the volatility
  // of a day is ln 1.1 x sqrt(20 / 19). One unit of 500 dollars at 100 is 5 shares, 550 dollars at the open of 110: 1/200 of a day.
  let tape = handMadeTape(["AAA"], bars: 60) { _, bar in
    bar % 2 == 0 ? HandMadeBar(open: 100, close: 100, volume: 1100) : HandMadeBar(open: 110, close: 110, volume: 1000)
  }
  let (environment, row) = try play(tape, BasketConfiguration(unitDollars: 500), steps: 2)
  act(environment, row, 1)
  let fill = try #require(environment.drainFills(lane: 0).first)
  let impact = 0.7 * log(1.1) * (20.0 / 19).squareRoot() * (1.0 / 200).squareRoot()
  #expect(abs(fill.fillPriceDollars - 110 * (1.0002 + impact)) < 1e-9)
  #expect(fill.halfSpreadCostMicroDollars == micro(5 * 110 * 0.0002))
  #expect(abs(fill.impactCostMicroDollars - micro(550 * impact)) <= 1)
  #expect(!fill.volumeWasUnknown && !fill.wasCut)
}

@Test(arguments: [0, Double.nan])
func unknownVolumeCostsAWholeDaysImpact(volume: Double) throws {
  let tape = handMadeTape(["AAA"], bars: 60) { _, bar in
    bar % 2 == 0
      ? HandMadeBar(open: 100, close: 100, volume: volume) : HandMadeBar(open: 110, close: 110, volume: volume)
  }
  let (environment, row) = try play(tape, BasketConfiguration(unitDollars: 500), steps: 2)
  #expect(row.observation(0).allSatisfy { $0.isFinite })
  #expect(row.observation(0)[9] == 0)
  act(environment, row, 1)
  let fill = try #require(environment.drainFills(lane: 0).first)
  let impact = 0.7 * log(1.1) * (20.0 / 19).squareRoot()
  #expect(abs(fill.fillPriceDollars - 110 * (1.0002 + impact)) < 1e-9)
  #expect(fill.volumeWasUnknown)
  #expect(environment.drainCounts().unknownVolumeFills == 1)
}

@Test func aBuyIsCutToWhatCashPays() throws {
  // 9.5 shares at 110 x 1.0002 = 110.022 are 1045.209: more than the 999 that are left beside the fee.
  let tape = scriptedTape(["AAA"], [[(110, 110), (110, 110)]])
  let (environment, row) = try play(tape, BasketConfiguration(execution: noImpact), steps: 2)
  act(environment, row, 1)
  let fill = try #require(environment.drainFills(lane: 0).first)
  #expect(fill.wasCut)
  #expect(fill.notionalMicroDollars == micro(999))
  #expect(abs(fill.shares - 999 / 110.022) < 1e-12)
  let account = environment.account(lane: 0)
  #expect(account.cashMicroDollars == 0)
  #expect(account.units == [1])
  #expect(row.observation(0)[12] == 1)
  #expect(environment.drainCounts().cutOrders == 1)
  #expect(environment.lastBreakdown(lane: 0).change.total == account.netLiquidationMicroDollars - 1_000_000_000)
}

@Test func aBuyThatCashCannotPayAtAllIsNotFilled() throws {
  // Both units cost 950 at the decision, but the first symbol opens at 250 and takes all cash.
  let tape = scriptedTape(["AAA", "BBB"], [[(250, 250)], [(100, 100)]])
  let (environment, row) = try play(tape, BasketConfiguration(execution: noImpact), steps: 2)
  act(environment, row, 1, 1)
  let fills = environment.drainFills(lane: 0)
  #expect(fills.map(\.symbol) == [0] && fills[0].wasCut)
  let account = environment.account(lane: 0)
  #expect(account.units == [1, 0] && account.shares[1] == 0)
  let counts = environment.drainCounts()
  #expect(counts.cutOrders == 2 && counts.unfilledOrders == 1)
}

@Test func salesPayForBuysOfTheSameDecision() throws {
  let tape = scriptedTape(["AAA", "BBB"], [[(100, 100)], [(100, 100)]])
  let (environment, row) = try play(
    tape, BasketConfiguration(maximumUnits: 2, execution: noImpact), steps: 3)
  act(environment, row, 1, 1)
  // About 98 dollars of cash are left: nothing can be bought unless something is sold.
  func legal(_ orders: Int...) -> Bool { row.masks[0].allows(Int(BasketAction(orders: orders).index)) }
  #expect(environment.account(lane: 0).cashMicroDollars == micro(2000 - 2 * 951.19))
  #expect(!legal(0, 1) && !legal(1, 0) && !legal(1, 1))
  #expect(legal(-1, 1) && legal(1, -1) && legal(-1, -1) && legal(0, 0) && legal(-1, 0) && legal(0, -1))
  _ = environment.drainFills(lane: 0)
  act(environment, row, 1, -1)
  let fills = environment.drainFills(lane: 0)
  #expect(fills.map(\.side) == [-1, 1] && fills.map(\.symbol) == [1, 0])
  #expect(fills.allSatisfy { !$0.wasCut })
  #expect(environment.account(lane: 0).units == [2, 0])
  #expect(row.observation(0)[12] == 1 && row.observation(0)[25] == 0)
}

@Test func aShortIsOpenedMarkedAndCovered() throws {
  let tape = scriptedTape(["AAA"], [[(100, 90), (80, 80), (80, 80)]])
  let (environment, row) = try play(
    tape, BasketConfiguration(allowShort: true, execution: noImpact), steps: 3)
  #expect(row.masks[0].rawValue == 0b111)
  // 9.5 shares sold at 99.98 bring 949.81 less 1; the close of 90 must be bought back at 90.018: 855.171.
  act(environment, row, -1)
  var account = environment.account(lane: 0)
  #expect(account.units == [-1] && account.shares == [-9.5])
  #expect(account.cashMicroDollars == micro(1948.81))
  #expect(account.netLiquidationMicroDollars == micro(1948.81 - 855.171))
  #expect(row.observation(0)[12] == -1)
  #expect(row.masks[0].rawValue == 0b110)
  // Bought back at 80.016: 760.152 and the fee.
  act(environment, row, 1)
  account = environment.account(lane: 0)
  #expect(account.units == [0] && account.shares == [0])
  #expect(account.cashMicroDollars == micro(1948.81 - 761.152))
  #expect(environment.drainFills(lane: 0).map(\.side) == [-1, 1])
}

@Test func ruinTerminates() throws {
  let tape = scriptedTape(["AAA"], [[(100, 100), (220, 220), (220, 220)]])
  let (environment, row) = try play(
    tape, BasketConfiguration(allowShort: true, execution: noImpact), steps: 4)
  act(environment, row, -1)
  #expect(row.terminated[0] == 0)
  act(environment, row, 0)
  // 1948.81 of cash against 9.5 x 220.044 = 2090.418.
  #expect(row.terminated[0] == 1 && row.truncated[0] == 0)
  #expect(environment.lastAccount(lane: 0).netLiquidationMicroDollars == micro(1948.81 - 2090.418))
  #expect(environment.account(lane: 0).netLiquidationMicroDollars == 1_000_000_000)
  let episodes = environment.drainEpisodes()
  #expect(episodes.map(\.length) == [2] && abs(episodes[0].episodeReturn - (1948.81 - 2090.418 - 1000)) < 1e-9)
}

@Test func illegalRequestsBecomeHoldWhole() throws {
  let tape = scriptedTape(["AAA", "BBB"], [[(100, 100)], [(100, 100)]])
  let (environment, row) = try play(tape, BasketConfiguration(), steps: 4)
  // Selling what is not held spoils the purchase beside it.
  act(environment, row, -1, 1)
  #expect(environment.account(lane: 0).units == [0, 0])
  #expect(environment.account(lane: 0).netLiquidationMicroDollars == 2_000_000_000)
  #expect(environment.drainFills(lane: 0).isEmpty)
  act(environment, row, 0, 1)
  act(environment, row, 0, 1)
  #expect(environment.account(lane: 0).units == [0, 1])
  #expect(environment.drainIllegalAttempts() == 2)
  #expect(environment.drainIllegalAttempts() == 0)
}
