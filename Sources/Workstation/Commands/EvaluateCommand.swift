// strikeforge evaluate: what a policy is worth on bars that training never saw.

import Evaluation
import Inference
import Market
import Release
import Storage
import Text
import Training

struct EvaluateCommand: Command {
  static let multiplies = true
  static let description = CommandDescription(
    name: "evaluate",
    summary:
      "Plays the deployed policy of a run or an ensemble on its held-out window, against baselines at the same costs.",
    operands: "RUN...", operandCount: 1...100,
    flags: [
      RunAccess.checkpointFlag,
      Flag("window", "NAME", "held-out (default), or selection; the training window is refused"),
      Flag("seed", "N", "of the stochastic run and the bootstraps; 0 by default"),
      Flag(
        "write-observations", "FILE", "the greedy run's observations and masks, as `strikeforge-serve once` reads them"),
      Flag(
        "record-rollouts", optional: "FILE",
        "the greedy and the stochastic run in HDF5, step by step; rollouts.h5 in the run's folder unless FILE is given"),
      Flag(
        "cash-rate", "RATE",
        "what cash earns: a fraction a year such as 0.02, or a column of the store that holds one; 0 by default"),
      Flag("write-actions", "FILE", "the greedy run's actions, one a line, in the same order"),
      Flag(
        "set", "KEY=VALUE", repeats: true,
        "plays by another rule than it was trained by, such as environment.short_delta=0.20; the report says so"),
      Flag("json", "prints the report as JSON instead of a table"),
    ],
    notes: """
      The report goes to evaluation.json, report.md and report.html in the run's
      folder as well, its trades to trades.csv, every account's daily returns to
      daily-returns.csv. Each further policy that looks at a window is written down
      beside the store, in STORE.trials.jsonl, and counted in the report. The verdict
      says "no edge found" unless the greedy run beats flat and chance beyond luck,
      and names the baselines that it is not told from. Recorded rollouts never
      replace a file. For an ensemble the report says how often it disagrees with its
      best member, and what each adds. With --set the report's files have -changed in
      their names. Several runs of one training with other seeds are shown beside each
      other, and the middle one speaks for them.
      """)

  static func run(_ arguments: Arguments, _ families: Families) throws -> Int32 {
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
    let cash = try cashRate(arguments)
    let names = arguments.operands
    guard names.count > 1 else {
      _ = try evaluate(names[0], arguments, families, window, seed, cash, isAlone: true)
      return 0
    }
    let single = ["write-observations", "write-actions", "record-rollouts"]
    if let flag = single.first(where: arguments.has) {
      throw UsageError("--\(flag) takes one run, but \(names.count) are named; name one", command: description)
    }
    guard Set(names).count == names.count else {
      throw UsageError("a run is named twice; name each once", command: description)
    }
    try requireSeeds(
      try names.map {
        let origin = try subject($0, arguments, families).origin
        return (origin.runName, origin.task)
      })
    let judged = try names.map { try evaluate($0, arguments, families, window, seed, cash, isAlone: false) }
    let spread = SeedSpread(measure: judged[0].measure, runs: judged.map(\.seedRun))
    print(arguments.has("json") ? spread.json.prettyText : spread.lines.joined(separator: "\n"))
    return 0
  }

  /// Refuses runs that differ by more than their seeds.
  static func requireSeeds(_ runs: [(name: String, task: String)]) throws(TrainingError) {
    for other in runs.dropFirst() where other.task != runs[0].task {
      throw .refused(
        "\(other.name) trained \(other.task), but \(runs[0].name) trained \(runs[0].task): runs are compared over seeds "
          + "where nothing else differs; take them one by one")
    }
  }

