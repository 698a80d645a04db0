// Halves of a window of which neither has seen of the other.

/// A window of sessions in an even number of folds, every half of which is tested once: a layout of combinatorial purged splits, of which
/// `BacktestOverfitting` asks whether what is best on the rest stays good.
package struct PurgedFolds: Sendable, Equatable {
  /// Of 12 there are 924 halves: the page waits for less than a second.
  package static let counts = 2...12
  /// Sessions of which a ratio says a little.
  package static let fewestSessions = 20

  /// Even.
  package var count: Int
  /// Sessions over which features look back and positions live ...
  package var purge: Int
  /// ... and further ones behind each test.
  package var embargo: Int

  package init(count: Int, purge: Int, embargo: Int) {
    precondition(PurgedFolds.counts.contains(count) && count.isMultiple(of: 2), "\(count) folds have no halves")
    (self.count, self.purge, self.embargo) = (count, purge, embargo)
  }

  /// The splits of so many sessions; nil where one of them leaves fewer than `fewestSessions` to choose on, or to test on.
  package func splits(sessions: Int) -> CombinatorialSplits? {
    guard sessions / count * (count / 2) >= PurgedFolds.fewestSessions else { return nil }
    let found = CombinatorialSplits(
      labelEnds: PurgedTraining.labelEnds(count: sessions, sessionsBehind: purge), folds: count, testFolds: count / 2,
      embargo: embargo)
    return found.splits.allSatisfy { $0.training.count >= PurgedFolds.fewestSessions } ? found : nil
  }

  /// The most folds, at most `counts` has, into which so many sessions go; nil where none do.
  package static func most(sessions: Int, purge: Int, embargo: Int) -> Int? {
    stride(from: counts.upperBound, through: counts.lowerBound, by: -2).first {
      PurgedFolds(count: $0, purge: purge, embargo: embargo).splits(sessions: sessions) != nil
    }
  }
}
