// Market orders: the far touch, impact, what a minute has, and what fills nothing.

import Market
import Testing
import Trading

@Test func marketOrdersMeetTheFarTouchOfTheNextMinute() throws {
  let desk = try ScriptedDesk()
  desk.market.quotes[ScriptedDesk.call] = [quote(1.00, 1.10, 10), quote(1.20, 1.30, 11), quote(1.40, 1.50, 12)]
  let buy = try desk.submit([(ScriptedDesk.call, 1)])
  let sale = try desk.submit([(ScriptedDesk.call, -1)], 1, .closes)
  // Nothing is filled on the quote that it was decided on.
  desk.walk(10...10)
  #expect(desk.fills.isEmpty)
  desk.walk(11...12)
  #expect(desk.fills.map { $0.price } == [cents(1.30), cents(1.20)])
  #expect(desk.fills.map { $0.minute } == [11, 11])
  // Half of ten cents, a hundred times.
  #expect(desk.fills.allSatisfy { $0.costs[.halfSpread] == 5_000_000 && $0.costs.total == 5_000_000 })
  #expect(desk.story(buy) == ["11 filled 1"] && desk.story(sale) == ["11 filled 1"])
  #expect(desk.working.isEmpty)
}

@Test func latencyIsInWholeMinutes() throws {
  var settings = ExecutionSettings()
  settings.latencyMinutes = 3
  let desk = try ScriptedDesk(settings)
  desk.market.quotes[ScriptedDesk.call] = (10...20).map { quote(Double($0), Double($0) + 0.10, $0) }
  try desk.submit([(ScriptedDesk.call, 1)])
  desk.walk(10...20)
  #expect(desk.fills.map { $0.price } == [cents(13.10)])
  settings.latencyMinutes = 0
  #expect(throws: ExecutionSettingError.self) { try settings.checked() }
}

@Test func impactGrowsBeyondTheSizeAtTheTouch() throws {
  // kappa x tick x max(0, Q / size - 1): 15 of 10 pay half a tick more each, 20 of 10 a whole one.
  let impact = TouchImpact()
  #expect(impact.perUnit(quantity: 10, taken: 0, size: 10, tick: 100) == 0)
  #expect(impact.perUnit(quantity: 15, taken: 0, size: 10, tick: 100) == 50)
  #expect(impact.perUnit(quantity: 20, taken: 0, size: 10, tick: 100) == 100)
  #expect(TouchImpact(thousandths: 2500).perUnit(quantity: 20, taken: 0, size: 10, tick: 500) == 1250)
  // 100 x 5 / 3, rounded up.
  #expect(impact.perUnit(quantity: 8, taken: 0, size: 3, tick: 100) == 167)
  let desk = try ScriptedDesk()
  desk.market.quotes[ScriptedDesk.call] = [quote(1.00, 1.10, 11, sizes: 10)]
  try desk.submit([(ScriptedDesk.call, 1)], 20)
  try desk.submit([(ScriptedDesk.call, -1)], 20)
  desk.walk(11...11)
  #expect(desk.fills.map { $0.price } == [cents(1.11), cents(0.99)])
  // A cent on 20 contracts.
  #expect(desk.fills.allSatisfy { $0.costs[.impact] == 20_000_000 && $0.costs[.halfSpread] == 100_000_000 })
}

@Test func splittingAnOrderSavesNothing() {
  let impact = TouchImpact()
  let whole = impact.perUnit(quantity: 40, taken: 0, size: 10, tick: 100) * 40
  for first in [4, 10, 16, 25, 30] {
    let parts =
      impact.perUnit(quantity: first, taken: 0, size: 10, tick: 100) * first
      + impact.perUnit(quantity: 40 - first, taken: first, size: 10, tick: 100) * (40 - first)
    // Rounding is up, a ten-thousandth a unit at most.
    #expect(parts >= whole && parts <= whole + 40)
  }
}

@Test func oneQuoteServesEachContractOnce() throws {
  let desk = try ScriptedDesk()
  desk.market.quotes[ScriptedDesk.call] = [quote(1.00, 1.10, 11, sizes: 10)]
  try desk.submit([(ScriptedDesk.call, 1)], 10)
  try desk.submit([(ScriptedDesk.call, 1)], 10)
  try desk.submit([(ScriptedDesk.call, -1)], 10)
  desk.walk(11...11)
  // The second pays what one order of twenty would have paid beyond the first; the other side of the quote is untouched.
  #expect(desk.fills.map { $0.price } == [cents(1.10), cents(1.12), cents(1.00)])
  // The same quote a minute later has nothing more to give either.
  try desk.submit([(ScriptedDesk.call, 1)], 10, minute: 11)
  desk.walk(12...12)
  #expect(desk.fills.last?.price == cents(1.14))
  desk.market.quotes[ScriptedDesk.call]?.append(quote(1.00, 1.10, 13, sizes: 10))
  try desk.submit([(ScriptedDesk.call, 1)], 10, minute: 12)
  desk.walk(13...13)
  #expect(desk.fills.last?.price == cents(1.10))
}

