// Does the best of several in one half of the time stay good in the other half?

import Glibc
import Kernels

/// The probability of backtest overfitting: how often, over all ways to take half of the blocks of time, the one that was best there is below the
/// median in the other half.
///
/// Source: Bailey, Borwein, Lopez de Prado and Zhu 2017, "The probability of backtest overfitting" (combinatorially symmetric cross-validation);
/// numbers compared with the Python package purgedcv.
package struct BacktestOverfitting: Sendable, Equatable {
  /// Share of the ways in which the best of one half is below the median of the other.
  package let probability: Double
  /// Of each way: the logit of the relative rank in the other half of what was best in the first.
  package let logits: [Double]
  /// Slope of the other half's ratio on the first half's, of the best; nil where the first half's never varies.
  package let slope: Double?

  /// returns: (C, T) a row a configuration, over the same sessions. blocks: an even number; as many as are usual are 16. Nil for fewer than two
  /// configurations, or fewer sessions than blocks.
  package init?(returns: [[Double]], blocks: Int = 16) {
    precondition(blocks >= 2 && blocks.isMultiple(of: 2), "\(blocks) blocks are no even number")
    guard returns.count >= 2, let count = returns.first?.count, count >= blocks else { return nil }
    precondition(returns.allSatisfy { $0.count == count }, "rows of different lengths")
    // The first blocks take what is left over, one each.
    let (size, more) = (count / blocks, count % blocks)
    var begin = 0
    let ranges = (0..<blocks).map { block in
      defer { begin += size + (block < more ? 1 : 0) }
      return begin..<(begin + size + (block < more ? 1 : 0))
    }
    self.init(
      returns,
      ways: CombinatorialSplits.choices(of: blocks / 2, among: blocks).map { chosen in
        (
          inside: ranges.indices.filter { !chosen.contains($0) }.flatMap { Array(ranges[$0]) },
          outside: chosen.flatMap { Array(ranges[$0]) }
        )
      })
  }

  /// The same over combinatorial purged splits: chosen on what purge and embargo leave, looked at on the folds that are tested. Nil for fewer than two
  /// configurations, or where the sessions are too few for the folds (`PurgedFolds.splits`).
  package init?(returns: [[Double]], folds: PurgedFolds) {
    guard returns.count >= 2, let count = returns.first?.count, let found = folds.splits(sessions: count) else {
      return nil
    }
    precondition(returns.allSatisfy { $0.count == count }, "rows of different lengths")
    self.init(returns, ways: found.splits.map { ($0.training, $0.tests.flatMap { Array($0) }) })
  }

  /// ways: which sessions are chosen on, and on which others what was chosen is looked at.
  private init(_ returns: [[Double]], ways: [(inside: [Int], outside: [Int])]) {
    var logits: [Double] = []
    var pairs: [SIMD2<Double>] = []
    for way in ways {
      let here = returns.map { BacktestOverfitting.ratio($0, over: way.inside) }
      let there = returns.map { BacktestOverfitting.ratio($0, over: way.outside) }
      let best = here.indices.max { (here[$0], -$0) < (here[$1], -$1) } ?? 0
      let below = there.count { $0 < there[best] }
      let equal = there.count { $0 == there[best] }
      let rank = Double(below) + Double(equal + 1) / 2
      let share = rank / Double(returns.count + 1)
      logits.append(log(share / (1 - share)))
      pairs.append(SIMD2(here[best], there[best]))
    }
    self.logits = logits
    probability = Double(logits.count { $0 < 0 }) / Double(logits.count)
    let moments = Moments(pairs[...])
    let variance = pairs.reduce(0.0) { $0 + ($1.x - moments.first.x) * ($1.x - moments.first.x) }
    let covariance = pairs.reduce(0.0) { $0 + ($1.x - moments.first.x) * ($1.y - moments.first.y) }
    slope = variance > 0 ? covariance / variance : nil
  }

  /// Sharpe ratio a session; 0 where nothing varies.
  private static func ratio(_ returns: [Double], over sessions: [Int]) -> Double {
    let some = sessions.map { returns[$0] }
    guard let mean = ReturnStatistics.mean(some), let deviation = ReturnStatistics.standardDeviation(some),
      deviation > ReturnStatistics.negligibleDeviation
    else { return 0 }
    return mean / deviation
  }
}
