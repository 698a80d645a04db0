// Which transitions an update learns from: all alike, or those that surprise most.

package import AgentInterface
import Glibc
package import Kernels

/// How priorities are made and corrected. Source: Schaul et al. 2016, proportional variant.
package struct PrioritySettings: Hashable, Codable, Sendable {
  /// How much priorities count: 0 is uniform.
  package var exponent = 0.6
  /// How much of the bias that they bring is corrected at first; it grows in a straight line to all of it at the run's end.
  package var correction = 0.4

  package init() {}

  /// Added to an error, so that no transition is forgotten.
  static let floor = 1e-6

  func correction(progressRemaining: Double) -> Double { 1 - (1 - correction) * min(1, max(0, progressRemaining)) }
}

/// Draws transitions of a store: row and lane uniformly with replacement, or by priority, one of each equal share of the total.
package struct ReplaySampler: Sendable {
  package let batchSize: Int
  private let laneCount: Int
  private let settings: PrioritySettings?
  private var tree: SumTree?
  /// The largest priority there was, before the exponent: what a new transition gets.
  private var largest = 1.0
  package private(set) var rows: [Int]
  package private(set) var lanes: [Int]
  package private(set) var weights: [Float]

  /// `priorities` nil: all transitions alike.
  package init(batchSize: Int, store: any TransitionStore, priorities: PrioritySettings?) {
    self.batchSize = batchSize
    laneCount = store.laneCount
    settings = priorities
    tree = priorities.map { _ in SumTree(count: store.capacity * store.laneCount) }
    rows = [Int](repeating: 0, count: batchSize)
    lanes = rows
    weights = [Float](repeating: 1, count: batchSize)
  }

  /// A row was written: nobody knows yet what can be learned from it.
  package mutating func noteAppended(row: Int) {
    guard let settings else { return }
    let priority = pow(largest, settings.exponent)
    for lane in 0..<laneCount { tree?[row * laneCount + lane] = priority }
  }

  /// Draws a batch into `rows`, `lanes` and `weights`.
  package mutating func draw(_ store: any TransitionStore, random: inout RandomStream, progressRemaining: Double) {
    guard let settings, let tree else {
      let count = store.count
      for index in 0..<batchSize {
        let draw = ReplayDraw(&random, count: count, laneCount: laneCount)
        (rows[index], lanes[index]) = (draw.row, draw.lane)
      }
      return
    }
    let share = tree.total / Double(batchSize)
    let beta = settings.correction(progressRemaining: progressRemaining)
    let stored = Double(store.count * laneCount)
    var heaviest = 0.0
    for index in 0..<batchSize {
      let place = tree.index(at: (Double(index) + random.nextDouble()) * share)
      (rows[index], lanes[index]) = place.quotientAndRemainder(dividingBy: laneCount)
      let weight = pow(stored * tree[place] / tree.total, -beta)
      weights[index] = Float(weight)
      heaviest = max(heaviest, weight)
    }
    for index in 0..<batchSize { weights[index] /= Float(heaviest) }
  }

  /// Makes given transitions the batch.
  mutating func choose(rows: [Int], lanes: [Int], weights: [Float]?) {
    precondition(
      rows.count == batchSize && lanes.count == batchSize, "\(rows.count) transitions for a batch of \(batchSize)")
    (self.rows, self.lanes) = (rows, lanes)
    self.weights = weights ?? [Float](repeating: 1, count: batchSize)
  }

  /// What the place is drawn in proportion to; nil where all are alike.
  package func priority(row: Int, lane: Int) -> Double? { tree?[row * laneCount + lane] }

  /// Takes in what was learned. errors: (batchSize) of the last batch drawn.
  package mutating func noteErrors(_ errors: UnsafePointer<Float>) {
    guard let settings else { return }
    for index in 0..<batchSize {
      let priority = Double(abs(errors[index])) + PrioritySettings.floor
      // The run ends when it sees such a loss; until then the tree stays a tree.
      guard priority.isFinite else { continue }
      largest = max(largest, priority)
      tree?[rows[index] * laneCount + lanes[index]] = pow(priority, settings.exponent)
    }
  }

  // MARK: Saved state

  func save(count: Int, to state: inout StateRecord) {
    guard let tree else { return }
    state.doubles["priorities"] = (0..<count * laneCount).map { tree[$0] }
    state.doubles["largest_priority"] = [largest]
  }

  /// The sampler that was saved with a store of `count` rows.
  func restored(_ state: StateRecord, count: Int) throws(RestoreError) -> ReplaySampler {
    guard tree != nil else { return self }
    let priorities = try state.doubles("priorities", count: count * laneCount)
    guard priorities.allSatisfy({ $0 > 0 && $0 < 1e300 }) else {
      throw .invalid(name: "priorities", reason: "not above zero, or not finite")
    }
    let savedLargest = try state.doubles("largest_priority", count: 1)[0]
    guard savedLargest >= 1, savedLargest.isFinite else {
      throw .invalid(name: "largest_priority", reason: "\(savedLargest) is below 1 or not finite")
    }
    var sampler = self
    sampler.tree = SumTree(count: self.tree?.count ?? 1)
    for (place, priority) in priorities.enumerated() { sampler.tree?[place] = priority }
    sampler.largest = savedLargest
    return sampler
  }
}
