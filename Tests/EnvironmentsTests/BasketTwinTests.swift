// The fast rules of two symbols equal the plain ones, to the bit, and answer almost always.

import AgentInterface
import Kernels
import Market
import TestSupport
import Testing
import Trading

@testable import Environments

/// Configurations that reach every branch of the rules.
private let configurations: [(name: String, configuration: BasketConfiguration)] = [
  ("default", BasketConfiguration()),
  ("three units", BasketConfiguration(unitDollars: 300, maximumUnits: 3)),
  ("units too dear for cash", BasketConfiguration(capitalPerSymbolDollars: 500, unitShareOfValue: 1)),
  ("many units too dear for cash", BasketConfiguration(unitDollars: 700, unitShareOfValue: 1, maximumUnits: 4)),
  (
    "tiers all the time",
    BasketConfiguration(maximumUnits: 2, drawdown: DrawdownTiers(warn: 0.005, reduce: 0.01, halt: 0.03))
  ),
  (
    "no costs",
    BasketConfiguration(
      execution: ExecutionModel(halfSpreadBasisPoints: 0, impactCoefficient: 0, commissionDollars: 0))
  ),
  (
    "ruinous costs",
    BasketConfiguration(
      capitalPerSymbolDollars: 40, unitDollars: 30,
      execution: ExecutionModel(halfSpreadBasisPoints: 900, impactCoefficient: 100, commissionDollars: 3))
  ),
  ("a share of the account", BasketConfiguration(unitShare: 0.45)),
  ("a share that pays for one symbol", BasketConfiguration(unitShare: 0.9)),
  (
    "many small shares in every tier",
    BasketConfiguration(
      unitShare: 0.15, maximumUnits: 4, drawdown: DrawdownTiers(warn: 0.005, reduce: 0.01, halt: 0.03))
  ),
  (
    "a share without costs",
    BasketConfiguration(
      unitShare: 1, execution: ExecutionModel(halfSpreadBasisPoints: 0, impactCoefficient: 0, commissionDollars: 0))
  ),
  ("portfolio columns", BasketConfiguration(portfolioFeatures: true)),
  (
    "penalties",
    BasketConfiguration(
      rewards: RewardTerms(
        turnover: TurnoverPenalty(coefficient: 0.003), drawdown: DrawdownPenalty(coefficient: 0.001)))
  ),
]

/// Two symbols that sometimes trade in unknown volume, and a benchmark.
private func market(volumeIsKnown: Bool) -> MarketTape {
  var series = SyntheticTape.series(symbols: ["A", "B", "M"], bars: 420, seed: 17)
  if !volumeIsKnown {
    for bar in stride(from: 100, to: 400, by: 67) { series[bar % 2].volume[bar] = .nan }
  }
  return MarketTape(Array(series.prefix(2)), benchmark: series[2])
}

private func make(
  _ configuration: BasketConfiguration, tape: MarketTape, plain: Bool, recordsFills: Bool = false
) throws -> BasketEnvironment {
  try BasketEnvironment(
    tape: tape, configuration: configuration, window: 50..<420, laneCount: 21, episodes: .randomStarts(length: 90),
    recordsFills: recordsFills, usesPlainRulesOnly: plain)
}

@Test(arguments: configurations.indices, [true, false])
func fastRulesEqualThePlainOnes(place: Int, volumeIsKnown: Bool) throws {
  try compare(configurations[place], volumeIsKnown: volumeIsKnown, recordsFills: false)
}

/// Where fills are written down, every order is the plain rules'.
@Test(arguments: configurations.indices)
func fastRulesLoseNoFill(place: Int) throws {
  try compare(configurations[place], volumeIsKnown: true, recordsFills: true)
}

private func compare(
  _ named: (name: String, configuration: BasketConfiguration), volumeIsKnown: Bool, recordsFills: Bool
) throws {
  let (name, configuration) = named
  let tape = market(volumeIsKnown: volumeIsKnown)
  let fast = try make(configuration, tape: tape, plain: false, recordsFills: recordsFills)
  let plain = try make(configuration, tape: tape, plain: true, recordsFills: recordsFills)
  #expect((fast.pair != nil) == !configuration.rewards.isActive && plain.pair == nil)
  let rows = (StepRow(for: fast), StepRow(for: plain))
  rows.0.reset(fast, seed: 23)
  rows.1.reset(plain, seed: 23)
  var differences = 0
  var orders = 0
  var fillCount = 0
  for step in 0..<300 {
    for row in [rows.0, rows.1] {
      row.chooseLegal(seed: 31, step: step)
      // Requests that do not ask the mask.
      row.actions[step % 21] = Int32(step % 9)
    }
    // In two slices, as threads would.
    for lanes in [0..<13, 13..<21] { rows.0.step(fast, lanes: lanes) }
    rows.1.step(plain)
    for lane in 0..<21 {
      if rows.0.bits(lane) != rows.1.bits(lane) || fast.lastBreakdown(lane: lane) != plain.lastBreakdown(lane: lane) {
        differences += 1
      }
      if fast.lastBreakdown(lane: lane).change.commission > 0 { orders += 1 }
      let fills = fast.drainFills(lane: lane)
      if fills != plain.drainFills(lane: lane) { differences += 1 }
      fillCount += fills.count
    }
  }
  #expect(differences == 0, "\(name)")
  #expect(recordsFills ? fillCount >= orders : fillCount == 0, "\(name): \(fillCount)")
  // Ruin leaves little to trade.
  #expect(orders > (name == "ruinous costs" ? 0 : 500) || configuration.execution.commissionDollars == 0, "\(name)")
  #expect(fast.snapshot() == plain.snapshot(), "\(name)")
  #expect(fast.drainCounts() == plain.drainCounts(), "\(name)")
  #expect(fast.drainEpisodes() == plain.drainEpisodes(), "\(name)")
  #expect(fast.drainIllegalAttempts() == plain.drainIllegalAttempts(), "\(name)")
}

