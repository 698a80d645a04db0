// strikeforge list: which runs there are, and how far they came.

import Environments
import Storage
import Text
import Training

struct ListCommand: Command {
  static let description = CommandDescription(
    name: "list", summary: "Lists the runs below checkpoints with their last step, and the environments.",
    operands: "", operandCount: 0...0, flags: [], notes: "")

  static func run(_ arguments: Arguments, _ families: Families) throws -> Int32 {
    let runs = RunDirectory.all()
    print(runs.isEmpty ? "no runs below \(RunDirectory.root)" : "runs below \(RunDirectory.root):")
    let width = (runs.map(\.count).max() ?? 0) + 2
    for run in runs {
      let path = RunDirectory.path(ofRun: run)
      let names = try FileSystem.names(inFolder: path)
      let last = try CheckpointStore.list(directory: path).last
      var facts = [
        EnsembleFolder.isEnsemble(run: run)
          ? "ensemble of \(try EnsembleFolder(run: run, locks: false, families: families).plan.members.count)"
          : last.map { "step \(ConsoleSink.grouped($0.step))" } ?? "no checkpoint"
      ]
      if names.contains("best.h5") { facts.append("best") }
      if names.contains("policy.safetensors") { facts.append("exported") }
      if names.contains("evaluation.json") { facts.append("evaluated") }
      print("  " + run + String(repeating: " ", count: width - run.count) + facts.joined(separator: ", "))
    }
    for folder in RunDirectory.misnamed() {
      print("  '\(PrintableText.name(folder))' must have another name before it can be used: \(RunName.rule)")
    }
    let column = (families.environments.map(\.name.count).max() ?? 0) + 2
    print("environments:")
    for family in families.environments {
      print("  " + family.name + String(repeating: " ", count: column - family.name.count) + family.summary)
    }
    print("algorithms: \(families.algorithms.flatMap(\.tags).map(\.rawValue).joined(separator: ", "))")
    return 0
  }
}
