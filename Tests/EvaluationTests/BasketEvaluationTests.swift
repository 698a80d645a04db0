// The real desk: a made-up market without drift, walked by a policy that knows nothing.

import AgentInterface
import Environments
import Inference
import Market
import TestSupport
import Testing
import Text
import Trading

@testable import Evaluation

@Suite struct BasketEvaluationTests {
  private let window = 60..<700

  private func environment(_ configuration: BasketConfiguration, laneCount: Int = 1) throws -> BasketEnvironment {
    try BasketEnvironment(
      tape: MarketTape(SyntheticTape.series(bars: 760, seed: 5)), configuration: configuration, window: window,
      laneCount: laneCount, episodes: .continuous, recordsFills: true)
  }

  private func records(_ configuration: BasketConfiguration = BasketConfiguration()) throws
    -> EvaluationRecords
  {
    let environment = try environment(configuration)
    let policy = ToyPolicy.recurrent(inputs: environment.observationSpace.count, actions: 9, seed: 6)
    return try EvaluationRecords(
      policy: policy.deployed, environment: environment,
      chance: [self.environment(configuration, laneCount: RandomTrading.draws)], seed: 7)
  }

  /// How draws are spread over lanes, and over environments, says nothing.
  @Test func lanesDoNotDecideOverChance() throws {
    let configuration = BasketConfiguration()
    let walk = try environment(configuration)
    let record = try Backtest.run(walk, decider: BaselineDecider(.previousSign, for: walk), seed: 7)
    let together = RandomTrading(
      matching: record, environments: [try environment(configuration, laneCount: 9)], seed: 7, draws: 9)
    let apart = RandomTrading(
      matching: record, environments: try [4, 1, 6].map { try environment(configuration, laneCount: $0) }, seed: 7,
      draws: 9)
    #expect(together == apart && Set(together.totalReturns).count == 9)
  }

  /// A baseline's walk, every step of it.
  private func walk(_ baseline: Baseline) throws -> BacktestRecord {
    let environment = try environment(BasketConfiguration())
    return try Backtest.run(environment, decider: BaselineDecider(baseline, for: environment), seed: 7)
  }

  @Test func walksTheWholeWindowOnce() throws {
    let records = try records()
    let tape = MarketTape(SyntheticTape.series(bars: 760, seed: 5))
    let stochastic = try #require(records.stochasticSteps)
    for record in try [records.greedy, stochastic] + Baseline.allCases.map(walk) {
      #expect(record.decisionDates == Array(tape.dates[60..<699]))
      #expect(record.closeDates == Array(tape.dates[61..<700]))
      #expect(record.illegalAttempts == 0)
      // Cash moves by fills and commissions alone, to the micro-dollar.
      let spent = record.fills.reduce(Int64(0)) {
        $0 + Int64($1.side) * $1.notionalMicroDollars + $1.commissionMicroDollars
      }
      #expect(record.accounts.last?.cashMicroDollars == record.initialAccount.cashMicroDollars - spent)
      // Closed trips and what is still open hold every fill's shares.
      let log = TradeLog(record.fills)
      for symbol in 0..<2 {
        let held = record.accounts.last?.shares[symbol] ?? .nan
        let open = log.open.first { $0.symbol == symbol }
        #expect(abs((open.map { $0.shares * Double($0.direction) } ?? 0) - held) < 1e-9)
      }
    }
    #expect(!records.greedy.fills.isEmpty || !stochastic.fills.isEmpty)
    #expect(records.greedy.actions != stochastic.actions)
  }

