// Binomial trees side by side.

/// Leisen-Reimer trees that were set up, an array for each of their numbers. Letters: n steps, N trees, a multiple of the lanes.
///
/// Node j of level i, i ups and downs from the root and j of them up, is worth bases ratios^j scales^(n - i) dollars, signed: negative for a put.
struct TreeForest {
  /// Trees that a loop takes at once, at most; the count is filled up to a multiple of them.
  static let lanes = 16

  let steps: Int
  let count: Int
  var bases: [Double]
  var ratios: [Double]
  var scales: [Double]
  /// Discounted probabilities of a step up and of one down.
  var ups: [Double]
  var downs: [Double]
  /// (n + 1, N): signed, less the dividends that are still to be paid at that level.
  var strikes: [Double]
  /// (6, N): values at the three nodes of level two, the two of level one, and the root.
  var nodes: [Double]

  /// A forest for that many options, each place a tree of nothing.
  init(options: Int, steps: Int) {
    self.steps = steps
    count = (options + TreeForest.lanes - 1) / TreeForest.lanes * TreeForest.lanes
    bases = [Double](repeating: 0, count: count)
    ratios = bases
    scales = bases
    ups = bases
    downs = bases
    strikes = [Double](repeating: 0, count: (steps + 1) * count)
    nodes = [Double](repeating: 0, count: 6 * count)
  }

  /// Rolls one tree back in plain Swift: to the bit what the loops of the baseline give. isAmerican: whether it may be exercised before expiry.
  mutating func plainRollBack(tree: Int, isAmerican: Bool = true) {
    var base = bases[tree]
    var bases: [Double] = []
    for _ in 0...steps {
      bases.append(base)
      base *= ratios[tree]
    }
    var values = bases.map { max($0 - strikes[steps * count + tree], 0) }
    var scale = 1.0
    for level in (0..<steps).reversed() {
      scale *= scales[tree]
      let strike = strikes[level * count + tree]
      for j in 0...level {
        let held = ups[tree] * values[j + 1] + downs[tree] * values[j]
        values[j] = isAmerican ? max(held, bases[j] * scale - strike) : held
      }
      guard level <= 2 else { continue }
      let first = [5, 3, 0][level]
      for j in 0...level { nodes[(first + j) * count + tree] = values[j] }
    }
  }
}
