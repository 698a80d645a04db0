// What may be trained on beside a test: nothing that has seen of it.

/// Sessions of which a policy may learn where others test it.
///
/// A sample (a session at which something is decided) has a label: the sessions from itself on that what it learns from has seen, up to but not
/// including its end. Purging drops samples whose label shares a session with a test sample's label; the embargo drops further ones that
/// follow a test, and lies *behind* what is purged. Source: Lopez de Prado 2018, "Advances in financial machine learning", chapter 7.
package enum PurgedTraining {
  /// The samples of `0..<labelEnds.count`, in order, that are in no test, and whose labels touch none.
  ///
  /// labelEnds: (T) of each sample, behind it. tests: in order, apart from each other or side by side. embargo: sessions behind the last label of a
  /// block of tests.
  package static func samples(labelEnds: [Int], tests: [Range<Int>], embargo: Int) -> [Int] {
    precondition(labelEnds.enumerated().allSatisfy { $0.element > $0.offset }, "a label that ends before it begins")
    precondition(embargo >= 0, "an embargo of \(embargo) sessions")
    var isAllowed = [Bool](repeating: true, count: labelEnds.count)
    for test in blocks(tests) {
      for sample in test { isAllowed[sample] = false }
      for sample in 0..<test.lowerBound where labelEnds[sample] > test.lowerBound { isAllowed[sample] = false }
      let end = (test.map { labelEnds[$0] }.max() ?? test.upperBound) + embargo
      for sample in test.upperBound..<max(test.upperBound, min(end, labelEnds.count)) { isAllowed[sample] = false }
    }
    return isAllowed.indices.filter { isAllowed[$0] }
  }

  /// Labels that all span the same: the sample's own session and so many behind it.
  package static func labelEnds(count: Int, sessionsBehind: Int) -> [Int] {
    (0..<count).map { $0 + 1 + sessionsBehind }
  }

  /// Tests side by side are one block: a label may reach over the seam.
  private static func blocks(_ tests: [Range<Int>]) -> [Range<Int>] {
    var blocks: [Range<Int>] = []
    for test in tests {
      if let last = blocks.last {
        precondition(test.lowerBound >= last.upperBound, "tests \(last) and \(test) are not in order")
        if test.lowerBound == last.upperBound {
          blocks[blocks.count - 1] = last.lowerBound..<test.upperBound
          continue
        }
      }
      blocks.append(test)
    }
    return blocks
  }
}
