// Every choice of some folds as a test: a distribution of paths instead of one.

/// Combinatorial purged cross-validation: the sessions in folds, every choice of `testFolds` of them tested once, the rest trained on as far as
/// purge and embargo leave it.
///
/// Source: Lopez de Prado 2018, "Advances in financial machine learning", chapter 12; numbers compared with `CombinatorialPurgedCV` of the Python
/// packages skfolio and purgedcv.
package struct CombinatorialSplits: Sendable, Equatable {
  package struct Split: Sendable, Equatable {
    /// Samples to learn from, in order.
    package var training: [Int]
    /// The folds that are tested, in order.
    package var folds: [Int]
    /// Their sessions.
    package var tests: [Range<Int>]
    /// Which path each of them belongs to: the first time that a fold is tested it stands in path 0, and so on.
    package var paths: [Int]
  }

  package let splits: [Split]
  /// Each session is tested once in every path.
  package let pathCount: Int

  /// labelEnds: see `PurgedTraining`. The first folds hold an equal number of samples, the last one what is left over besides.
  package init(labelEnds: [Int], folds: Int, testFolds: Int, embargo: Int) {
    let count = labelEnds.count
    precondition(folds >= 2 && (1..<folds).contains(testFolds), "\(testFolds) of \(folds) folds")
    precondition(count >= folds, "\(count) samples in \(folds) folds")
    let size = count / folds
    let ranges = (0..<folds).map { fold in fold * size..<(fold == folds - 1 ? count : (fold + 1) * size) }
    var tested = [Int](repeating: 0, count: folds)
    splits = CombinatorialSplits.choices(of: testFolds, among: folds).map { chosen in
      let tests = chosen.map { ranges[$0] }
      let paths = chosen.map { tested[$0] }
      for fold in chosen { tested[fold] += 1 }
      return Split(
        training: PurgedTraining.samples(labelEnds: labelEnds, tests: tests, embargo: embargo), folds: chosen,
        tests: tests, paths: paths)
    }
    pathCount = tested[0]
  }

  /// Every choice of so many of `0..<count`, ascending, in lexicographic order.
  static func choices(of size: Int, among count: Int) -> [[Int]] {
    var choice = Array(0..<size)
    var choices: [[Int]] = []
    while true {
      choices.append(choice)
      guard let place = choice.indices.last(where: { choice[$0] < count - size + $0 }) else { return choices }
      choice[place] += 1
      for next in choice.indices.dropFirst(place + 1) { choice[next] = choice[next - 1] + 1 }
    }
  }
}
