// What training saw of each column: right to the last bit of a range, the same for any number of workers, and never guessed.

import AgentInterface
import Algorithms
import Environments
import Inference
import Kernels
import RunSupport
import Storage
import TestSupport
import Testing

@testable import Training

@Suite struct ObservationRecordTests {
  /// (rows, columns) of any size, a constant among them.
  private func rows(_ count: Int, columns: Int, seed: UInt64) -> [Float] {
    var stream = RandomStream(seed: seed, purpose: .market)
    return (0..<count * columns).map { place in
      place % columns == 0 ? 1.1 : Float(stream.nextNormal()) * Float(place % columns) + 100
    }
  }

  private func record(_ steps: [[Float]], columns: Int, lanes: Int, width: Int, stepsPerRollout: Int)
    -> ObservationRecord
  {
    let record = ObservationRecord(columns: columns, laneCount: lanes, sliceWidth: width)
    let storage = FloatStorage(count: lanes * columns)
    let view = MatrixView(base: storage.base, rows: lanes, columns: columns)
    for (step, values) in steps.enumerated() {
      storage.assign(values)
      if step == 0 {
        record.begin(view)
        continue
      }
      for first in stride(from: 0, to: lanes, by: width) {
        record.look(at: view, lanes: first..<min(first + width, lanes))
      }
      if step % stepsPerRollout == 0 { record.merge() }
    }
    record.merge()
    return record
  }

