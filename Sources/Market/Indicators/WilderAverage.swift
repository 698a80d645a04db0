// The smoothing under RSI and ATR.

/// Wilder's average: the mean of the first `period` values, then a[t] = (a[t-1] (period - 1) + value) / period.
///
/// While fewer have come, the mean of what has. Source: Wilder 1978, "New Concepts in Technical Trading Systems".
struct WilderAverage {
  private let period: Int
  private var count = 0
  private var sum = 0.0
  /// 0 before the first value.
  private(set) var value = 0.0

  init(period: Int) {
    precondition(period >= 1, "an average over \(period) bars")
    self.period = period
  }

  mutating func add(_ new: Double) {
    if count < period {
      count += 1
      sum += new
      value = sum / Double(count)
    } else {
      value = (value * Double(period - 1) + new) / Double(period)
    }
  }
}
