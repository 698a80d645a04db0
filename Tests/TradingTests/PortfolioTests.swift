// The account on its own.

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
