// How a rate changes over a run.

/// A rate's course: constant, or falling in a straight line to zero at the end of the run.
package enum LearningRateSchedule: String, Hashable, Codable, Sendable, CaseIterable {
  case constant, linear

  /// The rate where `progressRemaining` of the run (1 at its start, 0 at its end) is left; below zero counts as zero.
  package func rate(_ initial: Double, progressRemaining: Double) -> Double {
    switch self {
    case .constant: initial
    case .linear: initial * max(0, progressRemaining)
    }
  }
}
