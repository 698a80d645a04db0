// The options game keeps its books, its limits and its day.

import AgentInterface
import Environments
import Market
import Testing
import Trading

private func hold(_ row: StepRow, _ lane: Int) -> Bool { row.masks[lane].rawValue == 1 }

@Test func rewardsOfAnEpisodeSumToItsProfitAndTheIdentityIsZero() throws {
  let environment = try options(OptionsMarket(sessions: 4), lanes: 6)
  expectRewardsSumToProfits(environment, accountMicroDollars: 1_000_000_000_000)
  for episode in environment.drainEpisodes() { #expect(episode.length == 389 || episode.length == 209) }
}

@Test func theMaskOfAnEntryIsTheVerdictOnItsOrder() throws {
  // Limits that let an entry in at some minutes only.
  var configuration = OptionsConfiguration()
  configuration.profile.firstMinutes = 5
  let environment = try options(OptionsMarket(sessions: 3, volatility: 0.15), configuration, lanes: 2)
  let row = StepRow(for: environment)
  row.reset(environment, seed: 1)
  var (offered, withheld, taken) = (0, 0, 0)
  for _ in 0..<1200 {
    for lane in 0..<2 {
      let mask = row.masks[lane]
      let account = environment.account(lane: lane)
      row.actions[lane] = 0
      guard account.units == [0] else {
        row.actions[lane] = mask.allows(5) ? 5 : 0
        continue
      }
      let verdicts = environment.entryVerdicts(lane: lane)
      for (place, action) in [1, 2].enumerated() {
        #expect(mask.allows(action) == verdicts[place].contains { $0.isAllowed })
        if mask.allows(action) { offered += 1 } else { withheld += 1 }
      }
      if mask.allows(1) {
        row.actions[lane] = 1
        taken += 1
      }
    }
    row.step(environment)
  }
  #expect(offered > 50 && withheld > 50 && taken > 10)
}

@Test func thetaLetsAnEntryInOnlyLateInTheDay() throws {
  // $100 of decay: at 15 % an option at the money of 600 fits in the last 76 minutes; smaller deltas before.
  var configuration = OptionsConfiguration()
  configuration.symbolCapital = []
  configuration.minimumDelta = 0.45
  let market = OptionsMarket(sessions: 2)
  let tape = market.tape()
  let tables = try OptionsTables(tape, configuration: configuration)
  let share = try #require(tables.entryShares(in: 0..<tape.barCount)[0])
  #expect(share > 0.05 && share < 0.25)
  configuration.minimumDelta = 0.15
  let wider = try OptionsTables(tape, configuration: configuration)
  let widerShare = try #require(wider.entryShares(in: 0..<tape.barCount)[0])
  #expect(widerShare > share)
}

@Test func anAccountThatCannotEnterIsRefusedByName() throws {
  var configuration = OptionsConfiguration()
  configuration.symbolCapital = []
  configuration.symbolDecay = []
  let tape = OptionsMarket(symbols: ["SPX"], sessions: 2).tape()
  let market = OptionsEnvironment.family
  guard case .bars(let bars) = market.play else { return }
  let prepared = try bars.prepare(configuration, tape)
  #expect {
    _ = try bars.lanes(configuration, tape, prepared, 0..<tape.barCount, 1, 1)
  } throws: { error in "\(error)".contains("SPX fits the account") && "\(error)".contains("--allow-idle SPX") }
  configuration.allowIdle = ["SPX"]
  let allowed = try bars.prepare(configuration, tape)
  _ = try bars.lanes(configuration, tape, allowed, 0..<tape.barCount, 1, 1)
  // The shipped profile gives SPX an account of its own.
  let shipped = OptionsConfiguration()
  let shippedTables = try bars.prepare(shipped, tape)
  _ = try bars.lanes(shipped, tape, shippedTables, 0..<tape.barCount, 1, 1)
}

