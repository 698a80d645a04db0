// How much two prices move together.

/// Correlation and beta of one-bar log returns over the last `window` of them, the current bar's included.
///
/// Before so many have come, of those that have; 0 while there are fewer than two, and where the prices that are divided by did not move. Deviations
/// below 1e-10 of the returns themselves are rounding, not movement. Each value is computed from its own window, oldest first, in two
/// passes, so that it never depends on what comes after its bar.
package enum Comovement {
  /// Pearson's correlation, -1 to 1. Symmetric. Traps if the lengths differ or `window` is below 2.
  package static func correlation(of first: [Double], and second: [Double], window: Int) -> [Double] {
    moments(first, second, window).map { moments in
      guard moments.firstMoves, moments.secondMoves else { return 0 }
      let value = moments.product / (moments.firstSquares * moments.secondSquares).squareRoot()
      return max(-1, min(1, value))
    }
  }

  /// The slope of a symbol's returns over a benchmark's: covariance / variance of the benchmark. Traps as `correlation` does.
  ///
  /// Source: Sharpe 1964, "Capital asset prices: a theory of market equilibrium under conditions of risk".
  package static func beta(of symbol: [Double], against benchmark: [Double], window: Int) -> [Double] {
    moments(symbol, benchmark, window).map { moments in
      moments.secondMoves ? moments.product / moments.secondSquares : 0
    }
  }

  /// Sums over a window of squares and products of deviations from the window's means.
  private struct Moments {
    var firstSquares = 0.0
    var secondSquares = 0.0
    var product = 0.0
    var firstMoves = false
    var secondMoves = false
  }

  private static func moments(_ first: [Double], _ second: [Double], _ window: Int) -> [Moments] {
    precondition(window >= 2, "a comovement of \(window) returns")
    precondition(first.count == second.count, "a comovement of \(first.count) and \(second.count) bars")
    let firstReturns = LogReturns.values(of: first, lag: 1)
    let secondReturns = LogReturns.values(of: second, lag: 1)
    return first.indices.map { bar in
      // The return of bar 0 does not exist.
      let range = max(1, bar - window + 1)..<max(1, bar + 1)
      guard range.count >= 2 else { return Moments() }
      let firstMean = firstReturns[range].reduce(0, +) / Double(range.count)
      let secondMean = secondReturns[range].reduce(0, +) / Double(range.count)
      var moments = Moments()
      var firstSize = 0.0
      var secondSize = 0.0
      for bar in range {
        let first = firstReturns[bar] - firstMean
        let second = secondReturns[bar] - secondMean
        moments.firstSquares += first * first
        moments.secondSquares += second * second
        moments.product += first * second
        firstSize += firstReturns[bar] * firstReturns[bar]
        secondSize += secondReturns[bar] * secondReturns[bar]
      }
      moments.firstMoves = moments.firstSquares > 1e-20 * firstSize
      moments.secondMoves = moments.secondSquares > 1e-20 * secondSize
      return moments
    }
  }
}
