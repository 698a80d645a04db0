// strikeforge train: a new run, or the rest of one.

import Algorithms
import Configuration
import Environments
import Inference
import Release
import Storage
import Text
import Training

struct TrainCommand: Command {
  static let multiplies = true
  /// What a run that goes on may be told anew, in words.
  private static let resumable = "run.workers, run.kernels, run.precision and the section health"

  static let description = CommandDescription(
    name: "train", summary: "Trains a policy, saving as it goes; or continues a run that was stopped or killed.",
    operands: "", operandCount: 0...0,
    flags: [
      Flag(
        "config", "FILE", repeats: true, "YAML configuration; later files lie over earlier ones, and over their 'base'"),
      Flag("set", "KEY=VALUE", repeats: true, "one setting, for example algorithm.gamma=0.995; lies over the files"),
    ] + SettingFlag.all.map(\.flag) + [
      Flag("run", "NAME", "the run's folder below checkpoints, or a path with a slash"),
      Flag(
        "resume", "RUN",
        "continues a run from its newest checkpoint; only \(resumable) may be set"),
      Flag("init-from", "RUN", "begins a new run with what another one learned, by the rules of --mode"),
      Flag("mode", "MODE", "what --init-from takes over: continue, finetune or transplant"),
      Flag(
        "init-replay", "FILE",
        "begins a new DQN run with the transitions of another one's replay.h5, which must be of the same environment"),
      Flag("from", "CHECKPOINT", "the checkpoint that --resume or --init-from takes: \(ResumePoint.choices)"),
      Flag(
        "record-rollouts", "N",
        "keeps what the first N rollouts gathered in \(TrainingRecorder.fileName) of the run's folder, so that others can do its arithmetic again"
      ),
      Flag("end-with", "PROCESS", "the process that starts this one: when it ends, however, this one is killed"),
      Flag("keys", "prints every setting of the algorithm and the environment with its default and meaning, and ends"),
      Flag("dump-config", "prints the configuration that would be trained, with the source of each value, and ends"),
    ],
    notes: """
      SIGINT (Ctrl-C), SIGTERM and SIGHUP save and stop; a second one stops at once.
      A run that was killed and resumed equals one that never was, bit for bit. With
      --from an earlier checkpoint, later ones are kept as
      checkpoint-STEP.h5.set-aside and rows of later steps are cut off: the run walks
      there again.

      --init-from makes a new run; schedules, seeds, episodes and steps are its own.
        continue    takes parameters, the optimizer's moments and the statistics of
                    observations and rewards
        finetune    the same without the moments
        transplant  into a network that sees more columns or has more actions: by
                    their names, with zero weights from what is new; moments begin
                    anew, statistics count as one rollout
      What the other run was trained or chosen on may not lie in the windows that
      the new one is chosen or judged on.
      """)

  static func run(_ arguments: Arguments, _ families: Families) throws -> Int32 {
    if arguments.has("keys") {
      printKeys(try layers(arguments, families).configuration)
      return 0
    }
    if arguments.has("dump-config"), !arguments.has("resume") {
      let layers = try layers(arguments, families)
      for note in layers.configuration.notes { complain("strikeforge train: \(note)") }
      print(layers.yamlText, terminator: "")
      return 0
    }
    StopSignal.install()
    if let parent = arguments.value("end-with") {
      guard let process = Int32(parent) else {
        throw UsageError("--end-with is \(parent), but must be the number of a process", command: description)
      }
      try ParentProcess.endWith(process)
    }
    if arguments.has("from"), !arguments.has("resume"), !arguments.has("init-from") {
      throw UsageError(
        "--from goes with --resume or --init-from: it names the checkpoint that they take", command: description)
    }
    let recorded = try recordedRollouts(arguments)
    let trainer =
      try arguments.value("resume").map { try resume($0, arguments, families) } ?? start(arguments, families)
    let recorder = recorded.map { TrainingRecorder(trainer, rollouts: $0) }
    let trial = trial(of: trainer)
    record(trial, of: trainer, again: arguments.has("resume"))
    let console = ConsoleSink(totalSteps: trainer.configuration.wholeTimesteps, startStep: trainer.startStep)
    if let note = trainer.workersNote { print(note) }
    trainer.onRow = { (row: MetricRow) throws(TrainingError) in
      try recorder?.requireWritten()
      console.write(row)
    }
    trainer.onEvent = { sentence in
      console.clearBar()
      print(sentence)
    }
    let outcome = try trainer.run(shouldStop: { StopSignal.received != nil })
    try recorder?.finish()
    record(trainer.bestStep.flatMap { trial?.earlyStop(atStep: $0) }, of: trainer, again: true)
    switch outcome {
    case .finished:
      print("finished at step \(ConsoleSink.grouped(trainer.step)), parameters \(trainer.parameterDigest)")
      if let step = trainer.bestStep, let score = trainer.bestScore {
        print("best on the selection window: step \(ConsoleSink.grouped(step)), \(ConsoleSink.short(score)) an episode")
        let unseen =
          trainer.configuration.environment.hasWindows ? "looks at the held-out window" : "plays fresh streams"
        print("(it was chosen there, so that proves nothing: `strikeforge evaluate` \(unseen))")
      }
      let space = trainer.factory.spaces.observations
      if let sentence = trainer.trainingRanges?.constantColumns(space) { print("warning: " + sentence) }
    case .stopped(let step):
      let signal = StopSignal.received.map(StopSignal.name) ?? "request"
      console.clearBar()
      print("stopped by \(signal) after saving at step \(ConsoleSink.grouped(step)); continue with")
      print("  strikeforge train --resume \(trainer.directory.argument)")
    }
    return 0
  }

