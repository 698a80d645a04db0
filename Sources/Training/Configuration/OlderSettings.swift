// What files of older versions say of environments that are not played: they named the settings of all of them.

private import Configuration
private import Environments
internal import Text

/// Settings of other environments in a file that an older version wrote.
enum OlderSettings {
  /// The sections and keys that belonged to every run, whatever was played, when there was one list for all environments.
  private static let keys: [String: Set<String>] = [
    "environment": [
      "store", "assets", "benchmark_symbol", "portfolio_features", "lookback_window", "max_position_per_asset",
      "capital_per_asset", "unit_dollars", "maximum_units", "unit_share_of_value", "allow_short", "extra_columns",
      "episode_length", "half_spread_bps", "impact_coefficient", "commission_dollars", "drawdown_warn",
      "drawdown_reduce", "drawdown_halt", "turnover_penalty", "drawdown_penalty", "position_change_cost",
      "truncation_steps", "cue_bars", "cue_payoff", "martingale_bars", "martingale_cost", "switch_probability",
      "regime_drift", "position_visible",
    ],
    "split": [
      "training_from", "training_until", "training_sessions", "selection_from", "selection_until", "held_out_from",
      "held_out_until",
    ],
  ]

  /// Settings that older versions did not have, and whose default is what those did: a file that does not name them means that.
  static let cameLater: Set<String> = [
    "environment.unit_share", "run.device", "environment.bar_width", "environment.data_source",
    "environment.straddle_days", "environment.whole_sessions", "environment.leak_count", "environment.leak_tells",
    "environment.least_volume",
    "environment.capital_by_asset", "environment.unit_dollars_by_asset", "environment.maximum_units_by_asset",
    "environment.max_position_by_asset",
  ]

  /// The tree without the settings of other environments, where it is one that an older version wrote, which named them all; nil for any other. `note`: which of
  /// them were not at their defaults, in words.
  static func leftOver(in tree: JSON, for run: RunConfiguration) -> (tree: JSON, note: String?)? {
    guard var sections = tree.objectValue else { return nil }
    for (section, keys) in keys {
      guard let members = sections[section]?.objectValue, keys.isSubset(of: members.keys) else { return nil }
    }
    var played = run
    if let name = tree["environment"]?["name"]?.stringValue, let family = run.families.environment(named: name) {
      played.environment = family
    }
    var dropped: [String] = []
    for (section, keys) in keys {
      guard var members = sections[section]?.objectValue else { continue }
      for name in keys where played.setting(section + "." + name) == nil {
        let value = members.removeValue(forKey: name)
        if let value, !isDefault(value, section + "." + name, run) {
          dropped.append("\(section).\(name)=\(value.text)")
        }
      }
      sections[section] = members.isEmpty ? nil : .object(members)
    }
    let note =
      dropped.isEmpty
      ? nil
      : "settings of other environments than \(played.environment.name) are left out: "
        + dropped.sorted().joined(separator: ", ")
    return (.object(sections), note)
  }

  /// Whether some environment that has the setting has that value by default.
  private static func isDefault(_ value: JSON, _ key: String, _ run: RunConfiguration) -> Bool {
    run.families.environments.contains { family in
      var other = RunConfiguration(families: run.families)
      other.environment = family
      guard let setting = other.setting(key) else { return false }
      return setting.read(other) == value
    }
  }
}
