// What a ledger of trials holds: everything that was tried on a store, and every look at what came of it.

private import Algorithms
private import Configuration
private import Inference
package import Market
package import Text
package import Training

/// One policy's look at one window of one content of a store.
package struct Look: Sendable, Equatable {
  /// Content hash of the store.
  package var store: String
  /// For example `held-out`.
  package var window: String
  /// The first decision's close and the last one.
  package var from: CalendarDate
  package var until: CalendarDate
  /// `DeployedPolicy.decisionDigest`.
  package var policy: String
  package var run: String
  package var algorithm: String
  package var program: String
  /// What it saw there: the annual ratio over cash; nil where the account did not vary, and in lines of older programs.
  package var sharpe: Double?

  package init(
    store: String, window: String, from: CalendarDate, until: CalendarDate, policy: String, run: String,
    algorithm: String, program: String, sharpe: Double? = nil
  ) {
    self.store = store
    self.window = window
    self.from = from
    self.until = until
    self.policy = policy
    self.run = run
    self.algorithm = algorithm
    self.program = program
    self.sharpe = sharpe
  }

  static let kind = "look"

  /// What its line holds beside the log's own members.
  var members: [String: JSON] {
    var members: [String: JSON] = [
      "kind": .string(Look.kind), "time": .string(UTCTime.now()), "store": .string(store),
      "window": .object([
        "name": .string(window), "from": .string(from.description), "until": .string(until.description),
      ]),
      "policy": .string(policy), "run": .string(run), "algorithm": .string(algorithm), "program": .string(program),
    ]
    if let sharpe { members["sharpe"] = .number(sharpe) }
    return members
  }

  /// Nil where a line is of another kind.
  init?(_ members: [String: JSON]) {
    func text(_ name: String) -> String? { members[name]?.stringValue }
    guard text("kind") == Look.kind, let store = text("store"), let window = members["window"],
      let name = window["name"]?.stringValue, let from = window["from"]?.stringValue.flatMap({ CalendarDate($0) }),
      let until = window["until"]?.stringValue.flatMap({ CalendarDate($0) }), let policy = text("policy")
    else { return nil }
    self.init(
      store: store, window: name, from: from, until: until, policy: policy, run: text("run") ?? "",
      algorithm: text("algorithm") ?? "", program: text("program") ?? "", sharpe: members["sharpe"]?.doubleValue)
  }

  func isSameWindow(as other: Look) -> Bool {
    store == other.store && window == other.window && from == other.from && until == other.until
  }

  /// Whether it is the look of the same policy at the same store and window, whoever calls it what.
  func isSame(as other: Look) -> Bool { policy == other.policy && isSameWindow(as: other) }
}

/// One thing that was tried on a store, before anybody looked at what came of it.
package struct Trial: Sendable, Equatable {
  package enum Kind: String, Sendable, CaseIterable {
    /// A run: one configuration with one seed.
    case training
    /// The choice of a run's best checkpoint on the selection window.
    case earlyStop = "early_stop"
    /// The combination of an ensemble's members there.
    case ensembleFit = "ensemble_fit"
  }

  package var kind: Kind
  /// Digest of what was tried: trials of one kind with the same digest are one try.
  package var subject: String
  /// Content hash of the store.
  package var store: String
  package var run: String
  package var algorithm: String
  package var seed: Int?
  package var program: String

  package init(
    _ kind: Kind, subject: String, store: String, run: String, algorithm: String, seed: Int?,
    program: String = Trial.thisProgram
  ) {
    self.kind = kind
    self.subject = subject
    self.store = store
    self.run = run
    self.algorithm = algorithm
    self.seed = seed
    self.program = program
  }

  package static var thisProgram: String { "strikeforge \(BuildInformation.version) \(BuildInformation.revision)" }

  /// What its line holds beside the log's own members.
  var members: [String: JSON] {
    [
      "kind": .string(kind.rawValue), "time": .string(UTCTime.now()), "subject": .string(subject),
      "store": .string(store), "run": .string(run), "algorithm": .string(algorithm),
      "seed": seed.map { .integer(Int64($0)) } ?? .null, "program": .string(program),
    ]
  }

  /// Nil where a line is of another kind.
  init?(_ members: [String: JSON]) {
    func text(_ name: String) -> String? { members[name]?.stringValue }
    guard let kind = text("kind").flatMap(Kind.init(rawValue:)), let subject = text("subject"),
      let store = text("store")
    else { return nil }
    self.init(
      kind, subject: subject, store: store, run: text("run") ?? "", algorithm: text("algorithm") ?? "",
      seed: members["seed"]?.integerValue, program: text("program") ?? "")
  }

  /// Whether a line of it stands there already: the same of the same run.
  func isSame(as other: Trial) -> Bool { kind == other.kind && subject == other.subject && run == other.run }
}

extension Trial {
  /// What of a configuration decides nothing about the policy: another name or number of threads is no other try.
  private static let indifferent = ["model_name", "workers", "metrics_jsonl", "tensorboard", "keep_checkpoints"]

  /// A run's training. beginning: what it began with, where it did not begin with nothing. Nil for games, which need no store.
  package init?(training configuration: RunConfiguration, store: String?, run: String, beginning: String? = nil) {
    guard let store else { return nil }
    var sections = configuration.json.objectValue ?? [:]
    var own = sections["run"]?.objectValue ?? [:]
    for name in Trial.indifferent { own[name] = nil }
    sections["run"] = .object(own)
    sections["beginning"] = beginning.map(JSON.string) ?? .null
    sections["data"] = .string(store)
    self.init(
      .training, subject: SHA256.hex(Array(JSON.object(sections).text.utf8)), store: store, run: run,
      algorithm: configuration.algorithm.rawValue, seed: configuration.run.seed)
  }

  /// The choice of the checkpoint of this training that did best on the selection window.
  package func earlyStop(atStep step: Int) -> Trial {
    Trial(
      .earlyStop, subject: SHA256.hex(Array("\(subject) step \(step)".utf8)), store: store, run: run,
      algorithm: algorithm, seed: seed, program: program)
  }
}

extension EnsembleExport {
  /// The combination that this is; nil for games, which need no store.
  package func trial(of folder: EnsembleFolder) -> Trial? {
    guard let store = bundle.manifest.provenance["data_fingerprint"], !store.isEmpty else { return nil }
    return Trial(
      .ensembleFit, subject: bundle.policy.decisionDigest, store: store, run: folder.directory.name,
      algorithm: "ensemble", seed: nil)
  }
}
