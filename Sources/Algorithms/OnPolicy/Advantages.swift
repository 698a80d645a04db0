// Advantages and returns of a rollout.

/// Generalised advantage estimation.
package enum Advantages {
  /// One pass backwards over `lanes` of a rollout, in single precision.
  ///
  /// rewards, terminated, truncated, bootstrapValues: (T, N); values: (T + 1, N); writes advantages, returns: (T, N). A terminated step
  /// bootstraps from 0, a truncated one from `bootstrapValues`, which enters as gamma V added to the reward; both stop the recursion.
  /// Source: Schulman et al. 2016, eq. 16, in the order of operations of stable-baselines3 2.9.
  package static func estimate(
    horizon: Int, laneCount: Int, lanes: Range<Int>, rewards: UnsafePointer<Float>,
    terminated: UnsafePointer<UInt8>, truncated: UnsafePointer<UInt8>, bootstrapValues: UnsafePointer<Float>,
    values: UnsafePointer<Float>, gamma: Double, gaeLambda: Double, advantages: UnsafeMutablePointer<Float>,
    returns: UnsafeMutablePointer<Float>
  ) {
    precondition(
      lanes.lowerBound >= 0 && lanes.upperBound <= laneCount, "lanes \(lanes) of a rollout of \(laneCount)")
    let discount = Float(gamma)
    let decay = Float(gamma * gaeLambda)
    for step in stride(from: horizon - 1, through: 0, by: -1) {
      let row = step * laneCount
      for lane in lanes {
        let index = row + lane
        let isTruncated = truncated[index] != 0
        let nonterminal: Float = terminated[index] != 0 || isTruncated ? 0 : 1
        let reward = isTruncated ? rewards[index] + discount * bootstrapValues[index] : rewards[index]
        let delta = reward + discount * values[index + laneCount] * nonterminal - values[index]
        let later: Float = step == horizon - 1 ? 0 : advantages[index + laneCount]
        let advantage = delta + decay * nonterminal * later
        advantages[index] = advantage
        returns[index] = advantage + values[index]
      }
    }
  }

  /// Explained variance of `returns` by `values`: 1 - var(returns - values) / var(returns), population variances; NaN where the returns
  /// are constant. Both (count).
  package static func explainedVariance(
    values: UnsafePointer<Float>, returns: UnsafePointer<Float>, count: Int
  ) -> Double {
    var (meanReturn, meanError) = (0.0, 0.0)
    for index in 0..<count {
      meanReturn += Double(returns[index])
      meanError += Double(returns[index] - values[index])
    }
    meanReturn /= Double(count)
    meanError /= Double(count)
    var (returnVariance, errorVariance) = (0.0, 0.0)
    for index in 0..<count {
      let fromMean = Double(returns[index]) - meanReturn
      let fromError = Double(returns[index] - values[index]) - meanError
      returnVariance += fromMean * fromMean
      errorVariance += fromError * fromError
    }
    return returnVariance == 0 ? .nan : 1 - errorVariance / returnVariance
  }
}
