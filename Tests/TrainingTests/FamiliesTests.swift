// Which environments and algorithms there are: one table of settings a pair, and what older versions wrote.

import Algorithms
import Configuration
import Environments
import Networks
import RunSupport
import Testing
import Text

@testable import Training

@Suite struct FamiliesTests {
  /// A mistake of whoever registers is found at the start of any program, and so in every test.
  @Test func whatIsRegisteredTwiceTraps() async {
    await #expect(processExitsWith: .failure) {
      _ = Families(
        environments: EnvironmentRegistry.families + [LeakMarket.family], algorithms: AlgorithmRegistry.families)
    }
    await #expect(processExitsWith: .failure) {
      _ = Families(
        environments: EnvironmentRegistry.families, algorithms: AlgorithmRegistry.families + [PPO.family])
    }
    await #expect(processExitsWith: .failure) {
      _ = Families(
        environments: EnvironmentRegistry.families, algorithms: AlgorithmRegistry.families, devices: [.cpu, .cpu])
    }
    // A setting that all environments have already.
    await #expect(processExitsWith: .failure) {
      let twice = EnvironmentFamily(
        "twice", "has lanes of its own", game: LeakMarket(),
        settings: [.integer("environment.lanes", \.episodeLength, 1...9, "lanes")],
        lanes: { Lanes($0, laneCount: $1) })
      _ = Families(environments: [twice], algorithms: AlgorithmRegistry.families)
    }
  }

  @Test func everyPairHasEachSettingOnce() {
    for environment in Families.product.environments {
      for algorithm in Families.product.algorithms {
        let keys = Families.product.settings(environment: environment, algorithm: algorithm).map(\.key)
        #expect(keys.count > 40 && Set(keys).count == keys.count)
        #expect(keys.contains("environment.store") == environment.hasWindows)
        #expect(keys.contains("split.held_out_from") == environment.hasWindows)
        #expect(keys.contains("environment.cue_bars") == (environment.name == "cue"))
      }
    }
  }

  /// What a version wrote that listed the settings of all environments, whatever was played.
  private func older(_ name: String, _ changes: [String: JSON] = [:]) -> JSON {
    var sections = RunConfiguration().json.objectValue ?? [:]
    var members: [String: JSON] = [:]
    // No version that wrote such a list had options to play.
    let options = OptionsGame.allCases.map(\.name)
    for family in Families.product.environments.reversed() where !options.contains(family.name) {
      var one = RunConfiguration()
      one.environment = family
      members.merge(one.json["environment"]?.objectValue ?? [:]) { $1 }
    }
    for key in OlderSettings.cameLater { members[String(key.dropFirst("environment.".count))] = nil }
    members["name"] = .string(name)
    members.merge(changes) { $1 }
    sections["environment"] = .object(members)
    return .object(sections)
  }

  /// A checkpoint that lacks one of them is refused: no limit of an account becomes today's default. The one that came later asks nothing, as before.
  @Test func nothingThatBindsCameLaterToOptions() {
    for game in OptionsGame.allCases {
      let later = OptionsConfiguration.settings(of: game).map { $0.key }.filter { OlderSettings.cameLater.contains($0) }
      #expect(later == ["environment.least_volume"])
    }
    #expect(OptionsConfiguration().leastVolume == 0 && OptionsConfiguration.shortPremium.leastVolume == 0)
  }

  @Test func aFileOfAnOlderVersionLoads() throws {
    var cue = RunConfiguration()
    try cue.apply(older("cue", ["cue_bars": 9]), source: "config.yaml")
    #expect(cue.environment.name == "cue" && cue.cue.episodeLength == 9 && cue.notes.isEmpty)
    #expect(!cue.yamlText.contains("unit_dollars") && !cue.yamlText.contains("held_out"))
    // The same again from what it writes now.
    var again = RunConfiguration()
    try again.apply(cue.json, source: "config.json")
    #expect(again == cue)

    var changed = RunConfiguration()
    try changed.apply(older("cue", ["unit_dollars": 7, "martingale_bars": 3]), source: "config.yaml")
    #expect(
      changed.notes == [
        "config.yaml: settings of other environments than cue are left out: environment.martingale_bars=3, "
          + "environment.unit_dollars=7"
      ])
    var basket = RunConfiguration()
    try basket.apply(older("dual_ticker", ["unit_dollars": 7]), source: "config.yaml")
    #expect(basket.basket.unitDollars == 7 && basket.notes.isEmpty)
  }

  /// A person's file that names a setting of another environment is refused by that name; `basket` is the basket's other name.
  @Test func anotherEnvironmentsSettingIsRefused() throws {
    var configuration = RunConfiguration()
    for (key, name, owners) in [
      ("environment.cue_bars", "dual_ticker", "cue"), ("environment.unit_dollars", "leak", "dual_ticker"),
      ("environment.truncation_steps", "cue", "mean_reversion and leak and leak_basket and regime_switching"),
      ("split.held_out_from", "leak", "dual_ticker and options and short_premium"),
    ] {
      configuration.environmentName = name
      let error = #expect(throws: ConfigurationError.self) {
        try configuration.apply(assignment: "\(key)=5")
      }
      #expect(
        error?.description
          == "--set: '\(key)' is a setting of \(owners), but environment.name is \(name); leave it out, or name the "
          + "environment first")
    }
    // So is a whole section; one that the environment has is not another's.
    configuration.environmentName = "cue"
    let section = #expect(throws: ConfigurationError.self) {
      try configuration.apply(["split": ["held_out_from": 5]], source: "a.yaml")
    }
    #expect(
      section?.description.hasPrefix("a.yaml: 'split' is a section of dual_ticker and options and short_premium, but")
        == true)
    configuration.environmentName = "dual_ticker"
    let value = #expect(throws: ConfigurationError.self) { try configuration.apply(assignment: "split=5") }
    #expect(value?.description.contains("unknown key 'split'") == true)
    try configuration.apply(assignment: "environment.name=basket")
    #expect(
      configuration.environment.name == "dual_ticker" && configuration.json["environment"]?["name"] == "dual_ticker")
  }
}
