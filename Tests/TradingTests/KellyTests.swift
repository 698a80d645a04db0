// Kelly's fraction, under both names, and what trades say of it.

import Market
import TestSupport
import Testing
import Text
import Trading

@Test func kellyHasTwoNames() {
  let first = KellyBet(winProbability: 0.6, win: 0.4, loss: 0.2)
  #expect(abs(first.riskFraction - 0.40) < 1e-15 && abs(first.notionalFraction - 2.0) < 1e-14)
  let second = KellyBet(winProbability: 0.65, win: 0.45, loss: 0.18)
  #expect(abs(second.riskFraction - 0.51) < 1e-15 && abs(second.notionalFraction - 2.8333333333333333) < 1e-14)
  // A long option can lose all of its premium: the risk is the stake.
  let all = KellyBet(winProbability: 0.6, win: 1.2, loss: 1)
  #expect(all.riskFraction == all.notionalFraction && abs(all.riskFraction - (0.6 - 0.4 / 1.2)) < 1e-15)
  // What a bet grows by at its full notional, at 0.4 and at 0.2.
  let growths = [2.0, 0.4, 0.2].map(first.growth)
  for (growth, expected) in zip(growths, [0.1483, 0.0557, 0.0298]) { #expect(abs(growth - expected) < 5e-5) }
  #expect(first.growth(notionalFraction: 5) == -.infinity)
}

private let noBets: [(Double, Double, Double)] = [
  (0.3, 0.4, 0.2), (0.6, 0, 0.2), (0.6, -0.1, 0.2), (0.6, 0.4, 0), (1.2, 0.4, 0.2), (.nan, 0.4, 0.2), (0.6, .nan, 0.2),
  (0.6, .infinity, 0.2), (0.6, 0.4, .nan), (0, 1, 1),
]

@Test(arguments: noBets)
func withoutAnEdgeNothingIsStaked(chance: Double, win: Double, loss: Double) {
  let bet = KellyBet(winProbability: chance, win: win, loss: loss)
  #expect(bet.riskFraction == 0 && bet.notionalFraction == 0)
}

@Test func halfOfKellyKeepsThreeQuartersOfTheGrowth() {
  #expect(Kelly.growthShare(ofPart: 0.5) == 0.75 && Kelly.growthShare(ofPart: 1) == 1)
  #expect(Kelly.continuous(mean: 0.08, variance: 0.04) == 2)
  #expect(Kelly.continuous(mean: -0.08, variance: 0.04) == 0 && Kelly.continuous(mean: 0.08, variance: 0) == 0)
}

@Test func kellyEqualsTheReference() throws {
  let golden = try Golden("kelly").json
  for bet in try #require(golden["bets"]?.arrayValue) {
    func number(_ key: String) throws -> Double { try #require(bet[key]?.doubleValue) }
    let kelly = KellyBet(
      winProbability: try number("winProbability"), win: try number("win"), loss: try number("loss"))
    #expect(try abs(kelly.notionalFraction - number("fraction")) < 1e-13)
    for point in try #require(bet["growths"]?.arrayValue) {
      let fraction = try #require(point["fraction"]?.doubleValue)
      let growth = try #require(point["growth"]?.doubleValue)
      #expect(abs(kelly.growth(notionalFraction: fraction) - growth) < 1e-13)
    }
  }
  for sample in try #require(golden["samples"]?.arrayValue) {
    let returns = try #require(sample["returns"]?.arrayValue).compactMap(\.doubleValue)
    let most = try #require(sample["most"]?.doubleValue)
    let fraction = try #require(sample["fraction"]?.doubleValue)
    #expect(abs(Kelly.empirical(returns: returns, most: most) - fraction) < 1e-13, "\(sample["name"]?.text ?? "")")
  }
}

