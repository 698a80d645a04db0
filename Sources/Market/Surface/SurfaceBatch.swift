// Many contracts of a synthetic surface, minute after minute.

import Glibc
package import Pricing

/// Contracts side by side: their volatilities, values and quotes of one minute at a time, to the bit those of `SyntheticSurface.terms`, `BlackScholes.value` and
/// `SyntheticSurface.quote` one by one.
package struct SurfaceBatch: Sendable {
  /// The contracts of one expiry, which lie behind one another.
  private struct Term: Sendable {
    let sessionsAhead: Int
    var range: Range<Int>
  }

  private var terms: [Term] = []
  private var logStrikes: [Double] = []
  private var options = OptionColumns<Double>()
  private var results = ValueColumns<Double>(count: 0)
  /// Of every contract, in ten-thousandths of a dollar.
  package private(set) var bids: [Int] = []
  package private(set) var asks: [Int] = []

  package init() {}

  package var count: Int { options.count }
  package var volatilities: [Double] { options.volatilities }
  /// Prices, deltas and the other Greeks.
  package var values: ValueColumns<Double> { results }

  /// Adds an expiry, the n-th session after today's, with its contracts. Throws, with nothing added, for a strike that no option has.
  package mutating func append(
    sessionsAhead: Int, contracts: [(side: OptionSide, strike: Double)]
  ) throws(PricingError) {
    for (side, strike) in contracts {
      if let problem = OptionTerms(side, spot: 1, strike: strike, years: 0, volatility: 0).problem { throw problem }
    }
    for (side, strike) in contracts {
      options.append(OptionTerms(side, spot: 1, strike: strike, years: 0, volatility: 0))
      logStrikes.append(log(strike))
    }
    terms.append(Term(sessionsAhead: sessionsAhead, range: count - contracts.count..<count))
    results = ValueColumns(count: count)
    bids = [Int](repeating: 0, count: count)
    asks = bids
  }

  /// Prices all contracts at a moment.
  ///
  /// `spot`: dollars; `years`: of each expiry, in the order in which they were added, on the variance clock; `minute`: of a session of that many. Throws what is
  /// wrong with the first contract that has no value, and gives no quotes then. Traps if there is not one number of years an expiry, and where
  /// `OptionQuote` does.
  package mutating func price(
    on surface: SyntheticSurface, spot: Double, years: [Double], rules: QuoteRules, minute: Int, of sessionMinutes: Int
  ) throws(PricingError) {
    precondition(years.count == terms.count, "\(years.count) times for \(terms.count) expiries")
    let logSpot = log(spot)
    for (term, years) in zip(terms, years) {
      let atTheMoney = surface.atTheMoney(sessionsAhead: term.sessionsAhead, spot: spot)
      let smile = surface.law.smile(sessionsAhead: term.sessionsAhead)
      let carry = (surface.rate - surface.dividendYield) * years
      let deviation = atTheMoney * years.squareRoot()
      for place in term.range {
        let k = deviation > 0 ? ((logStrikes[place] - logSpot) - carry) / deviation : .nan
        options.volatilities[place] = atTheMoney * smile.factor(at: k)
        options.spots[place] = spot
        options.rates[place] = surface.rate
        options.dividendYields[place] = surface.dividendYield
        options.years[place] = years
      }
    }
    if let problem = options.value(into: &results).first { throw problem.error }
    quote(rules, index: surface.knowledge.index, minute: minute, of: sessionMinutes)
  }

  private mutating func quote(_ rules: QuoteRules, index: Double, minute: Int, of sessionMinutes: Int) {
    let stress = SpreadRule.stress(index: index) * SpreadRule.timeOfDay(minute: minute, of: sessionMinutes)
    let (small, large) = (Double(rules.ticks.small), Double(rules.ticks.large))
    let perDollar = Double(TickRule.perDollar)
    let (perSmall, perLarge) = (perDollar / small, perDollar / large)
    let threshold = Double(rules.ticks.threshold)
    var most = 0.0
    for place in 0..<count {
      let price = results.prices[place]
      let spread = stress * (rules.spread.constant + rules.spread.slope * (results.vegas[place] / 100))
      let isSmall = price * perDollar < threshold
      let ticksPerDollar = isSmall ? perSmall : perLarge
      let tick = isSmall ? small : large
      let (bid, full) = OptionQuote.ticks(price: price * ticksPerDollar, spread: spread * ticksPerDollar)
      most = max(most, max(price, spread))
      bids[place] = Int(bid * tick)
      asks[place] = Int((bid + full) * tick)
    }
    precondition(most < 1e9, "a quote around \(most)")
  }
}
