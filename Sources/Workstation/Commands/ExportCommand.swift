// strikeforge export: the policy bundle, after the parity gate.

import Evaluation
import Inference
import Release
import Storage
import Text
import Training

struct ExportCommand: Command {
  static let multiplies = true
  static let description = CommandDescription(
    name: "export",
    summary:
      "Writes the policy of a run or an ensemble as a bundle, after proving that it decides like the trained one.",
    operands: "RUN", operandCount: 1...1,
    flags: [
      RunAccess.checkpointFlag,
      Flag("output", "FILE", "where to write; policy.safetensors in the run's folder by default"),
      Flag("with-critic", "keeps the value function in the bundle"),
    ], notes: "")

  static func run(_ arguments: Arguments, _ families: Families) throws -> Int32 {
    if let output = arguments.value("output") { try PolicyExporter.require(output: output) }
    if EnsembleFolder.isEnsemble(run: arguments.operands[0]) { return try exportEnsemble(arguments, families) }
    let access = try RunAccess(run: arguments.operands[0], choice: arguments.value("checkpoint"), families: families)
    let (bundle, comparison) = try PolicyExporter.judged(
      access.trained, factory: access.factory, includesCritic: arguments.has("with-critic"))
    let path = arguments.value("output") ?? access.directory.file("policy.safetensors")
    try PolicyExporter.write(bundle, to: path)
    print("exported \(access.trained.sourcePath) (step \(ConsoleSink.grouped(access.trained.step))) to \(path)")
    if let parity = bundle.manifest.parity {
      print(
        "parity: \(ConsoleSink.grouped(parity.steps)) steps, \(ConsoleSink.grouped(parity.episodeStarts)) episode starts, "
          + "\(parity.distinctMasks) masks,")
      print(
        "  largest logit difference \(ConsoleSink.short(parity.largestLogitDifference)), near ties "
          + "\(ReportText.fixed(100 * parity.nearTieShare, decimals: 2)) %, every other decision the same")
      print("  \(comparison.boundLine);")
      print("  every parameter has the checkpoint's bits")
    }
    print("parameters \(access.trained.digest)")
    if let sentence = access.trained.policy.trainingRanges?.constantColumns(bundle.manifest.observationSpace) {
      print("warning: " + sentence)
    }
    return 0
  }

  /// The same members as in the bundle that the ensemble has, where it has one.
  private static func exportEnsemble(_ arguments: Arguments, _ families: Families) throws -> Int32 {
    for flag in ["checkpoint", "with-critic"] where arguments.has(flag) {
      throw UsageError(
        "--\(flag) cannot go with an ensemble: its members are exported as they vote", command: description)
    }
    let folder = try EnsembleFolder(run: arguments.operands[0], locks: true, families: families)
    let export = try EnsembleExporter.export(folder, leftOut: try folder.leftOut())
    let path = arguments.value("output") ?? folder.directory.file(EnsembleFolder.bundleName)
    try PolicyExporter.write(export.bundle, to: path)
    for line in export.lines { print(line) }
    print("exported \(folder.directory.path) (\(export.bundle.members.count) members) to \(path)")
    return 0
  }
}
