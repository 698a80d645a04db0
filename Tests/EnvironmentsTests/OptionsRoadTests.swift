// The short road of the options game says what the desk's general rules say, to the bit, whatever comes in its way.

import AgentInterface
import Environments
import Market
import Testing
import Trading

@Suite struct OptionsRoadTests {
  /// A market, an account, and what must have happened in it at least once.
  struct Case: Sendable, CustomStringConvertible {
    let description: String
    var market = OptionsMarket(sessions: 4, gapEvery: 7)
    var configuration = OptionsConfiguration.rich
    var episodes = OptionsEnvironment.Episodes.drawnSessions
    var recordsFills = false
    let needs: @Sendable (OptionsRoads.Seen) -> [Int]

    init(
      _ description: String, needs: @escaping @Sendable (OptionsRoads.Seen) -> [Int],
      _ set: (inout Case) -> Void = { _ in }
    ) {
      (self.description, self.needs) = (description, needs)
      set(&self)
    }
  }

  static let cases: [Case] = [
    Case(
      "gaps",
      needs: { [$0.lone, $0.trims, $0.unquotedEntries, $0.waitingExits, $0.forcedExits, $0.unquoted, $0.settled] }
    ) {
      $0.market.gapFrom = 380
    },
    Case("a chain of few contracts", needs: { [$0.trims, $0.unquotedEntries, $0.waitingExits, $0.forcedExits] }) {
      $0.market = OptionsMarket(sessions: 3, gapEvery: 11, mostSize: 9, hasModel: false)
      ($0.configuration.maximumContracts, $0.configuration.accountShare) = (60, 0.2)
    },
    Case("more than a minute gives", needs: { [$0.trims, $0.unquotedEntries, $0.waitingExits] }) {
      ($0.configuration.maximumContracts, $0.configuration.accountShare) = (40, 0.2)
    },
    Case("the shipped account", needs: { [$0.forcedExits] }) { $0.configuration = OptionsConfiguration() },
    Case("limits at the fill", needs: { [$0.smaller, $0.refusedEntries + $0.shrunk, $0.drift] }) {
      ($0.configuration.capitalDollars, $0.configuration.accountShare) = (40_000, 0.3)
      $0.configuration.profile.limits.deltaFraction = 0.02
      $0.configuration.profile.limits.gammaFraction = 0.9
      $0.configuration.minimumDelta = 0.05
    },
    Case("drift that is closed", needs: { [$0.drift, $0.forcedExits] }) {
      ($0.configuration.capitalDollars, $0.configuration.accountShare) = (40_000, 0.3)
      $0.configuration.profile.limits.deltaFraction = 0.02
      $0.configuration.profile.limits.gammaFraction = 0.9
      $0.configuration.profile.closesDrift = true
      $0.configuration.minimumDelta = 0.05
    },
    Case("a shock that binds", needs: { [$0.smaller, $0.forcedExits] }) {
      ($0.configuration.capitalDollars, $0.configuration.accountShare) = (20_000, 0.5)
      $0.configuration.profile.limits.shockFraction = 0.01
    },
    Case("sessions that halt", needs: { [$0.halted, $0.reduced, $0.forcedExits, $0.killed] }) {
      $0.market.volatility = 0.3
      ($0.configuration.capitalDollars, $0.configuration.accountShare) = (100_000, 0.2)
      $0.configuration.profile.sessionTiers = DrawdownTiers(warn: 0.002, reduce: 0.004, halt: 0.008)
      $0.configuration.profile.killFraction = 0.01
      $0.configuration.profile.sizes = RiskSizes(low: 0.9, medium: 0.9, high: 0.9)
    },
    Case("a day's loss", needs: { [$0.halted, $0.forcedExits] }) {
      $0.configuration.accountShare = 0.1
      $0.configuration.profile.dailyLossDollars = 900
    },
    Case("jumps and old quotes", needs: { [$0.paused, $0.unquoted, $0.forcedExits] }) {
      $0.market.gapEvery = 3
      $0.configuration.profile.jumpFraction = 0.001
      $0.configuration.profile.jumpPauseMinutes = 6
      $0.configuration.profile.staleMinutes = 1
    },
    Case("late orders of a walk", needs: { [$0.lone, $0.trims, $0.unquotedEntries, $0.settled, $0.forcedExits] }) {
      $0.market = OptionsMarket(symbols: ["SPY", "SPX"], sessions: 4, gapEvery: 4, gapFrom: 383, emptySession: 2)
      $0.episodes = .walk
      ($0.configuration.decisionMinutes, $0.configuration.latencyMinutes) = (3, 2)
      ($0.configuration.humanMomentum, $0.configuration.rearmsNextSession) = (true, true)
    },
    Case("fills that are kept", needs: { [$0.trims, $0.waitingExits, $0.forcedExits] }) { $0.recordsFills = true },
  ]

  @Test(arguments: cases) func theShortRoadIsTheGeneralOne(one: Case) throws {
    let tape = one.market.tape()
    let roads = try OptionsRoads(tape, one.configuration, lanes: 12, one.episodes, recordsFills: one.recordsFills)
    // Saved often, orders in flight are handed to the desk; saved once, they live and end on the short road.
    for (seed, saves) in [(UInt64(1), 1300), (2, 53), (3, 7)] {
      #expect(try roads.walk(steps: 1300, seed: seed, saves: saves) == nil, "\(one)")
    }
    let seen = roads.seen
    #expect(seen.entries > 50 && seen.exits > 20 && seen.episodes > 10, "\(one): \(seen)")
    #expect(one.needs(seen).allSatisfy { $0 > 0 }, "\(one): \(seen)")
  }
  /// A book whose group is not what is held would be given back by one road and not by the other.
  @Test func aSavedBookOfNoGameIsRefused() throws {
    let environment = try options(lanes: 1)
    let row = StepRow(for: environment)
    row.reset(environment, seed: 1)
    while environment.positions(lane: 0).isEmpty {
      row.actions[0] = row.masks[0].allows(1) ? 1 : 0
      row.step(environment)
    }
    var state = environment.snapshot()
    try environment.restore(state)
    // Order, contract, ratio, quantity.
    let quantity = try #require(state.integers["books/groups"]?[3])
    #expect(Int(quantity) == Int(environment.positions(lane: 0)[0].quantity))
    state.integers["books/groups"]?[3] = quantity + 1
    #expect(throws: RestoreError.self) { try environment.restore(state) }
  }
}
