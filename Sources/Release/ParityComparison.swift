// How far the trained and the deployed form of a network lie apart, row after row, and how far float32 lets them.

package import AgentInterface
package import Inference
private import Training

/// Compares the logits and the choice of two forms of one network. Everything is measured in the magnitude of its row, the most that the head adds up
/// for an action: logits of a policy are ones, action values may be thousands, where one bit of a float32 is more than any fixed bound.
package struct ParityComparison: Sendable {
  /// Roundings of float32 that a difference may come to: each of the two forms may be off by one floor, and weights above 1 and a memory that carries on
  /// find as much room again.
  private static let floors = 4.0

  package let floor: RoundingFloor
  /// The most that two logits may differ, as a share of their row's magnitude.
  package let tolerance: Double
  package private(set) var rows = 0
  /// Of two logits.
  package private(set) var largestDifference = 0.0
  /// Of two logits, as a share of their row's magnitude.
  package private(set) var largestShare = 0.0
  /// Rows in which, of some factor, the two best legal logits lie so close that the forms may choose differently.
  package private(set) var nearTies = 0
  package private(set) var disagreements = 0

  package init(_ spec: NetworkSpec) {
    floor = RoundingFloor(spec)
    tolerance = ParityComparison.floors * floor.share
  }

  /// Takes one row in. trained, deployed: (A) logits of `factors`; magnitude: see `PolicySession.headMagnitude`; choice: what the deployed form chose greedily
  /// under the mask that it was given; mask: the legal actions.
  package mutating func compare(
    _ trained: UnsafePointer<Float>, deployed: UnsafePointer<Float>, magnitude: Double, choice: ActionNumber,
    mask: ActionMask,
    factors: ActionFactors
  ) {
    rows += 1
    var largest = max(magnitude, Double(Float.leastNormalMagnitude))
    for action in 0..<factors.count { largest = max(largest, abs(Double(trained[action]))) }
    for action in 0..<factors.count {
      let difference = abs(Double(trained[action]) - Double(deployed[action]))
      // NaN must not pass for small, and no later number may cover it.
      if !largestDifference.isNaN, !(difference <= largestDifference) { largestDifference = difference }
      let share = difference / largest
      if !largestShare.isNaN, !(share <= largestShare) { largestShare = share }
    }
    var isNearTie = false
    var isOther = false
    for factor in factors.widths.indices {
      let logits = trained + factors.firsts[factor]
      let (legal, chosen) = (factors.mask(mask, of: factor), factors.choice(of: factor, in: choice))
      // Both of the two best may be off.
      if legal.allows(chosen), gap(logits, legal, count: factors.widths[factor]) <= 2 * tolerance * largest {
        isNearTie = true
      } else if ActionSelection.greedy(logits: logits, mask: legal, count: factors.widths[factor]) != chosen {
        isOther = true
      }
    }
    // Where a factor that is no near tie was chosen otherwise, no tie of another excuses it.
    if isOther {
      disagreements += 1
    } else if isNearTie {
      nearTies += 1
    }
  }

  /// By how much the best legal logit passes the second.
  private func gap(_ logits: UnsafePointer<Float>, _ mask: ActionMask, count: Int) -> Double {
    var best = -Float.infinity
    var second = -Float.infinity
    for action in 0..<count where mask.allows(action) {
      if logits[action] > best {
        second = best
        best = logits[action]
      } else if logits[action] > second {
        second = logits[action]
      }
    }
    return Double(best) - Double(second)
  }

  /// What failed, in words, or nil where the two forms are one policy.
  package var failure: String? {
    if !(largestShare <= tolerance) {
      return "a logit differs by \(ConsoleSink.short(largestDifference)), or "
        + "\(ConsoleSink.short(largestShare)) of its row's magnitude, above \(ConsoleSink.short(tolerance)); "
        + "float32 itself comes to \(ConsoleSink.short(floor.share)) over \(path)"
    }
    if disagreements > 0 {
      return "\(disagreements) of \(rows) decisions differ although the best two logits are further apart than "
        + "\(ConsoleSink.short(2 * tolerance)) of their row's magnitude"
    }
    return nil
  }

  /// The bound beside what was found, for a person.
  package var boundLine: String {
    "at most \(ConsoleSink.short(largestShare)) of its row's magnitude; float32 itself may come to "
      + "\(ConsoleSink.short(floor.share)) over \(path), and \(ConsoleSink.short(tolerance)) is refused"
  }

  private var path: String {
    "\(floor.products) products in \(floor.layers) layer\(floor.layers == 1 ? "" : "s")"
  }
}
