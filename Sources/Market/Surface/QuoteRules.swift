// What is quoted around a price that a model gives: ticks and spreads.

/// Prices that an exchange allows: whole ticks. Counted in ten-thousandths of a dollar, so that sums are exact.
package struct TickRule: Sendable, Hashable {
  /// Below the threshold, and from it on.
  package var small: Int
  package var large: Int
  package var threshold: Int

  package static let perDollar = 10_000

  /// One cent at every price: SPY, QQQ, IWM.
  package static let cent = TickRule(small: 100, large: 100, threshold: 0)
  /// Five cents below three dollars and ten above: SPX and SPXW, and every quote of the chains that were looked at.
  package static let nickel = TickRule(small: 500, large: 1000, threshold: 3 * perDollar)
  /// One cent below three dollars and five above: what is on the exchanges' penny list.
  package static let penny = TickRule(small: 100, large: 500, threshold: 3 * perDollar)

  /// Ten-thousandths of a dollar. `price`: dollars.
  package func tick(at price: Double) -> Int {
    price * Double(TickRule.perDollar) < Double(threshold) ? small : large
  }
}

/// How wide quotes are: full spread = stress x time of day x (constant + slope x vega a point), to the nearest tick, one at least.
///
/// It grows with vega and the index, not with the price: a spread of 2 % of the premium is 6 to 7 times too wide for SPY within the day.
package struct SpreadRule: Sendable, Equatable {
  /// Dollars.
  package var constant: Double
  /// Dollars a dollar of vega a point of volatility.
  package var slope: Double
  /// Whether real chains say so; what they do not support is an assumption, and reports call it one.
  package var isMeasured: Bool

  /// What the index is when spreads are ordinary, and how much they shrink and grow.
  static let ordinaryIndex = 16.0
  static let stresses = 0.7...3.0

  package static func stress(index: Double) -> Double {
    min(max(index / ordinaryIndex, stresses.lowerBound), stresses.upperBound)
  }

  /// What a minute of a session of that many adds. Measured on GOOG (2015) and SPXW (January 2021).
  package static func timeOfDay(minute: Int, of sessionMinutes: Int) -> Double {
    switch minute {
    case ...0: 1.4
    case (sessionMinutes - 1)...: 2.4
    case 1...4: 1.3
    case 5...14: 1.15
    case (sessionMinutes - 15)...: 1.15
    default: 1
    }
  }

  /// Dollars, before it is rounded to ticks.
  package func spread(vegaPerVolatilityPoint vega: Double, index: Double, minute: Int, of sessionMinutes: Int) -> Double
  {
    SpreadRule.stress(index: index) * SpreadRule.timeOfDay(minute: minute, of: sessionMinutes)
      * (constant + slope * vega)
  }
}

/// What is quoted of an option, in ten-thousandths of a dollar.
package struct OptionQuote: Sendable, Equatable {
  /// 0: nobody bids. It is shown, and buys nothing.
  package var bid: Int
  package var ask: Int

  package var bidDollars: Double { Double(bid) / Double(TickRule.perDollar) }
  package var askDollars: Double { Double(ask) / Double(TickRule.perDollar) }

  package init(bid: Int, ask: Int) {
    self.bid = bid
    self.ask = ask
  }

  /// Around a model's price: the bid is the price less half the spread, to the nearest tick (of two equally near the lower), never below 0; the ask is the
  /// bid and the spread. Hence bid <= price <= ask.
  ///
  /// `price` and `spread`: dollars, finite, not negative, below a billion; traps otherwise.
  package init(around price: Double, spread: Double, ticks: TickRule) {
    precondition(price >= 0 && spread >= 0 && price < 1e9 && spread < 1e9, "a quote around \(price) with \(spread)")
    let tick = ticks.tick(at: price)
    let ticksPerDollar = Double(TickRule.perDollar) / Double(tick)
    let (bid, full) = OptionQuote.ticks(price: price * ticksPerDollar, spread: spread * ticksPerDollar)
    self.init(bid: Int(bid) * tick, ask: Int(bid + full) * tick)
  }

  /// The same in ticks, whole numbers: arithmetic alone, which also the loops of `SurfaceBatch` do.
  @inline(__always)
  static func ticks(price: Double, spread: Double) -> (bid: Double, full: Double) {
    // To the nearest, halves up; less than one is one.
    let full = max(roundedDown(spread + 0.5), 1)
    let middle = price - full / 2
    return (max(-roundedDown(0.5 - middle), 0), full)
  }

  /// Where neither number has a place in front of its point beyond 2^51: the system's own would be a call an option on older processors.
  @inline(__always)
  private static func roundedDown(_ number: Double) -> Double {
    let whole = (number + 0x1.8p52) - 0x1.8p52
    return whole > number ? whole - 1 : whole
  }
}

/// How the options of a symbol are quoted.
package struct QuoteRules: Sendable, Equatable {
  package var ticks: TickRule
  package var spread: SpreadRule

  /// The two that were measured on real chains, and what is assumed of all others.
  package static func of(_ underlying: String) -> QuoteRules {
    switch underlying {
    case "SPY":
      QuoteRules(ticks: .cent, spread: SpreadRule(constant: 0.005, slope: 0.03, isMeasured: true))
    case "SPX", "SPXW":
      QuoteRules(ticks: .nickel, spread: SpreadRule(constant: 0.15, slope: 0.10, isMeasured: true))
    case "QQQ", "IWM":
      QuoteRules(ticks: .cent, spread: liquidFunds)
    case "DIA", "EEM", "GLD", "SLV", "TLT", "XLE", "XLF":
      QuoteRules(ticks: .penny, spread: liquidFunds)
    default:
      QuoteRules(ticks: .penny, spread: SpreadRule(constant: 0.05, slope: 0.25, isMeasured: false))
    }
  }

  private static let liquidFunds = SpreadRule(constant: 0.01, slope: 0.06, isMeasured: false)
}
