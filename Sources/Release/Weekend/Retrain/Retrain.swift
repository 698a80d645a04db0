// A weekend from its lock to its page: steps that are done once, whoever is killed in between.

private import Glibc
private import Storage
package import Text
package import Training

/// Follows a plan. Begun again after anything, it goes on with what is whole.
package final class Retrain {
  /// How a weekend ended, for those that ask: a person, a timer.
  package enum Ending: Sendable, Equatable {
    case finished
    /// The gate of the data said no: nothing was trained.
    case dataRefused(String)
    /// Asked to stop; begun again it goes on.
    case stopped
  }

  package let plan: RetrainPlan
  /// Of the plan's file.
  package let path: String
  let families: Families
  let tell: (String) -> Void
  let shouldStop: () -> Bool
  let clock: WeekendClock
  let registry: Registry
  /// Of all weekends of this name.
  let parent: String

  /// Set by `run`.
  var journal: WeekendJournal
  var countdown: Countdown
  /// What the gate said in this start.
  var gate: GateDecision?
  /// What a person should hear besides, for the page.
  var caveats: [String] = []
  /// When the command was given: of a duration, debts that are paid first take their part.
  private let begun: Double
  /// Whether this start has found something published.
  private var sawRegistry = false
  /// Seconds that each measurement of this start took.
  var measurements: [Double] = []

  /// tell: gets each thing that was done, in words.
  package init(
    _ plan: RetrainPlan, path: String, families: Families, clock: WeekendClock = .machine,
    shouldStop: @escaping () -> Bool = { false }, tell: @escaping (String) -> Void
  ) throws(TrainingError) {
    self.plan = plan
    self.path = path
    self.families = families
    self.shouldStop = shouldStop
    self.clock = clock
    countdown = Countdown(seconds: 0, clock: clock.secondsUp)
    begun = clock.secondsUp()
    self.tell = tell
    registry = try Registry(folder: plan.settings.registry, name: plan.settings.name)
    parent = FileSystem.join(plan.settings.folder, plan.settings.name)
    journal = WeekendJournal.none(in: parent)
  }

  // MARK: Lock and debts

  /// Only one of a name is at work: the lock is the kernel's and ends with its holder.
  private func lock() throws(TrainingError) -> ProcessLock {
    let parent = parent
    let place = FileSystem.join(parent, ".lock")
    let lock = try storing { () throws(StorageError) in
      try FileSystem.makeFolder(parent)
      return try ProcessLock.take(place, words: "process \(getpid()), begun \(UTCTime.now())")
    }
    guard let lock else {
      throw .busy(
        "\(ProcessLock.words(of: place) ?? "another process") is at work on the weekend \(plan.settings.name) already; this one has done "
          + "nothing: wait for it, or stop it with SIGTERM")
    }
    return lock
  }

  private var debts: Debts { Debts(journal: FileSystem.join(parent, "debts.jsonl")) }
  private var runningHooks: RunningHooks { RunningHooks(journal: debts.path) }

  /// Ends hooks that a killed start left running, and pays what earlier weekends, or this one, left open. Returns what could not be paid, in sentences.
  func settleDebts() throws(TrainingError) -> [String] {
    for sentence in try runningHooks.endLeftOvers() { tell("debts: \(sentence)") }
    let open = try debts.open()
    guard !open.isEmpty else { return [] }
    tell("debts: \(open.count) to pay")
    let parent = parent
    let unpaid = try debts.settle { name in FileSystem.join(parent, "debt-\(name).txt") }
    for debt in open where !unpaid.contains(where: { $0.debt == debt }) { tell("debts: \(debt.name) is paid") }
    return unpaid.map {
      "the debt \($0.debt.name) could not be paid: its command \($0.ending); `strikeforge retrain --settle` tries again"
    }
  }

  /// Pays debts and does nothing else. Returns whether all are paid.
  package func settle() throws(TrainingError) -> Bool {
    let lock = try self.lock()
    defer { withExtendedLifetime(lock) {} }
    let unpaid = try settleDebts()
    for sentence in unpaid { tell(sentence) }
    if unpaid.isEmpty { tell("no debt is open") }
    return unpaid.isEmpty
  }

  // MARK: The weekend

  /// isAnew: an unfinished weekend is given up, and the same data may be trained on again.
  package func run(isAnew: Bool = false) throws(TrainingError) -> Ending {
    let lock = try self.lock()
    defer { withExtendedLifetime(lock) {} }
    for sentence in try settleDebts() { tell("warning: \(sentence)") }
    try requireRegistry()
    try open(isAnew: isAnew)
    if let hook = plan.hooks[.always] {
      let number = try debts.open().count
      try debts.incur(.init(name: "\(journal.number)-\(getpid())-\(number)", payment: hook))
    }
    var failure: TrainingError?
    var ending = Ending.finished
    do throws(TrainingError) {
      ending = try walk(isAnew: isAnew)
    } catch {
      failure = error
    }
    if journal.isFinished { journal.dropStagedStore() }
    let unpaid = try settleDebts()
    for sentence in unpaid { tell("warning: \(sentence)") }
    if let failure { throw failure }
    return ending
  }

  private func walk(isAnew: Bool) throws(TrainingError) -> Ending {
    for moment in [RetrainPlan.Moment.before, .ready] {
      guard try hook(moment) else { return .stopped }
    }
    guard try once(.fetch) else { return .stopped }
    guard let data = try admitData(isAnew: isAnew) else {
      let sentence = journal.result("refused")?["sentence"]?.stringValue ?? ""
      return .dataRefused(sentence)
    }
    let runs = RetrainRun.all(of: plan, data.windows)
    let champion = try self.champion(data)
    try cutHeirs(runs, champion)
    guard try train(runs, data, champion) else { return .stopped }
    let decision = try decide(runs, data, champion)
    try publish(decision, runs, champion)
    try deliver()
    guard try once(.send) else { return .stopped }
    try writePage(decision, runs, data, champion)
    guard try once(.after) else { return .stopped }
    try journal.keep(
      ["decision": .string(decision.sentence), "used_seconds": .number(countdown.used)], of: WeekendJournal.end)
    return .finished
  }

  var stops: Bool { shouldStop() }

  /// An unfinished weekend of this plan whose deadline lies ahead is gone on with; else a new one begins.
  private func open(isAnew: Bool) throws(TrainingError) {
    let last = WeekendJournal.all(in: parent).last
    if let last, !last.isFinished, let began = last.began, !isAnew {
      let left = began.left(clock)
      if left > 0 {
        guard began.plan == plan.digest else {
          throw .refused(
            "\(last.folder) was begun with another plan than \(path) is now and is not finished; bring the old plan back, or give that weekend "
              + "up with --anew")
        }
        journal = last
        countdown = Countdown(seconds: left, clock: clock.secondsUp)
        tell("weekend \(last.number): goes on in \(last.folder), \(DeadlinePlan.text(left)) before its deadline")
        return
      }
      tell("weekend \(last.number): its deadline passed unfinished; it is left as it is")
    }
    last?.dropStagedStore()
    let beginning = WeekendJournal.Beginning(
      plan: plan.digest, deadline: plan.deadline, waited: clock.secondsUp() - begun, clock: clock)
    countdown = Countdown(seconds: beginning.seconds, clock: clock.secondsUp)
    try requireReserve(beginning.seconds)
    journal = try WeekendJournal.make(in: parent)
    try storing { () throws(StorageError) in try AtomicWrite.write(text: plan.text, to: journal.file("plan.yaml")) }
    try journal.begin(beginning)
    tell(
      "weekend \(journal.number): begins in \(journal.folder), must be done by "
        + "\(UTCTime.text(secondsSinceEpoch: beginning.ends)), in \(DeadlinePlan.text(countdown.left))")
  }

  /// Before anything is touched: what follows training took so long the last time.
  private func requireReserve(_ left: Double) throws(TrainingError) {
    for earlier in WeekendJournal.all(in: parent).reversed() {
      guard let found = earlier.result("plan"), let safe = found["reserve_safe"]?.doubleValue,
        let expected = found["reserve_expected"]?.doubleValue, expected >= 0, safe >= expected
      else { continue }
      // Another plan's candidates say nothing of this one's.
      let began = earlier.began?.plan == plan.digest ? earlier.began : nil
      let entries = (began == nil ? [] : found["entries"]?.arrayValue ?? []).compactMap {
        entry -> DeadlinePlan.Entry? in
        func cost(_ prefix: String) -> Cost? {
          guard let expected = entry[prefix + "expected"]?.doubleValue, let safe = entry[prefix + "safe"]?.doubleValue,
            expected >= 0, safe >= expected
          else { return nil }
          return Cost(expected: expected, safe: safe)
        }
        guard let name = entry["name"]?.stringValue, let training = cost(""), let judging = cost("judging_") else {
          return nil
        }
        return .init(name: name, training: training, judging: judging)
      }
      let used = max(0, (began?.seconds ?? 0) - (found["seconds"]?.doubleValue ?? 0))
      _ = try DeadlinePlan(entries, seconds: left, reserve: Cost(expected: expected, safe: safe), used: used)
      return
    }
  }

  /// Refuses a registry that is gone although something was published in it: a disk that is not mounted is no fresh beginning.
  func requireRegistryIsThere() throws(TrainingError) {
    if registry.exists {
      sawRegistry = true
      return
    }
    let witness = WeekendJournal.all(in: parent).last { weekend in
      weekend.results([Retrain.championStep, Retrain.publication]).values.contains { $0["version"]?.stringValue != nil }
    }
    guard sawRegistry || witness != nil else { return }
    throw .refused(
      "\(registry.path) is gone, though \(witness.map { "weekend \($0.number) knew a version in it" } ?? "it was there when this weekend began"); "
        + "bring it back, or, to begin without one, name another weekend.folder")
  }

  /// Refuses a registry that was edited, or that nothing can be written into, before an hour of training is lost on it.
  private func requireRegistry() throws(TrainingError) {
    try requireRegistryIsThere()
    if registry.exists {
      try registry.writing { (history) throws(TrainingError) in
        if let champion = history.aliases[.champion] { _ = try registry.requireWhole(champion, history) }
      }
      return
    }
    let folder = registry.folder
    try storing { () throws(StorageError) in
      try FileSystem.makeFolder(folder)
      guard access(folder, W_OK) == 0 else { throw .system(path: folder, operation: .write, code: errno) }
    }
  }

  // MARK: Hooks

  /// What a hook is told besides its words.
  private func variables(_ moment: RetrainPlan.Moment) -> [String: String] {
    [
      "STRIKEFORGE_MOMENT": moment.rawValue, "STRIKEFORGE_WEEKEND": journal.folder,
      "STRIKEFORGE_REGISTRY": registry.path, "STRIKEFORGE_STORE": plan.settings.store,
    ]
  }

  /// A hook that is not run again once it is done.
  private func once(_ moment: RetrainPlan.Moment) throws(TrainingError) -> Bool {
    guard plan.hooks[moment] != nil, journal.result(moment.rawValue) == nil else { return !stops }
    guard try hook(moment) else { return false }
    try journal.keep(["done": .bool(true)], of: moment.rawValue)
    return true
  }

  /// False where somebody asked for an end.
  private func hook(_ moment: RetrainPlan.Moment) throws(TrainingError) -> Bool {
    if stops { return false }
    guard let hook = plan.hooks[moment] else { return true }
    let output = journal.file("hooks/\(moment.rawValue).txt")
    let begin = MonotonicClock.seconds
    var variables = variables(moment)
    let word = try runningHooks.begin("\(moment.rawValue) of weekend \(journal.number)")
    variables[RunningHooks.variable] = word
    let (ending, tries) = hook.run(variables: variables, output: output, shouldStop: shouldStop)
    try runningHooks.end(word)
    let tried = tries == 1 ? "" : " after \(tries) tries"
    tell("hook \(moment.rawValue): \(ending)\(tried), \(DeadlinePlan.text(MonotonicClock.seconds - begin))")
    guard ending == .done else {
      if ending == .stopped { return false }
      throw .file(
        path: hook.words[0], action: "finish the hook \(moment.rawValue) with",
        reason: "it \(ending)\(tried); what it said lies in \(output), and the next start goes on here")
    }
    return true
  }
}

extension WeekendJournal {
  /// Stands for none before there is one.
  static func none(in parent: String) -> WeekendJournal { WeekendJournal(parent: parent, number: "none") }
}
