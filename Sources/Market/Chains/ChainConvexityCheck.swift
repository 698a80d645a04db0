// Is no butterfly of neighbouring strikes paid for being taken?

/// A strike's bid above what its two neighbours cost together, each by its share: sold in the middle and bought beside it, that pays and can only pay more.
struct ChainConvexityCheck: PricedCheck {
  static let identifier = "chain-convexity"

  /// A feed's quotes are not all of one instant: some always pay a cent. Where so many do, they are of no one time at all.
  static let failureShare = 0.1

  private var found: ChainFindings
  private var butterflies = 0

  init(_ chain: OptionChain) { found = ChainFindings(chain, ChainConvexityCheck.identifier) }

  mutating func examine(_ series: PricedSeries) {
    for right in [OptionSymbol.Right.call, .put] {
      let quotes = series.strikes.strikes.compactMap { one in
        (right == .call ? one.call : one.put).map { (strike: one.strike, quote: $0) }
      }
      guard quotes.count >= 3 else { continue }
      for middle in 1..<quotes.count - 1 {
        let (low, own, high) = (quotes[middle - 1], quotes[middle], quotes[middle + 1])
        butterflies += 1
        let share = (high.strike - own.strike) / (high.strike - low.strike)
        let cost = share * low.quote.ask + (1 - share) * high.quote.ask
        // Prices are whole cents or so: what is left of them is rounding.
        guard own.quote.bid > cost + 1e-6 else { continue }
        found.add(series.session.date) {
          "\(series.place(own.strike, right)): bid \(own.quote.bid), its neighbours cost \((cost * 100).rounded() / 100)"
        }
      }
    }
  }

  var findings: [QualityFinding] {
    guard ChainGate.severity(found.count, of: butterflies) != nil else { return [] }
    let fails = Double(found.count) > ChainConvexityCheck.failureShare * Double(butterflies)
    return [
      found.finding(
        "convexity", fails ? .fail : .warn,
        suggestion: "Single ones are stale quotes; where they are many, rows of different times are mixed.",
        "\(found.count) of \(butterflies) butterflies of neighbouring strikes would pay whoever takes them (\(ChainGate.percent(found.count, of: butterflies)))."
      )
    ]
  }
}
