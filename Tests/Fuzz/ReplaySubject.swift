// Replay files: damage to headers, descriptions, ledgers and rows, mostly behind digests that are made true again.

import AgentInterface
import Algorithms
import Environments
import Inference
import Kernels
import RunSupport
import Storage
import TestSupport
import Training

/// A replay file through all that reads one: the inspection, the export, a store that goes on with it, a run that begins with it.
final class ReplaySubject: Subject {
  static let name = "replay"
  private let folder: TemporaryFolder
  /// Of the run that the first seed is of.
  private let configuration: RunConfiguration
  private let factory: EnvironmentFactory
  private let spec: NetworkSpec
  /// Of the seeds.
  private var shapes: [ReplayShape] = []
  /// Of the pool's documents.
  private var blocks: [Int: HDF5Blocks] = [:]

  init() throws {
    folder = try TemporaryFolder()
    var configuration = RunConfiguration()
    configuration.algorithm = .dqn
    (configuration.environmentName, configuration.world.lanes) = ("cue", 4)
    configuration.shorten(to: 10)
    configuration.cue.episodeLength = 4
    (configuration.run.workers, configuration.run.totalTimesteps) = (1, 4 * 32)
    (configuration.run.checkpointInterval, configuration.run.evaluationInterval) = (1 << 30, 1 << 30)
    (configuration.dqn.trainFrequency, configuration.dqn.batchSize, configuration.dqn.bufferSize) = (8, 5, 40)
    (configuration.dqn.learningStarts, configuration.dqn.prioritized) = (0, true)
    (configuration.dqn.replayPrecision, configuration.network.actionValues.hiddenLayers) = (.float16, [4])
    self.configuration = configuration
    factory = try EnvironmentFactory(configuration)
    spec = try Trainer.requireTrainable(configuration, factory)
  }

  // MARK: Seeds

  /// A run's, one that went round, and one without rows.
  func seeds() throws -> [[UInt8]] {
    var inFile = configuration
    inFile.dqn.replayMemoryMebibytes = 0
    let run = folder.place("seed")
    let trainer = try Trainer(starting: inFile, factory: factory, in: RunDirectory.create(run: run, prefix: ""))
    _ = try trainer.run { trainer.step == 64 }
    _ = trainer.checkpoint()
    let path = folder.place("seed/replay.h5")
    shapes = [try ReplayFile.open(path).shape]
    return try [FileSystem.read(path)] + [stored(rows: 3 * 4096 + 4), stored(rows: 0)]
  }

  private func stored(rows: Int) throws -> [UInt8] {
    let (lanes, columns, actions) = (1, 1, 3)
    let shape = ReplayShape(
      record: ReplayRecord(columns: columns, actionCount: actions, keepsMasks: rows > 0, precision: .float16),
      laneCount: lanes, capacity: 10, spareRows: 0, totalRows: rows)
    let path = folder.place("stored.h5")
    let store = FileTransitionStore(
      try ReplayFile.create(path, shape, attributes: ["run": "seed", "environment": "none"]), use: ReplaySubject.use)
    let world = RandomEpisodes(laneCount: lanes, columns: columns, actions: actions)
    let rollout = Rollout(horizon: 1, laneCount: lanes, observationCount: columns, keepsEveryFinal: true)
    world.reset(seed: 1, into: rollout.resetBuffers)
    for _ in 0..<rows {
      world.step(rollout.actions(at: 0), lanes: 0..<lanes, into: rollout.stepBuffers(at: 0))
      store.append(rollout.transitions(at: 0))
    }
    _ = store.snapshot()
    if let failure = store.failure { throw failure }
    shapes.append(shape)
    return try FileSystem.read(path)
  }

  private static let use = ReplayUse(
    drawsPerUpdate: 4, rowsPerUpdate: 1, steps: 1, isPrioritized: false, memoryBytes: 0)

  // MARK: Inputs

