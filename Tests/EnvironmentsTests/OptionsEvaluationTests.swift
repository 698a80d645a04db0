// A walk through a window of options is judged by its sessions and symbols: every dollar is itemised, and rules and chance play the same game.

import AgentInterface
import Environments
import Evaluation
import Inference
import Kernels
import Market
import Testing
import Text
import Trading

/// Chooses among what is legal by numbers of its own, more often hold.
private final class AnyDecider: Decider {
  private var stream = RandomStream(seed: 11, purpose: .actionSampling)

  func decide(_ observation: Span<Float>, mask: ActionMask, startsEpisode: Bool) -> Choice {
    let wanted = Int(stream.nextInteger(below: 40))
    return Choice(action: wanted < 6 && mask.allows(wanted) ? ActionNumber(wanted) : 0, confidence: nil)
  }
}

/// Knows how each session ends, and buys for it once.
private final class Clairvoyant: Decider {
  private let environment: OptionsEnvironment

  init(_ environment: OptionsEnvironment) { self.environment = environment }

  func decide(_ observation: Span<Float>, mask: ActionMask, startsEpisode: Bool) -> Choice {
    let (tape, bar) = (environment.tape, environment.account(lane: 0).bar)
    let symbol = environment.symbolInPlay(lane: 0) ?? 0
    let end = tape.sessions.first { $0.contains(bar) }?.upperBound ?? bar + 1
    let action = tape.close[symbol][end - 1] > tape.close[symbol][bar] ? 1 : 2
    return Choice(action: mask.allows(action) ? ActionNumber(action) : 0, confidence: nil)
  }
}

private let play: SessionPlay = {
  guard case .bars(let bars) = OptionsEnvironment.family.play, let play = bars.play else {
    preconditionFailure("options are played by sessions")
  }
  return play
}()

private func constant(_ action: Int, columns: Int) -> InferencePolicy {
  let spec = NetworkSpec(
    inputs: columns, actions: 6, memory: .none, policyTower: [], valueTower: [], activation: .tanh, hasValueHead: false)
  let layout = ParameterLayout(spec)
  var parameters = [Float](repeating: 0, count: layout.count)
  if let entry = layout.entry("action_net.bias") { parameters[entry.range.lowerBound + action] = 5 }
  return InferencePolicy(spec: spec, parameters: parameters, requiresMask: true)
}

@Suite struct OptionsEvaluationTests {
  /// Nine sessions, the last but one a half day, of two symbols.
  private static let market = OptionsMarket(symbols: ["SPY", "QQQ"], sessions: 9)
  private static let tape = market.tape()
  private var market: OptionsMarket { OptionsEvaluationTests.market }

  private func walk(_ lanes: Int = 1, costFactor: Double = 1) throws -> OptionsEnvironment {
    var configuration = OptionsConfiguration.rich
    configuration.costFactor = costFactor
    configuration.decisionMinutes = 3
    let tape = OptionsEvaluationTests.tape
    return try OptionsEnvironment(
      tape: tape, tables: OptionsTables(tape, configuration: configuration), window: 0..<tape.barCount,
      laneCount: lanes, episodes: .walk, recordsFills: true)
  }

