// What was decided is done: a version, an alias, and the way to where it serves.

private import AgentInterface
private import Evaluation
private import Inference
private import Storage
private import Text
package import Training

extension Retrain {
  static let publication = "publication"
  /// The history's word for who decided.
  static let rule = "promotion gate"

  /// The version that was published, and the alias that it got; nil where the champion stays.
  var published: (version: String, alias: String)? {
    guard let result = journal.result(Retrain.publication), let version = result["version"]?.stringValue,
      let alias = result["alias"]?.stringValue
    else { return nil }
    return (version, alias)
  }

  /// Publishes the winner with all that it stands on, and moves its alias. Whoever is killed in between finds the same version again.
  func publish(_ decision: RetrainDecision, _ runs: [RetrainRun], _ champion: RetrainChampion?) throws(TrainingError) {
    guard journal.result(Retrain.publication) == nil else { return }
    guard decision.outcome != .keep, let run = runs.first(where: { $0.name == decision.run }) else {
      return try journal.keep(["version": .null], of: Retrain.publication)
    }
    let alias = decision.outcome == .promote ? plan.settings.alias : .challenger
    let (trained, factory, directory) = try policy(run)
    let bundle = try exported(trained, factory)
    let report = try RunEvaluator.evaluate(
      bundle, of: trained.origin, window: .heldOut, factory: factory, seed: UInt64(plan.settings.seed),
      writesObservations: false)
    try directory.write(report.json.prettyText + "\n", to: "evaluation.json")
    try directory.write(report.markdown, to: "report.md")
    try directory.write(report.html, to: "report.html")
    try directory.write(report.dailyReturns ?? "", to: "daily-returns.csv")
    try directory.write(report.trades ?? "", to: "trades.csv")
    var files: [(name: String, bytes: [UInt8])] = [
      (RegistryVersion.bundleName, bundle.encode()), ("decision.json", Array((decision.json.prettyText + "\n").utf8)),
      ("plan.yaml", Array(plan.text.utf8)), (RetrainChampion.checkpointName, try timeless(trained.sourcePath)),
    ]
    for name in [
      "config.json", "config.yaml", "evaluation.json", "report.md", "report.html", "daily-returns.csv", "trades.csv",
    ] {
      files.append((name, try storing { () throws(StorageError) in try FileSystem.read(directory.file(name)) }))
    }
    try requireRegistryIsThere()
    // Another's move meanwhile stands: this decision was about another champion.
    let present = try registry.exists ? registry.aliases()[.champion] : nil
    guard present == champion?.version || alias == .challenger || isOwn(present) else {
      throw .refused(
        "\(registry.path) has another champion than this weekend was decided against (\(present ?? "none"), not \(champion?.version ?? "none")): nothing "
          + "is published; retrain with --anew to compare with that one")
    }
    var provenance = bundle.manifest.provenance
    provenance["weekend"] = journal.number
    provenance["plan"] = plan.digest
    provenance["trials"] = "\(decision.trials)"
    provenance["ledger"] = "\(TrialsLedger.path(ofStore: plan.settings.store)), line \(decision.ledgerLines)"
    let version = try registry.publish(files, provenance: provenance, reason: decision.sentence, rule: Retrain.rule)
    try registry.move(alias, to: version.version, reason: decision.sentence, rule: Retrain.rule)
    try journal.keep(
      ["version": .string(version.version), "alias": .string(alias.rawValue)], of: Retrain.publication)
    let remark = alias == .champion ? "`\(undo)` undoes it" : "it serves nobody until a person promotes it"
    tell("published: \(registry.name) \(version.version) is \(alias.rawValue); \(remark)")
  }

  /// Whether a version is what this weekend published before it was killed.
  private func isOwn(_ version: String?) -> Bool {
    guard let version, let history = try? registry.history(),
      let found = try? registry.requireWhole(version, history)
    else { return false }
    return found.provenance["weekend"] == journal.number && found.provenance["plan"] == plan.digest
  }

  /// What a person types to take it back.
  var undo: String {
    let folder =
      plan.settings.registry == Registry.usualFolder ? "" : " --registry \(CommandText.quoted(plan.settings.registry))"
    return "strikeforge registry rollback \(registry.name)\(folder)"
  }

  /// A checkpoint without what clocks said in it, so that the same training publishes the same bytes.
  private func timeless(_ path: String) throws(TrainingError) -> [UInt8] {
    try storing { () throws(StorageError) in
      var checkpoint = try CheckpointStore.load(path)
      checkpoint.attributes["created"] = ""
      // Numbers that the next row would have shown again: how fast it was is one of them.
      for name in checkpoint.groups["carried"]?.doubles.keys.sorted() ?? [] where name.hasPrefix("time/") {
        checkpoint.groups["carried"]?.doubles[name] = [0]
      }
      return try checkpoint.encoded(path: path)
    }
  }

  /// Brings what serves to the outbox, whatever was published: a copy that was missed last week is made up for.
  func deliver() throws(TrainingError) {
    let outbox = plan.settings.outbox
    guard !outbox.isEmpty, registry.exists else { return }
    for (alias, version) in try registry.aliases().sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      let summary = try registry.deliver(version, to: outbox)
      tell("sent: \(alias.rawValue) \(version) to \(outbox), \(summary.bytes) bytes, compared by digest")
    }
  }
}