/// The fast rules would be no use if they left most steps to the plain ones.
@Test(arguments: [nil, 0.45]) func fastRulesAnswerAlmostAlways(unitShare: Double?) throws {
  let environment = try make(BasketConfiguration(unitShare: unitShare), tape: market(volumeIsKnown: true), plain: false)
  let pair = try #require(environment.pair)
  let row = StepRow(for: environment)
  row.reset(environment, seed: 2)
  var untouched = 0
  var unmasked = 0
  for step in 0..<300 {
    row.chooseLegal(seed: 5, step: step)
    // The rules alone first, which are asked on a copy: what they leave is what a step would leave.
    let before = environment.snapshot()
    let rest = pair.step(row.actions, lanes: 0..<16, into: row.buffers)
    untouched += Array(rest.untouched(0)).count
    unmasked += Array(rest.unmasked(0)).count
    try environment.restore(before)
    row.step(environment)
  }
  #expect(untouched < 50 && unmasked < 400, "\(untouched) and \(unmasked) of 4,800")
}

/// What a lane holds where the rules leave it is what it held before: to the last bit of its state.
@Test func lanesThatAreLeftAreUnchanged() throws {
  let environment = try make(BasketConfiguration(), tape: market(volumeIsKnown: false), plain: false)
  let pair = try #require(environment.pair)
  let row = StepRow(for: environment)
  row.reset(environment, seed: 4)
  var left = 0
  for step in 0..<200 {
    row.chooseLegal(seed: 9, step: step)
    row.actions[step % 16] = [Int32(99), -1, Int32(step % 9)][step % 3]
    let before = environment.snapshot()
    let rest = pair.step(row.actions, lanes: 0..<16, into: row.buffers)
    let after = environment.snapshot()
    for lane in Array(rest.untouched(0)) {
      left += 1
      for name in ["bar", "cash", "highest", "tier", "value", "episodes/length"] {
        #expect(before.integers[name]?[lane] == after.integers[name]?[lane], "\(name) of lane \(lane)")
      }
      for place in [2 * lane, 2 * lane + 1] {
        #expect(before.doubles["shares"]?[place] == after.doubles["shares"]?[place])
        #expect(before.integers["units"]?[place] == after.integers["units"]?[place])
      }
      #expect(before.doubles["episodes/return"]?[lane] == after.doubles["episodes/return"]?[lane])
      #expect(
        before.integers["breakdown"]?[lane * 5..<lane * 5 + 5] == after.integers["breakdown"]?[lane * 5..<lane * 5 + 5])
    }
    try environment.restore(before)
    row.actions[step % 16] = 4
    row.step(environment)
  }
  #expect(left > 100, "\(left)")
}

@Test func otherGamesKeepToThePlainRules() throws {
  let three = MarketTape(SyntheticTape.series(symbols: ["A", "B", "C"], bars: 100, seed: 1))
  let one = MarketTape(SyntheticTape.series(symbols: ["A"], bars: 100, seed: 1))
  let two = MarketTape(SyntheticTape.series(symbols: ["A", "B"], bars: 100, seed: 1))
  func pair(_ tape: MarketTape, _ configuration: BasketConfiguration) throws -> PairRules? {
    try BasketEnvironment(
      tape: tape, configuration: configuration, window: 50..<100, laneCount: 1, episodes: .continuous
    ).pair
  }
  #expect(try pair(two, BasketConfiguration()) != nil)
  #expect(try pair(one, BasketConfiguration()) == nil && pair(three, BasketConfiguration()) == nil)
  #expect(try pair(two, BasketConfiguration(allowShort: true)) == nil)
  let penalties = RewardTerms(turnover: TurnoverPenalty(coefficient: 0.001))
  #expect(try pair(two, BasketConfiguration(rewards: penalties)) == nil)
}
