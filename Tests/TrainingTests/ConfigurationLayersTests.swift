// Files over files, flags over files, and where each value says that it comes from.

import Algorithms
import Configuration
import Inference
import RunSupport
import Storage
import TestSupport
import Testing
import Text
import Training

@Suite struct ConfigurationLayersTests {
  private func write(_ text: String, _ name: String, in folder: String) throws -> String {
    let path = FileSystem.join(folder, name)
    try FileSystem.makeFolder(FileSystem.split(path).folder)
    try AtomicWrite.write(text: text, to: path)
    return path
  }

  @Test func aFileLiesOverItsBaseWhereverBothAre() throws {
    try withScratchFolder { folder in
      _ = try write("algorithm: {gamma: 0.9, epochs: 3, clip_range: 0.3}\n", "low.yaml", in: folder)
      let middle = try write("base: low.yaml\nalgorithm: {epochs: 5, clip_range: 0.4}\n", "middle.yaml", in: folder)
      let top = try write("base: ../middle.yaml\nalgorithm: {clip_range: 0.5}\n", "below/top.yaml", in: folder)
      var layers = ConfigurationLayers(RunConfiguration())
      try layers.apply(yamlFile: top)
      let ppo = layers.configuration.ppo
      #expect(ppo.gamma == 0.9 && ppo.epochs == 5 && ppo.clipRange == 0.5)
      #expect(layers.sources["algorithm.clip_range"] == top)
      #expect(layers.sources["algorithm.epochs"]?.hasSuffix("below/../middle.yaml") == true)
      #expect(layers.sources["algorithm.gamma"]?.hasSuffix("/low.yaml") == true)
      #expect(layers.sources["run.seed"] == nil)
      // A later file lies over all of that; an absolute base is taken as it stands.
      let other = try write("base: \(middle)\nalgorithm: {epochs: 9}\n", "other.yaml", in: folder)
      try layers.apply(yamlFile: other)
      #expect(layers.configuration.ppo.epochs == 9 && layers.configuration.ppo.clipRange == 0.4)
    }
  }

