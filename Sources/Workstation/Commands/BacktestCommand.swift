// strikeforge backtest: what a policy or a rule would have earned on any span of any store.

import Configuration
import Environments
import Evaluation
import Glibc
import Market
import Release
import Storage
import Text
import Training

struct BacktestCommand: Command {
  static let multiplies = true
  static let description = CommandDescription(
    name: "backtest",
    summary:
      "Plays a policy or a rule over any span of any store, through the environment that it was trained in: one continuous account, every cost, and "
      + "everybody who must be beaten.",
    operands: "POLICY...|RULE", operandCount: 1...100,
    flags: [
      Flag("store", "FILE", "the market store that is played on"),
      Flag("from", "DATE", "the first date; rolls to the next session"),
      Flag("to", "DATE", "the last date"),
      Flag("symbols", "A,B", "symbols to trade, in order; by default those of the training, or all of the store"),
      Flag(
        "surface", "KIND",
        "where quotes of options come from: auto, chain, or SYNTHETIC by fair or market; as it was trained by default"),
      Flag(
        "index", "SYMBOL", "the index of which SYNTHETIC quotes are made; as it was trained by default, or VIX"),
      Flag(
        "execution", "HOW",
        "on (default), or ideal: without spread, impact and fees, which nobody gets and every page says"),
      Flag("rearm", "WHEN", "next-session: a kill switch that latched is armed again with the next session"),
      Flag(
        "stress",
        "plays it in worse worlds too: costs, spread, latency, orders unfilled, bars missing, half days, volatility"),
      Flag("environment", "NAME", "of a rule: what it plays; by default the first environment that has it"),
      RunAccess.checkpointFlag,
      Flag(
        "set", "KEY=VALUE", repeats: true,
        "plays by another rule than it was trained by, such as environment.short_delta=0.20; the report says so"),
      Flag("cash-rate", "RATE", "what cash earns, as `evaluate` takes it; 0 by default"),
      Flag("seed", "N", "of the stochastic run and the bootstraps; 0 by default"),
      Flag("output", "FOLDER", "where its files go; backtests/NAME_FROM_TO by default"),
      Flag("json", "prints the report as JSON instead of a table"),
    ],
    notes: """
      POLICY is a run or an ensemble by its name below checkpoints or its path, or the
      file of a bundle that was exported from one run. RULE is one of those that
      reports compare with: flat, buy-and-hold, calls, sold-puts and so on.

      Nothing is trained, and any dates may be played: where the policy was trained or
      chosen on some of them, the report leads with that. The account goes on from
      session to session; of options the policy's memory begins anew with each, as in
      training. Written are backtest.json, report.md, report.html, trades.csv,
      equity.csv (by session), minutes.csv (by minute, where bars are minutes) and
      daily-returns.csv; those of --execution ideal have -ideal in their names.

      Several policies of one training with other seeds are shown beside each other,
      and the middle one speaks for them. Each has a folder of its own in the one of
      all, where seeds.json, seeds.md and seeds.html tell how far they scatter.
      """)

