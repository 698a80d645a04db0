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
      add(
        quote, terms(leg.contract), ratio: Int(leg.ratio), packages: packages, fees: fees, impact: impact,
        halfSpreadMillionths: halfSpreadMillionths)
    }
  }

  /// What one leg takes.
  @inline(__always)
  mutating func add(
    _ quote: MinuteQuote, _ contract: ExecutionTerms, ratio: Int, packages: Int, fees: FeeRates, impact: TouchImpact,
    halfSpreadMillionths: Int
  ) {
    let multiplier = Int(contract.multiplier)
    let side = ratio < 0 ? -1 : 1
    let touch = quote.farTouch(side: side)
    let price = quote.farTouch(side: side, halfSpreadMillionths: halfSpreadMillionths)
    let amount = Money.amount(price: price, multiplier: multiplier, quantity: ratio)
    let costs = fees.fees(class: contract.feeClass, price: price, quantity: ratio, proceeds: max(0, -amount))
    let spread = Money.amount(
      price: quote.ask - quote.bid + abs(price - touch), multiplier: multiplier, quantity: abs(ratio))
    perPackage += Double(spread + costs.total) * 1e-6
    guard let size = quote.farSize(side: side), size > 0 else { return }
    let count = packages * abs(ratio)
    let beyond = impact.perUnit(
      quantity: count, taken: count, size: size, tick: contract.ticks.tick(atTenThousandths: price))
    perPackage += Double(Money.amount(price: beyond, multiplier: multiplier, quantity: abs(ratio))) * 1e-6
  }
}
