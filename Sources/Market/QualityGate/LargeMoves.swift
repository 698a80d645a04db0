// Moves from one date to the next that are too large to be believed unseen, and splits that nobody told of.

extension PriceContinuity {
  private struct Move {
    var row: Int
    var previousClose: Double
    var openRatio: Double
    var closeRatio: Double
    var split: SplitEvidence.Suspicion?
  }

  /// A suspected split fails where the move is too large to pass, and is a warning below.
  static func largeMoves(in series: BarSeries, allowances: inout AllowanceLedger) -> [QualityFinding] {
    var moves: [Move] = []
    let evidence = series.instrument.isTradable ? SplitEvidence(series) : nil
    var before: (date: CalendarDate, close: Double)?
    for row in 0..<series.wholeRows {
      let date = series.dates[row]
      let open = series.open[row] * series.adjustmentFactors[row]
      let close = series.close[row] * series.adjustmentFactors[row]
      // Rows out of order are told by the timestamp check; a move between them means nothing.
      if let before, before.date < date {
        let openRatio = isPossible(open) ? open / before.close : 1
        let closeRatio = isPossible(close) ? close / before.close : 1
        if [openRatio, closeRatio].contains(where: { isLarge($0, series.instrument) }),
          !allowances.allows(check: identifier, symbol: series.symbol, date: date)
        {
          moves.append(
            Move(
              row: row, previousClose: before.close, openRatio: openRatio, closeRatio: closeRatio,
              split: evidence?.suspicion(on: date)))
        }
      }
      if isPossible(close) { before = (date, close) }
    }
    // Each date is decided by name, so neighbours are told apart.
    let findings = QualityFinding.runs(of: moves) { _, _ in false }.map { run in finding(of: run, in: series) }
    return findings + smallSplits(in: series, evidence, except: Set(moves.map { series.dates[$0.row] }), &allowances)
  }

  private static func isLarge(_ ratio: Double, _ instrument: Instrument) -> Bool {
    guard !instrument.isTradable else { return abs(ratio - 1) > largestMove + slack }
    return max(ratio, 1 / ratio) > largestRatioOfIndices
  }

  private static func finding(of moves: [Move], in series: BarSeries) -> QualityFinding {
    let dates = moves.map { series.dates[$0.row] }
    let allow = QualityAllowance.flag(identifier, series.symbol, dates.min(), dates.max())
    let bound = series.instrument.isTradable ? "above 20 %" : "to more than three times, or less than a third,"
    let suggestion: String
    let message: String
    if moves.count > 1 {
      message =
        "\(moves.count) more moves \(bound) from the close before: " + dates.map(\.description).joined(separator: ", ")
        + "."
      suggestion = "Import adjusted prices; so many moves are rarely real. If each of these is: \(allow)."
    } else {
      message =
        "A move \(bound) from the close before: \(percent(moves[0].openRatio)) to the open, "
        + "\(percent(moves[0].closeRatio)) to the close."
      suggestion =
        moves[0].split.map { advice($0, series.symbol) + " If the move is real instead: \(allow)." }
        ?? "Compare with another source. If the move is real: \(allow)."
    }
    return QualityFinding(
      check: identifier, kind: "large-move", severity: .fail, symbol: series.symbol, firstDate: dates.min(),
      lastDate: dates.max(), count: moves.count,
      samples: moves.prefix(QualityFinding.sampleLimit).map { move in
        let row = move.row
        let factor = series.adjustmentFactors[row]
        return """
          \(series.dates[row]) adjusted close before \(move.previousClose), open \(series.open[row] * factor), close \
          \(series.close[row] * factor); raw close \(series.close[row]), factor \(factor)
          """
      },
      suggestion: suggestion, message: message)
  }

  /// Splits that move a price by less than what fails.
  private static func smallSplits(
    in series: BarSeries, _ evidence: SplitEvidence?, except told: Set<CalendarDate>,
    _ allowances: inout AllowanceLedger
  ) -> [QualityFinding] {
    var suspicions: [SplitEvidence.Suspicion] = []
    for one in evidence?.suspicions ?? [] where !told.contains(one.date) {
      if !allowances.allows(check: identifier, symbol: series.symbol, date: one.date) { suspicions.append(one) }
    }
    return suspicions.prefix(QualityFinding.groupLimit).map { one in
      QualityFinding(
        check: identifier, kind: "suspected-split", severity: .warn, symbol: series.symbol, firstDate: one.date,
        lastDate: one.date, count: 1, samples: [], suggestion: advice(one, series.symbol),
        message: "The open lies \(percent(one.openRatio)) from the close before, and the whole session there"
          + (one.money.map { ", with \(($0 * 10).rounded() / 10) times the usual money." } ?? "."))
    }
  }

  private static func advice(_ split: SplitEvidence.Suspicion, _ symbol: String) -> String {
    let flag = "--split \(symbol):\(split.date):\(split.ratio.text)"
    guard split.isOfFactor else {
      return "A likely unadjusted split, \(split.ratio.words): give it with \(flag)."
    }
    return
      "The adjustment factor steps on this day and the raw price does not: check the adjusted close. To undo the step: "
      + "\(flag)."
  }

  /// A ratio as a signed change with one decimal.
  private static func percent(_ ratio: Double) -> String {
    let tenths = ((ratio - 1) * 1000).rounded() / 10
    return "\(tenths > 0 ? "+" : "")\(tenths) %"
  }
}
