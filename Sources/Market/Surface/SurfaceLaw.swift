// How high the volatility of options stands where there is no chain: from an index such as the VIX, two ways.

import Glibc

/// What turns an index level into the volatility at the money.
///
/// An index itself is no such volatility: a straddle of one day priced with it cost 1.26 times what it paid (S&P 500 and VIX, 1995 to 2026), so that every
/// seller would be handed a fifth of the premium.
package enum SurfaceLaw: String, Sendable, CaseIterable {
  /// What was paid for is what comes, as far as the past can tell: `FairRatio` times a factor of the term.
  case fair
  /// Nearer to what real chains ask: sellers of straddles keep 5 to 9 % of the premium.
  case market

  /// What the volatility at the money is of the index, of an expiry on the n-th session after today's (0 for today's). `fairRatio`: see `FairRatio`.
  package func ratio(toIndex index: Double, sessionsAhead n: Int, fairRatio: Double) -> Double {
    switch self {
    case .fair: fairRatio * SurfaceLaw.fairTerm(sessionsAhead: n)
    case .market: SurfaceLaw.marketRatio(index: index, sessionsAhead: n)
    }
  }

  /// 1 up to two sessions and 0.91 from ten on, between them linear in ln(1 + n): without it straddles of 5, 10 and 21 sessions hand the seller 4, 9 and 9 %.
  static func fairTerm(sessionsAhead n: Int) -> Double {
    if n <= 2 { return 1 }
    if n >= 10 { return 0.91 }
    let place = (log(1 + Double(n)) - log(3)) / (log(11) - log(3))
    return 1 + (0.91 - 1) * place
  }

  /// 0.70 + 0.022 (index - 14), within 0.65...1.10, for today's expiry; 0.80 + 0.004 (index - 14) at 21 sessions and beyond; between them linear in ln(1 + n).
  static func marketRatio(index: Double, sessionsAhead n: Int) -> Double {
    let today = min(max(0.70 + 0.022 * (index - 14), 0.65), 1.10)
    let month = 0.80 + 0.004 * (index - 14)
    let place = min(log(1 + Double(max(n, 0))) / log(22), 1)
    return today + (month - today) * place
  }

  /// The smile of an expiry on the n-th session after today's.
  ///
  /// The chains' own slope is itself an edge on levels that are fair: sellers of 15-delta puts would keep 22 % of the premium, sellers of 15-delta calls
  /// lose 33 %. Hence the flatter one of `fair`.
  package func smile(sessionsAhead n: Int) -> Smile {
    switch self {
    case .fair: Smile(slope: -0.05, curvature: 0.03)
    case .market: Smile(slope: -0.10 - 0.025 * log(1 + Double(max(n, 0))), curvature: 0.03)
    }
  }
}

/// A volatility by moneyness: v = v_atm (1 + a k + b k^2), k = ln(K / F) / (v_atm sqrt T), within bounds.
package struct Smile: Sendable, Equatable {
  /// a: volatility a standard deviation of moneyness, as a share of that at the money.
  package var slope: Double
  /// b.
  package var curvature: Double

  /// Beyond these the smile is flat.
  package static let moneyness = -5.0...4.0
  /// What no volatility is below or above, of that at the money.
  package static let factors = 0.5...4.0

  package init(slope: Double, curvature: Double) {
    self.slope = slope
    self.curvature = curvature
  }

  /// What a volatility is of the one at the money. `k`: standardised moneyness; 1 where it is no number, as at the moment of expiry.
  package func factor(at k: Double) -> Double {
    guard !k.isNaN else { return 1 }
    let k = min(max(k, Smile.moneyness.lowerBound), Smile.moneyness.upperBound)
    return min(max(1 + slope * k + curvature * k * k, Smile.factors.lowerBound), Smile.factors.upperBound)
  }

  /// A volatility. `logMoneyness`: ln(K / F); `years`: on the variance clock.
  package func volatility(atTheMoney: Double, logMoneyness: Double, years: Double) -> Double {
    let deviation = atTheMoney * years.squareRoot()
    return atTheMoney * factor(at: deviation > 0 ? logMoneyness / deviation : .nan)
  }
}

/// What daily moves were of those that the index promised the evening before, so far as it was known.
package struct FairRatio: Sendable {
  /// Of 1995 to 2026; taken until enough is known.
  package static let beforeHistory = 0.78
  package static let leastSessions = 252
  package static let longestSessions = 504

  /// sqrt(2 / pi): the mean of |z| of a standard normal, to the digits that the promise is defined with.
  static let meanOfAbsolute = 0.79788

  /// The moves of closes and the promises, oldest first, of the sessions so far; at most `longestSessions`.
  private var moves: [Double] = []
  private var promises: [Double] = []
  private var next = 0

  package init() {}

  /// The mean move that an index level promises for the next session.
  package static func promise(of index: Double) -> Double {
    meanOfAbsolute * index / 100 / VolatilityIndex.sessionsPerYear.squareRoot()
  }

  /// Takes a session that is over: its return from close to close, and the index level of the evening before.
  package mutating func append(dailyReturn: Double, indexBefore: Double) {
    let (move, promise) = (abs(dailyReturn), FairRatio.promise(of: indexBefore))
    guard moves.count == FairRatio.longestSessions else {
      moves.append(move)
      promises.append(promise)
      return
    }
    moves[next] = move
    promises[next] = promise
    next = (next + 1) % FairRatio.longestSessions
  }

  package var sessionCount: Int { moves.count }

  /// The ratio for what comes next.
  package var value: Double {
    guard moves.count >= FairRatio.leastSessions else { return FairRatio.beforeHistory }
    return moves.reduce(0, +) / promises.reduce(0, +)
  }
}

/// Levels of an index of volatility, in points (16 for 16 % a year).
package enum VolatilityIndex {
  static let sessionsPerYear = 252.0
  /// What has been seen, with room: the VIX and its forerunner stood between 8.6 and 150.2 at a close.
  package static let levels = 3.0...250.0

  /// Whether a name is that of the VIX, of which the first fair ratio and the law `market` are.
  package static func isVIX(_ symbol: String) -> Bool { symbol.drop { $0 == "^" || $0 == "." } == "VIX" }
}
