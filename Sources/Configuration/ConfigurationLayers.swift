// A configuration as layers: defaults, files from base to overlay, flags; and where each value comes from.

package import Text

/// Layers laid over each other, the later over the earlier. Every setting remembers the layer that it comes from.
package struct LayersOf<Root: Configurable>: Sendable {
  /// A file may name the file that it lies over: `base: dual-ticker.yaml`, as seen from its own folder.
  package static var baseKey: String { "base" }
  private static var maximumFiles: Int { 16 }

  package private(set) var configuration: Root
  /// The file or flag of every setting that a layer named, by key.
  package private(set) var sources: [String: String] = [:]

  /// The lowest layer: what is configured before anything is said.
  package init(_ defaults: Root) { configuration = defaults }

  /// Lays a YAML file, over its base where it names one, over what is there.
  package mutating func apply(yamlFile path: String) throws(ConfigurationError) {
    for layer in try LayersOf.chain(endingAt: path) {
      try lay(from: layer.path) { configuration throws(ConfigurationError) in
        try configuration.apply(layer.tree, source: layer.path)
      }
    }
  }

  /// Lays nested values over what is there, over their base where they name one. `source` names them; a file's path where they name a base.
  package mutating func apply(tree: JSON, source: String) throws(ConfigurationError) {
    var members = tree.objectValue ?? [:]
    if let base = members.removeValue(forKey: LayersOf.baseKey) {
      try apply(yamlFile: try LayersOf.resolve(base: base, from: source))
    }
    try lay(from: source) { configuration throws(ConfigurationError) in
      try configuration.apply(.object(members), source: source)
    }
  }

  /// Lays one `section.key=value` of --set over what is there.
  package mutating func apply(assignment: String) throws(ConfigurationError) {
    try lay(from: "--set") { configuration throws(ConfigurationError) in
      [try configuration.apply(assignment: assignment)]
    }
  }

  /// Lays the value of a flag that stands for a setting over what is there.
  package mutating func apply(_ flag: SettingFlagOf<Root>, value: String) throws(ConfigurationError) {
    let source = "--" + flag.name
    try lay(from: source) { configuration throws(ConfigurationError) in
      try configuration.apply([(flag.key, try flag.read(value, configuration))], source: source)
    }
  }

  /// The whole configuration as YAML that says of every value that is no default where it comes from. Read back, it is the same configuration.
  package var yamlText: String {
    configuration.yamlText { sources[$0] }
  }

  /// Lays what `body` names over what is there. Another algorithm has settings of its own: what lower layers said of the last one's is not theirs.
  private mutating func lay(
    from source: String, _ body: (inout Root) throws(ConfigurationError) -> [String]
  ) throws(ConfigurationError) {
    let before = configuration
    let keys = try body(&configuration)
    sources = sources.filter { configuration.keeps($0.key, since: before) }
    for key in keys { sources[key] = source }
  }

  /// A file and what it lies over, the lowest first, each without its `base`.
  package static func chain(endingAt path: String) throws(ConfigurationError) -> [(path: String, tree: JSON)] {
    var layers: [(path: String, tree: JSON)] = []
    var next: String? = path
    while let path = next {
      guard !layers.contains(where: { $0.path == path }), layers.count < maximumFiles else {
        throw .conflict(
          "\(path): the files lie over each other in a circle (\((layers.map(\.path) + [path]).joined(separator: ", "))); "
            + "one of them must not have a '\(baseKey)'")
      }
      let tree = try Root.tree(ofYAMLFile: path)
      guard var members = tree.objectValue, let base = members.removeValue(forKey: baseKey) else {
        layers.append((path, tree))
        break
      }
      layers.append((path, .object(members)))
      next = try resolve(base: base, from: path)
    }
    return layers.reversed()
  }

  private static func resolve(base: JSON, from path: String) throws(ConfigurationError) -> String {
    guard let name = base.stringValue, !name.isEmpty else {
      throw .wrongValue(
        key: baseKey, source: path, found: base.text, expected: "the name of the file that this one lies over")
    }
    return resolve(name, from: path)
  }

  /// A file that another one names, as seen from that one's folder.
  package static func resolve(_ name: String, from path: String) -> String {
    guard !name.hasPrefix("/"), let slash = path.lastIndex(of: "/") else { return name }
    return path[...slash] + name
  }
}
