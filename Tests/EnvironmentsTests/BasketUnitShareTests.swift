// Units that are a share of the account: sized anew at each decision, never more than exact books hold.

import AgentInterface
import Market
import TestSupport
import Testing
import Trading

@testable import Environments

private let free = ExecutionModel(halfSpreadBasisPoints: 0, impactCoefficient: 0, commissionDollars: 0)

private func make(
  _ tape: MarketTape, _ configuration: BasketConfiguration, lanes: Int = 1,
  _ episodes: BasketConfiguration.Episodes = .continuous, recordsFills: Bool = true
) throws(EnvironmentError) -> BasketEnvironment {
  try BasketEnvironment(
    tape: tape, configuration: configuration, window: 50..<tape.barCount, laneCount: lanes, episodes: episodes,
    recordsFills: recordsFills)
}

private func act(_ environment: BasketEnvironment, _ row: StepRow, _ orders: Int...) {
  row.actions[0] = Int32(BasketAction(orders: orders).index)
  row.step(environment)
}

@Test func aUnitFollowsTheAccount() throws {
  let tape = scriptedTape(["AAA"], [[(100, 200), (200, 200), (200, 200), (200, 100), (100, 100)]])
  let made = try make(tape, BasketConfiguration(unitShare: 0.5, maximumUnits: 2, execution: free))
  let row = StepRow(for: made)
  row.reset(made, seed: 1)
  func shares() -> Double { made.account(lane: 0).shares[0] }
  func value() -> Int64 { made.account(lane: 0).netLiquidationMicroDollars }
  // Half of 1000 at 100; then the price doubles.
  act(made, row, 1)
  #expect(shares() == 5 && value() == 1_500_000_000)
  // The next half is 750, and 500 of cash do not pay it.
  #expect(!row.masks[0].allows(2) && row.masks[0].allows(0))
  // What is held is not sized again.
  act(made, row, 0)
  #expect(shares() == 5 && made.account(lane: 0).units == [1] && row.observation(0).last == 0.5)
  act(made, row, -1)
  #expect(shares() == 0 && value() == 1_500_000_000)
  // Half of 1500 at 200, above the 1000 dollars that a unit is by default; then the price halves.
  #expect(row.masks[0].allows(2))
  act(made, row, 1)
  #expect(shares() == 3.75 && value() == 1_125_000_000)
  // Half of 1125 at 100 is 562.5, and 750 of cash pay it.
  #expect(row.masks[0].allows(2))
  act(made, row, 1)
  #expect(shares() == 3.75 + 5.625 && made.account(lane: 0).units == [2])
  #expect(made.drainIllegalAttempts() == 0)
}

@Test func aShareBeyondHalfPaysForOneOfTwoSymbols() throws {
  let made = try make(
    scriptedTape(["AAA", "BBB"], [[(100, 100)], [(100, 100)]]), BasketConfiguration(unitShare: 0.6, execution: free))
  let row = StepRow(for: made)
  row.reset(made, seed: 1)
  func legal() -> Set<[Int]> {
    Set((0..<9).filter { row.masks[0].allows($0) }.map { BasketAction(index: ActionNumber($0), symbolCount: 2).orders })
  }
  #expect(legal() == [[0, 0], [0, 1], [1, 0]])
  act(made, row, 1, 0)
  // 0.6 of 2000 at 100.
  #expect(made.account(lane: 0).shares == [12, 0])
  #expect(legal() == [[0, 0], [-1, 0], [-1, 1]])
  act(made, row, -1, 1)
  #expect(made.account(lane: 0).shares == [0, 12])
}

/// Only the size of a unit is another: as many dollars, told in the other way, give the same bits.
@Test(arguments: [false, true]) func aShareIsTheSameGameAsAsManyDollars(allowShort: Bool) throws {
  let tape = MarketTape(SyntheticTape.series(symbols: ["A", "B"], bars: 400, seed: 3))
  let ways = [
    BasketConfiguration(unitShare: 0.25, maximumUnits: 2, allowShort: allowShort),
    BasketConfiguration(unitDollars: 1e6, unitShareOfValue: 0.5, maximumUnits: 2, allowShort: allowShort),
  ]
  let played = try ways.map { configuration -> [[UInt64]] in
    let made = try make(tape, configuration, lanes: 9, .randomStarts(length: 80), recordsFills: false)
    let row = StepRow(for: made)
    row.reset(made, seed: 8)
    return (0..<200).flatMap { step in
      row.chooseLegal(seed: 4, step: step)
      row.step(made)
      return (0..<9).map { row.bits($0) }
    }
  }
  #expect(played[0] == played[1])
}

