// What happens on a weekend, as a file says it: data, windows, candidates, hooks, gate, deadline.

private import Configuration
private import Environments
package import Text
package import Training

/// A plan: read whole, and refused whole, before anything is done.
package struct RetrainPlan: Sendable {
  /// The moments at which a command of the user's own may run.
  package enum Moment: String, Sendable, CaseIterable {
    /// Begins what `always` ends: a machine that is started, a folder that is mounted.
    case before
    /// Asked until it says yes.
    case ready
    /// Brings the week's data.
    case fetch
    /// Takes away what was published.
    case send
    /// Once, when all went well.
    case after
    /// However it ended, also when it was killed: then at the next start.
    case always
  }

  /// One way of training, with its seeds.
  package struct Candidate: Sendable, Equatable {
    package var name: String
    package var seeds: [Int]
    /// Windows, seed and store are filled in later.
    package var configuration: RunConfiguration
    /// How it begins with what the champion learned; nil begins with nothing.
    package var mode: WarmStart.Mode?
  }

  package var settings: RetrainSettings
  package var deadline: Deadline
  package var hooks: [Moment: Hook]
  package var candidates: [Candidate]
  /// Of the file and those that it lies over, as they were read; it goes with what is published.
  package var text: String
  /// SHA-256 of everything that the plan says.
  package var digest: String

  private static let candidateKeys = ["name", "seeds", "config", "begin", "mode"]
  private static let runSections = ["run", "health", "environment", "algorithm", "network"]

  /// Reads a plan. `deadline`: what --deadline says, in place of the file's.
  package init(yamlFile path: String, deadline told: Deadline? = nil, families: Families) throws(TrainingError) {
    do throws(ConfigurationError) {
      let tree = try RunConfiguration.tree(ofYAMLFile: path)
      guard let members = tree.objectValue else {
        throw .wrongValue(key: "the whole file", source: path, found: tree.kindName, expected: "sections")
      }
      let own = RetrainSettings.sections
      let known = own.sorted() + ["hooks", "candidates"] + RetrainPlan.runSections
      for key in members.keys.sorted() where !known.contains(key) {
        if key == "split" {
          throw .conflict(
            "\(path): a plan has no section split; its windows say which sessions teach, choose and judge")
        }
        throw .unknownKey(key: key, source: path, nearest: NearestName.of(key, among: known))
      }
      var settings = RetrainSettings()
      try settings.apply(.object(members.filter { own.contains($0.key) }), source: path)
      guard !settings.store.isEmpty else {
        throw .conflict("\(path): data.store is missing; name the market store that is trained on")
      }
      guard settings.purgedFolds.isMultiple(of: 2) else {
        throw .conflict(
          "\(path): gate.purged_folds is \(settings.purgedFolds), of which no half can be tested; give an even number, or 0 for blocks side by side"
        )
      }
      self.settings = settings
      hooks = try RetrainPlan.hooks(members["hooks"], path: path)
      var base = RunConfiguration(families: families)
      try base.apply(.object(members.filter { RetrainPlan.runSections.contains($0.key) }), source: path)
      candidates = try RetrainPlan.candidates(members["candidates"], base: base, settings, path: path)
      text = String(decoding: try RunConfiguration.readFile(path), as: UTF8.self)
    } catch {
      guard case .unknownKey(let key, let source, nil) = error else { throw .configuration(error) }
      throw .configuration(
        .conflict("\(source): unknown key '\(PrintableText.name(key))'; `strikeforge retrain --keys` lists all"))
    }
    if let told { deadline = told } else { deadline = try RetrainPlan.deadline(settings, path: path) }
    let (hooks, candidates) = (hooks, candidates)
    // By when it must be done decides nothing about what it is.
    var timeless = settings
    timeless.deadline = ""
    let content: [JSON] =
      [timeless.json] + RetrainPlan.Moment.allCases.map { moment in hooks[moment].map(RetrainPlan.json) ?? .null }
      + candidates.map { one in
        [
          "name": .string(one.name), "seeds": .array(one.seeds.map { .integer(Int64($0)) }),
          "mode": one.mode.map { .string($0.rawValue) } ?? .null, "configuration": one.configuration.json,
        ]
      }
    digest = SHA256.hex(Array(JSON.array(content).text.utf8))
  }

  private static func deadline(_ settings: RetrainSettings, path: String) throws(TrainingError) -> Deadline {
    do throws(TrainingError) {
      return try Deadline(settings.deadline)
    } catch {
      throw .refused("\(path), weekend.deadline: \(error.description)")
    }
  }

  private static func json(_ hook: Hook) -> JSON {
    [
      "words": .array(hook.words.map(JSON.string)), "limit": .number(hook.limitSeconds),
      "retries": .integer(Int64(hook.retries)), "wait": .number(hook.waitSeconds),
    ]
  }

  // MARK: Hooks

  private static func hooks(_ json: JSON?, path: String) throws(ConfigurationError) -> [Moment: Hook] {
    guard let json, json != .null else { return [:] }
    guard let members = json.objectValue else {
      throw .wrongValue(key: "hooks", source: path, found: json.kindName, expected: "a command for some moments")
    }
    var hooks: [Moment: Hook] = [:]
    for (name, value) in members.sorted(by: { $0.key < $1.key }) {
      guard let moment = Moment(rawValue: name) else {
        throw .unknownKey(
          key: "hooks.\(name)", source: path,
          nearest: NearestName.of(name, among: Moment.allCases.map(\.rawValue)).map { "hooks.\($0)" })
      }
      hooks[moment] = try hook(value, key: "hooks.\(name)", isAsked: moment == .ready, path: path)
    }
    guard hooks[.before] == nil || hooks[.always] != nil else {
      throw .conflict(
        "\(path): hooks.before begins something that nothing ends; say with hooks.always what does, also after a kill ([\"true\"] where there is nothing)"
      )
    }
    return hooks
  }

  /// A list of words, or `{command: [...], limit_seconds: 600, retries: 2, wait_seconds: 5}`.
  private static func hook(_ json: JSON, key: String, isAsked: Bool, path: String) throws(ConfigurationError) -> Hook {
    let known = ["command", "limit_seconds", "retries", "wait_seconds"]
    let members = json.objectValue ?? ["command": json]
    for name in members.keys.sorted() where !known.contains(name) {
      throw .unknownKey(
        key: "\(key).\(name)", source: path, nearest: NearestName.of(name, among: known).map { "\(key).\($0)" })
    }
    let words = members["command"]?.arrayValue?.compactMap(\.stringValue) ?? []
    guard let first = words.first, !first.isEmpty, words.count == members["command"]?.arrayValue?.count,
      !words.contains(where: { $0.utf8.contains(0) })
    else {
      throw .wrongValue(
        key: "\(key).command", source: path, found: members["command"]?.text ?? "not there",
        expected: "a program and its words, each quoted text, like [\"rsync\", \"-a\", \"host:bars/\", \"arrived/\"]")
    }
    func number(_ name: String, _ usual: Double, _ range: ClosedRange<Double>) throws(ConfigurationError) -> Double {
      guard let found = members[name] else { return usual }
      guard let value = found.doubleValue, range.contains(value) else {
        throw .wrongValue(
          key: "\(key).\(name)", source: path, found: found.text,
          expected: "a number from \(JSON.number(range.lowerBound).text) to \(JSON.number(range.upperBound).text)")
      }
      return value
    }
    let retries = try number("retries", isAsked ? 60 : 0, 0...10_000)
    return Hook(
      words: words, limitSeconds: try number("limit_seconds", isAsked ? 10 : 600, 0.01...86_400), retries: Int(retries),
      waitSeconds: try number("wait_seconds", 1, 0...3600))
  }

  // MARK: Candidates

  private static func candidates(
    _ json: JSON?, base: RunConfiguration, _ settings: RetrainSettings, path: String
  ) throws(ConfigurationError) -> [Candidate] {
    guard let entries = json?.arrayValue, !entries.isEmpty, entries.count <= 100 else {
      throw .wrongValue(
        key: "candidates", source: path, found: json?.kindName ?? "not there",
        expected: "a list of 1 to 100 candidates, each with a name")
    }
    var found: [Candidate] = []
    for (place, entry) in entries.enumerated() {
      let one = try candidate(entry, key: "candidates[\(place)]", base: base, settings, path: path)
      guard !found.contains(where: { $0.name == one.name }) else {
        throw .conflict("\(path): two candidates are called \(one.name); give each a name of its own")
      }
      // Lanes and lengths of episodes are a matter of learning; what is played, and what it costs, is not.
      if let first = found.first, world(one.configuration) != world(first.configuration) {
        throw .conflict(
          "\(path): \(one.name) plays by other settings of the section environment than \(first.name): only at the same costs and "
            + "rules can they be compared; set them for all")
      }
      found.append(one)
    }
    return found
  }

  private static func world(_ configuration: RunConfiguration) -> JSON {
    var members = configuration.json["environment"]?.objectValue ?? [:]
    for name in ["lanes", "episode_length"] { members[name] = nil }
    return .object(members)
  }

  private static func candidate(
    _ json: JSON, key: String, base: RunConfiguration, _ settings: RetrainSettings, path: String
  ) throws(ConfigurationError) -> Candidate {
    guard let members = json.objectValue else {
      throw .wrongValue(key: key, source: path, found: json.kindName, expected: "a candidate with a name")
    }
    let known = candidateKeys + runSections
    for name in members.keys.sorted() where !known.contains(name) {
      throw .unknownKey(
        key: "\(key).\(name)", source: path, nearest: NearestName.of(name, among: known).map { "\(key).\($0)" })
    }
    var configuration = base
    if let file = members["config"] {
      guard let name = file.stringValue, !name.isEmpty else {
        throw .wrongValue(key: "\(key).config", source: path, found: file.text, expected: "a configuration file")
      }
      try configuration.apply(yamlFile: ConfigurationLayers.resolve(name, from: path))
    }
    try configuration.apply(.object(members.filter { runSections.contains($0.key) }), source: "\(path), \(key)")
    configuration.world.store = settings.store
    guard configuration.environment.hasWindows else {
      throw .conflict(
        "\(path): \(configuration.environment.name) is a game without sessions, of which no weekend can train on the last; "
          + "name an environment that plays bars")
    }
    guard let name = members["name"]?.stringValue, RunName.isValid(name), name.utf8.count <= 60 else {
      throw .wrongValue(
        key: "\(key).name", source: path, found: members["name"]?.text ?? "not there", expected: RunName.form)
    }
    let seeds = members["seeds"]?.arrayValue?.compactMap(\.integerValue) ?? [configuration.run.seed]
    guard !seeds.isEmpty, seeds.count == members["seeds"]?.arrayValue?.count ?? 1, Set(seeds).count == seeds.count,
      seeds.allSatisfy({ (0...Int(Int32.max)).contains($0) })
    else {
      throw .wrongValue(
        key: "\(key).seeds", source: path, found: members["seeds"]?.text ?? "",
        expected: "a list of different whole numbers from 0")
    }
    return Candidate(
      name: name, seeds: seeds, configuration: configuration, mode: try beginning(members, key: key, path: path))
  }

  private static func beginning(_ members: [String: JSON], key: String, path: String) throws(ConfigurationError)
    -> WarmStart.Mode?
  {
    let begin = members["begin"]?.stringValue ?? "nothing"
    guard ["nothing", "champion"].contains(begin) else {
      throw .wrongValue(
        key: "\(key).begin", source: path, found: members["begin"]?.text ?? "", expected: "nothing or champion")
    }
    guard begin == "champion" else {
      if members["mode"] != nil {
        throw .conflict("\(path): '\(key).mode' goes with begin: champion, of which it says what is taken over")
      }
      return nil
    }
    guard let mode = WarmStart.Mode(rawValue: members["mode"]?.stringValue ?? WarmStart.Mode.finetune.rawValue) else {
      throw .wrongValue(
        key: "\(key).mode", source: path, found: members["mode"]?.text ?? "",
        expected: WarmStart.Mode.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return mode
  }
}
