// Evaluates a run's policy in its deployed form, on a window that training never saw.

private import AgentInterface
private import Algorithms
private import Configuration
import Environments
package import Evaluation
package import Inference
private import Market
package import Storage
package import Text
package import Training

/// What an evaluation of a run gives: a report as text and JSON, and what a server can be fed with to decide the same.
package struct RunEvaluation {
  package let text: String
  package let json: JSON
  /// The same for people: one file each, complete in itself.
  package let markdown: String
  package let html: String
  /// One JSON line a decision of the greedy run, as `strikeforge-serve once` reads them; empty where they were not asked for.
  package let observationLines: String
  /// The greedy run's actions, in the same order and as `strikeforge-serve` answers them.
  package let actions: [String]
  /// The greedy and the stochastic run step by step; nil where they were not asked for.
  package let rollouts: RolloutFile?
  /// What the run is ranked by among others that differ by their seed, and what that is called.
  package let seedRun: SeedSpread.Run
  package let measure: String
  /// What a market's report is made of, as CSV: every trade of the greedy run, and the returns of every account, index and cash; nil for games.
  package var trades: String?
  package var dailyReturns: String?
  /// Of a backtest: the greedy account at every session's close, and where bars are minutes at every step's.
  package var sessions: String?
  package var minutes: String?
}

/// What cash earns, as it is asked for before the data is at hand.
package enum CashRateChoice: Sendable, Equatable {
  case constant(CashRate)
  /// A further column of the store.
  case column(String)
}

extension PolicyOrigin {
  /// What was trained on what, in words: runs are seeds of each other where this is equal.
  package var task: String { PolicyOrigin.task(algorithm, configuration, dataFingerprint: dataFingerprint) }

  static func task(_ algorithm: String, _ configuration: RunConfiguration, dataFingerprint: String) -> String {
    "\(algorithm) in \(configuration.environment.name)"
      + (dataFingerprint.isEmpty ? "" : " on data \(dataFingerprint.prefix(12))")
  }

  func seedRun(_ figure: Double?, totalReturn: Double?, _ headline: String, isEdge: Bool) -> SeedSpread.Run {
    SeedSpread.Run(
      name: runName, seed: configuration.run.seed, figure: figure, totalReturn: totalReturn, headline: headline,
      isEdge: isEdge)
  }

  /// Of a market.
  func seedRun(_ report: EvaluationReport) -> SeedSpread.Run {
    var run = seedRun(
      report.greedy.metrics.sharpe, totalReturn: report.greedy.metrics.totalReturn,
      report.context.headline(report.verdict), isEdge: report.verdict.edgeFound)
    (run.dates, run.closes) = (report.greedy.sessions.dates, report.greedy.closes)
    (run.warnings, run.stamp) = (report.context.leadingSentences, report.context.stamp)
    run.watermark = report.context.watermark
    return run
  }
}

/// Where a policy that is evaluated comes from.
package struct PolicyOrigin: Sendable {
  package let runName: String
  /// Which file decides, with what identifies it.
  package let source: String
  package let algorithm: String
  /// Of its training: the world, its windows and its costs.
  package let configuration: RunConfiguration
  package let dataFingerprint: String
  package let provenance: [(name: String, text: String)]
  /// The same for recorded rollouts.
  package let attributes: [String: String]
  /// Its best member on the selection window, and whether anything was fitted there; nil for one network.
  package let ensemble: (bestMember: String, isFitted: Bool)?
}

