// Folders, stores and small runs for the tests of training.

import AgentInterface
import Algorithms
import Environments
import Glibc
import Kernels
import Market
import Storage
import TestSupport
import Testing
import Text

@testable import Training

/// The training error that `body` throws, or nil.
func trainingError<Result>(_ body: () throws -> Result) -> TrainingError? {
  do {
    _ = try body()
    return nil
  } catch {
    return error as? TrainingError
  }
}

func text(ofFile path: String) throws -> String { String(decoding: try FileSystem.read(path), as: UTF8.self) }

/// A configuration that trains in a fraction of a second: six rollouts of 16 steps in 8 lanes.
func smallConfiguration(
  _ world: String, _ tag: AlgorithmTag = .ppoLSTMMask, store: String = ""
) -> RunConfiguration {
  var configuration = RunConfiguration()
  configuration.algorithm = tag
  configuration.environmentName = world
  configuration.world.store = store
  configuration.world.lanes = 8
  configuration.world.episodeLength = 20
  configuration.shorten(to: 20)
  configuration.cue.episodeLength = 6
  configuration.run.workers = 1
  configuration.run.totalTimesteps = 6 * 128
  configuration.run.checkpointInterval = 256
  configuration.run.evaluationInterval = 256
  configuration.ppo.horizon = 16
  configuration.ppo.batchSize = 64
  configuration.ppo.epochs = 2
  configuration.a2c.horizon = 16
  configuration.a2c.logInterval = 1
  configuration.dqn.trainFrequency = 16
  configuration.dqn.gradientSteps = 3
  configuration.dqn.logInterval = 1
  configuration.dqn.bufferSize = 500
  configuration.dqn.batchSize = 16
  configuration.dqn.targetUpdateInterval = 100
  configuration.dqn.explorationFraction = 0.7
  // The masked one has every switch on.
  (configuration.dqn.double, configuration.dqn.dueling) = (tag == .dqnMask, tag == .dqnMask)
  (configuration.dqn.prioritized, configuration.dqn.nSteps) = (tag == .dqnMask, tag == .dqnMask ? 3 : 1)
  configuration.network.actionValues.hiddenLayers = [8]
  configuration.network.lstmHidden = 8
  configuration.split.trainingFrom = CalendarDate("2001-01-01")!
  configuration.split.trainingUntil = CalendarDate("2001-12-31")!
  configuration.split.selectionFrom = CalendarDate("2002-01-01")!
  configuration.split.selectionUntil = CalendarDate("2002-03-31")!
  configuration.split.heldOutFrom = CalendarDate("2002-04-01")!
  configuration.split.heldOutUntil = CalendarDate("2002-12-31")!
  return configuration
}

/// Two made-up symbols, 400 bars from 2001 to the summer of 2002.
func madeUpBars() -> [BarSeries] { SyntheticTape.series(bars: 400, seed: 5) }

/// Writes bars with the gate's own report, and returns the store's path.
func writeStore(_ series: [BarSeries], in folder: String, named name: String = "store.h5") throws -> String {
  let path = FileSystem.join(folder, name)
  let report = QualityGate.examine(series, allowances: [])
  try #require(report.passed)
  try MarketStore.write(
    series, provenance: [], qualityReport: report, created: "2026-01-01T00:00:00Z", to: path)
  return path
}

/// What a run left behind, without what depends on the clock.
struct Outcome: Equatable {
  var digest: String
  var bestStep: Int?
  var bestScore: Double?
  /// The rows of progress.csv without the clock's columns.
  var rows: [[Substring]]
  /// The lines of metrics.jsonl and the events of TensorBoard's files, without the clock's numbers.
  var lines: [String]
  var scalars: [String]
  /// The state of the last moment.
  var groups: [String: StateRecord]
  /// The parameters of best.h5.
  var best: [Float]?

