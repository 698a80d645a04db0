// What a weekend would do, without doing any of it.

private import Glibc
private import Storage
private import Text
package import Training

extension Retrain {
  /// Imports and measures in a folder that goes away again, and tells the whole schedule. Throws where the weekend itself would refuse.
  package func dryRun() throws(TrainingError) {
    let scratch = try scratchFolder()
    defer { try? removeRun(scratch) }
    let left = plan.deadline.seconds(from: clock.now())
    countdown = Countdown(seconds: left, clock: clock.secondsUp)
    tell("deadline: \(plan.deadline.text), \(DeadlinePlan.text(left)) from now")
    for moment in RetrainPlan.Moment.allCases {
      guard let hook = plan.hooks[moment] else { continue }
      tell(
        "hook \(moment.rawValue): \(hook.words.map(CommandText.quoted).joined(separator: " ")), \(hook.retries + 1) tries of at most "
          + "\(DeadlinePlan.text(hook.limitSeconds)); not run now")
    }
    if !plan.settings.inbox.isEmpty {
      tell("inbox: \(plan.settings.inbox) to \(plan.settings.arrived); not brought now")
    }
    let staged = try stageData(in: scratch, brings: false)
    for line in staged.words { tell("data: \(line)") }
    if let refusal = staged.refusal { throw .refused(refusal) }
    let data = try layOut(store: staged.store)
    tell(
      "data: trains on \(span(data.windows.training.dates)), chooses on \(span(data.windows.selection.dates)), judges on "
        + "\(span(data.windows.report.dates)); \(data.purge) + \(plan.settings.embargo) sessions between them")
    if let warning = shortWindowWarning { tell("warning: \(warning)") }
    try requireRegistryIsThere()
    let present = try registry.exists ? registry.aliases() : [:]
    tell("registry: \(registry.path) has \(Registry.text(present))")
    let runs = RetrainRun.all(of: plan, data.windows).filter { present[.champion] != nil || $0.mode == nil }
    let rates = try measure(runs, store: staged.store, data, in: scratch)
    let schedule = try DeadlinePlan(
      try entries(runs, rates, RetrainProgress()), seconds: countdown.left,
      reserve: rates.reserve(opponentsAreKnown: false),
      used: countdown.used)
    for line in schedule.lines { tell("plan: \(line)") }
    tell("nothing was changed")
  }

  private func scratchFolder() throws(TrainingError) -> String {
    let base = FileSystem.temporaryFolder
    var template = Array(FileSystem.join(base, "strikeforge-XXXXXX").utf8CString)
    guard mkdtemp(&template) != nil else { throw .storage(.system(path: base, operation: .create, code: errno)) }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
