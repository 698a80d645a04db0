// The fast search for an entry says what the plain one says, whatever binds.

import AgentInterface
import Environments
import Market
import Testing
import Trading

@Suite struct OptionsEntrySearchTests {
  private static let market = OptionsMarket(symbols: ["SPY", "SPX"], sessions: 3, gapEvery: 7)
  private static let tape = market.tape()

  /// What binds: nothing, decay, the account's size, what a position may lose, the worst shock, what is held of an underlying, each of the Greeks.
  static let accounts: [(name: String, set: @Sendable (inout OptionsConfiguration) -> Void)] = [
    ("rich", { $0 = .rich }),
    ("shipped", { _ in }),
    ("poor", { ($0.capitalDollars, $0.symbolCapital) = (6_000, []) }),
    (
      "shock",
      {
        $0 = .rich
        ($0.capitalDollars, $0.accountShare, $0.profile.limits.shockFraction) = (20_000, 0.5, 0.01)
      }
    ),
    (
      "notional",
      {
        $0 = .rich
        $0.profile.limits.notionalDollars = 900
      }
    ),
    (
      "delta",
      {
        $0 = .rich
        ($0.capitalDollars, $0.accountShare) = (40_000, 0.3)
        ($0.profile.limits.deltaFraction, $0.profile.limits.gammaFraction) = (0.02, 0.9)
      }
    ),
    (
      "dollars",
      {
        $0 = .rich
        ($0.capitalDollars, $0.accountShare, $0.profile.limits.basis) = (300_000, 0.3, .dollars)
        ($0.profile.limits.deltaFraction, $0.profile.limits.gammaFraction) = (0.6, 0.9)
      }
    ),
    (
      "vega",
      {
        $0 = .rich
        ($0.capitalDollars, $0.accountShare, $0.profile.limits.vegaFraction) = (20_000, 0.3, 0.0005)
      }
    ),
    (
      "size",
      {
        $0 = .rich
        ($0.capitalDollars, $0.accountShare) = (30_000, 0.9)
        $0.profile.sizes = RiskSizes(low: 0.01, medium: 0.01, high: 0.01)
      }
    ),
  ]

  @Test(arguments: accounts.indices) func theFastSearchIsThePlainOne(place: Int) throws {
    let account = OptionsEntrySearchTests.accounts[place]
    var configuration = OptionsConfiguration()
    account.set(&configuration)
    configuration.minimumDelta = 0.05
    let tape = OptionsEntrySearchTests.tape
    let environment = try OptionsEnvironment(
      tape: tape, tables: OptionsTables(tape, configuration: configuration), window: 0..<tape.barCount, laneCount: 3)
    let row = StepRow(for: environment)
    row.reset(environment, seed: UInt64(place))
    var (asked, offered, less) = (0, 0, 0)
    for step in 0..<500 {
      for lane in 0..<3 where environment.positions(lane: lane).isEmpty {
        let (quick, plain) = (
          environment.entries(lane: lane, isPlain: false), environment.entries(lane: lane, isPlain: true)
        )
        asked += 1
        for (one, other) in zip(quick, plain) {
          #expect(one == other, "\(account.name) at step \(step): \(one) against \(other)")
          if other.quantity > 0 { offered += 1 }
          if other.quantity > 0, other.quantity < configuration.maximumContracts { less += 1 }
        }
      }
      // Mostly flat, and richer or poorer as it goes.
      row.chooseLegal(seed: 5, step: step)
      for lane in 0..<3 where step % 4 != 0 { row.actions[lane] = row.masks[lane].allows(5) ? 5 : 0 }
      row.step(environment)
    }
    #expect(asked > 400 && offered > 20, "\(account.name): \(offered) of \(asked)")
    #expect(less > 0 || account.name == "rich", "\(account.name) never bound")
  }
}
