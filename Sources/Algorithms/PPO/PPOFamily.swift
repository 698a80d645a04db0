// PPO as an algorithm family: what can be set about it, and what a run asks of it.

package import Inference
import Networks
package import Text

extension PPO.Configuration: OnPolicyConfiguration {}

extension PPO.Configuration: LearnerConfiguration {
  package var logInterval: Int { 1 }
  package var optimizerName: String { Adam.name }

  package func findings(_ plan: LearnerPlan) -> [PlanFinding] {
    plan.findings(shared.learningRateSchedule) + clipFindings(plan) + minibatchFindings(plan)
  }

  package func rowsPerStep(stepsPerRollout: Int) -> (forward: Double, training: Double) { (1, Double(epochs)) }

  package func makeLearner(_ setup: LearnerSetup) -> any Algorithm {
    PPO(
      configuration: self, spec: setup.spec, laneCount: setup.laneCount, masked: setup.isMasked, device: setup.device,
      kernels: setup.kernels, bfloat16: setup.bfloat16, seed: setup.seed, pool: setup.pool)
  }
}

extension PPO.Configuration {
  /// Every setting once: its key, its range and what it means.
  package static let settings: [SettingOf<PPO.Configuration>] =
    OnPolicySettings.settings.map { $0.lifted(\.shared) } + [
      .integer("algorithm.batch_size", \.batchSize, 1...1_000_000_000, "steps of a minibatch"),
      .integer("algorithm.epochs", \.epochs, 1...1000, "passes over a rollout"),
      .number("algorithm.clip_range", \.clipRange, 1e-9...100, "PPO's clip"),
      .choice(
        "algorithm.clip_range_schedule", \.clipRangeSchedule, LearningRateSchedule.words, "constant, or linear to zero"),
      .optionalNumber("algorithm.clip_range_value", \.clipRangeValue, 1e-9...1e9, "the value function's clip"),
      .optionalNumber("algorithm.target_kl", \.targetKL, 1e-9...1e9, "an update ends at 1.5 times this divergence"),
      .number("algorithm.adam_epsilon", \.adamEpsilon, 1e-30...1, "Adam's epsilon"),
      .optionalChoice(
        "algorithm.minibatch_scheme", \.minibatchScheme, MinibatchScheme.allCases.map { ($0.rawValue, $0) },
        "null chooses lanes with memory, shuffled without"),
    ]
}

extension PPO {
  package static let family = AlgorithmFamily(
    "ppo", "proximal policy optimisation", hasMemoryVariants: true, isActorCritic: true,
    defaults: {
      var configuration = PPO.Configuration(hasMemory: true)
      (configuration.horizon, configuration.batchSize, configuration.epochs) = (128, 2048, 4)
      (configuration.normalizeObservations, configuration.normalizeRewards) = (true, true)
      return configuration
    }(),
    settings: PPO.Configuration.settings, networkSettings: NetworkShapes.actorCriticSettings,
    healthSettings: HealthSettings.general + HealthSettings.ofDivergence + HealthSettings.ofEntropy,
    metricNames: [
      "train/approx_kl", "train/clip_fraction", "train/clip_range", "train/clip_range_vf", "train/entropy_loss",
      "train/explained_variance", "train/grad_norm", "train/learning_rate", "train/loss", "train/mask_allowed_frac",
      "train/n_updates", "train/policy_gradient_loss", "train/value_loss",
    ], customaryWeight: 500_000, incident: .minibatch(isClipped: true))
}

extension AlgorithmTag {
  package static let ppo = AlgorithmTag(of: PPO.family, hasMemory: false, isMasked: false)
  package static let ppoLSTM = AlgorithmTag(of: PPO.family, hasMemory: true, isMasked: false)
  package static let ppoMask = AlgorithmTag(of: PPO.family, hasMemory: false, isMasked: true)
  package static let ppoLSTMMask = AlgorithmTag(of: PPO.family, hasMemory: true, isMasked: true)
}