  private static let attributes = [
    "replay_schema_version", "lanes", "columns", "actions", "masks", "observations", "capacity_rows", "blocks",
    "block_rows", "environment", "environment_settings", "spaces", "run",
  ].map { Array($0.utf8) + [0] }
  private static let tokens = [
    "replay_schema_version", "capacity_rows", "block_rows", "blocks", "lanes", "kept", "none", "float16", "float32",
    "99999999", "-1", "0", "\"lanes\":", "{}", "[", "\u{1B}[31m",
  ]

  func input(_ random: RandomStream, pool: Pool) throws -> [UInt8] {
    var mutator = Mutator(random: random, tokens: ReplaySubject.tokens)
    let index = pool.pick(&mutator)
    let whole = pool.documents[index]
    guard let parts = ReplayParts(whole), !mutator.chance(1, in: 32) else {
      return mutator.damaged(whole, others: pool.documents)
    }
    let found = blocks[index] ?? HDF5Blocks(whole, outside: [parts.data, parts.ledgers])
    blocks[index] = found
    let shape = index < pool.seedCount ? shapes[index] : nil
    var bytes = whole
    repeat {
      switch mutator.below(8) {
      case 0: change(&bytes, 16..<96, &mutator)
      case 1: if !found.blocks.isEmpty { change(&bytes, mutator.pick(found.blocks).range, &mutator) }
      case 2, 3: changeText(&bytes, parts, &mutator)
      case 4, 5: changeLedger(&bytes, parts.ledger(mutator.below(2)), &mutator)
      case 6: change(&bytes, parts.data, &mutator)
      default: changeRow(&bytes, parts, shape, &mutator)
      }
    } while mutator.chance(2, in: 5)
    for ledger in 0..<2 {
      if let shape, mutator.chance(7, in: 8) {
        parts.signRows(&bytes, ledger: ledger, shape, counts: mutator.chance(3, in: 4))
      }
      if mutator.chance(7, in: 8) { parts.sealLedger(&bytes, ledger: ledger) }
    }
    if !mutator.chance(1, in: 8) { found.repair(&bytes) }
    if mutator.chance(1, in: 32) { bytes.removeLast(bytes.count - mutator.below(bytes.count + 1)) }
    if mutator.chance(15, in: 16) { parts.sealDescription(&bytes) }
    return bytes
  }

  private func change(_ bytes: inout [UInt8], _ range: Range<Int>, _ mutator: inout Mutator) {
    guard range.upperBound <= bytes.count else { return }
    bytes.replaceSubrange(range, with: mutator.changedInPlace(Array(bytes[range])))
  }

  /// The text of an attribute, which lies a fixed way behind its name; its length stays.
  private func changeText(_ bytes: inout [UInt8], _ parts: ReplayParts, _ mutator: inout Mutator) {
    let name = mutator.pick(ReplaySubject.attributes)
    let description = [parts.data, parts.ledgers].map(\.lowerBound).min() ?? bytes.count
    let places = (ReplayParts.headerBytes..<max(ReplayParts.headerBytes, description)).filter {
      bytes[$0] == name[0] && bytes[$0...].starts(with: name)
    }
    guard !places.isEmpty else { return }
    let start = mutator.pick(places) + name.count + 12
    guard start < bytes.count, let end = bytes[start...].firstIndex(of: 0), end > start else { return }
    if mutator.chance(1, in: 3) { return change(&bytes, start..<end, &mutator) }
    let digits = mutator.pick(["0", "1", "2", "9", "7", "4", " ", "-"]).utf8.first ?? 0
    if mutator.chance(1, in: 3) {
      for place in start..<end { bytes[place] = digits }
    } else {
      bytes[start + mutator.below(end - start)] = mutator.chance(1, in: 2) ? digits : 48 + UInt8(mutator.below(10))
    }
  }

  private func changeLedger(_ bytes: inout [UInt8], _ place: Range<Int>, _ mutator: inout Mutator) {
    guard place.count >= 24, place.upperBound <= bytes.count, mutator.chance(3, in: 4) else {
      return change(&bytes, place, &mutator)
    }
    let target = place.lowerBound + 8 * mutator.below(3)
    let old = ReplayParts.word(bytes, target)
    ReplayParts.write(
      mutator.pick([
        0, 1, 2, 3, 10, 16, 32, 64, old &+ 1, old &- 1, old &* 2, .max, .max - 1, 1 << 63, 1 << 62, 1 << 50,
        (1 << 50) - 1, 1 << 40, UInt64(mutator.below(5000)),
      ]), &bytes, target)
  }

