// Limit orders: where they are set, what moves them, and when they are filled.

import Market
import Testing
import Trading

private func aggressive(
  _ millionths: Int, chase: Int = 0, giveUp: Int? = nil, mostChanges: Int = .max
) -> OrderKind {
  .aggressive(
    AggressiveLimit(
      aggressiveMillionths: millionths, chaseMillionthsPerMinute: chase, giveUpMinutes: giveUp,
      mostChanges: mostChanges))
}

private func hazard() -> ExecutionSettings {
  var settings = ExecutionSettings()
  settings.fillRule = .hazard(HazardRule())
  return settings
}

/// Contract, bid, ask, how far across in millionths, and where a purchase and a sale are set.
private let prices: [(Int32, Double, Double, Int, Double, Double)] = [
  (ScriptedDesk.call, 1.00, 1.10, 600_000, 1.06, 1.04),
  (ScriptedDesk.call, 1.00, 1.10, 0, 1.00, 1.10),
  (ScriptedDesk.call, 1.00, 1.10, 500_000, 1.05, 1.05),
  (ScriptedDesk.call, 1.00, 1.10, 1_000_000, 1.10, 1.00),
  // Between ticks: a purchase down, a sale up.
  (ScriptedDesk.call, 1.00, 1.10, 550_000, 1.05, 1.05),
  (ScriptedDesk.call, 1.00, 1.03, 500_000, 1.01, 1.02),
  // 57 % of a dollar is 57 cents, whatever 0.57 is in binary.
  (ScriptedDesk.call, 1.00, 2.00, 570_000, 1.57, 1.43),
  // Nickels below three dollars, dimes from there.
  (ScriptedDesk.index, 2.50, 2.90, 600_000, 2.70, 2.70),
  (ScriptedDesk.index, 5.00, 5.60, 600_000, 5.30, 5.30),
]

@Test(arguments: prices.indices)
func limitsGoAcrossTheQuote(index: Int) throws {
  let (contract, bid, ask, millionths, buy, sale) = prices[index]
  let desk = try ScriptedDesk()
  desk.market.quotes[contract] = [quote(bid, ask, 10)]
  try desk.submit([(contract, 1)], 1, .opens, aggressive(millionths))
  try desk.submit([(contract, -1)], 1, .opens, aggressive(millionths))
  let nets = desk.events.map { event -> Int in if case .priced(let net, nil, 11) = event.what { net } else { .min } }
  #expect(nets == [cents(buy), -cents(sale)])
}

@Test func aTouchFillsNothingAndATickThroughDoes() throws {
  let desk = try ScriptedDesk()
  desk.market.quotes[ScriptedDesk.call] = [
    quote(1.00, 1.10, 10), quote(1.00, 1.10, 11), quote(0.98, 1.06, 12), quote(0.97, 1.05, 13, sizes: 5),
  ]
  let buy = try desk.submit([(ScriptedDesk.call, 1)], 1, .opens, aggressive(600_000))
  desk.walk(10...12)
  #expect(desk.fills.isEmpty)
  desk.walk(13...13)
  #expect(desk.fills.map { $0.price } == [cents(1.06)])
  #expect(desk.story(buy) == ["10 limit 1.06 from minute 11", "13 filled 1"])
  // The quote is that of the moment in which 1.06 was asked: half of its eight cents is paid, and nothing is won inside it.
  #expect(desk.fills[0].legs[0].ask == cents(1.06) && desk.fills[0].legs[0].bid == cents(0.98))
  #expect(desk.fills[0].costs[.halfSpread] == 4_000_000 && desk.fills[0].legs[0].insideTouch == 0)
}

