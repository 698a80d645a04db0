// Orders of several legs, stops, and shares beside options.

import Market
import Testing
import Trading

/// Two calls and a put around 600.
private func desk(_ settings: ExecutionSettings = ExecutionSettings()) throws -> ScriptedDesk {
  let desk = try ScriptedDesk(settings)
  desk.market.quotes = [
    ScriptedDesk.call: [quote(3.00, 3.10, 10), quote(3.00, 3.10, 11)],
    ScriptedDesk.farCall: [quote(1.00, 1.06, 10), quote(1.00, 1.06, 11)],
    ScriptedDesk.put: [quote(2.00, 2.04, 10), quote(2.00, 2.04, 11)],
    ScriptedDesk.share: [quote(600.00, 600.02, 10, volume: 100_000), quote(600.00, 600.02, 11, volume: 100_000)],
  ]
  return desk
}

private let vertical = [(ScriptedDesk.call, 1), (ScriptedDesk.farCall, -1)]

@Test func everyLegPaysItsHalfSpread() throws {
  let desk = try desk()
  try desk.submit(vertical, 2)
  desk.walk(11...11)
  let fill = try #require(desk.fills.first)
  #expect([fill.legs[0].price, fill.legs[1].price] == [cents(3.10), cents(1.00)])
  #expect([fill.legs[0].quantity, fill.legs[1].quantity] == [2, -2])
  // Five and three cents, twice.
  #expect(fill.costs[.halfSpread] == 16_000_000 && fill.costs.total == 16_000_000)
}

@Test func aLegDiscountIsItemisedAndOffByDefault() throws {
  var settings = ExecutionSettings()
  #expect(settings.legDiscountMillionths == 0)
  settings.legDiscountMillionths = 250_000
  #expect(settings.notices.contains("orders of several legs were given back 25.0 % of their half-spreads"))
  let desk = try desk(settings)
  try desk.submit(vertical)
  try desk.submit([(ScriptedDesk.call, 1)])
  desk.walk(11...11)
  #expect(desk.fills[0].costs[.halfSpread] == 8_000_000 && desk.fills[0].costs[.legDiscount] == -2_000_000)
  #expect([desk.fills[0].legs[0].price, desk.fills[0].legs[1].price] == [cents(3.10), cents(1.00)])
  // One leg has no discount.
  #expect(desk.fills[1].costs[.legDiscount] == 0)
}

@Test func aDearerHalfSpreadIsPaidBeyondTheQuoteAndMarksStayWhereTheyWere() throws {
  var settings = ExecutionSettings()
  settings.halfSpreadMillionths = 2_000_000
  let desk = try desk(settings)
  try desk.submit(vertical)
  desk.walk(11...11)
  let fill = try #require(desk.fills.first)
  // Five and three cents of half-spread, twice; the quotes are those of the market.
  #expect([fill.legs[0].price, fill.legs[1].price] == [cents(3.15), cents(0.97)])
  #expect(fill.costs[.halfSpread] == 16_000_000 && fill.costs[.impact] == 0)
  #expect(fill.legs.indices.allSatisfy { fill.legs[$0].agrees })
  #expect([fill.legs[0].bid, fill.legs[0].ask] == [cents(3.00), cents(3.10)])
  // Rounded against the order, and nobody pays to sell.
  let odd = MinuteQuote(bid: 1, ask: 102, minute: 11)
  #expect(odd.farTouch(side: 1, halfSpreadMillionths: 2_000_000) == 153)
  #expect(odd.farTouch(side: -1, halfSpreadMillionths: 2_000_000) == 0)
  #expect(odd.farTouch(side: 1, halfSpreadMillionths: 1_000_000) == 102)
  settings.halfSpreadMillionths = 999_999
  #expect(throws: ExecutionSettingError.self) { try settings.checked() }
  let rates = FeeTable.retail.rates(on: desk.market.date)
  let (once, twice) = (rates, rates.times(2))
  for kind in [FeeClass.option, .indexOption] {
    let (fee, double) = (
      once.fees(class: kind, price: 20_000, quantity: 3, proceeds: 0),
      twice.fees(class: kind, price: 20_000, quantity: 3, proceeds: 0)
    )
    #expect(fee.total > 0 && double.total == 2 * fee.total)
  }
}