  /// nil where none are asked for.
  private static func recordedRollouts(_ arguments: Arguments) throws(UsageError) -> Int? {
    guard let text = arguments.value("record-rollouts") else { return nil }
    guard let count = Int(text), (1...TrainingRecorder.mostRollouts).contains(count) else {
      throw UsageError(
        "--record-rollouts is \(text); it must be a number of rollouts from 1 to \(TrainingRecorder.mostRollouts)",
        command: description)
    }
    return count
  }

  /// Of the ledger beside the store; nil for games.
  private static func trial(of trainer: Trainer) -> Trial? {
    Trial(
      training: trainer.configuration, store: trainer.factory.market?.contentHash, run: trainer.directory.name,
      beginning: trainer.beginning)
  }

  /// A ledger that cannot be written stops no training, but it is said.
  private static func record(_ trial: Trial?, of trainer: Trainer, again: Bool) {
    let store = trainer.configuration.world.store
    guard let trial, let reason = TrialsLedger.record(trial, beside: store, again: again) else { return }
    complain(
      "strikeforge train: this trial (\(trial.kind.rawValue)) is not in the ledger \(TrialsLedger.path(ofStore: store)), and reports "
        + "will not count it: \(reason)")
  }

  private static func start(_ arguments: Arguments, _ families: Families) throws -> Trainer {
    let layers = try layers(arguments, families)
    let configuration = layers.configuration
    try RunName.require(new: arguments.value("run") ?? configuration.run.modelName)
    let factory = try EnvironmentFactory(configuration)
    // All before a folder is made for it.
    let spec = try Trainer.requireTrainable(configuration, factory, folder: nil)
    try Trainer.requireLearning(configuration, factory)
    let warmStart = try warmStart(arguments, configuration, factory)
    let replay = try arguments.value("init-replay").map { try ReplaySource($0) }
    try replay?.requireFit(configuration, factory, spec)
    let plan = ResourcePlan(configuration, spec, rowsBefore: replay?.rows ?? 0)
    let limits = ResourcePlan.Limits(
      folder: arguments.value("run").map(RunDirectory.path(ofRun:)) ?? RunDirectory.root)
    if let problem = plan.problem(limits) { throw TrainingError.configuration(.conflict(problem)) }
    let products = try MatrixKernels.line(configuration.run, configuration.run.kernels, spec)
    let directory = try RunStart.makeFolder(
      layers, factory: factory, run: arguments.value("run"), command: CommandLine.arguments)
    for note in configuration.notes { complain("strikeforge train: \(note)") }
    print(layers.yamlText, terminator: "")
    for line in RunNotes.lines(configuration, factory: factory) + plan.lines(limits) { print(line) }
    print(products)
    if let warning = MatrixKernels.precisionWarning(configuration.run) { print(warning) }
    print("run folder: \(directory.path)")
    let trainer = try Trainer(
      starting: configuration, factory: factory, in: directory, warmStart: warmStart, replay: replay)
    if let replay {
      print("begins with \(ConsoleSink.grouped(replay.rows)) rows of transitions of \(replay.path), every one checked")
    }
    if let warmStart {
      print("begins with \(warmStart.path) (\(warmStart.mode.rawValue))")
      for line in trainer.drift?.lines() ?? [] { print(line) }
    }
    return trainer
  }

  /// What `--init-from` names, checked against the new run before a folder is made for it.
  private static func warmStart(
    _ arguments: Arguments, _ configuration: RunConfiguration, _ factory: EnvironmentFactory
  ) throws -> WarmStart? {
    guard let (run, mode) = try beginning(arguments, of: description) else { return nil }
    let warmStart = try WarmStart(
      run: run, from: arguments.value("from"), mode: mode, families: configuration.families)
    try warmStart.requireUnseenWindows(configuration)
    try Trainer.requireFit(warmStart, configuration, factory)
    return warmStart
  }

  /// What --init-from and --mode say; nil where neither stands.
  static func beginning(_ arguments: Arguments, of command: CommandDescription) throws(UsageError) -> (
    run: String, mode: WarmStart.Mode
  )? {
    let modes = WarmStart.Mode.allCases.map(\.rawValue).joined(separator: ", ")
    guard let run = arguments.value("init-from") else {
      if arguments.has("mode") {
        throw UsageError("--mode goes with --init-from: it says what is taken over", command: command)
      }
      return nil
    }
    guard let name = arguments.value("mode") else {
      throw UsageError("--init-from needs --mode: one of \(modes)", command: command)
    }
    guard let mode = WarmStart.Mode(rawValue: name) else {
      throw UsageError("--mode is \(name); it must be one of \(modes)", command: command)
    }
    return (run, mode)
  }

