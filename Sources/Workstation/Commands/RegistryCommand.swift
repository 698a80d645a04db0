// strikeforge registry: what was published, who serves, and how to go back.

import Release
import Storage
import Text
import Training

struct RegistryCommand: Command {
  static let description = CommandDescription(
    name: "registry",
    summary: "Shows, moves and checks what was published: versions that never change, and their aliases.",
    operands: "VERB [NAME [VERSION]]", operandCount: 1...3,
    flags: [
      Flag("registry", "FOLDER", "where it lies; 'registry' by default"),
      Flag("as", "ALIAS", "what promote moves: champion (default), challenger or fallback"),
      Flag("reason", "TEXT", "why, for the history"),
      Flag("on", "TIME", "history of one day or moment in UTC: which version had which alias then"),
      Flag("returns", "FILE", "what fallback judges: the champion's daily-returns.csv, as `evaluate` writes it"),
      Flag("window", "N", "how many of its last sessions; 63 by default"),
      Flag("measure", "NAME", "sharpe (default) or mean_return"),
      Flag("floor", "NUMBER", "below which even the upper end of the interval must lie; 0 by default"),
      Flag("confidence", "SHARE", "of that interval; 0.95 by default"),
      Flag("keep", "N", "how many of the newest versions gc leaves; 10 by default"),
      Flag("json", "show and history as JSON"),
    ],
    notes: """
      list                     names, their versions and aliases
      show NAME [VERSION]      a version (an alias may stand for it; champion by
                               default): files, digests, what it stands on
      history NAME             every publication and move, oldest first; exit code 2
                               where the history was edited
      publish NAME RUN         an exported run, with its reports, as a new version
      promote NAME VERSION     gives it an alias, after every byte was compared
      rollback NAME            gives the champion's name back to the one before,
                               after every byte of that was compared
      fallback NAME [VERSION]  judges the champion by a rule, and where that says so gives
                               its name to VERSION (the alias fallback by default)
      verify [NAME]            compares everything with what was published; exit code
                               2 where something differs
      gc NAME                  removes versions that have no alias, are not among the
                               newest, and that no rollback leads to soon
      """)

  private static let verbs = ["list", "show", "history", "publish", "promote", "rollback", "fallback", "verify", "gc"]
  /// How many operands each verb takes, itself among them.
  private static let counts = [
    "list": 1...1, "show": 2...3, "history": 2...2, "publish": 3...3, "promote": 3...3, "rollback": 2...2,
    "fallback": 2...3,
    "verify": 1...2, "gc": 2...2,
  ]

  static func run(_ arguments: Arguments, _ families: Families) throws -> Int32 {
    let words = arguments.operands
    guard let count = counts[words[0]] else {
      throw UsageError(
        "there is no verb \(PrintableText.name(words[0])); take one of \(verbs.joined(separator: ", "))",
        command: description)
    }
    guard count.contains(words.count) else {
      throw UsageError(
        "\(words[0]) takes \(count.upperBound == 1 ? "no name" : "a name" + (count.upperBound == 3 ? " and a version or run" : ""))",
        command: description)
    }
    let folder = arguments.value("registry") ?? Registry.usualFolder
    switch words[0] {
    case "list": try list(folder)
    case "verify": return try verify(words.count > 1 ? [words[1]] : Registry.names(in: folder), folder)
    default:
      let registry = try Registry(folder: folder, name: words[1])
      if words[0] != "publish" { try registry.requireExists() }
      switch words[0] {
      case "show": try show(registry, words.count > 2 ? words[2] : RegistryAlias.champion.rawValue, arguments)
      case "history": return try history(registry, arguments)
      case "publish": try publish(registry, run: words[2], arguments)
      case "promote": try promote(registry, words[2], arguments)
      case "rollback": try rollBack(registry, arguments)
      case "fallback": try fallBack(registry, words.count > 2 ? words[2] : nil, arguments)
      default: try clear(registry, arguments)
      }
    }
    return 0
  }

  private static func list(_ folder: String) throws {
    let names = Registry.names(in: folder)
    guard !names.isEmpty else {
      throw TrainingError.refused(
        "nothing is published in \(folder); `strikeforge registry publish NAME RUN` publishes, and --registry names another folder"
      )
    }
    print("published in \(folder):")
    for name in names {
      let registry = try Registry(folder: folder, name: name)
      let versions = try registry.history().versions
      print(
        "  \(name): \(versions.count) version\(versions.count == 1 ? "" : "s"), "
          + "\(Registry.text(try registry.aliases()))")
    }
  }

