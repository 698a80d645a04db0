// The settings of the section `health`, by the algorithms that have them.

internal import Algorithms

enum HealthTable {
  /// What a run of that algorithm may set.
  static func settings(of family: AlgorithmFamily) -> [Setting] {
    (all + (family == .ppo ? divergence : []) + (family.isActorCritic ? entropy : [])).map { $0.lifted(\.health) }
  }

  private static let responses = HealthResponse.allCases.map { ($0.rawValue, $0) }

  private static let all: [SettingOf<HealthSettings>] = [
    .choice(
      "health.non_finite", \.nonFinite, responses,
      "what follows NaN or infinity among observations, rewards, losses, gradients; warn leaves such an update out"),
    .choice(
      "health.empty_mask", \.emptyMask, responses,
      "what follows a mask that allows no action; warn and off take it for one that allows all"),
    .choice("health.gradient_norm", \.gradientNorm, responses, "what follows an exploding gradient"),
    .number(
      "health.gradient_norm_limit", \.gradientNormLimit, 1e-9...1e300, "global gradient norm before clipping"),
  ]

  private static let divergence: [SettingOf<HealthSettings>] = [
    .choice("health.divergence", \.divergence, responses, "what follows an exploding KL divergence"),
    .number(
      "health.divergence_limit", \.divergenceLimit, 1e-9...1e300, "nats of a minibatch, from the rollout's policy"),
  ]

  private static let entropy: [SettingOf<HealthSettings>] = [
    .choice("health.entropy", \.entropy, responses, "what follows a collapse of the policy's entropy"),
    .number(
      "health.entropy_floor", \.entropyFloor, 1e-300...1, "share of the entropy that the legal actions could have"),
  ]
}
