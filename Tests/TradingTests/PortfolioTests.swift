// The account of the equity game, on its own and beside the desk's book.

import Market
import Testing
import Trading

/// An account with its own memory.
private final class Account {
  let cash = UnsafeMutablePointer<Int64>.allocate(capacity: 1)
  let shares = UnsafeMutablePointer<Double>.allocate(capacity: 2)
  let units = UnsafeMutablePointer<Int32>.allocate(capacity: 2)
  let portfolio: Portfolio

  init(cash amount: Int64) {
    portfolio = Portfolio(cash: cash, shares: shares, units: units, symbolCount: 2)
    portfolio.open(cashMicroDollars: amount)
  }

  deinit {
    cash.deallocate()
    shares.deallocate()
    units.deallocate()
  }

  func trade(_ symbol: Int, _ side: Int, price: Double, decision: Double? = nil, unit: Double = 100) -> Booking {
    let order = portfolio.intent(
      symbol: symbol, side: side, unitDollars: unit, decisionPriceDollars: decision ?? price)
    return portfolio.book(
      order, shares: order.shares, referencePriceDollars: price, halfSpreadFraction: 0.001, impactFraction: 0.002,
      commissionMicroDollars: 1_000_000)
  }
}

@Test func buyingAndSellingAtOnceLosesExactlyTheCosts() {
  let account = Account(cash: 1_000_000_000)
  let bought = account.trade(0, 1, price: 40)
  #expect(bought == Booking(notional: 100_300_000, halfSpreadCost: 100_000, impactCost: 200_000, commission: 1_000_000))
  #expect(account.shares[0] == 2.5 && account.units[0] == 1)
  let sold = account.trade(0, -1, price: 40)
  #expect(sold.notional == 99_700_000)
  #expect(account.shares[0] == 0 && account.units[0] == 0)
  #expect(account.cash.pointee == 1_000_000_000 - 2 * (100_000 + 200_000 + 1_000_000))
  #expect(bought.referenceNotional(side: 1) == 100_000_000 && sold.referenceNotional(side: -1) == 100_000_000)
}

@Test func aUnitIsGivenBackWithItsShareOfTheShares() {
  let account = Account(cash: 1_000_000_000)
  _ = account.trade(1, 1, price: 10)
  _ = account.trade(1, 1, price: 40)
  #expect(account.shares[1] == 12.5 && account.units[1] == 2)
  let order = account.portfolio.intent(symbol: 1, side: -1, unitDollars: 100, decisionPriceDollars: 40)
  #expect(order == OrderIntent(symbol: 1, side: -1, shares: 6.25, effect: .closes))
  _ = account.trade(1, -1, price: 40)
  #expect(account.shares[1] == 6.25 && account.units[1] == 1)
  _ = account.trade(1, -1, price: 40)
  #expect(account.shares[1] == 0 && account.units[1] == 0)
  // The next sale opens a short, whose cover gives back all of it.
  _ = account.trade(1, -1, price: 50)
  #expect(account.shares[1] == -2 && account.units[1] == -1)
  #expect(account.portfolio.intent(symbol: 1, side: 1, unitDollars: 1, decisionPriceDollars: 90).shares == 2)
}

@Test func positionsAreMarkedAtTheSideThatMustBeHit() {
  let account = Account(cash: 0)
  _ = account.trade(0, 1, price: 10)
  _ = account.trade(1, -1, price: 20)
  let mark = account.portfolio.mark(halfSpreadFraction: 0.001) { $0 == 0 ? 12 : 30 }
  // 10 shares long at 12, 5 short at 30.
  #expect(mark == Mark(middle: 120_000_000 - 150_000_000, liquidation: 119_880_000 - 150_150_000))
}

/// Whole shares at prices of four decimals are what both books can hold.
@Test(arguments: [1, -1])
func theGamesBookAndTheDesksPayAndMarkTheSame(side: Int) {
  let game = Account(cash: 1_000_000_000_000)
  let desk = DeskAccount([TradedContract(share: "SPY")], cashDollars: 1_000_000)
  // A hundred shares.
  func both(_ side: Int, _ order: Int64, price: Double, bid: Int, ask: Int) {
    let intent = game.portfolio.intent(symbol: 0, side: side, unitDollars: 100 * price, decisionPriceDollars: price)
    let booking = game.portfolio.book(
      intent, shares: intent.shares, referencePriceDollars: price, halfSpreadFraction: 0.0002, impactFraction: 0,
      commissionMicroDollars: 0)
    let booked = desk.trade(
      order, [(0, 100 * side, bid, ask)], effect: order == 1 ? .opens : .closes, closes: order - 1, feeMicroDollars: 0)
    #expect(intent.shares == 100 && booked?.step.costs[.halfSpread] == booking.halfSpreadCost)
    #expect(desk.cash == game.cash.pointee)
  }
  both(side, 1, price: 100, bid: 999_800, ask: 1_000_200)
  // Marked at 110.00 with the same relative spread.
  let mark = game.portfolio.mark(halfSpreadFraction: 0.0002) { $0 == 0 ? 110 : 0 }
  var market = StandingMarket("2025-12-11")
  market?.quotes[0] = MinuteQuote(bid: 1_099_780, ask: 1_100_220, minute: 5)
  if let market { desk.book.mark(market, minute: 5, in: desk.table, to: desk.ledger) }
  #expect(desk.book.marks == Marks(middle: mark.middle, liquidation: mark.liquidation))
  #expect(mark.middle == Int64(side) * 11_000_000_000 && desk.gap == 0)
  both(-side, 2, price: 110, bid: 1_099_780, ask: 1_100_220)
  #expect(desk.book.isEmpty && game.units[0] == 0 && game.shares[0] == 0 && desk.gap == 0)
}
