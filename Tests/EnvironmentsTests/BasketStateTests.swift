// Killed and resumed equals uninterrupted, to the bit.

import AgentInterface
import Environments
import Market
import TestSupport
import Testing
import Trading

private func make(_ episodes: BasketConfiguration.Episodes, tape: MarketTape? = nil) throws -> BasketEnvironment {
  try BasketEnvironment(
    tape: try tape ?? MarketTape(SyntheticTape.series(bars: 700, seed: 3)),
    configuration: BasketConfiguration(
      maximumUnits: 2, allowShort: true, drawdown: DrawdownTiers(warn: 0.02, reduce: 0.04, halt: 0.08)),
    window: 50..<700, laneCount: 4, episodes: episodes, recordsFills: true)
}

/// Random legal actions, and now and then one that does not ask the mask.
private func run(_ environment: BasketEnvironment, _ row: StepRow, _ steps: Range<Int>) -> [[UInt64]] {
  steps.flatMap { step in
    row.chooseLegal(seed: 8, step: step)
    if step % 13 == 0 { row.actions[1] = 8 }
    row.step(environment)
    return (0..<4).map { row.bits($0) }
  }
}

@Test(arguments: [BasketConfiguration.Episodes.randomStarts(length: 61), .continuous])
func restoredAccountsEqualUninterruptedOnes(episodes: BasketConfiguration.Episodes) throws {
  let whole = try make(episodes)
  let row = StepRow(for: whole)
  row.reset(whole, seed: 12)
  _ = run(whole, row, 0..<243)
  let saved = whole.snapshot()
  let masks = (0..<4).map { row.masks[$0] }
  let rest = run(whole, row, 243..<500)

  let other = try make(episodes)
  let otherRow = StepRow(for: other)
  otherRow.reset(other, seed: 1000)
  _ = run(other, otherRow, 0..<17)
  try other.restore(saved)
  #expect(other.snapshot() == saved)
  for lane in 0..<4 { otherRow.masks[lane] = masks[lane] }
  #expect(run(other, otherRow, 243..<500) == rest)
  #expect(other.snapshot() == whole.snapshot())
  var fillCount = 0
  for lane in 0..<4 {
    #expect(other.account(lane: lane) == whole.account(lane: lane))
    #expect(other.lastAccount(lane: lane) == whole.lastAccount(lane: lane))
    #expect(other.lastBreakdown(lane: lane) == whole.lastBreakdown(lane: lane))
    let fills = whole.drainFills(lane: lane)
    #expect(!fills.isEmpty && other.drainFills(lane: lane) == fills)
    fillCount += fills.count
  }
  #expect(fillCount > 100)
  #expect(other.drainEpisodes() == whole.drainEpisodes())
  let illegal = whole.drainIllegalAttempts()
  #expect(illegal > 0 && other.drainIllegalAttempts() == illegal)
  let counts = whole.drainCounts()
  #expect(counts.haltBars > 0 && other.drainCounts() == counts)
}

/// What is read without making an account is what the account says, in every step and at the end of an episode.
@Test func standingsAreThoseOfAccounts() throws {
  let environment = try make(.randomStarts(length: 61))
  let row = StepRow(for: environment)
  row.reset(environment, seed: 12)
  var units = [Int](repeating: 9, count: environment.tape.symbols.count)
  var holding = 0
  for step in 0..<200 {
    row.chooseLegal(seed: 8, step: step)
    row.step(environment)
    for lane in 0..<4 {
      let account = environment.lastAccount(lane: lane)
      let standing = environment.lastStanding(lane: lane, units: &units)
      #expect(units == account.units, "step \(step)")
      #expect(
        standing
          == AccountStanding(
            netLiquidationMicroDollars: account.netLiquidationMicroDollars,
            holdsShares: account.shares.contains { $0 != 0 }), "step \(step)")
      if standing.holdsShares { holding += 1 }
    }
  }
  #expect((100..<800).contains(holding), "\(holding)")
}

@Test func impossibleAccountsAreRefusedAndChangeNothing() throws {
  let environment = try make(.randomStarts(length: 61))
  let row = StepRow(for: environment)
  row.reset(environment, seed: 12)
  _ = run(environment, row, 0..<100)
  let saved = environment.snapshot()
  let changes: [(name: String, change: (inout StateRecord) -> Void)] = [
    ("bar", { $0.integers["bar"] = [699, 60, 60, 60] }),
    ("bar", { $0.integers["bar"] = [49, 60, 60, 60] }),
    ("bar", { $0.integers["last_bar"] = [.max, 60, 60, 60] }),
    ("value", { $0.integers["cash"]?[2] += 1 }),
    ("cash", { $0.integers["cash"]?[2] = .max }),
    ("units", { $0.integers["units"]?[0] = 3 }),
    ("shares", { $0.doubles["shares"]?[0] = .nan }),
    ("shares", { $0.doubles["shares"]?[0] = 1e300 }),
    ("tier", { $0.integers["tier"]?[1] = 4 }),
    ("fills/counts", { $0.integers["fills/counts"]?[1] = .max }),
    ("episodes/length", { $0.integers["episodes/length"]?[1] = 61 }),
  ]
  for (name, change) in changes {
    var state = saved
    change(&state)
    do throws(RestoreError) {
      try environment.restore(state)
      Issue.record("a changed '\(name)' was taken")
    } catch .invalid(let found, _) {
      #expect(found == name)
    } catch {
      Issue.record("\(name): \(error)")
    }
    #expect(environment.snapshot() == saved)
  }
  // The same positions on another tape have another value.
  row.reset(environment, seed: 12)
  _ = run(environment, row, 0..<3)
  try #require((0..<4).contains { environment.account(lane: $0).units != [0, 0] })
  let elsewhere = try make(.randomStarts(length: 61), tape: MarketTape(SyntheticTape.series(bars: 700, seed: 4)))
  #expect(throws: RestoreError.self) { try elsewhere.restore(environment.snapshot()) }
}
