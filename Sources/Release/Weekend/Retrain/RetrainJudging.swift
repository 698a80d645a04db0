// Who was best: every trained run on the report window, and the rule that was written before.

private import Algorithms
private import Evaluation
import Inference
private import Storage
import Text
import Training

/// What a weekend decides, as it stands in its journal.
struct RetrainDecision: Sendable {
  enum Outcome: String, Sendable { case promote, challenge, keep }
  var outcome: Outcome
  /// The run that stands for the candidate; empty where nothing is published.
  var run: String
  var sentence: String
  var caveats: [String]
  /// How far the ledger went when it was decided.
  var ledgerLines: Int
  var trials: Int

  init(_ gate: GateDecision, ledger: TrialsLedger?) {
    func account(_ candidate: String) -> String {
      gate.judgements.first { $0.candidate == candidate }?.account ?? ""
    }
    switch gate.outcome {
    case .promote(let name): (outcome, run) = (.promote, account(name))
    case .challenge(let name): (outcome, run) = (.challenge, account(name))
    case .keep: (outcome, run) = (.keep, "")
    }
    (sentence, caveats) = (gate.sentence, gate.caveats)
    (ledgerLines, trials) = (ledger?.position.lines ?? 0, ledger?.count ?? 1)
  }

  init?(_ json: JSON) {
    guard let outcome = json["outcome"]?.stringValue.flatMap(Outcome.init(rawValue:)),
      let run = json["run"]?.stringValue, let sentence = json["sentence"]?.stringValue,
      let lines = json["ledger_lines"]?.integerValue, let trials = json["trials"]?.integerValue, trials >= 1
    else { return nil }
    (self.outcome, self.run, self.sentence) = (outcome, run, sentence)
    (ledgerLines, self.trials) = (lines, trials)
    caveats = (json["caveats"]?.arrayValue ?? []).compactMap(\.stringValue)
  }

  var json: JSON {
    [
      "outcome": .string(outcome.rawValue), "run": .string(run), "sentence": .string(sentence),
      "caveats": .array(caveats.map(JSON.string)), "ledger_lines": .integer(Int64(ledgerLines)),
      "trials": .integer(Int64(trials)),
    ]
  }
}

extension Retrain {
  private func step(judging run: RetrainRun) -> String { "judged-" + run.name }
  private static let opponents = "opponents"

  /// What those of these runs earned that were judged, by their names.
  func judged(_ runs: [RetrainRun]) -> [String: JudgedRun] {
    let results = journal.results(runs.map(step(judging:)))
    var found: [String: JudgedRun] = [:]
    for run in runs { found[run.name] = results[step(judging: run)].flatMap { JudgedRun($0) } }
    return found
  }

  var opponents: Opponents? { journal.result(Retrain.opponents).flatMap { Opponents($0) } }

  /// How far these runs have come.
  func progress(_ runs: [RetrainRun]) -> RetrainProgress {
    let results = journal.results(runs.flatMap { [step(of: $0), step(judging: $0)] } + [Retrain.cutStep])
    var progress = RetrainProgress()
    for run in cutRuns(results[Retrain.cutStep]) { progress.trained[run.name] = run }
    for run in runs {
      guard let done = results[step(of: run)].flatMap({ TrainedRun($0) }) else { continue }
      progress.trained[run.name] = done
      if done.state == .trained { progress.runs.append(run) }
      guard let judged = results[step(judging: run)], JudgedRun(judged) != nil else { continue }
      progress.judging[run.name] = judged["used_seconds"]?.doubleValue ?? 0
    }
    return progress
  }

  /// What the champion and the baselines earned on the report window: known before anything is trained. run: any, since all play by the same rules.
  func meetOpponents(_ run: RetrainRun, _ champion: RetrainChampion?) throws(TrainingError) {
    guard opponents == nil else { return }
    let found = try Opponents(
      champion: champion?.bundle.policy, factory: try EnvironmentFactory(run.configuration), window: .heldOut,
      seed: UInt64(plan.settings.seed))
    try journal.keep(found.json, of: Retrain.opponents)
  }

