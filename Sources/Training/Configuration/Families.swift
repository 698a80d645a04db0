// Which environments, algorithms and devices there are, and the one table of settings that follows from them.

private import AgentInterface
package import Algorithms
internal import Configuration
package import Environments
internal import Market
package import Networks
private import Storage
internal import Text

/// The environments, algorithms and devices that a program knows, each a list that its door hands in.
package struct Families: Sendable {
  package let environments: [EnvironmentFamily]
  package let algorithms: [AlgorithmFamily]
  /// The first is what a run takes that names none.
  package let devices: [DeviceFamily]
  /// The settings of each pair, by both names.
  private let tables: [String: [Setting]]

  /// Those of the product.
  package static let product = Families(
    environments: EnvironmentRegistry.families, algorithms: AlgorithmRegistry.families)

  /// Traps where a list is empty, a name stands twice, or a setting is in two tables of one run.
  package init(
    environments: [EnvironmentFamily], algorithms: [AlgorithmFamily],
    devices: [DeviceFamily] = DeviceRegistry.families
  ) {
    precondition(
      !environments.isEmpty && !algorithms.isEmpty && !devices.isEmpty,
      "a program without environments, algorithms or devices")
    precondition(Set(devices).count == devices.count, "a device is registered twice: \(devices)")
    let names = environments.flatMap { [$0.name] + $0.aliases }
    precondition(Set(names).count == names.count, "an environment is registered twice: \(names)")
    let tags = algorithms.flatMap(\.tags).map(\.rawValue)
    precondition(Set(tags).count == tags.count, "an algorithm is registered twice: \(tags)")
    self.environments = environments
    self.algorithms = algorithms
    self.devices = devices
    var tables: [String: [Setting]] = [:]
    for environment in environments {
      for algorithm in algorithms {
        let table = Families.table(environment, algorithm, environments, algorithms, devices)
        let keys = table.map(\.key)
        precondition(
          Set(keys).count == keys.count, "\(environment.name) and \(algorithm) have a setting in two tables")
        tables[environment.name + "/" + algorithm.name] = table
      }
    }
    self.tables = tables
  }

  /// The environment of that name or alias.
  package func environment(named name: String) -> EnvironmentFamily? {
    environments.first { $0.name == name || $0.aliases.contains(name) }
  }

  /// The variant of that name.
  package func tag(named name: String) -> AlgorithmTag? {
    algorithms.lazy.flatMap(\.tags).first { $0.rawValue == name }
  }

  /// Every setting of a run of that algorithm in that environment, in the order in which it is shown. What others have beside it is none of them.
  package func settings(environment: EnvironmentFamily, algorithm: AlgorithmFamily) -> [Setting] {
    tables[environment.name + "/" + algorithm.name] ?? []
  }

  /// The settings that decide which other settings there are, and so are read before them.
  package static let environmentKey = "environment.name"
  package static let algorithmKey = "algorithm.name"

  private static func table(
    _ environment: EnvironmentFamily, _ algorithm: AlgorithmFamily, _ environments: [EnvironmentFamily],
    _ algorithms: [AlgorithmFamily], _ devices: [DeviceFamily]
  ) -> [Setting] {
    let health = algorithm.healthSettings.map { $0.lifted(\RunConfiguration.health) }
    let game = environment.settings.map { setting in
      setting.lifted(
        get: { (run: RunConfiguration) in run[gameOf: environment] }, set: { $0[gameOf: environment] = $1 })
    }
    let learner = algorithm.settings.map { setting in
      setting.lifted(
        get: { (run: RunConfiguration) in run[learnerOf: algorithm] }, set: { $0[learnerOf: algorithm] = $1 })
    }
    let network = algorithm.networkSettings.map { $0.lifted(\RunConfiguration.network) }
    // Of one device nothing is to be said.
    return runSettings + (devices.count > 1 ? [deviceSetting(devices)] : []) + health + [
      environmentSetting(environments)
    ] + laneSettings
      + (environment.hasWindows ? dataSettings : []) + game + (environment.hasWindows ? splitSettings : []) + [
        algorithmSetting(algorithms)
      ] + learner + network
  }

  private static func deviceSetting(_ devices: [DeviceFamily]) -> Setting {
    Setting.choice(
      "run.device", \.run.device, devices.map { ($0.name, $0) },
      "where the learner's numbers lie and its arithmetic is done; changes last bits"
    ).changeableOnResume
  }

  private static func environmentSetting(_ environments: [EnvironmentFamily]) -> Setting {
    Setting(
      key: environmentKey, help: "the environment; it has settings of its own, with defaults of its own",
      expected: "one of " + environments.map(\.name).joined(separator: ", "),
      read: { .string($0.environment.name) },
      write: { run, value in
        guard let family = value.stringValue.flatMap({ run.families.environment(named: $0) }) else { return false }
        run.environment = family
        return true
      })
  }

  private static func algorithmSetting(_ algorithms: [AlgorithmFamily]) -> Setting {
    Setting(
      key: algorithmKey,
      help:
        "the algorithm with its switches: memory (lstm) and mask; it has settings of its own, with defaults of its own",
      expected: "one of " + algorithms.flatMap(\.tags).map(\.rawValue).joined(separator: ", "),
      read: { .string($0.algorithm.rawValue) },
      write: { run, value in
        guard let tag = value.stringValue.flatMap({ run.families.tag(named: $0) }) else { return false }
        run.algorithm = tag
        return true
      })
  }

  /// Whether a text can stand as a file's name anywhere; the empty one names nothing and is taken.
  private static func isName(_ text: String) -> Bool {
    text.utf8.count <= 100 && !text.hasPrefix(".") && !text.hasPrefix("-")
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
          true
        default: false
        }
      }
  }

  private static let runSettings: [Setting] = [
    .text(
      "run.model_name", \.run.modelName, expected: "a name of at most 100 letters, digits, '.', '_' and '-'",
      "the policy's name in manifest and bundle; empty takes the run folder's", accepts: isName),
    .integer("run.seed", \.run.seed, 0...Int(Int32.max), "names every stream of random numbers"),
    .integer("run.total_timesteps", \.run.totalTimesteps, 1...1_000_000_000_000, "environment steps over all lanes"),
    .integer("run.workers", \.run.workers, 0...256, "threads; 0 takes every core; never changes a number")
      .changeableOnResume,
    .choice(
      "run.kernels", \.run.kernels, LearnerKernels.allCases.map { ($0.rawValue, $0) },
      "the learner's arithmetic: fused, through CBLAS, or auto, what a table says of processor and policy; changes last bits"
    ).changeableOnResume,
    .choice(
      "run.precision", \.run.precision, LearnerPrecision.allCases.map { ($0.rawValue, $0) },
      "what an LSTM's products take; bf16 is faster where the processor has a unit for it, and changes numbers"
    ).changeableOnResume,
    .integer(
      "run.checkpoint_interval", \.run.checkpointInterval, 1...1_000_000_000_000, "steps between checkpoints"),
    .integer("run.keep_checkpoints", \.run.keepCheckpoints, 1...1000, "how many checkpoints stay"),
    .integer(
      "run.evaluation_interval", \.run.evaluationInterval, 1...1_000_000_000_000,
      "steps between looks at the selection window"),
    .flag("run.metrics_jsonl", \.run.metricsJSONLines, "the rows of progress.csv in metrics.jsonl too"),
    .flag("run.tensorboard", \.run.tensorBoard, "the rows in TensorBoard's event files too"),
  ]

  private static let laneSettings: [Setting] = [
    .integer("environment.lanes", \.world.lanes, 1...1_000_000, "environments stepped side by side"),
    .integer(
      "environment.observation_dim", \.world.observationDimension, 0...100_000, "expected columns; 0 expects none"),
    .integer(
      "environment.action_space", \.world.actionSpace, 0...ActionFactors.mostChoices,
      "expected actions; 0 expects none"),
  ]

  /// Of environments that play bars of a store.
  private static let dataSettings: [Setting] = [
    .text("environment.store", \.world.store, "the market store, made by `strikeforge import`"),
    .words(
      "environment.assets", \.world.assets, "symbols in order; empty takes all shares of the store but the benchmark"),
    .choice(
      "environment.bar_width", \.world.barWidth,
      [("auto", nil)] + BarWidth.allCases.map { ($0.rawValue, $0) },
      "which bars are traded where a store holds several widths; auto takes the one that the symbols have"),
    .text(
      "environment.data_source", \.world.dataSource,
      expected: "empty, or one of " + BarLayout.all.map(\.name).joined(separator: ", "),
      "the layout that the store's bars must have been imported from; empty takes any; nothing is downloaded",
      accepts: { $0.isEmpty || BarLayout.named($0) != nil }),
    .text(
      "environment.benchmark_symbol", \.world.benchmarkSymbol,
      "a series of the store that is not traded, an index or a share, for the portfolio's beta"),
    .integer(
      "environment.lookback_window", \.world.lookbackWindow, 50...10_000, unit: "bars",
      "history before the first decision"),
    .integer(
      "environment.episode_length", \.world.episodeLength, 1...1_000_000, unit: "bars", "length of a training episode"),
  ]

  private static let splitSettings: [Setting] = [
    .date("split.training_from", \.split.trainingFrom, "first date that training may see"),
    .date("split.training_until", \.split.trainingUntil, "last date that training may see"),
    .integer(
      "split.training_sessions", \.split.trainingSessions, 0...100_000,
      "exchange sessions before training_until that training sees; 0 sees all since training_from"),
    .date("split.selection_from", \.split.selectionFrom, "first date of the window that chooses the best checkpoint"),
    .date("split.selection_until", \.split.selectionUntil, "last date of that window"),
    .date("split.held_out_from", \.split.heldOutFrom, "first date that only `evaluate` sees"),
    .date("split.held_out_until", \.split.heldOutUntil, "last date that `evaluate` sees"),
  ]
}

extension SettingOf {
  static func date(
    _ key: String, _ path: SettingPath<Root, CalendarDate>, _ help: String
  ) -> SettingOf {
    SettingOf(
      key: key, help: help, expected: "a date like 2009-12-31", read: { .string($0[keyPath: path].description) },
      write: { configuration, value in
        guard let date = value.stringValue.flatMap({ CalendarDate($0) }) else { return false }
        configuration[keyPath: path] = date
        return true
      })
  }
}
