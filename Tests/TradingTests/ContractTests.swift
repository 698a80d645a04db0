// What a contract's name says about its life and its money.

import Market
import Pricing
import Testing

@testable import Trading

struct ContractTests {
  @Test func `a contract of a share delivers, one of an index is paid`() throws {
    let share = try traded("SPY251211C00606000")
    #expect(share.underlying == "SPY" && share.multiplier == 100 && share.strike == 6_060_000)
    #expect(share.style == .american && !share.isCashSettled && !share.isBroadIndex)
    #expect(share.lastSession == CalendarDate("2025-12-11") && share.ticks == .cent)
    let weekly = try traded("SPXW251211P06850000")
    #expect(weekly.underlying == "SPX" && weekly.style == .european && weekly.isCashSettled && weekly.isBroadIndex)
    #expect(weekly.settlement == .close && weekly.lastSession == CalendarDate("2025-12-11"))
    // The monthly contract ends the session before and settles on the opening of the third Friday.
    let monthly = try traded("SPX251219P06850000")
    #expect(monthly.settlement == .opening && monthly.lastSession == CalendarDate("2025-12-18"))
    #expect(monthly.settlementSession == CalendarDate("2025-12-19"))
    // Volatility is no broad index of shares.
    #expect(try !traded("VIX251217C00020000").isBroadIndex)
  }

  @Test func `a contract with a digit in its root is refused`() throws {
    #expect(TradedContract(OptionContract(try OptionSymbol("GOOG1151224C00740000"))) == nil)
    #expect(TradedContract(OptionContract(try OptionSymbol("SPY251214C00606000"))) == nil, "a Sunday")
  }

  @Test func `a changed deliverable is traded as it was declared`() throws {
    let option = OptionContract(try OptionSymbol("XOM2241220P00280000"))
    let declared = try #require(DeclaredDeliverable(root: "XOM2", underlying: "XOM", units: 150))
    let contract = try #require(TradedContract(option, deliverable: declared))
    #expect(contract.underlying == "XOM" && contract.multiplier == 150 && contract.strike == 2_800_000)
    #expect(contract.symbol == "XOM2241220P00280000" && contract.option == option && !contract.isCashSettled)
    #expect(contract.intrinsic(underlying: 2_700_000) == 100_000)
    // A word about another root says nothing, and none makes a standard contract another one.
    let other = try #require(DeclaredDeliverable(root: "XOM1", underlying: "XOM", units: 150))
    #expect(TradedContract(option, deliverable: other) == nil)
    let standard = OptionContract(try OptionSymbol("XOM241220P00280000"))
    #expect(TradedContract(standard, deliverable: declared) == TradedContract(standard))
    #expect(DeclaredDeliverable(root: "XOM", underlying: "XOM", units: 150) == nil)
    #expect(DeclaredDeliverable(root: "XOM2", underlying: "XOM", units: 0) == nil)
    #expect(DeclaredDeliverable(root: "XOM2", underlying: "XOM", units: DeclaredDeliverable.mostUnits + 1) == nil)
    // The next split changes it again, of the same share.
    let split = try #require(ContractAdjustment(split: 2))
    let (after, count) = try #require(split.contract(from: contract))
    #expect(after.underlying == "XOM" && after.multiplier == 150 && after.strike == 1_400_000 && count == 2)
  }

