// A checkpoint that is not what a run has saved is refused in words and never traps.

import AgentInterface
import Algorithms
import Inference
import RunSupport
import Storage
import TestSupport
import Testing

@testable import Training

@Suite struct DamagedCheckpointTests {
  /// Every vector of a saved run, made absent, shorter, longer or absurd: refused in words, or at least no trap.
  @Test(arguments: [("cue", AlgorithmTag.ppoLSTMMask), ("dual_ticker", .ppoLSTMMask), ("mean_reversion", .dqnMask)])
  func neverTraps(world: String, tag: AlgorithmTag) throws {
    try withScratchFolder { folder in
      var configuration = smallConfiguration(
        world, tag, store: world == "dual_ticker" ? try writeStore(madeUpBars(), in: folder) : "")
      configuration.run.totalTimesteps = 3 * 128
      configuration.run.evaluationInterval = 128
      let path = FileSystem.join(folder, "run")
      let factory = try EnvironmentFactory(configuration)
      let original: Checkpoint
      do {
        let trainer = try Trainer(
          starting: configuration, factory: factory, in: try RunDirectory.create(run: path, prefix: ""))
        #expect(try trainer.run { trainer.step == 256 } == .stopped(step: 256))
        original = trainer.checkpoint()
      }
      /// Whether the checkpoint is refused; a run that goes on from it must end in a named way.
      func isRefused(_ checkpoint: Checkpoint) throws -> Bool {
        let directory = try RunDirectory.open(run: path, locks: true)
        let trainer: Trainer
        do throws(TrainingError) {
          trainer = try Trainer(
            resuming: checkpoint, from: "damaged.h5", configuration: configuration, factory: factory, in: directory)
        } catch {
          #expect(error.description.contains("damaged.h5"))
          return true
        }
        do throws(TrainingError) { _ = try trainer.run() } catch {
          switch error {
          case .diverged, .unhealthy, .decision: break
          default: Issue.record("another error: \(error)")
          }
        }
        return false
      }
      #expect(try !isRefused(original))
      for (group, record) in original.groups.sorted(by: { $0.key < $1.key }) {
        func check<Element>(
          _ name: String, _ values: [Element], absurd: [Element],
          _ path: WritableKeyPath<StateRecord, [String: [Element]]>
        ) throws {
          func damaged(_ replacement: [Element]?) -> Checkpoint {
            var checkpoint = original
            checkpoint.groups[group]?[keyPath: path][name] = replacement
            return checkpoint
          }
          #expect(try isRefused(damaged(nil)), "\(group)/\(name) absent")
          if !values.isEmpty { #expect(try isRefused(damaged(values.dropLast())), "\(group)/\(name) shorter") }
          #expect(try isRefused(damaged(values + [absurd[0]])), "\(group)/\(name) longer")
          for one in absurd { _ = try isRefused(damaged(values.map { _ in one })) }
        }
        for (name, values) in record.integers {
          try check(name, values, absurd: [.min, .max, -1, 1 << 41], \.integers)
        }
        for (name, values) in record.doubles {
          try check(name, values, absurd: [.nan, .infinity, -.greatestFiniteMagnitude, -1], \.doubles)
        }
        for (name, values) in record.floats {
          try check(name, values, absurd: [.nan, .infinity, -.greatestFiniteMagnitude], \.floats)
        }
        var without = original
        without.groups[group] = nil
        #expect(try isRefused(without), "without \(group)")
      }
    }
  }
}
