// Terms of accounts as layers: what is shipped, files of overrides, flags; for every symbol, and for one alone.

package import Configuration
package import Text
package import Trading
import Training

extension AccountTerms: Configurable {
  package var settings: [SettingOf<AccountTerms>] { AccountTerms.allSettings }
  package static var selectorKeys: [String] { ["account.tier"] }
  package func keeps(_ key: String, since before: AccountTerms) -> Bool { true }
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
  /// Of the underlying; nil for all that have no terms of their own.
  package let symbol: String?
  package let key: String
  package let before: JSON
  package let after: JSON
  package let source: String
}

/// Terms from what is shipped up, and what the last layers changed. A file's `symbols` section says what differs for one symbol; all else that a file says
/// holds for every symbol.
package struct RiskProfileLayers: Sendable {
  private typealias Layers = LayersOf<AccountTerms>

  private var layers = Layers(SymbolTerms.shipped.standard)
  private var symbols = SymbolTerms.shipped.bySymbol.mapValues { Layers($0) }
  /// Below the overrides.
  private var base = SymbolTerms.shipped

  package static let symbolsKey = "symbols"
  package static let exitsKey = "exits"

  /// Exit plans that the files name, for orders that name one of them.
  package private(set) var exits: [String: ExitPlan] = [:]

  /// Files, the lowest first.
  package init(files: [String]) throws(ConfigurationError) {
    for file in files {
      for layer in try LayersOf<AccountTerms>.chain(endingAt: file) { try lay(layer.tree, source: layer.path) }
    }
    base = terms
  }

  package var profile: RiskProfile { layers.configuration.profile }

  package var terms: SymbolTerms {
    SymbolTerms(standard: layers.configuration, bySymbol: symbols.mapValues { $0.configuration })
  }

  /// Whether a file or a flag has said what a symbol's account begins with.
  package func saysDollars(of symbol: String) -> Bool {
    (symbols[symbol] ?? layers).sources["account.dollars"] != nil
  }

  /// The largest delta of an option that is sold.
  package static let tightDelta = 0.15

  /// What a profile has that is smaller stays.
  package mutating func reduceRisk() throws(ConfigurationError) {
    try each { (layers: inout Layers) throws(ConfigurationError) in
      let (sizes, reduced) = (layers.configuration.profile.sizes, RiskSizes.tightened)
      let members: [String: JSON] = [
        "low": .number(min(sizes.low, reduced.low)), "medium": .number(min(sizes.medium, reduced.medium)),
        "high": .number(min(sizes.high, reduced.high)),
      ]
      try layers.apply(tree: .object(["sizes": .object(members)]), source: "--reduce-risk")
    }
  }

  package mutating func tightenDelta() throws(ConfigurationError) {
    try each { (layers: inout Layers) throws(ConfigurationError) in
      let delta = min(layers.configuration.profile.soldDelta ?? 1, RiskProfileLayers.tightDelta)
      try layers.apply(
        tree: .object(["entries": .object(["sold_delta": .number(delta)])]), source: "--tighten-delta")
    }
  }

  package mutating func set(_ assignment: String) throws(ConfigurationError) {
    try each { (layers: inout Layers) throws(ConfigurationError) in try layers.apply(assignment: assignment) }
  }

  private mutating func each(
    _ change: (inout Layers) throws(ConfigurationError) -> Void
  ) throws(ConfigurationError) {
    try change(&layers)
    for symbol in symbols.keys.sorted() {
      var own = symbols[symbol] ?? layers
      try change(&own)
      symbols[symbol] = own
    }
  }

  private mutating func lay(_ tree: JSON, source: String) throws(ConfigurationError) {
    guard var members = tree.objectValue else {
      throw .wrongValue(
        key: "the whole file", source: source, found: tree.kindName, expected: "sections with settings")
    }
    let own = members.removeValue(forKey: RiskProfileLayers.symbolsKey)
    try readExits(members.removeValue(forKey: RiskProfileLayers.exitsKey) ?? .null, source: source)
    let general = JSON.object(members)
    try each { (layers: inout Layers) throws(ConfigurationError) in try layers.apply(tree: general, source: source) }
    guard let own, own != .null else { return }
    guard let own = own.objectValue else {
      throw .wrongValue(
        key: RiskProfileLayers.symbolsKey, source: source, found: own.kindName,
        expected: "a section a symbol, such as SPX, with what differs for it")
    }
    for (symbol, tree) in own.sorted(by: { $0.key < $1.key }) {
      guard DeskLine.isShare(symbol) else {
        throw .wrongValue(
          key: RiskProfileLayers.symbolsKey, source: source, found: PrintableText.name(symbol),
          expected: "the name of a share or an index such as SPX")
      }
      var layers = symbols[symbol] ?? layers
      try layers.apply(tree: tree, source: source)
      symbols[symbol] = layers
    }
  }

  private mutating func readExits(_ value: JSON, source: String) throws(ConfigurationError) {
    guard value != .null else { return }
    guard let plans = value.objectValue else {
      throw .wrongValue(
        key: RiskProfileLayers.exitsKey, source: source, found: value.kindName,
        expected: "names, each with an exit plan such as {kind: full_target, stop_loss: 30}")
    }
    for (name, plan) in plans.sorted(by: { $0.key < $1.key }) {
      do throws(ExitPlanError) {
        exits[name] = try ExitPlan(
          plan, place: "\(PrintableText.name(source)): the exit plan '\(PrintableText.name(name))'")
      } catch {
        throw .conflict("\(error)")
      }
    }
  }

  /// What differs from the files below, in the order of the settings; first of all symbols, then of each that has its own.
  package var overrides: [RiskOverride] {
    changes(of: nil, layers, from: base.standard)
      + symbols.sorted { $0.key < $1.key }.flatMap { changes(of: $0.key, $0.value, from: base[$0.key]) }
  }

  private func changes(of symbol: String?, _ layers: Layers, from base: AccountTerms) -> [RiskOverride] {
    AccountTerms.allSettings.compactMap { setting in
      let (before, after) = (setting.read(base), setting.read(layers.configuration))
      guard before != after else { return nil }
      return RiskOverride(
        symbol: symbol, key: setting.key, before: before, after: after,
        source: layers.sources[setting.key] ?? "default")
    }
  }

  /// The file that holds the overrides alone: laid over the same base it gives these terms again.
  package var overrideFile: String {
    let all = overrides
    let general = all.filter { $0.symbol == nil }
    var text = RiskProfileLayers.sections(
      general.map { ($0.key, $0.after, "was \($0.before.text), \($0.source)") }, indent: "")
    var own = ""
    for (symbol, layers) in symbols.sorted(by: { $0.key < $1.key }) {
      let changed = Set(all.filter { $0.symbol == symbol }.map(\.key))
      let lines = AccountTerms.allSettings.compactMap { setting -> (String, JSON, String)? in
        let (before, after) = (setting.read(base[symbol]), setting.read(layers.configuration))
        // What the general part of this file says of it is right, or nothing is said of it at all.
        let said = general.first { $0.key == setting.key }
        guard said.map({ $0.after != after }) ?? changed.contains(setting.key) else { return nil }
        let note = before == after ? "stays" : "was \(before.text), \(layers.sources[setting.key] ?? "default")"
        return (setting.key, after, note)
      }
      if !lines.isEmpty { own += "  \(symbol):\n" + RiskProfileLayers.sections(lines, indent: "    ") }
    }
    if !own.isEmpty { text += RiskProfileLayers.symbolsKey + ":\n" + own }
    return text
  }

  private static func sections(_ lines: [(key: String, value: JSON, note: String)], indent: String) -> String {
    var text = ""
    var section = ""
    for line in lines {
      let parts = line.key.split(separator: ".", maxSplits: 1).map(String.init)
      if parts[0] != section {
        section = parts[0]
        text += indent + section + ":\n"
      }
      text += "\(indent)  \(parts[1]): \(line.value.text)  # \(line.note)\n"
    }
    return text
  }

  /// All terms, with where each value comes from; of a symbol what differs from the others.
  package var text: String {
    var text = layers.yamlText
    guard !symbols.isEmpty else { return text }
    text += RiskProfileLayers.symbolsKey + ":\n"
    for (symbol, own) in symbols.sorted(by: { $0.key < $1.key }) {
      let lines = AccountTerms.allSettings.compactMap { setting -> (String, JSON, String)? in
        let (value, all) = (own.configuration, layers.configuration)
        // Another tier has sizes of its own, all of them.
        let isOfTier = setting.key.hasPrefix("sizing.") && value.tier.name != all.tier.name
        guard isOfTier || setting.read(value) != setting.read(all) else { return nil }
        return (setting.key, setting.read(value), own.sources[setting.key] ?? "shipped")
      }
      text += "  \(symbol):\n" + RiskProfileLayers.sections(lines, indent: "    ")
    }
    return text
  }
}