  /// Evaluates one run and writes its reports; prints them where it stands alone.
  private static func evaluate(
    _ name: String, _ arguments: Arguments, _ families: Families, _ window: Window, _ seed: UInt64,
    _ cash: CashRateChoice?, isAlone: Bool
  ) throws -> RunEvaluation {
    let subject = try subject(name, arguments, families)
    let ending = (window == .heldOut ? "" : "-selection") + (arguments.has("set") ? "-changed" : "")
    let rollouts = arguments.value("record-rollouts").map {
      $0.isEmpty ? subject.directory.file("rollouts\(ending).h5") : $0
    }
    // Before anything is played for it.
    if let rollouts { try RolloutFile.requireNew(rollouts) }
    let outputs: [(flag: String, kind: OutputKind)] = [
      ("write-observations", .observations), ("write-actions", .actions),
    ]
    for (flag, kind) in outputs {
      if let path = arguments.value(flag) { try AtomicWrite.require(path, replacing: kind) }
    }
    if let path = arguments.value("write-actions"), path == arguments.value("write-observations") {
      throw UsageError("--write-actions and --write-observations name the same file; name two", command: description)
    }
    let result = try RunEvaluator.evaluate(
      subject.bundle(), of: subject.origin, window: window, factory: subject.factory, seed: seed, cash: cash,
      recordsRollouts: rollouts != nil, writesObservations: arguments.has("write-observations"))
    if isAlone {
      print(arguments.has("json") ? result.json.prettyText : result.text, terminator: arguments.has("json") ? "\n" : "")
    }
    try subject.directory.write(result.json.prettyText + "\n", to: "evaluation\(ending).json")
    try subject.directory.write(result.markdown, to: "report\(ending).md")
    try subject.directory.write(result.html, to: "report\(ending).html")
    if let trades = result.trades { try subject.directory.write(trades, to: "trades\(ending).csv") }
    if let returns = result.dailyReturns { try subject.directory.write(returns, to: "daily-returns\(ending).csv") }
    if isAlone, !arguments.has("json") { print("with pictures: \(subject.directory.file("report\(ending).html"))") }
    if let rollouts { try result.rollouts?.write(toNew: rollouts) }
    if let path = arguments.value("write-observations") {
      try AtomicWrite.write(text: result.observationLines, to: path, replacing: .observations)
    }
    if let path = arguments.value("write-actions") {
      try AtomicWrite.write(text: result.actions.map { "\($0)\n" }.joined(), to: path, replacing: .actions)
    }
    return result
  }

  /// What --cash-rate asks for; nil where it is not given.
  static func cashRate(_ arguments: Arguments, of command: CommandDescription = description) throws -> CashRateChoice? {
    guard let text = arguments.value("cash-rate") else { return nil }
    // A name of a column begins with a letter, a number does not.
    if ExtraColumn.isName(text) { return .column(text) }
    guard case .value(let annual) = DecimalNumber.parse(Array(text.utf8)[...]) else {
      throw UsageError(
        "--cash-rate is \(text), but must be a fraction a year such as 0.02, or the name of a column of the store",
        command: command)
    }
    do {
      return .constant(try CashRate(annual: annual))
    } catch {
      throw UsageError("--cash-rate: \(error)", command: command)
    }
  }

  /// What is evaluated: a run's policy, or an ensemble's as it was exported.
  private static func subject(_ run: String, _ arguments: Arguments, _ families: Families) throws -> (
    directory: RunDirectory, factory: EnvironmentFactory, origin: PolicyOrigin, bundle: () throws -> PolicyBundle
  ) {
    guard EnsembleFolder.isEnsemble(run: run) else {
      let access = try RunAccess(
        run: run, choice: arguments.value("checkpoint"), families: families, changes: arguments.values("set"))
      return (access.directory, access.factory, access.trained.origin, { try deployed(access) })
    }
    guard !arguments.has("checkpoint") else {
      throw UsageError(
        "--checkpoint cannot go with an ensemble, whose policy is its \(EnsembleFolder.bundleName)",
        command: description)
    }
    let folder = try EnsembleFolder(run: run, locks: false, families: families)
    let (bundle, origin) = try folder.exported()
    let factory = try EnvironmentFactory(try RunAccess.changed(origin.configuration, arguments.values("set")))
    try folder.requireFit(bundle, factory: factory)
    return (folder.directory, factory, origin, { bundle })
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
