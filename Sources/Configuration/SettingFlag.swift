// Flags that stand for settings, by the names that users of such trainers know.

package import Text

/// A flag that is short for `--set key=value`.
package struct SettingFlagOf<Root: Configurable>: Sendable {
  /// Without the leading dashes, in kebab-case.
  package let name: String
  /// The setting it stands for.
  package let key: String
  /// What its value is called in the help; nil where it has none.
  package let valueName: String?
  package let help: String
  /// The setting's value from the flag's text; the configuration below it may matter.
  package let read: @Sendable (String, Root) throws(ConfigurationError) -> JSON

  package init(
    name: String, key: String, valueName: String?, help: String,
    read: @escaping @Sendable (String, Root) throws(ConfigurationError) -> JSON
  ) {
    self.name = name
    self.key = key
    self.valueName = valueName
    self.help = help
    self.read = read
  }

  /// As a command describes and reads it.
  package var flag: Flag { valueName.map { Flag(name, $0, help) } ?? Flag(name, help) }

  /// A number or word as a configuration file would read it.
  package static func scalar(_ name: String, _ key: String, _ valueName: String, _ help: String) -> SettingFlagOf {
    SettingFlagOf(name: name, key: key, valueName: valueName, help: help) { text, _ throws(ConfigurationError) in
      YAML.resolve(text)
    }
  }

  /// Switches something on; it has no value.
  package static func flag(_ name: String, _ key: String, _ help: String) -> SettingFlagOf {
    SettingFlagOf(name: name, key: key, valueName: nil, help: help) { _, _ throws(ConfigurationError) in .bool(true) }
  }

  /// Text as it stands, also where it looks like a number.
  package static func text(_ name: String, _ key: String, _ valueName: String, _ help: String) -> SettingFlagOf {
    SettingFlagOf(name: name, key: key, valueName: valueName, help: help) { text, _ throws(ConfigurationError) in
      .string(text)
    }
  }

  /// Words between commas, each as it stands: there are shares called ON and TRUE.
  package static func list(_ name: String, _ key: String, _ valueName: String, _ help: String) -> SettingFlagOf {
    SettingFlagOf(name: name, key: key, valueName: valueName, help: help) { text, _ throws(ConfigurationError) in
      .array(text.split(separator: ",", omittingEmptySubsequences: false).map { .string(String($0)) })
    }
  }
}
