// Penalties take from the learner's reward what they say, and nothing from the account.

import AgentInterface
import Environments
import Market
import TestSupport
import Testing
import Trading

private func make(_ rewards: RewardTerms, lanes: Int = 3, length: Int = 60) throws -> BasketEnvironment {
  try BasketEnvironment(
    tape: MarketTape(SyntheticTape.series(bars: 300, seed: 21)),
    configuration: BasketConfiguration(maximumUnits: 2, allowShort: true, rewards: rewards), window: 50..<300,
    laneCount: lanes, episodes: .randomStarts(length: length), recordsFills: true)
}

@Test func penaltiesAreRoundedOnceHalfToEven() {
  #expect(TurnoverPenalty(coefficient: 0.5).microDollars(traded: 5) == 2)
  #expect(TurnoverPenalty(coefficient: 0.5).microDollars(traded: 7) == 4)
  #expect(TurnoverPenalty(coefficient: 0.001).microDollars(traded: 950_000_000) == 950_000)
  #expect(TurnoverPenalty().microDollars(traded: .max) == 0)
  #expect(DrawdownPenalty(coefficient: 0.25).microDollars(belowHighest: 10) == 2)
  #expect(DrawdownPenalty(coefficient: 0.01).microDollars(belowHighest: 123_456_700) == 1_234_567)
  #expect(DrawdownPenalty().microDollars(belowHighest: 5) == 0)
}

@Test func penaltiesFollowTheirDefinitionAndLeaveTheAccountAlone() throws {
  let terms = RewardTerms(
    turnover: TurnoverPenalty(coefficient: 0.002), drawdown: DrawdownPenalty(coefficient: 0.0005))
  let plain = try make(RewardTerms())
  let penalised = try make(terms)
  let rows = (StepRow(for: plain), StepRow(for: penalised))
  rows.0.reset(plain, seed: 7)
  rows.1.reset(penalised, seed: 7)
  var highest = [Int64](repeating: 2_000_000_000, count: 3)
  var taken = [Int64](repeating: 0, count: 3)
  var sums: [(money: Double, reward: Double)] = []
  var both = 0
  for step in 0..<200 {
    rows.0.chooseLegal(seed: 9, step: step)
    rows.1.chooseLegal(seed: 9, step: step)
    rows.0.step(plain)
    rows.1.step(penalised)
    for lane in 0..<3 {
      let money = plain.lastBreakdown(lane: lane)
      let learnt = penalised.lastBreakdown(lane: lane)
      #expect(penalised.account(lane: lane) == plain.account(lane: lane))
      #expect(penalised.lastAccount(lane: lane) == plain.lastAccount(lane: lane))
      #expect(money.penalties.total == 0 && money.reward == money.change.total)
      #expect(learnt.change == money.change)
      // The penalties from the fills and the values themselves.
      let traded = penalised.drainFills(lane: lane).reduce(Int64(0)) { $0 + $1.notionalMicroDollars }
      let value = penalised.lastAccount(lane: lane).netLiquidationMicroDollars
      highest[lane] = max(highest[lane], value)
      #expect(learnt.penalties.turnover == Int64((0.002 * Double(traded)).rounded(.toNearestOrEven)))
      #expect(
        learnt.penalties.drawdown == Int64((0.0005 * Double(highest[lane] - value)).rounded(.toNearestOrEven)))
      if learnt.penalties.turnover > 0 && learnt.penalties.drawdown > 0 { both += 1 }
      #expect(rows.0.rewards[lane] == Float(MicroDollars.dollars(money.change.total)))
      #expect(rows.1.rewards[lane] == Float(MicroDollars.dollars(learnt.reward)))
      #expect(rows.0.observation(lane) == rows.1.observation(lane) && rows.0.masks[lane] == rows.1.masks[lane])
      taken[lane] += learnt.penalties.total
      guard rows.0.truncated[lane] == 1 || rows.0.terminated[lane] == 1 else { continue }
      sums.append(
        (MicroDollars.dollars(value - 2_000_000_000), MicroDollars.dollars(value - 2_000_000_000 - taken[lane])))
      taken[lane] = 0
      highest[lane] = 2_000_000_000
    }
  }
  #expect(both > 50)
  // An episode's return is the sum of its rewards: exact money where there are no penalties.
  let order: (EpisodeSummary, EpisodeSummary) -> Bool = { $0.episodeReturn < $1.episodeReturn }
  #expect(plain.drainEpisodes().sorted(by: order).map(\.episodeReturn) == sums.map(\.money).sorted())
  #expect(penalised.drainEpisodes().sorted(by: order).map(\.episodeReturn) == sums.map(\.reward).sorted())
  #expect(sums.count == 9)
}

@Test func penaltiesSurviveAResume() throws {
  let terms = RewardTerms(turnover: TurnoverPenalty(coefficient: 0.01), drawdown: DrawdownPenalty(coefficient: 0.002))
  let whole = try make(terms)
  let row = StepRow(for: whole)
  row.reset(whole, seed: 3)
  func run(_ environment: BasketEnvironment, _ row: StepRow, _ steps: Range<Int>) -> [[UInt64]] {
    steps.flatMap { step in
      row.chooseLegal(seed: 5, step: step)
      row.step(environment)
      return (0..<3).map { row.bits($0) }
    }
  }
  _ = run(whole, row, 0..<41)
  let saved = whole.snapshot()
  let masks = (0..<3).map { row.masks[$0] }
  let rest = run(whole, row, 41..<130)
  let other = try make(terms)
  let otherRow = StepRow(for: other)
  otherRow.reset(other, seed: 99)
  try other.restore(saved)
  #expect(other.snapshot() == saved && other.lastBreakdown(lane: 1).penalties.total > 0)
  for lane in 0..<3 { otherRow.masks[lane] = masks[lane] }
  #expect(run(other, otherRow, 41..<130) == rest)
  #expect(other.drainEpisodes() == whole.drainEpisodes())
  // Without penalties a state says nothing of them.
  let plain = try make(RewardTerms())
  #expect(plain.snapshot().integers["penalties"] == nil)
  var broken = saved
  broken.integers["penalties"] = [0]
  #expect(throws: RestoreError.self) { try other.restore(broken) }
  #expect(
    throws: EnvironmentError.badSetting(
      name: "environment.turnover_penalty", found: "-1.0", allowed: "a number from 0.0 to 10.0")
  ) { try make(RewardTerms(turnover: TurnoverPenalty(coefficient: -1))) }
}
