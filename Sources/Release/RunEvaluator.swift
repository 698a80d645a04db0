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
  /// The greedy run's actions, in the same order.
  package let actions: [Int]
  /// The greedy and the stochastic run step by step; nil where they were not asked for.
  package let rollouts: RolloutFile?
  /// What the run is ranked by among others that differ by their seed, and what that is called.
  package let seedRun: SeedSpread.Run
  package let measure: String
  /// What a market's report is made of, as CSV: every trade of the greedy run, and the returns of every account, index and cash; nil for games.
  package var trades: String?
  package var dailyReturns: String?
}

/// What cash earns, as it is asked for before the data is at hand.
package enum CashRateChoice: Sendable, Equatable {
  case constant(CashRate)
  /// A further column of the store.
  case column(String)
}

extension PolicyOrigin {
  /// What was trained on what, in words: runs are seeds of each other where this is equal.
  package var task: String {
    "\(algorithm) in \(configuration.environment.name)"
      + (dataFingerprint.isEmpty ? "" : " on data \(dataFingerprint.prefix(12))")
  }

  fileprivate func seedRun(_ figure: Double?, totalReturn: Double?, _ headline: String, isEdge: Bool) -> SeedSpread.Run
  {
    SeedSpread.Run(
      name: runName, seed: configuration.run.seed, figure: figure, totalReturn: totalReturn, headline: headline,
      isEdge: isEdge)
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
    return try market(bundle, trained, window, factory, seed, cash, recordsRollouts, writesObservations)
  }

  private static func market(
    _ bundle: PolicyBundle, _ trained: PolicyOrigin, _ window: Window, _ factory: EnvironmentFactory, _ seed: UInt64,
    _ cash: CashRateChoice?, _ recordsRollouts: Bool, _ writesObservations: Bool
  ) throws(TrainingError) -> RunEvaluation {
    guard let market = factory.market else { preconditionFailure("no market") }
    guard factory.bars(of: window, in: market.tape).count >= 2 else {
      throw .configuration(
        .conflict(
          "the \(window.rawValue) window holds no bars of the data, which ends on "
            + "\(market.tape.dates.last?.description ?? "no date"); import later bars or change the section split and train anew"
        ))
    }
    let rate = try cashRate(cash, market.tape)
    let environment = try factory.walk(window)
    let chance = try chanceWalks(factory, window)
    var records = try TrainingError.deciding { () throws(DecisionError) in
      try EvaluationRecords(
        policy: bundle.policy, environment: environment, chance: chance, seed: seed, baselines: factory.baselines,
        cash: rate, keepsGreedySteps: recordsRollouts || writesObservations, keepsStochasticSteps: recordsRollouts,
        play: factory.sessionPlay)
    }
    records.baselines += try companions(
      factory, bars: factory.bars(of: window, in: market.tape), seed: seed, cash: rate)
    records.market = index(of: market, over: records.longest)
    if let costlier = try factory.walk(window, costsTimes: DoubledCosts.factor) {
      records.doubledCosts = try TrainingError.deciding { () throws(DecisionError) in
        try DoubledCosts(
          policy: bundle.policy, environment: costlier.environment, rules: costlier.rules, seed: seed, cash: rate)
      }
    } else {
      records.tradesAreFree = true
    }
    // Written down before anything of it is shown.
    let looks = TrialsLedger.record(
      look(records, bundle, trained, window, market), beside: trained.configuration.world.store)
    var context = EvaluationContext(
      run: trained.runName,
      policy: trained.source, algorithm: trained.algorithm, environment: trained.configuration.environment.name,
      symbols: market.tape.symbols, dataFingerprint: market.contentHash,
      windowName: window == .heldOut ? "held out" : "selection",
      split: Window.allCases.map { one in
        let dates = factory.dates(of: one)
        return .init(one.rawValue, "\(dates.from) to \(dates.until)")
      },
      allowances: market.qualityReport.allowances.map { .init(finding: $0.name, reason: $0.reason) },
      execution: factory.rules,
      notes: window == .selection
        ? ["The best checkpoint was chosen on this very window: these figures prove nothing."] : [],
      provenance: provenance(trained), distributions: market.distributions, looks: looks)
    context.notes += otherRules(trained.configuration, factory.configuration)
    context.notes += records.fit?.notes ?? []
    context.fit = records.fit
    context.syntheticSymbols = market.tape.syntheticSymbols
    if let options = market.tape.options {
      // Nothing is held when shares pay.
      context.distributions = []
      context.notes += market.optionNotes.map { $0.prefix(1).uppercased() + $0.dropFirst() + "." }
      context.syntheticQuotes = options.symbols.indices.filter { !options.sources(symbol: $0).isSubset(of: [.chain]) }
        .map { options.symbols[$0].name }
      let days = records.longest.dates
      let handouts = handouts(market, in: days[0]...days[days.count - 1], seed: seed)
      context.handouts = handouts.found
      context.notes += handouts.notes + idleCompanions(records.baselines)
    }
    var report = EvaluationReport(context: context, records: records)
    if let ensemble = trained.ensemble {
      report.ensemble = try TrainingError.deciding { () throws(DecisionError) in
        try EnsembleReport(
          market: environment, policy: bundle.policy, best: ensemble.bestMember,
          isFittedHere: ensemble.isFitted && window == .selection, seed: seed)
      }
    }
    let lines: String
    do {
      lines =
        writesObservations
        ? try ObservationLines.text(
          records.greedy, actionCount: bundle.policy.actions, includesMask: bundle.policy.requiresMask) : ""
    } catch {
      throw .observation(error)
    }
    let document = report.document
    return RunEvaluation(
      text: report.text, json: report.json, markdown: document.markdown, html: document.html,
      observationLines: lines, actions: records.greedy.actions,
      rollouts: recordsRollouts
        ? RolloutFile(
          attributes: rolloutAttributes(trained, bundle, window, factory, seed),
          columns: RolloutRecorder.columns(
            [(false, records.greedy)] + (records.stochasticSteps.map { [(true, $0)] } ?? []),
            actionCount: bundle.policy.actions)) : nil,
      seedRun: trained.seedRun(
        report.greedy.metrics.sharpe, totalReturn: report.greedy.metrics.totalReturn, report.verdict.headline,
        isEdge: report.verdict.edgeFound),
      measure: SeedSpread.sharpe,
      trades: ReportCSV.trades(records.greedy, symbols: market.tape.symbols),
      dailyReturns: ReportCSV.dailyReturns(records))
  }

