// The algorithms by the tags that configurations and files use.

/// Proximal policy optimisation with its two switches: memory and mask.
package enum AlgorithmTag: String, Hashable, Codable, Sendable, CaseIterable {
  case ppo = "ppo"
  case ppoLSTM = "ppo_lstm"
  case ppoMask = "ppo_mask"
  case ppoLSTMMask = "ppo_lstm_mask"

  /// Whether the policy remembers.
  package var hasMemory: Bool { self == .ppoLSTM || self == .ppoLSTMMask }
  /// Whether the policy obeys the environment's mask.
  package var isMasked: Bool { self == .ppoMask || self == .ppoLSTMMask }

  package init(hasMemory: Bool, isMasked: Bool) {
    switch (hasMemory, isMasked) {
    case (false, false): self = .ppo
    case (true, false): self = .ppoLSTM
    case (false, true): self = .ppoMask
    case (true, true): self = .ppoLSTMMask
    }
  }
}
