// A run as a whole: the same bits for any worker count and after any stop, and nothing but the selection window chooses.

import AgentInterface
import Algorithms
import Environments
import Inference
import Market
import RunSupport
import Storage
import TestSupport
import Testing
import Text

@testable import Training

@Suite struct TrainerTests {
  static let worlds: [(String, AlgorithmTag)] = [
    ("leak", .ppo), ("cue", .ppoLSTMMask), ("dual_ticker", .ppoLSTMMask), ("dual_ticker", .ppo),
    ("leak", .a2c), ("cue", .a2cLSTMMask), ("dual_ticker", .a2cMask),
    ("leak", .dqn), ("dual_ticker", .dqnMask),
    ("leak_basket", .ppoMask), ("leak_basket", .ppoLSTMMask), ("leak_basket", .a2cLSTMMask), ("leak_basket", .a2c),
  ]

  private func configuration(_ world: String, _ tag: AlgorithmTag, in folder: String) throws -> RunConfiguration {
    smallConfiguration(world, tag, store: world == "dual_ticker" ? try writeStore(madeUpBars(), in: folder) : "")
  }

  @Test(arguments: worlds) func seedAloneDecides(world: String, tag: AlgorithmTag) throws {
    try withScratchFolder { folder in
      var configuration = try configuration(world, tag, in: folder)
      let first = try train(configuration, in: folder, named: "run-a")
      #expect(first.rows.count == 7 && first.best != nil && first.bestStep != nil)
      for workers in [1, 2, 3] {
        configuration.run.workers = workers
        let again = try train(configuration, in: folder, named: "run-\(workers)")
        #expect(again == first, "\(workers) workers")
      }
      configuration.run.seed = 1
      let other = try train(configuration, in: folder, named: "run-b")
      #expect(other.digest != first.digest && other.rows != first.rows)
    }
  }

  @Test(arguments: worlds) func stoppedAndResumedEqualsUninterrupted(world: String, tag: AlgorithmTag) throws {
    try withScratchFolder { folder in
      let configuration = try configuration(world, tag, in: folder)
      let whole = try train(configuration, in: folder, named: "whole")
      for stops in [[1], [3], [5], [2, 4]] {
        let name = "stopped-" + stops.map(String.init).joined(separator: "-")
        do {
          let directory = try RunDirectory.create(run: FileSystem.join(folder, name), prefix: "")
          let trainer = try Trainer(
            starting: configuration, factory: try EnvironmentFactory(configuration), in: directory)
          #expect(try trainer.run { trainer.step == stops[0] * 128 } == .stopped(step: stops[0] * 128))
        }
        for stop in stops.dropFirst() {
          let trainer = try resumed(folder, name, workers: 2)
          #expect(try trainer.run { trainer.step == stop * 128 } == .stopped(step: stop * 128))
        }
        let trainer = try resumed(folder, name)
        #expect(trainer.startStep == (stops.last ?? 0) * 128)
        #expect(try trainer.run() == .finished)
        #expect(try Outcome(trainer) == whole, "stopped after \(stops)")
      }
      // One resumed after its end has nothing left to do.
      let finished = try resumed(folder, "whole")
      #expect(try finished.run() == .finished)
      #expect(try Outcome(finished) == whole)
    }
  }

