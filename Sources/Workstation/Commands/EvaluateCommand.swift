// strikeforge evaluate: what a policy is worth on bars that training never saw.

import Inference
import Storage
import Training

struct EvaluateCommand: Command {
  static let description = CommandDescription(
    name: "evaluate",
    summary: "Plays a run's deployed policy on its held-out window, against baselines at the same costs.",
    operands: "RUN", operandCount: 1...1,
    flags: [
      RunAccess.checkpointFlag,
      Flag("window", "NAME", "held-out (default), or selection; the training window is refused"),
      Flag("seed", "N", "of the stochastic run and the bootstraps; 0 by default"),
      Flag(
        "write-observations", "FILE", "the greedy run's observations and masks, as `strikeforge-serve once` reads them"),
      Flag("write-actions", "FILE", "the greedy run's actions, one a line, in the same order"),
      Flag("json", "prints the report as JSON instead of a table"),
    ],
    notes: """
      The report goes to evaluation.json in the run's folder as well. The verdict says
      "no edge found" unless the greedy run beats every baseline beyond luck.
      """)

  static func run(_ arguments: Arguments) throws -> Int32 {
    let window: Window
    switch arguments.value("window") {
    case nil, "held-out": window = .heldOut
    case "selection": window = .selection
    case "training":
      throw TrainingError.refused(
        "the training window is not evaluated: what a policy was fitted to proves nothing; take --window held-out")
    case .some(let other):
      throw UsageError("--window is \(other), but must be held-out or selection", command: description)
    }
    guard let seed = UInt64(arguments.value("seed") ?? "0") else {
      throw UsageError("--seed must be a whole number of at least 0", command: description)
    }
    let access = try RunAccess(run: arguments.operands[0], choice: arguments.value("checkpoint"))
    let bundle = try deployed(access)
    let result = try RunEvaluator.evaluate(
      bundle, of: access.trained, window: window, factory: access.factory, seed: seed)
    print(arguments.has("json") ? result.json.prettyText : result.text, terminator: arguments.has("json") ? "\n" : "")
    let name = window == .heldOut ? "evaluation.json" : "evaluation-selection.json"
    try access.directory.write(result.json.prettyText + "\n", to: name)
    if let path = arguments.value("write-observations") {
      try AtomicWrite.write(text: result.observationLines, to: path)
    }
    if let path = arguments.value("write-actions") {
      try AtomicWrite.write(text: result.actions.map { "\($0)\n" }.joined(), to: path)
    }
    return 0
  }

  /// The policy after a round trip through the bytes of its bundle: what is evaluated is what would be served.
  private static func deployed(_ access: RunAccess) throws -> PolicyBundle {
    let bundle = try PolicyExporter.bundle(access.trained, factory: access.factory, includesCritic: false)
    do {
      return try PolicyBundle.decode(bundle.encode(), path: access.directory.file("policy.safetensors"))
    } catch {
      throw TrainingError.policy(error)
    }
  }
}