@Test func allLegsAreFilledInTheSameRatioOrNone() throws {
  let desk = try desk()
  desk.market.quotes[ScriptedDesk.farCall] = [quote(1.00, 1.06, 11, volume: 70)]
  desk.market.quotes[ScriptedDesk.put] = [quote(2.00, 2.04, 11, isFilledForward: true)]
  // Seven of the far call allow three packages of two.
  try desk.submit([(ScriptedDesk.call, 1), (ScriptedDesk.farCall, -2)], 5)
  let broken = try desk.submit([(ScriptedDesk.call, 1), (ScriptedDesk.put, -1)])
  desk.walk(11...11)
  #expect(desk.fills.count == 1)
  #expect([desk.fills[0].legs[0].quantity, desk.fills[0].legs[1].quantity] == [3, -6])
  let symbol = desk.table[ScriptedDesk.put].symbol
  #expect(
    desk.story(broken) == ["11 cancelled 1 of it: the quote of \(symbol) is carried forward from an earlier minute"])
}

@Test func aNetLimitHoldsForThePackage() throws {
  for rule in [FillRule.through(ticks: 1), .hazard(HazardRule())] {
    var settings = ExecutionSettings()
    settings.fillRule = rule
    for legs in [
      vertical, [(ScriptedDesk.call, 2), (ScriptedDesk.farCall, -3)],
      [(ScriptedDesk.call, -3), (ScriptedDesk.put, -2)],
      [(ScriptedDesk.share, 100), (ScriptedDesk.call, -1)],
      [(ScriptedDesk.call, -1), (ScriptedDesk.farCall, 1), (ScriptedDesk.put, 1)],
    ] {
      for reversed in [1, -1] {
        let desk = try desk(settings)
        let legs = legs.map { ($0.0, $0.1 * reversed) }
        try desk.submit(
          legs, 2, .opens, .aggressive(AggressiveLimit(aggressiveMillionths: 370_000, chaseMillionthsPerMinute: 0)))
        guard case .priced(let net, _, _) = desk.events[0].what else {
          Issue.record("no price")
          return
        }
        // The market comes to the limit and through it: every leg twenty cents better.
        desk.walk(11...11)
        for (contract, ratio) in legs {
          let last = try #require(desk.market.quotes[contract]?.last)
          let by = ratio > 0 ? -2_000 : 2_000
          var better = last
          better.minute = 12
          better.bid += by
          better.ask += by
          desk.market.quotes[contract]?.append(better)
        }
        desk.walk(12...389)
        var paid: Int64 = 0
        var multiplier = 1
        for fill in desk.fills {
          paid += fill.amount
          for index in fill.legs.indices { multiplier = max(multiplier, Int(fill.legs[index].multiplier)) }
        }
        let packages = desk.fills.reduce(0) { $0 + $1.quantity }
        #expect(packages == 2)
        let limit = Money.amount(price: net, multiplier: multiplier, quantity: packages)
        // To the ten-thousandth a leg where the ratios do not divide the price.
        #expect(paid <= limit && limit - paid <= 600 * Int64(multiplier) * Int64(packages))
      }
    }
  }
}