@Test func nothingOutlivesTheForcedExitAndWhatCannotBeSoldIsSettled() throws {
  var forced = 0
  for (seed, action) in [(UInt64(1), 1), (1, 2), (2, 1), (2, 2)] {
    let environment = try options(OptionsMarket(sessions: 2, seed: seed, halfSpread: 50), lanes: 1)
    let row = StepRow(for: environment)
    row.reset(environment, seed: seed)
    var last = 0
    for _ in 0..<389 {
      row.actions[0] = row.masks[0].allows(action) ? Int32(action) : 0
      row.step(environment)
      // 15 minutes before the close it is sent away, and a minute later it is gone.
      if environment.lastAccount(lane: 0).bar % 390 == 376 { last = environment.lastAccount(lane: 0).units[0] }
    }
    let counts = environment.drainCounts()
    #expect(counts.forcedExits == 1)
    // What is worth nothing has no bid, and so is settled.
    #expect((last == 0) == (counts.settled == 0))
    #expect(environment.lastAccount(lane: 0).units == [0])
    forced += last == 0 ? 1 : 0
  }
  #expect(forced >= 2)

  // Nobody quotes any more: what is held is settled at the close.
  let quiet = try options(OptionsMarket(sessions: 2, gapFrom: 200), lanes: 1)
  let quietRow = StepRow(for: quiet)
  quietRow.reset(quiet, seed: 1)
  for _ in 0..<389 {
    quietRow.actions[0] = quietRow.masks[0].allows(1) ? 1 : 0
    if quiet.account(lane: 0).units[0] > 0 { #expect(!quietRow.masks[0].allows(1)) }
    quietRow.step(quiet)
  }
  #expect(quietRow.terminated[0] == 1)
  let quietCounts = quiet.drainCounts()
  #expect(quietCounts.settled == 1 && quietCounts.waitingExits >= 1)
  #expect(quiet.lastAccount(lane: 0).units == [0])
}

@Test func oneLaneAloneIsWhatItIsAmongMany() throws {
  let market = OptionsMarket(symbols: ["SPY", "QQQ"], sessions: 4)
  let together = try options(market, lanes: 5)
  let parts = try options(market, lanes: 5)
  let (row, other) = (StepRow(for: together), StepRow(for: parts))
  row.reset(together, seed: 9)
  other.reset(parts, seed: 9)
  for step in 0..<900 {
    row.chooseLegal(seed: 2, step: step)
    other.chooseLegal(seed: 2, step: step)
    row.step(together)
    for lanes in [3..<5, 0..<1, 1..<3] { other.step(parts, lanes: lanes) }
    for lane in 0..<5 { #expect(row.bits(lane) == other.bits(lane)) }
  }
  #expect(together.snapshot() == parts.snapshot())
}

@Test(arguments: [OptionsEnvironment.Episodes.drawnSessions, .walk])
func restoredOptionsEqualUninterruptedOnes(episodes: OptionsEnvironment.Episodes) throws {
  let market = OptionsMarket(symbols: ["SPY", "QQQ"], sessions: 3, gapEvery: 3)
  var configuration = OptionsConfiguration.rich
  configuration.latencyMinutes = 2
  func run(_ environment: OptionsEnvironment, _ row: StepRow, _ steps: Range<Int>) -> [[UInt64]] {
    steps.flatMap { step in
      row.chooseLegal(seed: 8, step: step)
      if step % 13 == 0 { row.actions[1] = 4 }
      row.step(environment)
      return (0..<3).map { row.bits($0) }
    }
  }
  for cut in [37, 120, 233, 700] {
    let whole = try options(market, configuration, lanes: 3, episodes)
    let row = StepRow(for: whole)
    row.reset(whole, seed: 12)
    _ = run(whole, row, 0..<cut)
    let saved = whole.snapshot()
    let masks = (0..<3).map { row.masks[$0] }
    let rest = run(whole, row, cut..<cut + 400)
    let other = try options(market, configuration, lanes: 3, episodes)
    let otherRow = StepRow(for: other)
    otherRow.reset(other, seed: 77)
    _ = run(other, otherRow, 0..<17)
    try other.restore(saved)
    #expect(other.snapshot() == saved)
    for lane in 0..<3 { otherRow.masks[lane] = masks[lane] }
    #expect(run(other, otherRow, cut..<cut + 400) == rest)
    #expect(other.snapshot() == whole.snapshot())
    for lane in 0..<3 {
      #expect(other.lastAccount(lane: lane) == whole.lastAccount(lane: lane))
      let fills = whole.drainFills(lane: lane)
      #expect(other.drainFills(lane: lane) == fills)
    }
  }
}

@Test func aDamagedStateIsRefusedByName() throws {
  let environment = try options(lanes: 2)
  let row = StepRow(for: environment)
  row.reset(environment, seed: 1)
  for step in 0..<60 {
    row.chooseLegal(seed: 1, step: step)
    row.step(environment)
  }
  let saved = environment.snapshot()
  // Any position of a stream is one.
  for (name, vector) in saved.integers where !vector.isEmpty && !name.hasPrefix("random/") {
    var damaged = saved
    damaged.integers[name] = vector.map { _ in 1 << 62 }
    #expect(throws: RestoreError.self, "\(name)") { try environment.restore(damaged) }
    damaged.integers[name] = nil
    #expect(throws: RestoreError.self, "\(name)") { try environment.restore(damaged) }
  }
  var poorer = saved
  poorer.integers["money"]?[0] -= 1
  #expect(throws: RestoreError.self) { try environment.restore(poorer) }
  #expect(environment.snapshot() == saved)
}

@Test func laterMinutesChangeNothingBefore() throws {
  let market = OptionsMarket(sessions: 3)
  var other = market
  other.changedFrom = 200
  let (first, second) = (try options(market, lanes: 1, .walk), try options(other, lanes: 1, .walk))
  let (row, changed) = (StepRow(for: first), StepRow(for: second))
  row.reset(first, seed: 1)
  changed.reset(second, seed: 1)
  var differing = 0
  for step in 0..<389 * 3 - 1 {
    row.chooseLegal(seed: 4, step: step)
    changed.chooseLegal(seed: 4, step: step)
    row.step(first)
    changed.step(second)
    // Step t of a session ends with what is known at minute t + 1.
    if step < 389 * 2 + 198 {
      #expect(row.bits(0) == changed.bits(0))
    } else if row.bits(0) != changed.bits(0) {
      differing += 1
    }
  }
  #expect(differing > 50)
}

@Test func noColumnIsEverNotANumber() throws {
  let environment = try options(OptionsMarket(symbols: ["SPY", "SPX"], sessions: 3, gapEvery: 5), lanes: 4)
  let row = StepRow(for: environment)
  row.reset(environment, seed: 2)
  for step in 0..<800 {
    for lane in 0..<4 {
      #expect(row.observation(lane).allSatisfy { $0.isFinite })
      #expect(row.masks[lane].allows(0))
    }
    row.chooseLegal(seed: 3, step: step)
    row.step(environment)
  }
}

@Test func theColumnsAndActionsAreTheContract() throws {
  let environment = try options(OptionsMarket(symbols: ["SPY", "QQQ", "SPX"], sessions: 2), lanes: 1)
  let names = environment.observationSpace.columns.map(\.name)
  #expect(names.count == 20 + 9 + 4 + 4 + 3 + 3 && Set(names).count == names.count)
  #expect(Array(names[20..<29]).first == "side" && names[28] == "order_in_flight")
  #expect(names[29] == "delta_exposure" && names[33] == "delta_used")
  #expect(Array(names[37...]) == ["symbol.SPY", "symbol.QQQ", "symbol.SPX", "european", "index", "log_price"])
  #expect(environment.actionSpace.names == ["hold", "buy_call", "buy_put", "trim_half", "trim_most", "exit"])
  #expect(environment.actionSpace.fallback == 0)
}

@Test func aDayWithoutTodaysExpiryIsADayWithoutTrades() throws {
  let market = OptionsMarket(sessions: 3, emptySession: 1)
  let walk = try options(market, lanes: 1, .walk)
  let row = StepRow(for: walk)
  row.reset(walk, seed: 1)
  for step in 0..<389 * 3 {
    if (389..<778).contains(step) { #expect(hold(row, 0)) }
    row.chooseLegal(seed: 6, step: step)
    row.step(walk)
  }
  #expect(row.truncated[0] == 1)
  // Training never draws it.
  let training = try options(market, lanes: 8)
  #expect(training.window.count == 3)
  let trained = StepRow(for: training)
  trained.reset(training, seed: 1)
  for step in 0..<1200 {
    trained.chooseLegal(seed: 6, step: step)
    trained.step(training)
    for lane in 0..<8 {
      let bar = training.account(lane: lane).bar
      #expect(!(390..<780).contains(bar))
    }
  }
}

@Test func momentumIsSixColumnsMoreAndItsPenaltyIsNoMoney() throws {
  var configuration = OptionsConfiguration.rich
  configuration.humanMomentum = true
  configuration.momentumPenalty = 0.5
  let market = OptionsMarket(sessions: 3)
  let with = try options(market, configuration, lanes: 2)
  let without = try options(market, lanes: 2)
  let names = with.observationSpace.columns.map { $0.name }
  #expect(names.count == without.observationSpace.count + 6)
  #expect(Array(names.suffix(6)).first == "momentum_3" && names.last == "streak")
  let (row, plain) = (StepRow(for: with), StepRow(for: without))
  row.reset(with, seed: 2)
  plain.reset(without, seed: 2)
  var penalised = 0
  for step in 0..<700 {
    row.chooseLegal(seed: 1, step: step)
    for lane in 0..<2 {
      plain.actions[lane] = row.actions[lane]
      #expect(row.observation(lane).dropLast(6) == plain.observation(lane)[...])
    }
    let moves = (0..<2).map { row.observation($0)[names.count - 5] }
    row.step(with)
    plain.step(without)
    for lane in 0..<2 {
      let action = row.actions[lane]
      let isAgainst = action == 1 && moves[lane] < -1 || action == 2 && moves[lane] > 1
      let penalty = with.lastBreakdown(lane: lane).penalties
      #expect(penalty.momentum == (isAgainst ? 500_000_000_000 : 0) && penalty.total == penalty.momentum)
      #expect(with.lastAccount(lane: lane) == without.lastAccount(lane: lane))
      #expect(with.lastStep(lane: lane) == without.lastStep(lane: lane))
      #expect(abs(plain.rewards[lane] - row.rewards[lane] - (isAgainst ? 0.5 : 0)) < 1e-6)
      if isAgainst { penalised += 1 }
    }
  }
  #expect(penalised > 5)
}

@Test func momentumKnowsNothingOfLaterMinutes() throws {
  var configuration = OptionsConfiguration.rich
  configuration.humanMomentum = true
  let market = OptionsMarket(sessions: 2)
  var other = market
  other.changedFrom = 100
  let (first, second) = (
    try options(market, configuration, lanes: 1, .walk), try options(other, configuration, lanes: 1, .walk)
  )
  let (row, changed) = (StepRow(for: first), StepRow(for: second))
  row.reset(first, seed: 1)
  changed.reset(second, seed: 1)
  for step in 0..<389 + 98 {
    row.step(first)
    changed.step(second)
    #expect(row.bits(0) == changed.bits(0), "step \(step)")
  }
}

@Test func settingsThatMakeNoSenseAreRefusedInASentence() throws {
  let cases: [(String, (inout OptionsConfiguration) -> Void)] = [
    ("'environment.minimum_delta' is 0.6: it must be at most environment.target_delta, 0.5", { $0.minimumDelta = 0.6 }),
    ("'environment.capital_by_symbol' is \"SPX\"", { $0.symbolCapital = ["SPX"] }),
    ("'environment.maximum_contracts' is 0", { $0.maximumContracts = 0 }),
    ("environment.states_warn, _reduce, _halt or _kill", { $0.profile.sessionTiers.warn = 0.5 }),
  ]
  for (words, change) in cases {
    var configuration = OptionsConfiguration()
    change(&configuration)
    let error = #expect(throws: EnvironmentError.self) { try configuration.validate() }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
  }
}
