// Games beside the one that is played: straddles and spreads traded every day over the same fills, fees and settlement.

import AgentInterface
import Environments
import Evaluation
import Market
import Testing
import Trading

@Suite struct OptionsCompanionsTests {
  /// Nine sessions, the last but one a half day.
  private static let market = OptionsMarket(sessions: 9, strikesEachWay: 14)
  private static let tape = market.tape()

  private func records(
    _ configuration: OptionsConfiguration, of family: EnvironmentFamily = OptionsEnvironment.family
  ) throws -> [String: BacktestRecord] {
    guard case .bars(let bars) = family.play, let companions = bars.companions else { return [:] }
    let tape = Self.tape
    var found: [String: BacktestRecord] = [:]
    for companion in companions(configuration) {
      let environment = try companion.walk(tape, window: 0..<tape.barCount)
      for rule in companion.play.rules {
        found[rule.name] = try Backtest.run(
          environment, decider: ActionRuleDecider(rule, companion.play, for: environment), seed: 1, keeps: .account)
      }
    }
    return found
  }

  private func dollars(_ record: BacktestRecord) -> Double { MicroDollars.dollars(record.breakdown.change.total) }

  @Test func aStraddleADayIsBoughtAndSoldWhole() throws {
    let records = try records(.rich)
    #expect(Set(records.keys) == ["straddles", "sold-straddles", "sold-spreads"])
    for (name, side) in [("straddles", 1), ("sold-straddles", -1)] {
      let record = try #require(records[name])
      #expect(record.illegalAttempts == 0 && record.sessions.dates == Self.market.dates)
      let bySession = Dictionary(grouping: record.fills) { record.sessionOfBar($0.bar) }
      #expect(bySession.count == 9, "\(name) of \(bySession.count) sessions")
      for fills in bySession.values {
        let opening = Array(fills.prefix(2))
        #expect(opening.allSatisfy { $0.side == side && $0.bar == opening[0].bar && $0.shares == 100 })
        let contracts = opening.compactMap { contract($0) }
        #expect(contracts.count == 2 && contracts[0].strikeThousandths == contracts[1].strikeThousandths)
        #expect(Set(contracts.map(\.right)) == [.call, .put])
        // One straddle, and all of it is given back within the session.
        #expect(fills.count == 4 && fills.suffix(2).allSatisfy { $0.side == -side })
      }
      let last = try #require(record.accounts.last)
      #expect(last.netLiquidationMicroDollars - 1_000_000_000_000 == record.breakdown.change.total)
    }
  }

  private func contract(_ fill: Fill) -> OptionContract? {
    guard let options = Self.tape.options, let number = options.number(of: Self.tape.dates[fill.bar]) else {
      return nil
    }
    return options.sessions[fill.symbol][number].contracts[Int(fill.contract)]
  }