@Test func withoutSizesAShareOfTheVolumeIsLeft() throws {
  let desk = try ScriptedDesk()
  desk.market.quotes[ScriptedDesk.call] = [
    quote(1.00, 1.10, 11, volume: 50), quote(1.00, 1.10, 12, volume: 0), quote(1.00, 1.10, 13, volume: 39),
  ]
  let opening = try desk.submit([(ScriptedDesk.call, 1)], 7)
  let closing = try desk.submit([(ScriptedDesk.call, -1)], 6, .closes)
  desk.walk(11...13)
  // Five of the fifty, and nothing for who comes second; then one where a quote stands; then three of the thirty-nine.
  #expect(desk.fills.map { $0.quantity } == [5, 1, 3] && desk.fills.allSatisfy { !$0.isWithoutVolume })
  #expect(desk.fills.map { $0.order } == [opening, closing, closing])
  // What is left of an opening order is cancelled, of a closing one works.
  #expect(
    desk.story(opening) == ["11 filled 5, 2 left", "11 cancelled 2 of it: nothing is left to take in its minute"])
  #expect(
    desk.story(closing) == ["11 works on: nothing is left to take", "12 filled 1, 5 left", "13 filled 3, 2 left"])
}

@Test func withoutVolumeAnUnderlyingHasTenContractsASide() throws {
  let settings = ExecutionSettings()
  #expect(settings.participation.cap(weight: 1, least: 1) == 10)
  #expect(settings.participation.cap(weight: 0.77, least: 1) == 7)
  #expect(settings.participation.cap(weight: 2.4, least: 1) == 24)
  #expect(settings.participation.cap(weight: 0.01, least: 1) == 1)
  #expect(settings.participation.cap(weight: .nan, least: 1) == 1)
  let desk = try ScriptedDesk()
  desk.market.weight = 0.77
  desk.market.quotes = [
    ScriptedDesk.call: [quote(1.00, 1.10, 11)], ScriptedDesk.farCall: [quote(0.50, 0.60, 11)],
    ScriptedDesk.index: [quote(5.00, 5.20, 11)],
  ]
  try desk.submit([(ScriptedDesk.call, 1)], 5)
  try desk.submit([(ScriptedDesk.farCall, 1)], 5)
  try desk.submit([(ScriptedDesk.farCall, -1)], 9)
  try desk.submit([(ScriptedDesk.index, 1)], 9)
  desk.walk(11...11)
  // Seven of SPY on the buyers' side, for both contracts together; seven on the sellers'; seven of the index.
  #expect(desk.fills.map { $0.quantity } == [5, 2, 7, 7])
  #expect(desk.fills.allSatisfy { $0.isWithoutVolume })
}

/// A quote at minute 11, and why it fills nothing.
private let faults: [(String, MinuteQuote?, String)] = [
  ("missing", nil, "missing"),
  ("stale", quote(1.00, 1.10, 8), "3 minutes old"),
  ("no bid", quote(0, 1.10, 11), "one-sided"),
  ("no ask", quote(1.00, 0, 11), "one-sided"),
  ("locked", quote(1.10, 1.10, 11), "locked"),
  ("crossed", quote(1.20, 1.10, 11), "crossed"),
  ("filled forward", quote(1.00, 1.10, 11, isFilledForward: true), "carried forward from an earlier minute"),
  ("absurd", MinuteQuote(bid: 1, ask: .max, minute: 11), "absurd"),
  ("negative", MinuteQuote(bid: -5, ask: 100, minute: 11), "absurd"),
]

@Test(arguments: faults.indices)
func whatIsNoQuoteFillsNothing(index: Int) throws {
  let (name, bad, words) = faults[index]
  let desk = try ScriptedDesk()
  desk.market.quotes[ScriptedDesk.call] = [bad].compactMap { $0 }
  let opening = try desk.submit([(ScriptedDesk.call, 1)])
  let closing = try desk.submit([(ScriptedDesk.call, -1)], 1, .closes)
  desk.walk(11...11)
  #expect(desk.fills.isEmpty, "\(name)")
  let symbol = desk.table[ScriptedDesk.call].symbol
  #expect(desk.story(opening) == ["11 cancelled 1 of it: the quote of \(symbol) is \(words)"])
  #expect(desk.story(closing) == ["11 works on: the quote of \(symbol) is \(words)"])
  // A closing order works until a quote stands.
  desk.market.quotes[ScriptedDesk.call]?.append(quote(0.80, 0.90, 14))
  if bad == nil { desk.market.quotes[ScriptedDesk.call] = [quote(0.80, 0.90, 14)] }
  desk.walk(12...14)
  #expect(desk.fills.last.map { $0.price } == cents(0.80))
  #expect(desk.fills.last?.order == closing)
}

