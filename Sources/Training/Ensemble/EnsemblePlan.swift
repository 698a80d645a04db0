// What an ensemble is made of: its members' configurations, their weights, and how they decide together.

private import Algorithms
package import Configuration
private import Environments
package import Inference
private import Storage
package import Text

/// Who is trained, and how they decide together. Written down when an ensemble begins, so that it goes on with the same members.
package struct EnsemblePlan: Sendable, Equatable {
  /// Where the weights come from.
  package enum Weights: String, Sendable, CaseIterable {
    case given, fitted
  }

  package struct Member: Sendable, Equatable {
    /// Also the name of its run's folder.
    package var name: String
    /// In millionths.
    package var weight: Int
    package var configuration: RunConfiguration
  }

  /// An older ensemble: each member begins with what its member of the same name learned, by the rules of `WarmStart`.
  package struct Beginning: Sendable, Equatable {
    package var ensemble: String
    package var mode: WarmStart.Mode

    package init(ensemble: String, mode: WarmStart.Mode) {
      (self.ensemble, self.mode) = (ensemble, mode)
    }

    /// The run that a member begins with.
    package func run(of member: String) -> String {
      FileSystem.join(RunDirectory.path(ofRun: ensemble), member)
    }

    fileprivate var json: JSON { ["ensemble": .string(ensemble), "mode": .string(mode.rawValue)] }

    fileprivate init?(json: JSON) {
      guard let ensemble = json["ensemble"]?.stringValue,
        let mode = json["mode"]?.stringValue.flatMap(WarmStart.Mode.init)
      else { return nil }
      self.init(ensemble: ensemble, mode: mode)
    }
  }

  package var members: [Member]
  /// nil where the members begin with nothing.
  package var beginning: Beginning?
  package var rule: CombinationRule
  package var weights: Weights

  private static let whole = 1_000_000
  private static let memberKeys = ["name", "weight", "seeds", "config"]
  private static let sections = ["run", "environment", "split", "algorithm", "network"]
  /// Names that an ensemble's folder needs for itself.
  private static let takenNames = ["log", "policy", "report", "members", "combination", "evaluation"]

  // MARK: - From a file

  /// Reads a file of members. `assignments`: `section.key=value`, laid over every member.
  package init(yamlFile path: String, assignments: [String] = [], families: Families) throws(ConfigurationError) {
    let tree = try RunConfiguration.tree(ofYAMLFile: path)
    guard var shared = tree.objectValue else {
      throw .wrongValue(key: "the whole file", source: path, found: tree.kindName, expected: "members and sections")
    }
    let entries = shared.removeValue(forKey: "members")
    let combination = shared.removeValue(forKey: "combination")
    guard let entries = entries?.arrayValue, !entries.isEmpty else {
      throw .wrongValue(
        key: "members", source: path, found: entries?.kindName ?? "not there",
        expected: "a list of at least one member, each with sections like `algorithm: {name: a2c}`")
    }
    var base = ConfigurationLayers(RunConfiguration(families: families))
    try base.apply(tree: .object(shared), source: path)
    var parsed: [Entry] = []
    for (index, entry) in entries.enumerated() {
      parsed.append(try Entry(entry, place: "members[\(index)]", base: base, path: path, assignments: assignments))
    }
    let weights = try EnsemblePlan.weights(of: parsed, path: path)
    members = []
    for (entry, weight) in zip(parsed, weights) {
      for (place, seed) in entry.seeds.enumerated() {
        var configuration = entry.layers.configuration
        configuration.run.seed = seed
        // What does not divide evenly goes to the first.
        let share = weight / entry.seeds.count + (place < weight % entry.seeds.count ? 1 : 0)
        members.append(
          Member(
            name: entry.seeds.count == 1 ? entry.name : "\(entry.name)-\(seed)", weight: share,
            configuration: configuration))
      }
    }
    (rule, self.weights) = try EnsemblePlan.combination(combination, path: path)
    try check(path)
  }

  /// One entry of the list: a member for each of its seeds.
  private struct Entry {
    let name: String
    let weight: Double?
    let seeds: [Int]
    let layers: ConfigurationLayers

    init(
      _ json: JSON, place: String, base: ConfigurationLayers, path: String, assignments: [String]
    ) throws(ConfigurationError) {
      guard var settings = json.objectValue else {
        throw .wrongValue(key: place, source: path, found: json.kindName, expected: "a member with sections")
      }
      for key in settings.keys.sorted() where !EnsemblePlan.memberKeys.contains(key) {
        guard EnsemblePlan.sections.contains(key) else {
          let known = EnsemblePlan.memberKeys + EnsemblePlan.sections
          throw .unknownKey(key: "\(place).\(key)", source: path, nearest: NearestName.of(key, among: known))
        }
      }
      let own = EnsemblePlan.memberKeys.map { settings.removeValue(forKey: $0) }
      var layers = base
      if let config = own[3] {
        guard let file = config.stringValue, !file.isEmpty else {
          throw .wrongValue(
            key: "\(place).config", source: path, found: config.text, expected: "the name of a configuration file")
        }
        try layers.apply(yamlFile: ConfigurationLayers.resolve(file, from: path))
      }
      try layers.apply(tree: .object(settings), source: "\(path), \(place)")
      for assignment in assignments { try layers.apply(assignment: assignment) }
      self.layers = layers
      name = try EnsemblePlan.name(own[0], place: place, path: path) ?? layers.configuration.algorithm.rawValue
      if let found = own[1] {
        guard let weight = found.doubleValue, weight >= 0, weight <= 1000 else {
          throw .wrongValue(
            key: "\(place).weight", source: path, found: found.text, expected: "a number from 0 to 1000")
        }
        self.weight = weight
      } else {
        weight = nil
      }
      guard let found = own[2] else {
        seeds = [layers.configuration.run.seed]
        return
      }
      let seeds = found.arrayValue?.compactMap(\.integerValue) ?? []
      guard !seeds.isEmpty, seeds.count == found.arrayValue?.count, Set(seeds).count == seeds.count,
        seeds.allSatisfy({ (0...Int(Int32.max)).contains($0) })
      else {
        throw .wrongValue(
          key: "\(place).seeds", source: path, found: found.text, expected: "a list of different whole numbers from 0")
      }
      self.seeds = seeds
    }
  }

  private static func name(_ json: JSON?, place: String, path: String) throws(ConfigurationError) -> String? {
    guard let json else { return nil }
    guard let name = json.stringValue, isName(name) else {
      throw .wrongValue(
        key: "\(place).name", source: path, found: json.text,
        expected:
          "a name of at most 60 letters, digits, '_' and '-' that is none of \(takenNames.joined(separator: ", "))")
    }
    return name
  }

  private static func isName(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= 60 && !text.hasPrefix("-") && !takenNames.contains(text)
      && text.unicodeScalars.allSatisfy {
        $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || $0 == "_" || $0 == "-")
      }
  }

  /// In millionths, an entry each: as they stand there; where none does, the customary ones for one entry each of PPO, A2C and DQN, else all alike.
  private static func weights(of entries: [Entry], path: String) throws(ConfigurationError) -> [Int] {
    let given = entries.compactMap(\.weight)
    guard given.isEmpty || given.count == entries.count else {
      throw .conflict("\(path): some members have a weight and some have none; give all of them one, or none")
    }
    guard given.isEmpty else {
      let weights = given.map { Int(($0 * Double(whole)).rounded()) }
      guard weights.contains(where: { $0 > 0 }) else {
        throw .conflict("\(path): no member has a weight above 0; give some member one")
      }
      return weights
    }
    // One entry of each algorithm that customarily votes.
    let algorithms = entries.map(\.layers.configuration.algorithm.family)
    let customary = entries[0].layers.configuration.families.algorithms.filter { $0.customaryWeight != nil }
    if algorithms.count == customary.count, Set(algorithms) == Set(customary) {
      return algorithms.map { $0.customaryWeight ?? 0 }
    }
    return entries.map { _ in whole / entries.count }
  }

  private static func combination(_ json: JSON?, path: String) throws(ConfigurationError) -> (
    CombinationRule, Weights
  ) {
    var (rule, weights) = (CombinationRule.softVote, Weights.given)
    guard let json else { return (rule, weights) }
    guard let members = json.objectValue else {
      throw .wrongValue(key: "combination", source: path, found: json.kindName, expected: "a section with settings")
    }
    for (key, value) in members.sorted(by: { $0.key < $1.key }) {
      switch key {
      case "rule":
        guard let named = value.stringValue.flatMap(CombinationRule.init) else {
          throw .wrongValue(
            key: "combination.rule", source: path, found: value.text,
            expected: "one of " + CombinationRule.allCases.map(\.rawValue).joined(separator: ", "))
        }
        rule = named
      case "weights":
        guard let named = value.stringValue.flatMap(Weights.init) else {
          throw .wrongValue(
            key: "combination.weights", source: path, found: value.text,
            expected: "one of " + Weights.allCases.map(\.rawValue).joined(separator: ", "))
        }
        weights = named
      default:
        throw .unknownKey(
          key: "combination.\(key)", source: path, nearest: NearestName.of(key, among: ["rule", "weights"]))
      }
    }
    return (rule, weights)
  }

  private func check(_ path: String) throws(ConfigurationError) {
    var names: Set<String> = []
    for member in members where !names.insert(member.name).inserted {
      throw .conflict(
        "\(path): two members are called \(member.name); give them a `name` each, or `seeds` to one entry")
    }
    guard members.count <= DeployedPolicy.maximumMembers else {
      throw .conflict(
        "\(path): \(members.count) members are more than \(DeployedPolicy.maximumMembers); leave some out")
    }
    if let difference = EnsemblePlan.difference(members.map { ($0.name, $0.configuration) }) {
      throw .conflict("\(path): \(difference)")
    }
  }

  /// Why policies of these configurations cannot decide together, or nil: they must play the same game, on the same data, with the same windows.
  package static func difference(_ members: [(name: String, configuration: RunConfiguration)]) -> String? {
    guard let first = members.first else { return nil }
    for member in members.dropFirst() {
      // First which game it is: another one differs in all the rest too.
      guard member.configuration.environment.name == first.configuration.environment.name else {
        return
          "\(member.name) and \(first.name) cannot decide together: environment.name is \(member.configuration.environment.name) for "
          + "one and \(first.configuration.environment.name) for the other; give both the same"
      }
      for section in ["environment", "split"] {
        let (mine, theirs) = (member.configuration.json[section], first.configuration.json[section])
        for (key, value) in (theirs?.objectValue ?? [:]).sorted(by: { $0.key < $1.key }) where key != "lanes" {
          guard mine?[key] != value else { continue }
          return
            "\(member.name) and \(first.name) cannot decide together: \(section).\(key) is \(mine?[key]?.text ?? "nothing") "
            + "for one and \(value.text) for the other; give both the same"
        }
      }
    }
    return nil
  }

  // MARK: - As it is kept

  private static let format = 1

  package var json: JSON {
    [
      "format": .integer(Int64(EnsemblePlan.format)), "rule": .string(rule.rawValue),
      "weights": .string(weights.rawValue), "init_from": beginning?.json ?? .null,
      "members": .array(
        members.map {
          [
            "name": .string($0.name), "weight": .integer(Int64($0.weight)), "configuration": $0.configuration.json,
          ]
        }),
    ]
  }

  /// What `json` wrote. `path` names the file in errors.
  package init(json: JSON, path: String, families: Families) throws(TrainingError) {
    func unknown(_ what: String) -> TrainingError {
      .incomplete(path: path, what: what, remedy: "it was written by another version of strikeforge, or changed since")
    }
    guard json["format"]?.integerValue == EnsemblePlan.format,
      let rule = json["rule"]?.stringValue.flatMap(CombinationRule.init),
      let weights = json["weights"]?.stringValue.flatMap(Weights.init), let elements = json["members"]?.arrayValue,
      !elements.isEmpty
    else { throw unknown("plan of an ensemble of this version") }
    members = []
    for element in elements {
      guard let name = element["name"]?.stringValue, EnsemblePlan.isName(name),
        let weight = element["weight"]?.integerValue, DeployedPolicy.Member.weights.contains(weight),
        let tree = element["configuration"]
      else { throw unknown("member \(members.count) with a name, a weight and a configuration") }
      members.append(
        Member(
          name: name, weight: weight, configuration: try RunState.configuration(tree, path: path, families: families)))
    }
    self.rule = rule
    self.weights = weights
    if let found = json["init_from"], !found.isNull {
      guard let beginning = Beginning(json: found) else { throw unknown("beginning with an ensemble and a mode") }
      self.beginning = beginning
    }
    do {
      try check(path)
    } catch {
      throw .configuration(error)
    }
  }

  /// The first thing in which another plan differs, in words; nil where it is the same but for threads.
  package func difference(from other: EnsemblePlan) -> String? {
    if members.map(\.name) != other.members.map(\.name) {
      return "its members are \(other.members.map(\.name).joined(separator: ", ")), not "
        + members.map(\.name).joined(separator: ", ")
    }
    if beginning != other.beginning {
      func words(_ beginning: Beginning?) -> String {
        beginning.map { "\($0.ensemble) (\($0.mode.rawValue))" } ?? "nothing"
      }
      return "it begins with \(words(other.beginning)) there, not \(words(beginning))"
    }
    for (mine, theirs) in zip(members, other.members) {
      for setting in mine.configuration.settings where setting.key != "run.workers" {
        let values = [mine, theirs].map { setting.read($0.configuration).text }
        if mine.configuration.algorithm != theirs.configuration.algorithm || values[0] != values[1] {
          return "\(setting.key) of \(mine.name) is \(values[1]) there, not \(values[0])"
        }
      }
    }
    return nil
  }
}
