// What a contract is worth by its own last quote.

import Market
import Pricing
import Testing

@testable import Trading

@Suite struct QuotedVolatilitiesTests {
  private struct View: MarketView {
    var date: CalendarDate
    var minuteCount = 390
    var quotes: [Int32: MinuteQuote] = [:]
    var spot: Int?

    func quote(of contract: Int32, minute: Int) -> MinuteQuote? { quotes[contract] }
    func underlyingPrice(of contract: Int32, minute: Int) -> Int? { spot }
  }

  private let monday = CalendarDate(daysSinceEpoch: 20_150)

  private func option(strike: Int) throws -> TradedContract {
    let expiry = CalendarDate(daysSinceEpoch: monday.daysSinceEpoch + 7)
    return try #require(
      TradedContract(OptionContract(root: "SPY", expiry: expiry, right: .call, strikeThousandths: strike * 1000)))
  }

  private func quoted(_ bid: Int, _ ask: Int, minute: Int) -> MinuteQuote {
    MinuteQuote(bid: bid, ask: ask, bidSize: nil, askSize: nil, minute: minute)
  }

  @Test func aQuoteIsWorthItsMiddle() throws {
    let table = ContractTable([try option(strike: 600), TradedContract(share: "SPY")])
    var view = View(date: monday, quotes: [0: quoted(51_000, 53_000, minute: 4), 1: quoted(1, 2, minute: 4)])
    view.spot = 6_010_000
    var known = QuotedVolatilities()
    #expect(known.price(of: 0, table[0], spot: 6_010_000, on: monday, minute: 4) == nil)
    known.learn(minute: 4, view: view, table: table)
    #expect(known.price(of: 0, table[0], spot: 6_010_000, on: monday, minute: 4) == 52_000)
    // It moves with the underlying, and falls with the time.
    let dearer = try #require(known.price(of: 0, table[0], spot: 6_020_000, on: monday, minute: 4))
    #expect(dearer > 56_000 && dearer < 62_000)
    let later = try #require(known.price(of: 0, table[0], spot: 6_010_000, on: monday, minute: 300))
    #expect(later < 52_000 && later > 40_000)
    // A share has no volatility, and a number that nobody learnt of none either.
    #expect(known.price(of: 1, table[1], spot: 6_010_000, on: monday, minute: 4) == nil)
    #expect(known.price(of: 7, table[0], spot: 6_010_000, on: monday, minute: 4) == nil)
  }

  /// The last quote of its own minute counts: an older one that still stands changes nothing, one that says nothing takes the volatility away.
  @Test func theLastQuoteCounts() throws {
    let table = ContractTable([try option(strike: 600)])
    var view = View(date: monday, quotes: [0: quoted(51_000, 53_000, minute: 4)], spot: 6_010_000)
    var known = QuotedVolatilities()
    known.learn(minute: 4, view: view, table: table)
    // The quote still stands two minutes later, at another price of the underlying.
    view.spot = 6_050_000
    known.learn(minute: 6, view: view, table: table)
    #expect(known.price(of: 0, table[0], spot: 6_010_000, on: monday, minute: 4) == 52_000)
    // Below its intrinsic value a price implies no volatility.
    view.quotes[0] = quoted(10, 30, minute: 7)
    known.learn(minute: 7, view: view, table: table)
    #expect(known.price(of: 0, table[0], spot: 6_050_000, on: monday, minute: 7) == nil)
    view.quotes[0] = quoted(61_000, 63_000, minute: 8)
    view.spot = 6_010_000
    known.learn(minute: 8, view: view, table: table)
    #expect(known.price(of: 0, table[0], spot: 6_010_000, on: monday, minute: 8) == 62_000)
    // Nobody knows what the underlying was then.
    view.quotes[0] = quoted(51_000, 53_000, minute: 9)
    view.spot = nil
    known.learn(minute: 9, view: view, table: table)
    #expect(known.price(of: 0, table[0], spot: 6_010_000, on: monday, minute: 9) == nil)
  }
}
