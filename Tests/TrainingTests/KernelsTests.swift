// The kernels of a run: those that it began with stay, on every class of processor, and what is said where they cannot.

import Algorithms
import Kernels
import Networks
import RunSupport
import Storage
import TestSupport
import Testing
import Text

@testable import Training

@Suite struct RunKernelsTests {
  private func configuration(_ kernels: LearnerKernels) -> RunConfiguration {
    var configuration = smallConfiguration("cue", .ppoLSTMMask)
    configuration.network.lstmHidden = 16
    configuration.run.kernels = kernels
    return configuration
  }

  /// A run of `first` kernels, stopped after two rollouts, and its newest checkpoint.
  private func stopped(_ folder: String, _ name: String, _ first: LearnerKernels) throws -> CheckpointStore.Entry {
    let configuration = configuration(first)
    let directory = try RunDirectory.create(run: FileSystem.join(folder, name), prefix: "")
    let trainer = try Trainer(
      starting: configuration, factory: try EnvironmentFactory(configuration), in: directory)
    #expect(try trainer.run { trainer.step == 2 * 128 } == .stopped(step: 2 * 128))
    return try #require(try CheckpointStore.list(directory: directory.path).last)
  }

  /// Goes on with it; `change` acts on the checkpoint's attributes and the configuration that lies in it.
  private func goesOn(
    _ folder: String, _ name: String, _ entry: CheckpointStore.Entry,
    _ change: (inout Checkpoint, inout RunConfiguration) -> Void
  ) throws -> Trainer {
    var checkpoint = try CheckpointStore.load(entry.path)
    var configuration = try RunState.configuration(of: checkpoint, path: entry.path, families: .product)
    change(&checkpoint, &configuration)
    return try Trainer(
      resuming: checkpoint, from: entry.path, configuration: configuration,
      factory: try EnvironmentFactory(configuration),
      in: try RunDirectory.open(run: FileSystem.join(folder, name), locks: true))
  }

  /// Through CBLAS and with own kernels alike: the same bits for any number of workers, and after a stop.
  @Test(arguments: [LearnerKernels.blas, .fused]) func bothWaysAreSupported(kernels: LearnerKernels) throws {
    try withScratchFolder { folder in
      var configuration = configuration(kernels)
      let whole = try train(configuration, in: folder, named: "whole")
      configuration.run.workers = 2
      #expect(try train(configuration, in: folder, named: "two") == whole)
      _ = try stopped(folder, "stopped", kernels)
      let trainer = try resumed(folder, "stopped", workers: 2)
      #expect(trainer.algorithm.kernels == kernels && trainer.kernels.contains("fused") == (kernels == .fused))
      #expect(try trainer.run() == .finished)
      #expect(try Outcome(trainer) == whole)
    }
  }

  /// A run of `auto` that another class of processor began: here the table may say otherwise, and the run's own stay. With its kernels set it is as if
  /// it had named them itself.
  @Test(arguments: [LearnerKernels.blas, .fused]) func aResumedRunKeepsItsOwn(its: LearnerKernels) throws {
    try withScratchFolder { folder in
      let entry = try stopped(folder, "own", .automatic)
      let kept = try goesOn(folder, "own", entry) { checkpoint, configuration in
        #expect(configuration.run.kernels == .automatic)
        checkpoint.attributes[RunState.kernelsAttribute] = its == .fused ? "Cooperlake, fused v4" : "SkylakeX"
      }
      #expect(kept.algorithm.kernels == its && kept.configuration.run.kernels == .automatic)
      #expect(try kept.run() == .finished)
      let other = try stopped(folder, "other", .automatic)
      let asked = try goesOn(folder, "other", other) { $1.run.kernels = its }
      #expect(try asked.run() == .finished)
      #expect(kept.parameterDigest == asked.parameterDigest)
      // What the run leaves behind says `auto` still, and which kernels it had.
      let left = kept.checkpoint()
      #expect(LearnerKernels(named: left.attributes[RunState.kernelsAttribute] ?? "") == its)
    }
  }

