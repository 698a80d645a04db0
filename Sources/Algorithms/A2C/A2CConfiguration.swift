// The hyper-parameters of A2C.

package import Inference
package import Networks
import Text

extension A2C {
  /// The hyper-parameters; defaults are those of stable-baselines3 2.9.
  @dynamicMemberLookup
  package struct Configuration: Hashable, Codable, Sendable {
    /// Those that other learners from rollouts have too; they can be named as if they stood here.
    package var shared = OnPolicySettings()
    package var optimizer = RMSprop.Form.torch
    package var rmspropEpsilon = 1e-5
    /// Rollouts between two rows of the log: a rollout is short.
    package var logInterval = 100

    package init() {
      (shared.learningRate, shared.horizon, shared.gaeLambda) = (7e-4, 5, 1)
      shared.normalizeAdvantage = false
    }

    package subscript<Value>(dynamicMember path: WritableKeyPath<OnPolicySettings, Value>) -> Value {
      get { shared[keyPath: path] }
      set { shared[keyPath: path] = newValue }
    }

    /// What keeps these values from being used, in words, or nil.
    package func problem(spec: NetworkSpec) -> String? {
      SettingOf.problem(of: A2C.Configuration.settings, in: self)
    }
  }
}