@Test func theLowestAskOfTheMinuteCountsWhereItIsKnown() throws {
  let desk = try ScriptedDesk()
  desk.market.quotes[ScriptedDesk.call] = [
    quote(1.00, 1.10, 10), quote(1.00, 1.10, 11), quote(1.00, 1.10, 12, lowestAsk: 1.06, highestBid: 1.04),
    quote(1.00, 1.10, 13, lowestAsk: 1.05, highestBid: 1.05),
  ]
  try desk.submit([(ScriptedDesk.call, 1)], 1, .opens, aggressive(600_000))
  try desk.submit([(ScriptedDesk.call, -1)], 1, .opens, aggressive(600_000))
  desk.walk(10...12)
  #expect(desk.fills.isEmpty)
  desk.walk(13...13)
  #expect(desk.fills.map { $0.price } == [cents(1.06), cents(1.04)])
}

@Test func aMinuteThatWentThroughALimitAndCameBackFillsAtTheLimit() throws {
  let desk = try ScriptedDesk()
  desk.market.quotes[ScriptedDesk.call] = [
    quote(1.00, 1.10, 10), quote(1.00, 1.10, 11), quote(1.20, 1.30, 12, lowestAsk: 1.02),
    quote(0.80, 0.90, 13, highestBid: 1.10), quote(0.50, 0.90, 14), quote(0.50, 0.90, 15),
    quote(0.50, 0.90, 16, lowestAsk: 0.05),
  ]
  // The last quote of minute 12 bids more than the limit, that of 13 asks less: neither is what was paid.
  try desk.submit([(ScriptedDesk.call, 1)], 2, .opens, .limit(net: cents(1.05)))
  desk.walk(10...12)
  try desk.submit([(ScriptedDesk.call, -2)], 3, .opens, .limit(net: -2 * cents(1.05) - 1))
  desk.walk(13...14)
  #expect(desk.fills.map { $0.price } == [cents(1.05)])
  desk.market.quotes[ScriptedDesk.call]?.append(quote(0.80, 0.90, 17, highestBid: 1.10))
  // Where the spread is wider than the limit nothing is bid, and no cost is made up.
  try desk.submit([(ScriptedDesk.call, 1)], 1, .opens, .limit(net: cents(0.10)))
  desk.walk(15...17)
  #expect(desk.fills.map { $0.price } == [cents(1.05), cents(0.10), cents(1.05) + 1])
  for fill in desk.fills {
    let leg = fill.legs[0]
    #expect(leg.bid >= 0 && leg.bid <= leg.ask && leg.insideTouch >= 0)
    #expect(fill.costs[.halfSpread] > 0, "\(fill)")
  }
  #expect(desk.fills[0].legs[0].ask == cents(1.05) && desk.fills[0].legs[0].bid == cents(0.95))
  #expect(desk.fills[1].legs[0].ask == cents(0.10) && desk.fills[1].legs[0].bid == 0)
}

@Test func aLimitThatArrivesBeyondTheTouchIsFilledAtTheTouch() throws {
  let desk = try ScriptedDesk()
  desk.market.quotes[ScriptedDesk.call] = [quote(1.00, 1.10, 10), quote(0.90, 1.02, 11, sizes: 3)]
  try desk.submit([(ScriptedDesk.call, 1)], 2, .opens, .limit(net: cents(1.06)))
  // Beyond the touch it would pay more than its limit: of the three that stand there one is left.
  let large = try desk.submit([(ScriptedDesk.call, 1)], 50, .opens, .limit(net: cents(1.02)))
  desk.walk(10...11)
  #expect(desk.fills.map { $0.price } == [cents(1.02), cents(1.02)])
  #expect(desk.fills.map { $0.quantity } == [2, 1])
  #expect(desk.story(large) == ["10 limit 1.02 from minute 11", "11 filled 1, 49 left"])
}

