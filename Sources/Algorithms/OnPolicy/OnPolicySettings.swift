// The hyper-parameters that all learners from rollouts have.

package import Networks

/// What learning from rollouts needs to know, whichever loss is learned; defaults are PPO's in stable-baselines3 2.9.
package struct OnPolicySettings: Hashable, Codable, Sendable {
  package var learningRate = 3e-4
  package var learningRateSchedule = LearningRateSchedule.constant
  /// Steps a lane makes between two updates, T.
  package var horizon = 2048
  package var gamma = 0.99
  package var gaeLambda = 0.95
  package var normalizeAdvantage = true
  package var entropyCoefficient = 0.0
  package var valueCoefficient = 0.5
  package var maxGradientNorm = 0.5
  package var normalizeObservations = false
  package var normalizeRewards = false
  package var observationClip = 10.0
  package var rewardClip = 10.0

  package init() {}

  /// What keeps these values from being used, in words, or nil.
  func problem() -> String? {
    SettingProblem.first(
      positive: [
        ("learning_rate", learningRate), ("horizon", Double(horizon)), ("max_gradient_norm", maxGradientNorm),
        ("observation_clip", observationClip), ("reward_clip", rewardClip),
      ],
      shares: [("gamma", gamma), ("gae_lambda", gaeLambda)],
      natural: [("entropy_coefficient", entropyCoefficient), ("value_coefficient", valueCoefficient)])
  }
}

/// What is wrong with a number, in words.
enum SettingProblem {
  /// The first that is not above 0, not between 0 and 1, or below 0; each must be finite.
  static func first(
    positive: [(String, Double)] = [], shares: [(String, Double)] = [], natural: [(String, Double)] = []
  ) -> String? {
    for (name, value) in positive where !(value > 0 && value.isFinite) {
      return "\(name) is \(value); it must be above 0"
    }
    for (name, value) in shares where !(value >= 0 && value <= 1) {
      return "\(name) is \(value); it must lie between 0 and 1"
    }
    for (name, value) in natural where !(value >= 0 && value.isFinite) {
      return "\(name) is \(value); it must not be negative"
    }
    return nil
  }
}
