// A walk through minutes is judged by its sessions: returns, ratios and intervals are of days, never of minutes.

import AgentInterface
import Environments
import Inference
import Market
import TestSupport
import Testing
import Text
import Trading

@testable import Evaluation

@Suite struct MinuteEvaluationTests {
  /// The last two and a half of four sessions, the second of them the half day of 2024-11-29.
  private let tape = MarketTape(
    SyntheticTape.minutes(sessions: 4, from: CalendarDate(year: 2024, month: 11, day: 27)!, seed: 2))
  private let window = 500..<1380

  private func walk(_ lanes: Int) throws -> BasketEnvironment {
    try BasketEnvironment(tape: tape, window: window, laneCount: lanes, episodes: .continuous, recordsFills: true)
  }

  /// A baseline's walk, every step of it.
  private func walk(_ baseline: Baseline) throws -> BacktestRecord {
    let environment = try walk(1)
    return try Backtest.run(environment, decider: BaselineDecider(baseline, for: environment), seed: 7)
  }

  private func records() throws -> EvaluationRecords {
    let environment = try walk(1)
    let policy = ToyPolicy.recurrent(inputs: environment.observationSpace.count, actions: 9, seed: 6)
    return try EvaluationRecords(
      policy: policy.deployed, environment: environment, chance: [try walk(19)], seed: 7, randomDraws: 19)
  }

  @Test func returnsAreThoseOfSessions() throws {
    let records = try records()
    let stochastic = try #require(records.stochasticSteps)
    for record in try [records.greedy, stochastic] + Baseline.allCases.map(walk) {
      #expect(record.count == 879)
      #expect(record.sessions.dates.map { $0.description } == ["2024-11-29", "2024-12-02", "2024-12-03"])
      #expect(record.sessions.datesBefore.map { $0.description } == ["2024-11-29", "2024-11-29", "2024-12-02"])
      #expect(record.sessions.firstBar == 500 && record.sessions.lastBars == [599, 989, 1379])
      // The last bars of the sessions are 599, 989 and 1379; decisions begin at bar 500, so that step t ends at bar 501 + t.
      #expect(record.sessionEnds == [98, 488, 878])
      let ends = record.sessionEnds.map { PerformanceMetrics.dollars(record.accounts[$0].netLiquidationMicroDollars) }
      #expect(record.closes == ends)
      let returns = zip(ends, [record.initialDollars] + ends).map { $0 / $1 - 1 }
      #expect(record.dailyReturns == returns)
      let metrics = record.metrics(seed: 7)
      #expect(metrics.sessions == 3 && metrics.sharpe == ReturnStatistics.sharpe(returns, excess: returns))
      let held = record.heldPosition.count { $0 }
      #expect(metrics.timeInPosition == Double(held) / 879)
      #expect(record.exposure.atWork.count == 3)
      let most = zip(record.grossAtOpen[99...488], record.grossAtClose[99...488]).map { max($0, $1) }.max()
      #expect(record.exposure.atWork[1] == most)
    }
    #expect(records.cashReturns.count == 3)
    let random = try #require(records.random)
    #expect(random.middleCloses.count == 3 && random.medianTimeInPosition <= 1)
  }

