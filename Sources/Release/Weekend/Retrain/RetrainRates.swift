// What things cost on this machine today: measured, by shape, before anything is promised.

private import Algorithms
private import Configuration
private import Evaluation
private import Glibc
private import Inference
private import Storage
import Text
import Training

/// Seconds, of one shape of training.
struct ShapeRate: Sendable, Equatable {
  /// Of each rollout that was tried, learning included.
  var rollouts: [Double]
  /// Until the first rollout, with the first checkpoint.
  var start: Double
  /// Of one look at the selection window, and of one checkpoint.
  var look: Double
  var save: Double
  /// Of each trial of a judgement, with its part of the comparison of the deployed form.
  var judgements: [Double]
  /// So many trials' sessions the report window has.
  var judgementShare: Double

  init(
    rollouts: [Double], start: Double, look: Double, save: Double, judgements: [Double], judgementShare: Double = 1
  ) {
    (self.rollouts, self.start, self.look, self.save, self.judgements) = (rollouts, start, look, save, judgements)
    self.judgementShare = judgementShare
  }

  init?(_ json: JSON) {
    let rollouts = (json["rollout_seconds"]?.arrayValue ?? []).compactMap(\.doubleValue)
    let judgements = (json["judgement_seconds"]?.arrayValue ?? []).compactMap(\.doubleValue)
    // Trials were as long as the window before there was a share.
    let share = json["judgement_share"]?.doubleValue ?? 1
    guard !rollouts.isEmpty, !judgements.isEmpty, share > 0, let start = json["start_seconds"]?.doubleValue,
      let look = json["look_seconds"]?.doubleValue, let save = json["save_seconds"]?.doubleValue,
      (rollouts + judgements + [start, look, save]).allSatisfy({ $0 >= 0 })
    else { return nil }
    self.init(
      rollouts: rollouts, start: start, look: look, save: save, judgements: judgements, judgementShare: share)
  }

  var json: JSON {
    [
      "rollout_seconds": .array(rollouts.map(JSON.number)), "start_seconds": .number(start),
      "look_seconds": .number(look), "save_seconds": .number(save),
      "judgement_seconds": .array(judgements.map(JSON.number)), "judgement_share": .number(judgementShare),
    ]
  }

  /// Of a run that has made so many of its steps.
  func cost(_ run: RetrainRun, stepsDone: Int) -> Cost {
    let configuration = run.configuration
    let steps = max(0, configuration.wholeTimesteps - stepsDone)
    let rollouts = Double(steps) / Double(configuration.stepsPerRollout)
    let cost = Cost(of: rollouts, secondsPerUnit: self.rollouts)
    let fixed =
      start + look * Double(1 + steps / configuration.run.evaluationInterval)
      + save * Double(2 + steps / configuration.run.checkpointInterval)
    return cost + Cost(expected: fixed, safe: 1.25 * fixed)
  }

  /// paces: of the judgements that are done, which know more than trials on another window did: seconds an expected second.
  func judgementCost(paces: [Double] = []) -> Cost {
    let cost = Cost(of: judgementShare, secondsPerUnit: judgements)
    guard !paces.isEmpty else { return cost }
    // Of a judgement that is so many trials long.
    let mean = ReturnStatistics.mean(judgements) ?? 0
    let deviation = ReturnStatistics.standardDeviation(judgements) ?? mean / 5
    return Cost(
      of: 1, secondsPerUnit: paces.map { $0 * cost.expected },
      scatter: mean > 0 ? deviation / mean / max(1, judgementShare).squareRoot() : 0.2)
  }
}

/// Rates of every shape, and of what is done once.
struct RetrainRates: Sendable, Equatable {
  /// How often what follows training is tried, so that its scatter is known.
  static let trials = 3
  /// How often a judgement is tried: more often where a trial is a small part of it, since what holds one up for a moment would be taken as many times.
  static func judgementTrials(share: Double) -> Int { Int(min(12, max(Double(trials), (share / 2).rounded(.up)))) }
  /// Files that are flushed, the page, the copy to where it serves.
  fileprivate static let secondsToPublish = 0.2