  /// Against plain loops, with columns beside a whole block of eight.
  @Test(arguments: [1, 7, 8, 19]) func equalsPlainLoops(columns: Int) throws {
    let (lanes, count) = (12, 41)
    let steps = (0..<count).map { rows(lanes, columns: columns, seed: UInt64($0)) }
    let found = try #require(record(steps, columns: columns, lanes: lanes, width: 5, stepsPerRollout: 8).ranges)
    for column in 0..<columns {
      let values = steps.flatMap { row in (0..<lanes).map { Double(row[$0 * columns + column]) } }
      let mean = values.reduce(0, +) / Double(values.count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
      #expect(Double(found.minimum[column]) == values.min() && Double(found.maximum[column]) == values.max())
      #expect(found.count[column] == Double(values.count))
      #expect(abs(found.mean[column] - mean) <= 1e-12 * abs(mean))
      #expect(abs(found.variance[column] - variance) <= 1e-9 * max(variance, 1e-3))
    }
    // A column that never changes has not even the rounding of a sum.
    #expect(found.isConstant(0) && found.variance[0] == 0 && found.mean[0] == Double(Float(1.1)))
    #expect(columns == 1 || !found.isConstant(1))
  }

  /// A number that is not finite is the health's to find: it makes no record that could not be read again.
  @Test func numbersThatAreNotFiniteLeaveNoTrace() throws {
    var steps = (0..<9).map { rows(4, columns: 3, seed: UInt64($0)) }
    (steps[2][1], steps[7][5]) = (.nan, .infinity)
    let record = record(steps, columns: 3, lanes: 4, width: 2, stepsPerRollout: 4)
    let ranges = try #require(record.ranges)
    #expect(ranges.count[0] == 36 && ranges.count[1] < 36 && ranges.maximum.allSatisfy(\.isFinite))
    try ObservationRecord(columns: 3, laneCount: 4, sliceWidth: 2).restore(record.snapshot())
    // Nothing at all of a column: nothing is known, and that can be saved.
    let none = self.record([[.nan, 1, .nan, 2]], columns: 2, lanes: 2, width: 1, stepsPerRollout: 1)
    #expect(none.ranges == nil)
    let back = ObservationRecord(columns: 2, laneCount: 2, sliceWidth: 1)
    try back.restore(none.snapshot())
    #expect(back.snapshot() == none.snapshot())
  }

  private func learned(_ configuration: RunConfiguration, _ folder: String, _ name: String) throws -> Trainer {
    let trainer = try Trainer(
      starting: configuration, factory: EnvironmentFactory(configuration),
      in: RunDirectory.create(run: FileSystem.join(folder, name), prefix: ""))
    #expect(try trainer.run() == .finished)
    return trainer
  }

  /// With and without scaling, for every algorithm: the same record, whoever learns, and the same bits for any number of workers.
  @Test(arguments: [AlgorithmTag.ppoLSTMMask, .a2c, .dqn]) func isWrittenWithAndWithoutScaling(tag: AlgorithmTag) throws
  {
    try withScratchFolder { folder in
      var configuration = smallConfiguration("mean_reversion", tag)
      configuration.world.lanes = 9
      let scaled = try learned(configuration, folder, "scaled")
      (configuration.ppo.normalizeObservations, configuration.a2c.normalizeObservations) = (false, false)
      configuration.dqn.normalizeObservations = false
      let plain = try learned(configuration, folder, "plain")
      configuration.run.workers = 3
      let together = try learned(configuration, folder, "together")
      for trainer in [scaled, plain, together] {
        let ranges = try #require(trainer.trainingRanges)
        // Every lane's first row, and one a step.
        #expect(ranges.count.allSatisfy { $0 == Double(trainer.step + 9) })
        #expect(zip(ranges.minimum, ranges.maximum).allSatisfy { $0 < $1 })
      }
      #expect(plain.trainingRanges == together.trainingRanges)
      // What the scaling counts is the same mean, but for the weight that it begins with.
      let normalizer = try #require(scaled.algorithm.observationNormalizer)
      for (mine, theirs) in zip(try #require(scaled.trainingRanges).mean, normalizer.mean) {
        #expect(abs(mine - theirs) < 1e-5)
      }
    }
  }

  /// A checkpoint of before there was a record goes on, and never says what it cannot know.
  @Test func anOlderCheckpointStaysUnknown() throws {
    try withScratchFolder { folder in
      let configuration = smallConfiguration("leak", .a2c)
      let factory = try EnvironmentFactory(configuration)
      let path = FileSystem.join(folder, "run")
      var older: Checkpoint
      let whole: String
      do {
        let trainer = try Trainer(
          starting: configuration, factory: factory, in: try RunDirectory.create(run: path, prefix: ""))
        #expect(try trainer.run { trainer.step >= 256 } != .finished)
        older = trainer.checkpoint()
      }
      #expect(try RunState.trainingRanges(of: older, columns: factory.spaces.observations.count) != nil)
      do {
        let trainer = try resumed(folder, "run")
        #expect(try trainer.run() == .finished)
        #expect(trainer.trainingRanges != nil)
        whole = trainer.parameterDigest
      }
      older.groups[ObservationRecord.group] = nil
      older.attributes[RunState.observedAttribute] = nil
      let trainer = try Trainer(
        resuming: older, from: "older.h5", configuration: configuration, factory: factory,
        in: try RunDirectory.open(run: path, locks: true))
      #expect(try trainer.run() == .finished)
      #expect(trainer.trainingRanges == nil && trainer.parameterDigest == whole)
      let saved = trainer.checkpoint()
      #expect(saved.groups[ObservationRecord.group] == nil && saved.attributes[RunState.observedAttribute] == nil)
      #expect(try RunState.trainingRanges(of: saved, columns: factory.spaces.observations.count) == nil)
    }
  }

  /// What another run learned it learned of what it saw: the record goes on with it.
  @Test(arguments: [WarmStart.Mode.continue, .transplant]) func aBeginningTakesTheRecordAlong(mode: WarmStart.Mode)
    throws
  {
    try withScratchFolder { folder in
      let configuration = smallConfiguration("leak", .a2c)
      let first: TrainingRanges
      do { first = try #require(try learned(configuration, folder, "first").trainingRanges) }
      let warmStart = try WarmStart(run: FileSystem.join(folder, "first"), from: nil, mode: mode, families: .product)
      let trainer = try Trainer(
        starting: configuration, factory: EnvironmentFactory(configuration),
        in: RunDirectory.create(run: FileSystem.join(folder, "second"), prefix: ""), warmStart: warmStart)
      let ranges = try #require(trainer.trainingRanges)
      #expect(ranges.count == first.count.map { $0 + 8 })
      #expect(zip(ranges.minimum, first.minimum).allSatisfy(<=) && zip(ranges.maximum, first.maximum).allSatisfy(>=))
    }
  }
}
