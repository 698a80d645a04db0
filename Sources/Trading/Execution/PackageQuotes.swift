// The quotes of an order's legs as one: what the package costs at once, and what it would bring.

package import Market

/// An order seen as the purchase of packages: every sale is a leg with a negative weight, so that one rule serves both sides and any number of legs.
///
/// A leg's weight is ratio x multiplier. The value of a package is the sum of price x weight over its legs, in ten-thousandths of a dollar; a net price, as
/// orders have it, is the value by `unit`, the largest multiplier of its legs.
package struct PackageQuotes: Sendable {
  /// In the order of the order's legs.
  package var quotes: UpToFour<MinuteQuote>
  package var terms: UpToFour<ExecutionTerms>
  package var ratios: SIMD4<Int>
  /// The package's value where every leg meets its own touch, and its far touch: bid < ask.
  package var bid: Int
  package var ask: Int
  package var unit: Int

  /// Traps where the order's legs and the others are not as many. The quotes fill: see `MinuteQuote.fault`.
  package init(_ order: Order, quotes: UpToFour<MinuteQuote>, terms: UpToFour<ExecutionTerms>) {
    self.quotes = quotes
    self.terms = terms
    ratios = SIMD4(repeating: 0)
    bid = 0
    ask = 0
    unit = 1
    for index in order.legs.indices {
      ratios[index] = Int(order.legs[index].ratio)
      unit = max(unit, Int(terms[index].multiplier))
      let weight = weight(index)
      let quote = quotes[index]
      bid += weight * (weight > 0 ? quote.bid : quote.ask)
      ask += weight * (weight > 0 ? quote.ask : quote.bid)
    }
  }

  package var indices: Range<Int> { quotes.indices }

  package func weight(_ leg: Int) -> Int { ratios[leg] * Int(terms[leg].multiplier) }

  package func side(_ leg: Int) -> Int { ratios[leg] < 0 ? -1 : 1 }

  /// Whether a leg's quote has a size, or its minute a volume.
  package func saysHowMuch(leg: Int) -> Bool {
    quotes[leg].farSize(side: side(leg)) != nil || quotes[leg].volume != nil
  }

  /// Twice the value at the middle, so that an odd spread stays exact.
  package var twiceMiddle: Int { bid + ask }

  package var spread: Int { ask - bid }

  /// The step of net prices: the tick at the price of one leg; the finest tick of several.
  package func tick(net: Int) -> Int {
    if quotes.count == 1 { return terms[0].ticks.tick(atTenThousandths: abs(net)) }
    var tick = terms[0].ticks.small
    for index in indices { tick = min(tick, terms[index].ticks.small) }
    return tick
  }

  /// How far a net price goes across the quote: 0 at the own touch, 1 at the far one.
  package func aggressive(net: Int) -> Double { Double(net * unit - bid) / Double(spread) }

  /// The net price that goes so far across the quote, rounded to a tick against the order: a purchase down, a sale up. The touches themselves are kept as
  /// they are, whatever the tick.
  ///
  /// millionths: 0...1,000,000.
  package func net(aggressiveMillionths millionths: Int) -> Int {
    let one = AggressiveLimit.one
    // Whole and rest apart, so that no product leaves 64 bits; no fraction is rounded before the last step.
    let (whole, rest) = spread.quotientAndRemainder(dividingBy: one)
    let value = bid + whole * millionths + rest * millionths / one
    let net = floorDivide(value, unit)
    if millionths >= one { return -floorDivide(-ask, unit) }
    let tick = tick(net: net)
    return max(floorDivide(net, tick) * tick, floorDivide(bid, unit))
  }

  private func floorDivide(_ value: Int, _ divisor: Int) -> Int {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
  }
}
