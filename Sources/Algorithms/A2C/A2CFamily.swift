// A2C as an algorithm family: what can be set about it, and what a run asks of it.

package import Inference
import Networks
package import Text

extension A2C.Configuration: OnPolicyConfiguration {}

extension A2C.Configuration: LearnerConfiguration {
  package var optimizerName: String { RMSprop.name }

  package func findings(_ plan: LearnerPlan) -> [PlanFinding] { plan.findings(shared.learningRateSchedule) }

  package func rowsPerStep(stepsPerRollout: Int) -> (forward: Double, training: Double) { (1, 1) }

  package func makeLearner(_ setup: LearnerSetup) -> any Algorithm {
    A2C(
      configuration: self, spec: setup.spec, laneCount: setup.laneCount, masked: setup.isMasked, device: setup.device,
      kernels: setup.kernels, bfloat16: setup.bfloat16, seed: setup.seed, pool: setup.pool)
  }
}

extension A2C.Configuration {
  /// Every setting once: its key, its range and what it means.
  package static let settings: [SettingOf<A2C.Configuration>] =
    OnPolicySettings.settings.map { $0.lifted(\.shared) } + [
      .choice(
        "algorithm.optimizer", \.optimizer, RMSprop.Form.allCases.map { ($0.rawValue, $0) },
        "RMSprop with epsilon beside the root, or inside it as in TensorFlow"),
      .number("algorithm.rmsprop_epsilon", \.rmspropEpsilon, 1e-30...1, "RMSprop's epsilon"),
      .integer("algorithm.log_interval", \.logInterval, 1...1_000_000, "rollouts between two rows of the log"),
    ]
}

extension A2C {
  package static let family = AlgorithmFamily(
    "a2c", "advantage actor-critic", hasMemoryVariants: true, isActorCritic: true,
    defaults: {
      var configuration = A2C.Configuration()
      (configuration.normalizeObservations, configuration.normalizeRewards) = (true, true)
      return configuration
    }(),
    settings: A2C.Configuration.settings, networkSettings: NetworkShapes.actorCriticSettings,
    healthSettings: HealthSettings.general + HealthSettings.ofEntropy,
    metricNames: [
      "train/entropy_loss", "train/explained_variance", "train/grad_norm", "train/learning_rate", "train/loss",
      "train/mask_allowed_frac", "train/n_updates", "train/policy_loss", "train/value_loss",
    ], customaryWeight: 300_000, incident: .minibatch(isClipped: false))
}

extension AlgorithmTag {
  package static let a2c = AlgorithmTag(of: A2C.family, hasMemory: false, isMasked: false)
  package static let a2cLSTM = AlgorithmTag(of: A2C.family, hasMemory: true, isMasked: false)
  package static let a2cMask = AlgorithmTag(of: A2C.family, hasMemory: false, isMasked: true)
  package static let a2cLSTMMask = AlgorithmTag(of: A2C.family, hasMemory: true, isMasked: true)
}
