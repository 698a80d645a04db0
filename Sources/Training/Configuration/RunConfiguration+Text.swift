// A configuration from files and --set, and back to text.

private import Algorithms
private import Storage
package import Text

extension RunConfiguration {
  /// Lays a YAML file, over its base where it names one, over this configuration.
  package mutating func apply(yamlFile path: String) throws(ConfigurationError) {
    for layer in try ConfigurationLayers.chain(endingAt: path) { try apply(layer.tree, source: layer.path) }
  }

  /// What a YAML file says, as nested values.
  static func tree(ofYAMLFile path: String) throws(ConfigurationError) -> JSON {
    let bytes: [UInt8]
    do {
      bytes = try FileSystem.read(path)
    } catch {
      throw .unreadable(path: path, reason: error.description)
    }
    return try YAML.parse(bytes, source: path)
  }

  /// Lays nested values over this configuration: `{"algorithm": {"gamma": 0.99}}`. Unknown keys are refused. Returns the keys that were named.
  @discardableResult
  package mutating func apply(_ tree: JSON, source: String) throws(ConfigurationError) -> [String] {
    var keys: [String] = []
    guard let sections = tree.objectValue else {
      throw .wrongValue(key: "the whole file", source: source, found: tree.kindName, expected: "sections with settings")
    }
    for (section, members) in sections.sorted(by: { $0.key < $1.key }) {
      guard settings.contains(where: { $0.key.hasPrefix(section + ".") }) else {
        throw unknown(section, source: source, isSection: true)
      }
      guard let values = members.objectValue else {
        if members == .null { continue }
        throw .wrongValue(key: section, source: source, found: members.text, expected: "a section with settings")
      }
      // The algorithm's name first: it says which settings there are.
      for isName in [true, false] {
        for (name, value) in values.sorted(by: { $0.key < $1.key }) {
          let key = section + "." + name
          guard (key == SettingTable.nameKey) == isName else { continue }
          try set(key, to: value, source: source)
          keys.append(key)
        }
      }
    }
    return keys
  }

  /// Lays values by key over this configuration. Returns the keys.
  mutating func apply(_ values: [(key: String, value: JSON)], source: String) throws(ConfigurationError) -> [String] {
    for (key, value) in values { try set(key, to: value, source: source) }
    return values.map(\.key)
  }

  /// Lays one `section.key=value` over this configuration; the value is read as YAML. Returns the key.
  @discardableResult
  package mutating func apply(assignment: String) throws(ConfigurationError) -> String {
    let parts = assignment.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else {
      throw .wrongValue(
        key: assignment, source: "--set", found: "without '='", expected: "written like algorithm.gamma=0.99")
    }
    let tree = try YAML.parse(Array(("value: " + parts[1]).utf8), source: "--set \(assignment)")
    guard let value = tree["value"], tree.objectValue?.count == 1 else {
      throw .wrongValue(key: String(parts[0]), source: "--set", found: "more than one line", expected: "one value")
    }
    try set(String(parts[0]), to: value, source: "--set")
    return String(parts[0])
  }

  private mutating func set(_ key: String, to value: JSON, source: String) throws(ConfigurationError) {
    guard let setting = SettingTable.setting(key, of: algorithm.family) else { throw unknown(key, source: source) }
    guard setting.write(&self, value) else {
      throw .wrongValue(key: key, source: source, found: value.text, expected: setting.expected)
    }
  }

  /// The settings of a run of this algorithm.
  package var settings: [Setting] { SettingTable.settings(of: algorithm.family) }

  /// Why a key names no setting of this run.
  private func unknown(_ key: String, source: String, isSection: Bool = false) -> ConfigurationError {
    let families = SettingTable.families(having: key)
    if !families.isEmpty {
      let parts = key.split(separator: ".", maxSplits: 1)
      return isSection
        ? .wrongValue(
          key: key, source: source, found: "written with a dot",
          expected: "'\(parts[1])' inside the section '\(parts[0])'")
        : .otherAlgorithm(
          key: key, source: source, algorithm: algorithm.rawValue, owners: families.map(\.rawValue))
    }
    let all = settings.map(\.key)
    let sections = Set(all.map { String($0.prefix { $0 != "." }) })
    var nearest = NearestName.of(key, among: key.contains(".") ? all : Array(sections) + all)
    if nearest == nil {
      // The right name in the wrong section, or without one.
      let name = key.split(separator: ".").last.map(String.init) ?? key
      nearest = all.first { $0.hasSuffix("." + name) }
    }
    return .unknownKey(key: key, source: source, nearest: nearest)
  }

  /// The whole configuration as nested values: what `config.json` and checkpoints hold.
  package var json: JSON {
    var sections: [String: [String: JSON]] = [:]
    for setting in settings {
      let parts = setting.key.split(separator: ".", maxSplits: 1).map(String.init)
      sections[parts[0], default: [:]][parts[1]] = setting.read(self)
    }
    return .object(sections.mapValues(JSON.object))
  }

  /// The whole configuration as YAML text, in the table's order.
  package var yamlText: String { yamlText { _ in nil } }

  /// The same with a comment behind every setting of which `source` knows where it comes from.
  func yamlText(source: (String) -> String?) -> String {
    var text = ""
    var section = ""
    for setting in settings {
      let parts = setting.key.split(separator: ".", maxSplits: 1).map(String.init)
      if parts[0] != section {
        section = parts[0]
        text += section + ":\n"
      }
      // A file's name may hold anything; what YAML could misread is escaped, so that it stays a comment.
      let comment = source(setting.key).map {
        "  # " + RunConfiguration.escaped(JSON.string($0).text).dropFirst().dropLast()
      }
      text += "  \(parts[1]): \(RunConfiguration.yaml(setting.read(self)))\(comment ?? "")\n"
    }
    return text
  }

  private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "a"..."z", "A"..."Z", "0"..."9", "_", "-", ".", "/", "+": true
    default: false
    }
  }

  /// JSON text with what YAML does not read in quotes (controls, breaks and marks beyond ASCII) escaped.
  private static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x7F...0x9F, 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  private static func yaml(_ value: JSON) -> String {
    switch value {
    case .string(let text):
      // Plain where YAML reads the same text back for certain, quoted otherwise.
      YAML.resolve(text) == value && !text.hasPrefix("-") && text.unicodeScalars.allSatisfy(isPlain)
        ? text : escaped(value.text)
    case .array(let items): "[" + items.map { yaml($0) }.joined(separator: ", ") + "]"
    default: value.text
    }
  }
}