@Test func aLimitThatArrivesUnseenMeetsTheFirstQuote() throws {
  let desk = try ScriptedDesk()
  desk.market.quotes[ScriptedDesk.call] = [
    quote(1.00, 1.10, 10), quote(0, 1.10, 11), quote(1.00, 1.10, 12), quote(1.00, 1.10, 13),
  ]
  // Far beyond the touch: it pays the touch, not its limit.
  try desk.submit([(ScriptedDesk.call, 1)], 1, .opens, .limit(net: cents(1.50)))
  let short = try desk.submit([(ScriptedDesk.call, 1)], 1, .opens, .limit(net: cents(1.09)))
  desk.walk(10...13)
  #expect(desk.fills.map { $0.price } == [cents(1.10)] && desk.fills[0].minute == 12)
  #expect(desk.story(short) == ["10 limit 1.09 from minute 11"])
}

@Test func anOrderThatChasesIsLoggedStepByStep() throws {
  let desk = try ScriptedDesk()
  desk.market.quotes[ScriptedDesk.call] = (10...30).map { quote(1.00, 1.10, $0) }
  let order = try desk.submit([(ScriptedDesk.call, 1)], 1, .opens, aggressive(200_000, chase: 200_000))
  desk.walk(10...30)
  // a(t) = 0.2 + 0.2 t, replaced as soon as the last one has arrived; the price of 1.00 and 0.2 of the spread is decided on at minute 10.
  #expect(
    desk.story(order) == [
      "10 limit 1.02 from minute 11", "11 limit 1.02 becomes 1.04 from minute 12",
      "12 limit 1.04 becomes 1.06 from minute 13", "13 limit 1.06 becomes 1.08 from minute 14",
      "14 limit 1.08 becomes 1.10 from minute 15", "15 filled 1",
    ])
  #expect(desk.fills.map { $0.price } == [cents(1.10)])
}

@Test func chasesEndAtTheirCapAndOrdersAtTheirTime() throws {
  let desk = try ScriptedDesk()
  desk.market.quotes[ScriptedDesk.call] = (10...40).map { quote(1.00, 1.10, $0) }
  let order = try desk.submit(
    [(ScriptedDesk.call, -1)], 2, .opens, aggressive(200_000, chase: 100_000, giveUp: 8, mostChanges: 2))
  desk.walk(10...40)
  #expect(
    desk.story(order) == [
      "10 limit -1.08 from minute 11", "11 limit -1.08 becomes -1.07 from minute 12",
      "12 limit -1.07 becomes -1.06 from minute 13", "18 cancelled 2 of it: its time is over",
    ])
  // Without chasing it never moves, and the close of the session ends it.
  let still = try desk.submit([(ScriptedDesk.call, -1)], 1, .closes, aggressive(0), minute: 30)
  desk.walk(31...40)
  desk.working.endSession(desk.execution, minute: 40) { desk.events.append($0) }
  #expect(desk.story(still) == ["30 limit -1.10 from minute 31", "40 cancelled 1 of it: the session is over"])
}

@Test func aLimitWithoutAQuoteIsPricedByTheFirstOne() throws {
  let desk = try ScriptedDesk()
  desk.market.quotes[ScriptedDesk.call] = [quote(1.00, 1.10, 13)]
  let order = try desk.submit([(ScriptedDesk.call, 1)], 1, .opens, aggressive(500_000))
  desk.walk(11...14)
  #expect(desk.story(order) == ["13 limit 1.05 from minute 14"])
}

// MARK: rule B

/// How far across, and the chance of a minute: 1 - exp(-0.35 e^(4 (a - 1/2))), computed in Python.
private let chances: [(Double, Double)] = [
  (0, 0.04626302122079906), (0.25, 0.12081312505442299), (0.5, 0.29531191028128656), (0.6, 0.4067495612963159),
  (0.75, 0.6137995099014395), (0.9, 0.8233458386707617),
]

@Test func chancesAreThoseOfTheFormula() {
  let rule = HazardRule()
  for (aggressive, chance) in chances {
    #expect(abs(rule.probability(aggressive: aggressive) - chance) < 1e-15, "\(aggressive)")
  }
  #expect(rule.probability(aggressive: 1) == 1 && rule.probability(aggressive: 2) == 1)
  #expect(rule.probability(aggressive: -0.001) == 0)
  let all = (0...1000).map { rule.probability(aggressive: Double($0) / 1000) }
  #expect(zip(all, all.dropFirst()).allSatisfy { $0 < $1 })
}

