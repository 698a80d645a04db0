// How far below its recent high the price stands.

package enum Drawdown {
  /// close / (highest high of the last `window` bars, the current one included) - 1: 0 at a high, negative below it.
  ///
  /// Exact from bar `window` - 1 on; before that, over the bars so far. Traps if the lengths differ or `window` is below 1.
  package static func values(of closes: [Double], high: [Double], window: Int = 50) -> [Double] {
    precondition(high.count == closes.count, "\(high.count) highs for \(closes.count) closes")
    return zip(closes, RollingWindow.highest(of: high, window: window)).map { $0 / $1 - 1 }
  }
}
