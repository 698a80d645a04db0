// A risk profile as layers: the defaults, files of overrides, flags.

package import Configuration
package import Text
package import Trading
import Training

extension RiskProfile: Configurable {
  package var settings: [SettingOf<RiskProfile>] { RiskProfile.allSettings }
  package static var selectorKeys: [String] { [] }
  package func keeps(_ key: String, since before: RiskProfile) -> Bool { true }
  package mutating func modernised(_ tree: JSON, source: String) -> JSON { tree }

  package func refusal(of key: String, source: String) -> ConfigurationError? {
    let keys = settings.map(\.key)
    if keys.contains(where: { $0 == key || $0.hasPrefix(key + ".") }) { return nil }
    let nearest =
      NearestName.of(key, among: keys) ?? keys.first { $0.hasSuffix("." + (key.split(separator: ".").last ?? "")) }
    return .conflict(
      "\(PrintableText.name(source)): unknown key \(PrintableText.name(key)); "
        + (nearest.map { "did you mean \($0)?" } ?? "`strikeforge overrides --keys` lists all"))
  }

  package static func readFile(_ path: String) throws(ConfigurationError) -> [UInt8] {
    try RunConfiguration.readFile(path)
  }
}

/// What a layer changed: a setting, its value below and above, and where it comes from.
package struct RiskOverride: Sendable {
  package let key: String
  package let before: JSON
  package let after: JSON
  package let source: String
}

/// A profile from its defaults up, and what the last layers changed.
package struct RiskProfileLayers: Sendable {
  private var layers = LayersOf(RiskProfile())
  /// Below the overrides.
  private var base: RiskProfile

  /// Files, the lowest first.
  package init(files: [String]) throws(ConfigurationError) {
    for file in files { try layers.apply(yamlFile: file) }
    base = layers.configuration
  }

  package var profile: RiskProfile { layers.configuration }

  /// The largest delta of an option that is sold.
  package static let tightDelta = 0.15

  /// What a profile has that is smaller stays.
  package mutating func reduceRisk() throws(ConfigurationError) {
    let (sizes, reduced) = (profile.sizes, RiskSizes.tightened)
    try lay(
      [
        "low": .number(min(sizes.low, reduced.low)), "medium": .number(min(sizes.medium, reduced.medium)),
        "high": .number(min(sizes.high, reduced.high)),
      ], section: "sizes", source: "--reduce-risk")
  }

  package mutating func tightenDelta() throws(ConfigurationError) {
    let delta = min(profile.soldDelta ?? 1, RiskProfileLayers.tightDelta)
    try lay(["sold_delta": .number(delta)], section: "entries", source: "--tighten-delta")
  }

  package mutating func set(_ assignment: String) throws(ConfigurationError) {
    try layers.apply(assignment: assignment)
  }

  private mutating func lay(_ members: [String: JSON], section: String, source: String) throws(ConfigurationError) {
    try layers.apply(tree: .object([section: .object(members)]), source: source)
  }

  /// What differs from the files below, in the order of the settings.
  package var overrides: [RiskOverride] {
    RiskProfile.allSettings.compactMap { setting in
      let (before, after) = (setting.read(base), setting.read(profile))
      guard before != after else { return nil }
      return RiskOverride(
        key: setting.key, before: before, after: after, source: layers.sources[setting.key] ?? "default")
    }
  }

  /// The file that holds the overrides alone: laid over the same base it gives this profile again.
  package var overrideFile: String {
    var text = ""
    var section = ""
    for override in overrides {
      let parts = override.key.split(separator: ".", maxSplits: 1).map(String.init)
      if parts[0] != section {
        section = parts[0]
        text += section + ":\n"
      }
      text += "  \(parts[1]): \(override.after.text)  # was \(override.before.text), \(override.source)\n"
    }
    return text
  }

  /// The whole profile, with where each value comes from.
  package var text: String { layers.yamlText }
}
