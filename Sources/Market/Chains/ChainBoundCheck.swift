// Is every option worth at least what its exercise brings, and no more than what it can ever pay?

/// Asks below the least and bids above the most that an option is worth, by the forward and discount of its own expiry: free money, or a wrong row.
///
/// Of European options the bounds are those of a forward: discount x (forward - strike), and discount x forward or discount x strike. Of American ones the
/// least is also what exercise now would bring, and the most the underlying or the strike.
struct ChainBoundCheck: PricedCheck {
  static let identifier = "chain-bounds"

  private var below: ChainFindings
  private var above: ChainFindings
  private var quotes = 0

  init(_ chain: OptionChain) {
    below = ChainFindings(chain, ChainBoundCheck.identifier)
    above = ChainFindings(chain, ChainBoundCheck.identifier)
  }

  mutating func examine(_ series: PricedSeries) {
    let (forward, discount) = (series.forward.forward, series.forward.discount)
    // Neither the forward nor the spot is known better.
    let slack = 3 * series.forward.forwardError + 1e-3 * series.spot * (series.isAmerican ? 1 : 0)
    for (strike, right, quote) in series.quotes {
      quotes += 1
      let sign = right == .call ? 1.0 : -1
      let least = series.isAmerican ? sign * (series.spot - strike) : discount * sign * (forward - strike)
      let most: Double =
        switch (series.isAmerican, right) {
        case (true, .call): series.spot
        case (true, .put): strike
        case (false, .call): discount * forward
        case (false, .put): discount * strike
        }
      if quote.ask < least - slack {
        below.add(series.session.date) {
          "\(series.place(strike, right)): ask \(quote.ask), worth \(ChainBoundCheck.cents(least)) at least"
        }
      }
      if quote.bid > most + slack {
        above.add(series.session.date) {
          "\(series.place(strike, right)): bid \(quote.bid), worth \(ChainBoundCheck.cents(most)) at most"
        }
      }
    }
  }

  private static func cents(_ value: Double) -> Double { (value * 100).rounded() / 100 }

  var findings: [QualityFinding] {
    [
      (below, "below-intrinsic", "asked less than exercise brings"),
      (above, "above-bound", "bid more than they can ever pay"),
    ]
    .compactMap { found, kind, words in
      guard let severity = ChainGate.severity(found.count, of: quotes) else { return nil }
      return found.finding(
        kind, severity,
        suggestion:
          "Check the unit of prices and strikes; single ones are of another time than the quotes around them.",
        "\(found.count) of \(quotes) options are \(words) (\(ChainGate.percent(found.count, of: quotes))).")
    }
  }
}
