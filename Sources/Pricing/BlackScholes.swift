// Black-Scholes-Merton: European options, price and Greeks.

private import CPricing
package import Kernels

/// Options that are exercised at expiry or not at all, on a spot with a continuous dividend yield. s is +1 for a call and -1 for a put.
///
/// price = s (S e^-qT N(s d1) - K e^-rT N(s d2)), d1 = (ln(S / K) + (r - q) T) / (v sqrt T) + v sqrt(T) / 2, d2 = d1 - v sqrt T.
///
/// The logarithm is of the spot and the strike, to which the carry is added: as good near the money as log1p((F - K) / K) and without the rounding of F.
/// Both terms are a density times a scaled tail N(-z) / n(z), and since S e^-qT n(d1) = K e^-rT n(d2) they share the density: an error of the log-moneyness
/// moves both alike and cancels.
package enum BlackScholes {
  /// Price and Greeks by the loops that batches use, and to the bit what those give for this option on the same instruction set.
  package static func value<Number: PricingNumber>(
    _ terms: OptionTerms<Number>, on set: InstructionSet = .processor
  ) throws(PricingError) -> OptionValue<Number> {
    if let problem = terms.problem { throw problem }
    var columns = OptionColumns<Number>()
    columns.append(terms)
    var values = ValueColumns<Number>(count: 1)
    columns.value(into: &values, on: set)
    return values[0]
  }

  /// The same in plain Swift, the judge of every other form: to the bit that of the baseline.
  package static func plainValue<Number: PricingNumber>(
    _ terms: OptionTerms<Number>
  ) throws(PricingError) -> OptionValue<Number> {
    if let problem = terms.problem { throw problem }
    return limit(terms) ?? regularValue(terms)
  }

  /// `plainValue` of doubles, to the bit on every processor, without asking for memory: for rooms above that price one option at a time.
  package static func scalarValue(_ terms: OptionTerms<Double>) throws(PricingError) -> OptionValue<Double> {
    let pair = pair(
      terms.side, spot: terms.spot, strike: terms.strike, rate: terms.rate, dividendYield: terms.dividendYield,
      years: (terms.years, terms.years), volatility: terms.volatility)
    if let value = pair.first { return value }
    return try plainValue(terms)
  }

  /// `plainValue` of an option at two times to expiry, to the bit; nil where it has none. Side by side they take hardly longer than one. For the arguments see
  /// `OptionTerms`: they are handed over one by one, since a generic structure is built at leisure by whoever stands in another room.
  package static func pair(
    _ side: OptionSide, spot: Double, strike: Double, rate: Double, dividendYield: Double,
    years: (first: Double, second: Double), volatility: Double
  ) -> (first: OptionValue<Double>?, second: OptionValue<Double>?) {
    func plain(_ years: Double) -> OptionValue<Double>? {
      try? plainValue(
        OptionTerms(
          side, spot: spot, strike: strike, rate: rate, dividendYield: dividendYield, years: years,
          volatility: volatility))
    }
    var pair = cpricing_pair()
    let computed = cpricing_value_pair(
      side.rawValue, spot, strike, rate, dividendYield, years.first, years.second, volatility, &pair)
    var first: OptionValue<Double>?
    var second: OptionValue<Double>?
    if computed & 1 != 0 {
      first = OptionValue(
        price: pair.prices.0, delta: pair.deltas.0, gamma: pair.gammas.0, vega: pair.vegas.0,
        thetaPerYear: pair.thetas.0, rho: pair.rhos.0)
    } else {
      first = plain(years.first)
    }
    if computed & 2 != 0 {
      second = OptionValue(
        price: pair.prices.1, delta: pair.deltas.1, gamma: pair.gammas.1, vega: pair.vegas.1,
        thetaPerYear: pair.thetas.1, rho: pair.rhos.1)
    } else {
      second = plain(years.second)
    }
    return (first, second)
  }

  /// What is left at expiry, without volatility, or of a worthless spot or strike; nil where the formula applies.
  static func limit<Number: PricingNumber>(_ terms: OptionTerms<Number>) -> OptionValue<Number>? {
    let s = Number(terms.side.rawValue)
    if terms.years == 0 {
      let exercised = s * (terms.spot - terms.strike)
      return OptionValue(
        price: max(exercised, 0), delta: s * share(exercised), gamma: 0, vega: 0, thetaPerYear: 0, rho: 0)
    }
    let deviation = terms.volatility * terms.years.squareRoot()
    guard deviation < Number.leastDeviation || terms.spot == 0 || terms.strike == 0 else { return nil }
    let yielded = Number.exponential(-(terms.dividendYield * terms.years))
    let forward = terms.spot * yielded
    let cash = terms.strike * Number.exponential(-(terms.rate * terms.years))
    let exercised = s * (forward - cash)
    let part = share(exercised)
    return OptionValue(
      price: max(exercised, 0), delta: s * part * yielded, gamma: 0, vega: 0,
      thetaPerYear: part * s * (terms.dividendYield * forward - terms.rate * cash), rho: part * s * (terms.years * cash)
    )
  }

  /// 1 in the money, a half at it, 0 out of it.
  private static func share<Number: PricingNumber>(_ exercised: Number) -> Number {
    exercised > 0 ? 1 : exercised == 0 ? 0.5 : 0
  }

  private static func regularValue<Number: PricingNumber>(_ terms: OptionTerms<Number>) -> OptionValue<Number> {
    let s = Number(terms.side.rawValue)
    let (rate, yield, years, volatility) = (terms.rate, terms.dividendYield, terms.years, terms.volatility)
    let root = years.squareRoot()
    let deviation = volatility * root
    let inverse = 1 / deviation
    let distance = (Number.logarithmOfRatio(terms.spot, terms.strike) + (rate - yield) * years) * inverse
    let half = deviation * 0.5
    let d1 = distance + half
    let d2 = distance - half
    let forward = terms.spot * Number.exponential(-(yield * years))
    let cash = terms.strike * Number.exponential(-(rate * years))
    let weight = forward * Number.exponential(d1 * d1 * -0.5)
    let dense = weight * Number.densityAtZero
    let tail1 = weight * Number.tail(abs(d1))
    let tail2 = weight * Number.tail(abs(d2))
    let first = s * d1 > 0 ? forward - tail1 : tail1
    let second = s * d2 > 0 ? cash - tail2 : tail2
    let inverseSpot = 1 / terms.spot
    let carry = s * (yield * first - rate * second)
    let decay = (dense * volatility) * (0.5 * (volatility * inverse))
    return OptionValue(
      price: max(s * (first - second), 0), delta: s * (first * inverseSpot),
      gamma: ((dense * inverseSpot) * inverseSpot) * inverse, vega: dense * root, thetaPerYear: carry - decay,
      rho: s * (years * second))
  }

  /// What the option loses until the session's close with price and volatility unchanged, in dollars: its value now less its value then. On the day
  /// of expiry that is all its time value.
  ///
  /// yearsAtClose: from the close to expiry, on the same clock as the terms.
  package static func decayToClose(
    _ terms: OptionTerms<Double>, yearsAtClose: Double
  ) throws(PricingError) -> Double {
    var atClose = terms
    atClose.years = yearsAtClose
    return try value(terms).price - value(atClose).price
  }
}