@Test func theFractionOfTradesIsBounded() {
  // None, none that lost, none that won, one that is no number.
  #expect(Kelly.empirical(returns: []) == 0 && Kelly.empirical(returns: [0.2, 0.1]) == 1)
  #expect(Kelly.empirical(returns: [-0.2, -0.1]) == 0 && Kelly.empirical(returns: [0.2, .nan]) == 0)
  #expect(Kelly.empirical(returns: [3, -1], most: 0.25) == 0.25)
  // A loss of everything is never risked with everything.
  #expect(Kelly.empirical(returns: [10, 10, 10, -1], most: 5) < 1)
}

@Test func beliefInAChanceEqualsTheReference() throws {
  for chance in try #require(Golden("kelly").json["chances"]?.arrayValue) {
    let wins = try #require(chance["wins"]?.integerValue)
    let trials = try #require(chance["trials"]?.integerValue)
    let probability = try #require(chance["probability"]?.doubleValue)
    let expected = try #require(chance["chance"]?.doubleValue)
    let found = BetaDistribution.quantile(probability, wins: wins, of: trials)
    #expect(abs(found / expected - 1) < 1e-11, "\(wins) of \(trials) at \(probability): \(found), \(expected)")
  }
}

// MARK: - Statistics of trades

private let today = CalendarDate(daysSinceEpoch: 20_400)

private func trades(_ count: Int, wins: Int, tier: String = "tiny", day: Int = 0) -> [SizedTrade] {
  (0..<count).map {
    SizedTrade(
      tier: tier, closed: today.advanced(by: -day), atRiskMicroDollars: 100_000_000,
      profitMicroDollars: $0 < wins ? 40_000_000 : -20_000_000)
  }
}

@Test func tradesOfATierAndOfThirtyDaysCount() throws {
  let statistics = TradeStatistics(
    trades(30, wins: 18) + trades(50, wins: 50, tier: "large") + trades(50, wins: 50, day: 30)
      + trades(9, wins: 9, day: -1),
    tier: "tiny", on: today)
  #expect(statistics.count == 30 && statistics.wins == 18 && statistics.losses == 12)
  let bet = try #require(statistics.bet())
  #expect(abs(bet.riskFraction - 0.40) < 1e-14 && abs(bet.notionalFraction - 2) < 1e-13)
  #expect(TradeStatistics(trades(30, wins: 18, day: 29), tier: "tiny", on: today).count == 30)
  // A chance that is higher with 95 % belief is lower than the share that won.
  let sure = try #require(statistics.bet(belief: 0.95))
  #expect(sure.winProbability == BetaDistribution.quantile(1 - 0.95, wins: 18, of: 30))
  #expect(sure.winProbability < 0.46 && sure.riskFraction < 0.19)
  #expect(AccountTier.tiny.bet(statistics) == sure)
}

@Test func tooFewTradesAndNoLosingOneSayNothing() {
  let none = TradeStatistics([], tier: "tiny", on: today)
  #expect(none.bet() == nil && none.shortcoming == "0 trades in 30 days, at least 30 are needed")
  let few = TradeStatistics(trades(29, wins: 15), tier: "tiny", on: today)
  #expect(few.bet() == nil && few.shortcoming == "29 trades in 30 days, at least 30 are needed")
  let lucky = TradeStatistics(trades(40, wins: 40), tier: "tiny", on: today)
  #expect(lucky.bet() == nil && lucky.shortcoming == "none of 40 trades lost: what a loss costs is unknown")
  // Without a winning one the answer is known: nothing.
  let lost = TradeStatistics(trades(30, wins: 0), tier: "tiny", on: today)
  #expect(lost.bet()?.riskFraction == 0 && lost.shortcoming == nil)
  // One without profit or loss is no win, and a trade with nothing at risk says nothing.
  var even = trades(30, wins: 10)
  even[29].profitMicroDollars = 0
  even.append(SizedTrade(tier: "tiny", closed: today, atRiskMicroDollars: 0, profitMicroDollars: 1))
  let statistics = TradeStatistics(even, tier: "tiny", on: today)
  #expect(statistics.count == 30 && statistics.wins == 10 && statistics.losses == 19)
}