  static func run(_ arguments: Arguments, _ families: Families) throws -> Int32 {
    let store = try required("store", arguments)
    let (from, until) = (try date("from", arguments), try date("to", arguments))
    guard from <= until else {
      throw UsageError("--from is \(from), which is after --to, \(until); swap them", command: description)
    }
    let execution: PlayedSpan.Execution
    switch arguments.value("execution") {
    case nil: execution = .on
    case .some(let word):
      guard let known = PlayedSpan.Execution(rawValue: word) else {
        throw UsageError("--execution is \(word), but must be on or ideal", command: description)
      }
      execution = known
    }
    if let when = arguments.value("rearm"), when != "next-session" {
      throw UsageError("--rearm is \(when), but must be next-session", command: description)
    }
    guard let seed = UInt64(arguments.value("seed") ?? "0") else {
      throw UsageError("--seed must be a whole number of at least 0", command: description)
    }
    let cash = try EvaluateCommand.cashRate(arguments, of: description)
    let names = arguments.operands
    guard Set(names).count == names.count else {
      throw UsageError("a policy is named twice; name each once", command: description)
    }
    let subjects = try names.map { name in
      var subject = try subject(name, arguments, families)
      subject.configuration = try changed(subject.configuration, arguments)
      return subject
    }
    let several = subjects.count > 1
    if several { try requireSeeds(subjects) }
    let first = subjects[0].name
    let folder = arguments.value("output") ?? "backtests/\(several ? "seeds-of-" : "")\(first)_\(from)_\(until)"
    let files = BacktestFolder(path: folder, ending: execution == .ideal ? "-ideal" : "")
    // Before anything is played for it.
    try files.requireOwn()
    if several { for subject in subjects { try files.inside(subject.name).requireOwn() } }
    let rearms = arguments.has("rearm")
    func play(_ subject: BacktestSubject) throws -> RunEvaluation {
      let span = try PlayedSpan(
        subject.configuration, store: store, from: from, until: until, execution: execution, rearms: rearms)
      return try subject.play(
        span, execution: execution, rearms: rearms, seed: seed, cash: cash,
        isStressed: arguments.has("stress"))
    }
    let isJSON = arguments.has("json")
    guard several else {
      let result = try play(subjects[0])
      print(isJSON ? result.json.prettyText : result.text, terminator: isJSON ? "\n" : "")
      try files.write(result)
      if !isJSON { print("with pictures: \(files.place("report", "html"))") }
      return 0
    }
    let results = try subjects.map { subject in
      let result = try play(subject)
      try files.inside(subject.name).write(result)
      return result
    }
    let spread = SeedSpread(measure: results[0].measure, runs: results.map(\.seedRun))
    print(isJSON ? spread.json.prettyText : spread.lines.joined(separator: "\n"))
    try files.write(spread)
    if !isJSON { print("with pictures: \(files.place("seeds", "html"))") }
    return 0
  }

  /// Refuses what differs by more than the seed of a training: rules, which have none, and policies of other trainings or of one name.
  private static func requireSeeds(_ subjects: [BacktestSubject]) throws {
    let trained = try subjects.map { subject in
      guard let task = subject.task else {
        throw UsageError(
          "\(subject.name) is a rule, which has no seeds; name it alone, or leave it out: every report compares with the rules",
          command: description)
      }
      return (name: subject.name, task: task)
    }
    try EvaluateCommand.requireSeeds(trained)
    guard Set(trained.map(\.name)).count == trained.count else {
      throw UsageError(
        "two policies have one name, so that their files would be one; name another, or play them one by one",
        command: description)
    }
  }

  private static func required(_ name: String, _ arguments: Arguments) throws(UsageError) -> String {
    guard let value = arguments.value(name), !value.isEmpty else {
      throw UsageError("--\(name) is missing", command: description)
    }
    return value
  }

  private static func date(_ name: String, _ arguments: Arguments) throws(UsageError) -> CalendarDate {
    guard let date = try arguments.date(name) else {
      throw UsageError("--\(name) is missing", command: description)
    }
    return date
  }