  /// A share that is listed later, and one that ends: counted, named in the report, and chance holds them while they are listed alone.
  @Test func symbolsThatComeAndGoAreCounted() throws {
    let all = SyntheticTape.series(symbols: ["WHOLE", "LATE", "GONE"], bars: 400, seed: 8)
    let tape = MarketTape(listed: [all[0], all[1].rows(Array(150..<400)), all[2].rows(Array(0..<250))])
    func environment(_ lanes: Int = 1) throws -> BasketEnvironment {
      try BasketEnvironment(
        tape: tape, configuration: BasketConfiguration(maximumUnits: 1), window: 60..<400, laneCount: lanes,
        episodes: .continuous, recordsFills: true)
    }
    let walk = try environment()
    let record = try Backtest.run(walk, decider: BaselineDecider(.buyAndHold, for: walk), seed: 7)
    // Decisions at bars 60 to 398: LATE from its fiftieth bar, 200, on; GONE to bar 248, its last but one.
    #expect(record.count == 339 && record.listings.map(\.symbol) == ["WHOLE", "LATE", "GONE"])
    #expect(record.listings.map(\.maskedDecisions) == [0, 140, 150])
    #expect(record.listings.map(\.closedAtEnd) == [0, 0, 1])
    #expect(record.fills.map(\.bar) == [61, 61, 201, 249] && record.fills.map(\.symbol) == [0, 2, 1, 2])
    #expect(
      record.listings[2].sentence
        == "GONE has bars from \(tape.dates[0]) to \(tape.dates[249]): at 150 of 339 decisions it could not be traded, and its columns were "
        + "neutral; a position was closed at its last close")
    let random = RandomTrading(matching: record, environments: [try environment(9)], seed: 7, draws: 9)
    // Each spell fills its symbol's whole listing but the first close, so that chance can only do the same.
    #expect(random.spellsPerSymbol == [1, 1, 1] && random.fillCounts.allSatisfy { (3...4).contains($0) })
    let whole = try Backtest.run(
      self.environment(BasketConfiguration()),
      decider: BaselineDecider(.flat, for: self.environment(BasketConfiguration())),
      seed: 7)
    #expect(whole.listings.isEmpty)
  }

  @Test func baselinesPayTheSameCosts() throws {
    let names = try records().baselines.map(\.name)
    #expect(names == ["flat", "buy-and-hold", "previous-sign", "inverse-previous-sign"])
    #expect(try walk(.flat).fills.isEmpty)
    let held = try walk(.buyAndHold)
    #expect(held.fills.map(\.symbol) == [0, 1] && held.fills.allSatisfy { $0.side == 1 && $0.bar == 61 })
    #expect(held.heldPosition.allSatisfy { $0 })
    let momentum = try walk(.previousSign)
    #expect(momentum.fills.count > 100)
    for fill in held.fills + momentum.fills {
      #expect(fill.halfSpreadCostMicroDollars > 0 && fill.commissionMicroDollars == 1_000_000)
    }
    // One dollar an order of a thousand, several hundred times: costs ruin the rule.
    let metrics = momentum.metrics(seed: 7)
    #expect(metrics.costDollars > 100 && (metrics.totalReturn ?? 0) < 0)
  }

  private func report(_ configuration: BasketConfiguration) throws -> EvaluationReport {
    let context = EvaluationContext(
      run: "r", policy: "p", algorithm: "ppo_lstm_mask", environment: BasketEnvironment.name,
      symbols: ["AAA", "BBB"],
      dataFingerprint: "sha256:0", windowName: "held out", split: [], allowances: [],
      execution: configuration.rules(ReportText.shortest))
    return EvaluationReport(context: context, records: try records(configuration))
  }

  /// Penalties are told beside the money, item by item, and change none of it.
  @Test func penaltiesAreItemisedAndNoMoney() throws {
    let plain = try report(BasketConfiguration())
    let penalised = try report(
      BasketConfiguration(
        rewards: RewardTerms(
          turnover: TurnoverPenalty(coefficient: 0.001), drawdown: DrawdownPenalty(coefficient: 0.0005))))
    func words(_ report: EvaluationReport) -> String {
      report.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
    #expect(words(plain).contains("reward: the change of value") && !words(plain).contains("penalty"))
    for part in [
      "reward: the change of value less penalties: 0.001 $ for a $ traded, 0.0005 $ a session",
      "Turnover penalty, summed over the window: greedy", "Drawdown penalty, summed over the window: greedy",
      "It is a learning signal and not money: no figure above contains it.",
    ] { #expect(words(penalised).contains(part), "\(part)\n\(penalised.text)") }
    #expect(penalised.lines.allSatisfy { $0.count <= 80 })
    for (with, without) in zip(penalised.accounts, plain.accounts) {
      #expect(with.closes == without.closes && with.metrics == without.metrics)
      #expect(with.breakdown.change.total == without.breakdown.change.total && without.breakdown.penalties.total == 0)
      let gain = with.metrics.finalDollars - with.metrics.initialDollars
      #expect(abs(MicroDollars.dollars(with.breakdown.change.total) - gain) < 1e-6)
      #expect(
        (with.breakdown.penalties.turnover > 0) == (with.fillCount > 0)
          && with.breakdown.reward <= with.breakdown.change.total)
    }
    #expect(penalised.verdict == plain.verdict)
    let json = try #require(penalised.json["accounts"]?.arrayValue?.first?["step_breakdown"])
    func number(_ key: String) throws -> Double { try #require(json[key]?.doubleValue) }
    #expect(try number("turnover_penalty") > 0 && number("drawdown_penalty") > 0)
    let parts = try [
      number("price_profit_dollars"), -number("half_spread_cost_dollars"), -number("impact_cost_dollars"),
      -number("commission_dollars"), number("mark_change_dollars"),
    ]
    #expect(try abs(parts.reduce(0, +) - number("total_dollars")) < 1e-6)
    #expect(
      try abs(number("total_dollars") - number("turnover_penalty") - number("drawdown_penalty") - number("reward"))
        < 1e-6)
  }

  @Test func aMarketWithoutDriftHasNoEdge() throws {
    let report = try report(BasketConfiguration())
    #expect(!report.verdict.edgeFound && report.text.contains("VERDICT: no edge found."))
    #expect(report.lines.allSatisfy { $0.count <= 80 })
    for part in ["half-spread: 2 basis points", "impact: 0.7 x", "1 $ an order", "20, 30, 40 %"] {
      #expect(report.text.split(whereSeparator: \.isWhitespace).joined(separator: " ").contains(part), "\(part)")
    }
  }
}
