// What filling an order takes from an account at most, before it is filled.

package import Market

extension RiskGate.FillCost {
  /// terms: of a contract.
  ///
  /// On the quotes of a minute: the whole spread, the fees, and the impact as if as much had been taken from the quote before.
  @_specialize(where View == LaneView)
  package init<View: MarketView>(
    of order: Order, packages: Int, terms: (Int32) -> ExecutionTerms, view: View, minute: Int, fees: FeeRates,
    impact: TouchImpact, halfSpreadMillionths: Int = ExecutionSettings.millionths
  ) {
    self.init(fixed: Double(fees.optionOrderMinimum + fees.shareOrderMinimum) * 1e-6)
    for index in order.legs.indices {
      let leg = order.legs[index]
      guard let quote = view.quote(of: leg.contract, minute: minute) else { continue }
      let contract = terms(leg.contract)
      let multiplier = Int(contract.multiplier)
      let touch = quote.farTouch(side: leg.side)
      let price = quote.farTouch(side: leg.side, halfSpreadMillionths: halfSpreadMillionths)
      let ratio = Int(leg.ratio)
      let amount = Money.amount(price: price, multiplier: multiplier, quantity: ratio)
      let costs = fees.fees(class: contract.feeClass, price: price, quantity: ratio, proceeds: max(0, -amount))
      let spread = Money.amount(
        price: quote.ask - quote.bid + abs(price - touch), multiplier: multiplier, quantity: abs(ratio))
      perPackage += Double(spread + costs.total) * 1e-6
      guard let size = quote.farSize(side: leg.side), size > 0 else { continue }
      let count = packages * abs(ratio)
      let beyond = impact.perUnit(
        quantity: count, taken: count, size: size, tick: contract.ticks.tick(atTenThousandths: price))
      perPackage += Double(Money.amount(price: beyond, multiplier: multiplier, quantity: abs(ratio))) * 1e-6
    }
  }
}
