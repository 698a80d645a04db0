// A verdict in sentences.

extension Comparison {
  /// One sentence, without a line break.
  package var sentence: String {
    guard let interval else { return "Against \(baseline): too few sessions to compare." }
    let range =
      "\(ReportText.signedPercent(interval.estimate, decimals: 4)) a session"
      + " (\(ReportText.signedPercent(interval.lower, decimals: 4)) to"
      + " \(ReportText.signedPercent(interval.upper, decimals: 4)))"
    if interval.isAboveZero { return "Against \(baseline): better, \(range)." }
    if interval.isBelowZero { return "Against \(baseline): worse, \(range)." }
    return "Not distinguishable from \(baseline): \(range)."
  }
}

extension Verdict {
  /// The verdict in a few words.
  package var headline: String { edgeFound ? "edge over every baseline on this window" : "no edge found" }

  /// What the headline does not say.
  package var caveats: [String] {
    var lines: [String] = []
    if sessions < Verdict.minimumSessions {
      lines.append(
        "\(sessions) sessions are too few for a claim: at least \(Verdict.minimumSessions) are needed.")
    }
    if edgeFound {
      lines.append(
        "This holds for one window and one cost model. The interval says how far luck reaches within these sessions, "
          + "not that the next ones will be like them; each further look at this window weakens the claim.")
    }
    return lines
  }
}

extension RandomTrading {
  /// What was matched, how chance fared, and where the matched account lies; without a line break.
  func sentence(percentile: Double) -> String {
    guard ordersPerSymbol.contains(where: { $0 > 0 }) else {
      return "Against random trading at the same turnover: nothing to compare, since the greedy run never traded."
    }
    let orders = zip(symbols, ordersPerSymbol).map { "\($0) \($1)" }.joined(separator: ", ")
    func returned(_ quantile: Double) -> String {
      ReportText.signedPercent(totalReturn(quantile: quantile), decimals: 2)
    }
    return
      "Against \(draws) random draws at the same turnover (as many orders a symbol as the greedy run: \(orders); closes and "
      + "directions by chance, same masks and costs): percentile \(ReportText.shortest(percentile)), above "
      + "\(ReportText.shortest(RandomTrading.requiredPercentile)) is needed. Nine of ten draws return \(returned(0.05)) to "
      + "\(returned(0.95)), the middle one \(returned(0.5)), at a turnover of "
      + "\(ReportText.fixed(medianTurnoverPerYear, decimals: 2)) a year and with a position in "
      + "\(ReportText.percent(medianTimeInPosition, decimals: 0)) of the sessions."
  }
}