@Test func theClosingPackageReversesEveryLeg() throws {
  let desk = try desk()
  try desk.submit(vertical, 3)
  try desk.submit(vertical.map { ($0.0, -$0.1) }, 3, .closes, closes: 1)
  desk.walk(11...11)
  for leg in 0..<2 { #expect(desk.fills[0].legs[leg].quantity == -desk.fills[1].legs[leg].quantity) }
  // At one quote the round trip loses the spread of both legs, and nothing else.
  #expect(desk.fills[0].amount + desk.fills[1].amount == 3 * 16_000_000)
  #expect(desk.fills[0].costs.total + desk.fills[1].costs.total == 3 * 16_000_000)
}

@Test func sharesBesideOptionsAreOneUnit() throws {
  let desk = try desk()
  // 600.02 - 3.00.
  try desk.submit([(ScriptedDesk.share, 100), (ScriptedDesk.call, -1)], 1, .opens, .limit(net: cents(597.02)))
  desk.walk(11...11)
  #expect(desk.fills.first?.amount == 59_702_000_000)
}

// MARK: stops

@Test func stopsFillAtTheWorseOfStopAndNextQuote() throws {
  // A long call of 3.00, stopped at 2.50: what the next quote is after the bid came to 2.45, and what is received.
  for (next, received) in [(2.60, 2.50), (2.50, 2.50), (2.20, 2.20)] {
    let desk = try desk()
    desk.market.quotes[ScriptedDesk.call]? += [
      quote(2.55, 2.65, 12), quote(2.45, 2.55, 13), quote(next, next + 0.10, 14),
    ]
    let order = try desk.submit([(ScriptedDesk.call, -1)], 1, .closes, .stop(net: -cents(2.50)))
    desk.walk(11...14)
    #expect(desk.fills.map { $0.price } == [cents(received)] && desk.fills[0].minute == 14)
    #expect(desk.story(order) == ["13 stop -2.50 reached", "14 filled 1"])
    // What it got less than the touch is a cost of its own.
    #expect(desk.fills[0].costs[.impact] == Int64(((next - received) * 1e8).rounded()))
    #expect(desk.fills[0].costs[.halfSpread] == 5_000_000)
  }
  // A short one, bought back.
  let desk = try desk()
  desk.market.quotes[ScriptedDesk.call]? += [quote(3.40, 3.55, 12), quote(3.30, 3.40, 13)]
  try desk.submit([(ScriptedDesk.call, 1)], 1, .closes, .stop(net: cents(3.50)))
  desk.walk(11...13)
  #expect(desk.fills.map { $0.price } == [cents(3.50)])
}

@Test func insideOneMinuteTheStopComesBeforeTheTarget() throws {
  let desk = try desk()
  // The minute reaches both: its highest bid the target, its last one the stop.
  desk.market.quotes[ScriptedDesk.call]? += [quote(2.40, 2.50, 12, highestBid: 3.60), quote(2.30, 2.40, 13)]
  let target = try desk.submit([(ScriptedDesk.call, -1)], 1, .closes, .limit(net: -cents(3.50)), closes: 77)
  let stop = try desk.submit([(ScriptedDesk.call, -1)], 1, .closes, .stop(net: -cents(2.50)), closes: 77)
  desk.walk(11...13)
  #expect(desk.fills.map { $0.order } == [stop])
  #expect(desk.story(target).last == "12 cancelled 1 of it: the stop of order \(stop) was reached first")
}

@Test func aStopTriggersOnAQuoteAlone() throws {
  let desk = try desk()
  desk.market.quotes[ScriptedDesk.call]? += [
    quote(1.00, 1.10, 12, isFilledForward: true), quote(0, 1.00, 13), quote(3.00, 3.10, 14),
  ]
  try desk.submit([(ScriptedDesk.call, -1)], 1, .closes, .stop(net: -cents(2.50)))
  desk.walk(11...14)
  #expect(desk.fills.isEmpty && desk.working.orders[0].stopMinute == nil)
}

@Test func whatIsNotHeldAnyMoreClosesNothing() throws {
  let desk = try desk()
  var held = 3
  desk.permits = { order, wanted in order.effect == .closes ? min(wanted, held) : wanted }
  let first = try desk.submit([(ScriptedDesk.call, -1)], 2, .closes)
  desk.walk(11...11)
  held -= 2
  desk.market.quotes[ScriptedDesk.call]?.append(quote(3.00, 3.10, 12))
  let second = try desk.submit([(ScriptedDesk.call, -1)], 2, .closes, minute: 11)
  desk.walk(12...12)
  held -= 1
  desk.walk(13...13)
  #expect(desk.fills.map { $0.quantity } == [2, 1])
  #expect(desk.story(first) == ["11 filled 2"])
  #expect(desk.story(second) == ["12 filled 1, 1 left", "13 cancelled 1 of it: it is not permitted any more"])
}

@Test func anOrderIsTakenBack() throws {
  let desk = try desk()
  let order = try desk.submit([(ScriptedDesk.call, 1)], 1, .opens, .limit(net: cents(2.00)))
  let isCancelled = desk.working.cancel(order, minute: 11) { desk.events.append($0) }
  #expect(isCancelled && desk.working.isEmpty && desk.story(order).last == "11 cancelled 1 of it")
  let isAgain = desk.working.cancel(order, minute: 12)
  #expect(!isAgain)
}
