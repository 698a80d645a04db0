// What one contract is worth at one moment, and how that changes: what every limit is counted in.

package import Pricing

/// A contract on its own quote: prices, model and Greeks of one of it, held long. In 128 bytes, those that every order asks for first: markets of many
/// lanes are looked up in memory, contract by contract.
package struct ContractRisk: Sendable, Equatable {
  /// Of +1 contract, multiplier applied.
  package var exposure: GreekExposure
  package var bid: Double
  package var ask: Double
  /// 0 for shares.
  private var strike: Double
  package var spot: Double
  /// Numbers of the underlying, and of the day of expiry since 1970, by which contracts are told to belong together.
  package var underlying: Int32
  package var expiry: Int32
  private var units: Int32
  /// 0 for shares.
  private var side: Int8
  /// Whether the contract ends with this session.
  package var expiresToday: Bool
  /// Whether the quote tells a volatility. Where it does not, nothing is opened.
  package var isKnown: Bool
  /// From the session's close to expiry, on the clock of the terms.
  package var yearsAtClose: Double
  private var years: Double
  private var volatility: Double
  private var rate: Double
  private var dividendYield: Double

  /// nil for shares. The volatility is the one that the middle of the quote implies, 0 where it implies none.
  package var terms: OptionTerms<Double>? {
    guard let side = OptionSide(rawValue: side) else { return nil }
    return OptionTerms(
      side, spot: spot, strike: strike, rate: rate, dividendYield: dividendYield, years: years, volatility: volatility)
  }

  @inline(__always)
  var isOption: Bool { side != 0 }

  package var multiplier: Int { Int(units) }

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
    self.init(
      tabled: .zero, of: terms, bid: bid, ask: ask, yearsAtClose: yearsAtClose, multiplier: multiplier,
      underlying: underlying, expiry: expiry, expiresToday: expiresToday)
    revalue()
  }

  /// Finds the exposure anew from the spot, the volatility and the times; a share's is its price. Not numbers, and unknown, where that has no value.
  mutating func revalue() {
    guard isOption else { return }
    let value = BlackScholes.pair(
      side > 0 ? .call : .put, spot: spot, strike: strike, rate: rate, dividendYield: dividendYield,
      years: (years, yearsAtClose), volatility: volatility)
    if let now = value.first, let then = value.second {
      exposure = GreekExposure(of: now, decayToClose: now.price - then.price, spot: spot, multiplier: multiplier)
    } else {
      exposure = GreekExposure(SIMD4(repeating: .nan))
    }
    isKnown = exposure.isFinite
  }

  /// Of an option whose Greeks stand in a table: nothing is priced. exposure: of +1 contract. Unknown where a Greek is no finite number.
  package init(
    tabled exposure: GreekExposure, of terms: OptionTerms<Double>, bid: Double, ask: Double, yearsAtClose: Double,
    multiplier: Int, underlying: Int32, expiry: Int32, expiresToday: Bool
  ) {
    self.init(
      tabled: exposure, side: terms.side, spot: terms.spot, strike: terms.strike, years: terms.years,
      volatility: terms.volatility, bid: bid, ask: ask, yearsAtClose: yearsAtClose, multiplier: multiplier,
      underlying: underlying, expiry: expiry, expiresToday: expiresToday)
    (rate, dividendYield) = (terms.rate, terms.dividendYield)
  }

  /// The same without a rate or a yield, by the numbers of the terms alone: lanes ask for it in each of their minutes.
  package init(
    tabled exposure: GreekExposure, side: OptionSide, spot: Double, strike: Double, years: Double, volatility: Double,
    bid: Double, ask: Double, yearsAtClose: Double, multiplier: Int, underlying: Int32, expiry: Int32,
    expiresToday: Bool
  ) {
    self.exposure = exposure
    self.side = side == .call ? 1 : -1
    (self.strike, self.spot, self.years, self.volatility) = (strike, spot, years, volatility)
    (rate, dividendYield) = (0, 0)
    self.yearsAtClose = yearsAtClose
    self.bid = bid
    self.ask = ask
    units = Int32(clamping: multiplier)
    self.underlying = underlying
    self.expiry = expiry
    self.expiresToday = expiresToday
    isKnown = exposure.isFinite
  }

  /// Of a share.
  package init(ofShareAt spot: Double, bid: Double, ask: Double, underlying: Int32) {
    exposure = GreekExposure(ofShareAt: spot)
    side = 0
    (strike, years, volatility, rate, dividendYield, yearsAtClose) = (0, 0, 0, 0, 0, 0)
    self.spot = spot
    self.bid = bid
    self.ask = ask
    units = 1
    self.underlying = underlying
    expiry = 0
    expiresToday = false
    isKnown = spot.isFinite && spot > 0
  }

  /// As a leg of so many, valued at a price a unit.
  @inline(__always)
  func leg(_ quantity: Int, price: Double) -> LargestLoss.Leg {
    LargestLoss.Leg(
      underlying: underlying, expiry: expiry, side: side, strike: strike,
      units: Double(quantity) * Double(units), price: price)
  }
}