  private static func show(_ registry: Registry, _ word: String, _ arguments: Arguments) throws {
    let history = try registry.history()
    let version = try RegistryAlias(rawValue: word).map { alias in
      guard let version = try registry.aliases()[alias] else {
        throw TrainingError.refused("\(registry.path) has no \(word); name one of its versions")
      }
      return version
    }
    let found = try registry.requireWhole(version ?? word, history)
    guard !arguments.has("json") else {
      print(found.json.prettyText)
      return
    }
    print("\(registry.name) \(found.version), published \(found.created)")
    print("folder: \(registry.folder(of: found.version))")
    for file in found.files { print("  \(file.digest)  \(file.name) (\(file.bytes) bytes)") }
    for (name, text) in found.provenance.sorted(by: { $0.key < $1.key }) {
      print("  \(name): \(PrintableText.of(text))")
    }
    for move in history.moves where move.version == found.version { print(move.sentence) }
  }

  /// 2 where the history was edited, so that its word is nobody's.
  private static func history(_ registry: Registry, _ arguments: Arguments) throws -> Int32 {
    let time = try arguments.value("on").map { try RegistryHistory.time($0) }
    let history = try registry.history()
    for fault in history.faults { complain("strikeforge registry: the history is not as it was written: \(fault)") }
    if let time {
      print("\(time): \(Registry.text(history.aliases(on: time)))")
    } else if arguments.has("json") {
      print(JSON.array(history.moves.map(\.json)).prettyText)
    } else {
      for move in history.moves { print(move.sentence) }
    }
    return history.faults.isEmpty ? 0 : 2
  }

  private static func publish(_ registry: Registry, run: String, _ arguments: Arguments) throws {
    let version = try RunPublication.publish(
      run: run, to: registry, reason: arguments.value("reason") ?? "published by hand")
    print("\(registry.name) \(version.version): \(registry.folder(of: version.version))")
  }

  private static func promote(_ registry: Registry, _ version: String, _ arguments: Arguments) throws {
    let name = arguments.value("as") ?? RegistryAlias.champion.rawValue
    guard let alias = RegistryAlias(rawValue: name) else {
      throw UsageError(
        "--as is \(PrintableText.name(name)); it must be one of "
          + RegistryAlias.allCases.map(\.rawValue).joined(separator: ", "), command: description)
    }
    let found = try registry.move(
      alias, to: version, reason: arguments.value("reason") ?? "promoted by hand", rule: "a person")
    print(
      "\(registry.name): \(alias.rawValue) is \(found.version); `strikeforge registry rollback \(registry.name)` undoes it"
    )
  }

  private static func rollBack(_ registry: Registry, _ arguments: Arguments) throws {
    let (from, found) = try registry.rollBack(reason: arguments.value("reason") ?? "rolled back by hand")
    print("\(registry.name): champion is \(found.version) again, no longer \(from); every byte is as it was published")
  }

  private static func fallBack(_ registry: Registry, _ version: String?, _ arguments: Arguments) throws {
    guard let path = arguments.value("returns") else {
      throw UsageError("--returns is missing: name the champion's daily-returns.csv", command: description)
    }
    guard let version = try version ?? registry.aliases()[.fallback] else {
      throw TrainingError.refused(
        "\(registry.path) has no fallback; name a version, or give one that alias with promote --as fallback")
    }
    guard let window = Int(arguments.value("window") ?? "63") else {
      throw UsageError("--window must be a whole number of sessions", command: description)
    }
    let name = arguments.value("measure") ?? FallbackRule.Measure.sharpe.rawValue
    guard let measure = FallbackRule.Measure(rawValue: name) else {
      throw UsageError(
        "--measure is \(PrintableText.name(name)); it must be sharpe or mean_return", command: description)
    }
    func number(_ flag: String, _ usual: Double) throws -> Double {
      guard let text = arguments.value(flag) else { return usual }
      guard case .value(let value) = DecimalNumber.parse(Array(text.utf8)[...]) else {
        throw UsageError("--\(flag) must be a number", command: description)
      }
      return value
    }
    let rule = try FallbackRule(
      window: window, measure: measure, floor: number("floor", 0), confidence: number("confidence", 0.95),
      version: version)
    print(try rule.apply(to: registry, returns: FallbackRule.returns(inFile: path)).sentence)
  }

  private static func verify(_ names: [String], _ folder: String) throws -> Int32 {
    var isWhole = true
    for name in names {
      let registry = try Registry(folder: folder, name: name)
      let faults = try registry.faults()
      for fault in faults { complain("strikeforge registry: \(fault)") }
      if faults.isEmpty {
        print(
          "\(name): \(try registry.history().versions.count) versions, history and aliases are as they were written")
      } else {
        isWhole = false
      }
    }
    guard !names.isEmpty else {
      throw TrainingError.refused(
        "nothing is published in \(folder), so that nothing was compared; name the folder with --registry")
    }
    return isWhole ? 0 : 2
  }

  private static func clear(_ registry: Registry, _ arguments: Arguments) throws {
    guard let keep = Int(arguments.value("keep") ?? "10"), keep >= 1 else {
      throw UsageError("--keep must be a whole number of at least 1", command: description)
    }
    let gone = try registry.clear(keeping: keep)
    print(gone.isEmpty ? "nothing to remove" : "removed \(gone.joined(separator: ", "))")
  }
}