  @Test func `a table of a chain holds what was declared and no other changed contract`() throws {
    let date = try #require(CalendarDate("2024-12-02"))
    var builder = ChainBuilder(underlying: "XOM", columns: [.bid, .ask])
    for (name, strike) in [("XOM", 115), ("XOM1", 200), ("XOM2", 280)] {
      let number = builder.number(
        root: builder.root(name), expiry: date.advanced(by: 18), right: .put, strikeThousandths: strike * 1000)
      builder.add(
        contract: number, date: date, isExtendedHours: false, minute: 30, values: [10_000, 11_000],
        openInterest: ChainValue.none, underlying: 1_150_000)
    }
    let finished = builder.finish()
    var chain = try #require(finished)
    #expect(ContractTable(chain, on: date).contracts.map(\.symbol) == ["XOM", "XOM241220P00115000"])
    chain.declare(try #require(DeclaredDeliverable(root: "XOM2", underlying: "XOM", units: 150)))
    let table = ContractTable(chain, on: date)
    #expect(table.contracts.map(\.symbol) == ["XOM", "XOM241220P00115000", "XOM2241220P00280000"])
    #expect(table.contracts.map(\.multiplier) == [1, 100, 150] && table.underlyings == ["XOM"])
    // And is quoted by the chain.
    let market = try #require(ChainMarket(chain, on: date, table: table))
    #expect(market.quote(of: 2, minute: 30)?.ask == 11_000 && market.underlyingPrice(of: 2, minute: 30) == 1_150_000)
  }

  @Test func `nobody trades at or behind a close`() throws {
    let halfDay = try traded("GOOG151224C00740000")
    let date = try #require(CalendarDate("2015-12-24"))
    let minutes = try #require(TradingCalendar.xnys.tradingMinutes(date))
    #expect(minutes == 210)
    #expect(halfDay.trades(on: date, minute: 209, of: minutes))
    #expect(!halfDay.trades(on: date, minute: 210, of: minutes))
    #expect(!halfDay.trades(on: date.advanced(by: 4), minute: 0, of: 390))
    // Quotes from 16:00 to 16:15 are seen, and nobody trades on them.
    #expect(
      !(try traded("SPXW251212P06850000")).trades(on: try #require(CalendarDate("2025-12-11")), minute: 390, of: 390))
  }

  @Test func `money is exact to the micro-dollar`() {
    #expect(Money.amount(price: 4_400, multiplier: 100, quantity: -1) == -44_000_000)
    #expect(Money.amount(price: 1, multiplier: 100, quantity: 1) == 10_000)
    let quote = MinuteQuote(bid: 4_401, ask: 4_402, minute: 3)
    #expect(quote.midMicroDollars == 440_150)
  }

  @Test func `what cannot fill is named by its quote`() {
    let fine = MinuteQuote(bid: 4_400, ask: 4_600, minute: 10)
    #expect(fine.fills(at: 10) && fine.fills(at: 12) && !fine.fills(at: 13), "older than two minutes")
    #expect(!fine.fills(at: 9), "it was not made yet")
    var forward = fine
    forward.isFilledForward = true
    #expect(!forward.fills(at: 10))
    #expect(!MinuteQuote(bid: 0, ask: 500, minute: 10).fills(at: 10), "one side")
    #expect(!MinuteQuote(bid: 500, ask: 500, minute: 10).fills(at: 10), "locked")
    #expect(!MinuteQuote(bid: 600, ask: 500, minute: 10).fills(at: 10), "crossed")
  }

  static let refused: [(name: String, change: @Sendable (inout Order) -> Void, refusal: OrderRefusal)] = [
    ("no packages", { $0.quantity = 0 }, .quantityOutside(0)),
    ("2^40 packages", { $0.quantity = 1 << 40 }, .quantityOutside(1 << 40)),
    ("ratio 0", { $0.legs[0].ratio = 0 }, .ratioOutside(0)),
    ("the smallest ratio", { $0.legs[0].ratio = .min }, .ratioOutside(Int(Int32.min))),
    ("a contract that is not in the table", { $0.legs[0].contract = 7 }, .unknownContract(7)),
    ("a contract before the table", { $0.legs[0].contract = -1 }, .unknownContract(-1)),
    ("two legs of one contract", { $0.legs.append($0.legs[0]) }, .contractTwice("SPY251211C00606000")),
    ("behind the last minute", { $0.submittedMinute = 390 }, .afterLastMinute(390)),
    ("before the opening", { $0.submittedMinute = -1 }, .afterLastMinute(-1)),
    (
      "too many units",
      {
        $0.quantity = 10_000; $0.legs[0].ratio = 2
      }, .unitsOutside("SPY251211C00606000", 2_000_000)
    ),
    ("a price that overflows", { $0.kind = .limit(net: .min) }, .priceOutside(.min)),
    (
      "more than the whole spread", { $0.kind = .aggressive(AggressiveLimit(aggressiveMillionths: 1_000_001)) },
      .limitOutside(AggressiveLimit(aggressiveMillionths: 1_000_001))
    ),
  ]

  @Test(arguments: refused.indices)
  func `an order that no market takes is refused by name`(row: Int) throws {
    let (name, change, refusal) = Self.refused[row]
    let table = ContractTable([try traded("SPY251211C00606000")])
    var order = Order(
      id: 1, legs: UpToFour(OrderLeg(contract: 0, ratio: 1)), quantity: 1, effect: .opens, submittedMinute: 10)
    let date = try #require(CalendarDate("2025-12-11"))
    #expect(order.refusal(in: table, on: date, minuteCount: 390) == nil)
    change(&order)
    #expect(order.refusal(in: table, on: date, minuteCount: 390) == refusal, "\(name)")
  }

  @Test func `an order behind the last session is refused`() throws {
    let table = ContractTable([try traded("SPX251219P06850000")])
    let order = Order(
      id: 1, legs: UpToFour(OrderLeg(contract: 0, ratio: 1)), quantity: 1, effect: .opens, submittedMinute: 10)
    let friday = try #require(CalendarDate("2025-12-19"))
    let thursday = friday.advanced(by: -1)
    #expect(order.refusal(in: table, on: thursday, minuteCount: 390) == nil)
    #expect(
      order.refusal(in: table, on: friday, minuteCount: 390) == .ended("SPX251219P06850000", lastSession: thursday))
  }
}