  /// What is left of a walk that kept less is to the bit what the walk itself comes to.
  @Test func whatIsKeptOfAWalkChangesNoAccount() throws {
    let policy = try ToyPolicy.recurrent(inputs: walk(1).observationSpace.count, actions: 9, seed: 6)
    func run(_ keeps: WalkDetail) throws -> BacktestRecord {
      let decider = PolicyDecider(policy, mode: .stochastic(seed: 7))
      return try Backtest.run(walk(1), decider: decider, seed: 7, keeps: keeps)
    }
    let whole = try run(.steps)
    let account = AccountReport(name: "stochastic", record: whole, seed: 7)
    #expect(whole.confidences.count == 879 && whole.masks.count == 879 && whole.probabilities.count == 9 * 879)
    for keeps in [WalkDetail.account, .masks] {
      let record = try run(keeps)
      #expect(AccountReport(name: "stochastic", record: record, seed: 7) == account)
      #expect(record.actions == whole.actions && record.fills == whole.fills && record.accounts == whole.accounts)
      #expect(record.observations.isEmpty && record.rewards.isEmpty && record.probabilities.isEmpty)
      #expect(record.masks == (keeps == .masks ? whole.masks : []))
    }
    let records = try records()
    #expect(records.stochastic == account && records.baselines.count == Baseline.allCases.count)
    for (found, baseline) in zip(records.baselines, Baseline.allCases) {
      let record = try walk(baseline)
      #expect(record.confidences.isEmpty && record.meanConfidence == nil)
      #expect(found == AccountReport(name: baseline.name, record: record, seed: 7))
    }
    #expect(records.longest == records.greedy.sessions)
  }

  @Test func holdingIsCountedInSessions() throws {
    let held = try walk(.buyAndHold)
    #expect(held.fills.map { $0.bar } == [501, 501] && held.sessionOfBar(501) == 0 && held.sessionOfBar(599) == 0)
    #expect(held.sessionOfBar(600) == 1 && held.sessionOfBar(1379) == 2 && held.sessionOfBar(0) == 0)
    let momentum = try walk(.previousSign)
    #expect(momentum.metrics(seed: 1).medianHoldingSessions == 0, "opened and closed within a session")
  }

  @Test func reportsAreOfSessions() throws {
    let records = try records()
    var context = EvaluationContext(
      run: "r", policy: "p", algorithm: "ppo_lstm_mask", environment: BasketEnvironment.name,
      symbols: tape.symbols, dataFingerprint: "sha256:0", windowName: "held out", split: [], allowances: [],
      execution: BasketConfiguration().rules(ReportText.shortest, width: .minute))
    context.syntheticSymbols = ["BBB"]
    let report = EvaluationReport(context: context, records: records)
    #expect(report.dates.count == 3 && report.verdict.sessions == 3 && !report.verdict.edgeFound)
    #expect(
      report.greedy.closes.count == 3 && report.greedy.decisions == 879
        && report.greedy.units.allSatisfy { $0.count == 3 })
    #expect(report.lines.allSatisfy { $0.count <= 80 })
    let words = report.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    for part in [
      "2024-11-29 to 2024-12-03, 3 sessions",
      "nights: what is held at a session's last close is held until the next open",
      "fill: decided at a minute's close, filled at the open of the next one", "a minute's volatility",
      "SYNTHETIC: the bars of BBB are made up by strikeforge synthesize",
    ] { #expect(words.contains(part), "\(part)\n\(report.text)") }
    #expect(report.json["synthetic_symbols"]?.text == #"["BBB"]"#)
    #expect(report.document.html.contains("SYNTHETIC") && report.document.markdown.contains("SYNTHETIC"))
    let rows = ReportCSV.dailyReturns(records).split(separator: "\r\n")
    #expect(rows.count == 4 && rows[1].hasPrefix("2024-11-29,"))
  }

  /// An index of days beside minutes: its move over the first session is that from the close before.
  @Test func anIndexOfDaysIsComparedBySessions() throws {
    let sessions = try records().greedy.sessions
    var index = BarSeries(symbol: "SPX")
    index.instrument = .index
    for (date, close) in [("2024-11-27", 100.0), ("2024-11-29", 110), ("2024-12-02", 121), ("2024-12-03", 60.5)] {
      index.append(
        date: CalendarDate(date)!, open: close, high: close, low: close, close: close, volume: .nan)
    }
    let reference = try #require(MarketReference(index, kind: .index, over: sessions))
    #expect(
      zip(reference.returns, [0.1, 0.1, -0.5]).allSatisfy { abs($0 - $1) < 1e-12 } && reference.returns.count == 3)
    #expect(MarketReference(index.rows([1, 2, 3]), kind: .index, over: sessions) == nil, "no close before the first")
  }
}
