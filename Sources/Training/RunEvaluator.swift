// Evaluates a run's policy in its deployed form, on a window that training never saw.

private import AgentInterface
private import Algorithms
private import Environments
private import Evaluation
package import Inference
private import Market

/// What an evaluation of a run gives: a report as text and JSON, and what a server can be fed with to decide the same.
package struct RunEvaluation {
  package let text: String
  package let json: JSON
  /// One JSON line a decision of the greedy run, as `strikeforge-serve once` reads them.
  package let observationLines: String
  /// The greedy run's actions, in the same order.
  package let actions: [Int]
}

package enum RunEvaluator {
  /// Steps over all lanes by which a planted market judges.
  package static let plantedSteps = 200_000
  private static let plantedLanes = 64
  private static let plantedObservationSteps = 256

  /// Plays a window that training does not see. `bundle` decides: the very form that is exported.
  package static func evaluate(
    _ bundle: PolicyBundle, of trained: TrainedPolicy, window: Window, factory: EnvironmentFactory, seed: UInt64
  ) throws(TrainingError) -> RunEvaluation {
    precondition(window != .training, "the training window proves nothing")
    do {
      return factory.isMarket
        ? try market(bundle, trained, window, factory, seed)
        : try planted(bundle, trained, window, factory, seed)
    } catch let error as TrainingError {
      throw error
    } catch let error as DecisionError {
      throw .decision(error)
    } catch {
      throw .refused("the window could not be played: \(error)")
    }
  }

  private static func market(
    _ bundle: PolicyBundle, _ trained: TrainedPolicy, _ window: Window, _ factory: EnvironmentFactory, _ seed: UInt64
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
        ? ["The best checkpoint was chosen on this very window: these figures prove nothing."] : [])
    let report = EvaluationReport(context: context, seed: seed, records: records)
    return RunEvaluation(
      text: report.text, json: report.json,
      observationLines: try ObservationLines.text(
        records.greedy, actionCount: bundle.policy.spec.actions, includesMask: bundle.policy.requiresMask),
      actions: records.greedy.actions)
  }

  private static func planted(
    _ bundle: PolicyBundle, _ trained: TrainedPolicy, _ window: Window, _ factory: EnvironmentFactory, _ seed: UInt64
  ) throws -> RunEvaluation {
    let environment = factory.planted(laneCount: plantedLanes)
    let isEpisodic = environment.playsDays
    let report = try PlantedReport(
      policy: bundle.policy,
      policyName: "\(trained.sourcePath), step \(trained.step), parameters \(trained.digest.prefix(16))",
      environment: environment, environmentName: trained.configuration.world.name,
      optimum: isEpisodic ? environment.optimumPerEpisode : environment.optimumPerStep,
      unit: isEpisodic ? .episode : .step, steps: plantedSteps, seed: WindowSeed.seed(seed, window))
    let (lines, actions) = try plantedObservations(bundle.policy, factory, seed: WindowSeed.seed(seed, window))
    return RunEvaluation(text: report.text, json: report.json, observationLines: lines, actions: actions)
  }

  /// One lane's greedy walk through a planted market, as lines and actions.
  private static func plantedObservations(_ policy: InferencePolicy, _ factory: EnvironmentFactory, seed: UInt64) throws
    -> (String, [Int])
  {
    let walk = try LaneWalk(
      factory.planted(laneCount: 1), decider: PolicyDecider(policy, mode: .greedy), steps: plantedObservationSteps,
      seed: seed, includesMask: policy.requiresMask)
    return (walk.lines, walk.actions)
  }
}
