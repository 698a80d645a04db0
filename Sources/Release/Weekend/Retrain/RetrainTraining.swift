// What is trained before the deadline: planned, begun, gone on with, and planned again after each.

private import AgentInterface
private import Algorithms
private import Configuration
private import Environments
private import Inference
private import Storage
import Text
import Training

extension Retrain {
  /// Measures and plans, and refuses what cannot fit: before the store is replaced and anything is tried on it.
  func makeSchedule(_ data: RetrainData, store: String) throws(TrainingError) {
    let hasChampion = try championVersion() != nil
    let runs = RetrainRun.all(of: plan, data.windows).filter { hasChampion || $0.mode == nil }
    guard !runs.isEmpty else {
      throw .refused(
        "every candidate of \(path) begins with what the champion learned, but there is none; promote a version first, or add a candidate that begins "
          + "with nothing")
    }
    let found = try journal.step(Retrain.rates) { () throws(TrainingError) in
      let distinct = Set(runs.map(\.shape)).count
      tell(
        "rates: \(distinct) shape\(distinct == 1 ? " trains" : "s train") \(DeadlinePlan.text(plan.settings.calibrationSeconds)) each"
      )
      return try measureOnce(runs, store: store, data).json
    }
    guard var rates = RetrainRates(found) else {
      throw .incomplete(
        path: journal.file("rates.json"), what: "rates", remedy: "remove it, and they are measured again")
    }
    var planned: (schedule: DeadlinePlan, entries: [DeadlinePlan.Entry], reserve: Cost)?
    while planned == nil {
      let entries = try self.entries(runs, rates, RetrainProgress())
      let reserve = rates.reserve(opponentsAreKnown: false)
      do throws(TrainingError) {
        let schedule = try DeadlinePlan(entries, seconds: countdown.left, reserve: reserve, used: countdown.used)
        planned = (schedule, entries, reserve)
      } catch {
        if let again = try ratesAgain(runs, store: store, data, entries, reserve) {
          rates = again
          continue
        }
        // Nothing was tried: with a later deadline another weekend begins, and this one is not gone on with.
        if journal.result("plan") == nil {
          try journal.keep(
            ["decision": .string(error.description), "content": .string(data.contentHash)], of: WeekendJournal.end)
        }
        throw error
      }
    }
    guard let (schedule, entries, reserve) = planned else { return }
    for line in schedule.lines { tell("plan: \(line)") }
    if journal.result("plan") == nil {
      try journal.keep(
        [
          "reserve_expected": .number(reserve.expected), "reserve_safe": .number(reserve.safe),
          "seconds": .number(countdown.left),
          "entries": .array(
            entries.map {
              [
                "name": .string($0.name), "expected": .number($0.training.expected), "safe": .number($0.training.safe),
                "judging_expected": .number($0.judging.expected), "judging_safe": .number($0.judging.safe),
              ]
            }),
          "lines": .array(schedule.lines.map(JSON.string)),
        ], of: "plan")
    }
  }

  private static let rates = "rates"
  /// How often a start measures before it believes that nothing fits.
  private static let mostMeasurements = 4

  private func measureOnce(_ runs: [RetrainRun], store: String, _ data: RetrainData) throws(TrainingError)
    -> RetrainRates
  {
    let usedBefore = countdown.used
    let rates = try measure(runs, store: store, data, in: journal.folder)
    measurements.append(countdown.used - usedBefore)
    return rates
  }

  /// New rates in place of those by which nothing fits, since the machine may have been busy for a moment; nil where they stay: there is no time for it, or
  /// a machine four times as fast would not do. Asked as long as nothing was judged, so that nothing waits to be published.
  private func ratesAgain(
    _ runs: [RetrainRun], store: String, _ data: RetrainData, _ entries: [DeadlinePlan.Entry], _ reserve: Cost
  ) throws(TrainingError) -> RetrainRates? {
    let last = measurements.last ?? 2 * plan.settings.calibrationSeconds * Double(Set(runs.map(\.shape)).count)
    let least = entries.map(\.cost.expected).min() ?? 0
    guard measurements.count < Retrain.mostMeasurements, countdown.left > 3 * last,
      least + reserve.expected <= 4 * countdown.left
    else { return nil }
    tell("rates: nothing fits by these; measured again, since the machine may have been busy for a moment")
    let rates = try measureOnce(runs, store: store, data)
    try journal.keep(rates.json, of: Retrain.rates)
    return rates
  }

  /// Training and judging of each, whatever of its training is done: as trials said, and as the runs of this weekend did that were trained and judged before.
  func entries(_ waiting: [RetrainRun], _ rates: RetrainRates, _ progress: RetrainProgress) throws(TrainingError)
    -> [DeadlinePlan.Entry]
  {
    let judgingPaces = progress.judgingPaces(rates)
    // The gate compares a candidate once, by the run that stands for it.
    var compared = progress.candidates
    var entries: [DeadlinePlan.Entry] = []
    for run in waiting {
      guard let rate = rates.shapes[run.shape] else {
        throw .incomplete(
          path: journal.file("rates.json"), what: "rate of \(run.name)", remedy: "remove it, and it is measured again")
      }
      var training = rate.cost(run, stepsDone: lastStep(run) ?? 0)
      let paces = progress.paces(of: training.expected)
      if !paces.isEmpty { training = Cost(of: 1, secondsPerUnit: paces.map { $0 * training.expected }) }
      var judging = rate.judgementCost(paces: judgingPaces)
      if compared.insert(run.candidate).inserted { judging = judging + rates.gateCost }
      entries.append(.init(name: run.name, training: training, judging: judging))
    }
    return entries
  }

