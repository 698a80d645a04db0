// How much the price moves in a bar.

package enum RealizedVolatility {
  /// The standard deviation of the last `window` one-bar log returns, with divisor count - 1: per bar, not annualised (on daily bars,
  /// per day; the decimal 0.01 is one percent a day).
  ///
  /// Exact from bar `window` on; before that, over the returns so far, and 0 while there are fewer than two. Each value is computed from
  /// its own window in two passes. Traps if `window` is below 2.
  package static func values(of closes: [Double], window: Int = 20) -> [Double] {
    precondition(window >= 2, "a deviation of \(window) returns")
    // The return of bar 0 does not exist: the array of returns is one shorter.
    let returns = Array(LogReturns.values(of: closes, lag: 1).dropFirst())
    let deviations = RollingWindow.map(returns, window) { part in
      guard part.count >= 2 else { return 0 }
      let mean = part.reduce(0, +) / Double(part.count)
      let squares = part.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      return (squares / Double(part.count - 1)).squareRoot()
    }
    return closes.isEmpty ? [] : [0] + deviations
  }
}
