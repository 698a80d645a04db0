// The game that sells premium: what it sells, what it keeps in cash for it, when it must not, and that its books are the desk's.

import AgentInterface
import Environments
import Market
import Testing
import Text
import Trading

private let market = OptionsMarket(sessions: 4, strikesEachWay: 14)
private let tape = market.tape()

private func isCall(_ day: OptionsDay, _ contract: Int32) -> Bool {
  day.session.contracts[Int(contract)].right == .call
}

private func strike(_ day: OptionsDay, _ contract: Int32) -> Double { day.session.contracts[Int(contract)].strike }

/// Equal where all bits are: what nobody knows is no number, and equals itself here.
private func bits(_ state: StateRecord) -> [String: [UInt64]] {
  var bits = state.doubles.mapValues { $0.map(\.bitPattern) }
  for (name, values) in state.integers { bits["integers/" + name] = values.map { UInt64(bitPattern: $0) } }
  return bits
}

@Suite struct ShortPremiumTests {
  @Test func rewardsOfAnEpisodeSumToItsProfitAndTheIdentityIsZero() throws {
    let environment = try options(on: tape, .shortPremium, lanes: 6)
    expectRewardsSumToProfits(environment, accountMicroDollars: 10_000_000_000)
  }

  /// Whatever is offered: the largest |delta| up to the limit, covered within the width, for a credit after costs, of as much of the account as its
  /// volatility allows, with the width of every spread in cash.
  @Test(arguments: [0.15, 0.20]) func whatIsOfferedIsWhatTheRulesSay(shortDelta: Double) throws {
    var configuration = OptionsConfiguration.shortPremium
    configuration.premium.shortDelta = shortDelta
    configuration.feeDollars = 0.70
    let environment = try options(on: tape, configuration, lanes: 2)
    let quoted = environment.tables.tape
    let row = StepRow(for: environment)
    row.reset(environment, seed: 1)
    var offered = 0
    var shares: Set<Double> = []
    for step in 0..<700 {
      for lane in 0..<2 {
        let day = environment.currentDay(lane: lane)
        let account = environment.account(lane: lane)
        let minute = account.bar - (environment.tape.sessions.first { $0.contains(account.bar) }?.lowerBound ?? 0)
        let first = day.session.place(minute: minute)
        for (action, side) in [(1, true), (2, false)] where row.masks[lane].allows(action) {
          let (legs, quantity) = environment.plannedEntry(lane: lane, isCall: side)
          #expect(legs.count == 2 && legs[0].ratio == -1 && legs[1].ratio == 1)
          let (short, cover) = (legs[0].contract, legs[1].contract)
          #expect(isCall(day, short) == side && isCall(day, cover) == side)
          #expect(minute + 1 >= 30 && day.minuteCount - minute - 1 >= 30)
          // No other that may be sold has a |delta| between this one's and the limit.
          let delta = abs(Double(quoted.deltas[first + Int(short)]))
          #expect(delta <= shortDelta)
          for number in day.session.contracts.indices where isCall(day, Int32(number)) == side {
            let place = first + number
            let (bid, ask) = (Double(quoted.bids[place]), Double(quoted.asks[place]))
            let other = abs(Double(quoted.deltas[place]))
            if bid > 0, 2 * (ask - bid) / (ask + bid) <= 0.25, other <= shortDelta { #expect(other <= delta) }
          }
          let width = (strike(day, cover) - strike(day, short)) * (side ? 1 : -1)
          #expect(width > 0 && width <= 5)
          let credit = 100 * Double(quoted.bids[first + Int(short)] - quoted.asks[first + Int(cover)]) / 10_000 - 1.40
          #expect(credit > 0)
          // The column of the volatility at the money, in points.
          let points = 100 * Double(row.observation(lane)[16])
          let share = configuration.premium.share(points: points)
          shares.insert(share)
          let value = Double(account.netLiquidationMicroDollars) / 1e6
          #expect(Double(quantity) * (100 * width - credit) <= share * value + 1e-6)
          #expect(Double(quantity) * 100 * width <= value + Double(quantity) * credit + 1e-6)
          offered += 1
        }
      }
      row.chooseLegal(seed: 2, step: step)
      row.step(environment)
    }
    #expect(offered > 100 && shares.count >= 2, "\(offered) \(shares)")
  }

  @Test func theMaskOfAnEntryIsTheVerdictOnItsOrder() throws {
    let environment = try options(on: tape, .shortPremium, lanes: 2)
    let row = StepRow(for: environment)
    row.reset(environment, seed: 1)
    var (offered, withheld) = (0, 0)
    for step in 0..<900 {
      for lane in 0..<2 where environment.account(lane: lane).units == [0] {
        guard
          row.masks[lane].rawValue != 1
            || environment.entryVerdicts(lane: lane).joined().contains(where: { $0.isAllowed })
        else {
          withheld += 1
          continue
        }
        let verdicts = environment.entryVerdicts(lane: lane)
        for (place, action) in [1, 2].enumerated() {
          // What is on its way is waited for.
          if environment.lastStep(lane: lane).costs.total == 0, row.observation(lane)[28] == 0 {
            #expect(row.masks[lane].allows(action) == verdicts[place].contains { $0.isAllowed })
          }
          if row.masks[lane].allows(action) { offered += 1 }
        }
      }
      row.chooseLegal(seed: 3, step: step)
      row.step(environment)
    }
    #expect(offered > 50 && withheld > 50)
  }

  /// A short reserves its requirement; it costs no cash, but brings its credit. Whatever happens to the price, a spread loses its width at most.
  @Test func aSpreadKeepsItsWidthAndLosesNoMore() throws {
    var configuration = OptionsConfiguration.richPremium
    configuration.premium.stopCredits = nil
    configuration.feeDollars = 0.70
    configuration.profile.sessionTiers = DrawdownTiers(warn: 1, reduce: 1, halt: 1)
    configuration.profile.killFraction = 1
    // A price that runs away, and from minute 120 on nobody quotes: all is settled at the close, on one price.
    var market = OptionsMarket(sessions: 1, halfSpread: 50, strikesEachWay: 14, gapFrom: 120)
    market.changedFrom = 60
    var (held, lost) = (0, 0)
    for (seed, action) in (1...6).flatMap({ seed in [(seed, 1), (seed, 2)] }) {
      market.seed = UInt64(seed)
      let environment = try options(market, configuration, lanes: 1)
      let row = StepRow(for: environment)
      row.reset(environment, seed: 1)
      var (most, cashBefore): (Double, Int64) = (0, 0)
      var isOpen = false
      for _ in 0..<389 {
        let before = environment.account(lane: 0)
        let planned = environment.plannedEntry(lane: 0, isCall: action == 1)
        row.actions[0] = !isOpen && row.masks[0].allows(action) ? Int32(action) : 0
        if row.actions[0] != 0 {
          isOpen = true
          cashBefore = before.cashMicroDollars
          let day = environment.currentDay(lane: 0)
          most = 100 * abs(strike(day, planned.legs[0].contract) - strike(day, planned.legs[1].contract))
        }
        row.step(environment)
        let after = environment.lastAccount(lane: 0)
        guard after.units != [0] else { continue }
        held += 1
        let sold = Double(abs(after.units[0]))
        #expect(environment.lastRequirement(lane: 0) == Int64((sold * most * 1e6).rounded()))
        #expect(after.cashMicroDollars > cashBefore)
        #expect(Double(after.cashMicroDollars) >= sold * most * 1e6)
      }
      #expect(environment.lastRequirement(lane: 0) == 0)
      let profit = Double(environment.lastAccount(lane: 0).netLiquidationMicroDollars) / 1e6 - 1_000_000
      // Contracts at most ten, with what they cost.
      #expect(profit > -10 * (most + 1.4))
      if profit < -500 { lost += 1 }
    }
    #expect(held > 300 && lost >= 1, "\(held) \(lost)")
  }

  @Test func tiersAreOfTheVolatilityAtTheMoney() {
    let rules = PremiumRules()
    for (points, share) in [
      (14.9, 0.20), (15, 0.15), (25, 0.15), (25.1, 0.05), (0, 0.05), (-3, 0.05), (.nan, 0.05), (.infinity, 0.05),
    ] { #expect(rules.share(points: points) == share, "\(points)") }
  }

  @Test func nothingOutlivesTheDayAndTheStopBuysBack() throws {
    var configuration = OptionsConfiguration.richPremium
    configuration.premium.stopCredits = nil
    var forced = 0
    for action in [1, 2] {
      let environment = try options(
        OptionsMarket(sessions: 2, halfSpread: 50, strikesEachWay: 14), configuration, lanes: 1)
      let row = StepRow(for: environment)
      row.reset(environment, seed: 1)
      for _ in 0..<389 {
        row.actions[0] = row.masks[0].allows(action) ? Int32(action) : 0
        row.step(environment)
      }
      #expect(row.terminated[0] == 1 && environment.lastAccount(lane: 0).units == [0])
      let counts = environment.drainCounts()
      #expect(counts.forcedExits == 1 && counts.stopped == 0)
      forced += Int(counts.forcedExits)
    }
    #expect(forced == 2)

    // A day that falls far: whoever sold puts is bought back at the first loss of twice the credit.
    var wild = OptionsMarket(sessions: 1, halfSpread: 50, strikesEachWay: 14)
    wild.changedFrom = 40
    var stopped = 0
    for seed in 1...6 {
      wild.seed = UInt64(seed)
      configuration.premium.stopCredits = 2
      let environment = try options(wild, configuration, lanes: 1)
      let row = StepRow(for: environment)
      row.reset(environment, seed: 1)
      var isOpen = false
      for step in 0..<389 {
        row.actions[0] = !isOpen && row.masks[0].allows(2) ? 2 : 0
        isOpen = isOpen || row.actions[0] == 2
        row.step(environment)
        // The column of the gain: no minute goes by behind a loss that is reached without an order that gives back.
        if environment.account(lane: 0).units != [0], row.observation(0)[22] <= -2, step < 370 {
          #expect(row.observation(0)[28] < 0 && row.masks[0].rawValue == 1)
        }
      }
      stopped += Int(environment.drainCounts().stopped)
    }
    #expect(stopped >= 2)
  }

  @Test(arguments: [OptionsEnvironment.Episodes.drawnSessions, .walk])
  func restoredLanesEqualUninterruptedOnes(episodes: OptionsEnvironment.Episodes) throws {
    let tape = OptionsMarket(symbols: ["SPY", "QQQ"], sessions: 3, strikesEachWay: 12, gapEvery: 5).tape()
    var configuration = OptionsConfiguration.richPremium
    configuration.latencyMinutes = 2
    func run(_ environment: OptionsEnvironment, _ row: StepRow, _ steps: Range<Int>) -> [[UInt64]] {
      steps.flatMap { step in
        row.chooseLegal(seed: 8, step: step)
        if step % 13 == 0 { row.actions[1] = 3 }
        row.step(environment)
        return (0..<3).map { row.bits($0) }
      }
    }
    for cut in [37, 121, 233] {
      let whole = try options(on: tape, configuration, lanes: 3, episodes)
      let row = StepRow(for: whole)
      row.reset(whole, seed: 12)
      _ = run(whole, row, 0..<cut)
      let saved = whole.snapshot()
      let masks = (0..<3).map { row.masks[$0] }
      let rest = run(whole, row, cut..<cut + 400)
      let other = try options(on: tape, configuration, lanes: 3, episodes)
      let otherRow = StepRow(for: other)
      otherRow.reset(other, seed: 77)
      _ = run(other, otherRow, 0..<17)
      try other.restore(saved)
      let (first, second) = (bits(other.snapshot()), bits(saved))
      #expect(first.keys.filter { first[$0] != second[$0] } == [])
      for lane in 0..<3 { otherRow.masks[lane] = masks[lane] }
      #expect(run(other, otherRow, cut..<cut + 400) == rest)
      let (after, wanted) = (bits(other.snapshot()), bits(whole.snapshot()))
      #expect(after.keys.filter { after[$0] != wanted[$0] } == [])
    }
  }

  @Test func aDamagedStateIsRefusedByName() throws {
    let environment = try options(on: tape, .richPremium, lanes: 2)
    let row = StepRow(for: environment)
    row.reset(environment, seed: 1)
    for step in 0..<90 {
      row.chooseLegal(seed: 1, step: step)
      row.step(environment)
    }
    let saved = environment.snapshot()
    #expect(saved.integers["stopped"] != nil)
    for (name, vector) in saved.integers where !vector.isEmpty && !name.hasPrefix("random/") {
      var damaged = saved
      damaged.integers[name] = vector.map { _ in 1 << 62 }
      #expect(throws: RestoreError.self, "\(name)") { try environment.restore(damaged) }
      damaged.integers[name] = nil
      #expect(throws: RestoreError.self, "\(name)") { try environment.restore(damaged) }
    }
    // Nor is a state of the game that buys one of this.
    let bought = try options(on: tape, .rich, lanes: 2)
    #expect(throws: RestoreError.self) { try environment.restore(bought.snapshot()) }
    #expect(bits(environment.snapshot()) == bits(saved))
  }

  @Test func laterMinutesChangeNothingBefore() throws {
    var other = market
    other.changedFrom = 200
    let (first, second) = (
      try options(on: tape, .shortPremium, lanes: 1, .walk), try options(other, .shortPremium, lanes: 1, .walk)
    )
    let (row, changed) = (StepRow(for: first), StepRow(for: second))
    row.reset(first, seed: 1)
    changed.reset(second, seed: 1)
    var differing = 0
    let last = first.tape.sessions.last.map { $0.lowerBound - (market.sessions - 1) } ?? 0
    for step in 0..<last + 380 {
      row.chooseLegal(seed: 4, step: step)
      changed.chooseLegal(seed: 4, step: step)
      row.step(first)
      changed.step(second)
      if step < last + 198 {
        #expect(row.bits(0) == changed.bits(0), "step \(step)")
      } else if row.bits(0) != changed.bits(0) {
        differing += 1
      }
      if row.truncated[0] == 1 { break }
    }
    #expect(differing > 50)
  }

  /// Another limit, another width or another cover is another game over the same spaces: a policy plays it as it is.
  @Test func theColumnsAndActionsAreTheContract() throws {
    let environment = try options(on: tape, .shortPremium, lanes: 1)
    #expect(environment.actionSpace.names == ["hold", "sell_call_spread", "sell_put_spread", "close"])
    #expect(environment.actionSpace.fallback == 0)
    let bought = try options(on: tape, .rich, lanes: 1)
    #expect(environment.observationSpace.columns.map(\.name) == bought.observationSpace.columns.map(\.name))
    #expect(environment.observationSpace != bought.observationSpace)
    var other = OptionsConfiguration.shortPremium
    (other.premium.shortDelta, other.premium.widthDollars, other.premium.cover) = (0.20, 3, .naked)
    let overridden = try options(on: tape, other, lanes: 1)
    #expect(overridden.observationSpace == environment.observationSpace)
    #expect(overridden.actionSpace == environment.actionSpace)
  }

  @Test func nakedLegsAreNamedAndNeedTheExchangesRequirement() throws {
    var configuration = OptionsConfiguration.richPremium
    configuration.premium.cover = .naked
    guard case .bars(let bars) = OptionsEnvironment.shortPremium.play else { return }
    let lines = bars.rules(configuration, { "\($0)" }, .minute)
    #expect(lines.contains { $0.name == "margin" && $0.text.contains("NAKED") })
    let covered = bars.rules(OptionsConfiguration.shortPremium, { "\($0)" }, .minute)
    #expect(!covered.contains { $0.text.contains("NAKED") })
    let environment = try options(on: tape, configuration, lanes: 1)
    let row = StepRow(for: environment)
    row.reset(environment, seed: 1)
    var offered = 0
    for step in 0..<389 {
      for (action, side) in [(1, true), (2, false)] where row.masks[0].allows(action) {
        let (legs, quantity) = environment.plannedEntry(lane: 0, isCall: side)
        #expect(legs.count == 1 && legs[0].ratio == -1)
        // At least a tenth of the price, a contract.
        #expect(Double(quantity) * 0.10 * 590 * 100 <= 0.20 * 1_100_000)
        offered += 1
      }
      row.chooseLegal(seed: 1, step: step)
      row.step(environment)
    }
    #expect(offered > 10)
  }

  @Test func settingsThatMakeNoSenseAreRefusedInASentence() throws {
    let cases: [(String, (inout OptionsConfiguration) -> Void)] = [
      (
        "'environment.short_delta' is 0.3: it must be at most environment.entries_sold_delta, 0.2",
        { $0.premium.shortDelta = 0.3 }
      ),
      (
        "'environment.calm_below' is 30.0: it must be at most environment.high_above, 25.0",
        { $0.premium.calmBelow = 30 }
      ),
      ("'environment.width_by_symbol' is \"SPX\"", { $0.premium.symbolWidths = ["SPX"] }),
      ("'environment.width' is 0", { $0.premium.widthDollars = 0 }),
      ("'environment.stop_credits' is 0", { $0.premium.stopCredits = 0 }),
    ]
    for (words, change) in cases {
      var configuration = OptionsConfiguration.shortPremium
      change(&configuration)
      let error = #expect(throws: EnvironmentError.self) { try configuration.validate() }
      #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }
    let keys = OptionsConfiguration.settings(of: .shortPremium).map { $0.key }
    #expect(Set(keys).count == keys.count)
    #expect(!keys.contains("environment.target_delta") && !keys.contains("environment.human_momentum"))
  }
}
