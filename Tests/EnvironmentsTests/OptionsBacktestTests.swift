// A walk over sessions of options as a backtest sees it: memory by session, what the desk refused, the kill switch, and fills that cost nothing.

import AgentInterface
import Environments
import Evaluation
import Market
import Testing
import Text
import Trading

private let play: SessionPlay = {
  guard case .bars(let bars) = OptionsEnvironment.family.play, let play = bars.play else {
    preconditionFailure("options are played by sessions")
  }
  return play
}()

/// Buys calls whenever it may, and writes down when it was told to forget.
private final class Buyer: Decider {
  private(set) var starts: [Bool] = []

  func decide(_ observation: Span<Float>, mask: ActionMask, startsEpisode: Bool) -> Choice {
    starts.append(startsEpisode)
    return Choice(action: mask.allows(1) ? 1 : 0, confidence: nil)
  }
}

@Suite struct OptionsBacktestTests {
  private static let market = OptionsMarket(symbols: ["SPY", "QQQ"], sessions: 9, halfSpread: 1000)
  private static let tape = market.tape()

  private func walk(_ change: (inout OptionsConfiguration) -> Void = { _ in }) throws -> OptionsEnvironment {
    var configuration = OptionsConfiguration.rich
    configuration.decisionMinutes = 3
    change(&configuration)
    let tape = OptionsBacktestTests.tape
    return try OptionsEnvironment(
      tape: tape, tables: OptionsTables(tape, configuration: configuration), window: 0..<tape.barCount,
      laneCount: 1, episodes: .walk, recordsFills: true)
  }

  @Test func memoryBeginsAnewWithEverySession() throws {
    let buyer = Buyer()
    let record = try Backtest.run(walk(), decider: buyer, seed: 1)
    #expect(buyer.starts == record.starts && record.starts.count { $0 } == 18, "nine sessions of two symbols")
    for step in 1..<record.count {
      let isNew =
        record.symbolsInPlay[step] != record.symbolsInPlay[step - 1]
        || record.decisionDates[step] != record.decisionDates[step - 1]
      #expect(record.starts[step] == isNew)
    }
    let lines = try ObservationLines.text(record, actionCount: 6).split(separator: "\n")
    #expect(lines.map { $0.contains("\"episode_start\": true") } == record.starts)
    let log = DecisionLog(record, actionCount: 6)
    #expect(log.starts == record.starts && log.terminated.count { $0 } == 17 && log.truncated.count { $0 } == 1)
    let account = try Backtest.run(walk(), decider: Buyer(), seed: 1, keeps: .account)
    #expect(account.starts.isEmpty && account.accounts == record.accounts)
  }

  @Test func aKillSwitchEndsTradingUnlessItIsRearmed() throws {
    func nervous(_ configuration: inout OptionsConfiguration) {
      configuration.profile.sessionTiers = DrawdownTiers(warn: 0.0002, reduce: 0.0003, halt: 0.0004)
      configuration.profile.killFraction = 0.0005
    }
    let record = try Backtest.run(walk(nervous), decider: Buyer(), seed: 1)
    let latches = try #require(record.desk).latches
    let first = try #require(latches.first { $0.symbol == 0 }, "a tenth of a dollar of half-spread loses that much")
    #expect(latches.count { $0.symbol == 0 } == 1)
    let tape = OptionsBacktestTests.tape
    let later = record.fills.filter { $0.symbol == 0 && tape.dates[$0.bar] > first.date }
    #expect(later.isEmpty, "its trading has ended")

    let rearmed = try Backtest.run(
      walk {
        nervous(&$0)
        $0.rearmsNextSession = true
      }, decider: Buyer(), seed: 1)
    let again = try #require(rearmed.desk).latches.filter { $0.symbol == 0 }
    #expect(again.first == first && again.count > 1)
    #expect(rearmed.fills.contains { $0.symbol == 0 && tape.dates[$0.bar] > first.date })
    // Who never falls so far is not touched by it.
    let calm = try Backtest.run(walk(), decider: Buyer(), seed: 1)
    #expect(calm.desk?.latches.isEmpty == true)
    guard case .bars(let bars) = OptionsEnvironment.family.play else { return }
    #expect((bars.rearmed?(OptionsConfiguration.rich) as? OptionsConfiguration)?.rearmsNextSession == true)
  }

  @Test func whatTheDeskDidIsCountedOnce() throws {
    let environment = try walk()
    let record = try Backtest.run(environment, decider: Buyer(), seed: 1)
    let desk = try #require(record.desk)
    #expect(desk.orders.forcedExits > 0, "what expires today is closed before the close")
    #expect(desk.counts.contains { $0.name == "exits forced by the desk" && $0.count == desk.orders.forcedExits })
    #expect(desk.risk.violations == SIMD8(repeating: 0))
    let again = try Backtest.run(environment, decider: Buyer(), seed: 1)
    #expect(again.desk == desk, "a second walk counts its own")
    let idle = try Backtest.run(environment, decider: FallbackDecider(environment.actionSpace), seed: 1)
    #expect(idle.desk?.counts.isEmpty == true)
  }

