// strikeforge export: the policy bundle, after the parity gate.

import Evaluation
import Inference
import Storage
import Training

struct ExportCommand: Command {
  static let description = CommandDescription(
    name: "export", summary: "Writes a run's policy as a bundle, after proving that it decides like the trained one.",
    operands: "RUN", operandCount: 1...1,
    flags: [
      RunAccess.checkpointFlag,
      Flag("output", "FILE", "where to write; policy.safetensors in the run's folder by default"),
      Flag("with-critic", "keeps the value function in the bundle"),
    ], notes: "")

  static func run(_ arguments: Arguments) throws -> Int32 {
    let access = try RunAccess(run: arguments.operands[0], choice: arguments.value("checkpoint"))
    let bundle = try PolicyExporter.bundle(
      access.trained, factory: access.factory, includesCritic: arguments.has("with-critic"))
    let path = arguments.value("output") ?? access.directory.file("policy.safetensors")
    let bytes = bundle.encode()
    // Read back before it is written: a file that its own loader refuses never exists.
    do {
      _ = try PolicyBundle.decode(bytes, path: path)
    } catch {
      throw TrainingError.policy(error)
    }
    try AtomicWrite.write(bytes, to: path)
    print("exported \(access.trained.sourcePath) (step \(ConsoleSink.grouped(access.trained.step))) to \(path)")
    if let parity = bundle.manifest.parity {
      print(
        "parity: \(ConsoleSink.grouped(parity.steps)) steps, \(ConsoleSink.grouped(parity.episodeStarts)) episode starts, "
          + "\(parity.distinctMasks) masks,")
      print(
        "  largest logit difference \(ConsoleSink.short(parity.largestLogitDifference)), near ties "
          + "\(ReportText.fixed(100 * parity.nearTieShare, decimals: 2)) %, every other decision the same")
    }
    print("parameters \(access.trained.digest)")
    return 0
  }
}
