// Drawing in proportion to priorities.

/// A binary tree of sums over priorities. A sum is always that of its two parts, so that the same priorities give the same tree, however it came
/// about. Source: Schaul et al. 2016, appendix B.2.1.
package struct SumTree: Sendable {
  package let count: Int
  private let leaves: Int
  /// Node 1 is the root; the parts of node n are 2 n and 2 n + 1.
  private var nodes: [Double]

  /// `count` priorities of 0.
  package init(count: Int) {
    precondition(count >= 1, "a tree over \(count) priorities")
    self.count = count
    var leaves = 1
    while leaves < count { leaves *= 2 }
    self.leaves = leaves
    nodes = [Double](repeating: 0, count: 2 * leaves)
  }

  package var total: Double { nodes[1] }

  package subscript(index: Int) -> Double {
    get { nodes[leaves + index] }
    set {
      precondition((0..<count).contains(index) && newValue >= 0, "priority \(newValue) at \(index) of \(count)")
      var node = leaves + index
      nodes[node] = newValue
      while node > 1 {
        node /= 2
        nodes[node] = nodes[2 * node] + nodes[2 * node + 1]
      }
    }
  }

  /// The first index whose cumulative priority exceeds `mass`, in [0, total); never one of priority 0. Traps where the total is 0.
  package func index(at mass: Double) -> Int {
    precondition(total > 0, "drawing from priorities of 0")
    var mass = mass
    var node = 1
    while node < leaves {
      let left = nodes[2 * node]
      // Rounding may leave more mass than the right side holds, or none on it.
      if mass < left || nodes[2 * node + 1] <= 0 {
        node = 2 * node
      } else {
        mass -= left
        node = 2 * node + 1
      }
    }
    return node - leaves
  }
}
