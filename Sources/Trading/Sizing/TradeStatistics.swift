// What an account's own trades say of its chance to win.

private import Glibc
package import Market

/// A trade from flat to flat, as sizing remembers it.
package struct SizedTrade: Sendable, Hashable {
  /// The account's tier when it was opened.
  package var tier: String
  package var closed: CalendarDate
  /// The most that it could have lost when it was opened, above 0.
  package var atRiskMicroDollars: Int64
  /// After all costs.
  package var profitMicroDollars: Int64

  package init(tier: String, closed: CalendarDate, atRiskMicroDollars: Int64, profitMicroDollars: Int64) {
    self.tier = tier
    self.closed = closed
    self.atRiskMicroDollars = atRiskMicroDollars
    self.profitMicroDollars = profitMicroDollars
  }
}

/// The trades that a tier closed in the last days.
package struct TradeStatistics: Sendable, Hashable {
  package static let days = 30
  package static let leastTrades = 30

  package private(set) var count = 0
  package private(set) var wins = 0
  package private(set) var losses = 0
  /// Of what was at risk, over the trades that won, and over those that lost (positive); 0 where there are none.
  package private(set) var meanWin = 0.0
  package private(set) var meanLoss = 0.0

  /// Those of a tier that closed on `date` or within the `days` days before it. A trade without anything at risk says nothing and does not count; one that
  /// ended without profit or loss counts as no win.
  package init(
    _ trades: some Sequence<SizedTrade>, tier: String, on date: CalendarDate, days: Int = TradeStatistics.days
  ) {
    let first = date.advanced(by: -days)
    for trade in trades
    where trade.tier == tier && trade.closed > first && trade.closed <= date && trade.atRiskMicroDollars > 0 {
      count += 1
      let share = Double(trade.profitMicroDollars) / Double(trade.atRiskMicroDollars)
      if trade.profitMicroDollars > 0 {
        wins += 1
        meanWin += share
      } else if trade.profitMicroDollars < 0 {
        losses += 1
        meanLoss -= share
      }
    }
    if wins > 0 { meanWin /= Double(wins) }
    if losses > 0 { meanLoss /= Double(losses) }
  }

  /// The bet that the trades were; nil where there are fewer than `leastTrades`, or none that lost, of which nobody can tell what a loss costs.
  ///
  /// belief: the chance to win is taken so low that the true one is higher with this belief; nil takes the share that won.
  package func bet(belief: Double? = nil) -> KellyBet? {
    guard count >= TradeStatistics.leastTrades, losses > 0 else { return nil }
    let chance = belief.map { BetaDistribution.quantile(1 - $0, wins: wins, of: count) } ?? Double(wins) / Double(count)
    return KellyBet(winProbability: chance, win: meanWin, loss: meanLoss)
  }

  /// Why there is no bet; nil where there is one.
  package var shortcoming: String? {
    if count < TradeStatistics.leastTrades {
      return "\(count) trades in \(TradeStatistics.days) days, at least \(TradeStatistics.leastTrades) are needed"
    }
    return losses > 0 ? nil : "none of \(count) trades lost: what a loss costs is unknown"
  }
}

/// What is believed of a chance after so many trials, when every chance was equally likely before: Beta(wins + 1, losses + 1).
package enum BetaDistribution {
  /// The chance below which the true one lies with a probability. Traps where the wins are not among the trials.
  package static func quantile(_ probability: Double, wins: Int, of trials: Int) -> Double {
    precondition((0...trials).contains(wins), "\(wins) wins of \(trials)")
    let (a, b) = (Double(wins + 1), Double(trials - wins + 1))
    var (low, high) = (0.0, 1.0)
    while true {
      let middle = low + (high - low) / 2
      guard middle > low, middle < high else { return low }
      if cumulative(middle, a, b) < probability { low = middle } else { high = middle }
    }
  }

  /// The regularised incomplete beta function, for a and b of at least 1. Source: Press et al. 2007, "Numerical Recipes", section 6.4: the continued fraction
  /// by Lentz's method, on the side on which it converges fast.
  static func cumulative(_ x: Double, _ a: Double, _ b: Double) -> Double {
    guard x > 0 else { return 0 }
    guard x < 1 else { return 1 }
    let front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x))
    return x < (a + 1) / (a + b + 2) ? front * fraction(x, a, b) / a : 1 - front * fraction(1 - x, b, a) / b
  }

  private static func fraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
    func away(_ value: Double) -> Double { abs(value) < 1e-300 ? 1e-300 : value }
    var c = 1.0
    var d = 1 / away(1 - (a + b) * x / (a + 1))
    var result = d
    for step in 1...10_000 {
      let m = Double(step)
      let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
      d = 1 / away(1 + even * d)
      c = away(1 + even / c)
      result *= d * c
      let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      d = 1 / away(1 + odd * d)
      c = away(1 + odd / c)
      result *= d * c
      if abs(d * c - 1) < 1e-16 { break }
    }
    return result
  }
}
