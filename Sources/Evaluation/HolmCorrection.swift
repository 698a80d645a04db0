// Several comparisons at once: how sure each must be so that all together are.

/// Holm's step-down correction: the chance of any false finding among the comparisons stays below `familyError`, whatever they share.
///
/// Source: Holm 1979, "A simple sequentially rejective multiple test procedure".
package struct HolmCorrection: Sendable, Equatable {
  /// Adjusted p-values, in the order given: a comparison counts as found where its own is below the family's error.
  package let adjusted: [Double]
  /// The error that is left to each comparison: familyError / (number of p-values not smaller than its own).
  package let levels: [Double]

  /// Traps where a p-value is outside 0...1.
  package init(pValues: [Double], familyError: Double) {
    precondition(pValues.allSatisfy { (0...1).contains($0) }, "p-values \(pValues)")
    var adjusted = pValues
    var levels = pValues
    var least = 0.0
    for (rank, place) in pValues.indices.sorted(by: { (pValues[$0], $0) < (pValues[$1], $1) }).enumerated() {
      let left = Double(pValues.count - rank)
      least = max(least, min(1, pValues[place] * left))
      adjusted[place] = least
      levels[place] = familyError / left
    }
    self.adjusted = adjusted
    self.levels = levels
  }
}
