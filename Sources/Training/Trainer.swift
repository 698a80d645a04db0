// A run: collect, log, update, look, save, until done or asked to stop.

private import AgentInterface
package import Algorithms
private import Configuration
package import Environments
private import Glibc
package import Inference
private import Kernels
private import Networks
package import Storage
package import Text

/// Trains one configuration in one run folder. Between two rollouts the whole state can be saved; a run that was killed and resumed
/// equals one that never was, bit for bit.
package final class Trainer {
  /// How a call of `run` ended.
  package enum Ending: Equatable, Sendable {
    case finished
    /// Stopped on request after saving, at this step.
    case stopped(step: Int)
  }

  package let configuration: RunConfiguration
  package let factory: EnvironmentFactory
  package let directory: RunDirectory
  package let algorithm: any Algorithm
  package private(set) var startStep = 0
  package var step: Int { progress.step }
  package var bestStep: Int? { progress.bestStep >= 0 ? progress.bestStep : nil }
  package var bestScore: Double? { progress.bestStep >= 0 ? progress.bestScore : nil }

  /// Called with each new row, after the files have it.
  package var onRow: (MetricRow) throws(TrainingError) -> Void = { (_: MetricRow) throws(TrainingError) in }
  /// Called with each rollout after its last step and before anything is computed from it: where an experiment interferes.
  package var onGathered: ((Rollout) -> Void)? {
    get { collector.onGathered }
    set { collector.onGathered = newValue }
  }
  /// Called with sentences about saving and choosing.
  package var onEvent: (String) -> Void = { _ in } {
    didSet { saves.onEvent = onEvent }
  }

  /// What a person should know where fewer workers are at work than were wanted; nil where all are.
  package let workersNote: String?

  /// Where the transitions lie that are too many for memory.
  private let replayFile: FileTransitionStore?
  private let environment: any VectorEnvironment
  private let collector: Collector
  private let saves: RunSaves
  private let log: RunLog
  private var progress = Progress()

  /// Where the run's beginning comes from, by `WarmStart.attributes`; empty for a run from nothing.
  private let origin: [String: String]
  /// How far what a run with another one's beginning sees lies from what that one saw; nil where neither scales its observations.
  package private(set) var drift: ObservationDrift?

  /// A run that starts at step 0, in a folder made for it; `warmStart`: from what another run learned; `replay`: with what one lived through.
  package init(
    starting configuration: RunConfiguration, factory: EnvironmentFactory, in directory: RunDirectory,
    warmStart: WarmStart? = nil, replay: ReplaySource? = nil
  ) throws(TrainingError) {
    self.configuration = configuration
    self.factory = factory
    self.directory = directory
    let spec = try Trainer.requireTrainable(
      configuration, factory, folder: directory.path, rowsBefore: replay?.rows ?? 0)
    let store = try ReplayPlacement(configuration, spec, rowsBefore: replay?.rows ?? 0)?.makeStore(
      in: directory,
      attributes: ReplayPlacement.attributes(
        configuration, factory, run: directory.name))
    replayFile = store as? FileTransitionStore
    (environment, algorithm, collector, workersNote) = try Trainer.parts(
      configuration, factory, spec, kernels: configuration.run.kernels.chosen(for: spec), replay: store)
    let checkpoints = try RunSaves.store(configuration, directory)
    log = try RunLog(directory, configuration, resumeStep: nil)
    saves = RunSaves(directory, log: log, store: checkpoints)
    var origin = warmStart?.attributes ?? [:]
    if let replay { origin[ReplaySource.attribute] = "\(replay.path) \(replay.digest)" }
    self.origin = origin
    if let replay, let learner = algorithm as? any ReplayingAlgorithm { try replay.begin(learner) }
    collector.begin(seed: UInt64(configuration.run.seed))
    guard let warmStart else { return }
    let state = warmStart.adopted(
      into: algorithm.snapshot(), of: algorithm, environment: environment,
      stepsPerRollout: configuration.stepsPerRollout)
    do {
      try algorithm.restore(state)
    } catch {
      throw .restore(path: warmStart.path, error)
    }
    drift = try measureDrift(warmStart)
    try directory.write(warmStart.json(drift: drift).prettyText + "\n", to: "init-from.json")
    // Once more, so that the first observations are scaled as the others.
    collector.begin(seed: UInt64(configuration.run.seed))
    if let (ranges, columns) = warmStart.seen(by: factory.spaces) { collector.record?.join(ranges, columns: columns) }
  }

  private func measureDrift(_ warmStart: WarmStart) throws(TrainingError) -> ObservationDrift? {
    let old = warmStart.observationStatistics
    guard !old.isEmpty else { return nil }
    return try ObservationDrift(
      environment: factory.trainingLanes(count: 16), policy: policy, old: old, steps: 256,
      seed: UInt64(configuration.run.seed))
  }

  /// A run that continues where `checkpoint` left it. `later`: the checkpoints that it leaves behind; they are set aside once everything is
  /// restored, and before the log is cut back, so that a kill at any moment leaves a folder that a plain resume understands.
  package init(
    resuming checkpoint: Checkpoint, from path: String, leavingBehind later: [CheckpointStore.Entry] = [],
    configuration: RunConfiguration, factory: EnvironmentFactory, in directory: RunDirectory
  ) throws(TrainingError) {
    self.configuration = configuration
    self.factory = factory
    self.directory = directory
    origin = checkpoint.attributes.filter {
      WarmStart.attributes.contains($0.key) || $0.key == ReplaySource.attribute
    }
    let state = RunState.gather(checkpoint)
    let rowsBefore = Int(clamping: state.integers["progress/rows_before"]?.first ?? 0)
    guard (0...1 << 40).contains(rowsBefore) else {
      throw .restore(path: path, .invalid(name: "progress/rows_before", reason: "\(rowsBefore) is no number of rows"))
    }
    let spec = try Trainer.requireTrainable(configuration, factory, folder: nil, rowsBefore: rowsBefore)
    try RunState.requireSameData(checkpoint, factory: factory, path: path)
    try RunState.requireSameSpaces(checkpoint, spaces: factory.spaces, path: path)
    let placement = ReplayPlacement(configuration, spec, rowsBefore: rowsBefore)
    replayFile = try placement?.openStore(
      in: directory, for: state.part(below: DQN.replayPrefix),
      attributes: ReplayPlacement.attributes(configuration, factory, run: directory.name))
    var store: (any TransitionStore)? = replayFile
    if store == nil { store = try placement?.makeStore(in: directory, attributes: [:]) }
    (environment, algorithm, collector, workersNote) = try Trainer.parts(
      configuration, factory, spec, kernels: RunState.kernels(of: checkpoint, configuration).chosen(for: spec),
      replay: store)
    let checkpoints = try RunSaves.store(configuration, directory)
    do {
      progress = try Progress(state, of: configuration)
      // The lanes' own memory first, so that what is not saved of an environment does not exist.
      environment.reset(seed: UInt64(configuration.run.seed), into: algorithm.rollout.resetBuffers)
      try environment.restore(checkpoint.groups["environment"] ?? StateRecord())
      try algorithm.restore(state)
      try collector.restore(checkpoint.groups["episodes"] ?? StateRecord())
      if checkpoint.attributes[RunState.observedAttribute] == nil {
        collector.forgoRecord()
      } else {
        try collector.record?.restore(checkpoint.groups[ObservationRecord.group] ?? StateRecord())
      }
    } catch {
      throw .restore(path: path, error)
    }
    startStep = progress.step
    do {
      try checkpoints.setAside(later)
      try checkpoints.removeOld(upTo: progress.step)
    } catch {
      throw .storage(error)
    }
    log = try RunLog(directory, configuration, resumeStep: progress.step)
    saves = RunSaves(directory, log: log, store: checkpoints)
  }

  /// Trains until `wholeTimesteps`, or until `shouldStop` says so between two rollouts; saves at the end in both cases.
  package func run(shouldStop: () -> Bool = { false }) throws(TrainingError) -> Ending {
    do throws(TrainingError) {
      return try train(shouldStop: shouldStop)
    } catch {
      // What was begun to be saved is saved, whatever ended the run; of two failures the first is told.
      try? saves.heed(waits: true)
      throw error
    }
  }

  private func train(shouldStop: () -> Bool) throws(TrainingError) -> Ending {
    let pace = Pace(configuration)
    let total = pace.total
    if progress.step == 0 {
      try heedHealth(rolloutStart: 0)
      // Before the first row: a run without a checkpoint has none.
      try save(waits: true)
    }
    let runStart = MonotonicClock.seconds
    while progress.step < total {
      let before = MonotonicClock.seconds
      collector.collect()
      try requireReplay()
      try heedHealth(rolloutStart: progress.step)
      let collected = MonotonicClock.seconds
      progress.step += pace.stepsPerRollout
      progress.iteration += 1
      let previous = progress.step - pace.stepsPerRollout
      if pace.showsRow(progress.iteration) {
        try write(row(elapsed: collected - runStart, rolloutSeconds: collected - before))
        progress.carried = [:]
      }

      let remaining = max(0, 1 - Double(progress.step) / Double(total))
      let statistics = algorithm.update(progressRemaining: remaining)
      try requireReplay()
      try heedHealth(rolloutStart: previous)
      algorithm.startNextRollout()
      for name in Trainer.watched where configuration.health.nonFinite == .off {
        guard let value = statistics[name], !value.isFinite else { continue }
        throw .diverged(what: name, step: progress.step)
      }
      if pace.showsRow(progress.iteration + 1) {
        for (name, value) in statistics.values { progress.carried[name] = value }
        progress.carried["time/sps_update"] =
          Double(pace.stepsPerRollout) / max(1e-9, MonotonicClock.seconds - collected)
      }

      let isLast = progress.step >= total
      let looks = isLast || crosses(configuration.run.evaluationInterval, from: previous)
      let best = looks ? try lookAtSelection() : nil
      let stops = !isLast && shouldStop()
      let isKept = isLast || stops || crosses(configuration.run.checkpointInterval, from: previous)
      if isKept || best != nil { try save(best: best, isKept: isKept, waits: isLast || stops) }
      try saves.heed(waits: false)
      if stops { return .stopped(step: progress.step) }
    }
    return .finished
  }

  /// The policy as it stands, in the form that is deployed.
  package var policy: InferencePolicy {
    InferencePolicy(
      spec: algorithm.spec, parameters: algorithm.parameters.values.array,
      normalizer: algorithm.observationNormalizer, requiresMask: algorithm.isMasked)
  }

  /// What the run began with, in words that are the same after a resume; nil where it began with nothing.
  package var beginning: String? {
    origin.isEmpty ? nil : origin.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
  }

  /// What was seen of each column; nil where the run began before that was written down.
  package var trainingRanges: TrainingRanges? { collector.record?.ranges }

  /// SHA-256 of the parameters' bytes, to compare runs by.
  package var parameterDigest: String { Trainer.digest(algorithm.parameters.values.array) }

  // MARK: Parts

  /// What the last bits of the run's numbers depend on: the kernels that do its arithmetic here.
  package var kernels: String {
    algorithm.deviceFamily.kernelName(for: algorithm.spec, algorithm.kernels, algorithm.bfloat16)
  }

  /// Numbers of an update that end the run where they are not finite.
  private static let watched = ["train/loss", "train/grad_norm"]

  // MARK: Health

  /// Records what the learner's health found since the last call, and throws where it ends the run.
  private func heedHealth(rolloutStart: Int) throws(TrainingError) {
    for incident in algorithm.health.drain() {
      let step = rolloutStart + (incident.stepsOfRollout ?? algorithm.rollout.horizon) * configuration.world.lanes
      let recording = record(incident, step: step)
      let place = "update \(progress.iteration + (incident.stepsOfRollout == nil ? 0 : 1)), \(incident.place)"
      guard incident.response != .stop else {
        throw .unhealthy(finding: incident.finding, place: place, step: step, recording: recording)
      }
      let more =
        switch recording {
        case .success(let path): "`strikeforge replay-update \(CommandText.quoted(path))` shows more"
        case .failure(let error): "it could not be recorded: \(error)"
        }
      onEvent("warning: at step \(step) \(incident.finding) (\(place)); \(more); this is said once")
    }
  }

  private func record(_ incident: Incident, step: Int) -> Result<String, StorageError> {
    let path = directory.file(IncidentFile.name(incident, step: step))
    let attributes = [
      RunState.configurationAttribute: configuration.json.text,
      RunState.spacesAttribute: Trainer.spaces(factory.spaces).text, "run": directory.name, "step": "\(step)",
      "source_revision": BuildInformation.revision,
    ]
    do throws(StorageError) {
      try IncidentFile.write(incident, attributes: attributes, to: path, in: directory.held)
      return .success(path)
    } catch {
      return .failure(error)
    }
  }

  /// No checkpoint is written that nobody could resume.
  private func requireSoundState() throws(TrainingError) {
    guard algorithm.noticeUnsoundState() else { return }
    try heedHealth(rolloutStart: progress.step - configuration.stepsPerRollout)
    throw .diverged(what: "a parameter", step: progress.step)
  }

  // MARK: Logging, choosing, saving

  private func row(elapsed: Double, rolloutSeconds: Double) -> MetricRow {
    var row = MetricRow(step: progress.step)
    for (name, value) in progress.carried { row[name] = value }
    row["rollout/ep_rew_mean"] = collector.meanReturn
    row["rollout/ep_len_mean"] = collector.meanLength
    row["rollout/illegal_attempts"] = Double(environment.drainIllegalAttempts())
    row["time/total_timesteps"] = Double(progress.step)
    row["time/iterations"] = Double(progress.iteration)
    row["time/time_elapsed"] = elapsed
    row["time/fps"] = Double(progress.step - startStep) / max(1e-9, elapsed)
    row["time/sps_rollout"] = Double(configuration.stepsPerRollout) / max(1e-9, rolloutSeconds)
    return row
  }

  private func write(_ row: MetricRow) throws(TrainingError) {
    try log.write(row)
    try onRow(row)
  }

  private func crosses(_ interval: Int, from previous: Int) -> Bool {
    previous / interval != progress.step / interval
  }

  /// Scores the deployed form on the selection window; a sentence where it is strictly the best so far, and nil where it is not. Nothing else chooses.
  private func lookAtSelection() throws(TrainingError) -> String? {
    try requireSoundState()
    let score = try SelectionScore.score(policy.deployed, factory: factory, seed: UInt64(configuration.run.seed))
    progress.carried["eval/mean_reward"] = score.meanReward
    progress.carried["eval/mean_ep_length"] = score.meanLength
    guard score.meanReward > progress.bestScore else { return nil }
    progress.bestScore = score.meanReward
    progress.bestStep = progress.step
    return "best so far on the selection window at step \(progress.step): \(ConsoleSink.short(score.meanReward))"
  }

  /// Ends the run where its replay file could not be read or written.
  private func requireReplay() throws(TrainingError) {
    if let failure = replayFile?.failure { throw .storage(failure) }
  }

  /// `best`: what is said of it where it is the best so far; `isKept`: as a checkpoint of its step; `waits`: see `RunSaves.save`.
  private func save(best: String? = nil, isKept: Bool = true, waits: Bool) throws(TrainingError) {
    try requireSoundState()
    // Before the copy: no two of them are in memory at once.
    try saves.heed(waits: true)
    // What it says of the replay file is on the disk before it says so; and a run with such a file waits, since rows are kept only as long as the
    // checkpoints that are there may draw from them.
    let checkpoint = checkpoint()
    try requireReplay()
    try saves.save(
      checkpoint, step: progress.step, best: best, isKept: isKept, waits: waits || replayFile != nil)
  }

  /// The whole state, between two rollouts.
  package func checkpoint() -> Checkpoint {
    var checkpoint = Checkpoint(attributes: [
      RunState.formatAttribute: RunState.format,
      RunState.configurationAttribute: configuration.json.text,
      RunState.spacesAttribute: Trainer.spaces(factory.spaces).text,
      RunState.factorsAttribute: ActionSpace.json(environment.actionSpace.factors).text,
      "run": directory.name,
      "created": UTCTime.now(),
      "algorithm": configuration.algorithm.rawValue,
      "environment": configuration.environment.name,
      "seed": "\(configuration.run.seed)",
      "data_fingerprint": factory.market?.contentHash ?? "",
      "source_revision": BuildInformation.revision,
      RunState.kernelsAttribute: kernels,
      RunState.precisionAttribute: MatrixKernels.precision(configuration.run),
      "optimizer": type(of: algorithm.optimizer).name,
      "network_spec": algorithm.spec.json.text,
      "network_layout": algorithm.parameters.layout.json.text,
    ])
    checkpoint.attributes.merge(origin) { $1 }
    RunState.add(algorithm.snapshot(), to: &checkpoint)
    RunState.add(progress.snapshot(), to: &checkpoint)
    checkpoint.groups["environment"] = environment.snapshot()
    checkpoint.groups["episodes"] = collector.snapshot()
    if let record = collector.record {
      checkpoint.attributes[RunState.observedAttribute] = RunState.observedSinceStart
      checkpoint.groups[ObservationRecord.group] = record.snapshot()
    }
    return checkpoint
  }
}

/// What every iteration asks the configuration for, looked up once: its settings are found by name.
private struct Pace {
  let total: Int
  let stepsPerRollout: Int
  private let logInterval: Int

  init(_ configuration: RunConfiguration) {
    total = configuration.wholeTimesteps
    stepsPerRollout = configuration.stepsPerRollout
    logInterval = configuration.learner.logInterval
  }

  /// Whether the rollout of that number gets a row: some, and the last.
  func showsRow(_ iteration: Int) -> Bool { iteration % logInterval == 0 || iteration * stepsPerRollout >= total }
}