  @Test func everyDollarOfAWalkIsItemisedBySymbolAndByTrade() throws {
    let record = try Backtest.run(walk(), decider: AnyDecider(), seed: 1)
    let gained = (record.accounts.last?.netLiquidationMicroDollars ?? 0) - 2_000_000_000_000
    #expect(gained != 0 && record.breakdown.change.total == gained)
    #expect(record.symbolBreakdowns.reduce(0) { $0 + $1.change.total } == gained)
    #expect(record.symbolsInPlay.count == record.count && Set(record.symbolsInPlay) == [0, 1])
    let log = TradeLog(record.fills)
    #expect(log.open.isEmpty && log.closed.count > 20)
    #expect(log.closed.reduce(0) { $0 + $1.netMicroDollars } == gained, "trades are all that was earned")
    for symbol in 0..<2 {
      let own = log.closed.filter { $0.symbol == symbol }.reduce(0) { $0 + $1.netMicroDollars }
      #expect(own == record.symbolBreakdowns[symbol].change.total)
    }
    // Sessions are counted by their dates, whoever decides in them and how often.
    #expect(record.sessions.dates == market.dates && record.closes.count == 9)
    for trip in log.closed { #expect(record.sessionOfBar(trip.entryBar) == record.sessionOfBar(trip.exitBar)) }
    #expect(record.metrics(seed: 1).medianHoldingSessions == 0)
    #expect(record.heldPosition.contains(true) && record.exposure.atWork.contains { $0 > 0 })
  }

  @Test func everyTradeNamesItsContract() throws {
    let record = try Backtest.run(walk(), decider: AnyDecider(), seed: 1)
    let rows = ReportCSV.trades(record, symbols: market.symbols).split(separator: "\r\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    #expect(rows[0].suffix(4) == ["profit", "contract", "entry_minute", "exit_minute"] && rows.count > 20)
    var profits = 0.0
    for row in rows.dropFirst() {
      let contract = try #require(try? OptionSymbol(row[13]))
      #expect(contract.root == row[0] && contract.expiry.description == row[3] && row[3] == row[4])
      let (entry, exit) = (try #require(Int(row[14])), try #require(Int(row[15])))
      #expect(entry > 0 && exit > entry && exit < 390)
      profits += try #require(Double(row[12]))
    }
    #expect(abs(profits - MicroDollars.dollars(record.breakdown.change.total)) < 1e-3)
  }

  @Test func rulesOpenOnceASessionAndIdleEarnsNothing() throws {
    let environment = try walk()
    func trips(_ name: String) throws -> [RoundTrip] {
      let rule = try #require(play.rules.first { $0.name == name })
      let record = try Backtest.run(environment, decider: ActionRuleDecider(rule, play, for: environment), seed: 1)
      #expect(record.illegalAttempts == 0)
      return TradeLog(record.fills).closed
    }
    #expect(try trips("flat").isEmpty)
    let (calls, puts, exits) = (try trips("calls"), try trips("puts"), try trips("calls-exits"))
    #expect(calls.count == 18 && puts.count == 18 && exits.count == 18)
    #expect(zip(calls, exits).allSatisfy { $0.entryBar == $1.entryBar && $1.exitBar <= $0.exitBar })
    #expect(zip(calls, exits).contains { $1.exitBar < $0.exitBar }, "some session gained or lost half of what was paid")
  }

  @Test func chanceHoldsAsMuchInOtherSessionsAndAtOtherMinutes() throws {
    let record = try Backtest.run(walk(), decider: AnyDecider(), seed: 1)
    let one = RandomTrading(matching: record, environments: [try walk(19)], play: play, seed: 3, draws: 19)
    let parts = RandomTrading(
      matching: record, environments: [try walk(7), try walk(12)], play: play, seed: 3, draws: 19)
    #expect(one == parts, "however the lanes are spread")
    let shared = RandomTrading(
      matching: record, environments: [try walk(7), try walk(7), try walk(5)], play: play, seed: 3, draws: 19,
      workers: 2)
    #expect(one == shared, "whoever walks them")
    #expect(one.isWithinSessions && one.middleCloses.count == 9)
    #expect(Set(one.totalReturns).count == 19)
    let held = Double(record.heldPosition.count { $0 }) / Double(record.count)
    #expect(abs(one.medianTimeInPosition - held) < 0.05 * held, "\(one.medianTimeInPosition) against \(held)")
    let fills = Double(record.fills.count)
    #expect(abs(one.medianFills - fills) < 0.15 * fills, "\(one.medianFills) against \(fills)")
  }

  @Test func chanceToldFromWhoKnowsTheEndAndFromNobodyElse() throws {
    let environment = try walk()
    let known = try Backtest.run(environment, decider: Clairvoyant(environment), seed: 1)
    let told = RandomTrading(matching: known, environments: [try walk(39)], play: play, seed: 3, draws: 39)
    #expect(told.pValue == 1 / 40.0)
    let rule = try #require(play.rules.first { $0.name == "calls" })
    let always = try Backtest.run(environment, decider: ActionRuleDecider(rule, play, for: environment), seed: 1)
    let same = RandomTrading(matching: always, environments: [try walk(39)], play: play, seed: 3, draws: 39)
    #expect(same.pValue > 0.05, "every session is held alike: there is nothing to tell")
  }

  @Test func dearerTradingPaysTwiceForTheSameOrder() throws {
    guard case .bars(let bars) = OptionsEnvironment.family.play else { return }
    let dearer = try #require(bars.costlier(OptionsConfiguration.rich, 2) as? OptionsConfiguration)
    #expect(dearer.costFactor == 2)
    let usual = bars.rules(OptionsConfiguration.rich, { "\($0)" }, .minute)
    let more = bars.rules(dearer, { "\($0)" }, .minute).filter { !usual.contains($0) }
    #expect(more == [RuleLine("half-spreads, impact and fees", "2.0 times what they are")])
    let (cheap, dear) = (try walk(), try walk(costFactor: 2))
    let first = try Backtest.run(cheap, decider: ActionRuleDecider(play.rules[1], play, for: cheap), seed: 1)
    let second = try Backtest.run(dear, decider: ActionRuleDecider(play.rules[1], play, for: dear), seed: 1)
    #expect(first.fills.count == second.fills.count && first.count == second.count)
    for (one, other) in zip(first.fills, second.fills)
    where one.shares == other.shares && one.contract == other.contract {
      // What is asked of proceeds is asked of less.
      if one.side > 0 { #expect(other.commissionMicroDollars == 2 * one.commissionMicroDollars) }
      // Nobody pays to sell: what is worth less than its spread brings nothing.
      if other.fillPriceDollars > 0 {
        #expect(other.halfSpreadCostMicroDollars == 2 * one.halfSpreadCostMicroDollars)
      }
    }
    #expect(second.breakdown.change.total < first.breakdown.change.total)
    #expect(
      second.breakdown.change.total == (second.accounts.last?.netLiquidationMicroDollars ?? 0) - 2_000_000_000_000)
  }

  @Test func theReportSaysWhatEachSymbolEarned() throws {
    let environment = try walk()
    let policy = constant(1, columns: environment.observationSpace.count)
    let records = try EvaluationRecords(
      policy: policy.deployed, environment: environment, seed: 7, keepsGreedySteps: false, keepsStochasticSteps: false,
      play: play)
    #expect(records.baselines.map(\.name) == ["flat", "calls", "puts", "calls-exits", "puts-exits", "previous-sign"])
    var context = EvaluationContext(
      run: "r", policy: "p", algorithm: "ppo_mask", environment: OptionsEnvironment.name, symbols: market.symbols,
      dataFingerprint: "sha256:0", windowName: "held out", split: [], allowances: [], execution: [])
    context.syntheticQuotes = ["QQQ"]
    let report = EvaluationReport(context: context, records: records)
    #expect(report.bySymbol.map(\.symbol) == ["SPY", "QQQ"] && report.bySymbol.allSatisfy { $0.sessions == 9 })
    let profits = report.bySymbol.reduce(0) { $0 + $1.profitDollars }
    #expect(abs(profits - (report.greedy.metrics.finalDollars - 2_000_000)) < 1e-6)
    let trades = report.bySymbol.reduce(0) { $0 + $1.trades }
    #expect(trades == report.greedy.metrics.tradeCount && trades >= 18)
    let rate = try #require(report.bySymbol[0].winRate)
    let error = (rate * (1 - rate) / Double(report.bySymbol[0].trades)).squareRoot()
    #expect(report.bySymbol[0].winRateStandardError == error)
    #expect(!report.verdict.edgeFound, "nine sessions, and no chance was played")
    #expect(report.lines.allSatisfy { $0.count <= 80 })
    let text = report.text
    for part in ["The greedy run by symbol", "give or take", "SYNTHETIC: nobody quoted the options of QQQ"] {
      #expect(text.contains(part), "\(part)\n\(text)")
    }
    #expect(report.json["by_symbol"]?.arrayValue?.count == 2)
    #expect(report.json["synthetic_quotes"]?.text == #"["QQQ"]"#)
    #expect(report.document.html.contains("By symbol") && report.document.markdown.contains("SYNTHETIC"))
    #expect(!report.document.html.contains("Units of SPY"), "nothing is held at any close")
  }
}
