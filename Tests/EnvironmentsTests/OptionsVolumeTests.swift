// The least volume of a contract that is entered: what was traded too little is no candidate, for the mask as for the gate.

import AgentInterface
import Environments
import Market
import Testing
import Trading

@Suite struct OptionsVolumeTests {
  /// Contracts of even strikes trade twice a minute, all others never.
  private static let traded: @Sendable (OptionContract, Int) -> Int32 = { contract, minute in
    contract.strikeThousandths / 1000 % 2 == 0 ? 2 * Int32(minute + 1) : 0
  }

  private func configuration(_ least: Int) -> OptionsConfiguration {
    var configuration = OptionsConfiguration.rich
    configuration.leastVolume = least
    return configuration
  }

  /// The strikes that may be entered at each decision of a session by an account that waits, in dollars.
  private func offered(_ least: Int, _ tape: MarketTape) throws -> [[Double]] {
    let contracts = try #require(tape.options?.sessions[0][0].contracts)
    let environment = try OptionsEnvironment(
      tape: tape, tables: OptionsTables(tape, configuration: configuration(least)), window: 0..<tape.barCount,
      laneCount: 1)
    let row = StepRow(for: environment)
    row.reset(environment, seed: 3)
    return (0..<388).map { _ in
      let (quick, plain) = (environment.entries(lane: 0, isPlain: false), environment.entries(lane: 0, isPlain: true))
      var strikes: [Double] = []
      for (place, (one, other)) in zip(quick, plain).enumerated() {
        #expect(one == other)
        #expect(row.masks[0].allows(OptionsAction.buyCall.rawValue + place) == (other.quantity > 0))
        if other.quantity > 0 { strikes.append(contracts[Int(other.contract)].strike) }
      }
      row.actions[0] = Int32(OptionsAction.hold.rawValue)
      row.step(environment)
      return strikes
    }
  }

  @Test func whatTradedTooLittleIsNotEntered() throws {
    let tape = OptionsMarket(sessions: 1, traded: Self.traded).tape()
    let (all, some) = (try offered(0, tape), try offered(400, tape))
    #expect(all[100].count == 2 && all[150...300].joined().contains { Int($0) % 2 == 1 })
    // 400 of an even strike have been traded at the end of minute 199, and of an odd one never.
    #expect(some.firstIndex { !$0.isEmpty } == 199)
    #expect(some.joined().allSatisfy { Int($0) % 2 == 0 } && some[250].count == 2)
    #expect(try offered(1_000, tape).allSatisfy(\.isEmpty))
  }

  @Test func whatIsLeftOutCountsAsIdleTime() throws {
    let tape = OptionsMarket(sessions: 1, traded: Self.traded).tape()
    let shares = try [0, 400, 1_000].map { least in
      try #require(
        OptionsTables(tape, configuration: configuration(least)).entryShares(in: 0..<tape.barCount)[0])
    }
    #expect(shares[0] > shares[1] && shares[1] > 0.2 && shares[2] == 0)
    guard case .bars(let bars) = OptionsEnvironment.family.play else { return }
    let prepared = try bars.prepare(configuration(1_000), tape)
    #expect {
      _ = try bars.lanes(configuration(1_000), tape, prepared, 0..<tape.barCount, 1, 1)
    } throws: { error in "\(error)".contains("an entry in SPY fits the account and its limits in 0.0 %") }
  }

  @Test func withoutVolumesAFloorIsRefused() throws {
    let unknown = EnvironmentError.unknownVolumes(symbol: "SPY", least: 50)
    for market in [OptionsMarket(sessions: 1), OptionsMarket(sessions: 1, traded: { _, _ in -1 })] {
      let tape = market.tape()
      #expect(throws: unknown) { try OptionsTables(tape, configuration: configuration(50)) }
      _ = try OptionsTables(tape, configuration: configuration(0))
    }
    #expect("\(unknown)".contains("of no option of SPY") && "\(unknown)".contains("set it to 0"))
  }

  @Test(arguments: [-1, 1_000_001]) func aFloorOutOfBoundsIsRefused(least: Int) {
    for start in [OptionsConfiguration(), .shortPremium] {
      var configuration = start
      configuration.leastVolume = least
      #expect {
        try configuration.validate()
      } throws: { error in "\(error)".contains("'environment.least_volume' is \(least)") }
    }
  }
}
