// The hyper-parameters that all learners from rollouts have.

package import Networks
package import Text

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

  /// Every setting once: its key, its range and what it means.
  package static let settings: [SettingOf<OnPolicySettings>] = [
    .number("algorithm.learning_rate", \.learningRate, 1e-12...10, "the optimizer's step size"),
    .choice(
      "algorithm.learning_rate_schedule", \.learningRateSchedule, LearningRateSchedule.words,
      "constant, or linear to zero"),
    .integer("algorithm.horizon", \.horizon, 1...1_000_000, "steps a lane makes between two updates"),
    .number("algorithm.gamma", \.gamma, 0...1, "discount a step"),
    .number("algorithm.gae_lambda", \.gaeLambda, 0...1, "trace decay of the advantages"),
    .flag("algorithm.normalize_advantage", \.normalizeAdvantage, "per minibatch, unbiased deviation"),
    .number("algorithm.entropy_coefficient", \.entropyCoefficient, 0...1000, "weight of the entropy"),
    .number("algorithm.value_coefficient", \.valueCoefficient, 0...1000, "weight of the value loss"),
    .number("algorithm.max_gradient_norm", \.maxGradientNorm, 1e-9...1e9, "clip of the global gradient norm"),
    .flag("algorithm.normalize_observations", \.normalizeObservations, "running mean and variance a column"),
    .flag("algorithm.normalize_rewards", \.normalizeRewards, "by the deviation of the discounted return"),
    .number("algorithm.observation_clip", \.observationClip, 1e-3...1e9, "of a normalised observation"),
    .number("algorithm.reward_clip", \.rewardClip, 1e-3...1e9, "of a normalised reward"),
  ]
}

extension LearningRateSchedule {
  /// How settings name them.
  package static let words = allCases.map { ($0.rawValue, $0) }
}

extension SettingOf {
  /// What is wrong with the first of the settings that is not what it must be, by its key; nil where all are.
  static func problem(of settings: [SettingOf], in root: Root) -> String? {
    for setting in settings {
      if let found = setting.wrongValue(in: root) {
        return "\(setting.key) is \(found); it must be \(setting.expected)"
      }
    }
    return nil
  }
}
