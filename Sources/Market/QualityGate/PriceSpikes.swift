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

  static func findings(in series: [BarSeries], allowances: inout AllowanceLedger) -> [QualityFinding] {
    var findings: [QualityFinding] = []
    for one in series { findings += ofSeries(one, allowances: &allowances) }
    return findings
  }

  private static func ofSeries(_ series: BarSeries, allowances: inout AllowanceLedger) -> [QualityFinding] {
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

  /// By how much, at least 1, the farthest price of a minute lies on one side of the closes of the minutes before and after it in its session.
  private static func minuteRatio(_ series: BarSeries, _ row: Int, count: Int) -> Double {
    guard row > 0, row + 1 < count, series.dates[row - 1] == series.dates[row],
      series.dates[row + 1] == series.dates[row], let before = adjusted(series.close, series, row - 1),
      let after = adjusted(series.close, series, row + 1), let high = adjusted(series.high, series, row),
      let low = adjusted(series.low, series, row), let close = adjusted(series.close, series, row)
    else { return 1 }
    return max(max(high, close) / max(before, after), min(before, after) / min(low, close), 1)
  }
}

/// The middle of numbers.
enum Median {
  /// The lower of the two middle ones where their number is even; nil of nothing. Orders the numbers; none may be not-a-number.
  static func of(_ numbers: inout [Double]) -> Double? { numbers.withUnsafeMutableBufferPointer { select($0) } }

  private static func select(_ numbers: UnsafeMutableBufferPointer<Double>) -> Double? {
    guard !numbers.isEmpty else { return nil }
    let middle = (numbers.count - 1) / 2
    var (low, high) = (0, numbers.count - 1)
    // Hoare's selection: what is left and right of the middle is never sorted.
    while low < high {
      let pivot = numbers[(low + high) / 2]
      var (left, right) = (low, high)
      while left <= right {
        while numbers[left] < pivot { left += 1 }
        while pivot < numbers[right] { right -= 1 }
        guard left <= right else { break }
        numbers.swapAt(left, right)
        (left, right) = (left + 1, right - 1)
      }
      if right < middle { low = left }
      if middle < left { high = right }
    }
    return numbers[middle]
  }
}
