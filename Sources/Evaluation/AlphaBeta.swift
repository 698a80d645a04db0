// What an account earned that its market does not explain.

internal import Glibc

/// Ordinary least squares of an account's returns over cash on a reference's returns over cash, with standard errors that hold where
/// the residuals depend on each other and their size changes.
///
/// account - cash = alpha + beta x (reference - cash) + residual, a session. Standard errors: Newey and West 1987, Bartlett weights,
/// times n / (n - 2) in the variance; lags by the rule of Newey and West 1994, floor(4 (n / 100)^(2 / 9)).
package struct AlphaBeta: Sendable, Equatable {
  package var sessions: Int
  /// How many sessions back a residual is taken to depend on.
  package var lags: Int
  /// A session.
  package var alpha: Double
  package var alphaStandardError: Double
  package var beta: Double
  package var betaStandardError: Double
  /// The share of the account's variance that the reference explains; nil where the account does not vary.
  package var rSquared: Double?

  /// account: (T) or, where it was lost, fewer; reference, cash: (T) at least as many, of the same sessions.
  /// Nil below three sessions and where the reference does not vary. Traps where a series is shorter than the account's.
  package init?(account: [Double], reference: [Double], cash: [Double], lags: Int? = nil) {
    let count = account.count
    precondition(
      reference.count >= count && cash.count >= count,
      "\(count) returns against \(reference.count) of the reference and \(cash.count) of cash")
    guard count >= 3 else { return nil }
    let own = zip(account, cash).map(-)
    let market = zip(reference.prefix(count), cash).map(-)
    guard let ownMean = ReturnStatistics.mean(own), let marketMean = ReturnStatistics.mean(market),
      let deviation = ReturnStatistics.standardDeviation(market), deviation > ReturnStatistics.negligibleDeviation
    else { return nil }
    // Around the means, so that no digits are lost to their products.
    let centred = market.map { $0 - marketMean }
    let squares = centred.reduce(0) { $0 + $1 * $1 }
    let slope = zip(centred, own).reduce(0) { $0 + $1.0 * ($1.1 - ownMean) } / squares
    let residuals = zip(centred, own).map { $1 - ownMean - slope * $0 }
    self.sessions = count
    self.lags = min(lags ?? AlphaBeta.lags(sessions: count), count - 1)
    beta = slope
    alpha = ownMean - slope * marketMean
    // How much each session's residual moves an estimate.
    let betaParts = zip(residuals, centred).map { $0 * $1 / squares }
    let alphaParts = zip(residuals, betaParts).map { $0 / Double(count) - marketMean * $1 }
    let correction = Double(count) / Double(count - 2)
    betaStandardError = (correction * AlphaBeta.longRunSquares(betaParts, lags: self.lags)).squareRoot()
    alphaStandardError = (correction * AlphaBeta.longRunSquares(alphaParts, lags: self.lags)).squareRoot()
    let total = own.reduce(0) { $0 + ($1 - ownMean) * ($1 - ownMean) }
    let left = residuals.reduce(0) { $0 + $1 * $1 }
    let spread = (total / Double(count - 1)).squareRoot()
    rSquared = spread > ReturnStatistics.negligibleDeviation ? 1 - left / total : nil
  }

  /// floor(4 (n / 100)^(2 / 9)).
  package static func lags(sessions: Int) -> Int { Int(4 * pow(Double(sessions) / 100, 2.0 / 9)) }

  /// The sum of squares of values, and of their products up to `lags` apart with weights that fall to zero (Bartlett): never negative but for
  /// rounding, which is cut off.
  static func longRunSquares(_ values: [Double], lags: Int) -> Double {
    var sum = values.reduce(0) { $0 + $1 * $1 }
    for lag in 0..<lags {
      let products = zip(values, values.dropFirst(lag + 1)).reduce(0) { $0 + $1.0 * $1.1 }
      sum += 2 * (1 - Double(lag + 1) / Double(lags + 1)) * products
    }
    return max(sum, 0)
  }

  /// Alpha a year: 252 times that of a session, not compounded, so that its error has the same factor.
  package var alphaPerYear: Double { alpha * ReturnStatistics.sessionsPerYear }
  package var alphaPerYearStandardError: Double { alphaStandardError * ReturnStatistics.sessionsPerYear }
  /// Where alpha a year lies in 95 of 100 cases.
  package var alphaPerYearInterval: Interval {
    AlphaBeta.interval(alphaPerYear, standardError: alphaPerYearStandardError)
  }
  package var betaInterval: Interval { AlphaBeta.interval(beta, standardError: betaStandardError) }

  private static func interval(_ estimate: Double, standardError: Double) -> Interval {
    let half = ReturnStatistics.standardErrorsOf95Percent * standardError
    return Interval(estimate: estimate, lower: estimate - half, upper: estimate + half, confidence: 0.95)
  }
}
