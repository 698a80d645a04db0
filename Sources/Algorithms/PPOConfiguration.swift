// The hyper-parameters of PPO.

package import Inference
package import Networks

/// How a rollout is cut into minibatches.
package enum MinibatchScheme: String, Hashable, Codable, Sendable, CaseIterable {
  /// A fresh permutation of all T N steps an epoch, in consecutive slices; for policies without memory.
  case shuffled
  /// Whole lanes with the state their rollout began with; a fresh permutation of blocks of neighbouring lanes an epoch. Nothing is copied.
  case lanes
  /// One random rotation of the lane-major steps an epoch, in consecutive slices; the part of a lane in a slice is a sequence from its stored
  /// state, zero again where an episode starts. The scheme of sb3-contrib 2.9, RecurrentPPO.
  case rotation
}

extension PPO {
  /// The hyper-parameters; defaults are those of stable-baselines3 and sb3-contrib 2.9.
  package struct Configuration: Hashable, Codable, Sendable {
    package var learningRate = 3e-4
    package var learningRateSchedule = LearningRateSchedule.constant
    /// Steps a lane makes between two updates, T.
    package var horizon = 2048
    /// Steps of a minibatch. With whole lanes: rounded to whole lanes, at least one.
    package var batchSize = 64
    package var epochs = 10
    package var gamma = 0.99
    package var gaeLambda = 0.95
    package var clipRange = 0.2
    package var clipRangeSchedule = LearningRateSchedule.constant
    /// Nil: the value function is not clipped.
    package var clipRangeValue: Double?
    package var normalizeAdvantage = true
    package var entropyCoefficient = 0.0
    package var valueCoefficient = 0.5
    package var maxGradientNorm = 0.5
    /// Nil: no early stop. Otherwise an update ends where the divergence exceeds 1.5 times this.
    package var targetKL: Double?
    package var adamEpsilon = 1e-5
    /// Nil: `shuffled` without memory, `lanes` with.
    package var minibatchScheme: MinibatchScheme?
    package var normalizeObservations = false
    package var normalizeRewards = false
    package var observationClip = 10.0
    package var rewardClip = 10.0

    /// The reference's defaults: 2048 steps and minibatches of 64 without memory, 128 and 128 with.
    package init(hasMemory: Bool = false) {
      if hasMemory { (horizon, batchSize) = (128, 128) }
    }

    /// What keeps these values from being used, in words, or nil.
    package func problem(spec: NetworkSpec) -> String? {
      let positive: [(String, Double)] = [
        ("learning_rate", learningRate), ("horizon", Double(horizon)), ("batch_size", Double(batchSize)),
        ("epochs", Double(epochs)), ("clip_range", clipRange), ("max_gradient_norm", maxGradientNorm),
        ("adam_epsilon", adamEpsilon), ("clip_range_value", clipRangeValue ?? 1), ("target_kl", targetKL ?? 1),
        ("observation_clip", observationClip), ("reward_clip", rewardClip),
      ]
      for (name, value) in positive where !(value > 0 && value.isFinite) {
        return "\(name) is \(value); it must be above 0"
      }
      for (name, value) in [("gamma", gamma), ("gae_lambda", gaeLambda)] where !(value >= 0 && value <= 1) {
        return "\(name) is \(value); it must lie between 0 and 1"
      }
      for (name, value) in [("entropy_coefficient", entropyCoefficient), ("value_coefficient", valueCoefficient)]
      where !(value >= 0 && value.isFinite) {
        return "\(name) is \(value); it must not be negative"
      }
      switch (minibatchScheme, spec.hiddenCount > 0) {
      case (.shuffled, true):
        return "minibatch_scheme shuffled tears sequences apart; use lanes or rotation with memory"
      case (.lanes, false), (.rotation, false): return "minibatch_scheme needs a memory; use shuffled without one"
      default: return nil
      }
    }

    /// The scheme in use.
    func scheme(hasMemory: Bool) -> MinibatchScheme { minibatchScheme ?? (hasMemory ? .lanes : .shuffled) }
  }
}