  /// Exports a run that was trained, and plays it on the report window, unless that takes what follows training its time: then the run is cut. False where
  /// somebody asked for an end.
  func judge(
    _ run: RetrainRun, _ data: RetrainData, _ champion: RetrainChampion?, _ progress: RetrainProgress,
    _ rates: RetrainRates
  ) throws(TrainingError) -> Bool {
    let begin = MonotonicClock.seconds
    let reserve = progress.reserve(rates, opponentsAreKnown: true).safe
    try data.windows.report.requireUnseen(
      by: [.init(name: run.name, until: run.configuration.split.selectionUntil)])
    try meetOpponents(run, champion)
    let (trained, factory, directory) = try policy(run)
    let bundle = try exported(trained, factory)
    let judged = try JudgedRun(
      name: run.name, policy: bundle.policy, factory: factory, window: .heldOut, seed: UInt64(plan.settings.seed)
    ) {
      self.stops || countdown.left < reserve
    }
    guard let judged else {
      if stops { return false }
      var cut = progress.trained[run.name]
      let words =
        "its judgement was stopped after \(DeadlinePlan.text(MonotonicClock.seconds - begin)): what follows training needs the rest"
      cut?.state = .cut
      cut?.words = words
      tell("\(run.name): cut, since \(words)")
      if let cut { try journal.keep(cut.json, of: step(of: run)) }
      return true
    }
    // Written down before anything of it is shown.
    let looks = TrialsLedger.record(
      Look(
        store: factory.market?.contentHash ?? "", window: Window.heldOut.rawValue, from: judged.from,
        until: judged.until, policy: judged.policy, run: run.name,
        algorithm: run.configuration.algorithm.rawValue, program: Trial.thisProgram, sharpe: judged.sharpe),
      beside: plan.settings.store)
    if let reason = looks.unrecorded {
      caveats.append("The look at \(run.name) is not in the ledger, and is not counted: \(reason).")
    }
    try PolicyExporter.write(bundle, to: directory.file(RegistryVersion.bundleName))
    var result = judged.json.objectValue ?? [:]
    result["used_seconds"] = .number(MonotonicClock.seconds - begin)
    try journal.keep(.object(result), of: step(judging: run))
    tell("\(run.name): judged over \(judged.account.returns.count) sessions")
    return true
  }

  /// The best checkpoint of a run.
  func policy(_ run: RetrainRun) throws(TrainingError) -> (TrainedPolicy, EnvironmentFactory, RunDirectory) {
    let directory = try RunDirectory.open(run: folder(of: run), locks: false)
    let (checkpoint, path) = try TrainedPolicy.find(in: directory, choice: nil)
    let factory = try EnvironmentFactory(
      try RunState.configuration(of: checkpoint, path: path, families: families))
    return (try TrainedPolicy(checkpoint, path: path, factory: factory), factory, directory)
  }

  /// After a round trip through its bytes: what is judged is what would be served.
  func exported(_ trained: TrainedPolicy, _ factory: EnvironmentFactory) throws(TrainingError) -> PolicyBundle {
    let bundle = try PolicyExporter.bundle(trained, factory: factory, includesCritic: false)
    do {
      return try PolicyBundle.decode(bundle.encode(), path: trained.sourcePath)
    } catch {
      throw .policy(error)
    }
  }

  /// What the gate says of candidates, each with the seeds that were trained. Asked once: the page tells what was decided.
  func gateDecision(_ runs: [RetrainRun]) -> GateDecision {
    if let gate { return gate }
    let judged = self.judged(runs)
    let candidates = plan.candidates.compactMap { candidate -> GateCandidate? in
      let seeds = runs.filter { $0.candidate == candidate.name }.compactMap { judged[$0.name]?.account }
      return seeds.isEmpty ? nil : GateCandidate(name: candidate.name, seeds: seeds)
    }
    let opponents = self.opponents
    let found = PromotionGate(seed: UInt64(plan.settings.seed)).decide(
      candidates, champion: opponents?.champion, baselines: opponents?.baselines ?? [])
    gate = found
    return found
  }

  func decide(_ runs: [RetrainRun], _ data: RetrainData, _ champion: RetrainChampion?) throws(TrainingError)
    -> RetrainDecision
  {
    let found = try journal.step("decision") { () throws(TrainingError) in
      RetrainDecision(gateDecision(runs), ledger: try? TrialsLedger.read(beside: plan.settings.store)).json
    }
    guard let decision = RetrainDecision(found) else {
      throw .incomplete(
        path: journal.file("decision.json"), what: "decision", remedy: "remove it, and the gate is asked again")
    }
    tell("decision: \(decision.sentence)")
    return decision
  }
}
