// Who uses an American option early, and what splits and payments make of positions.

import Market
import Pricing
import Testing

@testable import Trading

struct EarlyAssignmentTests {
  /// Assigns on the evening of 2025-12-11, with a close of 600, and returns the contracts that were.
  private func assigned(
    _ account: DeskAccount, close: Int = 6_000_000, rate: Double = 0, dividend: Int64 = 0,
    quotes: [Int32: MinuteQuote] = [:], underlying: String = "SPY"
  ) throws -> [Int32] {
    var market = try #require(StandingMarket("2025-12-11"))
    market.quotes = quotes
    var numbers: [Int32] = []
    try account.book.assignEarly(
      market, prices: FixedPrices(closes: [underlying: close]),
      holders: { $0 == underlying ? EarlyExercise(rateAnnual: rate, dividend: dividend) : nil }, exercise: .physical,
      shares: { [table = account.table] in table.number(of: TradedContract(share: $0)) }, in: account.table,
      to: account.ledger
    ) { numbers.append($0.contract) }
    #expect(account.gap == 0)
    return numbers
  }

  private func account(_ symbols: [String], quantity: Int = -1, bid: Int, ask: Int) throws -> DeskAccount {
    let account = DeskAccount(
      try symbols.map { try traded($0) } + [TradedContract(share: "SPY")], cashDollars: 1_000_000)
    _ = account.trade(1, [(0, quantity, bid, ask)])
    return account
  }

  @Test func `a short call is assigned for a dividend greater than its time value`() throws {
    // 580 call at 600, the 580 put at 0.40/0.50: given up are 0.45 and the interest.
    let symbols = ["SPY251219C00580000", "SPY251219P00580000"]
    let quotes = [Int32(1): MinuteQuote(bid: 4_000, ask: 5_000, minute: 389)]
    func call() throws -> DeskAccount { try account(symbols, bid: 204_000, ask: 205_000) }
    let held = try call()
    #expect(try assigned(held, dividend: 450_000, quotes: quotes).isEmpty, "equal is not greater")
    #expect(try assigned(held, dividend: 450_001, quotes: quotes) == [0])
    #expect(held.book.quantity(of: 2) == -100)
    // Eight days of interest at 4 % on 580 are 0.508, so that 0.958 are given up.
    #expect(EarlyExercise(rateAnnual: 0.04).interest(strike: 5_800_000, days: 8) == 508_270)
    #expect(try assigned(call(), rate: 0.04, dividend: 958_270, quotes: quotes).isEmpty)
    #expect(try assigned(call(), rate: 0.04, dividend: 958_271, quotes: quotes) == [0])
    // Without a quote of the put the call's own time value decides: 0.45.
    #expect(try assigned(call(), dividend: 450_000).isEmpty)
    #expect(try assigned(call(), dividend: 450_001) == [0])
    // Out of the money, long, or without a dividend: never.
    #expect(try assigned(call(), close: 5_790_000, dividend: 9_000_000, quotes: quotes).isEmpty)
    #expect(try assigned(account(symbols, quantity: 1, bid: 204_000, ask: 205_000), dividend: 9_000_000).isEmpty)
    #expect(try assigned(call(), rate: 0.04, quotes: quotes).isEmpty)
  }

  @Test func `a deep short put is assigned where the interest is greater than its time value`() throws {
    let symbols = ["SPY251219P00680000", "SPY251219C00680000"]
    let quotes = [Int32(1): MinuteQuote(bid: 100, ask: 300, minute: 389)]
    func put() throws -> DeskAccount { try account(symbols, bid: 799_000, ask: 801_000) }
    // Eight days at 4 % on 680: 0.596 of interest against a call of 0.02.
    #expect(try assigned(put(), rate: 0.04, quotes: quotes) == [0])
    #expect(try assigned(put(), rate: 0, quotes: quotes).isEmpty)
    // Who waits for the dividend waits.
    #expect(try assigned(put(), rate: 0.04, dividend: 1_000_000, quotes: quotes).isEmpty)
  }

  @Test func `index options have neither dividends nor early assignment`() throws {
    let account = DeskAccount([try traded("SPXW251219C06000000")], cashDollars: 1_000_000)
    _ = account.trade(1, [(0, -1, 8_000_000, 8_010_000)])
    #expect(try assigned(account, close: 68_000_000, rate: 0.05, dividend: 99_000_000, underlying: "SPX").isEmpty)
  }

