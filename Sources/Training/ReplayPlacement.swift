// Where a run's replay memory lies, and what its file says about the run.

internal import AgentInterface
internal import Algorithms
private import Configuration
private import Environments
package import Inference
private import Kernels
internal import Storage
private import Text

/// The replay memory of a run that has one: in memory as far as the budget goes, beyond it in the run's folder.
struct ReplayPlacement {
  static let fileName = "replay.h5"

  /// Of the file; nil where everything lies in memory.
  let shape: ReplayShape?
  let use: ReplayUse
  private let record: ReplayRecord
  private let bufferSize: Int
  private let lanes: Int
  private let totalRows: Int
  /// Of a transition in memory, its priority among them.
  private let bytesInMemory: Int
  private let priorityBytes: Int

  /// Nil where the algorithm replays nothing. `rowsBefore`: of another run's, to begin with.
  init?(_ configuration: RunConfiguration, _ spec: NetworkSpec, rowsBefore: Int = 0) {
    guard let need = configuration.learner.replayNeed else { return nil }
    let run = configuration.run
    lanes = configuration.world.lanes
    bufferSize = need.transitions
    totalRows = rowsBefore + configuration.wholeTimesteps / lanes
    record = ReplayRecord(
      columns: spec.inputs, actionCount: spec.actions, keepsMasks: configuration.algorithm.isMasked,
      precision: need.precision)
    let budget = need.memoryMebibytes << 20
    let steps = need.gradientSteps < 0 ? need.stepsBetweenUpdates * lanes : need.gradientSteps
    use = ReplayUse(
      drawsPerUpdate: steps * need.batchSize, rowsPerUpdate: need.stepsBetweenUpdates, steps: need.returnSteps,
      isPrioritized: need.isPrioritized, memoryBytes: budget)
    bytesInMemory = need.bytesPerTransition(columns: spec.inputs)
    priorityBytes = need.priorityBytes
    let capacity = max(1, need.transitions / lanes)
    guard min(capacity, totalRows) * lanes * bytesInMemory > budget else {
      shape = nil
      return
    }
    // Every checkpoint that is kept can be resumed from; checkpoints are made between two rollouts.
    let interval = (run.checkpointInterval + lanes - 1) / lanes + 2 * need.stepsBetweenUpdates
    shape = ReplayShape(
      record: record, laneCount: lanes, capacity: capacity, spareRows: interval * run.keepCheckpoints,
      totalRows: totalRows)
  }

  /// Transitions that will ever be there at once.
  var transitions: Int { min(max(1, bufferSize / lanes), totalRows) * lanes }
  private var transitionsInMemory: Int { shape == nil ? transitions : 0 }

  var memoryBytes: Double {
    shape == nil
      ? Double(transitions) * Double(bytesInMemory)
      : Double(use.memoryBytes) + Double(transitions) * Double(priorityBytes)
  }

  /// In a checkpoint.
  var checkpointBytes: Double {
    shape.map { Double(ReplayLedgerSize.bytes($0)) + Double(transitions * priorityBytes / 2) }
      ?? Double(transitions) * Double(bytesInMemory)
  }

  /// An empty store, its file made in the run's folder. `attributes`: see `attributes`.
  func makeStore(in directory: RunDirectory, attributes: [String: String]) throws(TrainingError) -> any TransitionStore
  {
    guard let shape else {
      return MemoryTransitionStore(
        transitions: bufferSize, laneCount: lanes, columns: record.columns, actionCount: record.actionCount,
        keepsMasks: record.keepsMasks, precision: record.precision, totalRows: totalRows)
    }
    do {
      let file = try ReplayFile.create(
        directory.file(ReplayPlacement.fileName), shape, attributes: attributes, in: directory.held)
      return FileTransitionStore(file, use: use)
    } catch {
      throw .storage(error)
    }
  }

  /// The store that a checkpoint goes on with: its file is opened, and everything that the checkpoint may draw from is checked. Nil where
  /// the checkpoint itself holds all.
  func openStore(
    in directory: RunDirectory, for state: StateRecord, attributes: [String: String]
  ) throws(TrainingError) -> FileTransitionStore? {
    guard shape != nil else { return nil }
    do {
      let file = try ReplayFile.open(
        directory.file(ReplayPlacement.fileName), forWriting: true, in: directory.held)
      try ReplaySource.requireSame(file, attributes: attributes, record: record, lanes: lanes)
      guard file.shape == shape else {
        throw StorageError.replay(
          path: file.path,
          .different(
            what: "room for", found: "\(file.shape.capacity) rows", needed: "\(shape?.capacity ?? 0)",
            remedy: "bring the run's own file back"))
      }
      let store = FileTransitionStore(file, use: use)
      try store.verify(state)
      return store
    } catch let error as StorageError {
      throw .storage(error)
    } catch {
      throw .file(path: directory.path, action: "open the replay file of", reason: "\(error)")
    }
  }

  /// What a replay file says about its run.
  static func attributes(
    _ configuration: RunConfiguration, _ factory: EnvironmentFactory, run: String
  ) -> [String: String] {
    [
      "environment": configuration.environment.name, "environment_settings": identity(of: configuration).text,
      "spaces": Trainer.spaces(factory.spaces).text, "data_fingerprint": factory.market?.contentHash ?? "", "run": run,
      "algorithm": configuration.algorithm.rawValue, "seed": "\(configuration.run.seed)",
      "discount": "\(configuration.learner.discount)", "source_revision": BuildInformation.revision,
    ]
  }