  var shapes: [String: ShapeRate]
  /// Champion and baselines over the report window: of each trial.
  var opponents: [Double]
  /// What the gate compares of one candidate.
  var gate: [Double]
  /// What there is about a publication besides two walks as of a judgement: its export, the page, files that are flushed.
  var publication: [Double]

  init(shapes: [String: ShapeRate], opponents: [Double], gate: [Double], publication: [Double]) {
    self.shapes = shapes
    (self.opponents, self.gate, self.publication) = (opponents, gate, publication)
  }

  init?(_ json: JSON) {
    guard let members = json["shapes"]?.objectValue else { return nil }
    func trials(_ name: String) -> [Double] { (json[name]?.arrayValue ?? []).compactMap(\.doubleValue) }
    let lists = [trials("opponents_seconds"), trials("gate_seconds"), trials("publication_seconds")]
    guard lists.allSatisfy({ !$0.isEmpty && $0.allSatisfy { $0 >= 0 } }) else { return nil }
    let shapes = members.compactMapValues { ShapeRate($0) }
    guard !shapes.isEmpty, shapes.count == members.count else { return nil }
    self.init(shapes: shapes, opponents: lists[0], gate: lists[1], publication: lists[2])
  }

  var json: JSON {
    [
      "shapes": .object(shapes.mapValues(\.json)), "opponents_seconds": .array(opponents.map(JSON.number)),
      "gate_seconds": .array(gate.map(JSON.number)), "publication_seconds": .array(publication.map(JSON.number)),
    ]
  }

  /// Those of further shapes too; of what is done once, whichever may take longer.
  func joined(_ other: RetrainRates) -> RetrainRates {
    func longer(_ one: [Double], _ two: [Double]) -> [Double] {
      Cost(of: 1, secondsPerUnit: one).safe >= Cost(of: 1, secondsPerUnit: two).safe ? one : two
    }
    return RetrainRates(
      shapes: shapes.merging(other.shapes) { $1 }, opponents: longer(opponents, other.opponents),
      gate: longer(gate, other.gate), publication: longer(publication, other.publication))
  }

  /// What must come behind training, whoever is trained: opponents, and the report and publication of the winner, which may be of the slowest shape.
  /// paces: as of `ShapeRate.judgementCost`.
  func reserve(opponentsAreKnown: Bool, paces: [Double] = []) -> Cost {
    let walk =
      shapes.values.map { $0.judgementCost(paces: paces) }.max { $0.safe < $1.safe } ?? Cost(expected: 0, safe: 0)
    let parts = [Cost(of: 1, secondsPerUnit: publication), walk, walk]
    return (opponentsAreKnown ? parts : parts + [Cost(of: 1, secondsPerUnit: opponents)])
      .reduce(Cost(expected: 0, safe: 0)) { $0 + $1 }
  }

  var gateCost: Cost { Cost(of: 1, secondsPerUnit: gate) }
}

extension Retrain {
  /// Trains each distinct shape for a few seconds, and judges what comes of it on the selection window: nothing is learned of it, and nothing of it is kept.
  func measure(_ runs: [RetrainRun], store: String, _ data: RetrainData, in folder: String) throws(TrainingError)
    -> RetrainRates
  {
    var rates: RetrainRates?
    for run in runs where rates?.shapes[run.shape] == nil {
      var configuration = run.configuration
      configuration.world.store = store
      let place = FileSystem.join(folder, "calibration-" + run.shape)
      try? removeRun(place)
      defer { try? removeRun(place) }
      let found = try measure(configuration, shape: run.shape, data, in: place)
      rates = rates.map { $0.joined(found) } ?? found
    }
    guard let rates else { throw .refused("\(path) has no candidate whose rate could be measured") }
    return rates
  }