  @Test func `a dividend is paid to shares that are held and by those that are owed`() throws {
    for (quantity, cash) in [(100, 172_500_000), (-100, -172_500_000)] {
      let account = DeskAccount([TradedContract(share: "SPY")], cashDollars: 200_000)
      _ = account.trade(1, [(0, quantity, 6_000_000, 6_000_200)], feeMicroDollars: 0)
      #expect(account.book.payDividend(1_725_000, on: 0, to: account.ledger) == Int64(cash))
      #expect(account.ledger.sums.pointee.dividends == Int64(cash) && account.gap == 0)
    }
  }
}

struct ContractAdjustmentTests {
  private func adjust(
    _ account: DeskAccount, _ adjustment: ContractAdjustment?, of underlying: String = "AAPL"
  ) throws -> [AdjustedPosition] {
    let adjustment = try #require(adjustment)
    var adjusted: [AdjustedPosition] = []
    var table = account.table
    let date = try #require(CalendarDate("2020-08-31"))
    account.book.adjust(for: adjustment, of: underlying, on: date, in: &table, to: account.ledger) {
      adjusted.append($0)
    }
    account.table = table
    #expect(account.gap == 0)
    return adjusted
  }

  @Test func `a split changes contract, count and strike, and the value has no spike`() throws {
    let account = DeskAccount(
      [try traded("AAPL200918C00500000"), TradedContract(share: "AAPL")], cashDollars: 1_000_000)
    _ = account.trade(1, [(0, -3, 100_000, 101_000)], packages: 3)
    _ = account.trade(2, [(1, 100, 5_000_000, 5_000_400)])
    let before = account.cash + account.book.marks.liquidation
    _ = try adjust(account, ContractAdjustment(split: 4))
    let after = try traded("AAPL200918C00125000")
    let number = try #require(account.table.number(of: after))
    #expect(account.book.quantity(of: number) == -12 && account.book.quantity(of: 1) == 400)
    #expect(account.cash + account.book.marks.liquidation == before)
    let group = account.book.groups[try #require(account.book.group(openedBy: 1))]
    #expect(group.legs == UpToFour(OrderLeg(contract: number, ratio: -4)) && group.quantity == 3)
    // Nobody trades the old contract any more.
    let order = Order(
      id: 3, legs: UpToFour(OrderLeg(contract: 0, ratio: 1)), quantity: 1, effect: .opens, submittedMinute: 0)
    let date = try #require(CalendarDate("2020-08-31"))
    #expect(
      order.refusal(in: account.table, on: date, minuteCount: 390)
        == .replaced("AAPL200918C00500000", by: "AAPL200918C00125000"))
    // What it became is traded, although a contract of that name was listed before, and a day later the old name may be listed anew.
    var successor = order
    successor.legs[0].contract = number
    #expect(successor.refusal(in: account.table, on: date, minuteCount: 390) == nil)
    #expect(order.refusal(in: account.table, on: date.advanced(by: 1), minuteCount: 390) == nil)
  }

  @Test func `splits that are no whole number change the units of a contract`() throws {
    let option = try traded("AAPL200918C00500000")
    let threeForTwo = try #require(ContractAdjustment(split: 3, for: 2)?.contract(from: option))
    // 500 / 1.5 = 333.333..., rounded to the cent; 150 units; the same count.
    #expect(threeForTwo.contract.strike == 3_333_300 && threeForTwo.contract.multiplier == 150)
    #expect(threeForTwo.count == 1 && threeForTwo.contract.symbol == "AAPL1200918C00333330")
    #expect(threeForTwo.contract.underlying == "AAPL")
    let reverse = try #require(ContractAdjustment(split: 1, for: 10)?.contract(from: option))
    #expect(reverse.contract.strike == 50_000_000 && reverse.contract.multiplier == 10 && reverse.count == 1)
    #expect(ContractAdjustment(split: 1, for: 3)?.contract(from: option) == nil, "33.3 units")
    let payment = try #require(ContractAdjustment(payment: 200_000)?.contract(from: option))
    #expect(payment.contract.strike == 4_800_000 && payment.contract.multiplier == 100 && payment.count == 1)
    #expect(ContractAdjustment(payment: 5_000_000)?.contract(from: option) == nil, "nothing is left of the strike")
    #expect(ContractAdjustment(split: 0) == nil && ContractAdjustment(split: 20_000) == nil)
  }

