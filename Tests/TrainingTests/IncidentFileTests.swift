// What is recorded of a run that stops, in a file that is checked in every part; and no checkpoint that nobody could resume.

import AgentInterface
import Algorithms
import Inference
import Kernels
import Networks
import RunSupport
import Storage
import TestSupport
import Testing
import Text

@testable import Training

@Suite struct IncidentFileTests {
  /// A whole run: one sentence with file and remedy, a file that tells the origin by the column's name, and the last checkpoint intact.
  @Test(arguments: [AlgorithmTag.ppoLSTMMask, .a2c, .dqn]) func aRunThatStopsLeavesAFile(_ tag: AlgorithmTag) throws {
    try withScratchFolder { folder in
      let configuration = smallConfiguration("cue", tag)
      let directory = try RunDirectory.create(run: FileSystem.join(folder, "run"), prefix: "")
      let trainer = try Trainer(
        starting: configuration, factory: try EnvironmentFactory(configuration), in: directory)
      func spoils(_ algorithm: any Algorithm, after rollouts: Int) -> (Rollout) -> Void {
        var count = 0
        return { _ in
          count += 1
          guard count == rollouts else { return }
          algorithm.parameters.values.base[1] = .nan
          (algorithm as? OnPolicyLearner)?.refresh()
          (algorithm as? DQN)?.refresh()
        }
      }
      trainer.onGathered = spoils(trainer.algorithm, after: 4)
      let error = try #require(trainingError { try trainer.run() })
      let path = directory.file("incident-512.h5")
      #expect(
        error.description.hasPrefix("training stopped at step 512: the ")
          && error.description.contains("is not a finite number (update 4, ")
          && error.description.contains("`strikeforge replay-update \(path)`") && error.exitCode == 1,
        "\(error.description)")
      let checkpoints = try CheckpointStore.list(directory: directory.path)
      #expect(checkpoints.map(\.step) == [0, 256])
      let replay = try IncidentFile.replay(path, families: .product)
      #expect(replay.replay.origin?.place == "row 0, column 1" && replay.replay.origin?.value.isNaN == true)
      #expect(replay.text.contains("row 0, column 1: nan\nit was so before the update computed anything\n"))
      #expect(try StorageInspection.kind(path) == .incident)
      // From the last checkpoint it comes the same way.
      let copy = FileSystem.join(folder, "again")
      try FileSystem.makeFolder(copy)
      try AtomicWrite.write(FileSystem.read(checkpoints[1].path), to: copy + "/checkpoint-256.h5")
      let again = try resumed(folder, "again")
      again.onGathered = spoils(again.algorithm, after: 2)
      _ = trainingError { try again.run() }
      let (first, second) = (
        try IncidentFile.read(path).incident, try IncidentFile.read(copy + "/incident-512.h5").incident
      )
      #expect(
        try IncidentFile.file(first, attributes: [:]).encoded() == IncidentFile.file(second, attributes: [:]).encoded())
    }
  }

  /// What cannot be recorded is still said.
  @Test func aRecordThatCannotBeWrittenLeavesTheCause() throws {
    try withScratchFolder { folder in
      let configuration = smallConfiguration("cue", .ppo)
      let directory = try RunDirectory.create(run: FileSystem.join(folder, "run"), prefix: "")
      let trainer = try Trainer(
        starting: configuration, factory: try EnvironmentFactory(configuration), in: directory)
      trainer.onGathered = { $0.rewards[0] = .nan }
      try FileSystem.makeFolder(directory.file("incident-128.h5"))
      let sentence = try #require(trainingError { try trainer.run() }).description
      #expect(sentence.hasPrefix("training stopped at step 128: the loss is not a finite number (update 1, "))
      #expect(sentence.contains("could not be recorded: ") && sentence.contains("incident-128.h5"))
    }
  }

  @Test func noCheckpointIsWrittenThatNobodyCouldResume() throws {
    for response in HealthResponse.allCases {
      try withScratchFolder { folder in
        var configuration = smallConfiguration("cue", .a2c)
        configuration.health.nonFinite = response
        let directory = try RunDirectory.create(run: FileSystem.join(folder, "run"), prefix: "")
        let trainer = try Trainer(
          starting: configuration, factory: try EnvironmentFactory(configuration), in: directory)
        trainer.onEvent = { _ in }
        trainer.onRow = { [algorithm = trainer.algorithm] (row: MetricRow) throws(TrainingError) in
          // After the last update before the second save.
          if row.step == 256 { algorithm.optimizer.moments[0].values.base[0] = .nan }
        }
        _ = try #require(trainingError { try trainer.run() })
        #expect(try CheckpointStore.list(directory: directory.path).map(\.step) == [0])
      }
    }
  }

  /// Records that no run can have made: one vector less, shorter or absurd.
  @Test(arguments: [AlgorithmTag.ppoLSTMMask, .dqnMask]) func everyPartOfARecordIsChecked(_ tag: AlgorithmTag) throws {
    let run = WatchedRun(tag) { ($0.health.gradientNorm, $0.health.gradientNormLimit) = (.stop, 1e-9) }
    let whole = try #require(run.run(rollouts: 3).first)
    _ = try UpdateReplay(whole)
    let unread = [
      "random/", "progress/", "normalizer/return_count", "normalizer/observation_count", "normalizer/running",
    ]
    func refuses(_ name: String, _ change: (inout StateRecord) -> Void) {
      guard !unread.contains(where: name.hasPrefix) else { return }
      var damaged = whole
      change(&damaged.record)
      #expect(throws: RestoreError.self, "\(name)") { _ = try UpdateReplay(damaged) }
    }
    for name in whole.record.floats.keys { refuses(name) { $0.floats[name]?.removeLast() } }
    for name in whole.record.integers.keys { refuses(name) { $0.integers[name]?.removeLast() } }
    for name in whole.record.doubles.keys { refuses(name) { $0.doubles[name]?.removeLast() } }
    for name in [
      "minibatch/actions", "minibatch/places", "minibatch/slice_lengths", "batch/actions", "batch/next_masks",
    ]
    where whole.record.integers[name] != nil {
      refuses(name) { $0.integers[name]?[0] = -2 }
    }
    for (name, value) in [("network", JSON.null), ("algorithm", "ppo9"), ("kernels", "x"), ("optimizer", "sgd")] {
      var damaged = whole
      damaged.facts[name] = value
      #expect(throws: RestoreError.self, "\(name)") { _ = try UpdateReplay(damaged) }
    }
  }
}