/// An account that grows a millionfold: no amount is too large to book, since no unit is above what the tape allows.
@Test func noUnitIsAboveWhatExactBooksHold() throws {
  let tape = handMadeTape(["AAA"], bars: 80) { _, bar in
    bar <= 50
      ? HandMadeBar(open: 100, close: 100)
      : HandMadeBar(open: bar % 2 == 1 ? 100 : 1000, close: bar % 2 == 1 ? 1000 : 100)
  }
  let made = try make(
    tape, BasketConfiguration(capitalPerSymbolDollars: 1e6, unitShare: 0.9, execution: free))
  let row = StepRow(for: made)
  row.reset(made, seed: 1)
  var largest = 0.0
  var booked = made.account(lane: 0).netLiquidationMicroDollars
  for step in 0..<28 {
    act(made, row, step % 2 == 0 ? 1 : -1)
    let account = made.account(lane: 0)
    booked += made.lastBreakdown(lane: 0).change.total
    #expect(account.netLiquidationMicroDollars == booked)
    #expect(account.units == [step % 2 == 0 ? 1 : 0])
    if step % 2 == 0 { largest = max(largest, account.shares[0] * 100) }
  }
  #expect(largest == BasketEnvironment.largestUnitDollars && booked > 5_000_000_000_000_000)
  // A tape whose prices differ more allows less, and says so where even the first unit is more.
  let wild = scriptedTape(["AAA"], [[(100, 1e7)]])
  let error = #expect(throws: EnvironmentError.self) {
    try make(wild, BasketConfiguration(capitalPerSymbolDollars: 1e6, unitShare: 0.9))
  }
  #expect(error?.description.contains("exact accounts hold at most 11247.7") == true, "\(error?.description ?? "")")
  _ = try make(wild, BasketConfiguration(capitalPerSymbolDollars: 10_000, unitShare: 0.9))
}

@Test func restoredSharesOfTheAccountEqualUninterruptedOnes() throws {
  let tape = MarketTape(SyntheticTape.series(symbols: ["A", "B"], bars: 400, seed: 3))
  let configuration = BasketConfiguration(unitShare: 0.4)
  func made() throws -> (BasketEnvironment, StepRow) {
    let environment = try make(tape, configuration, lanes: 8, .randomStarts(length: 70), recordsFills: false)
    return (environment, StepRow(for: environment))
  }
  func play(_ environment: BasketEnvironment, _ row: StepRow, _ steps: Range<Int>) -> [[UInt64]] {
    steps.flatMap { step in
      row.chooseLegal(seed: 8, step: step)
      row.step(environment)
      return (0..<8).map { row.bits($0) }
    }
  }
  let (whole, row) = try made()
  row.reset(whole, seed: 12)
  _ = play(whole, row, 0..<101)
  let (other, otherRow) = try made()
  otherRow.reset(other, seed: 99)
  try other.restore(whole.snapshot())
  for lane in 0..<8 { otherRow.masks[lane] = row.masks[lane] }
  #expect(play(other, otherRow, 101..<200) == play(whole, row, 101..<200))
  #expect(other.snapshot() == whole.snapshot())
}

@Test func whatWouldSizeAUnitTwiceIsRefusedByName() throws {
  let cases: [(String, BasketConfiguration)] = [
    ("environment.unit_dollars' is 500.0: it must be left out (1000.0)", .init(unitDollars: 500, unitShare: 0.5)),
    (
      "environment.unit_share_of_value' is 0.5: it must be left out (0.95)",
      .init(unitShareOfValue: 0.5, unitShare: 0.5)
    ),
    (
      "environment.max_position_per_asset' is 4000.0: it must be left out (null)",
      .init(unitShare: 0.5, positionLimitDollars: 4000)
    ),
    ("environment.unit_share' is 0.0: it must be null or a number from 1e-09 to 1.0", .init(unitShare: 0)),
    ("environment.unit_share' is 1.5: it must be null or a number from 1e-09 to 1.0", .init(unitShare: 1.5)),
    ("environment.unit_share' is nan: it must be null or a number from 1e-09 to 1.0", .init(unitShare: .nan)),
  ]
  for (words, configuration) in cases {
    let error = #expect(throws: EnvironmentError.self) { try configuration.validate() }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
  }
}

/// A share that leaves nothing for costs would never be bought; the share that the sentence names is.
@Test func aShareThatLeavesNothingForCostsIsRefused() throws {
  let tape = MarketTape(SyntheticTape.series(symbols: ["A"], bars: 120, seed: 3))
  let error = #expect(throws: EnvironmentError.self) { try make(tape, BasketConfiguration(unitShare: 1)) }
  let words = try #require(error?.description)
  #expect(words.hasPrefix("the setting 'environment.unit_share' is 1.0: it must be at most 0.99"), "\(words)")
  let named = try #require(words.split(separator: ": it must be at most ").last?.prefix { $0 != "," })
  let share = try #require(Double(named))
  let made = try make(tape, BasketConfiguration(unitShare: share))
  let row = StepRow(for: made)
  row.reset(made, seed: 1)
  var purchases = 0
  for _ in 0..<68 where made.account(lane: 0).units == [0] {
    row.actions[0] = row.masks[0].allows(2) ? 2 : 1
    purchases += row.actions[0] == 2 ? 1 : 0
    row.step(made)
  }
  #expect(purchases == 1 && made.account(lane: 0).units == [1])
  // Without costs the whole account may be bought with.
  _ = try make(tape, BasketConfiguration(unitShare: 1, execution: free))
  let poor = #expect(throws: EnvironmentError.self) {
    try make(tape, BasketConfiguration(capitalPerSymbolDollars: 1, unitShare: 0.5))
  }
  #expect(poor?.description.contains("lower environment.commission_dollars") == true)
}