  /// Which rules of the game are others than those of the training, in sentences.
  private static func otherRules(_ trained: RunConfiguration, _ played: RunConfiguration) -> [String] {
    let own = Set(played.environment.settings.map(\.key))
    return played.settings.filter { own.contains($0.key) }.compactMap { setting in
      let (before, now) = (setting.read(trained), setting.read(played))
      return before == now ? nil : "Played with \(setting.key)=\(now.text), trained with \(before.text)."
    }
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
    for first in stride(from: 0, to: draws, by: chanceLanes) {
      walks.append(try factory.walk(window, laneCount: min(chanceLanes, draws - first)))
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

  private static func cashRate(_ choice: CashRateChoice?, _ tape: MarketTape) throws(TrainingError) -> CashRate {
    switch choice {
    case nil: return .zero
    case .constant(let rate): return rate
    case .column(let name):
      do {
        return try CashRate(column: name, of: tape)
      } catch {
        throw .configuration(.conflict("--cash-rate: \(error)"))
      }
    }
  }

  /// What the run names as its benchmark, else the first index of the store that has a price at every session; nil where there is none.
  private static func index(of market: AdmittedMarket, over walk: WalkedSessions) -> MarketReference? {
    if let benchmark = MarketReference(benchmarkOf: market.tape, over: walk) { return benchmark }
    for series in market.indices {
      if let index = MarketReference(series, kind: .index, over: walk) { return index }
    }
    return nil
  }

  private static func look(
    _ records: EvaluationRecords, _ bundle: PolicyBundle, _ trained: PolicyOrigin, _ window: Window,
    _ market: AdmittedMarket
  ) -> Look {
    let (walk, returns) = (records.longest, records.greedy.dailyReturns)
    return Look(
      store: market.contentHash, window: window.rawValue, from: walk.firstDecision,
      until: walk.dates[walk.dates.count - 1], policy: bundle.policy.decisionDigest, run: trained.runName,
      algorithm: trained.algorithm, program: Trial.thisProgram,
      sharpe: ReturnStatistics.sharpe(
        returns, excess: ReturnStatistics.excess(returns, cash: records.cashReturns)))
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
        attributes: rolloutAttributes(trained, bundle, window, factory, seed),
        columns: RolloutRecorder.columns([(false, greedy.steps), (true, stochastic.steps)]))
    }
    return RunEvaluation(
      text: report.text, json: report.json, markdown: document.markdown, html: document.html,
      observationLines: greedy.lines, actions: greedy.actions, rollouts: rollouts,
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

  private static func provenance(_ trained: PolicyOrigin) -> [EvaluationContext.Line] {
    trained.provenance.map { .init($0.name, $0.text) } + [
      .init("program", "strikeforge \(BuildInformation.version), source revision \(BuildInformation.revision)")
    ]
  }

  /// Where rollouts come from, as texts.
  private static func rolloutAttributes(
    _ trained: PolicyOrigin, _ bundle: PolicyBundle, _ window: Window, _ factory: EnvironmentFactory, _ seed: UInt64
  ) -> [String: String] {
    let dates = factory.dates(of: window)
    return [
      "run": trained.runName,
      "algorithm": trained.algorithm,
      "environment": trained.configuration.environment.name,
      "configuration": trained.configuration.json.text,
      "observation_columns": bundle.manifest.observationSpace.json.text,
      "action_names": JSON.array(bundle.manifest.actionSpace.names.map(JSON.string)).text,
      "action_factors": bundle.manifest.actionSpace.digitsJSON.text,
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
