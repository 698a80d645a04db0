// Does a price leave its neighbours and come back, as a wrong tick does and a crash does not?

/// A price is held against those on both sides of it, so that a move that lasts is none of this check's. Adjusted prices.
///
/// Minutes of one session: a close, high or low that lies farther from the closes before and after it, on one side of both, than the larger of 3 %
/// and 12 robust standard deviations of the series' own minutes (1.4826 x the median of |log return|) fails.
/// Sessions: a high above, or a low below, all opens and closes of its own day and the closes beside: by a half or more it fails (twice the price, half
/// the price), by 30 % it is a warning.
enum PriceSpikes: QualityCheck {
  static let identifier = PriceContinuity.identifier

  static let smallestTick = 0.03
  static let robustDeviations = 12.0
  static let (warningRatio, failureRatio) = (1.3, 2.0)

  static func findings(in examined: ExaminedSeries, allowances: inout AllowanceLedger) -> [QualityFinding] {
    let series = examined.series
    let (warning, failure) = series.width == .session ? (warningRatio, failureRatio) : bounds(series)
    var rows: [QualityFinding.Severity: [Int]] = [:]
    let count = series.wholeRows
    for row in 0..<count {
      let ratio =
        series.width == .session ? sessionRatio(series, row, count: count) : minuteRatio(series, row, count: count)
      guard ratio >= warning else { continue }
      let severity: QualityFinding.Severity = ratio >= failure ? .fail : .warn
      if severity == .fail, allowances.allows(check: identifier, symbol: series.symbol, date: series.dates[row]) {
        continue
      }
      rows[severity, default: []].append(row)
    }
    return [QualityFinding.Severity.fail, .warn].flatMap { severity -> [QualityFinding] in
      let found = QualityFinding.ofRows(
        rows[severity] ?? [], in: series, check: identifier, kind: "price-spike", severity: severity,
        suggestion: "Compare with another source."
      ) { "A price far from those before and after it in \(counted($0, "row"))." }
      return severity == .fail ? found.map { $0.allowable(" If real: ") } : found
    }
  }

  /// The ratio from which a price of a minute fails; there is none that only warns.
  private static func bounds(_ series: BarSeries) -> (warning: Double, failure: Double) {
    var moves: [Double] = []
    moves.reserveCapacity(series.wholeRows)
    for row in 0..<series.wholeRows where row > 0 && series.dates[row] == series.dates[row - 1] {
      let move = abs(series.close[row] / series.close[row - 1] - 1)
      if move.isFinite { moves.append(move) }
    }
    let bound = 1 + max(smallestTick, robustDeviations * 1.4826 * (Median.of(&moves) ?? 0))
    return (bound, bound)
  }

  private static func adjusted(_ values: [Double], _ series: BarSeries, _ row: Int) -> Double? {
    let price = values[row] * series.adjustmentFactors[row]
    return price > 0 && price.isFinite ? price : nil
  }

  /// By how much, at least 1, the farther of high and low lies outside of the open, the close and the closes beside; 1 where a price is impossible.
  private static func sessionRatio(_ series: BarSeries, _ row: Int, count: Int) -> Double {
    guard let open = adjusted(series.open, series, row), let close = adjusted(series.close, series, row),
      let high = adjusted(series.high, series, row), let low = adjusted(series.low, series, row)
    else { return 1 }
    var (most, least) = (max(open, close), min(open, close))
    if row > 0, let beside = adjusted(series.close, series, row - 1) {
      (most, least) = (max(most, beside), min(least, beside))
    }
    if row + 1 < count, let beside = adjusted(series.close, series, row + 1) {
      (most, least) = (max(most, beside), min(least, beside))
    }
    return max(high / most, least / low, 1)
  }

  /// Whether all prices of a minute lie nearer to the closes beside than any bound, which takes no quotient: the rule. Raw prices compare as adjusted ones do
  /// where the factor is the same.
  private static func isPlain(_ series: BarSeries, _ row: Int) -> Bool {
    let factor = series.adjustmentFactors[row]
    guard series.adjustmentFactors[row - 1] == factor, series.adjustmentFactors[row + 1] == factor else { return false }
    let (before, after, close) = (series.close[row - 1], series.close[row + 1], series.close[row])
    return max(series.high[row], close) < max(before, after) * nearby
      && min(before, after) < min(series.low[row], close) * nearby
  }

  /// Less than the smallest tick, by far more than what rounding does to a quotient.
  private static let nearby = 1.02

  /// By how much, at least 1, the farthest price of a minute lies on one side of the closes of the minutes before and after it in its session.
  private static func minuteRatio(_ series: BarSeries, _ row: Int, count: Int) -> Double {
    guard row > 0, row + 1 < count, series.dates[row - 1] == series.dates[row],
      series.dates[row + 1] == series.dates[row], !isPlain(series, row),
      let before = adjusted(series.close, series, row - 1),
      let after = adjusted(series.close, series, row + 1), let high = adjusted(series.high, series, row),
      let low = adjusted(series.low, series, row), let close = adjusted(series.close, series, row)
    else { return 1 }
    return max(max(high, close) / max(before, after), min(before, after) / min(low, close), 1)
  }
}