  /// What is set wins; a checkpoint of before kernels were named goes by the table.
  @Test func whatIsSetWins() throws {
    try withScratchFolder { folder in
      let entry = try stopped(folder, "run", .automatic)
      let checkpoint = try CheckpointStore.load(entry.path)
      var configuration = configuration(.blas)
      var old = checkpoint
      old.attributes[RunState.kernelsAttribute] = "Haswell, fused v3"
      #expect(RunState.kernels(of: old, configuration) == .blas)
      configuration.run.kernels = .automatic
      #expect(RunState.kernels(of: old, configuration) == .fused)
      old.attributes[RunState.kernelsAttribute] = nil
      #expect(RunState.kernels(of: old, configuration) == .automatic)
    }
  }

  /// What a warning advises can be done here, or says where it can.
  @Test func adviceCanBeFollowed() {
    let unit = BFloat16Unit.processor.map { "\($0)" }
    let cases: [(String, String, String)] = [
      ("Haswell, fused v3", "Haswell", "Leave run.kernels as it was"),
      ("Haswell", "Haswell, fused v3", "Leave run.kernels as it was"),
      ("Prescott", "Haswell", "Set OPENBLAS_CORETYPE=Prescott"),
      ("Nonesuch", "Haswell", "Go on on a processor with the library's kernels Nonesuch"),
      (
        "SkylakeX", "Haswell",
        InstructionSet.processor == .v4
          ? "Set OPENBLAS_CORETYPE=SkylakeX" : "Go on on a processor with the library's kernels SkylakeX"
      ),
      ("Haswell, fused v9", "Haswell, fused v3", "Go on on a processor of class v9"),
      (
        "Prescott, fused baseline", "Haswell, fused v3",
        InstructionSet.processor == .baseline
          ? "Go on on a processor of class baseline"
          : "Set STRIKEFORGE_INSTRUCTION_SET=baseline and OPENBLAS_CORETYPE=Prescott"
      ),
      (
        "Haswell, fused v3, bf16 (AMX-BF16)", "Haswell, fused v3",
        unit == "AMX-BF16" ? "Leave run.precision as it was" : "Go on where products of bfloat16 are done by AMX-BF16"
      ),
      ("Haswell, fused v3", "Haswell, fused v3, bf16 (AMX-BF16)", "Leave run.precision as it was"),
    ]
    for (saved, current, advice) in cases {
      let checkpoint = Checkpoint(attributes: [RunState.kernelsAttribute: saved])
      let warning = RunState.kernelsWarning(checkpoint, current: current)
      #expect(warning?.hasSuffix("\(advice) to avoid that") == true, "\(saved), \(current): \(warning ?? "nothing")")
    }
  }

  /// The record of a run says what its products took, not what was asked for.
  @Test func theRecordSaysWhatHappened() throws {
    var configuration = configuration(.automatic)
    configuration.run.precision = .bf16
    let factory = try EnvironmentFactory(configuration)
    let expected = BFloat16Unit.processor.map { "bf16 (\($0))" } ?? "float32"
    let manifest = RunNotes.manifest(configuration, factory: factory, modelName: "m")
    #expect(manifest[RunState.precisionAttribute]?.stringValue == expected)
    #expect(manifest["kernels"]?.stringValue?.contains("bf16") == (BFloat16Unit.processor != nil))
    configuration.run.precision = .float32
    #expect(
      RunNotes.manifest(configuration, factory: factory, modelName: "m")[RunState.precisionAttribute]?.stringValue
        == "float32")
    try withScratchFolder { folder in
      configuration.run.precision = .bf16
      let trainer = try Trainer(
        starting: configuration, factory: factory,
        in: try RunDirectory.create(run: FileSystem.join(folder, "run"), prefix: ""))
      #expect(trainer.checkpoint().attributes[RunState.precisionAttribute] == expected)
    }
  }

  @Test func theLineNamesTheWork() throws {
    let spec = try Trainer.requireTrainable(
      configuration(.fused), EnvironmentFactory(configuration(.fused)), folder: nil)
    let run = configuration(.fused).run
    #expect(
      try MatrixKernels.line(run, .fused, spec) == "products: own kernels \(InstructionSet.processor), twin checked")
    #expect(
      try MatrixKernels.line(run, .blas, spec).hasPrefix("products: OpenBLAS \(MatrixProduct.libraryInformation.core)"))
    let automatic = try MatrixKernels.line(run, .automatic, spec)
    #expect(automatic == (try MatrixKernels.line(run, LearnerKernels.automatic.chosen(for: spec), spec)))
  }
}
