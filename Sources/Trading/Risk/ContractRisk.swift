// What one contract is worth at one moment, and how that changes: what every limit is counted in.

package import Pricing

/// A contract on its own quote: prices, model and Greeks of one of it, held long.
package struct ContractRisk: Sendable, Equatable {
  /// Of +1 contract, multiplier applied.
  package var exposure: GreekExposure
  /// nil for shares. The volatility is the one that the middle of the quote implies, 0 where it implies none.
  package var terms: OptionTerms<Double>?
  /// From the session's close to expiry, on the clock of the terms.
  package var yearsAtClose: Double
  package var spot: Double
  package var bid: Double
  package var ask: Double
  package var multiplier: Int
  /// Numbers of the underlying, and of the day of expiry since 1970, by which contracts are told to belong together.
  package var underlying: Int32
  package var expiry: Int32
  /// Whether the contract ends with this session.
  package var expiresToday: Bool
  /// Whether the quote tells a volatility. Where it does not, nothing is opened.
  package var isKnown: Bool

  package var middle: Double { bid + (ask - bid) / 2 }

  /// Of one unit of what the contract is on, held long: its exposure to a dollar's move, without its multiplier.
  package var unitDelta: Double { exposure.delta / (spot * Double(multiplier)) }

  /// Of an option, on its quote. terms.volatility is not read. bid, ask: dollars a share.
  package init(
    of terms: OptionTerms<Double>, bid: Double, ask: Double, yearsAtClose: Double, multiplier: Int, underlying: Int32,
    expiry: Int32, expiresToday: Bool
  ) {
    var terms = terms
    var volatility: Double?
    if bid > 0, ask >= bid { volatility = try? ImpliedVolatility.plainSolve(price: bid + (ask - bid) / 2, terms) }
    terms.volatility = volatility ?? 0
    self.init(
      priced: terms, bid: bid, ask: ask, yearsAtClose: yearsAtClose, multiplier: multiplier, underlying: underlying,
      expiry: expiry, expiresToday: expiresToday)
    isKnown = isKnown && volatility != nil
  }

  /// Of an option whose volatility is known. Unknown, and of no finite exposure, where the terms have no value.
  package init(
    priced terms: OptionTerms<Double>, bid: Double, ask: Double, yearsAtClose: Double, multiplier: Int,
    underlying: Int32, expiry: Int32, expiresToday: Bool
  ) {
    var atClose = terms
    atClose.years = yearsAtClose
    var exposure = GreekExposure(SIMD4(repeating: .nan))
    if let now = try? BlackScholes.scalarValue(terms), let then = try? BlackScholes.scalarValue(atClose) {
      exposure = GreekExposure(
        of: now, decayToClose: now.price - then.price, spot: terms.spot, multiplier: multiplier)
    }
    self.init(
      tabled: exposure, of: terms, bid: bid, ask: ask, yearsAtClose: yearsAtClose, multiplier: multiplier,
      underlying: underlying, expiry: expiry, expiresToday: expiresToday)
  }

  /// Of an option whose Greeks stand in a table: nothing is priced. exposure: of +1 contract. Unknown where a Greek is no finite number.
  package init(
    tabled exposure: GreekExposure, of terms: OptionTerms<Double>, bid: Double, ask: Double, yearsAtClose: Double,
    multiplier: Int, underlying: Int32, expiry: Int32, expiresToday: Bool
  ) {
    self.exposure = exposure
    self.terms = terms
    self.yearsAtClose = yearsAtClose
    spot = terms.spot
    self.bid = bid
    self.ask = ask
    self.multiplier = multiplier
    self.underlying = underlying
    self.expiry = expiry
    self.expiresToday = expiresToday
    isKnown = exposure.isFinite
  }

  /// Of a share.
  package init(ofShareAt spot: Double, bid: Double, ask: Double, underlying: Int32) {
    exposure = GreekExposure(ofShareAt: spot)
    terms = nil
    yearsAtClose = 0
    self.spot = spot
    self.bid = bid
    self.ask = ask
    multiplier = 1
    self.underlying = underlying
    expiry = 0
    expiresToday = false
    isKnown = spot.isFinite && spot > 0
  }

  /// As a leg of so many, valued at a price a unit.
  @inline(__always)
  func leg(_ quantity: Int, price: Double) -> LargestLoss.Leg {
    LargestLoss.Leg(
      underlying: underlying, expiry: expiry, side: terms?.side.rawValue ?? 0, strike: terms?.strike ?? 0,
      units: Double(quantity) * Double(multiplier), price: price)
  }
}