  /// Who is named: a file is a bundle, a folder a run or an ensemble, and what is neither a rule.
  private static func subject(
    _ name: String, _ arguments: Arguments, _ families: Families
  ) throws -> BacktestSubject {
    var status = stat()
    let isFile = stat(name, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    let isRun = !isFile && access(RunDirectory.path(ofRun: name) + "/.", F_OK) == 0
    if arguments.has("environment"), isFile || isRun {
      throw UsageError("--environment is for rules; a policy plays what it was trained in", command: description)
    }
    if arguments.has("checkpoint"), !isRun {
      throw UsageError("--checkpoint is for runs, and \(name) is none", command: description)
    }
    if isFile { return try BacktestSubject(bundle: name, families: families) }
    guard isRun else { return try rule(name, arguments, families) }
    guard EnsembleFolder.isEnsemble(run: name) else {
      return try BacktestSubject(run: name, checkpoint: arguments.value("checkpoint"), families: families)
    }
    guard !arguments.has("checkpoint") else {
      throw UsageError(
        "--checkpoint cannot go with an ensemble, whose policy is its \(EnsembleFolder.bundleName)",
        command: description)
    }
    return try BacktestSubject(ensemble: name, families: families)
  }

  private static func rule(
    _ name: String, _ arguments: Arguments, _ families: Families
  ) throws -> BacktestSubject {
    var configuration = RunConfiguration(families: families)
    if let environment = arguments.value("environment") {
      do {
        try configuration.apply(assignment: "\(Families.environmentKey)=\(environment)")
      } catch {
        throw TrainingError.configuration(error)
      }
      return try BacktestSubject(rule: name, configuration: configuration)
    }
    guard let family = families.environments.first(where: { BacktestSubject.rules(of: $0).contains(name) }) else {
      var names: [String] = []
      for family in families.environments {
        names += BacktestSubject.rules(of: family).filter { !names.contains($0) }
      }
      let nearest = NearestName.of(name, among: names + RunDirectory.all()).map { "; did you mean \($0)?" } ?? ""
      throw TrainingError.refused(
        "nothing is called '\(name)': no file, no run or ensemble at \(RunDirectory.path(ofRun: name)), and no rule "
          + "(\(names.joined(separator: ", ")))\(nearest)")
    }
    configuration.environment = family
    return try BacktestSubject(rule: name, configuration: configuration)
  }

  /// The configuration by the flags: those of the game are told where they are others than trained by.
  private static func changed(_ configuration: RunConfiguration, _ arguments: Arguments) throws -> RunConfiguration {
    var changes = arguments.values("set")
    for (flag, key) in [("surface", "environment.surface"), ("index", "environment.volatility_index")] {
      if let value = arguments.value(flag) { changes.append("\(key)=\(value)") }
    }
    var changed = try RunAccess.changed(configuration, changes)
    if let symbols = arguments.value("symbols") {
      changed.world.assets = symbols.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    return changed
  }
}

/// The folder that a backtest's files go to.
struct BacktestFolder {
  let path: String
  /// Behind each name.
  let ending: String

  private static let record = "backtest"
  private static let spread = "seeds"

  func place(_ name: String, _ kind: String) -> String { FileSystem.join(path, "\(name)\(ending).\(kind)") }

  /// Throws where there is something else already: a file, or a folder that no backtest has written to.
  func requireOwn() throws(TrainingError) {
    var status = stat()
    guard stat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw .refused("\(path) is no folder; name another one with --output")
    }
    let names: [String]
    do {
      names = try FileSystem.names(inFolder: path)
    } catch {
      throw .storage(error)
    }
    let own = [BacktestFolder.record, BacktestFolder.spread]
    guard
      names.isEmpty || names.contains(where: { name in own.contains { name.hasPrefix($0) && name.hasSuffix(".json") } })
    else { throw .refused("\(path) holds other files, and no backtest; name another folder with --output") }
  }

  /// The folder of one of several.
  func inside(_ name: String) -> BacktestFolder { BacktestFolder(path: FileSystem.join(path, name), ending: ending) }

  func write(_ result: RunEvaluation) throws(TrainingError) {
    try write([
      (BacktestFolder.record, "json", result.json.prettyText + "\n"), ("report", "md", result.markdown),
      ("report", "html", result.html), ("trades", "csv", result.trades), ("equity", "csv", result.sessions),
      ("minutes", "csv", result.minutes), ("daily-returns", "csv", result.dailyReturns),
    ])
  }

  func write(_ spread: SeedSpread) throws(TrainingError) {
    let document = spread.document("Backtest")
    try write([
      (BacktestFolder.spread, "json", spread.json.prettyText + "\n"),
      (BacktestFolder.spread, "md", document.markdown), (BacktestFolder.spread, "html", document.html),
    ])
  }

  private func write(_ texts: [(String, String, String?)]) throws(TrainingError) {
    do {
      try FileSystem.makeFolder(path)
      for (name, kind, text) in texts {
        if let text { try AtomicWrite.write(text: text, to: place(name, kind)) }
      }
    } catch {
      throw .storage(error)
    }
  }
}