  /// Who buys what another sells gains what he loses: both together lose what trading costs, where both are filled in the same minutes.
  @Test func bothSidesTogetherLoseTheirCosts() throws {
    let records = try records(.rich)
    let (bought, sold) = (try #require(records["straddles"]), try #require(records["sold-straddles"]))
    var compared = 0
    for session in 0..<9 {
      let (own, other) = (
        bought.fills.filter { bought.sessionOfBar($0.bar) == session },
        sold.fills.filter { sold.sessionOfBar($0.bar) == session }
      )
      #expect(own.map(\.contract).sorted() == other.map(\.contract).sorted())
      guard own.map(\.bar) == other.map(\.bar) else { continue }
      compared += 1
      let paid = (own + other).reduce(0.0) { $0 + Double($1.side) * $1.shares * $1.fillPriceDollars }
      let costs = (own + other).reduce(Int64(0)) { $0 + $1.halfSpreadCostMicroDollars + $1.impactCostMicroDollars }
      #expect(costs > 0 && abs(paid - MicroDollars.dollars(costs)) < 1e-3, "\(paid) of \(costs)")
    }
    #expect(compared >= 3)
    #expect(dollars(bought) + dollars(sold) < 0)
  }

  /// A straddle of a share of 600 dollars needs more than 10,000 dollars where it is sold, and some hundreds where it is bought.
  @Test func marginDecidesWhetherAStraddleIsSold() throws {
    var poor = OptionsConfiguration.rich
    poor.capitalDollars = 5_000
    let records = try records(poor)
    #expect(try #require(records["sold-straddles"]).fills.isEmpty)
    #expect(try #require(records["straddles"]).fills.count == 36)
  }

  /// Limits of the desk that let nobody sell leave straddles, and take the spread away.
  @Test func limitsOfTheDeskBindSpreadsAndNoStraddles() throws {
    var strict = OptionsConfiguration.rich
    strict.profile.soldDelta = 0.001
    strict.profile.limits.gammaFraction = 1e-9
    let records = try records(strict)
    #expect(Set(records.keys) == ["straddles", "sold-straddles"])
    #expect(try #require(records["sold-straddles"]).fills.count == 36)
  }

  @Test func aSpreadIsSoldAtMostOncePerSession() throws {
    let record = try #require(try records(.rich)["sold-spreads"])
    let trips = TradeLog(record.fills).closed
    #expect(!trips.isEmpty && trips.count <= 18)
    for fill in record.fills where fill.side < 0 {
      #expect(contract(fill)?.right == .put)
    }
  }

  /// What the desk takes back between two decisions, so that the rule never sees it held, is not opened again.
  @Test func whatTheDeskGaveBackIsNotOpenedAgain() throws {
    guard case .bars(let bars) = OptionsEnvironment.shortPremium.play, let play = bars.play else { return }
    var stopped = OptionsConfiguration.richPremium
    (stopped.premium.stopCredits, stopped.decisionMinutes) = (0.01, 30)
    let tape = Self.tape
    let environment = try bars.walk(stopped, tape, bars.prepare(stopped, tape), 0..<tape.barCount, 1)
    let rule = try #require(play.rules.first { $0.name == "sold-puts" })
    let record = try Backtest.run(environment, decider: ActionRuleDecider(rule, play, for: environment), seed: 1)
    let trips = TradeLog(record.fills).closed
    #expect(Set(trips.map { record.sessionOfBar($0.entryBar) }).count == trips.count, "more than one in a session")
    let unseen = trips.count { Int(tape.minutes[$0.entryBar]) / 30 == Int(tape.minutes[$0.exitBar]) / 30 }
    #expect(unseen > 2, "\(unseen) of \(trips.count)")
  }

  /// Who sells premium is compared with who buys options, and with straddles.
  @Test func soldPremiumHasBoughtOptionsBesideIt() throws {
    let records = try records(.richPremium, of: OptionsEnvironment.shortPremium)
    #expect(Set(records.keys) == ["straddles", "sold-straddles", "calls", "puts", "previous-sign"])
  }

  /// From the third session on: a call behind a session that ended above the one before it, a put behind one that ended below.
  @Test func thePreviousSessionsSignChoosesTheSide() throws {
    guard case .bars(let bars) = OptionsEnvironment.family.play, let play = bars.play else { return }
    let rule = try #require(play.rules.first { $0.name == "previous-sign" })
    let tape = Self.tape
    let environment = try bars.walk(
      OptionsConfiguration.rich, tape, bars.prepare(OptionsConfiguration.rich, tape), 0..<tape.barCount, 1)
    let record = try Backtest.run(environment, decider: ActionRuleDecider(rule, play, for: environment), seed: 1)
    var sides: [Int: OptionSymbol.Right] = [:]
    for fill in record.fills where fill.side > 0 {
      sides[record.sessionOfBar(fill.bar)] = contract(fill)?.right
    }
    let ends = tape.sessions.map { tape.close[0][$0.upperBound - 1] }
    #expect(sides.keys.sorted() == Array(2..<9))
    for (session, side) in sides { #expect(side == (ends[session - 1] > ends[session - 2] ? .call : .put)) }
    #expect(Set(sides.values).count == 2)
  }
}
