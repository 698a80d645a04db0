// Are the prices possible, and does each follow from the one before?

/// Raw prices and factors must be positive and finite, and low <= open, close <= high, but for the rounding of a last bit (of an index, which nobody
/// trades, an order is a warning).
///
/// A move is the ratio of an adjusted price to the adjusted close of the date before (the last one with a usable close), once for
/// the close and once for the open. It is too large if |ratio - 1| exceeds 0.2: 20 % in either direction passes, so the bounds are
/// 0.8 and 1.2, not a factor and its inverse. A slack of 1e-9 absorbs the rounding of a product and a quotient.
enum PriceContinuity: QualityCheck {
  static let identifier = "price-continuity"

  static let largestMove = 0.2
  /// What nobody trades may triple overnight, and fall to a third: the volatility of shares did.
  static let largestRatioOfIndices = 3.0
  /// A close that stays the same for more bars than this is reported as stale.
  static let longestStandstill = 10
  static let slack = 1e-9

  static func findings(in examined: ExaminedSeries, allowances: inout AllowanceLedger) -> [QualityFinding] {
    let series = examined.series
    return impossibleValues(in: series, allowances: &allowances) + largeMoves(in: series, allowances: &allowances)
      + standstills(in: series)
  }

  static func isPossible(_ value: Double) -> Bool { value > 0 && value.isFinite }

  private static func prices(_ series: BarSeries, _ row: Int) -> [Double] {
    [series.open[row], series.high[row], series.low[row], series.close[row]]
  }

  /// Whether all prices from one to the other are possible, raw and adjusted.
  private static func isSound(_ low: Double, _ high: Double, _ factor: Double) -> Bool {
    high.isFinite && isPossible(factor) && isPossible(low * factor) && isPossible(high * factor)
  }

  private static func impossibleValues(
    in series: BarSeries, allowances: inout AllowanceLedger
  ) -> [QualityFinding] {
    var prices: [Int] = []
    var factors: [Int] = []
    var order: [Int] = []
    for row in 0..<series.wholeRows {
      // The rule: all sound, which takes no list of them.
      let (open, high, low, close) = (series.open[row], series.high[row], series.low[row], series.close[row])
      if 0 < low, low <= open, low <= close, open <= high, close <= high,
        isSound(low, high, series.adjustmentFactors[row])
      {
        continue
      }
      // A not-a-number is told by the schema check.
      let values = self.prices(series, row).filter { !$0.isNaN }
      let factor = series.adjustmentFactors[row]
      if !values.allSatisfy(isPossible) {
        prices.append(row)
      } else if values.count == 4 {
        let open = series.open[row]
        let close = series.close[row]
        let isInOrder =
          series.low[row] <= min(open, close) * (1 + slack) && series.high[row] >= max(open, close) * (1 - slack)
        if !isInOrder, !allowances.allows(check: identifier, symbol: series.symbol, date: series.dates[row]) {
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
        severity: series.instrument.isTradable ? .fail : .warn,
        suggestion: "Check the order of the columns, or fetch these rows again."
      ) { "The low is above, or the high below, the open or the close in \(counted($0, "row"))." }
      .map { $0.allowable(" If the vendor has them so: ") }
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
