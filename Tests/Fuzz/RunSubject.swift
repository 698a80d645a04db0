// A checkpoint that is whole as a file and says what no run ever saved: from its configuration to the next rollout.

import AgentInterface
import Algorithms
import Environments
import Kernels
import Market
import RunSupport
import Storage
import TestSupport
import Training

/// Continuing a run: configuration, learner, lanes and log.
final class RunSubject: Subject {
  static let name = "run"

  private let folder: TemporaryFolder
  private let configurations: [RunConfiguration]
  private let factories: [EnvironmentFactory]

  init() throws {
    folder = try TemporaryFolder()
    let series = SyntheticTape.series(bars: 160, seed: 3)
    let store = folder.place("store.h5")
    try MarketStore.write(
      series, provenance: [], qualityReport: QualityGate.examine(series, allowances: []),
      created: "2026-01-01T00:00:00Z", to: store)
    configurations = [
      RunSubject.configuration("dual_ticker", .ppoLSTMMask, store: store), RunSubject.configuration("cue", .ppoLSTM),
      RunSubject.configuration("mean_reversion", .ppo),
    ]
    factories = try configurations.map { try EnvironmentFactory($0) }
  }

  /// Four rollouts of 8 steps in 4 lanes.
  private static func configuration(_ world: String, _ tag: AlgorithmTag, store: String = "") -> RunConfiguration {
    var configuration = RunConfiguration()
    configuration.algorithm = tag
    configuration.environmentName = world
    configuration.world.store = store
    configuration.world.lanes = 4
    configuration.world.episodeLength = 10
    configuration.shorten(to: 10)
    configuration.cue.episodeLength = 4
    configuration.run.workers = 1
    configuration.run.totalTimesteps = 4 * 32
    configuration.run.checkpointInterval = 1 << 30
    configuration.run.evaluationInterval = 1 << 30
    configuration.ppo.horizon = 8
    configuration.ppo.batchSize = 16
    configuration.ppo.epochs = 1
    configuration.network.lstmHidden = 3
    configuration.split.trainingFrom = CalendarDate(daysSinceEpoch: 11_323 + 80)
    configuration.split.trainingUntil = CalendarDate(daysSinceEpoch: 11_323 + 160)
    configuration.split.selectionFrom = CalendarDate(daysSinceEpoch: 11_323 + 161)
    configuration.split.selectionUntil = CalendarDate(daysSinceEpoch: 11_323 + 220)
    return configuration
  }

  /// One checkpoint of each configuration, in the middle of its run.
  func seeds() throws -> [[UInt8]] {
    try zip(configurations, factories).enumerated().map { index, parts in
      let directory = try RunDirectory.create(run: folder.place("seed\(index)"), prefix: "")
      let trainer = try Trainer(starting: parts.0, factory: parts.1, in: directory)
      _ = try trainer.run { trainer.step == 64 }
      return try trainer.checkpoint().encoded()
    }
  }

  // MARK: Inputs

  private static let tokens = [
    "lanes", "\"gamma\":", "cue", "dual_ticker", "1e308", "-1", "{}", "[]", "null", "\"seed\":",
  ]

  func input(_ random: RandomStream, pool: Pool) throws -> [UInt8] {
    var mutator = Mutator(random: random, tokens: RunSubject.tokens)
    var checkpoint: Checkpoint
    do {
      checkpoint = try Checkpoint(decoding: pool.document(&mutator), path: "seed")
    } catch {
      // A corpus may hold files that are refused before any of this.
      checkpoint = try Checkpoint(decoding: pool.documents[0], path: "seed")
    }
    repeat { RunSubject.change(&checkpoint, &mutator) } while mutator.chance(2, in: 5)
    return try checkpoint.encoded()
  }

  private static func change(_ checkpoint: inout Checkpoint, _ mutator: inout Mutator) {
    let names = checkpoint.groups.keys.sorted()
    switch mutator.below(12) {
    case 0:
      let attribute = mutator.pick(checkpoint.attributes.keys.sorted())
      let text = mutator.damaged(Array((checkpoint.attributes[attribute] ?? "").utf8), others: [[]])
      checkpoint.attributes[attribute] = String(decoding: text.prefix(60_000), as: UTF8.self)
    case 1 where !names.isEmpty: checkpoint.groups[mutator.pick(names)] = nil
    case _ where names.isEmpty: break
    default:
      let group = mutator.pick(names)
      checkpoint.groups[group]?.damage(&mutator)
    }
  }

  // MARK: Reading

  private struct Enough: Error {}

  func read(_ bytes: [UInt8]) throws -> Verdict {
    let run = folder.place("run")
    try FileSystem.makeFolder(run)
    try folder.write(bytes, to: "run/in.h5")
    do throws(TrainingError) {
      let directory = try RunDirectory.open(run: run, locks: true)
      let point = try ResumePoint.find(in: directory, from: "in.h5")
      let configuration = try RunState.configuration(of: point.checkpoint, path: point.path, families: .product)
      // Another configuration may lawfully ask for any size; that it could be read is enough.
      guard let index = configurations.firstIndex(of: configuration) else { return .read }
      let trainer = try Trainer(
        resuming: point.checkpoint, from: point.path, configuration: configuration, factory: factories[index],
        in: directory)
      let start = trainer.step
      let stop = TrainingError.refused("enough")
      trainer.onRow = { (row: MetricRow) throws(TrainingError) in if row.step > start + 32 { throw stop } }
      do throws(TrainingError) {
        _ = try trainer.run { true }
      } catch {
        if case .refused("enough") = error { return .read }
        throw error
      }
      return .read
    } catch {
      return try refusal(error.description)
    }
  }
}
