// Two rules of small accounts: counted, warned of, and binding only where a setting says so.

import Market
import Testing

@testable import Trading

struct AccountFactsTests {
  private func fill(_ order: Int64, _ quantity: Int, contract: Int32 = 0, price: Int = 10_000) -> OrderFill {
    OrderFill(
      order: order, minute: 0, quantity: abs(quantity), effect: .opens,
      legs: UpToFour(
        LegFill(
          contract: contract, multiplier: 100, quantity: quantity, price: price, bid: price, ask: price, costs: Costs())
      ))
  }

  /// Counts fills of contract 0 from so much held, in one session.
  private func facts(_ fills: [(order: Int64, quantity: Int)], held: Int = 0, value: Int64 = 20_000_000_000)
    -> AccountFacts
  {
    var facts = AccountFacts()
    facts.beginSession(cash: value)
    var now = held
    for (order, quantity) in fills {
      facts.count(fill(order, quantity), held: { _ in now }, value: value)
      now += quantity
    }
    return facts
  }

  @Test func `a day trade gives back what was opened the same day, once an order`() {
    #expect(facts([(1, 2), (2, -2)]).recentDayTrades == 1)
    #expect(facts([(1, 2), (2, -1), (2, -1)]).recentDayTrades == 1, "two fills of one order")
    #expect(facts([(1, 2), (2, -1), (3, -1)]).recentDayTrades == 2)
    #expect(facts([(1, -2), (2, 2)]).recentDayTrades == 1, "a short that is bought back")
    #expect(facts([(1, -2)], held: 2).recentDayTrades == 0, "yesterday's position")
    #expect(facts([(1, 1), (2, -1), (3, -2)], held: 2).recentDayTrades == 1, "today's first, then yesterday's")
    #expect(facts([(1, -3), (2, 1)], held: 2).recentDayTrades == 1, "through zero: one was opened short")
  }

  @Test func `the fourth in five sessions is counted below 25,000, and forgotten in the sixth`() {
    var facts = AccountFacts()
    for session in 1...7 {
      facts.beginSession(cash: 20_000_000_000)
      if session <= 4 {
        facts.count(fill(1, 1), held: { _ in 0 }, value: 20_000_000_000)
        facts.count(fill(2, -1), held: { _ in 1 }, value: 20_000_000_000)
      }
    }
    #expect(facts.dayTradesBeyond == 1)
    // Sessions 3 and 4 are left of the five that end with 7.
    #expect(facts.recentDayTrades == 2)
    #expect(self.facts([(1, 4), (2, -1), (3, -1), (4, -1), (5, -1)], value: 25_000_000_000).dayTradesBeyond == 0)
    #expect(self.facts([(1, 4), (2, -1), (3, -1), (4, -1), (5, -1)], value: 24_999_999_999).dayTradesBeyond == 1)
  }

  @Test func `what was sold today buys nothing today`() {
    var facts = AccountFacts()
    facts.beginSession(cash: 150_000_000)
    facts.count(fill(1, 1), held: { _ in 0 }, value: 150_000_000)
    #expect(facts.unsettledPurchases == 0)
    facts.count(fill(2, -1), held: { _ in 1 }, value: 150_000_000)
    facts.count(fill(3, 1), held: { _ in 0 }, value: 150_000_000)
    #expect(facts.unsettledPurchases == 1)
    facts.beginSession(cash: 150_000_000)
    facts.count(fill(4, 1), held: { _ in 0 }, value: 150_000_000)
    #expect(facts.unsettledPurchases == 1)
  }

  @Test func `they refuse only where a setting binds them`() {
    var settings = DeskSettings()
    let facts = self.facts([(1, 3), (2, -1), (3, -1), (4, -1)])
    #expect(facts.refusal(value: 20_000_000_000, paid: 0, settings) == nil)
    settings.bindsDayTrades = true
    #expect(facts.refusal(value: 20_000_000_000, paid: 0, settings) == .dayTrades(3))
    #expect(facts.refusal(value: 25_000_000_000, paid: 0, settings) == nil)
    settings.bindsDayTrades = false
    settings.bindsSettledCash = true
    #expect(facts.refusal(value: 20_000_000_000, paid: 19_700_000_000, settings) == nil)
    #expect(
      facts.refusal(value: 20_000_000_000, paid: 19_700_000_001, settings)
        == .unsettled(paid: 19_700_000_001, settled: 19_700_000_000))
  }
}
