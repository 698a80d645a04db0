// Are the prices possible, and does each follow from the one before?

/// Raw prices and factors must be positive and finite, and low <= open, close <= high, but for the rounding of a last bit.
///
/// A move is the ratio of an adjusted price to the adjusted close of the date before (the last one with a usable close), once for
/// the close and once for the open. It is too large if |ratio - 1| exceeds 0.2: 20 % in either direction passes, so the bounds are
/// 0.8 and 1.2, not a factor and its inverse. A slack of 1e-9 absorbs the rounding of a product and a quotient.
enum PriceContinuity: QualityCheck {
  static let identifier = "price-continuity"

  static let largestMove = 0.2
  static let splitFactors = [2.0, 3, 4, 5, 10, 20]
  /// How far a ratio may be from a split's, relative to it.
  static let splitTolerance = 0.005
  /// A close that stays the same for more bars than this is reported as stale.
  static let longestStandstill = 10
  private static let slack = 1e-9

  static func findings(in series: [BarSeries], allowances: inout AllowanceLedger) -> [QualityFinding] {
    var findings: [QualityFinding] = []
    for one in series {
      findings += impossibleValues(in: one)
      findings += largeMoves(in: one, allowances: &allowances)
      findings += standstills(in: one)
    }
    return findings
  }

  /// The split that a ratio of prices looks like (2 for 1 where the price halves), or nil.
  static func likelySplit(_ ratio: Double) -> String? {
    for factor in splitFactors {
      if abs(ratio * factor - 1) <= splitTolerance + slack { return "\(Int(factor)) for 1" }
      if abs(ratio / factor - 1) <= splitTolerance + slack { return "1 for \(Int(factor))" }
    }
    return nil
  }

  private static func isPossible(_ value: Double) -> Bool { value > 0 && value.isFinite }

  private static func prices(_ series: BarSeries, _ row: Int) -> [Double] {
    [series.open[row], series.high[row], series.low[row], series.close[row]]
  }

  private static func impossibleValues(in series: BarSeries) -> [QualityFinding] {
    var prices: [Int] = []
    var factors: [Int] = []
    var order: [Int] = []
    for row in 0..<series.wholeRows {
      // A not-a-number is told by the schema check.
      let values = self.prices(series, row).filter { !$0.isNaN }
      let factor = series.adjustmentFactors[row]
      if !values.allSatisfy(isPossible) {
        prices.append(row)
      } else if values.count == 4 {
        let open = series.open[row]
        let close = series.close[row]
        if series.low[row] > min(open, close) * (1 + slack) || series.high[row] < max(open, close) * (1 - slack) {
          order.append(row)
        }
      }
      if !factor.isNaN && !isPossible(factor) {
        factors.append(row)
      } else if values.allSatisfy(isPossible), !values.allSatisfy({ factor.isNaN || isPossible($0 * factor) }) {
        factors.append(row)
      }
    }
    return QualityFinding.ofRows(
      prices, in: series, check: identifier, kind: "impossible-price",
      suggestion: "Fetch these rows again; a price is a positive number."
    ) { "A price that is not positive and finite in \(counted($0, "row"))." }
      + QualityFinding.ofRows(
        factors, in: series, check: identifier, kind: "impossible-factor",
        suggestion: "Check the adjusted close: adjusted close / close must be a positive number."
      ) { "An adjustment factor that gives no positive, finite price in \(counted($0, "row"))." }
      + QualityFinding.ofRows(
        order, in: series, check: identifier, kind: "price-order",
        suggestion: "Check the order of the columns; otherwise fetch these rows again."
      ) { "The low is above, or the high below, the open or the close in \(counted($0, "row"))." }
  }

  private struct Move {
    var row: Int
    var previousClose: Double
    var openRatio: Double
    var closeRatio: Double
    var split: String?
  }

  private static func largeMoves(in series: BarSeries, allowances: inout AllowanceLedger) -> [QualityFinding] {
    var moves: [Move] = []
    var before: (date: CalendarDate, close: Double)?
    for row in 0..<series.wholeRows {
      let date = series.dates[row]
      let open = series.open[row] * series.adjustmentFactors[row]
      let close = series.close[row] * series.adjustmentFactors[row]
      // Rows out of order are told by the timestamp check; a move between them means nothing.
      if let before, before.date < date {
        let openRatio = isPossible(open) ? open / before.close : 1
        let closeRatio = isPossible(close) ? close / before.close : 1
        if max(abs(openRatio - 1), abs(closeRatio - 1)) > largestMove + slack,
          !allowances.allows(check: identifier, symbol: series.symbol, date: date)
        {
          moves.append(
            Move(
              row: row, previousClose: before.close, openRatio: openRatio, closeRatio: closeRatio,
              split: likelySplit(closeRatio) ?? likelySplit(openRatio)))
        }
      }
      if isPossible(close) { before = (date, close) }
    }
    // Each date is decided by name, so neighbours are told apart.
    return QualityFinding.runs(of: moves) { _, _ in false }.map { run in finding(of: run, in: series) }
  }

  private static func finding(of moves: [Move], in series: BarSeries) -> QualityFinding {
    let dates = moves.map { series.dates[$0.row] }
    let split = moves.compactMap(\.split).first
    let date = dates.first?.description ?? ""
    let remedy =
      moves.count == 1
      ? "If the move is real, allow it by name: --allow \(identifier):\(series.symbol):\(date) --reason \"...\"."
      : "Import the data again with adjusted prices; so many moves are rarely real."
    let message =
      moves.count == 1
      ? "A move above 20 % from the close before: \(percent(moves[0].openRatio)) to the open, "
        + "\(percent(moves[0].closeRatio)) to the close."
      : "\(moves.count) more moves above 20 % from the close before."
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
      suggestion: split.map { "A likely unadjusted split (\($0)): import adjusted prices. " + remedy }
        ?? "Compare with another source. " + remedy,
      message: message)
  }

  /// A ratio as a signed change with one decimal.
  private static func percent(_ ratio: Double) -> String {
    let tenths = ((ratio - 1) * 1000).rounded() / 10
    return "\(tenths > 0 ? "+" : "")\(tenths) %"
  }

  private static func standstills(in series: BarSeries) -> [QualityFinding] {
    var findings: [QualityFinding] = []
    var first = 0
    for row in 0..<series.wholeRows + 1 {
      let continues =
        row < series.wholeRows && row > 0 && series.close[row] == series.close[row - 1]
      if continues { continue }
      if row - first > longestStandstill && findings.count < QualityFinding.groupLimit {
        findings += QualityFinding.ofRows(
          Array(first..<row), in: series, check: identifier, kind: "stale-price", severity: .warn,
          suggestion: "Check whether the symbol traded at all; a vendor may have carried the price forward."
        ) { "The same close in \($0) rows in a row." }
      }
      first = row
    }
    return findings
  }
}