  func folder(of run: RetrainRun) -> String { journal.file("runs/" + run.name) }
  func step(of run: RetrainRun) -> String { "trained-" + run.name }

  static let cutStep = "cut"

  /// Those that never began, as the journal knows them.
  func cutRuns(_ result: JSON?) -> [TrainedRun] { (result?.arrayValue ?? []).compactMap { TrainedRun($0) } }

  /// Marks runs that never begin: with one result for all, since each that is kept waits for the disk.
  private func keepCut(_ runs: [TrainedRun]) throws(TrainingError) {
    guard !runs.isEmpty else { return }
    for run in runs { tell("\(run.name): cut, since \(run.words)") }
    let all = cutRuns(journal.result(Retrain.cutStep)) + runs
    try journal.keep(.array(all.map(\.json)), of: Retrain.cutStep)
  }

  /// The step of its newest checkpoint; nil where it has none.
  private func lastStep(_ run: RetrainRun) -> Int? {
    (try? CheckpointStore.list(directory: folder(of: run)))?.last?.step
  }

  // MARK: Training

  /// Marks what cannot begin: where there is no champion, nobody can go on from one.
  func cutHeirs(_ runs: [RetrainRun], _ champion: RetrainChampion?) throws(TrainingError) {
    let trained = progress(runs).trained
    try keepCut(
      runs.filter { champion == nil && $0.mode != nil && trained[$0.name] == nil }.map { run in
        TrainedRun(
          name: run.name, state: .cut, words: "it is to begin with what the champion learned, and there is none yet",
          expected: 0, safe: 0, used: 0)
      })
  }

  /// Trains what fits, in the plan's order, and judges each run behind its training: what that took is known when the next is planned, and decides nothing
  /// but whether there is time for it. False where somebody asked for an end.
  func train(_ runs: [RetrainRun], _ data: RetrainData, _ champion: RetrainChampion?) throws(TrainingError) -> Bool {
    guard var rates = journal.result(Retrain.rates).flatMap({ RetrainRates($0) }) else {
      try makeSchedule(data, store: plan.settings.store)
      return try train(runs, data, champion)
    }
    while true {
      if stops { return false }
      let progress = self.progress(runs)
      if let run = runs.first(where: {
        progress.trained[$0.name]?.state == .trained && progress.judging[$0.name] == nil
      }) {
        guard try judge(run, data, champion, progress, rates) else { return false }
        continue
      }
      let waiting = runs.filter { progress.trained[$0.name] == nil }
      if waiting.isEmpty { return true }
      let entries = try self.entries(waiting, rates, progress)
      let schedule: DeadlinePlan
      do throws(TrainingError) {
        schedule = try DeadlinePlan(
          entries, seconds: countdown.left, reserve: progress.reserve(rates, opponentsAreKnown: opponents != nil))
      } catch {
        let reserve = rates.reserve(opponentsAreKnown: opponents != nil)
        if progress.judging.isEmpty,
          let again = try ratesAgain(waiting, store: plan.settings.store, data, entries, reserve)
        {
          rates = again
          continue
        }
        try cut(waiting, entries)
        return true
      }
      guard let next = schedule.kept.first ?? schedule.tried, let run = waiting.first(where: { $0.name == next.name })
      else {
        try cut(waiting, entries)
        return true
      }
      try meetOpponents(run, champion)
      let others = schedule.kept.dropFirst().reduce(0) { $0 + $1.cost.safe }
      // As long as nobody else's time is taken, and it may still be judged.
      let most =
        countdown.left - progress.reserve(rates, opponentsAreKnown: true).safe - others - next.judging.least
      guard try train(run, next.training, most: most, data, champion) else { return false }
    }
  }

  private func cut(_ runs: [RetrainRun], _ entries: [DeadlinePlan.Entry]) throws(TrainingError) {
    try keepCut(
      zip(runs, entries).map { run, entry in
        TrainedRun(
          name: run.name, state: .cut,
          words: "it may take \(DeadlinePlan.text(entry.cost.safe)), more than was left for it",
          expected: entry.cost.expected, safe: entry.cost.safe, used: 0)
      })
  }

