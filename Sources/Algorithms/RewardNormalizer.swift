// Scaling rewards by the spread of the discounted return.

import AgentInterface
import Kernels

/// r becomes clip(r / sqrt(variance of R + 1e-8), +-clip), R the running discounted return of each lane: R = gamma R + r, zeroed after an
/// episode's end. No mean is subtracted. Source: VecNormalize of stable-baselines3 2.9.
package final class RewardNormalizer: @unchecked Sendable {
  package let moments: RunningMoments
  /// (N)
  package let returns: UnsafeMutablePointer<Double>
  package let laneCount: Int
  private let gamma: Double
  private let clip: Double

  package init(laneCount: Int, sliceCount: Int, gamma: Double, clip: Double) {
    self.laneCount = laneCount
    self.gamma = gamma
    self.clip = clip
    moments = RunningMoments(columns: 1, sliceCount: sliceCount)
    returns = .allocate(capacity: laneCount)
    returns.initialize(repeating: 0, count: laneCount)
  }

  deinit { returns.deallocate() }

  /// Forgets the running returns: every lane starts an episode.
  package func begin() { returns.update(repeating: 0, count: laneCount) }

  /// Moves the returns of `lanes` on and measures them. rewards: (N). Then `moments.merge()`, then `normalize`.
  package func measure(slice: Int, lanes: Range<Int>, rewards: UnsafePointer<Float>) {
    for lane in lanes { returns[lane] = returns[lane] * gamma + Double(rewards[lane]) }
    moments.measure(slice: slice, values: returns + lanes.lowerBound, count: lanes.count)
  }

  /// A reward as it is learned from.
  package func scaled(_ reward: Float) -> Float {
    let scaled = Double(reward) / (moments.variance[0] + 1e-8).squareRoot()
    // Both comparisons are false for NaN, which must not be hidden by the bound.
    return Float(scaled > clip ? clip : scaled < -clip ? -clip : scaled)
  }

  /// Zeroes the returns of episodes that ended. ended: (N).
  package func forgetEnded(_ ended: UnsafePointer<UInt8>) {
    for lane in 0..<laneCount where ended[lane] != 0 { returns[lane] = 0 }
  }

  /// Scales the rewards of `lanes` in place and zeroes the returns of episodes that ended. All (N).
  package func normalize(lanes: Range<Int>, rewards: UnsafeMutablePointer<Float>, ended: UnsafePointer<UInt8>) {
    let deviation = (moments.variance[0] + 1e-8).squareRoot()
    for lane in lanes {
      let scaled = Double(rewards[lane]) / deviation
      // Both comparisons are false for NaN, which must not be hidden by the bound.
      rewards[lane] = Float(scaled > clip ? clip : scaled < -clip ? -clip : scaled)
      if ended[lane] != 0 { returns[lane] = 0 }
    }
  }

  func save(to state: inout StateRecord) {
    moments.save("normalizer/return", to: &state)
    state.doubles["normalizer/running_returns"] = Array(UnsafeBufferPointer(start: returns, count: laneCount))
  }

  /// On an error nothing is changed.
  func restore(_ state: StateRecord) throws(RestoreError) {
    let saved = try state.doubles("normalizer/running_returns", count: laneCount)
    guard saved.allSatisfy(\.isFinite) else {
      throw .invalid(name: "normalizer/running_returns", reason: "not finite")
    }
    try moments.restore("normalizer/return", from: state)
    for lane in 0..<laneCount { returns[lane] = saved[lane] }
  }
}
