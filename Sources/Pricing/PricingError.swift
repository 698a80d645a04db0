// Why an option has no price or no volatility.

/// Input that no answer exists for; each case says what is wrong and by how much.
package enum PricingError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Not a number or infinite; the quantity's name.
  case notFinite(Quantity, Double)
  case negative(Quantity, Double)
  /// Finite, and beyond what the formulas are proven for.
  case outside(Quantity, Double, least: Double, most: Double)
  /// A rate or yield times the time to expiry is beyond what discounting is proven for.
  case growthOutside(Quantity, Double, most: Double)
  /// A price below what exercise at expiry is worth today: `bound` = max(s (S e^-qT - K e^-rT), 0).
  case belowIntrinsic(price: Double, bound: Double)
  /// A price at or above what no option is worth more than: S e^-qT for a call, K e^-rT for a put.
  case aboveBound(OptionSide, price: Double, bound: Double)
  /// A price that is its discounted intrinsic value to the last digit: every small volatility gives it.
  case noTimeValue(price: Double)
  /// Nothing can be implied at the moment of expiry.
  case expired
  /// A bid above its ask.
  case crossed(bid: Double, ask: Double)
  /// A tree whose steps are not odd or too few or too many.
  case wrongSteps(Int)
  /// So much volatility v sqrt(T) that the outer nodes of a tree of so many steps are no numbers.
  case treeTooWide(deviation: Double, steps: Int)
  /// Dividends whose present value is not below the spot.
  case dividendsExceedSpot(presentValue: Double, spot: Double)

  /// What a number stands for.
  package enum Quantity: String, Sendable {
    case spot, strike, rate, years, volatility, price, bid, ask, tick, dividend
    case dividendYield = "dividend yield"
    case dividendTime = "time of a dividend"
  }

  package var description: String {
    switch self {
    case .notFinite(let quantity, let value): "the \(quantity.rawValue) is \(value); it must be a finite number"
    case .negative(let quantity, let value): "the \(quantity.rawValue) is \(value); it must not be negative"
    case .outside(let quantity, let value, let least, let most):
      "the \(quantity.rawValue) is \(value); it must be from \(least) to \(most)"
    case .growthOutside(let quantity, let value, let most):
      "the \(quantity.rawValue) times the years to expiry is \(value); it must be from \(-most) to \(most)"
    case .belowIntrinsic(let price, let bound):
      "the price \(price) is below the discounted intrinsic value \(bound), by \(bound - price); no volatility gives it"
    case .aboveBound(let side, let price, let bound):
      "the price \(price) is not below the \(side == .call ? "discounted spot" : "discounted strike") \(bound) that bounds a "
        + "\(side), but above by \(price - bound); no volatility gives it"
    case .noTimeValue(let price):
      "the price \(price) holds no time value beyond its discounted intrinsic value; it tells no volatility"
    case .expired: "the option expires now; no volatility can be implied"
    case .crossed(let bid, let ask): "the bid \(bid) is above the ask \(ask)"
    case .wrongSteps(let steps): "the tree has \(steps) steps; it needs an odd number from 3 to 10001"
    case .treeTooWide(let deviation, let steps):
      "a volatility of \(deviation) to expiry is too much for a tree of \(steps) steps; ask for fewer steps or the European price"
    case .dividendsExceedSpot(let presentValue, let spot):
      "the dividends inside the option's life are worth \(presentValue) today; they must be below the spot \(spot)"
    }
  }
}
