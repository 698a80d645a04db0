// What a series of daily net liquidation values says, as pure functions. Undefined is nil, never 0.

import Glibc

/// Statistics of daily values and returns. A return is a fraction a session (0.01 is one percent); a ratio's risk-free rate and
/// target are zero unless given. Days without trades are part of every series: leaving them out while annualising by 252 inflates.
package enum ReturnStatistics {
  /// Sessions a year by convention.
  package static let sessionsPerYear = 252.0

  /// A standard deviation at or below this is rounding of a constant series (returns near 1e-2 carry errors near 1e-16).
  static let negligibleDeviation = 1e-12

  /// Value over the value before, minus 1; `initial` comes before the first close.
  ///
  /// Traps where a value other than the last is not positive: a lost account trades no further, so its series ends there.
  package static func dailyReturns(initial: Double, closes: [Double]) -> [Double] {
    var before = initial
    return closes.map { close in
      precondition(before > 0, "a return on a value of \(before) dollars")
      defer { before = close }
      return close / before - 1
    }
  }

  /// What returns are over those of cash, session by session; the returns themselves where no cash rate is given. cash: at least as many.
  package static func excess(_ returns: [Double], cash: [Double]) -> [Double] {
    guard !cash.isEmpty else { return returns }
    precondition(cash.count >= returns.count, "\(cash.count) sessions of cash for \(returns.count) returns")
    return zip(returns, cash).map { $0 - $1 }
  }

  /// Nil for no values.
  package static func mean(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }

  /// Standard deviation with n - 1 in the denominator, two passes; nil below two values.
  package static func standardDeviation(_ values: [Double]) -> Double? {
    guard values.count >= 2, let mean = mean(values) else { return nil }
    return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)).squareRoot()
  }

  /// The compounded return; nil for no returns.
  package static func totalReturn(_ returns: [Double]) -> Double? {
    returns.isEmpty ? nil : returns.reduce(1) { $0 * (1 + $1) } - 1
  }

  /// The compound rate a year, (1 + total)^(252 / T) - 1; nil for no returns or where the total is below -100 %.
  package static func annualReturn(_ returns: [Double]) -> Double? {
    guard let total = totalReturn(returns), total >= -1 else { return nil }
    return pow(1 + total, sessionsPerYear / Double(returns.count)) - 1
  }

  /// Standard deviation (n - 1) times sqrt(252); nil below two returns.
  package static func annualVolatility(_ returns: [Double]) -> Double? {
    standardDeviation(returns).map { $0 * sessionsPerYear.squareRoot() }
  }

  /// mean(r - rf) / sd(r, n - 1) x sqrt(252); nil below two returns and where the returns do not vary.
  package static func sharpe(_ returns: [Double], riskFreePerSession: Double = 0) -> Double? {
    guard let deviation = standardDeviation(returns), deviation > negligibleDeviation, let mean = mean(returns) else {
      return nil
    }
    return (mean - riskFreePerSession) / deviation * sessionsPerYear.squareRoot()
  }

  /// The same over cash that moves: excess: the returns less those of cash, of the same sessions. Nil where the account itself does not vary:
  /// cash alone would then make the ratio.
  package static func sharpe(_ returns: [Double], excess: [Double]) -> Double? {
    guard let deviation = standardDeviation(returns), deviation > negligibleDeviation else { return nil }
    return sharpe(excess)
  }

  /// The standard error of an annual Sharpe ratio that T independent daily returns gave, annual too.
  ///
  /// Per session sqrt((1 + SR^2 / 2) / T) with the ratio per session, times sqrt(252). Source: Lo 2002, "The statistics of Sharpe
  /// ratios", independent and identically distributed case.
  package static func sharpeStandardError(annualSharpe: Double, sessions: Int) -> Double? {
    guard sessions >= 2 else { return nil }
    let perSession = annualSharpe / sessionsPerYear.squareRoot()
    return ((1 + perSession * perSession / 2) / Double(sessions)).squareRoot() * sessionsPerYear.squareRoot()
  }

  /// The standard normal's quantile of 97.5 %: so many standard errors either way hold 95 of 100 cases.
  static let standardErrorsOf95Percent = 1.959964

  /// How far luck moves an annual Sharpe ratio near zero either way, in 95 of 100 cases.
  static func sharpeHalfWidthNearZero(sessions: Int) -> Double {
    standardErrorsOf95Percent * (sessionsPerYear / Double(max(sessions, 1))).squareRoot()
  }

  /// sqrt(mean(min(r - target, 0)^2)) x sqrt(252), the mean over all returns; nil for no returns.
  package static func downsideDeviation(_ returns: [Double], targetPerSession: Double = 0) -> Double? {
    guard !returns.isEmpty else { return nil }
    let squares = returns.reduce(0.0) { sum, one in
      let below = min(one - targetPerSession, 0)
      return sum + below * below
    }
    return (squares / Double(returns.count)).squareRoot() * sessionsPerYear.squareRoot()
  }

  /// mean(r - target) x 252 over the annual downside deviation; nil below two returns and where no return lies below the target.
  package static func sortino(_ returns: [Double], targetPerSession: Double = 0) -> Double? {
    guard returns.count >= 2, let mean = mean(returns),
      let downside = downsideDeviation(returns, targetPerSession: targetPerSession), downside > negligibleDeviation
    else { return nil }
    return (mean - targetPerSession) * sessionsPerYear / downside
  }

  /// The deepest fall below the highest value before it.
  package struct Drawdown: Sendable, Equatable {
    /// Value over running peak minus 1: 0 or negative.
    package var depth: Double
    /// Index of the close that was the peak; -1 for the starting balance.
    package var peak: Int
    /// Index of the lowest close; the peak itself where the value never fell.
    package var trough: Int
    /// Index of the first close back at the peak's value, nil while still below at the end.
    package var recovery: Int?
    /// Sessions from the peak to the recovery, or to the last close while there is none; 0 where the value never fell.
    package var durationSessions: Int
    /// The longest stretch of sessions below an earlier peak, of any depth.
    package var longestUnderwaterSessions: Int
  }

  /// The running peak is seeded with the starting balance, so that a loss from the first day counts. Nil for no closes.
  package static func maximumDrawdown(initial: Double, closes: [Double]) -> Drawdown? {
    guard !closes.isEmpty else { return nil }
    precondition(initial > 0, "a drawdown from a starting value of \(initial) dollars")
    var peakValue = initial
    var peak = -1
    var worst = Drawdown(
      depth: 0, peak: -1, trough: -1, recovery: nil, durationSessions: 0, longestUnderwaterSessions: 0)
    for (index, value) in closes.enumerated() {
      if value >= peakValue {
        peakValue = value
        peak = index
        continue
      }
      worst.longestUnderwaterSessions = max(worst.longestUnderwaterSessions, index - peak)
      let depth = value / peakValue - 1
      if depth < worst.depth {
        worst.depth = depth
        worst.peak = peak
        worst.trough = index
      }
    }
    guard worst.depth < 0 else { return worst }
    let target = worst.peak < 0 ? initial : closes[worst.peak]
    worst.recovery = closes[(worst.trough + 1)...].firstIndex { $0 >= target }
    worst.durationSessions = (worst.recovery ?? closes.count - 1) - worst.peak
    return worst
  }

  /// (T) how far each close lies below the highest value so far, the starting balance among them: 0 or negative; 0 where that was never
  /// positive.
  static func underwater(initial: Double, closes: [Double]) -> [Double] {
    var peak = initial
    return closes.map { close in
      peak = max(peak, close)
      return peak > 0 ? close / peak - 1 : 0
    }
  }
}
