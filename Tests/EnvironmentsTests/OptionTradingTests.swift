// What a report says of how options were traded is counted from fills by hand here: when, how far from the money, what ended it, and how near to limits.

import AgentInterface
import Environments
import Evaluation
import Kernels
import Market
import Testing
import Trading

/// Chooses among what is legal by numbers of its own, more often hold.
private final class AnyDecider: Decider {
  private var stream = RandomStream(seed: 12, purpose: .actionSampling)

  func decide(_ observation: Span<Float>, mask: ActionMask, startsEpisode: Bool) -> Choice {
    let wanted = Int(stream.nextInteger(below: 60))
    return Choice(action: wanted < 6 && mask.allows(wanted) ? ActionNumber(wanted) : 0, confidence: nil)
  }
}

@Suite struct OptionTradingTests {
  private static let tape = OptionsMarket(symbols: ["SPY", "QQQ"], sessions: 9, strikesEachWay: 14).tape()

  private func walk(
    _ configuration: OptionsConfiguration, of family: EnvironmentFamily = OptionsEnvironment.family,
    _ decider: (any TradingEnvironment, SessionPlay) throws -> any Decider
  ) throws -> BacktestRecord {
    guard case .bars(let bars) = family.play else { preconditionFailure("options are played on bars") }
    let (tape, play) = (Self.tape, try #require(bars.play))
    let environment = try bars.walk(configuration, tape, bars.prepare(configuration, tape), 0..<tape.barCount, 1)
    return try Backtest.run(environment, decider: decider(environment, play), seed: 1)
  }

  private func rule(_ name: String) -> (any TradingEnvironment, SessionPlay) throws -> any Decider {
    { environment, play in
      ActionRuleDecider(try #require(play.rules.first { $0.name == name }), play, for: environment)
    }
  }

  @Test func everyPositionIsInOneGroupOfEachKind() throws {
    var configuration = OptionsConfiguration.rich
    configuration.decisionMinutes = 3
    let record = try walk(configuration) { _, _ in AnyDecider() }
    let trading = try #require(OptionTrading(record, seed: 1))
    let trips = TradeLog(record.fills).closed
    #expect(trips.count > 20 && trading.entries.reduce(0, +) == trips.count)
    for groups in [trading.byMoneyness, trading.byEnding] {
      #expect(groups.reduce(0) { $0 + $1.trades } == trips.count)
      #expect(groups.reduce(0) { $0 + $1.netMicroDollars } == record.breakdown.change.total)
    }
    for part in 0..<OptionTrading.parts {
      #expect(trading.entries[part] == trips.count { Int(Self.tape.minutes[$0.entryBar]) / 30 == part })
      #expect(trading.exits[part] == trips.count { Int(Self.tape.minutes[$0.exitBar]) / 30 == part })
    }
    #expect(trading.byEnding.map(\.name).contains("its own decision") && trading.byEnding.count > 1)
    #expect(trading == OptionTrading(record, seed: 1))
    // A price of 600 and strikes a dollar apart.
    for group in trading.byMoneyness {
      let own = trips.filter { trip in
        let spot = Self.tape.close[trip.symbol][trip.entryBar]
        guard let contract = contract(trip), let range = ranges[group.name] else { return false }
        let out = contract.right == .call ? contract.strike - spot : spot - contract.strike
        return range.contains(out / spot)
      }
      #expect(own.count == group.trades, "\(group.name)")
      #expect(own.reduce(0) { $0 + $1.netMicroDollars } == group.netMicroDollars)
    }
  }

  private let ranges: [String: ClosedRange<Double>] = [
    "in by more than 1 %": -1...(-0.01), "in by 0.5 to 1 %": -0.01...(-0.005), "in by 0.1 to 0.5 %": -0.005...(-0.001),
    "within 0.1 % of the money": -0.001...0.001, "out by 0.1 to 0.5 %": 0.001...0.005,
    "out by 0.5 to 1 %": 0.005...0.01, "out by more than 1 %": 0.01...1,
  ]

  private func contract(_ trip: RoundTrip) -> OptionContract? {
    guard let options = Self.tape.options, let number = options.number(of: Self.tape.dates[trip.entryBar]),
      let first = trip.contracts.first
    else { return nil }
    return options.sessions[trip.symbol][number].contracts[Int(first)]
  }

  /// What is bought and never given back is closed by the desk before the close, or settled where nobody bids for it; a stop is one, and nobody decides it.
  @Test func whatTheDeskEndsIsToldFromDecisions() throws {
    let held = try walk(.rich, rule("calls"))
    let closing = try #require(OptionTrading(held, seed: 1)).byEnding
    let settled = Int(try #require(held.desk).orders.settled)
    #expect(closing.map(\.name) == ["closing time", "settlement"] && held.desk?.orders.forcedExits == 18)
    #expect(settled > 0 && closing.map(\.trades) == [18 - settled, settled])
    #expect(closing[1].wins == 0, "what nobody bids for is worth nothing")

    var stopped = OptionsConfiguration.richPremium
    (stopped.premium.stopCredits, stopped.decisionMinutes) = (0.01, 30)
    let sold = try walk(stopped, of: OptionsEnvironment.shortPremium, rule("sold-puts"))
    let endings = try #require(OptionTrading(sold, seed: 1)).byEnding
    let stops = try #require(endings.first { $0.name == "stop" })
    #expect(stops.trades > 9 && stops.netMicroDollars < 0)
    #expect(stops.trades == Int(try #require(sold.desk).orders.stopped))

    let exits = try walk(.rich, rule("calls-exits"))
    let decided = try #require(OptionTrading(exits, seed: 1)).byEnding
    #expect(decided.map(\.name) == ["its own decision"] && decided[0].trades == 18)

    // Whom nothing but the close ends is settled.
    var patient = OptionsConfiguration.rich
    patient.profile.forcedFlatMinutes = 0
    let last = try walk(patient, rule("calls"))
    #expect(try #require(OptionTrading(last, seed: 1)).byEnding.map(\.name) == ["settlement"])
    #expect(last.desk?.orders.settled == 18)
  }

  @Test func limitsInUseAreTheMostOfASession() throws {
    var configuration = OptionsConfiguration.rich
    configuration.profile.limits.decayDollars = 50
    let record = try walk(configuration, rule("calls"))
    let use = try #require(record.limitUse)
    #expect(use.names == ["delta", "gamma", "decay", "vega"])
    let dates = Array(Set(record.decisionDates)).sorted()
    #expect(use.dates == dates && dates.count == 9)
    let space = OptionsObservation.space(symbols: ["SPY", "QQQ"])
    for (limit, name) in use.names.enumerated() {
      let column = try #require(space.columns.firstIndex { $0.name == name + "_used" })
      for (session, date) in dates.enumerated() {
        let most = record.decisionDates.indices.filter { record.decisionDates[$0] == date }.map {
          abs(Double(record.observations[$0 * record.observationColumns + column]))
        }.max()
        #expect(use.uses[limit][session] == most)
      }
    }
    #expect(use.uses[2].max() ?? 0 > 0.5 && use.uses.joined().allSatisfy { $0 <= LimitUse.most })
    #expect(try #require(record.limitUse).uses[0].contains { $0 > 0 })
  }

  @Test func theReportHasItsPictures() throws {
    let (tape, family) = (Self.tape, OptionsEnvironment.family)
    guard case .bars(let bars) = family.play, let play = bars.play else { return }
    let environment = try bars.walk(
      OptionsConfiguration.rich, tape, bars.prepare(OptionsConfiguration.rich, tape), 0..<tape.barCount, 1)
    func document(_ name: String) throws -> ReportDocument {
      let rule = try #require(play.rules.first { $0.name == name })
      let records = try EvaluationRecords(
        greedy: { ActionRuleDecider(rule, play, for: $0) }, stochastic: nil, environment: environment, seed: 7,
        play: play, unlike: name)
      return EvaluationReport(
        context: EvaluationContext(
          run: name, policy: "a rule without learning", algorithm: "rule", environment: "options",
          symbols: ["SPY", "QQQ"], dataFingerprint: "sha256:0", windowName: "backtest", split: [], allowances: [],
          execution: []), records: records
      ).document
    }
    let calls = try document("calls")
    for id in ["limits", "day-entries", "day-exits", "moneyness", "endings"] {
      #expect(calls.html.contains("id=\"\(id)-title\""), "\(id)")
    }
    #expect(calls.markdown.contains("How it traded options") && calls.markdown.contains("| closing time | "))
    let flat = try document("flat")
    #expect(flat.markdown.contains("The greedy run closed no position.") && !flat.html.contains("day-entries"))
  }
}
