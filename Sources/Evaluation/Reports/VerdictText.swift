// A verdict in sentences.

private import Market

extension Comparison {
  /// One sentence, without a line break.
  package var sentence: String {
    guard let sharpe else { return "Against \(baseline): nothing to compare, since there is no risk to divide by." }
    let standing =
      if isFound { "Against \(baseline): better" } else if sharpe.difference.isBelowZero {
        "Against \(baseline): worse"
      } else { "Not told from \(baseline)" }
    var text =
      "\(standing), Sharpe ratio \(ReportText.signed(sharpe.difference.estimate, decimals: 2)) "
      + "(\(ReportText.signed(sharpe.difference.lower, decimals: 2)) to "
      + "\(ReportText.signed(sharpe.difference.upper, decimals: 2))), p \(ReportText.pValue(pValue))"
    if adjusted != pValue { text += ", corrected \(ReportText.pValue(adjusted))" }
    if let alpha = sharpe.alpha {
      text +=
        "; alpha \(ReportText.signedPercent(alpha.estimate, decimals: 2)) a year "
        + "(\(ReportText.signedPercent(alpha.lower, decimals: 2)) to \(ReportText.signedPercent(alpha.upper, decimals: 2)))"
    }
    return text + "; blocks of \(ReportText.fixed(sharpe.expectedBlock, decimals: 1)) sessions."
  }
}

extension Verdict {
  /// The verdict in a few words.
  package var headline: String {
    // Where more is claimed than over these two, their p-values are corrected over more comparisons than this claim rests on.
    let others = notToldFrom.filter { $0 != Verdict.flat && $0 != Verdict.chance }
    let place = isOfSyntheticQuotes ? "on a synthetic surface" : "on this window"
    return switch claim {
    case .none: "no edge found"
    case .overFlatAndChance:
      "an edge over flat and over chance \(place)"
        + (others.isEmpty ? "" : ", not told from " + others.joined(separator: ", "))
    case .overEverything: "an edge over every baseline \(place)"
    }
  }

  /// What the sentences of the comparisons show, before them.
  package static let introduction =
    "Sharpe ratio a year, less a baseline's at the same costs, with its 95 % interval; p is one-sided, corrected over all comparisons "
    + "(Holm), and below \(ReportText.shortest(Verdict.familyError)) counts:"

  /// What the headline does not say.
  package var caveats: [String] {
    var lines: [String] = []
    if sessions < Verdict.minimumSessions {
      lines.append(
        "\(counted(sessions, "session")) \(sessions == 1 ? "is" : "are") too few for a claim: at least \(Verdict.minimumSessions) are needed."
      )
    }
    lines.append(
      "An edge of Sharpe \(ReportText.fixed(detectableSharpe, decimals: 2)) over flat would have been found with "
        + "\(ReportText.percent(Verdict.power, decimals: 0)) in this window, at a one-sided level of "
        + "\(ReportText.percent(Verdict.familyError / 2, decimals: 2)).")
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
  func sentence(verdict: Verdict) -> String {
    guard spellsPerSymbol.contains(where: { $0 > 0 }) else {
      return "Against chance: nothing to compare, since the greedy run never held anything."
    }
    let p = verdict.chancePValue ?? 1
    let adjusted = verdict.chanceAdjusted ?? 1
    let spells = zip(symbols, spellsPerSymbol).map { "\($0) \($1)" }.joined(separator: ", ")
    func ratio(_ quantile: Double) -> String { ReportText.fixed(sharpe(quantile: quantile), decimals: 2) }
    return
      (adjusted <= Verdict.familyError ? "Against chance: better" : "Not told from chance")
      + ", p \(ReportText.pValue(p))" + (adjusted == p ? "" : ", corrected \(ReportText.pValue(adjusted))")
      + ": \(draws) draws that hold what the greedy run held (\(spells) \(isWithinSessions ? "positions" : "spells")), in another order"
      + (isWithinSessions ? " of sessions and at other minutes" : "") + ", at the same masks and costs. Nine "
      + "of ten draws have a Sharpe ratio of \(ratio(0.05)) to \(ratio(0.95)), the middle one \(ratio(0.5)), at a turnover of "
      + "\(ReportText.fixed(medianTurnoverPerYear, decimals: 2)) a year and with a position in "
      + "\(ReportText.percent(medianTimeInPosition, decimals: 0)) of the time."
  }
}
