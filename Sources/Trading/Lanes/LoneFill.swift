// Orders of one option each, as lanes have them: priced, filled, booked and marked where their columns lie.

package import Market

extension Position {
  /// `Book.mark` of an option. fills: whether the quote is a mark; otherwise the last one is moved by the surface. model: 0 for none. intrinsic: of the underlying's
  /// price, read where it is short.
  ///
  /// Returns what the middle, and the distance from it to the side where it would be given back, have gained.
  @inlinable @inline(__always)
  package mutating func mark(
    bid: Int32, ask: Int32, fills: Bool, model: Int, intrinsic: Int
  ) -> (priceProfit: Int64, markChange: Int64) {
    let (middle, distance) = (self.middle, liquidation - self.middle)
    if fills { quote(bid: Int(bid), ask: Int(ask), model: model) } else { move(model: model, intrinsic: intrinsic) }
    return (self.middle - middle, (liquidation - self.middle) - distance)
  }
}

extension Execution {
  /// What buying so many of a contract takes at most on a quote that fills: from the cash, as `Book.estimate` has it, and from the account, as `RiskGate.FillCost`.
  package func lonePurchase(
    of contract: Int32, packages: Int, on quote: MinuteQuote
  ) -> (paid: Int64, cost: RiskGate.FillCost) {
    let terms = terms[Int(contract)]
    let price = quote.farTouch(side: 1, halfSpreadMillionths: settings.halfSpreadMillionths)
    let amount = Money.amount(price: price, multiplier: Int(terms.multiplier), quantity: packages)
    let costs = fees.fees(class: terms.feeClass, price: price, quantity: packages, proceeds: max(0, -amount))
    let paid = amount + costs.total + max(0, fees.optionOrderMinimum - costs.commission)
    var cost = RiskGate.FillCost(fixed: Double(fees.optionOrderMinimum + fees.shareOrderMinimum) * 1e-6)
    cost.add(
      quote, terms, ratio: 1, packages: packages, fees: fees, impact: settings.impact,
      halfSpreadMillionths: settings.halfSpreadMillionths)
    return (paid, cost)
  }

  /// Fills a market order of one leg on a quote without a fault, and books it: what `cross` and `Book.apply` make of it. Returns packages; 0 where nothing of it can
  /// be had, and nothing has changed.
  package func fillLone(
    _ leg: OrderLeg, of order: Int64, _ effect: Order.Effect, closes: Int64, wanted: Int, on quote: MinuteQuote,
    minute: Int, weight: Double, liquidity: LiquidityLedger, commission: inout OrderCommission, book: Book,
    money: Ledger
  ) -> Int {
    guard settings.mode == .realistic else { return 0 }
    let fill = crossOne(
      leg, terms[Int(leg.contract)], quote, wanted: wanted, minute: minute, weight: weight, ledger: liquidity,
      commission: &commission)
    guard let fill else { return 0 }
    let quantity = fill.quantity / Int(leg.ratio)
    book.apply(fill, of: order, effect, closes: closes, quantity: quantity, minute: minute, to: money)
    return quantity
  }
}
