// Evaluates a run's policy in its deployed form, on a window that training never saw.

private import AgentInterface
private import Algorithms
private import Environments
private import Evaluation
package import Inference
private import Market
package import Storage

/// What an evaluation of a run gives: a report as text and JSON, and what a server can be fed with to decide the same.
package struct RunEvaluation {
  package let text: String
  package let json: JSON
  /// The same for people: one file each, complete in itself.
  package let markdown: String
  package let html: String
  /// One JSON line a decision of the greedy run, as `strikeforge-serve once` reads them.
  package let observationLines: String
  /// The greedy run's actions, in the same order.
  package let actions: [Int]
  /// The greedy and the stochastic run step by step; nil where they were not asked for.
  package let rollouts: RolloutFile?
}

package enum RunEvaluator {
  /// Steps over all lanes by which a planted market judges.
  package static let plantedSteps = 200_000
  private static let plantedLanes = 64
  private static let plantedObservationSteps = 256

  /// Plays a window that training does not see. `bundle` decides: the very form that is exported.
  package static func evaluate(
    _ bundle: PolicyBundle, of trained: TrainedPolicy, window: Window, factory: EnvironmentFactory, seed: UInt64,
    recordsRollouts: Bool = false
  ) throws(TrainingError) -> RunEvaluation {
    precondition(window != .training, "the training window proves nothing")
    do {
      return factory.isMarket
        ? try market(bundle, trained, window, factory, seed, recordsRollouts)
        : try planted(bundle, trained, window, factory, seed, recordsRollouts)
    } catch let error as TrainingError {
      throw error
    } catch let error as DecisionError {
      throw .decision(error)
    } catch {
      throw .refused("the window could not be played: \(error)")
    }
  }

  private static func market(
    _ bundle: PolicyBundle, _ trained: TrainedPolicy, _ window: Window, _ factory: EnvironmentFactory, _ seed: UInt64,
    _ recordsRollouts: Bool
  ) throws -> RunEvaluation {
    guard let market = factory.market else { preconditionFailure("no market") }
    guard factory.bars(of: window, in: market.tape).count >= 2 else {
      throw TrainingError.configuration(
        .conflict(
          "the \(window.rawValue) window holds no bars of the data, which ends on "
            + "\(market.tape.dates.last?.description ?? "no date"); import later bars or change the section split and train anew"
        ))
    }
    let environment = try factory.walk(window)
    let records = try EvaluationRecords(policy: bundle.policy, environment: environment, seed: seed)
    let context = EvaluationContext(
      run: trained.runName,
      policy: "\(trained.sourcePath), step \(trained.step), parameters \(trained.digest.prefix(16))",
      algorithm: trained.configuration.algorithm.rawValue, environment: trained.configuration.world.name,
      symbols: market.tape.symbols, dataFingerprint: market.contentHash,
      windowName: window == .heldOut ? "held out" : "selection",
      split: Window.allCases.map { one in
        let dates = factory.dates(of: one)
        return .init(one.rawValue, "\(dates.from) to \(dates.until)")
      },
      allowances: market.qualityReport.allowances.map { .init(finding: $0.name, reason: $0.reason) },
      execution: EvaluationContext.execution(trained.configuration.world.trading),
      notes: window == .selection
        ? ["The best checkpoint was chosen on this very window: these figures prove nothing."] : [],
      provenance: provenance(trained))
    let report = EvaluationReport(context: context, seed: seed, records: records)
    let document = report.document
    return RunEvaluation(
      text: report.text, json: report.json, markdown: document.markdown, html: document.html,
      observationLines: try ObservationLines.text(
        records.greedy, actionCount: bundle.policy.spec.actions, includesMask: bundle.policy.requiresMask),
      actions: records.greedy.actions,
      rollouts: recordsRollouts
        ? RolloutFile(
          attributes: rolloutAttributes(trained, bundle, window, factory, seed),
          columns: RolloutRecorder.columns(
            [(false, records.greedy), (true, records.stochastic)], actionCount: bundle.policy.spec.actions)) : nil)
  }

  private static func planted(
    _ bundle: PolicyBundle, _ trained: TrainedPolicy, _ window: Window, _ factory: EnvironmentFactory, _ seed: UInt64,
    _ recordsRollouts: Bool
  ) throws -> RunEvaluation {
    let environment = factory.planted(laneCount: plantedLanes)
    let isEpisodic = environment.playsDays
    var report = try PlantedReport(
      policy: bundle.policy,
      policyName: "\(trained.sourcePath), step \(trained.step), parameters \(trained.digest.prefix(16))",
      environment: environment, environmentName: trained.configuration.world.name,
      optimum: isEpisodic ? environment.optimumPerEpisode : environment.optimumPerStep,
      unit: isEpisodic ? .episode : .step, steps: plantedSteps, seed: WindowSeed.seed(seed, window))
    report.provenance = provenance(trained)
    let document = report.document
    let greedy = try plantedWalk(bundle.policy, .greedy, factory, seed: WindowSeed.seed(seed, window))
    var rollouts: RolloutFile?
    if recordsRollouts {
      let stochastic = try plantedWalk(
        bundle.policy, .stochastic(seed: seed), factory, seed: WindowSeed.seed(seed, window))
      rollouts = RolloutFile(
        attributes: rolloutAttributes(trained, bundle, window, factory, seed),
        columns: RolloutRecorder.columns([(false, greedy.steps), (true, stochastic.steps)]))
    }
    return RunEvaluation(
      text: report.text, json: report.json, markdown: document.markdown, html: document.html,
      observationLines: greedy.lines, actions: greedy.actions, rollouts: rollouts)
  }

  /// One lane's walk through a planted market.
  private static func plantedWalk(
    _ policy: InferencePolicy, _ mode: PolicyDecider.Mode, _ factory: EnvironmentFactory, seed: UInt64
  ) throws -> LaneWalk {
    try LaneWalk(
      factory.planted(laneCount: 1), decider: PolicyDecider(policy, mode: mode), steps: plantedObservationSteps,
      seed: seed, includesMask: policy.requiresMask)
  }

  private static func provenance(_ trained: TrainedPolicy) -> [EvaluationContext.Line] {
    [
      .init("parameters, SHA-256", trained.digest), .init("step", "\(trained.step)"),
      .init("seed of the training", "\(trained.configuration.run.seed)"),
      .init("program", "strikeforge \(BuildInformation.version), source revision \(BuildInformation.revision)"),
    ]
  }

  /// Where rollouts come from, as texts.
  private static func rolloutAttributes(
    _ trained: TrainedPolicy, _ bundle: PolicyBundle, _ window: Window, _ factory: EnvironmentFactory, _ seed: UInt64
  ) -> [String: String] {
    let dates = factory.dates(of: window)
    return [
      "run": trained.runName,
      "policy": trained.sourcePath,
      "policy_step": "\(trained.step)",
      "parameters_sha256": trained.digest,
      "algorithm": trained.configuration.algorithm.rawValue,
      "environment": trained.configuration.world.name,
      "configuration": trained.configuration.json.text,
      "observation_columns": bundle.manifest.observationSpace.json.text,
      "action_names": JSON.array(bundle.manifest.actionSpace.names.map(JSON.string)).text,
      "window": factory.isMarket ? window.rawValue : "fresh streams",
      "window_dates": factory.isMarket ? "\(dates.from) to \(dates.until)" : "",
      "data_fingerprint": trained.dataFingerprint,
      "symbols": JSON.array((factory.market?.tape.symbols ?? []).map(JSON.string)).text,
      "seed": "\(seed)",
      "strikeforge": BuildInformation.version,
      "source_revision": BuildInformation.revision,
    ]
  }
}