  /// The replay in a file of the run's folder: the bits of a replay in memory, stopped or not.
  @Test(arguments: [("leak", AlgorithmTag.dqn, false), ("dual_ticker", .dqnMask, true)])
  func replayInAFileChangesNoBit(world: String, tag: AlgorithmTag, isPrioritized: Bool) throws {
    try withScratchFolder { folder in
      var configuration = try configuration(world, tag, in: folder)
      configuration.dqn.bufferSize = 300
      configuration.dqn.prioritized = isPrioritized
      let memory = try train(configuration, in: folder, named: "memory")
      configuration.dqn.replayMemoryMebibytes = 0
      let whole = try train(configuration, in: folder, named: "whole")
      #expect(whole.digest == memory.digest && whole.rows == memory.rows && whole.best == memory.best)
      let names = try FileSystem.names(inFolder: FileSystem.join(folder, "whole"))
      #expect(names.contains("replay.h5") && !names.contains(where: AtomicWrite.isTemporary))
      #expect(try !FileSystem.names(inFolder: FileSystem.join(folder, "memory")).contains("replay.h5"))
      for stop in [1, 4] {
        let name = "stopped-\(stop)"
        do {
          let directory = try RunDirectory.create(run: FileSystem.join(folder, name), prefix: "")
          let trainer = try Trainer(
            starting: configuration, factory: try EnvironmentFactory(configuration), in: directory)
          #expect(try trainer.run { trainer.step == stop * 128 } == .stopped(step: stop * 128))
        }
        let trainer = try resumed(folder, name, workers: 2)
        #expect(try trainer.run() == .finished)
        #expect(try Outcome(trainer) == whole, "stopped after \(stop)")
      }
      // A new run that begins with all of it; the same again when it is stopped.
      let source = try ReplaySource(FileSystem.join(folder, "whole/replay.h5"))
      let factory = try EnvironmentFactory(configuration)
      let spec = try Trainer.requireTrainable(configuration, factory)
      try source.requireFit(configuration, factory, spec)
      var ends: [Outcome] = []
      for name in ["begun", "begun-stopped"] {
        do {
          let directory = try RunDirectory.create(run: FileSystem.join(folder, name), prefix: "")
          let trainer = try Trainer(starting: configuration, factory: factory, in: directory, replay: source)
          if name == "begun" {
            #expect(try trainer.run() == .finished)
            ends.append(try Outcome(trainer))
            continue
          }
          #expect(try trainer.run { trainer.step == 256 } == .stopped(step: 256))
        }
        let trainer = try resumed(folder, name)
        #expect(try trainer.run() == .finished)
        #expect(trainer.checkpoint().attributes["init_replay"]?.contains("whole/replay.h5") == true)
        ends.append(try Outcome(trainer))
      }
      #expect(ends[0] == ends[1] && ends[0].digest != whole.digest)
      // Others are refused by what is different.
      for (words, change) in [
        ("lanes", { $0.world.lanes *= 2 }), ("masks", { $0.algorithm = tag == .dqn ? .dqnMask : .dqn }),
        ("the environment", { ($0.environmentName, $0.world.store) = ("cue", "") }),
        ("is for dqn", { $0.algorithm = .ppo }),
        (
          world == "leak" ? "environment.truncation_steps" : "environment.unit_dollars",
          { if world == "leak" { $0.leak.episodeLength = 777 } else { $0.basket.unitDollars = 7 } }
        ),
      ] as [(String, (inout RunConfiguration) -> Void)] {
        var other = configuration
        change(&other)
        let factory = try EnvironmentFactory(other)
        let spec = try Trainer.requireTrainable(other, factory)
        let error = try #require(trainingError { try source.requireFit(other, factory, spec) }, "\(words)")
        #expect(error.description.contains(words), "\(error)")
      }
    }
  }

