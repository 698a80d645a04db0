// Everything that a run depends on, as one value.

private import AgentInterface
package import Algorithms
package import Configuration
package import Environments
package import Inference
private import Kernels
package import Market
package import Networks
private import Storage
package import Text

/// A setting of a whole run.
package typealias Setting = SettingOf<RunConfiguration>
/// A run's configuration as layers.
package typealias ConfigurationLayers = LayersOf<RunConfiguration>

/// A whole run, resolved. The defaults train the first algorithm, with memory and mask, in the first environment: a recurrent, masked PPO on two symbols.
package struct RunConfiguration: Sendable {
  /// How long, from which seed, and how often to save and look.
  package struct Run: Sendable, Equatable {
    /// What the policy is called in what it leaves behind; empty takes the run folder's name.
    package var modelName = ""
    package var seed = 0
    /// Environment steps over all lanes, rounded up to whole rollouts.
    package var totalTimesteps = 500_000
    /// Threads; 0 takes every core. The numbers of a run do not depend on it.
    package var workers = 0
    /// Where the learner's arithmetic is done.
    package var device = DeviceFamily.cpu
    /// What does it there. Only the last bits of a run's numbers depend on it.
    package var kernels = LearnerKernels.automatic
    /// What the products of a policy with memory take, where the processor has a unit for it.
    package var precision = LearnerPrecision.float32
    /// Steps between checkpoints, rounded up to whole rollouts.
    package var checkpointInterval = 100_000
    package var keepCheckpoints = 3
    /// Steps between looks at the selection window.
    package var evaluationInterval = 100_000
    /// Whether the rows go to `metrics.jsonl` too.
    package var metricsJSONLines = true
    /// Whether the rows go to TensorBoard's event files too.
    package var tensorBoard = true
  }

  /// What all environments have, and what those that play bars of a store need.
  package struct World: Sendable, Equatable {
    package var lanes = 64
    /// What the configuration's author expects of the spaces; 0 expects nothing.
    package var observationDimension = 0
    package var actionSpace = 0
    /// The market store.
    package var store = ""
    package var assets: [String] = []
    /// How wide the bars are that are traded; nil takes the one width that the traded symbols have.
    package var barWidth: BarWidth?
    /// The layout that all files of the traded symbols must have been read by; empty takes any.
    package var dataSource = ""
    /// A series of the store that is only looked at; empty for none.
    package var benchmarkSymbol = ""
    /// Bars before the first decision that are history only.
    package var lookbackWindow = 50
    /// Bars of a training episode.
    package var episodeLength = 252
  }

  /// Which dates may be seen when. Enforced: training, selection and report windows never overlap.
  package struct Split: Sendable, Equatable {
    package var trainingFrom = CalendarDate(year: 1990, month: 1, day: 1)!
    package var trainingUntil = CalendarDate(year: 2009, month: 12, day: 31)!
    /// Exchange sessions up to `trainingUntil` that training sees; 0 sees all since `trainingFrom`.
    package var trainingSessions = 0
    package var selectionFrom = CalendarDate(year: 2010, month: 1, day: 1)!
    package var selectionUntil = CalendarDate(year: 2010, month: 12, day: 31)!
    package var heldOutFrom = CalendarDate(year: 2011, month: 1, day: 3)!
    package var heldOutUntil = CalendarDate(year: 2030, month: 12, day: 31)!
  }

  /// Which environments, algorithms and devices there are.
  package let families: Families
  package var run = Run()
  /// What is looked for while a run learns, and what follows.
  package var health = HealthSettings()
  package var environment: EnvironmentFamily
  package var world = World()
  package var split = Split()
  package var algorithm: AlgorithmTag
  package var network = NetworkShapes()
  /// What an older version's file said that nothing has any more, in sentences; no part of the configuration.
  package var notes: [String] = []
  /// What each environment would be played with, and each algorithm run with, by name.
  private var environments: [String: any EnvironmentConfiguration]
  private var learners: [String: any LearnerConfiguration]

  package init(families: Families = .product) {
    self.families = families
    run.device = families.devices[0]
    environment = families.environments[0]
    algorithm = families.algorithms[0].tags[families.algorithms[0].tags.count - 1]
    environments = Dictionary(uniqueKeysWithValues: families.environments.map { ($0.name, $0.defaults) })
    learners = Dictionary(uniqueKeysWithValues: families.algorithms.map { ($0.name, $0.defaults) })
  }

  /// What the environment is played with.
  package var game: any EnvironmentConfiguration {
    get { self[gameOf: environment] }
    set { self[gameOf: environment] = newValue }
  }

  /// The hyper-parameters of the algorithm that is run.
  package var learner: any LearnerConfiguration {
    get { self[learnerOf: algorithm.family] }
    set { self[learnerOf: algorithm.family] = newValue }
  }

  subscript(gameOf family: EnvironmentFamily) -> any EnvironmentConfiguration {
    get { environments[family.name] ?? family.defaults }
    set { environments[family.name] = newValue }
  }

  subscript(learnerOf family: AlgorithmFamily) -> any LearnerConfiguration {
    get { learners[family.name] ?? family.defaults }
    set { learners[family.name] = newValue }
  }

  /// What the environment with configurations of that type would be played with. Traps where there is none.
  package subscript<Game: EnvironmentConfiguration>(_: Game.Type) -> Game {
    get {
      for case let game as Game in environments.values { return game }
      preconditionFailure("no environment is configured by \(Game.self)")
    }
    set {
      guard let name = environments.first(where: { $0.value is Game })?.key else {
        preconditionFailure("no environment is configured by \(Game.self)")
      }
      environments[name] = newValue
    }
  }

  /// What the algorithm with configurations of that type would be run with. Traps where there is none.
  package subscript<Learner: LearnerConfiguration>(_: Learner.Type) -> Learner {
    get {
      for case let learner as Learner in learners.values { return learner }
      preconditionFailure("no algorithm is configured by \(Learner.self)")
    }
    set {
      guard let name = learners.first(where: { $0.value is Learner })?.key else {
        preconditionFailure("no algorithm is configured by \(Learner.self)")
      }
      learners[name] = newValue
    }
  }

  /// The network for an environment's spaces.
  package func networkSpec(_ spaces: EnvironmentSpaces) -> NetworkSpec {
    // All choices together may be more than one head chooses among jointly.
    networkSpec(inputs: spaces.observations.count, actions: 1).choosing(spaces.actions.heads)
  }

  /// The network for so many columns and joint actions.
  package func networkSpec(inputs: Int, actions: Int) -> NetworkSpec {
    learner.networkSpec(network, hasMemory: algorithm.hasMemory, inputs: inputs, actions: actions)
  }

  /// Why `run.precision` cannot go with the rest; nil where it can.
  func precisionProblem(_ spec: NetworkSpec) -> String? {
    guard run.precision != .float32 else { return nil }
    let setting = "run.precision=\(run.precision.rawValue)"
    guard spec.hiddenCount > 0 else {
      return "\(setting) is for policies with memory, and \(algorithm.rawValue) has none; leave it at float32"
    }
    guard BFloat16Panels.supports(hidden: spec.hiddenCount) else {
      return "\(setting) needs a network.lstm_hidden that is a multiple of 16, not \(spec.hiddenCount)"
    }
    guard run.kernels != .blas else {
      return "\(setting) cannot go with run.kernels=blas, whose products are float32; set one of the two"
    }
    return nil
  }

  /// Steps of one rollout over all lanes.
  package var stepsPerRollout: Int { learner.stepsBetweenUpdates * world.lanes }

  /// `run.total_timesteps` rounded up to whole rollouts.
  package var wholeTimesteps: Int {
    (run.totalTimesteps + stepsPerRollout - 1) / stepsPerRollout * stepsPerRollout
  }

  /// The discounting horizon 1 / (1 - gamma) in bars; infinite for gamma 1.
  package var discountHorizonBars: Double { learner.discount < 1 ? 1 / (1 - learner.discount) : .infinity }
}