  init(_ trainer: Trainer) throws {
    digest = trainer.parameterDigest
    bestStep = trainer.bestStep
    bestScore = trainer.bestScore
    let log = try text(ofFile: trainer.directory.file("progress.csv"))
    let clock = Set(MetricNames.all.indices.filter { MetricNames.clockNames.contains(MetricNames.all[$0]) })
    rows = log.split(separator: "\n").map { line in
      line.split(separator: ",", omittingEmptySubsequences: false).enumerated()
        .filter { !clock.contains($0.offset) }.map(\.element)
    }
    let objects = try text(ofFile: trainer.directory.file("metrics.jsonl")).split(separator: "\n")
    lines = try objects.map { line in
      let members = try #require(JSON.parse(String(line)).objectValue)
      return JSON.object(members.filter { !MetricNames.clockNames.contains($0.key) }).text
    }
    scalars = try loggedEvents(trainer.directory.path).flatMap { event in
      event.scalars.filter { !MetricNames.clockNames.contains($0.name) }
        .map { "\(event.step) \($0.name) \($0.value.bitPattern)" }
    }
    groups = trainer.checkpoint().groups
    // The rate of the last update is carried into the next row.
    groups["carried"]?.doubles["time/sps_update"] = nil
    best = try? CheckpointStore.load(trainer.directory.file("best.h5")).groups["network"]?.floats["parameters"]
  }
}

/// Trains a configuration from its beginning in a new folder.
func train(_ configuration: RunConfiguration, in folder: String, named name: String) throws -> Outcome {
  let factory = try EnvironmentFactory(configuration)
  let directory = try RunDirectory.create(run: FileSystem.join(folder, name), prefix: "")
  let trainer = try Trainer(starting: configuration, factory: factory, in: directory)
  #expect(try trainer.run() == .finished)
  return try Outcome(trainer)
}

/// Continues a run from its newest checkpoint, with the configuration that lies in it.
func resumed(_ folder: String, _ name: String, workers: Int = 1) throws -> Trainer {
  let directory = try RunDirectory.open(run: FileSystem.join(folder, name), locks: true)
  let entry = try #require(try CheckpointStore.list(directory: directory.path).last)
  let checkpoint = try CheckpointStore.load(entry.path)
  var configuration = try RunState.configuration(of: checkpoint, path: entry.path, families: .product)
  configuration.run.workers = workers
  return try Trainer(
    resuming: checkpoint, from: entry.path, configuration: configuration,
    factory: try EnvironmentFactory(configuration), in: directory)
}

/// All events of a run's TensorBoard files, in the order in which they are read.
func loggedEvents(_ folder: String) throws -> [EventRecord] {
  try FileSystem.names(inFolder: folder).filter(TensorBoardSink.isEventFile).flatMap { name in
    let bytes = try FileSystem.read(FileSystem.join(folder, name))
    let records = EventRecord.read(bytes)
    #expect(records.last?.end == bytes.count, "\(name) holds something that is no record")
    #expect(records.first?.event.fileVersion == EventRecord.version)
    return records.map(\.event)
  }
}

/// Removes an empty folder.
func removeFolder(_ path: String) -> Bool { rmdir(path) == 0 }

/// The configurations that tests change by name.
extension RunConfiguration {
  var ppo: PPO.Configuration {
    get { self[PPO.Configuration.self] }
    set { self[PPO.Configuration.self] = newValue }
  }
  var a2c: A2C.Configuration {
    get { self[A2C.Configuration.self] }
    set { self[A2C.Configuration.self] = newValue }
  }
  var dqn: DQN.Configuration {
    get { self[DQN.Configuration.self] }
    set { self[DQN.Configuration.self] = newValue }
  }
  var basket: BasketConfiguration {
    get { self[BasketConfiguration.self] }
    set { self[BasketConfiguration.self] = newValue }
  }
  var leak: LeakMarket {
    get { self[LeakMarket.self] }
    set { self[LeakMarket.self] = newValue }
  }
  var cue: CueMarket {
    get { self[CueMarket.self] }
    set { self[CueMarket.self] = newValue }
  }
  /// Traps where there is no such environment.
  var environmentName: String {
    get { environment.name }
    set { environment = families.environment(named: newValue)! }
  }

  /// Short episodes in every environment that has a length of its own.
  mutating func shorten(to steps: Int) {
    self[LeakMarket.self].episodeLength = steps
    self[MeanReversionMarket.self].episodeLength = steps
    self[RegimeSwitchingMarket.self].episodeLength = steps
  }
}