  /// One contract at market, without stops: the same orders, so that every trade is cheaper by its costs.
  @Test func idealFillsNeverEarnLess() throws {
    guard case .bars(let bars) = OptionsEnvironment.family.play else { return }
    var usual = OptionsConfiguration.rich
    usual.maximumContracts = 1
    let ideal = try #require(bars.costlier(usual, 0) as? OptionsConfiguration)
    for rule in play.rules where rule.takesAt == nil {
      func trips(_ configuration: OptionsConfiguration) throws -> [RoundTrip] {
        let environment = try walk { $0 = configuration }
        let record = try Backtest.run(
          environment, decider: ActionRuleDecider(rule, play, for: environment), seed: 1)
        return TradeLog(record.fills).closed
      }
      let (paid, free) = (try trips(usual), try trips(ideal))
      #expect(paid.count == free.count && (rule.opens == nil) == paid.isEmpty)
      for (one, other) in zip(paid, free) {
        #expect(one.contracts == other.contracts && one.entryBar == other.entryBar && one.exitBar == other.exitBar)
        #expect(other.costMicroDollars == 0 && other.netMicroDollars >= one.netMicroDollars)
      }
    }
  }

  /// At the far touch nothing is better than it; at the middle every order is, by the half-spread of its quote.
  @Test func whatIsFilledInsideTheQuoteIsCounted() throws {
    let paid = try Backtest.run(walk(), decider: Buyer(), seed: 1)
    #expect(!paid.fills.isEmpty && paid.fills.allSatisfy { $0.insideSpreadMicroDollars == 0 })
    let ideal = try Backtest.run(walk { $0.costFactor = 0 }, decider: Buyer(), seed: 1)
    let bought = ideal.fills.filter { $0.side > 0 }
    #expect(!bought.isEmpty)
    // A tenth of a dollar to either side, less where nobody bids so little.
    #expect(
      bought.allSatisfy { fill in
        fill.insideSpreadMicroDollars > 0 && Double(fill.insideSpreadMicroDollars) <= 100_001 * fill.shares
      })
    #expect(bought.contains { Double($0.insideSpreadMicroDollars) == 100_000 * $0.shares })
  }

  @Test func aRuleIsReportedWithoutDraws() throws {
    let environment = try walk()
    let rule = try #require(play.rules.first { $0.name == "calls" })
    let records = try EvaluationRecords(
      greedy: { ActionRuleDecider(rule, play, for: $0) }, stochastic: nil, environment: environment, seed: 7,
      play: play, unlike: "calls")
    #expect(records.stochastic == nil && !records.baselines.contains { $0.name == "calls" })
    var context = EvaluationContext(
      run: "calls", policy: "a rule without learning", algorithm: "rule", environment: "options",
      symbols: OptionsBacktestTests.market.symbols, dataFingerprint: "sha256:0", windowName: "backtest", split: [],
      allowances: [], execution: [])
    context.kind = .backtest
    context.warnings = ["IDEAL FILLS: nobody gets them."]
    context.qualifications = ["with ideal fills"]
    let report = EvaluationReport(context: context, records: records)
    #expect(report.stochastic == nil && report.accounts.count == records.baselines.count + 1)
    let text = report.text
    #expect(text.hasPrefix("Backtest of calls, WITH IDEAL FILLS\n  warning       IDEAL FILLS"))
    #expect(!text.contains("stochastic") && text.contains("Where the value of the greedy run went"))
    #expect(report.lines.allSatisfy { $0.count <= 80 })
    let json = report.json
    #expect(json["report"]?.stringValue == "backtest" && json["stochastic_verdict"]?.isNull == true)
    #expect(json["desk"]?["counts"]?.objectValue?.isEmpty == false)
    let html = report.document.html
    #expect(html.contains("WITH IDEAL FILLS") && !html.contains("The same, sampled"))
  }

  @Test func everyMinuteIsARowOfTheEquity() throws {
    let record = try Backtest.run(walk(), decider: Buyer(), seed: 1)
    let text = try #require(ReportCSV.minutes(record, tape: OptionsBacktestTests.tape))
    let rows = text.split(separator: "\r\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
    #expect(
      rows[0] == ["date", "bar_start", "symbol", "net_liquidation", "cash", "gross_exposure", "units_SPY", "units_QQQ"])
    #expect(rows.count == record.count + 1 && rows.contains { $0[2] == "QQQ" && $0[7] != "0" })
    let sessions = ReportCSV.sessions(record).split(separator: "\r\n").map { $0.split(separator: ",") }
    #expect(sessions.count == 10 && sessions[0].count == 6)
    for (row, close) in zip(sessions.dropFirst(), record.closes) {
      let found = try #require(Double(row[2]))
      #expect((found * 1e6).rounded() == (close * 1e6).rounded())
    }
  }
}
