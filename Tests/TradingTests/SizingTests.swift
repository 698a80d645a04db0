// How many contracts, and which rule says so.

import Market
import TestSupport
import Testing
import Trading

private func price(_ dollars: Double) -> Int { Int((dollars * 10_000).rounded()) }
private func money(_ dollars: Double) -> Int64 { MicroDollars.rounded(dollars) }

/// Sizes by the tier alone.
private func byTier(_ tier: AccountTier, equity: Double, premium: Double, bet: KellyBet?) -> PositionSize {
  SizingRules(tier: tier, range: nil).size(
    SizingFacts(buying: price(premium), delta: 0.5, equityMicroDollars: money(equity)), bet: bet, stopLoss: 2500)
}

private let first = KellyBet(winProbability: 0.6, win: 0.4, loss: 0.2)
private let second = KellyBet(winProbability: 0.65, win: 0.45, loss: 0.18)

@Test func halfOfKellyIsCapped() {
  var (fraction, rule) = AccountTier.tiny.riskFraction(first)
  #expect(abs(fraction - 0.20) < 1e-15 && rule == .kelly)
  (fraction, rule) = AccountTier.tiny.riskFraction(second)
  #expect(fraction == 0.25 && rule == .kellyCap)
  #expect(abs(AccountTier.tiny.kellyPart * second.riskFraction - 0.255) < 1e-15)
  // The large account has its own share, whatever Kelly says.
  (fraction, rule) = AccountTier.large.riskFraction(second)
  #expect(fraction == 0.01 && rule == .tier)
  (fraction, rule) = AccountTier.tiny.riskFraction(nil)
  #expect(fraction == 0.05 && rule == .fallback)
  (fraction, rule) = AccountTier.tiny.riskFraction(KellyBet(winProbability: 0.6, win: 0, loss: 0.2))
  #expect(fraction == 0 && rule == .kelly)
}

/// A quarter of 1,000 dollars buys one contract at up to 2.50; 1 % of 121,000 is 1,210, and one contract at 17.15 costs 1,715.
@Test func tiersBuyWhatTheirSharePays() {
  let one = byTier(.tiny, equity: 1000, premium: 2.50, bet: second)
  #expect(one.contracts == 1 && one.binding == .kellyCap)
  #expect(byTier(.tiny, equity: 1000, premium: 2.5001, bet: second).contracts == 0)
  let none = byTier(.large, equity: 121_000, premium: 17.15, bet: second)
  #expect(none.contracts == 0 && none.binding == .tier)
  #expect(byTier(.large, equity: 121_000, premium: 12.10, bet: second).contracts == 1)
  // 0.2 of 1,000 pays for one of 200, whatever binary says of 0.6 - 0.2.
  #expect(byTier(.tiny, equity: 1000, premium: 2, bet: first).contracts == 1)
  #expect(
    byTier(.tiny, equity: 1000, premium: 2, bet: KellyBet(winProbability: 0.4, win: 0.4, loss: 0.2)).contracts == 0)
}

@Test func averageRangesAndStopsAreSized() {
  let rules = SizingRules(tier: AccountTier(name: "all", fixedFraction: 1, fallbackFraction: 1))
  var facts = SizingFacts(buying: price(2), delta: -0.5, equityMicroDollars: money(100_000))
  // 1,000 dollars over 1.5 x 4 x 0.5 x 100 = 300, and over 2 x 25 % x 100 = 50.
  facts.averageTrueRange = 4
  var size = rules.size(facts, bet: nil, stopLoss: 2500)
  #expect(size.contracts == 3 && size.binding == .averageRange)
  // 1,000 over 10 x 75 % x 100 = 750.
  facts = SizingFacts(buying: price(10), delta: 0.5, equityMicroDollars: money(100_000))
  facts.averageTrueRange = 4
  size = rules.size(facts, bet: nil, stopLoss: 7500)
  #expect(size.contracts == 1 && size.binding == .stopRisk)
  // Nothing moves it where delta is nothing; a range of nothing is no range.
  facts.delta = 0
  #expect(rules.size(facts, bet: nil, stopLoss: 2500).binding == .stopRisk)
  facts.averageTrueRange = 0
  #expect(rules.size(facts, bet: nil, stopLoss: 2500) == .none(by: .unknown))
  // The indicator itself: a range of 1 to 3, and a gap down to 0.5 and 1.
  let range = ATR.values(high: [3, 1], low: [1, 0.5], close: [2, 1], period: 2)
  #expect(range == [2, 1.75])
}

/// 10,000 dollars and one contract at the money of 600 with an hour left: the four limits leave 6, 3, 1 and 253, and theta binds.
@Test func headroomsAreComposedByTheLeast() {
  let rooms = [
    GreekHeadroom(limit: 2000, current: 0, each: 300.44), GreekHeadroom(limit: 1000, current: 0, each: 322.92),
    GreekHeadroom(limit: 100, current: 0, each: 88.71), GreekHeadroom(limit: 1500, current: 0, each: 5.91),
  ]
  #expect(rooms.map(\.contracts) == [6, 3, 1, 253])
  var facts = SizingFacts(buying: price(0.89), delta: 0.5, equityMicroDollars: money(10_000))
  facts.deltaRoom = rooms[0]
  facts.gammaRoom = rooms[1]
  facts.thetaRoom = rooms[2]
  facts.vegaRoom = rooms[3]
  let rules = SizingRules(tier: AccountTier(name: "all", fixedFraction: 1, fallbackFraction: 1), range: nil)
  let size = rules.size(facts, bet: nil, stopLoss: 2500)
  #expect(size.contracts == 1 && size.binding == .theta)
  // Zero is a size: with 88 dollars left none fits.
  facts.thetaRoom = GreekHeadroom(limit: 88, current: 0, each: 88.71)
  let none = rules.size(facts, bet: nil, stopLoss: 2500)
  #expect(none.contracts == 0 && none.binding == .theta)
}