@Test func chanceIsSeededAndDoesNotKnowOtherOrders() {
  let rule = HazardRule()
  #expect(rule.draw(order: 7, minute: 30, lane: 0) == rule.draw(order: 7, minute: 30, lane: 0))
  var other = rule
  other.seed = 1
  let draws = [
    rule.draw(order: 7, minute: 30, lane: 0), rule.draw(order: 7, minute: 31, lane: 0),
    rule.draw(order: 8, minute: 30, lane: 0), rule.draw(order: 7, minute: 30, lane: 1),
    other.draw(order: 7, minute: 30, lane: 0),
  ]
  #expect(Set(draws).count == draws.count)
  // Of 40,000 draws a share of p lies below p, within five standard deviations.
  for (_, chance) in chances {
    let count = (0..<40_000).count { rule.draw(order: Int64($0), minute: 100, lane: 0) < chance }
    #expect(abs(Double(count) - 40_000 * chance) < 5 * (40_000 * chance * (1 - chance)).squareRoot())
  }
}

@Test func fillsInsideTheQuoteGiveAwayWhatTheyWin() throws {
  // Someone who quotes both sides of a market that goes nowhere: no fill is better than the middle once adverse selection is paid.
  for millionths in stride(from: 0, through: 1_000_000, by: 100_000) {
    let desk = try ScriptedDesk(hazard())
    desk.market.quotes[ScriptedDesk.call] = (10...389).map { quote(1.00, 1.10, $0) }
    for _ in 0..<6 {
      try desk.submit([(ScriptedDesk.call, 1)], 1, .opens, aggressive(millionths))
      try desk.submit([(ScriptedDesk.call, -1)], 1, .opens, aggressive(millionths))
    }
    desk.walk(10...389)
    #expect(desk.fills.count == 12)
    let limit = 1.00 + Double(millionths) * 1e-7
    // 0.4 of five cents, or what the fill was better than the middle; what crosses has none.
    let shift = millionths == 1_000_000 ? 0 : max(0.02, 1.05 - limit)
    for fill in desk.fills {
      #expect(fill.costs[.adverseSelection] == Int64((shift * 1e8).rounded()))
      #expect(fill.costs[.halfSpread] == Int64(((limit - 1.05) * 1e8).rounded()))
      #expect(fill.costs.total >= 0)
      // The price itself is that of the limit.
      #expect(fill.price == (fill.legs[0].quantity > 0 ? cents(limit) : cents(2.10 - limit)))
    }
  }
}

@Test func outsideOfTheQuoteNothingIsFilled() throws {
  let desk = try ScriptedDesk(hazard())
  desk.market.quotes[ScriptedDesk.call] = (10...389).map { quote(1.00, 1.10, $0) }
  try desk.submit([(ScriptedDesk.call, 1)], 1, .opens, .limit(net: cents(0.99)))
  try desk.submit([(ScriptedDesk.call, -1)], 1, .opens, .limit(net: -cents(1.11)))
  desk.walk(10...389)
  #expect(desk.fills.isEmpty)
}

@Test func aMarketThatGoesThroughALimitFillsItAtTheLimit() throws {
  let desk = try ScriptedDesk(hazard())
  desk.market.quotes[ScriptedDesk.call] = [quote(1.00, 1.10, 10), quote(1.02, 1.10, 11), quote(0.80, 0.90, 12)]
  try desk.submit([(ScriptedDesk.call, 1)], 1, .opens, .limit(net: cents(1.00)))
  desk.walk(10...12)
  #expect(desk.fills.map { $0.price } == [cents(1.00)])
  #expect(desk.fills[0].costs[.halfSpread] == 5_000_000 && desk.fills[0].costs[.adverseSelection] == 0)
}