  /// The settings that decide what a step of the environment does, and which bars it may be made on.
  private static func identity(of configuration: RunConfiguration) -> JSON {
    let tree = configuration.json
    // Where the data lies, how many lanes walk it, and what was expected of it changes no step; the data has a fingerprint.
    let indifferent = ["lanes", "store", "observation_dim", "action_space", "name"]
    var members = (tree["environment"]?.objectValue ?? [:]).filter { !indifferent.contains($0.key) }
    for (key, value) in tree["split"]?.objectValue ?? [:] where key.hasPrefix("training_") {
      members["split." + key] = value
    }
    return .object(members)
  }
}

/// A replay file that a new run begins with.
package struct ReplaySource {
  /// Where the origin stands in the checkpoints of the new run.
  static let attribute = "init_replay"

  package let path: String
  /// SHA-256 of the ledger: of everything that is taken over.
  package let digest: String
  package let rows: Int
  private let file: ReplayFile
  private let ledger: ReplayLedger
  private let state: StateRecord

  /// Opens a file and checks every transition in it.
  package init(_ path: String) throws(TrainingError) {
    do {
      self.path = path
      file = try ReplayFile.open(path)
      (ledger, state) = try file.verifiedLedger()
      rows = ledger.rowCount(file.shape)
      guard rows > 0 else { throw StorageError.replay(path: path, .empty) }
      digest = SHA256.hex(ledger.digests)
    } catch let error as StorageError {
      throw .storage(error)
    } catch {
      throw .file(path: path, action: "read", reason: "\(error)")
    }
  }

  /// Refuses, by name, a file of another environment or of other lanes, columns or actions than the run's.
  package func requireFit(_ configuration: RunConfiguration, _ factory: EnvironmentFactory, _ spec: NetworkSpec)
    throws(TrainingError)
  {
    guard configuration.learner.replayNeed != nil else {
      let replaying = configuration.families.algorithms.filter { $0.defaults.replayNeed != nil }.flatMap(\.tags)
      throw .configuration(
        .conflict(
          "--init-replay is for \(replaying.map(\.rawValue).joined(separator: " and ")); "
            + "\(configuration.algorithm.rawValue) replays nothing"))
    }
    do {
      try ReplaySource.requireSame(
        file, attributes: ReplayPlacement.attributes(configuration, factory, run: ""),
        record: ReplayRecord(
          columns: spec.inputs, actionCount: spec.actions, keepsMasks: configuration.algorithm.isMasked,
          precision: file.shape.record.precision), lanes: configuration.world.lanes)
    } catch {
      throw .storage(error)
    }
  }

  /// Gives a learner the transitions to begin with. On an error it is of no use.
  func begin(_ learner: any ReplayingAlgorithm) throws(TrainingError) {
    // A store that is only read.
    let store = FileTransitionStore(
      file, use: ReplayUse(drawsPerUpdate: 0, rowsPerUpdate: 0, steps: 1, isPrioritized: true, memoryBytes: 0))
    do {
      try store.restore(state)
    } catch {
      throw .restore(path: path, error)
    }
    learner.begin(with: store)
    // Digests say that a row is as it was written, not that what was written is a transition.
    if let failure = store.failure { throw .storage(failure) }
  }

  /// What a file and a run must have in common, named where they have not.
  static func requireSame(
    _ file: ReplayFile, attributes: [String: String], record: ReplayRecord, lanes: Int
  ) throws(StorageError) {
    func require(_ what: String, _ found: String, _ needed: String, _ remedy: String) throws(StorageError) {
      guard found == needed else {
        throw .replay(path: file.path, .different(what: what, found: found, needed: needed, remedy: remedy))
      }
    }
    let other = "name a file of that environment"
    let own = file.attributes
    try require("the environment", own["environment"] ?? "none", attributes["environment"] ?? "none", other)
    let shape = file.shape
    try require("columns", "\(shape.record.columns)", "\(record.columns)", other)
    try require("actions", "\(shape.record.actionCount)", "\(record.actionCount)", other)
    try require(
      "spaces of the digest", short(own["spaces"]), short(attributes["spaces"]),
      "columns or actions have other names: " + other)
    try require("lanes", "\(shape.laneCount)", "\(lanes)", "set environment.lanes to \(shape.laneCount)")
    try require(
      "masks", shape.record.keepsMasks ? "kept" : "none", record.keepsMasks ? "kept" : "none",
      "set algorithm.name to \(shape.record.keepsMasks ? "dqn_mask" : "dqn")")
    try require(
      "observations of", shape.record.precision.rawValue, record.precision.rawValue,
      "set algorithm.replay_precision to \(shape.record.precision.rawValue)")
    try require(
      "data of the content hash", String((own["data_fingerprint"] ?? "").prefix(16)),
      String((attributes["data_fingerprint"] ?? "").prefix(16)), "name the store that it was gathered on")
    if let (name, found, needed) = difference(own["environment_settings"], attributes["environment_settings"]) {
      throw .replay(
        path: file.path,
        .different(what: name, found: found, needed: needed, remedy: "set it alike, or name another file"))
    }
  }

  private static func short(_ text: String?) -> String { String(SHA256.hex(Array((text ?? "").utf8)).prefix(16)) }

  /// The first setting that is not the same; nil where all are. Of what only the file names, an older version wrote down the settings of other environments:
  /// they decide nothing here.
  private static func difference(_ one: String?, _ other: String?) -> (name: String, found: String, needed: String)? {
    func members(_ text: String?) -> [String: JSON] { text.flatMap { try? JSON.parse($0) }?.objectValue ?? [:] }
    let (found, needed) = (members(one), members(other))
    // An older file does not name what could not be set then, and null says that it is not set.
    for name in needed.keys.sorted() where (found[name] ?? .null) != needed[name] {
      let key = name.hasPrefix("split.") ? name : "environment." + name
      return (key, found[name]?.text ?? "none", needed[name]?.text ?? "none")
    }
    return nil
  }
}
