// One European option and the market that it is priced in.

/// Call or put; the raw value is the sign s of the formulas.
package enum OptionSide: Int8, Sendable, CaseIterable, CustomStringConvertible {
  case call = 1
  case put = -1

  package var description: String { self == .call ? "call" : "put" }
}

/// The six numbers of Black-Scholes-Merton and the side. Everything is per share.
package struct OptionTerms<Number: PricingNumber>: Equatable, Sendable {
  package var side: OptionSide
  /// Dollars a share.
  package var spot: Number
  /// Dollars a share.
  package var strike: Number
  /// Continuously compounded, as a decimal a year.
  package var rate: Number
  /// Continuously compounded, as a decimal a year.
  package var dividendYield: Number
  /// To expiry, on the clock of the volatility.
  package var years: Number
  /// A decimal a year, on the clock of the years.
  package var volatility: Number

  package init(
    _ side: OptionSide, spot: Number, strike: Number, rate: Number = 0, dividendYield: Number = 0, years: Number,
    volatility: Number
  ) {
    self.side = side
    self.spot = spot
    self.strike = strike
    self.rate = rate
    self.dividendYield = dividendYield
    self.years = years
    self.volatility = volatility
  }

  /// The first thing that is wrong; nil where the option has a value.
  package var problem: PricingError? { marketProblem ?? Self.problem(of: .volatility, volatility, Number.volatilities) }

  /// The same without a look at the volatility.
  package var marketProblem: PricingError? {
    if let problem = Self.problem(of: .spot, spot, Number.prices) ?? Self.problem(of: .strike, strike, Number.prices)
      ?? Self.problem(of: .years, years, Number.expiries)
    {
      return problem
    }
    for (quantity, value) in [(PricingError.Quantity.rate, rate), (.dividendYield, dividendYield)] {
      guard value.isFinite else { return .notFinite(quantity, Double(value)) }
      guard abs(value) <= Number.mostRate else {
        return .outside(quantity, Double(value), least: -Double(Number.mostRate), most: Double(Number.mostRate))
      }
      guard abs(value * years) <= Number.mostGrowth else {
        return .growthOutside(quantity, Double(value * years), most: Double(Number.mostGrowth))
      }
    }
    return nil
  }

  /// Zero is fine: it is one of the limits.
  private static func problem(
    of quantity: PricingError.Quantity, _ value: Number, _ range: ClosedRange<Number>
  ) -> PricingError? {
    if !value.isFinite { return .notFinite(quantity, Double(value)) }
    if value < 0 { return .negative(quantity, Double(value)) }
    if value == 0 || range.contains(value) { return nil }
    return .outside(quantity, Double(value), least: Double(range.lowerBound), most: Double(range.upperBound))
  }
}

/// Price and Greeks of an option, per share: a multiplier is applied once, by whoever holds a position.
package struct OptionValue<Number: PricingNumber>: Equatable, Sendable {
  /// Dollars.
  package var price: Number
  /// Dollars a dollar of the spot.
  package var delta: Number
  /// Delta a dollar of the spot.
  package var gamma: Number
  /// Dollars for 1.00 of volatility.
  package var vega: Number
  /// Dollars a year of the clock that the years were counted on.
  package var thetaPerYear: Number
  /// Dollars for 1.00 of rate.
  package var rho: Number

  /// Dollars for 0.01 of volatility.
  package var vegaPerVolatilityPoint: Number { vega / 100 }
  /// Dollars for 0.01 of rate.
  package var rhoPerPercentagePoint: Number { rho / 100 }
  /// Dollars a calendar day, the 365th part of a year of that clock.
  package var thetaPerCalendarDay: Number { thetaPerYear / 365 }
  /// Dollars a minute of the regular session, where the years are those of the session clock.
  package var thetaPerSessionMinute: Number { thetaPerYear / Number(VolatilityClock.sessionMinutesPerYear) }
}