  private func measure(
    _ configuration: RunConfiguration, shape: String, _ data: RetrainData, in place: String
  ) throws(TrainingError) -> RetrainRates {
    var trial = configuration
    // Long enough that no rollout is its last, and no look falls into it.
    trial.run.totalTimesteps = max(configuration.run.totalTimesteps, 20_000 * configuration.stepsPerRollout)
    (trial.run.checkpointInterval, trial.run.evaluationInterval) = (trial.run.totalTimesteps, trial.run.totalTimesteps)
    // What replays learns from the first rollout on, as it does for most of a run.
    let begins = "algorithm.learning_starts"
    if trial.setting(begins) != nil { try? trial.apply(assignment: "\(begins)=\(trial.stepsPerRollout)") }
    let begin = MonotonicClock.seconds
    let factory = try EnvironmentFactory(trial)
    let directory = try RunDirectory.create(run: place, prefix: "")
    let trainer = try Trainer(starting: trial, factory: factory, in: directory)
    var (start, last): (Double?, Double) = (nil, begin)
    var rollouts: [Double] = []
    let seconds = plan.settings.calibrationSeconds
    var policy = trainer.policy.deployed
    do throws(TrainingError) {
      _ = try trainer.run {
        let now = MonotonicClock.seconds
        if start == nil { start = now - begin } else { rollouts.append(now - last) }
        last = now
        return self.shouldStop() || rollouts.count >= 3 && now - begin >= seconds
      }
      policy = trainer.policy.deployed
    } catch {
      // That is told where it is trained; its rate is what there was of it.
      switch error {
      case .diverged, .unhealthy: break
      default: throw error
      }
    }
    if shouldStop() { throw stoppedMeasuring }
    let save = MonotonicClock.seconds - last
    let look = try timed { () throws(TrainingError) in
      _ = try SelectionScore.score(policy, factory: factory, seed: 0)
    }
    // Sessions of the report window cost what those of the selection window do.
    let share = Double(data.windows.report.sessions) / Double(data.windows.selection.sessions)
    let (checkpoint, path) = try TrainedPolicy.find(in: directory, choice: "latest")
    // With the champion, nothing held and each baseline, and what it earns more than the champion.
    let comparisons = Double(factory.baselines.count + 3)
    var (judgements, exports, opponents): ([Double], [Double], [Double]) = ([], [], [])
    var (gate, publication): ([Double], [Double]) = ([], [])
    for trial in 0..<RetrainRates.judgementTrials(share: share) {
      var account: JudgedRun?
      let judgement = try timed { () throws(TrainingError) in
        account = try JudgedRun(
          name: "", policy: policy, factory: factory, window: .selection, seed: UInt64(plan.settings.seed),
          shouldStop: shouldStop)
      }
      if account == nil { throw stoppedMeasuring }
      judgements.append(judgement)
      guard trial < RetrainRates.trials else { continue }
      let export = try timed { () throws(TrainingError) in
        _ = try PolicyExporter.bundle(
          try TrainedPolicy(checkpoint, path: path, factory: factory), factory: factory, includesCritic: false)
      }
      let walks = try timed { () throws(TrainingError) in
        _ = try Opponents(champion: policy, factory: factory, window: .selection, seed: UInt64(plan.settings.seed))
      }
      let comparison = try timed { () throws(TrainingError) in
        let returns = account?.account.returns ?? []
        let long = (0..<data.windows.report.sessions).map { returns.isEmpty ? 0 : returns[$0 % returns.count] }
        _ = SharpeComparison(policy: long, baseline: long.reversed(), seed: 0, lane: 0)
      }
      exports.append(export)
      opponents.append(walks * share)
      gate.append(comparison * comparisons)
      publication.append(export + RetrainRates.secondsToPublish)
    }
    let export = (ReturnStatistics.mean(exports) ?? 0) / share
    let rate = ShapeRate(
      rollouts: rollouts.isEmpty ? [last - begin] : rollouts, start: start ?? 0, look: look, save: save,
      judgements: judgements.map { $0 + export }, judgementShare: share)
    return RetrainRates(shapes: [shape: rate], opponents: opponents, gate: gate, publication: publication)
  }

  private var stoppedMeasuring: TrainingError {
    .busy("stopped while the rates of this machine were measured; the same command begins again")
  }

  private func timed(_ body: () throws(TrainingError) -> Void) throws(TrainingError) -> Double {
    let begin = MonotonicClock.seconds
    try body()
    return MonotonicClock.seconds - begin
  }

  func removeRun(_ path: String) throws(TrainingError) {
    guard access(path, F_OK) == 0 else { return }
    try storing { () throws(StorageError) in try AtomicFolder.remove(path) }
  }
}