private let headrooms: [(GreekHeadroom, Int?)] = [
  (GreekHeadroom(limit: 10, current: 0, each: 2), 5), (GreekHeadroom(limit: 10, current: 4, each: 2), 3),
  (GreekHeadroom(limit: 10, current: 4, each: -2), 7), (GreekHeadroom(limit: 10, current: 10, each: 1), 0),
  // Above the limit already: nothing further, and the long way back.
  (GreekHeadroom(limit: 10, current: 15, each: 1), 0), (GreekHeadroom(limit: 10, current: 15, each: -1), 25),
  (GreekHeadroom(limit: 10, current: -15, each: -1), 0), (GreekHeadroom(limit: 10, current: -15, each: 1), 25),
  (GreekHeadroom(limit: 10, current: 3, each: 0), Order.mostQuantity),
  (GreekHeadroom(limit: 0, current: 0, each: 1), 0),
  (GreekHeadroom(limit: .nan, current: 0, each: 1), nil), (GreekHeadroom(limit: 10, current: .nan, each: 1), nil),
  (GreekHeadroom(limit: 10, current: 0, each: .infinity), nil), (GreekHeadroom(limit: -1, current: 0, each: 1), nil),
]

@Test(arguments: headrooms)
func aHeadroomIsWhole(room: GreekHeadroom, expected: Int?) { #expect(room.contracts == expected) }

/// No last bit of a fraction is forgiven against a limit.
@Test func aHeadroomIsNeverExceeded() {
  for hundredths in 1...2000 {
    let room = GreekHeadroom(limit: 10, current: 0.1, each: Double(hundredths) / 100)
    guard let count = room.contracts else {
      Issue.record("no count")
      return
    }
    #expect(abs(room.current + Double(count) * room.each) <= room.limit)
    #expect(abs(room.current + Double(count + 1) * room.each) > room.limit * (1 - 1e-12))
  }
}

@Test func whatIsNotKnownBuysNothing() {
  let rules = SizingRules(tier: .large)
  let whole = SizingFacts(buying: price(2), delta: 0.5, equityMicroDollars: money(1_000_000))
  #expect(rules.size(whole, bet: nil, stopLoss: 2500).contracts > 0)
  var facts = whole
  facts.premium = 0
  #expect(rules.size(facts, bet: nil, stopLoss: 2500) == .none(by: .unknown))
  facts = whole
  facts.largestLossMicroDollars = 0
  #expect(rules.size(facts, bet: nil, stopLoss: 2500) == .none(by: .unknown))
  #expect(rules.size(whole, bet: nil, stopLoss: 0) == .none(by: .unknown))
  facts = whole
  facts.averageTrueRange = .nan
  #expect(rules.size(facts, bet: nil, stopLoss: 2500) == .none(by: .unknown))
  facts = whole
  facts.vegaRoom = GreekHeadroom(limit: .nan, current: 0, each: 1)
  #expect(rules.size(facts, bet: nil, stopLoss: 2500) == .none(by: .unknown))
  facts = whole
  facts.equityMicroDollars = -5
  #expect(rules.size(facts, bet: nil, stopLoss: 2500).contracts == 0)
}

@Test func cashAndTheLargestOrderBindToo() {
  var rules = SizingRules(tier: AccountTier(name: "all", fixedFraction: 1, fallbackFraction: 1), range: nil)
  var facts = SizingFacts(
    buying: price(2), besidePriceMicroDollars: 703_150, delta: 0.5, equityMicroDollars: money(10_000),
    cashMicroDollars: money(602.10))
  var size = rules.size(facts, bet: nil, stopLoss: 2500)
  #expect(size.contracts == 2 && size.binding == .cash)
  facts.cashMicroDollars = money(-1)
  #expect(rules.size(facts, bet: nil, stopLoss: 2500).contracts == 0)
  facts.cashMicroDollars = nil
  rules.largestOrder = 7
  size = rules.size(facts, bet: nil, stopLoss: 2500)
  #expect(size.contracts == 7 && size.binding == .largest)
}

@Test func sizesFallWithTheHeightOfVolatility() throws {
  let rising = (1...100).map { 0.2 + 0.004 * Double($0) }
  func fraction(_ current: Double) throws -> Double {
    try RiskSizes.tightened.fraction(VolatilityRank(current: current, before: rising))
  }
  #expect(try fraction(0.25) == 0.20 && fraction(0.40) == 0.15 && fraction(0.59) == 0.05)
  #expect(try RiskSizes.standard.fraction(VolatilityRank(current: 0.2, before: [])) == 0.20)
  var rules = SizingRules(tier: AccountTier(name: "all", fixedFraction: 1, fallbackFraction: 1), range: nil)
  rules.riskSizes = .tightened
  var facts = SizingFacts(buying: price(5), delta: 0.5, equityMicroDollars: money(10_000))
  facts.volatility = try VolatilityRank(current: 0.25, before: rising)
  let size = rules.size(facts, bet: nil, stopLoss: 2500)
  #expect(size.contracts == 4 && size.binding == .riskLevel)
}

@Test func theFirstOfTwoThatAllowTheSameIsNamed() {
  var size = PositionSize()
  #expect(size.contracts == Order.mostQuantity && size.binding == .largest)
  size.limit(to: 5, by: .kelly)
  size.limit(to: 5, by: .vega)
  #expect(size.contracts == 5 && size.binding == .kelly)
  size.limit(to: -3, by: .delta)
  #expect(size == .none(by: .delta) && PositionSize.least(.none(by: .cash), size).binding == .cash)
}
