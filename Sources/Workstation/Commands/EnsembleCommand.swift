// strikeforge ensemble: members trained side by side, combined into one policy.

import Configuration
import Inference
import Release
import Storage
import Text
import Training

struct EnsembleCommand: Command {
  static let multiplies = true
  static let description = CommandDescription(
    name: "ensemble",
    summary:
      "Trains members side by side, each in a process of its own, and combines them into one policy; the same command again "
      + "goes on where it was stopped or killed.",
    operands: "[CONFIG]", operandCount: 0...1,
    flags: [
      Flag(
        "run", "NAME", "the ensemble's folder below checkpoints, or a path with a slash; the file's name by default"),
      Flag("resume", "RUN", "goes on with an ensemble without its file"),
      Flag("workers", "N", "how many members train at a time; a core each by default"),
      Flag("set", "KEY=VALUE", repeats: true, "one setting, laid over every member"),
      Flag("init-from", "RUN", "an older ensemble: each member begins with what its member of the same name learned"),
      Flag("mode", "MODE", "what --init-from takes over: continue, finetune or transplant, as `train` does"),
      Flag("without-failed", "combines the others where members failed; otherwise nothing is combined"),
    ],
    notes: """
      CONFIG is YAML: sections as for `strikeforge train`, shared by all members, then
        members:
          - {weight: 0.5, seeds: [1, 2], algorithm: {name: ppo_lstm_mask}}
          - {weight: 0.5, name: q, config: other.yaml, algorithm: {name: dqn_mask}}
        combination: {rule: soft_vote, weights: given}
      An entry lies over the shared sections, its `config` file below its own sections.
      Its weight is shared by its seeds. Without weights PPO, A2C and DQN, one entry
      each, have 0.5, 0.3 and 0.2; others all the same.

        soft_vote    the mean of the members' probabilities (default)
        hard_vote    each member's choice counts its weight
        mean_logits  the mean of the members' logits
      An exact tie becomes the action space's fallback (hold) where that is legal.
      weights: fitted takes those that do best on the selection window. Members that
      learn action values (DQN) get a temperature there, at which their probabilities
      are as decided as those of the other members.

      SIGINT (Ctrl-C), SIGTERM and SIGHUP let the members save and stop; a second one
      stops at once. A member that fails does not stop the others. Killed and begun again, an
      ensemble equals one that never was, bit for bit. `evaluate`, `export` and
      `strikeforge-serve` take it like any run.
      """)

  static func run(_ arguments: Arguments, _ families: Families) throws -> Int32 {
    StopSignal.install()
    let workers = try workers(arguments)
    let folder = try folder(arguments, families)
    for line in try products(folder.plan) { print(line) }
    print("ensemble folder: \(folder.directory.path)")
    let trainer = EnsembleTrainer(folder.plan, in: folder.directory, workers: workers)
    let table = EnsembleTable()
    trainer.onLook = { table.show($0) }
    let again = "strikeforge ensemble --resume \(folder.directory.argument)"
    switch try trainer.run(shouldStop: { StopSignal.received != nil }) {
    case .stopped:
      let signal = StopSignal.received.map(StopSignal.name) ?? "request"
      print("stopped by \(signal) after every member has saved; continue with\n  \(again)")
      return failures(trainer).isEmpty ? 0 : 1
    case .failed:
      for (name, cause) in failures(trainer) { complain("strikeforge ensemble: member \(name) failed: \(cause)") }
      guard arguments.has("without-failed") else {
        complain(
          "strikeforge ensemble: nothing is combined; try the failed members again with `\(again)`, or combine the others with "
            + "`\(again) --without-failed`")
        return 1
      }
    case .finished: break
    }
    let export = try EnsembleExporter.export(folder, leftOut: failures(trainer))
    try folder.write(export)
    record(export, of: folder)
    for line in export.lines { print(line) }
    print("(chosen there, that proves nothing: `strikeforge evaluate` looks at the held-out window)")
    print("exported \(export.bundle.members.count) members to \(folder.directory.file(EnsembleFolder.bundleName))")
    return 0
  }