@Test func aQuoteOfTwoMinutesAgoStillFills() throws {
  let desk = try ScriptedDesk()
  desk.market.quotes[ScriptedDesk.call] = [quote(1.00, 1.10, 9)]
  try desk.submit([(ScriptedDesk.call, 1)])
  desk.walk(11...11)
  #expect(desk.fills.count == 1)
}

@Test func whatClosesAtLastIsLeftToSettlement() throws {
  let desk = try ScriptedDesk()
  desk.market.date = try #require(CalendarDate(year: 2025, month: 3, day: 10))
  let last = try Execution(ExecutionSettings(), rates: .none, table: desk.table, date: desk.market.date)
  let closing = try desk.submit([(ScriptedDesk.call, -1)], 1, .closes, minute: 388)
  let share = try desk.submit([(ScriptedDesk.share, -100)], 1, .closes, minute: 388)
  desk.walk(389...389)
  desk.working.endSession(last, minute: 389) { desk.events.append($0) }
  #expect(desk.story(closing).last == "389 ended with 1 left: the position is settled")
  // A share never ends: its order works on in the next session, from the first minute.
  #expect(desk.working.orders.map { $0.order.id } == [share])
  desk.market.quotes[ScriptedDesk.share] = [quote(600, 600.01, 0, volume: 10_000)]
  desk.walk(0...0)
  #expect(desk.fills.map { $0.order } == [share])
}

@Test func afterItsLastSessionAContractFillsNothing() throws {
  let desk = try ScriptedDesk()
  let later = try #require(CalendarDate(year: 2025, month: 3, day: 11))
  let execution = try Execution(ExecutionSettings(), rates: .none, table: desk.table, date: later)
  desk.market.quotes[ScriptedDesk.call] = [quote(1.00, 1.10, 11)]
  let order = Order(
    id: 1, legs: UpToFour(OrderLeg(contract: ScriptedDesk.call, ratio: 1)), quantity: 1, effect: .opens,
    submittedMinute: 10)
  guard case .fault(_, .ended) = execution.quotes(of: order, minute: 11, in: desk.market) else {
    Issue.record("an ended contract has a quote")
    return
  }
  let unknown = Order(
    id: 1, legs: UpToFour(OrderLeg(contract: 99, ratio: 1)), quantity: 1, effect: .opens, submittedMinute: 10)
  guard case .fault(99, .missing) = execution.quotes(of: unknown, minute: 11, in: desk.market) else {
    Issue.record("an unknown contract has a quote")
    return
  }
}

@Test func idealFillsAreAtMidAndMarked() throws {
  var settings = ExecutionSettings()
  #expect(settings.mode == .realistic && settings.notices.allSatisfy { !$0.contains("IDEAL") })
  settings.mode = .ideal
  #expect(settings.notices == [ExecutionMode.watermark])
  let desk = try ScriptedDesk(settings, rates: FeeTable.retail.rates(on: ScriptedMarket().date))
  desk.market.quotes[ScriptedDesk.call] = [quote(1.00, 1.05, 11, sizes: 1)]
  try desk.submit([(ScriptedDesk.call, 1)], 50)
  try desk.submit([(ScriptedDesk.call, -1)], 50)
  desk.walk(11...11)
  #expect(desk.fills.map { $0.price } == [10_250, 10_250])
  #expect(desk.fills.allSatisfy { $0.isIdeal && $0.costs.total == 0 })
}

/// What 64 bits hold and what they do not: the same number on both sides of every border.
@Test func impactIsTheSameInFewerBits() {
  func exact(_ thousandths: Int, _ quantity: Int, _ taken: Int, _ size: Int, _ tick: Int) -> Int {
    func beyond(_ count: Int) -> UInt128 { count > size ? UInt128(count) * UInt128(count - size) : 0 }
    let asked = (beyond(taken + quantity) - beyond(taken)) * UInt128(thousandths) * UInt128(tick)
    let units = 1000 * UInt128(size) * UInt128(quantity)
    return Int(min((asked + units - 1) / units, UInt128(Order.mostPrice)))
  }
  for thousandths in [1, 1000, TouchImpact.mostThousandths] {
    for together in [2, 1000, 1 << 20 - 1, 1 << 20, 1 << 20 + 1, 1 << 30] {
      for taken in [0, 1, together / 2, together - 1] {
        for size in [1, 7, together - 1] {
          for tick in [1, 100, 1 << 9 - 1, 1 << 9, 50_000] {
            let found = TouchImpact(thousandths: thousandths).perUnit(
              quantity: together - taken, taken: taken, size: size, tick: tick)
            #expect(
              found == exact(thousandths, together - taken, taken, size, tick),
              "\(thousandths), \(together - taken) behind \(taken) of \(size), tick \(tick)")
          }
        }
      }
    }
  }
}