  /// A row in use: its reward, action, end or mask, which stand last.
  private func changeRow(
    _ bytes: inout [UInt8], _ parts: ReplayParts, _ shape: ReplayShape?, _ mutator: inout Mutator
  ) {
    guard let shape else { return change(&bytes, parts.data, &mutator) }
    // Those of the seeds lie at the file's beginning and end.
    let rows = shape.blockRows * shape.blockCount
    let row = parts.data.lowerBound + (mutator.below(24) + rows - 8) % rows * shape.rowBytes
    let record = row + mutator.below(shape.laneCount) * shape.record.bytes
    let tail = min(8, shape.record.bytes)
    change(&bytes, record + shape.record.bytes - tail..<record + shape.record.bytes, &mutator)
  }

  // MARK: Reading

  /// What takes longest is done with a part of the files, which a byte of their digest chooses.
  func read(_ bytes: [UInt8]) throws -> Verdict {
    let path = folder.place("replay.h5")
    try folder.write(bytes, to: "replay.h5")
    var verdict = Verdict.refused
    do {
      let reader = try ReplayReader(path)
      for line in try reader.describe() { _ = try refusal(String((line.0 + line.1).prefix(1000))) }
      verdict = .read
      if bytes[40] % 2 == 0 {
        folder.remove("exported")
        _ = try MinariExport(reader, toNew: folder.place("exported"))
      }
    } catch let error as StorageError {
      _ = try refusal(error.description, names: folder.path)
    }
    do {
      let hasBegun = try bytes.count > 40 && bytes[40] % 4 == 1 && begin(path)
      try require(!hasBegun || verdict == .read, "a run began with what is no replay memory")
    } catch let error as TrainingError {
      _ = try refusal(error.description, names: path)
    }
    do {
      try goOn(path)
    } catch let error as StorageError {
      _ = try refusal(error.description, names: path)
    }
    return verdict
  }

  /// A store that goes on where the file ends, and writes it again.
  private func goOn(_ path: String) throws {
    let file = try ReplayFile.open(path, forWriting: true)
    let state = try file.verifiedLedger().state
    let store = FileTransitionStore(file, use: ReplaySubject.use)
    do throws(RestoreError) {
      try store.restore(state)
    } catch {
      _ = try refusal(error.description)
      return
    }
    let rows = min(store.count, 64)
    if rows > 0 {
      store.fetch(
        rows: Array(0..<rows), lanes: [Int](repeating: store.laneCount - 1, count: rows), steps: 1)
    }
    for row in 0..<rows where store.failure == nil {
      let lane = row % store.laneCount
      try require(store.action(row: row, lane: lane) < file.shape.record.actionCount, "an action beyond all")
      (_, _) = (store.end(row: row, lane: lane), store.nextMask(row: row, lane: lane))
    }
    let again = store.snapshot()
    if let failure = store.failure { throw failure }
    try require(again == state, "another state when it is saved again")
    let written = try ReplayFile.open(path).verifiedLedger().state
    try require(written == state, "another ledger when it is written again")
  }

  /// Whether a run began with the file. Throws why not.
  private func begin(_ path: String) throws -> Bool {
    let source = try ReplaySource(path)
    do throws(TrainingError) {
      try source.requireFit(configuration, factory, spec)
    } catch {
      _ = try refusal(error.description, names: path)
      return false
    }
    folder.remove("begun")
    let trainer = try Trainer(
      starting: configuration, factory: factory, in: RunDirectory.create(run: folder.place("begun"), prefix: ""),
      replay: source)
    let stop = TrainingError.refused("enough")
    trainer.onRow = { (row: MetricRow) throws(TrainingError) in if row.step > 32 { throw stop } }
    do throws(TrainingError) {
      _ = try trainer.run { true }
    } catch {
      // What a run stops at in its numbers is not the file's to refuse.
      if case .refused("enough") = error { return true }
      _ = try refusal(error.description)
    }
    return true
  }
}
