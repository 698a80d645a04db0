// Which conditions of a run are looked for, and what follows where one is met.

/// What follows where a condition is met.
package enum HealthResponse: String, Hashable, Codable, Sendable, CaseIterable {
  /// It is recorded, and the run ends.
  case stop
  /// It is recorded and said the first time; the run goes on.
  case warn
  /// It is not looked for.
  case off
}

/// What can be wrong with a run while it learns.
package enum HealthCondition: String, Hashable, Sendable, CaseIterable {
  /// NaN or infinity among observations, rewards, losses, gradients or parameters.
  case nonFinite = "non_finite"
  /// A mask that allows no action.
  case emptyMask = "empty_mask"
  /// A policy that moved far from the one that gathered the rollout.
  case divergence
  /// A gradient beyond all measure.
  case gradientNorm = "gradient_norm"
  /// A policy that leaves nothing to chance any more.
  case entropy
}

/// Responses and limits. The defaults stop what cannot come to any good and only tell what may.
package struct HealthSettings: Hashable, Codable, Sendable {
  /// Warned of, an update whose loss or gradient is not finite is left out.
  package var nonFinite = HealthResponse.stop
  /// Not stopped, a mask that allows nothing counts as one that allows everything.
  package var emptyMask = HealthResponse.stop
  package var divergence = HealthResponse.stop
  /// Nats, of a minibatch.
  package var divergenceLimit = 10.0
  package var gradientNorm = HealthResponse.warn
  /// Before clipping.
  package var gradientNormLimit = 1e6
  package var entropy = HealthResponse.warn
  /// The share of the entropy that is possible with as many legal actions.
  package var entropyFloor = 1e-6

  package init() {}

  package func response(to condition: HealthCondition) -> HealthResponse {
    switch condition {
    case .nonFinite: nonFinite
    case .emptyMask: emptyMask
    case .divergence: divergence
    case .gradientNorm: gradientNorm
    case .entropy: entropy
    }
  }
}
