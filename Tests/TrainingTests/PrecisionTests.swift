// Training with bfloat16 products: the same bits for any worker count and after a stop, a switch that is said aloud, and what is refused.

import Algorithms
import Kernels
import Networks
import RunSupport
import Storage
import TestSupport
import Testing

@testable import Training

@Suite struct PrecisionTests {
  /// A processor without the unit trains in float32, and everything here holds as well.
  private static let hasUnit = BFloat16Unit.processor != nil

  private func configuration(_ precision: LearnerPrecision = .bf16) -> RunConfiguration {
    var configuration = smallConfiguration("cue", .ppoLSTMMask)
    configuration.network.lstmHidden = 16
    configuration.run.precision = precision
    return configuration
  }

  @Test func workersAndStopsChangeNothing() throws {
    try withScratchFolder { folder in
      var configuration = configuration()
      let whole = try train(configuration, in: folder, named: "whole")
      for workers in [1, 2, 3] {
        configuration.run.workers = workers
        #expect(try train(configuration, in: folder, named: "workers-\(workers)") == whole, "\(workers) workers")
      }
      let plain = try train(self.configuration(.float32), in: folder, named: "plain")
      #expect((plain.digest == whole.digest) != PrecisionTests.hasUnit)
      do {
        let directory = try RunDirectory.create(run: FileSystem.join(folder, "stopped"), prefix: "")
        let trainer = try Trainer(
          starting: configuration, factory: try EnvironmentFactory(configuration), in: directory)
        #expect(try trainer.run { trainer.step == 3 * 128 } == .stopped(step: 3 * 128))
      }
      let trainer = try resumed(folder, "stopped", workers: 2)
      #expect(try trainer.run() == .finished)
      #expect(try Outcome(trainer) == whole)
    }
  }

  /// A checkpoint holds float32 alone, so a run may go on with the other precision, and says so.
  @Test func switchesWithAWarning() throws {
    try withScratchFolder { folder in
      for (first, second) in [(LearnerPrecision.float32, LearnerPrecision.bf16), (.bf16, .float32)] {
        let name = "from-\(first)"
        do {
          let configuration = configuration(first)
          let directory = try RunDirectory.create(run: FileSystem.join(folder, name), prefix: "")
          let trainer = try Trainer(
            starting: configuration, factory: try EnvironmentFactory(configuration), in: directory)
          #expect(try trainer.run { trainer.step == 2 * 128 } == .stopped(step: 2 * 128))
        }
        let directory = try RunDirectory.open(run: FileSystem.join(folder, name), locks: true)
        let entry = try #require(try CheckpointStore.list(directory: directory.path).last)
        let checkpoint = try CheckpointStore.load(entry.path)
        var configuration = try RunState.configuration(of: checkpoint, path: entry.path, families: .product)
        #expect(configuration.run.precision == first)
        let before = try #require(checkpoint.attributes[RunState.kernelsAttribute])
        #expect(RunState.kernelsWarning(checkpoint, current: before) == nil)
        configuration.run.precision = second
        let trainer = try Trainer(
          resuming: checkpoint, from: entry.path, configuration: configuration,
          factory: try EnvironmentFactory(configuration), in: directory)
        let warning = RunState.kernelsWarning(checkpoint, current: trainer.kernels)
        #expect((warning != nil) == PrecisionTests.hasUnit)
        if let warning {
          #expect(warning.contains(before) && warning.contains(trainer.kernels))
          #expect(
            warning.contains("bf16 (\(BFloat16Unit.processor?.description ?? ""))")
              && warning.contains("Leave run.precision as it was"))
        }
        #expect(try trainer.run() == .finished)
      }
    }
  }

  @Test func whatCannotBeIsRefused() throws {
    func refusal(_ change: (inout RunConfiguration) -> Void) throws -> String {
      var configuration = configuration()
      change(&configuration)
      let factory = try EnvironmentFactory(configuration)
      return try #require(trainingError { try Trainer.requireTrainable(configuration, factory) }).description
    }
    #expect(
      try refusal { $0.algorithm = .ppoMask }.contains(
        "run.precision=bf16 is for policies with memory, and ppo_mask has none"))
    #expect(
      try refusal { $0.network.lstmHidden = 24 }.contains("a network.lstm_hidden that is a multiple of 16, not 24"))
    #expect(try refusal { $0.run.kernels = .blas }.contains("cannot go with run.kernels=blas"))
    for kernels in [LearnerKernels.automatic, .fused] {
      var configuration = configuration()
      configuration.run.kernels = kernels
      try Trainer.requireTrainable(configuration, try EnvironmentFactory(configuration))
    }
  }

  @Test func whatIsMissingIsNamed() {
    let run = configuration().run
    #expect((MatrixKernels.precisionWarning(run) == nil) == PrecisionTests.hasUnit)
    #expect(MatrixKernels.precisionWarning(configuration(.float32).run) == nil)
    #expect(MatrixKernels.precision(run).hasPrefix("bf16 (") == PrecisionTests.hasUnit)
    #expect(BFloat16Unit.absence.contains("AVX512-BF16"))
  }
}
