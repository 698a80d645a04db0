// Symbols of a basket with terms of their own: capital, the worth of a unit, how many, and what they may come to.

import AgentInterface
import Market
import TestSupport
import Testing
import Trading

@testable import Environments

private let free = ExecutionModel(halfSpreadBasisPoints: 0, impactCoefficient: 0, commissionDollars: 0)

private func make(
  _ tape: MarketTape, _ configuration: BasketConfiguration, lanes: Int = 1,
  _ episodes: BasketConfiguration.Episodes = .continuous
) throws(EnvironmentError) -> BasketEnvironment {
  try BasketEnvironment(
    tape: tape, configuration: configuration, window: 50..<tape.barCount, laneCount: lanes, episodes: episodes,
    recordsFills: true)
}

@Suite struct BasketSymbolTermsTests {
  @Test func eachSymbolHasItsOwnTerms() throws {
    let tape = scriptedTape(["AAA", "BBB"], [[(100, 100)], [(100, 100)]])
    var configuration = BasketConfiguration(unitDollars: 100, maximumUnits: 1, execution: free)
    configuration.symbolCapital = ["BBB=500"]
    configuration.symbolUnitDollars = ["BBB=50"]
    configuration.symbolMaximumUnits = ["BBB=4"]
    configuration.symbolPositionLimits = ["BBB=200"]
    let made = try make(tape, configuration)
    #expect(made.pair == nil)
    let row = StepRow(for: made)
    row.reset(made, seed: 1)
    #expect(made.account(lane: 0).cashMicroDollars == 1_500_000_000)
    let both = Int32(BasketAction(orders: [1, 1]).index)
    row.actions[0] = both
    row.step(made)
    #expect(made.account(lane: 0).shares == [1, 0.5] && made.account(lane: 0).units == [1, 1])
    // Full of the one, a quarter of the other.
    #expect(row.observation(0)[12] == 1 && row.observation(0)[25] == 0.25)
    #expect(!row.masks[0].allows(Int(both)))
    #expect(row.masks[0].allows(Int(BasketAction(orders: [0, 1]).index)))
    let rules = configuration.rules { "\($0)" }.map(\.text).joined(separator: "; ")
    for words in ["BBB=500", "BBB=50", "BBB=4"] { #expect(rules.contains(words), "\(rules)") }
  }

  /// Terms by name that are those of all are those of all: every observation, mask, reward and account, in plain rules and their fast twin.
  @Test(arguments: [2, 3, 5], [false, true]) func termsOfAllByNameAreTheSame(symbols: Int, allowShort: Bool) throws {
    let names = (0..<symbols).map { "S\($0)" }
    let tape = MarketTape(SyntheticTape.series(symbols: names, bars: 300, seed: 6))
    let plain = BasketConfiguration(
      capitalPerSymbolDollars: 900, unitDollars: 210, maximumUnits: 3, allowShort: allowShort)
    var named = plain
    named.symbolCapital = names.map { $0 + "=900" }
    named.symbolUnitDollars = names.map { $0 + "=210" }
    named.symbolMaximumUnits = names.map { $0 + "=3" }
    let made = try [plain, named].map { try make(tape, $0, lanes: 6, .randomStarts(length: 90)) }
    let rows = made.map { StepRow(for: $0) }
    for place in 0..<2 { rows[place].reset(made[place], seed: 4) }
    for step in 0..<300 {
      for place in 0..<2 {
        rows[place].chooseLegal(seed: 8, step: step)
        rows[place].step(made[place])
      }
      for lane in 0..<6 {
        #expect(rows[0].observation(lane) == rows[1].observation(lane))
        #expect(rows[0].masks[lane] == rows[1].masks[lane] && rows[0].rewards[lane] == rows[1].rewards[lane])
        #expect(made[0].lastAccount(lane: lane) == made[1].lastAccount(lane: lane))
      }
    }
  }

  @Test func whatMakesNoSenseIsRefusedByName() throws {
    let tape = scriptedTape(["AAA", "BBB"], [[(100, 100)], [(100, 100)]])
    func refusal(_ change: (inout BasketConfiguration) -> Void) throws -> String {
      var configuration = BasketConfiguration()
      change(&configuration)
      return try #require(throws: EnvironmentError.self) { try make(tape, configuration) }.description
    }
    #expect(
      try refusal { $0.symbolMaximumUnits = ["AAA=1.5"] }.contains(
        "'environment.maximum_units_by_asset' is \"AAA=1.5\""))
    #expect(try refusal { $0.symbolMaximumUnits = ["AAA=101"] }.contains("from 1.0 to 100.0"))
    #expect(try refusal { $0.symbolUnitDollars = ["AAA"] }.contains("words like AAPL=500"))
    #expect(try refusal { $0.symbolCapital = ["AAA=-1"] }.contains("'environment.capital_by_asset'"))
    #expect(try refusal { $0.symbolUnitDollars = ["CCC=5"] }.contains("of symbols that are traded: AAA, BBB"))
    let above = try refusal {
      $0.symbolMaximumUnits = ["AAA=3"]
      $0.symbolPositionLimits = ["AAA=2999"]
    }
    #expect(above.contains("AAA may hold come to 3000.0 dollars, above the 2999.0"))
    let share = try refusal {
      $0.unitShare = 0.2
      $0.symbolUnitDollars = ["AAA=5"]
    }
    #expect(share.contains("'environment.unit_dollars_by_asset'") && share.contains("environment.unit_share"))
  }
}
