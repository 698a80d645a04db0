// What a quote says about volatility, and how little it may say.

/// The volatilities of bid, middle and ask, and whether they mean anything.
package struct QuoteVolatility: Sendable {
  package let bid: Result<Double, PricingError>
  package let middle: Result<Double, PricingError>
  package let ask: Result<Double, PricingError>
  /// How far the volatility of the middle may be off: half the spread over the vega there. Nil where the middle has no volatility.
  package let uncertainty: Double?
  /// Dollars for a point of volatility at the middle. Nil where the middle has no volatility.
  package let vegaPerVolatilityPoint: Double?
  /// Whether a point of volatility moves the price by half a tick. Where it does not, the volatility is not identified: it is no number to go on with.
  package let isIdentified: Bool

  /// terms.volatility is not read. tick: the smallest step of the price, dollars.
  package init(bid: Double, ask: Double, tick: Double = 0.01, _ terms: OptionTerms<Double>) throws(PricingError) {
    for (quantity, value) in [(PricingError.Quantity.bid, bid), (.ask, ask), (.tick, tick)] {
      guard value.isFinite else { throw .notFinite(quantity, value) }
      guard value >= 0 else { throw .negative(quantity, value) }
    }
    guard bid <= ask else { throw .crossed(bid: bid, ask: ask) }
    if let problem = terms.marketProblem { throw problem }
    func volatility(_ price: Double) -> Result<Double, PricingError> {
      Result { () throws(PricingError) in try ImpliedVolatility.solve(price: price, terms) }
    }
    let middle = volatility(bid + (ask - bid) / 2)
    self.bid = volatility(bid)
    self.ask = volatility(ask)
    self.middle = middle
    guard case .success(let level) = middle else {
      (uncertainty, vegaPerVolatilityPoint, isIdentified) = (nil, nil, false)
      return
    }
    var known = terms
    known.volatility = level
    let vega = try BlackScholes.value(known).vega
    uncertainty = vega > 0 ? (ask - bid) / 2 / vega : nil
    vegaPerVolatilityPoint = vega / 100
    isIdentified = QuoteVolatility.isIdentified(vega: vega, tick: tick)
  }

  /// Whether a point of volatility moves a price by half a tick. `vega`: dollars for 1.00 of volatility.
  package static func isIdentified(vega: Double, tick: Double) -> Bool { vega / 100 >= tick / 2 }
}
