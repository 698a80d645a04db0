// Do puts and calls of one strike agree on the forward, within what their spreads leave open?

/// Pairs near the money against the line of their own expiry: call - put = discount x (forward - strike).
///
/// Of American options parity holds only within what early exercise is worth, so that theirs never fail.
struct ChainParityCheck: PricedCheck {
  static let identifier = "chain-parity"

  /// Of the pairs that must agree within their half-spreads: fewer warn, and far fewer fail.
  static let warningShare = 0.95
  static let failureShare = 0.8

  private var found: ChainFindings
  private var (european, europeanWithin, american, americanWithin) = (0, 0, 0, 0)

  init(_ chain: OptionChain) { found = ChainFindings(chain, ChainParityCheck.identifier) }

  mutating func examine(_ series: PricedSeries) {
    let forward = series.forward
    if series.isAmerican {
      american += forward.pairCount
      americanWithin += forward.pairsWithin
    } else {
      european += forward.pairCount
      europeanWithin += forward.pairsWithin
    }
    for pair in series.pairs.near {
      let miss = pair.difference - forward.discount * (forward.forward - pair.strike)
      guard abs(miss) > pair.halfSpread else { continue }
      found.add(series.session.date) {
        "\(series.strikes.root) \(series.strikes.expiry) \(pair.strike) \(series.session.date) minute \(series.minute): "
          + "off by \((miss * 100).rounded() / 100), half-spreads \((pair.halfSpread * 100).rounded() / 100)"
      }
    }
  }

  var findings: [QualityFinding] {
    let (all, within) = (european + american, europeanWithin + americanWithin)
    guard all > 0, Double(within) < ChainParityCheck.warningShare * Double(all) else { return [] }
    let fails = Double(europeanWithin) < ChainParityCheck.failureShare * Double(european)
    return [
      found.finding(
        "parity", fails ? .fail : .warn,
        suggestion: american > 0
          ? "Early exercise and dividends explain some of it; else calls and puts are of different times."
          : "Calls and puts are of different times: fetch quotes of one moment.",
        "\(found.count) of \(all) pairs of a call and a put near the money miss parity by more than their half-spreads (\(ChainGate.percent(found.count, of: all)))."
      )
    ]
  }
}
