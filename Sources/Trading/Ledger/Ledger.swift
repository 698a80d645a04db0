// The money of an account: cash, and where every change of its value came from.

/// A change of an account's value, itemised in micro-dollars. Costs are positive. `total` is the change, exactly.
package struct ValueStep: Sendable, Hashable {
  package var costs: Costs
  /// What positions gained at the middle of their quotes.
  package var priceProfit: Int64
  /// What settlements paid beyond the last middle that the position was marked at.
  package var settlementProfit: Int64
  /// Paid to shares that were held, and by those that were owed.
  package var dividends: Int64
  /// Change of the distance between the middle and the side on which positions would be given back: negative when one is opened.
  package var markChange: Int64

  @inlinable
  package init(
    priceProfit: Int64 = 0, settlementProfit: Int64 = 0, dividends: Int64 = 0, costs: Costs = Costs(),
    markChange: Int64 = 0
  ) {
    self.priceProfit = priceProfit
    self.settlementProfit = settlementProfit
    self.dividends = dividends
    self.costs = costs
    self.markChange = markChange
  }

  @inlinable
  package var total: Int64 { priceProfit + settlementProfit + dividends - costs.total + markChange }

  @inlinable @inline(__always)
  package static func += (left: inout ValueStep, right: ValueStep) {
    left.priceProfit += right.priceProfit
    left.settlementProfit += right.settlementProfit
    left.dividends += right.dividends
    left.costs += right.costs
    left.markChange += right.markChange
  }
}

/// One account's money, as a window on memory: a lane's, or the only one's. Everything in micro-dollars.
///
/// cash: (1). start: (1) what it opened with. sums: (1) all steps since. owner: as of `Book`.
package struct Ledger: @unchecked Sendable {
  package let cash: UnsafeMutablePointer<Int64>
  package let start: UnsafeMutablePointer<Int64>
  package let sums: UnsafeMutablePointer<ValueStep>
  package let owner: AnyObject?

  @inlinable
  package init(
    cash: UnsafeMutablePointer<Int64>, start: UnsafeMutablePointer<Int64>, sums: UnsafeMutablePointer<ValueStep>,
    owner: AnyObject? = nil
  ) {
    self.owner = owner
    self.cash = cash
    self.start = start
    self.sums = sums
  }

  /// So much cash, and nothing that happened.
  @inlinable
  package func open(cashMicroDollars: Int64) {
    cash.pointee = cashMicroDollars
    start.pointee = cashMicroDollars
    sums.pointee = ValueStep()
  }

  /// cash + marks - start - sum of steps: 0, or the books are wrong.
  ///
  /// liquidation: the book's marks on the side where positions would be given back.
  @inlinable
  package func gap(liquidation: Int64) -> Int64 { cash.pointee + liquidation - start.pointee - sums.pointee.total }
}