extension RunConfiguration: Equatable {
  package static func == (one: RunConfiguration, other: RunConfiguration) -> Bool {
    func isEqual<Value>(_ mine: [String: Value], _ theirs: [String: Value], _ equals: (Value, Value) -> Bool) -> Bool {
      mine.count == theirs.count && mine.allSatisfy { name, value in theirs[name].map { equals(value, $0) } ?? false }
    }
    return one.run == other.run && one.health == other.health && one.environment.name == other.environment.name
      && one.world == other.world && one.split == other.split && one.algorithm == other.algorithm
      && one.network == other.network && isEqual(one.environments, other.environments) { $0.equals($1) }
      && isEqual(one.learners, other.learners) { $0.equals($1) }
  }
}

extension RunConfiguration: Configurable {
  package var settings: [Setting] { families.settings(environment: environment, algorithm: algorithm.family) }

  /// The settings of the game itself that are others than in another configuration, in their order.
  package func gameSettings(otherThan other: RunConfiguration) -> [Setting] {
    let own = Set(environment.settings.map(\.key))
    return settings.filter { own.contains($0.key) && $0.read(other) != $0.read(self) }
  }

  /// The environment and the algorithm decide which other settings there are.
  package static let selectorKeys = [Families.environmentKey, Families.algorithmKey]

  package func refusal(of key: String, source: String) -> ConfigurationError? {
    // A section stands for all that is in it.
    let section = key + "."
    func isNamed(_ other: String) -> Bool { other == key || other.hasPrefix(section) }
    if settings.contains(where: { isNamed($0.key) }) { return nil }
    let algorithms = families.algorithms.filter { family in
      families.settings(environment: environment, algorithm: family).contains { isNamed($0.key) }
    }
    if !algorithms.isEmpty {
      return .foreign(
        key: key, source: source, kind: "algorithm", selector: Families.algorithmKey, chosen: algorithm.rawValue,
        owners: algorithms.map(\.name))
    }
    let environments = families.environments.filter { family in
      families.settings(environment: family, algorithm: algorithm.family).contains { isNamed($0.key) }
    }
    guard !environments.isEmpty else { return nil }
    return .foreign(
      key: key, source: source, kind: "environment", selector: Families.environmentKey, chosen: environment.name,
      owners: environments.map(\.name))
  }

  /// Algorithms and environments have settings of their own: what was said of the last one's is not the next one's. Networks of a policy and a critic are
  /// shaped alike whoever learns them.
  package func keeps(_ key: String, since before: RunConfiguration) -> Bool {
    let (mine, theirs) = (algorithm.family, before.algorithm.family)
    if mine != theirs {
      if key.hasPrefix("algorithm.") { return false }
      if key.hasPrefix("network."), !(mine.isActorCritic && theirs.isActorCritic) { return false }
    }
    return environment.name == before.environment.name || setting(key) != nil
  }

  package mutating func modernised(_ tree: JSON, source: String) -> JSON {
    guard let found = OlderSettings.leftOver(in: tree, for: self) else { return tree }
    if let note = found.note { notes.append("\(source): \(note)") }
    return found.tree
  }

  package static func readFile(_ path: String) throws(ConfigurationError) -> [UInt8] {
    do {
      return try FileSystem.read(path, limitBytes: YAML.maximumBytes)
    } catch {
      throw .unreadable(path: path, reason: error.description)
    }
  }
}
