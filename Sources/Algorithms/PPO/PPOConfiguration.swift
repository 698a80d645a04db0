// The hyper-parameters of PPO.

package import Inference
package import Networks
import Text

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
  @dynamicMemberLookup
  package struct Configuration: Hashable, Codable, Sendable {
    /// Those that other learners from rollouts have too; they can be named as if they stood here.
    package var shared = OnPolicySettings()
    /// Steps of a minibatch. With whole lanes: rounded to whole lanes, at least one.
    package var batchSize = 64
    package var epochs = 10
    package var clipRange = 0.2
    package var clipRangeSchedule = LearningRateSchedule.constant
    /// Nil: the value function is not clipped.
    package var clipRangeValue: Double?
    /// Nil: no early stop. Otherwise an update ends where the divergence exceeds 1.5 times this.
    package var targetKL: Double?
    package var adamEpsilon = 1e-5
    /// Nil: `shuffled` without memory, `lanes` with.
    package var minibatchScheme: MinibatchScheme?

    /// The reference's defaults: 2048 steps and minibatches of 64 without memory, 128 and 128 with.
    package init(hasMemory: Bool = false) {
      if hasMemory { (shared.horizon, batchSize) = (128, 128) }
    }

    package subscript<Value>(dynamicMember path: WritableKeyPath<OnPolicySettings, Value>) -> Value {
      get { shared[keyPath: path] }
      set { shared[keyPath: path] = newValue }
    }

    /// What keeps these values from being used, in words, or nil.
    package func problem(spec: NetworkSpec) -> String? {
      if let problem = SettingOf.problem(of: PPO.Configuration.settings, in: self) { return problem }
      switch (minibatchScheme, spec.hiddenCount > 0) {
      case (.shuffled, true):
        return "algorithm.minibatch_scheme shuffled tears sequences apart; use lanes or rotation with memory"
      case (.lanes, false), (.rotation, false):
        return "algorithm.minibatch_scheme needs a memory; use shuffled without one"
      default: return nil
      }
    }

    /// The scheme in use.
    func scheme(hasMemory: Bool) -> MinibatchScheme { minibatchScheme ?? (hasMemory ? .lanes : .shuffled) }
  }
}