package enum RunEvaluator {
  /// Steps over all lanes by which a planted market judges.
  package static let plantedSteps = 200_000
  private static let plantedLanes = 64
  /// Draws of chance in one environment's lanes: few enough that a step of all stays in the caches.
  private static let chanceLanes = 128
  private static let plantedObservationSteps = 256

  /// Plays a window that training does not see. `bundle` decides: the very form that is exported.
  package static func evaluate(
    _ bundle: PolicyBundle, of trained: PolicyOrigin, window: Window, factory: EnvironmentFactory, seed: UInt64,
    cash: CashRateChoice? = nil, recordsRollouts: Bool = false, writesObservations: Bool = true
  ) throws(TrainingError) -> RunEvaluation {
    precondition(window != .training, "the training window proves nothing")
    guard factory.configuration.environment.hasWindows else {
      guard cash == nil else {
        throw .configuration(
          .conflict(
            "\(factory.configuration.environment.name) is a game without an account, so that there is no cash to earn a rate; leave "
              + "out --cash-rate"))
      }
      return try planted(bundle, trained, window, factory, seed, recordsRollouts)
    }
    return try MarketEvaluation(
      player: .policy(bundle.policy), origin: trained, window: window, factory: factory, seed: seed, cash: cash,
      recordsRollouts: recordsRollouts, writesObservations: writesObservations
    ).run()
  }

  /// Lanes for every draw of chance.
  static func chanceWalks(_ factory: EnvironmentFactory, _ window: Window) throws(TrainingError)
    -> [any TradingEnvironment]
  {
    // Chance and rules order symbols, or go by what the environment says of its actions; who does neither has nobody to be compared with.
    guard factory.sessionPlay != nil || !factory.spaces.actions.factors.isEmpty else {
      throw .configuration(
        .conflict(
          "\(factory.configuration.environment.name) is not evaluated yet: its actions are no orders of symbols, as chance and the rules to "
            + "beat make them; its score on the selection window stands in the run's log"))
    }
    let draws = factory.sessionPlay == nil ? RandomTrading.draws : RandomTrading.sessionDraws
    var walks: [any TradingEnvironment] = []
    // In parts of one size, as workers share them best.
    let parts = (draws + chanceLanes - 1) / chanceLanes
    let lanes = (draws + parts - 1) / parts
    for first in stride(from: 0, to: draws, by: lanes) {
      walks.append(try factory.walk(window, laneCount: min(lanes, draws - first)))
    }
    return walks
  }

  private struct Stopped: Error {}

  /// What chance makes of the positions of a walk through a window; nil where it should stop before its end, which is asked often.
  static func chance(
    matching record: BacktestRecord, _ factory: EnvironmentFactory, _ window: Window, seed: UInt64,
    shouldStop: () -> Bool
  ) throws(TrainingError) -> RandomTrading? {
    let walks = try chanceWalks(factory, window)
    func goOn() throws(Stopped) { if shouldStop() { throw Stopped() } }
    do throws(Stopped) {
      guard let play = factory.sessionPlay else {
        return try RandomTrading(matching: record, environments: walks, seed: seed, behindBlock: goOn)
      }
      return try RandomTrading(matching: record, environments: walks, play: play, seed: seed, behindBlock: goOn)
    } catch {
      return nil
    }
  }

  private static func planted(
    _ bundle: PolicyBundle, _ trained: PolicyOrigin, _ window: Window, _ factory: EnvironmentFactory, _ seed: UInt64,
    _ recordsRollouts: Bool
  ) throws(TrainingError) -> RunEvaluation {
    let environment = factory.game(laneCount: plantedLanes)
    let isEpisodic = environment.playsDays
    var report = try TrainingError.deciding { () throws(DecisionError) in
      try PlantedReport(
        policy: bundle.policy,
        policyName: trained.source,
        environment: environment, environmentName: trained.configuration.environment.name,
        optimum: isEpisodic ? environment.optimumPerEpisode : environment.optimumPerStep,
        unit: isEpisodic ? .episode : .step, steps: plantedSteps, seed: WindowSeed.seed(seed, window))
    }
    report.provenance = provenance(trained)
    if let ensemble = trained.ensemble {
      report.ensemble = try TrainingError.deciding { () throws(DecisionError) in
        try EnsembleReport(
          planted: environment, policy: bundle.policy, best: ensemble.bestMember, unit: isEpisodic ? .episode : .step,
          steps: plantedSteps, isFittedHere: ensemble.isFitted && window == .selection,
          seed: WindowSeed.seed(seed, window))
      }
    }
    let document = report.document
    let greedy = try plantedWalk(bundle.policy, .greedy, factory, seed: WindowSeed.seed(seed, window))
    var rollouts: RolloutFile?
    if recordsRollouts {
      let stochastic = try plantedWalk(
        bundle.policy, .stochastic(seed: seed), factory, seed: WindowSeed.seed(seed, window))
      rollouts = RolloutFile(
        attributes: rolloutAttributes(trained, window, factory, seed),
        columns: RolloutRecorder.columns([(false, greedy.steps), (true, stochastic.steps)]))
    }
    return RunEvaluation(
      text: report.text, json: report.json, markdown: document.markdown, html: document.html,
      observationLines: greedy.lines, actions: greedy.actions.map { factory.spaces.actions.json(of: $0).text },
      rollouts: rollouts,
      seedRun: trained.seedRun(
        report.greedy.run.sums.ratio, totalReturn: nil, report.headline, isEdge: report.edgeFound),
      measure: SeedSpread.reward)
  }

  /// One lane's walk through a planted market.
  private static func plantedWalk(
    _ policy: DeployedPolicy, _ mode: PolicyDecider.Mode, _ factory: EnvironmentFactory, seed: UInt64
  ) throws(TrainingError) -> LaneWalk {
    do {
      return try LaneWalk(
        factory.game(laneCount: 1), decider: PolicyDecider(policy, mode: mode), steps: plantedObservationSteps,
        seed: seed, includesMask: policy.requiresMask)
    } catch {
      switch error {
      case .decision(let cause): throw .decision(cause)
      case .observation(let cause): throw .observation(cause)
      }
    }
  }

  static func provenance(_ trained: PolicyOrigin) -> [EvaluationContext.Line] {
    trained.provenance.map { .init($0.name, $0.text) } + [
      .init("program", "strikeforge \(BuildInformation.version), source revision \(BuildInformation.revision)")
    ]
  }

  /// Where rollouts come from, as texts.
  static func rolloutAttributes(
    _ trained: PolicyOrigin, _ window: Window, _ factory: EnvironmentFactory, _ seed: UInt64
  ) -> [String: String] {
    let dates = factory.dates(of: window)
    return [
      "run": trained.runName,
      "algorithm": trained.algorithm,
      "environment": trained.configuration.environment.name,
      "configuration": trained.configuration.json.text,
      "observation_columns": factory.spaces.observations.json.text,
      "action_names": JSON.array(factory.spaces.actions.names.map(JSON.string)).text,
      "action_factors": factory.spaces.actions.digitsJSON.text,
      "window": factory.market != nil ? window.rawValue : "fresh streams",
      "window_dates": factory.market != nil ? "\(dates.from) to \(dates.until)" : "",
      "data_fingerprint": trained.dataFingerprint,
      "symbols": JSON.array((factory.market?.tape.symbols ?? []).map(JSON.string)).text,
      "seed": "\(seed)",
      "strikeforge": BuildInformation.version,
      "source_revision": BuildInformation.revision,
    ].merging(trained.attributes) { $1 }
  }
}
