// The settings of the section `health`, by the conditions that an algorithm can meet. A run that goes on may be given other values.

package import Text

extension HealthSettings {
  private static let responses = HealthResponse.allCases.map { ($0.rawValue, $0) }

  package static let general = SettingOf<HealthSettings>.changeableOnResume([
    .choice(
      "health.non_finite", \.nonFinite, responses,
      "what follows NaN or infinity among observations, rewards, losses, gradients; warn leaves such an update out"),
    .choice(
      "health.empty_mask", \.emptyMask, responses,
      "what follows a mask that allows no action; warn and off take it for one that allows all"),
    .choice("health.gradient_norm", \.gradientNorm, responses, "what follows an exploding gradient"),
    .number(
      "health.gradient_norm_limit", \.gradientNormLimit, 1e-9...1e300, "global gradient norm before clipping"),
  ])

  package static let ofDivergence = SettingOf<HealthSettings>.changeableOnResume([
    .choice("health.divergence", \.divergence, responses, "what follows an exploding KL divergence"),
    .number(
      "health.divergence_limit", \.divergenceLimit, 1e-9...1e300, "nats of a minibatch, from the rollout's policy"),
  ])

  package static let ofEntropy = SettingOf<HealthSettings>.changeableOnResume([
    .choice("health.entropy", \.entropy, responses, "what follows a collapse of the policy's entropy"),
    .number(
      "health.entropy_floor", \.entropyFloor, 1e-300...1, "share of the entropy that the legal actions could have"),
  ])
}
