// What runs of the tests leave behind.

import AgentInterface
import Algorithms
import Environments
import Glibc
import RunSupport
import Storage
import TestSupport
import Testing
import Text

@testable import Training

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