  @Test func circlesAndMissingBasesAreNamed() throws {
    try withScratchFolder { folder in
      let first = try write("base: second.yaml\n", "first.yaml", in: folder)
      _ = try write("base: first.yaml\n", "second.yaml", in: folder)
      let lost = try write("base: gone.yaml\n", "lost.yaml", in: folder)
      let list = try write("base: [a, b]\n", "list.yaml", in: folder)
      for (path, words) in [(first, "in a circle"), (lost, "gone.yaml"), (list, "'base' is [\"a\",\"b\"] but must be")]
      {
        var layers = ConfigurationLayers(RunConfiguration())
        #expect("\(path)") {
          try layers.apply(yamlFile: path)
        } throws: { error in "\(error)".contains(words) }
        #expect(layers.configuration == RunConfiguration() && layers.sources.isEmpty)
      }
    }
  }

  @Test func theDumpSaysWhereValuesComeFromAndReadsBack() throws {
    try withScratchFolder { folder in
      let file = try write("algorithm: {gamma: 0.9}\nrun: {seed: 0}\n", "a\n b: #.yaml", in: folder)
      var layers = ConfigurationLayers(RunConfiguration())
      try layers.apply(yamlFile: file)
      try layers.apply(assignment: "algorithm.epochs=7")
      try layers.apply(try #require(SettingFlag.named("symbols")), value: "ON,TRUE,1")
      let text = layers.yamlText
      #expect(text.contains("gamma: 0.9  # ") && text.contains("epochs: 7  # --set\n"))
      #expect(text.contains("assets: [\"ON\", \"TRUE\", \"1\"]  # --symbols\n") || text.contains("# --symbols\n"))
      #expect(text.contains("horizon: 128\n"), "a default has no source")
      // What a layer set to the default's value still says so.
      #expect(text.contains("seed: 0  # "))
      var again = ConfigurationLayers(RunConfiguration())
      try again.apply(yamlFile: try write(text, "dump.yaml", in: folder))
      #expect(again.configuration == layers.configuration)
    }
  }

  static let flags: [(flag: String, value: String, key: String, text: String)] = [
    ("symbols", "SPY,QQQ", "environment.assets", "[\"SPY\",\"QQQ\"]"),
    ("timesteps", "500000", "run.total_timesteps", "500000"), ("timesteps", "5e5", "run.total_timesteps", "500000"),
    ("model-name", "momentum_v3_lstm", "run.model_name", "\"momentum_v3_lstm\""),
    ("model-name", "2024", "run.model_name", "\"2024\""), ("intraday-days", "60", "split.training_sessions", "60"),
    ("learning-rate", "3e-5", "algorithm.learning_rate", "3e-05"),
    ("ent-coef", "0.08", "algorithm.entropy_coefficient", "0.08"),
    ("gamma", "0.92", "algorithm.gamma", "0.92"), ("n-steps", "512", "algorithm.horizon", "512"),
    ("policy", "mlp", "algorithm.name", "\"ppo_mask\""), ("mask", "off", "algorithm.name", "\"ppo_lstm\""),
    ("algorithm", "ppo", "algorithm.name", "\"ppo\""), ("n-envs", "8", "environment.lanes", "8"),
  ]

  @Test(arguments: flags)
  func aFlagIsItsSetting(flag: String, value: String, key: String, text: String) throws {
    var layers = ConfigurationLayers(RunConfiguration())
    try layers.apply(try #require(SettingFlag.named(flag)), value: value)
    let setting = try #require(RunConfiguration().setting(key))
    #expect(setting.read(layers.configuration).text == text)
    #expect(layers.sources == [key: "--" + flag])
    var assigned = RunConfiguration()
    try assigned.apply(assignment: "\(key)=\(text)")
    #expect(layers.configuration == assigned)
  }

  @Test(arguments: [
    ("symbols", "SPY,,QQQ"), ("symbols", "SPY,SPY"), ("symbols", ""), ("timesteps", "many"), ("timesteps", "0"),
    ("model-name", "../x"), ("model-name", "a b"), ("intraday-days", "-1"), ("gamma", "1.1"), ("gamma", ""),
    ("policy", "gru"), ("mask", "true"), ("algorithm", "sac"), ("n-steps", "1.5"),
  ])
  func aFlagRefusesWhatItsSettingRefuses(flag: String, value: String) throws {
    var layers = ConfigurationLayers(RunConfiguration())
    let known = try #require(SettingFlag.named(flag))
    #expect {
      try layers.apply(known, value: value)
    } throws: { error in "\(error)".hasPrefix("--\(flag): '\(known.key)' is ") && "\(error)".contains("must be") }
    #expect(layers.configuration == RunConfiguration() && layers.sources.isEmpty)
  }

  /// `--policy` and `--mask` are the two switches of one algorithm: in any order, over any layer below.
  @Test(arguments: AlgorithmRegistry.tags, [true, false])
  func switchesLeaveEachOtherAlone(below: AlgorithmTag, memoryFirst: Bool) throws {
    for (memory, mask) in [(true, true), (true, false), (false, true), (false, false)] {
      var layers = ConfigurationLayers(RunConfiguration())
      try layers.apply(assignment: "algorithm.name=\(below.rawValue)")
      var flags = [("policy", memory ? "lstm" : "mlp"), ("mask", mask ? "on" : "off")]
      if !memoryFirst { flags.reverse() }
      guard let expected = AlgorithmTag(below.family, hasMemory: memory, isMasked: mask) else {
        let policy = try #require(SettingFlag.named("policy"))
        #expect {
          try layers.apply(policy, value: "lstm")
        } throws: { "\($0)".contains("no such variant of \(below.rawValue)") }
        continue
      }
      for (name, value) in flags { try layers.apply(try #require(SettingFlag.named(name)), value: value) }
      #expect(layers.configuration.algorithm == expected)
    }
  }

  /// What was said of one algorithm is not said of another.
  @Test func anotherAlgorithmStartsFromItsOwnDefaults() throws {
    var layers = ConfigurationLayers(RunConfiguration())
    try layers.apply(assignment: "algorithm.learning_rate=0.5")
    try layers.apply(assignment: "environment.lanes=3")
    try layers.apply(try #require(SettingFlag.named("algorithm")), value: "a2c")
    #expect(layers.configuration.a2c.learningRate == 7e-4 && layers.configuration.world.lanes == 3)
    #expect(layers.sources == ["environment.lanes": "--set", "algorithm.name": "--algorithm"])
    try layers.apply(try #require(SettingFlag.named("learning-rate")), value: "0.25")
    #expect(layers.configuration.a2c.learningRate == 0.25 && layers.configuration.ppo.learningRate == 0.5)
  }

  @Test func everyFlagNamesASetting() {
    // Of the first environment, or of another one.
    for flag in SettingFlag.all {
      let isKnown = Families.product.environments.contains { family in
        var run = RunConfiguration()
        run.environment = family
        return run.setting(flag.key) != nil
      }
      #expect(isKnown, "\(flag.name)")
    }
    #expect(Set(SettingFlag.all.map(\.name)).count == SettingFlag.all.count)
  }
}