  @Test func `a special payment lowers the strike, and shares receive it`() throws {
    let account = DeskAccount(
      [try traded("COST240119C00650000"), TradedContract(share: "COST")], cashDollars: 1_000_000)
    _ = account.trade(1, [(0, 1, 300_000, 302_000)])
    _ = account.trade(2, [(1, 100, 6_700_000, 6_700_400)])
    let cash = account.cash
    _ = try adjust(account, ContractAdjustment(payment: 150_000), of: "COST")
    #expect(account.cash - cash == 1_500_000_000)
    let held = account.table[account.book.positions[0].contract]
    #expect(held.strike == 6_350_000 && held.symbol == "COST1240119C00635000")
  }

  @Test func `what no whole contract can say is closed with a reason`() throws {
    let account = DeskAccount(
      [try traded("AAPL200918C00500000"), TradedContract(share: "AAPL")], cashDollars: 1_000_000)
    _ = account.trade(1, [(0, 2, 100_000, 101_000)])
    _ = account.trade(2, [(1, 100, 5_000_000, 5_000_400)])
    let before = account.cash + account.book.marks.liquidation
    let adjusted = try adjust(account, ContractAdjustment(split: 1, for: 3))
    let reason = "1 for 3 leaves no whole contract or share of it"
    #expect(adjusted.map(\.outcome) == [.closed(reason: reason), .closed(reason: reason)])
    #expect(account.book.isEmpty && account.cash == before)
  }

  @Test func `prices that no order may have end a position instead of the sums`() throws {
    let account = DeskAccount([TradedContract(share: "AAPL")], cashDollars: 200_000)
    _ = account.trade(1, [(0, 1, 999_990_000, 1_000_000_000)])
    let cash = account.cash
    let adjusted = try adjust(account, ContractAdjustment(split: 1, for: 10_000))
    #expect(adjusted.count == 1 && account.book.isEmpty && account.cash == cash + 99_999_000_000)
  }

  /// Long and short: what was paid is in cash, and not once more in the price of what is given back.
  @Test(arguments: [100, -100])
  func `a payment is not earned twice where shares are given back`(shares: Int) throws {
    let account = DeskAccount([TradedContract(share: "AAPL")], cashDollars: 200_000)
    _ = account.trade(1, [(0, shares, 5_000_000, 5_000_400)])
    let (cash, value) = (account.cash, account.cash + account.book.marks.liquidation)
    let adjusted = try adjust(account, ContractAdjustment(split: 1, for: 3, payment: 150_000))
    #expect(account.book.isEmpty && account.cash == value)
    #expect(adjusted.map(\.cash) == [account.cash - cash])
  }

  @Test func `a model that calls a contract worthless goes on doing so behind a split`() throws {
    let account = DeskAccount(
      [try traded("AAPL200918C00500000"), TradedContract(share: "AAPL")], cashDollars: 200_000)
    _ = account.trade(1, [(0, 1, 4_000, 4_400)])
    // Worthless to the model at the quote, and far from it behind the split: the mark follows.
    let market = ScriptedView(quote: MinuteQuote(bid: 4_000, ask: 4_400, minute: 10), model: 0)
    account.book.mark(market, minute: 10, in: account.table, to: account.ledger)
    #expect(account.book.positions[0].lastModel == 1)
    _ = try adjust(account, ContractAdjustment(split: 4))
    #expect(account.book.positions[0].lastModel == 1)
    account.book.mark(ScriptedView(quote: nil, model: 501), minute: 11, in: account.table, to: account.ledger)
    #expect(account.book.positions[0].bid == 1_500 && account.book.positions[0].ask == 1_600)
    #expect(account.gap == 0)
  }
}

/// One quote and one model for everything.
private struct ScriptedView: MarketView {
  let date = CalendarDate(daysSinceEpoch: 18_505)
  let minuteCount = 390
  let quote: MinuteQuote?
  let model: Int

  func quote(of contract: Int32, minute: Int) -> MinuteQuote? { quote }
  func underlyingPrice(of contract: Int32, minute: Int) -> Int? { nil }
  func modelPrice(of contract: Int32, minute: Int) -> Int? { model }
}