  /// Trains one run, or the rest of it. most: seconds that it may take. False where somebody asked for an end.
  private func train(
    _ run: RetrainRun, _ cost: Cost, most: Double, _ data: RetrainData, _ champion: RetrainChampion?
  ) throws(TrainingError) -> Bool {
    let begin = MonotonicClock.seconds
    // Its pace is told by the seconds that it was at work, its end by those that went by, which a machine that slept has too.
    let usedBefore = countdown.used
    func result(_ state: TrainedRun.State, _ words: String, bestStep: Int? = nil, _ drift: [String] = []) -> JSON {
      TrainedRun(
        name: run.name, state: state, words: words, bestStep: bestStep, expected: cost.expected, safe: cost.safe,
        used: MonotonicClock.seconds - begin, drift: drift
      ).json
    }
    let trainer: Trainer
    do throws(TrainingError) {
      trainer = try self.trainer(run, champion)
    } catch {
      guard case .unhealthy = error else { throw error }
      try journal.keep(result(.failed, error.description), of: step(of: run))
      return true
    }
    tell(
      "\(run.name): \(trainer.startStep > 0 ? "goes on at step \(ConsoleSink.grouped(trainer.startStep)) of" : "trains") "
        + "\(ConsoleSink.grouped(run.configuration.wholeTimesteps)) steps, about \(DeadlinePlan.text(cost.expected))")
    let trial = record(run, trainer)
    var overran = false
    do throws(TrainingError) {
      let ending = try trainer.run {
        overran = countdown.used - usedBefore > most
        return overran || self.shouldStop()
      }
      if case .stopped(let step) = ending {
        guard overran else { return false }
        let words =
          "it took longer than the \(DeadlinePlan.text(most)) that were kept for it and was stopped at step \(ConsoleSink.grouped(step))"
        tell("\(run.name): cut, since \(words)")
        try journal.keep(result(.cut, words), of: self.step(of: run))
        return true
      }
    } catch {
      switch error {
      case .diverged, .unhealthy:
        tell("\(run.name): failed: \(error)")
        try journal.keep(result(.failed, error.description), of: step(of: run))
        return true
      default: throw error
      }
    }
    if let step = trainer.bestStep, let choice = trial?.earlyStop(atStep: step) { record(choice, again: true) }
    let drift = self.drift(trainer, champion)
    tell(
      "\(run.name): trained in \(DeadlinePlan.text(MonotonicClock.seconds - begin)), best on the selection window at step "
        + "\(trainer.bestStep.map(ConsoleSink.grouped) ?? "none")")
    try journal.keep(
      result(.trained, trainer.parameterDigest, bestStep: trainer.bestStep, drift), of: step(of: run))
    return true
  }

  private func trainer(_ run: RetrainRun, _ champion: RetrainChampion?) throws(TrainingError) -> Trainer {
    let configuration = run.configuration
    let place = folder(of: run)
    let factory = try EnvironmentFactory(configuration)
    if lastStep(run) != nil {
      let directory = try RunDirectory.open(run: place, locks: true)
      let point = try ResumePoint.find(in: directory, from: nil)
      return try Trainer(
        resuming: point.checkpoint, from: point.path, leavingBehind: point.later, configuration: configuration,
        factory: factory, in: directory)
    }
    try Trainer.requireLearning(configuration, factory)
    let warmStart = try beginning(of: run, champion)
    if let warmStart { try Trainer.requireFit(warmStart, configuration, factory) }
    let directory = try RunStart.makeFolder(
      ConfigurationLayers(configuration), factory: factory, run: place,
      command: ["strikeforge", "retrain", path])
    return try Trainer(starting: configuration, factory: factory, in: directory, warmStart: warmStart)
  }

  // MARK: Ledger and drift

  /// Of the ledger beside the store, before anything of it is seen.
  private func record(_ run: RetrainRun, _ trainer: Trainer) -> Trial? {
    guard
      let trial = Trial(
        training: trainer.configuration, store: trainer.factory.market?.contentHash, run: trainer.directory.name,
        beginning: trainer.beginning)
    else { return nil }
    // Always looked for first: who was killed behind it has written it down.
    record(trial, again: true)
    return trial
  }

  private func record(_ trial: Trial, again: Bool) {
    guard let reason = TrialsLedger.record(trial, beside: plan.settings.store, again: again) else { return }
    let sentence =
      "A trial (\(trial.kind.rawValue)) is not in the ledger \(TrialsLedger.path(ofStore: plan.settings.store)), and is not counted: \(reason)."
    tell("warning: \(sentence)")
    if !caveats.contains(sentence) { caveats.append(sentence) }
  }

  /// What this run sees beside what the champion was scaled by.
  private func drift(_ trainer: Trainer, _ champion: RetrainChampion?) -> [String] {
    if let drift = trainer.drift {
      return drift.lines(than: "the champion", more: " (all stand in the run's init-from.json)")
    }
    guard let scaling = champion?.bundle.policy.network?.normalizer else { return [] }
    let names = trainer.factory.spaces.observations.columns.map(\.name)
    guard names.count == scaling.mean.count, names.count == scaling.variance.count else { return [] }
    let old = Dictionary(
      names.indices.map { (names[$0], (mean: scaling.mean[$0], variance: scaling.variance[$0])) },
      uniquingKeysWith: { $1 })
    guard let lanes = try? trainer.factory.trainingLanes(count: 16),
      let drift = try? ObservationDrift(
        environment: lanes, policy: trainer.policy, old: old, steps: 256,
        seed: UInt64(trainer.configuration.run.seed))
    else { return [] }
    return drift.lines(than: "the champion", more: "")
  }
}
