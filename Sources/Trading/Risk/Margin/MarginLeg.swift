// What margin is asked of: positions of one underlying, without names.

/// A position as margin sees it. Prices are ten-thousandths of a dollar.
package struct MarginLeg: Sendable, Hashable {
  package enum Kind: Sendable, Hashable {
    case share, call, put
  }

  package var kind: Kind
  /// 0 of shares.
  package var strike: Int
  /// When its right ends, as a number that grows with time: a long one covers what ends no later. Shares never end.
  package var lapse: Int
  /// Units of the underlying; 1 of shares.
  package var multiplier: Int
  /// Signed contracts or shares.
  package var quantity: Int
  /// What buying one unit back costs now; counts for shorts alone.
  package var ask: Int

  package init(kind: Kind, strike: Int, lapse: Int, multiplier: Int = 100, quantity: Int, ask: Int = 0) {
    self.kind = kind
    self.strike = strike
    self.lapse = lapse
    self.multiplier = multiplier
    self.quantity = quantity
    self.ask = ask
  }

  /// Shares.
  package init(shares quantity: Int) {
    self.init(kind: .share, strike: 0, lapse: .max, multiplier: 1, quantity: quantity)
  }

  /// What using its right brings a unit at a price of the underlying.
  @inline(__always)
  func value(at price: Int) -> Int {
    switch kind {
    case .share: price
    case .call: max(0, price - strike)
    case .put: max(0, strike - price)
    }
  }
}

/// What an account may be short of.
package struct MarginRules: Sendable, Hashable {
  /// Whether an option may be short without a cover, at the exchange's requirement. Where it may not, a put is secured by its strike in cash and a call
  /// that neither shares nor a long call cover is refused.
  package var admitsUncovered: Bool

  package init(admitsUncovered: Bool = true) { self.admitsUncovered = admitsUncovered }

  /// Percent of the underlying's price that an uncovered short needs before what it is out of the money is taken off.
  package static let percentOfPrice = 20
  /// The same of a broad index.
  package static let percentOfIndex = 15
  /// Percent of the underlying's price (of a put: of its strike) that it needs at least.
  package static let leastPercent = 10
  /// Percent of their price that short shares need: what they brought, and half as much again.
  package static let percentOfShortShares = 150

  /// What one uncovered short option needs, in micro-dollars: multiplier x [ask + max(0.20 S - out of the money, 0.10 S of a call, 0.10 K of a put)],
  /// with 0.15 for a broad index.
  ///
  /// Source: FINRA Rule 4210(f)(2)(E); Cboe, "Margin Manual", short equity and broad-based index options.
  static func uncovered(_ leg: MarginLeg, price: Int, isBroadIndex: Bool) -> Int {
    let isCall = leg.kind == .call
    let outOfTheMoney = max(0, isCall ? leg.strike - price : price - leg.strike)
    let percent = isBroadIndex ? percentOfIndex : percentOfPrice
    // A percent of a ten-thousandth is a micro-dollar, so that nothing is rounded.
    let usual = percent * price - 100 * outOfTheMoney
    let least = leastPercent * (isCall ? price : leg.strike)
    return leg.multiplier * (100 * leg.ask + max(usual, least))
  }
}

/// Why there is no requirement.
package enum MarginError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Whose mistake it is.
  package enum Subject: Equatable, Sendable {
    /// Its place among the legs.
    case leg(Int)
    case contract(symbol: String)

    fileprivate var words: String {
      switch self {
      case .leg(let place): "leg \(place + 1)"
      case .contract(let symbol): symbol
      }
    }
  }

  /// A negative strike, price or ask, or a multiplier that is not positive.
  case notAPrice(of: Subject)
  /// More money than 64 bits hold.
  case tooLarge(of: Subject)
  /// An uncovered short needs the underlying's price.
  case noUnderlyingPrice
  /// Calls that nothing covers in an account that admits none.
  case uncoveredCalls(contracts: Int)

  package var description: String {
    switch self {
    case .notAPrice(let subject):
      "margin: \(subject.words) has a negative strike or price, or a multiplier below 1; give it those of its contract"
    case .tooLarge(let subject):
      "margin: \(subject.words) stands for more money than can be counted; lower its quantity"
    case .noUnderlyingPrice:
      "margin: a short position needs the price of its underlying, and none is known; give the underlying a price in that minute"
    case .uncoveredCalls(let contracts):
      "margin: of the short calls \(contracts) would be covered neither by shares nor by a long call that ends no earlier; buy a cover or sell fewer"
    }
  }
}
