// An algorithm as a value: everything that the rest of the house may ask about one before, and without, making it.

package import Text

/// One algorithm, without its switches: its name, its settings, what it writes in the log, how its incidents are replayed. A registry is a list of these;
/// nothing else knows an algorithm by name.
package struct AlgorithmFamily: Sendable {
  /// What configurations and files call it.
  package let name: String
  /// One line for a list.
  package let summary: String
  /// Whether there are variants whose policy remembers.
  package let hasMemoryVariants: Bool
  /// Whether it learns a policy and a critic of it; otherwise it learns what actions are worth.
  package let isActorCritic: Bool
  /// What a run is configured with before anything else is said.
  package let defaults: any LearnerConfiguration
  /// What can be set about it; keys begin with `algorithm.`.
  package let settings: [SettingOf<any LearnerConfiguration>]
  /// What can be set about its network.
  package let networkSettings: [SettingOf<NetworkShapes>]
  /// What can be looked for while it learns.
  package let healthSettings: [SettingOf<HealthSettings>]
  /// The numbers that it adds to the log, by the names of its reference.
  package let metricNames: [String]
  /// Its share of a vote in an ensemble of one member each, in millionths; nil where nothing is customary.
  package let customaryWeight: Int?
  /// How a recorded update is computed once more; nil where it is not.
  let incident: IncidentForm?

  /// Traps where a setting's key stands outside the section `algorithm`, or twice.
  package init<Configuration: LearnerConfiguration>(
    _ name: String, _ summary: String, hasMemoryVariants: Bool, isActorCritic: Bool, defaults: Configuration,
    settings: [SettingOf<Configuration>], networkSettings: [SettingOf<NetworkShapes>],
    healthSettings: [SettingOf<HealthSettings>], metricNames: [String], customaryWeight: Int? = nil
  ) {
    self.init(
      name, summary, hasMemoryVariants: hasMemoryVariants, isActorCritic: isActorCritic, defaults: defaults,
      settings: settings, networkSettings: networkSettings, healthSettings: healthSettings, metricNames: metricNames,
      customaryWeight: customaryWeight, incident: nil)
  }

  init<Configuration: LearnerConfiguration>(
    _ name: String, _ summary: String, hasMemoryVariants: Bool, isActorCritic: Bool, defaults: Configuration,
    settings: [SettingOf<Configuration>], networkSettings: [SettingOf<NetworkShapes>],
    healthSettings: [SettingOf<HealthSettings>], metricNames: [String], customaryWeight: Int?, incident: IncidentForm?
  ) {
    precondition(settings.allSatisfy { $0.key.hasPrefix("algorithm.") }, "a setting of \(name) outside algorithm")
    precondition(Set(settings.map(\.key)).count == settings.count, "\(name) has a setting twice")
    self.name = name
    self.summary = summary
    self.hasMemoryVariants = hasMemoryVariants
    self.isActorCritic = isActorCritic
    self.defaults = defaults
    self.settings = settings.map { setting in
      setting.lifted(
        get: { (holder: any LearnerConfiguration) -> Configuration in
          guard let configuration = holder as? Configuration else {
            preconditionFailure("a configuration of \(type(of: holder)) for \(name)")
          }
          return configuration
        }, set: { $0 = $1 })
    }
    self.networkSettings = networkSettings
    self.healthSettings = healthSettings
    self.metricNames = metricNames
    self.customaryWeight = customaryWeight
    self.incident = incident
  }

  /// Every variant of it.
  package var tags: [AlgorithmTag] {
    [false, true].flatMap { isMasked in
      (hasMemoryVariants ? [false, true] : [false]).compactMap {
        AlgorithmTag(self, hasMemory: $0, isMasked: isMasked)
      }
    }
  }
}

extension AlgorithmFamily: Hashable, CustomStringConvertible {
  package static func == (one: AlgorithmFamily, other: AlgorithmFamily) -> Bool { one.name == other.name }
  package func hash(into hasher: inout Hasher) { hasher.combine(name) }
  package var description: String { name }
}

/// An algorithm with its two switches: memory and mask.
package struct AlgorithmTag: Hashable, Sendable, CustomStringConvertible {
  package let family: AlgorithmFamily
  /// Whether the policy remembers.
  package let hasMemory: Bool
  /// Whether the policy obeys the environment's mask.
  package let isMasked: Bool

  /// Nil where the family has no such variant.
  package init?(_ family: AlgorithmFamily, hasMemory: Bool, isMasked: Bool) {
    guard !hasMemory || family.hasMemoryVariants else { return nil }
    self.family = family
    self.hasMemory = hasMemory
    self.isMasked = isMasked
  }

  /// A variant that the family has for certain.
  init(of family: AlgorithmFamily, hasMemory: Bool, isMasked: Bool) {
    precondition(!hasMemory || family.hasMemoryVariants, "\(family) has no variant with memory")
    (self.family, self.hasMemory, self.isMasked) = (family, hasMemory, isMasked)
  }

  /// The name in configurations and files: `ppo_lstm_mask`.
  package var rawValue: String { family.name + (hasMemory ? "_lstm" : "") + (isMasked ? "_mask" : "") }
  package var description: String { rawValue }
}

/// How a recorded update is computed once more.
enum IncidentForm: Sendable {
  /// A minibatch of a rollout: the ratio of the probabilities clipped, or a plain policy gradient.
  case minibatch(isClipped: Bool)
  /// A batch of the replay memory, with a target network.
  case batch
}
