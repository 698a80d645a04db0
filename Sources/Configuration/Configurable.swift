// A configuration from files and --set, and back to text: whatever it configures.

package import Text

/// What can be configured: a value that says which settings lie over it.
package protocol Configurable: Sendable {
  /// The settings that this value has, in the order in which they are shown.
  var settings: [SettingOf<Self>] { get }
  /// The settings that decide which others there are, and so are read before them; the first first.
  static var selectorKeys: [String] { get }
  /// Why a key that none of `settings` has is refused; nil where nothing has a setting of that key.
  func refusal(of key: String, source: String) -> ConfigurationError?
  /// Whether what a lower layer said of `key` still counts, now that the selectors may be others than in `before`.
  func keeps(_ key: String, since before: Self) -> Bool
  /// Nested values of a file as this version writes them; what older versions wrote and nothing has any more is left out.
  mutating func modernised(_ tree: JSON, source: String) -> JSON
  /// The bytes of a configuration file; throws `unreadable`.
  static func readFile(_ path: String) throws(ConfigurationError) -> [UInt8]
}

extension Configurable {
  /// Lays a YAML file, over its base where it names one, over this configuration.
  package mutating func apply(yamlFile path: String) throws(ConfigurationError) {
    for layer in try LayersOf<Self>.chain(endingAt: path) { try apply(layer.tree, source: layer.path) }
  }

  /// What a YAML file says, as nested values.
  package static func tree(ofYAMLFile path: String) throws(ConfigurationError) -> JSON {
    try YAML.parse(try readFile(path), source: path)
  }

  /// Lays nested values over this configuration: `{"algorithm": {"gamma": 0.99}}`. Unknown keys are refused. Returns the keys that were named.
  @discardableResult
  package mutating func apply(_ tree: JSON, source: String) throws(ConfigurationError) -> [String] {
    var keys: [String] = []
    guard let sections = tree.objectValue else {
      throw .wrongValue(key: "the whole file", source: source, found: tree.kindName, expected: "sections with settings")
    }
    guard let sections = modernised(.object(sections), source: source).objectValue else { return [] }
    for (section, members) in sections.sorted(by: { $0.key < $1.key }) {
      guard settings.contains(where: { $0.key.hasPrefix(section + ".") }) else {
        throw unknown(section, source: source, isSection: true)
      }
      guard let values = members.objectValue else {
        if members == .null { continue }
        throw .wrongValue(key: section, source: source, found: members.kindName, expected: "a section with settings")
      }
      // First what says which settings there are.
      for isSelector in [true, false] {
        for (name, value) in values.sorted(by: { $0.key < $1.key }) {
          let key = section + "." + name
          guard Self.selectorKeys.contains(key) == isSelector else { continue }
          try set(key, to: value, source: source)
          keys.append(key)
        }
      }
    }
    return keys
  }

  /// Lays values by key over this configuration. Returns the keys.
  package mutating func apply(_ values: [(key: String, value: JSON)], source: String) throws(ConfigurationError)
    -> [String]
  {
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
    guard let setting = setting(key) else { throw unknown(key, source: source) }
    guard setting.write(&self, value) else {
      throw .wrongValue(key: key, source: source, found: value.text, expected: setting.expected)
    }
  }

  /// The setting of that key.
  package func setting(_ key: String) -> SettingOf<Self>? { settings.first { $0.key == key } }

  /// Why a key names no setting of this configuration.
  private func unknown(_ key: String, source: String, isSection: Bool = false) -> ConfigurationError {
    if isSection, key.contains("."), setting(key) != nil || refusal(of: key, source: source) != nil {
      let parts = key.split(separator: ".", maxSplits: 1)
      return .wrongValue(
        key: key, source: source, found: "written with a dot",
        expected: "'\(parts[1])' inside the section '\(parts[0])'")
    }
    if let refusal = refusal(of: key, source: source) { return refusal }
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
  package func yamlText(source: (String) -> String?) -> String {
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
        "  # " + Self.escaped(JSON.string($0).text).dropFirst().dropLast()
      }
      text += "  \(parts[1]): \(Self.yaml(setting.read(self)))\(comment ?? "")\n"
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