  /// The files, then --set and the flags that stand for settings in the order in which they are written, but first those that name the environment
  /// and the algorithm: they say which settings there are.
  private static func layers(_ arguments: Arguments, _ families: Families) throws(TrainingError) -> ConfigurationLayers
  {
    var layers = ConfigurationLayers(RunConfiguration(families: families))
    let selectors = RunConfiguration.selectorKeys
    do throws(ConfigurationError) {
      for file in arguments.values("config") { try layers.apply(yamlFile: file) }
      for isSelector in [true, false] {
        for (name, value) in arguments.flags {
          if name == "set", selectors.contains(where: { value.hasPrefix($0 + "=") }) == isSelector {
            try layers.apply(assignment: value)
          }
          if let flag = SettingFlag.named(name), selectors.contains(flag.key) == isSelector {
            try layers.apply(flag, value: value)
          }
        }
      }
    } catch {
      throw .configuration(error)
    }
    return layers
  }

  private static func resume(_ run: String, _ arguments: Arguments, _ families: Families) throws -> Trainer {
    for flag in ["config", "run", "dump-config", "init-from", "init-replay", "mode", "record-rollouts"]
      + SettingFlag.all.map(\.name)
    where arguments.has(flag) && flag != "timesteps" {
      throw UsageError("--\(flag) cannot go with --resume: a run keeps its configuration", command: description)
    }
    let directory = try RunDirectory.open(run: run, locks: true)
    let point = try ResumePoint.find(in: directory, from: arguments.value("from"))
    var configuration = try RunState.configuration(of: point.checkpoint, path: point.path, families: families)
    if let steps = arguments.value("timesteps") {
      throw try endsThere(directory, configuration, asked: steps, by: "--timesteps")
    }
    for assignment in arguments.values("set") {
      let key = String(assignment.prefix { $0 != "=" })
      if key == totalKey {
        throw try endsThere(
          directory, configuration, asked: String(assignment.dropFirst(key.count + 1)), by: "--set \(key)")
      }
      // Unknown keys are told what is near them by the configuration itself.
      if let setting = configuration.setting(key), !setting.mayChangeOnResume {
        throw UsageError("--resume keeps the run's configuration; only \(resumable) may be set", command: description)
      }
      do {
        try configuration.apply(assignment: assignment)
      } catch {
        throw TrainingError.configuration(error)
      }
    }
    let factory = try EnvironmentFactory(configuration)
    let trainer = try Trainer(
      resuming: point.checkpoint, from: point.path, leavingBehind: point.later, configuration: configuration,
      factory: factory, in: directory)
    print(
      "resuming \(directory.path) from step \(trainer.startStep) of \(configuration.wholeTimesteps) (\(point.path))")
    for note in configuration.notes { complain("strikeforge train: \(note)") }
    print(try MatrixKernels.line(configuration.run, trainer.algorithm.kernels, trainer.algorithm.spec))
    for entry in point.later { print("set aside: \(entry.path)\(CheckpointStore.setAsideSuffix)") }
    if let warning = MatrixKernels.precisionWarning(configuration.run) { print(warning) }
    if let warning = RunState.kernelsWarning(point.checkpoint, current: trainer.kernels) { print(warning) }
    if trainer.startStep >= configuration.wholeTimesteps, PlanCheck(configuration, factory).problem == nil {
      let steps = configuration.run.totalTimesteps
      print("it has made all its steps; \(TrainingOn.remedy(directory, steps: steps, replays: replays(configuration)))")
    }
    print("restored: " + point.checkpoint.groups.keys.sorted().joined(separator: ", "))
    return trainer
  }

  private static let totalKey = "run.total_timesteps"

  private static func replays(_ configuration: RunConfiguration) -> Bool { configuration.learner.replayNeed != nil }

  /// Why a run that goes on takes no other number of steps, and what does go on.
  private static func endsThere(
    _ directory: RunDirectory, _ configuration: RunConfiguration, asked: String, by flag: String
  ) throws(TrainingError) -> UsageError {
    var longer = configuration
    do {
      try longer.apply(assignment: "\(totalKey)=\(asked)")
    } catch {
      throw .configuration(error)
    }
    let (steps, end) = (longer.run.totalTimesteps, configuration.wholeTimesteps)
    let remedy =
      steps > end ? TrainingOn.remedy(directory, steps: steps, replays: replays(configuration)) : "leave it out"
    return UsageError(
      "\(flag) cannot go with --resume: a run keeps its configuration and ends at step \(end); \(remedy)",
      command: description)
  }

  /// Every setting of a run of that algorithm in that environment, with its default.
  private static func printKeys(_ chosen: RunConfiguration) {
    var defaults = RunConfiguration(families: chosen.families)
    (defaults.environment, defaults.algorithm) = (chosen.environment, chosen.algorithm)
    for setting in defaults.settings {
      print("\(setting.key): \(setting.read(defaults).text)")
      for line in wrap("\(setting.help); \(setting.expected)", width: 74) { print("    " + line) }
    }
  }
}