  /// A file that is whole and holds an action that there is none of: no run begins with it.
  @Test func aReplayOfOtherActionsIsRefused() throws {
    try withScratchFolder { folder in
      var configuration = smallConfiguration("leak", .dqn)
      configuration.dqn.replayMemoryMebibytes = 0
      _ = try train(configuration, in: folder, named: "whole")
      let whole = try ReplayFile.open(FileSystem.join(folder, "whole/replay.h5"))
      let (path, lanes, columns) = (
        FileSystem.join(folder, "forged.h5"), whole.shape.laneCount, whole.shape.record.columns
      )
      let forged = FileTransitionStore(
        try ReplayFile.create(path, whole.shape, attributes: whole.attributes),
        use: ReplayUse(drawsPerUpdate: 1, rowsPerUpdate: 1, steps: 1, isPrioritized: true, memoryBytes: 0))
      let row = Rollout(horizon: 1, laneCount: lanes, observationCount: columns, keepsEveryFinal: true)
      row.actions[lanes - 1] = 200
      forged.append(row.transitions(at: 0))
      _ = forged.snapshot()
      let factory = try EnvironmentFactory(configuration)
      let source = try ReplaySource(path)
      try source.requireFit(configuration, factory, Trainer.requireTrainable(configuration, factory))
      let error = try #require(
        trainingError {
          _ = try Trainer(
            starting: configuration, factory: factory,
            in: RunDirectory.create(run: FileSystem.join(folder, "begun"), prefix: ""), replay: source)
        })
      #expect(error.description.contains("forged.h5") && error.description.contains("an action"), "\(error)")
    }
  }

  /// A file of before there was a setting fits a run that does not set it, and is refused by name where the run does.
  @Test func anOlderReplayFitsWhereWhatItDoesNotNameIsNotSet() throws {
    try withScratchFolder { folder in
      var configuration = try configuration("dual_ticker", .dqn, in: folder)
      configuration.dqn.replayMemoryMebibytes = 0
      _ = try train(configuration, in: folder, named: "whole")
      let whole = try ReplayFile.open(FileSystem.join(folder, "whole/replay.h5"))
      var attributes = whole.attributes
      let settings = try #require(attributes["environment_settings"].flatMap { try? JSON.parse($0) }?.objectValue)
      #expect(settings["unit_share"] == .null)
      attributes["environment_settings"] = JSON.object(settings.filter { $0.key != "unit_share" }).text
      let path = FileSystem.join(folder, "older.h5")
      let older = FileTransitionStore(
        try ReplayFile.create(path, whole.shape, attributes: attributes),
        use: ReplayUse(drawsPerUpdate: 1, rowsPerUpdate: 1, steps: 1, isPrioritized: true, memoryBytes: 0))
      let row = Rollout(
        horizon: 1, laneCount: whole.shape.laneCount, observationCount: whole.shape.record.columns,
        keepsEveryFinal: true)
      older.append(row.transitions(at: 0))
      _ = older.snapshot()
      let source = try ReplaySource(path)
      let factory = try EnvironmentFactory(configuration)
      try source.requireFit(configuration, factory, Trainer.requireTrainable(configuration, factory))
      configuration.basket.unitShare = 0.25
      let spec = try Trainer.requireTrainable(configuration, factory)
      let error = try #require(trainingError { try source.requireFit(configuration, factory, spec) })
      #expect(error.description.contains("environment.unit_share"), "\(error)")
      #expect(error.description.contains("none") && error.description.contains("0.25"), "\(error)")
    }
  }

  /// Rows may be fewer than rollouts: the last update before a row is in it, wherever the run was stopped in between.
  @Test func rowsMayBeFewerThanRollouts() throws {
    try withScratchFolder { folder in
      var configuration = smallConfiguration("cue", .a2cLSTMMask)
      configuration.a2c.logInterval = 4
      let whole = try train(configuration, in: folder, named: "whole")
      let steps = whole.rows.dropFirst().map { $0.compactMap { Int($0) }.max() ?? 0 }
      #expect(steps == [512, 768])
      for stop in 1...5 {
        let name = "stopped-\(stop)"
        do {
          let directory = try RunDirectory.create(run: FileSystem.join(folder, name), prefix: "")
          let trainer = try Trainer(
            starting: configuration, factory: try EnvironmentFactory(configuration), in: directory)
          #expect(try trainer.run { trainer.step == stop * 128 } == .stopped(step: stop * 128))
        }
        let trainer = try resumed(folder, name)
        #expect(try trainer.run() == .finished)
        #expect(try Outcome(trainer) == whole, "stopped after \(stop)")
      }
    }
  }

  @Test func heldOutBarsChangeNothing() throws {
    try withScratchFolder { folder in
      let clean = madeUpBars()
      var poisoned = clean
      let split = CalendarDate("2002-04-01")!
      for symbol in poisoned.indices {
        for bar in 0..<poisoned[symbol].count where poisoned[symbol].dates[bar] >= split {
          let factor = bar % 2 == 0 ? 1.1 : 1.0
          poisoned[symbol].open[bar] *= factor
          poisoned[symbol].high[bar] *= factor
          poisoned[symbol].low[bar] *= factor
          poisoned[symbol].close[bar] *= factor
          poisoned[symbol].volume[bar] *= 3
        }
      }
      #expect(poisoned != clean)
      let first = try train(
        smallConfiguration("dual_ticker", store: try writeStore(clean, in: folder)), in: folder, named: "clean")
      let second = try train(
        smallConfiguration("dual_ticker", store: try writeStore(poisoned, in: folder, named: "poisoned.h5")),
        in: folder, named: "poisoned")
      #expect(first == second)
      // A control: the selection window does count.
      var moved = clean
      for bar in 0..<400 where moved[0].dates[bar] >= CalendarDate("2002-01-01")! && bar % 2 == 0 {
        moved[0].open[bar] *= 1.1
        moved[0].high[bar] *= 1.1
        moved[0].low[bar] *= 1.1
        moved[0].close[bar] *= 1.1
      }
      let third = try train(
        smallConfiguration("dual_ticker", store: try writeStore(moved, in: folder, named: "moved.h5")),
        in: folder, named: "moved")
      #expect(third.bestScore != first.bestScore)
      #expect(third.digest == first.digest)
      // And a run is not continued on other data.
      let path = FileSystem.join(folder, "store.h5")
      try AtomicWrite.write(try FileSystem.read(FileSystem.join(folder, "poisoned.h5")), to: path)
      let error = try #require(trainingError { try resumed(folder, "clean") })
      #expect(error.exitCode == 2 && error.description.contains("content hash"))
    }
  }

  @Test func stepsAreRoundedUpToWholeRollouts() throws {
    var configuration = smallConfiguration("leak", .ppo)
    for (asked, whole) in [(1, 128), (128, 128), (129, 256), (768, 768), (1_000_000_000_000, 1_000_000_000_000)] {
      configuration.run.totalTimesteps = asked
      #expect(configuration.wholeTimesteps == whole)
    }
    configuration.run.totalTimesteps = 129
    try withScratchFolder { folder in
      let outcome = try train(configuration, in: folder, named: "run")
      #expect(outcome.groups["progress"]?.integers["environment_steps"] == [256])
      #expect(outcome.rows.count == 3)
    }
  }

  @Test func divergenceIsNeverSilent() throws {
    for tag in AlgorithmRegistry.tags {
      var configuration = smallConfiguration("leak", tag)
      configuration.ppo.learningRate = 10
      configuration.ppo.maxGradientNorm = 1e9
      configuration.ppo.normalizeRewards = false
      configuration.a2c.learningRate = 10
      configuration.a2c.maxGradientNorm = 1e9
      configuration.a2c.normalizeRewards = false
      configuration.dqn.learningRate = 10
      configuration.dqn.maxGradientNorm = 1e9
      configuration.dqn.normalizeRewards = false
      configuration.network.policyTower = [16, 16]
      configuration.network.valueTower = [16, 16]
      configuration.network.activation = .relu
      try withScratchFolder { folder in
        let directory = try RunDirectory.create(run: FileSystem.join(folder, "run"), prefix: "")
        let trainer = try Trainer(
          starting: configuration, factory: try EnvironmentFactory(configuration), in: directory)
        do throws(TrainingError) {
          _ = try trainer.run()
          let isFinite = trainer.policy.parameters.allSatisfy { $0.isFinite }
          #expect(isFinite)
        } catch {
          switch error {
          case .diverged, .unhealthy, .decision: #expect(!error.description.isEmpty)
          default: Issue.record("another error: \(error)")
          }
        }
        // What was saved before can be read.
        for entry in try CheckpointStore.list(directory: directory.path) {
          let saved = try CheckpointStore.load(entry.path).groups["network"]?.floats["parameters"]
          let isFinite = saved?.allSatisfy { $0.isFinite }
          #expect(isFinite == true)
        }
      }
    }
  }

  @Test func aVanishedFolderIsNamed() throws {
    try withScratchFolder { folder in
      let configuration = smallConfiguration("leak", .ppo)
      let directory = try RunDirectory.create(run: FileSystem.join(folder, "run"), prefix: "")
      let trainer = try Trainer(starting: configuration, factory: try EnvironmentFactory(configuration), in: directory)
      trainer.onRow = { (row: MetricRow) throws(TrainingError) in
        guard row.step == 128 else { return }
        for name in (try? FileSystem.names(inFolder: directory.path)) ?? [] {
          try? FileSystem.remove(directory.file(name))
        }
        _ = removeFolder(directory.path)
      }
      let error = try #require(trainingError { try trainer.run() })
      #expect(error.description.contains(directory.path) && error.exitCode == 1)
    }
  }
}
