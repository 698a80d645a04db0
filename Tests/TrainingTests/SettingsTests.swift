// The table of settings: round trips, refusals and layers.

import Algorithms
import Configuration
import Environments
import RunSupport
import Storage
import TestSupport
import Testing
import Text
import Training

@Suite struct SettingsTests {
  /// The sentence with which a tree is refused, or nil.
  private func refusal(
    _ section: String, _ name: String, _ value: JSON, _ defaults: RunConfiguration = RunConfiguration()
  ) -> String? {
    var configuration = defaults
    do throws(ConfigurationError) {
      try configuration.apply(.object([section: .object([name: value])]), source: "test")
      return nil
    } catch {
      #expect(configuration == defaults)
      return error.description
    }
  }

  private func parts(_ setting: Setting) -> (section: String, name: String) {
    let parts = setting.key.split(separator: ".").map(String.init)
    return (parts[0], parts[1])
  }

  /// A value of the setting that differs from the default: the first of a list of candidates that it takes.
  private func other(_ setting: Setting, _ defaults: RunConfiguration) throws -> JSON {
    let candidates: [JSON] = [
      7, 60, 0.5, 0.125, true, false, .string(defaults.algorithm.family.name), "linear", "rotation", "relu",
      "separate", "blas", "bf16", "off", "rmsprop_tf", "tanh", "float16", "minute", "massive", "quoted", "dollars",
      "chain", "naked",
      "2005-06-07",
      [3, 4],
      ["X", "Y"],
      "a b: #c",
    ]
    let (section, name) = parts(setting)
    let before = setting.read(defaults)
    return try #require(
      candidates.first { candidate in
        var configuration = defaults
        guard (try? configuration.apply(.object([section: .object([name: candidate])]), source: "test")) != nil else {
          return false
        }
        return setting.read(configuration) != before
      }, "no other value of \(setting.key)")
  }

  /// The defaults of each algorithm, in its variant with the most switches.
  static func defaults(_ family: AlgorithmFamily) throws -> RunConfiguration {
    var defaults = RunConfiguration()
    defaults.algorithm = try #require(AlgorithmRegistry.tags.last { $0.family == family })
    return defaults
  }

  /// Every algorithm in the first environment, and every other environment with the first algorithm.
  struct Kind: Sendable, CustomTestStringConvertible {
    let environment: String
    let algorithm: AlgorithmFamily

    var testDescription: String { "\(algorithm) in \(environment)" }

    func defaults() throws -> RunConfiguration {
      var defaults = try SettingsTests.defaults(algorithm)
      defaults.environmentName = environment
      return defaults
    }

    static let all =
      AlgorithmRegistry.families.map { Kind(environment: "dual_ticker", algorithm: $0) }
      + EnvironmentRegistry.families.dropFirst().map { Kind(environment: $0.name, algorithm: PPO.family) }
  }

  /// All but the name of the environment, with which the settings themselves change.
  static let everySetting = Kind.all.flatMap { kind in
    ((try? kind.defaults().settings) ?? []).filter { $0.key != Families.environmentKey }.map { (kind, $0.key) }
  }

  @Test(arguments: Kind.all) func defaultsComeBackFromJSONAndYAML(kind: Kind) throws {
    let defaults = try kind.defaults()
    let all = defaults.settings
    #expect(Set(all.map(\.key)).count == all.count)
    var changed = defaults
    for setting in all where setting.key != Families.environmentKey {
      let (section, name) = parts(setting)
      try changed.apply(.object([section: .object([name: try other(setting, defaults)])]), source: "test")
    }
    #expect(changed != defaults)
    // Over each other, so that every setting has to be written.
    for (from, onto) in [(defaults, changed), (changed, defaults)] {
      var viaJSON = onto
      try viaJSON.apply(try JSON.parse(from.json.prettyText), source: "json")
      #expect(viaJSON == from)
      var viaYAML = onto
      try viaYAML.apply(try YAML.parse(Array(from.yamlText.utf8), source: "yaml"), source: "yaml")
      #expect(viaYAML == from)
    }
  }

  @Test(arguments: everySetting) func changesItselfAlone(kind: Kind, key: String) throws {
    let defaults = try kind.defaults()
    let setting = try #require(defaults.setting(key))
    let (section, name) = parts(setting)
    let value = try other(setting, defaults)
    var configuration = defaults
    try configuration.apply(.object([section: .object([name: value])]), source: "test")
    for each in defaults.settings where each.key != key {
      #expect(each.read(configuration) == each.read(defaults), "\(key) changed \(each.key)")
    }
    #expect(setting.read(configuration) != setting.read(defaults))
    var assigned = defaults
    try assigned.apply(assignment: "\(key)=\(value.text)")
    #expect(assigned == configuration)
  }

  @Test(arguments: everySetting) func refusesOtherKindsInWords(kind: Kind, key: String) throws {
    let defaults = try kind.defaults()
    let setting = try #require(defaults.setting(key))
    let (section, name) = parts(setting)
    for wrong: JSON in [["a": 1], [["x"]], [1, "x"]] {
      let sentence = try #require(refusal(section, name, wrong, defaults))
      #expect(sentence.contains("test: '\(key)'") && sentence.hasSuffix("must be \(setting.expected)"))
    }
    let isText = setting.read(defaults).stringValue != nil
    #expect(refusal(section, name, isText ? 5 : "word", defaults) != nil)
    #expect(refusal(section, name, isText ? .null : "5", defaults) != nil)
    #expect(!setting.help.isEmpty)
  }

  static let outOfRange: [(String, String, JSON)] = [
    ("run", "seed", -1), ("run", "seed", 2_147_483_648), ("run", "total_timesteps", 0), ("run", "workers", 257),
    ("run", "total_timesteps", 1.5), ("run", "total_timesteps", 1e300), ("run", "keep_checkpoints", 0),
    ("environment", "lanes", 0), ("environment", "lanes", .integer(.min)), ("environment", "name", "mars"),
    ("environment", "assets", ["A", "A"]), ("environment", "assets", [""]), ("environment", "lookback_window", 49),
    ("environment", "unit_dollars", 0), ("environment", "drawdown_halt", 1.01),
    ("split", "training_until", "2009-02-29"), ("split", "training_until", "31.12.2009"),
    ("split", "training_from", 2009),
    ("algorithm", "gamma", 1.0001), ("algorithm", "gamma", -0.1), ("algorithm", "learning_rate", 0),
    ("algorithm", "learning_rate", true), ("algorithm", "horizon", 0), ("algorithm", "name", "ppo_gru"),
    ("algorithm", "target_kl", 0), ("algorithm", "normalize_advantage", 1), ("network", "lstm_hidden", 4097),
    ("network", "policy_tower", [0]), ("network", "policy_tower", [1.5]), ("network", "policy_tower", 64),
    ("network", "activation", "gelu"),
  ]

  @Test(arguments: outOfRange) func refusesValuesOutOfRange(section: String, name: String, value: JSON) throws {
    let sentence = try #require(refusal(section, name, value))
    #expect(sentence.contains(value.text) && sentence.contains("must be"))
  }

  static let outOfOtherRanges: [(AlgorithmFamily, String, String, JSON)] = [
    (A2C.family, "algorithm", "rmsprop_epsilon", 0), (A2C.family, "algorithm", "optimizer", "adam"),
    (A2C.family, "algorithm", "log_interval", 0), (A2C.family, "algorithm", "name", "a2c_gru"),
    (DQN.family, "algorithm", "tau", 1.5), (DQN.family, "algorithm", "tau", 0),
    (DQN.family, "algorithm", "gradient_steps", -2),
    (DQN.family, "algorithm", "exploration_final", 1.1), (DQN.family, "algorithm", "exploration_fraction", 0),
    (DQN.family, "algorithm", "buffer_size", 0), (DQN.family, "algorithm", "n_step", 0),
    (DQN.family, "algorithm", "double", 1),
    (DQN.family, "algorithm", "replay_memory_mib", -1), (DQN.family, "algorithm", "replay_precision", "float8"),
    (DQN.family, "algorithm", "priority_exponent", 2),
    (DQN.family, "algorithm", "name", "dqn_lstm"), (DQN.family, "network", "hidden_layers", [0]),
  ]

  @Test(arguments: outOfOtherRanges)
  func refusesOtherAlgorithmsValuesOutOfRange(family: AlgorithmFamily, section: String, name: String, value: JSON)
    throws
  {
    let sentence = try #require(refusal(section, name, value, try Self.defaults(family)))
    #expect(sentence.contains(value.text) && sentence.contains("must be"))
  }

  /// What the table says is allowed, the environment takes: the largest value of every number it trades with.
  @Test(arguments: [
    "capital_per_asset", "unit_dollars", "maximum_units", "unit_share_of_value", "unit_share", "half_spread_bps",
    "impact_coefficient", "commission_dollars",
  ])
  func theEnvironmentTakesWhatTheTableAllows(name: String) throws {
    let setting = try #require(RunConfiguration().setting("environment." + name))
    let range = try #require(setting.expected.split(separator: "(").first)
    let largest = try #require(range.split(separator: " ").last)
    var configuration = RunConfiguration()
    try configuration.apply(assignment: "\(setting.key)=\(largest)")
    #expect(setting.read(configuration) == (try JSON.parse(String(largest))))
    #expect(throws: Never.self) { try configuration.basket.validate() }
  }

  /// A run goes on as it began: how a unit is sized may not be told anew, and is off unless it is told.
  @Test func aRunKeepsHowItSizesAUnit() throws {
    let setting = try #require(RunConfiguration().setting("environment.unit_share"))
    #expect(!setting.mayChangeOnResume && setting.read(RunConfiguration()) == .null)
    for wrong: JSON in [0, 1.01, -0.5, "all"] {
      #expect(refusal("environment", "unit_share", wrong)?.contains("environment.unit_share") == true)
    }
  }

  /// What another algorithm has is refused by name, wherever it stands; what both have is each one's own.
  @Test func settingsBelongToTheAlgorithmThatIsNamed() throws {
    var configuration = RunConfiguration()
    try configuration.apply(["algorithm": ["gamma": 0.9, "name": "a2c"]], source: "a.yaml")
    #expect(configuration.algorithm == .a2c && configuration.a2c.gamma == 0.9 && configuration.ppo.gamma == 0.99)
    #expect(configuration.stepsPerRollout == 5 * 64 && configuration.discountHorizonBars.rounded() == 10)
    for (assignment, owners) in [
      ("algorithm.clip_range=0.1", "ppo"), ("algorithm.epochs=3", "ppo"), ("algorithm.batch_size=3", "ppo and dqn"),
      ("network.hidden_layers=[3]", "dqn"),
    ] {
      let before = configuration
      do throws(ConfigurationError) {
        try configuration.apply(assignment: assignment)
        Issue.record("accepted: \(assignment)")
      } catch {
        #expect(error.description.contains("is a setting of \(owners), but algorithm.name is a2c"))
      }
      #expect(configuration == before)
    }
    try configuration.apply(assignment: "algorithm.name=ppo")
    #expect(configuration.ppo.gamma == 0.99)
    #expect(throws: ConfigurationError.self) { try configuration.apply(assignment: "algorithm.rmsprop_epsilon=1") }
  }

  @Test func takesWholeNumbersInAnySpelling() throws {
    var configuration = RunConfiguration()
    try configuration.apply(assignment: "run.total_timesteps=1e6")
    #expect(configuration.run.totalTimesteps == 1_000_000)
    try configuration.apply(assignment: "algorithm.gamma=1")
    #expect(configuration.ppo.gamma == 1 && configuration.discountHorizonBars == .infinity)
  }

  @Test func namesTheNearestKey() throws {
    func message(_ text: String) throws -> String {
      var configuration = RunConfiguration()
      do throws(ConfigurationError) {
        try configuration.apply(try YAML.parse(Array(text.utf8), source: "a.yaml"), source: "a.yaml")
        Issue.record("accepted: \(text)")
        return ""
      } catch {
        return error.description
      }
    }
    #expect(try message("algoritm:\n  gamma: 1\n").contains("did you mean 'algorithm'?"))
    #expect(try message("algorithm:\n  gama: 1\n").contains("did you mean 'algorithm.gamma'?"))
    #expect(try message("algorithm:\n  learningRate: 1\n").contains("did you mean 'algorithm.learning_rate'?"))
    #expect(try message("run:\n  gamma: 0.9\n").contains("did you mean 'algorithm.gamma'?"))
    #expect(try message("gamma: 0.9\n").contains("did you mean 'algorithm.gamma'?"))
    #expect(try message("algorithm.gamma: 0.9\n").contains("'gamma' inside the section 'algorithm'"))
    #expect(try message("zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz:\n  q: 1\n").contains("unknown key"))
    #expect(try message("algorithm: 5\n").contains("a section with settings"))
    #expect(try message("- a\n").contains("sections with settings"))
    #expect(try message("5\n").contains("sections with settings"))
    var configuration = RunConfiguration()
    try configuration.apply(["algorithm": .null], source: "empty section")
    #expect(configuration == RunConfiguration())
  }

  @Test func readsAssignments() throws {
    var configuration = RunConfiguration()
    try configuration.apply(assignment: "environment.assets=[AAPL, MSFT]")
    try configuration.apply(assignment: "environment.store=a=b.h5")
    try configuration.apply(assignment: "algorithm.target_kl=0.02")
    #expect(configuration.world.assets == ["AAPL", "MSFT"])
    #expect(configuration.world.store == "a=b.h5")
    #expect(configuration.ppo.targetKL == 0.02)
    try configuration.apply(assignment: "algorithm.target_kl=")
    #expect(configuration.ppo.targetKL == nil)
    let before = configuration
    for wrong in [
      "algorithm.gamma", "", "=1", "gamma=0.9", "algorithm.gama=1", "algorithm.gamma=a: b", "algorithm.gamma=[",
      "environment.store=x\nother: 5", "algorithm.gamma=0.5\n---\n1", "algorithm={gamma: 0.5}",
    ] {
      #expect(throws: ConfigurationError.self, "\(wrong)") { try configuration.apply(assignment: wrong) }
    }
    #expect(configuration == before)
  }

  @Test func laterLayersLieOverEarlierOnes() throws {
    try withScratchFolder { folder in
      let (base, overlay) = (FileSystem.join(folder, "base.yaml"), FileSystem.join(folder, "overlay.yaml"))
      try AtomicWrite.write(text: "algorithm:\n  gamma: 0.9\n  epochs: 3\n  clip_range: 0.3\n", to: base)
      try AtomicWrite.write(text: "algorithm:\n  epochs: 5\n  clip_range: 0.4\n", to: overlay)
      var configuration = RunConfiguration()
      try configuration.apply(yamlFile: base)
      try configuration.apply(yamlFile: overlay)
      try configuration.apply(assignment: "algorithm.clip_range=0.5")
      #expect(configuration.ppo.gamma == 0.9 && configuration.ppo.epochs == 5 && configuration.ppo.clipRange == 0.5)
      let missing = FileSystem.join(folder, "missing.yaml")
      #expect {
        try configuration.apply(yamlFile: missing)
      } throws: { error in "\(error)".contains(missing) && error is ConfigurationError }
    }
  }

  @Test(arguments: [
    "- a", " a ", "a\nb", "~", "true", "5", "a: b", "#x", "é/ü", "\u{7F}\u{85}\u{2028}\u{1}", "\"'", "---", "x y", "?",
    "=", "<<",
  ])
  func anyTextComesBackFromYAML(text: String) throws {
    var configuration = RunConfiguration()
    configuration.world.store = text
    var again = RunConfiguration()
    try again.apply(try YAML.parse(Array(configuration.yamlText.utf8), source: "yaml"), source: "yaml")
    #expect(again == configuration)
  }
}
