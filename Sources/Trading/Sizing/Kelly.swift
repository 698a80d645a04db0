// How much of an account a bet deserves: Kelly's fraction under both of its names.

private import Glibc

/// A bet that wins `win` of its stake with a probability and else loses `loss` of it.
///
/// Source: Kelly 1956, "A new interpretation of information rate"; Thorp 2006, "The Kelly criterion in blackjack, sports betting, and the stock
/// market".
package struct KellyBet: Sendable, Hashable {
  /// 0...1.
  package var winProbability: Double
  /// Fraction of the stake, above 0 for a bet that can win.
  package var win: Double
  /// Fraction of the stake, above 0.
  package var loss: Double

  package init(winProbability: Double, win: Double, loss: Double) {
    self.winProbability = winProbability
    self.win = win
    self.loss = loss
  }

  private var isKnown: Bool {
    (0...1).contains(winProbability) && win > 0 && win.isFinite && loss > 0 && loss.isFinite
  }

  /// The fraction of the account to put at risk, that is, to lose where the bet loses: p - (1 - p) x loss / win, never below 0; 0 where the bet is none.
  package var riskFraction: Double {
    isKnown ? max(0, winProbability - (1 - winProbability) * loss / win) : 0
  }

  /// The fraction of the account to stake: p / loss - (1 - p) / win, which is the risk over what a stake can lose; above 1 where that is less than all.
  package var notionalFraction: Double { isKnown ? riskFraction / loss : 0 }

  /// The expected growth of the logarithm of the account a bet, at a fraction staked; minus infinity where one loss takes all.
  package func growth(notionalFraction fraction: Double) -> Double {
    let left = 1 - fraction * loss
    guard left > 0 else { return -.infinity }
    return winProbability * log1p(fraction * win)
      + (1 - winProbability) * log(left)
  }
}

/// Kelly's fraction where more is known than a chance to win.
package enum Kelly {
  /// Of returns that are normal and small: mean over variance, never below 0. 0 where the variance is not above 0.
  package static func continuous(mean: Double, variance: Double) -> Double {
    variance > 0 && mean.isFinite ? max(0, mean / variance) : 0
  }

  /// The share of the best growth that a part of the full fraction keeps: c (2 - c); half keeps three quarters with half the volatility.
  package static func growthShare(ofPart part: Double) -> Double { part * (2 - part) }

  /// The fraction that would have grown the account most over trades: where the mean of ln(1 + f r) is largest, for f from 0 to 1 / the largest loss, and at
  /// most `most`.
  ///
  /// returns: of the stake, each trade's. 0 where there are none, where one is not finite, or where their mean is not above 0; `most` where no trade lost.
  /// The mean is concave, so its slope, the mean of r / (1 + f r), falls: it is halved to the last bit.
  package static func empirical(returns: [Double], most: Double = 1) -> Double {
    guard !returns.isEmpty, most > 0, returns.allSatisfy(\.isFinite) else { return 0 }
    func slope(_ fraction: Double) -> Double { returns.reduce(0) { $0 + $1 / (1 + fraction * $1) } }
    guard slope(0) > 0 else { return 0 }
    let largestLoss = -(returns.min() ?? 0)
    var (low, high) = (0.0, most)
    if largestLoss > 0 { high = min(high, 1 / largestLoss) }
    if 1 - high * max(largestLoss, 0) > 0, slope(high) >= 0 { return high }
    while true {
      let middle = low + (high - low) / 2
      guard middle > low, middle < high else { return low }
      if slope(middle) > 0 { low = middle } else { high = middle }
    }
  }
}