  /// A ledger that cannot be written takes no bundle away, but it is said.
  private static func record(_ export: EnsembleExport, of folder: EnsembleFolder) {
    let store = folder.plan.members[0].configuration.world.store
    guard let trial = export.trial(of: folder),
      let reason = TrialsLedger.record(trial, beside: store, again: true)
    else { return }
    complain(
      "strikeforge ensemble: this combination is not in the ledger \(TrialsLedger.path(ofStore: store)), and reports will not "
        + "count it: \(reason)")
  }

  /// Who does the members' products, each line once: members of one shape have the same kernels.
  private static func products(_ plan: EnsemblePlan) throws -> [String] {
    var lines: [String] = []
    for member in plan.members {
      let spec = try Trainer.requireTrainable(
        member.configuration, EnvironmentFactory(member.configuration), folder: nil)
      let line = try MatrixKernels.line(member.configuration.run, member.configuration.run.kernels, spec)
      if !lines.contains(line) { lines.append(line) }
    }
    return lines
  }

  private static func failures(_ trainer: EnsembleTrainer) -> [(name: String, cause: String)] {
    trainer.members.compactMap { member in member.cause.map { (member.name, $0) } }
  }

  private static func workers(_ arguments: Arguments) throws -> Int {
    guard let text = arguments.value("workers") else { return ProcessLimits.processors }
    guard let workers = Int(text), (1...4096).contains(workers) else {
      throw UsageError("--workers is \(text), but must be a whole number from 1 to 4096", command: description)
    }
    return workers
  }

  /// The ensemble that is meant, locked: a new one, or the rest of one that has begun with the same members.
  private static func folder(_ arguments: Arguments, _ families: Families) throws -> EnsembleFolder {
    if let run = arguments.value("resume") {
      let others = ["run", "set", "init-from", "mode"].filter(arguments.has).map { "--" + $0 }
      guard arguments.operands.isEmpty, others.isEmpty else {
        throw UsageError(
          "--resume keeps the ensemble's plan: \(others.first ?? "a file") cannot go with it", command: description)
      }
      return try EnsembleFolder(run: run, locks: true, families: families)
    }
    guard let file = arguments.operands.first else {
      throw UsageError("expected a configuration file or --resume RUN, none is given", command: description)
    }
    var plan: EnsemblePlan
    do {
      plan = try EnsemblePlan(yamlFile: file, assignments: arguments.values("set"), families: families)
    } catch {
      throw TrainingError.configuration(error)
    }
    plan.beginning = try TrainCommand.beginning(arguments, of: description).map {
      .init(ensemble: $0.run, mode: $0.mode)
    }
    let name = FileSystem.split(file).name
    let run = arguments.value("run") ?? String(name.prefix { $0 != "." })
    try RunName.require(new: run)
    if EnsembleFolder.isEnsemble(run: run) {
      let folder = try EnsembleFolder(run: run, locks: true, families: families)
      if let difference = folder.plan.difference(from: plan) {
        throw TrainingError.refused(
          "\(folder.directory.path) holds another ensemble (\(difference)); choose another name with --run"
            + (difference.hasPrefix("run.total_timesteps")
              ? " and begin with what it learned by --init-from \(folder.directory.argument) --mode continue" : "")
            + ", or go on with it by --resume \(folder.directory.argument)")
      }
      print("goes on with what is there")
      return try folder.combined(as: plan)
    }
    // Before a folder is made for them.
    for note in Set(plan.members.flatMap(\.configuration.notes)).sorted() { complain("strikeforge ensemble: \(note)") }
    var warnings: [String] = []
    for member in plan.members {
      let factory = try EnvironmentFactory(member.configuration)
      try Trainer.requireTrainable(member.configuration, factory)
      let check = PlanCheck(member.configuration, factory)
      if let problem = check.problem {
        throw TrainingError.configuration(.conflict("member \(member.name): \(problem)"))
      }
      warnings += check.warnings.map { "warning: member \(member.name): \($0)" }
      guard let beginning = plan.beginning else { continue }
      let warmStart = try WarmStart(
        run: beginning.run(of: member.name), from: nil, mode: beginning.mode, families: families)
      try warmStart.requireUnseenWindows(member.configuration)
      try Trainer.requireFit(warmStart, member.configuration, factory)
    }
    let folder = try EnsembleFolder(making: plan, run: run, command: CommandLine.arguments)
    for warning in warnings { print(warning) }
    return folder
  }
}
