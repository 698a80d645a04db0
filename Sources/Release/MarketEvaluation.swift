// One window, or any span, of a market walked by whoever decides, against everybody who must be beaten, and reported.

private import AgentInterface
private import Configuration
import Environments
import Evaluation
import Inference
private import Kernels
private import Market
private import Storage
import Text
import Training

/// Who decides.
enum MarketPlayer {
  /// In the very form that is exported.
  case policy(DeployedPolicy)
  /// A rule without learning, by the name that its environment knows it by.
  case rule(String)

  var policy: DeployedPolicy? {
    if case .policy(let policy) = self { policy } else { nil }
  }
}

/// A walk to be made: by whom, where, and what is written down of it.
struct MarketEvaluation {
  var player: MarketPlayer
  var origin: PolicyOrigin
  /// Of the factory's windows the one that is walked.
  var window: Window
  var factory: EnvironmentFactory
  var seed: UInt64
  var cash: CashRateChoice?
  var recordsRollouts = false
  var writesObservations = false
  /// The span, where it is no window of the run.
  var span: BacktestSpan?
  /// Whether it is walked in worse worlds too.
  var isStressed = false

  /// Traps for games, which have no windows.
  func run() throws(TrainingError) -> RunEvaluation {
    guard let market = factory.market else { preconditionFailure("no market") }
    guard factory.bars(of: window, in: market.tape).count >= 2 else {
      throw .configuration(
        .conflict(
          "the \(window.rawValue) window holds no bars of the data, which ends on "
            + "\(market.tape.dates.last?.description ?? "no date"); import later bars or change the section split and train anew"
        ))
    }
    let rate = try cashRate(market.tape)
    let environment = try factory.walk(window)
    let chance = try RunEvaluator.chanceWalks(factory, window)
    let (seed, window) = (seed, window)
    var own: String?
    var stochastic: EvaluationRecords.Player?
    switch player {
    case .policy(let policy): stochastic = { _ in PolicyDecider(policy, mode: .stochastic(seed: seed)) }
    case .rule(let name): own = name
    }
    let greedy = decider
    let fit = player.policy.flatMap { ObservationFit($0, environment.observationSpace) }
    var records = try TrainingError.deciding { () throws(DecisionError) in
      try EvaluationRecords(
        greedy: greedy, stochastic: stochastic, fit: fit, environment: environment, chance: chance, seed: seed,
        baselines: factory.baselines, cash: rate, keepsGreedySteps: recordsRollouts || writesObservations,
        keepsStochasticSteps: recordsRollouts, play: factory.sessionPlay, unlike: own,
        workers: WorkerPool.availableProcessors)
    }
    records.baselines += try RunEvaluator.companions(
      factory, bars: factory.bars(of: window, in: market.tape), seed: seed, cash: rate)
    records.market = index(of: market, over: records.longest)
    if let costlier = try factory.walk(window, costsTimes: DoubledCosts.factor) {
      records.doubledCosts = try TrainingError.deciding { () throws(DecisionError) in
        try DoubledCosts(
          player: greedy, environment: costlier.environment, rules: costlier.rules, seed: seed, cash: rate)
      }
    } else {
      records.tradesAreFree = true
    }
    if isStressed {
      records.stresses = try MarketStress.allCases.map { stress throws(TrainingError) in
        try stressed(stress, greedy, cash: rate)
      }
    }
    records.fragility = try fragility(records, greedy, cash: rate)
    // Written down before anything of it is shown.
    let looks = player.policy.flatMap {
      TrialsLedger.record(look(records, $0, market), beside: factory.configuration.world.store)
    }
    var report = EvaluationReport(context: context(records, market, looks), records: records)
    if let ensemble = origin.ensemble, let policy = player.policy {
      report.ensemble = try TrainingError.deciding { () throws(DecisionError) in
        try EnsembleReport(
          market: environment, policy: policy, best: ensemble.bestMember,
          isFittedHere: ensemble.isFitted && window == .selection, seed: seed)
      }
    }
    return try result(report, records, market)
  }

  /// What is left of a gain at half as much again, which the stress test has played where it was asked for; nil where nothing was gained, or trading costs
  /// nothing.
  private func fragility(
    _ records: EvaluationRecords, _ player: EvaluationRecords.Player, cash: CashRate
  ) throws(TrainingError) -> Fragility? {
    guard let usual = records.greedy.totalReturn, usual > 0 else { return nil }
    var played = records.stresses.first { $0.stress == .costs }
    if played == nil { played = try stressed(.costs, player, cash: cash) }
    guard let account = played?.account else { return nil }
    return Fragility(usual: usual, costlier: account.metrics.totalReturn ?? 0)
  }

  /// The account of whoever decides on another environment.
  func walked(
    _ environment: any TradingEnvironment, by decider: any Decider
  ) throws(TrainingError) -> BacktestRecord {
    try TrainingError.deciding { () throws(DecisionError) in
      try Backtest.run(environment, decider: decider, seed: seed, keeps: .account)
    }
  }

  /// Makes whoever decides on an environment. Traps where a rule is none of its environment's.
  private var decider: EvaluationRecords.Player {
    let (baselines, play) = (factory.baselines, factory.sessionPlay)
    switch player {
    case .policy(let policy): return { _ in PolicyDecider(policy, mode: .greedy) }
    case .rule(let name):
      return { environment in
        guard let found = BaselineDeciders.all(baselines, play, for: environment).first(where: { $0.name == name })
        else { preconditionFailure("no rule is called \(name)") }
        return found.decider
      }
    }
  }

  private func context(
    _ records: EvaluationRecords, _ market: AdmittedMarket, _ looks: WindowLooks?
  ) -> EvaluationContext {
    let windowName = window == .heldOut ? "held out" : "selection"
    let split = span == nil ? Window.allCases : []
    var context = EvaluationContext(
      run: origin.runName,
      policy: origin.source, algorithm: origin.algorithm, environment: origin.configuration.environment.name,
      symbols: market.tape.symbols, dataFingerprint: market.contentHash,
      windowName: span?.windowName ?? windowName,
      split: split.map { one in
        let dates = factory.dates(of: one)
        return .init(one.rawValue, "\(dates.from) to \(dates.until)")
      },
      allowances: market.qualityReport.allowances.map { .init(finding: $0.name, reason: $0.reason) },
      execution: factory.rules,
      notes: window == .selection
        ? ["The best checkpoint was chosen on this very window: these figures prove nothing."] : [],
      provenance: RunEvaluator.provenance(origin), distributions: market.distributions, looks: looks)
    if let span {
      context.kind = .backtest
      context.warnings = span.warnings(records.greedy, symbols: market.tape.symbols)
      context.qualifications = span.qualifications
      context.notes += span.notes
    }
    if let fragile = records.fragility?.sentence {
      context.warnings.append(fragile)
      context.qualifications.append(Fragility.qualification)
    }
    context.notes += otherRules(origin.configuration, factory.configuration)
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
      let handouts = RunEvaluator.handouts(market, in: days[0]...days[days.count - 1], seed: seed)
      context.handouts = handouts.found
      context.notes += handouts.notes + RunEvaluator.idleCompanions(records.baselines)
    }
    return context
  }

  private func result(
    _ report: EvaluationReport, _ records: EvaluationRecords, _ market: AdmittedMarket
  ) throws(TrainingError) -> RunEvaluation {
    let actions = factory.spaces.actions.count
    let lines: String
    do {
      lines =
        writesObservations
        ? try ObservationLines.text(
          records.greedy, actionCount: actions, includesMask: player.policy?.requiresMask ?? true) : ""
    } catch {
      throw .observation(error)
    }
    let document = report.document
    let walks = [(false, records.greedy)] + (records.stochasticSteps.map { [(true, $0)] } ?? [])
    let symbols = market.tape.symbols
    return RunEvaluation(
      text: report.text, json: report.json, markdown: document.markdown, html: document.html,
      observationLines: lines, actions: records.greedy.actions.map { factory.spaces.actions.json(of: $0).text },
      rollouts: recordsRollouts
        ? RolloutFile(
          attributes: RunEvaluator.rolloutAttributes(origin, window, factory, seed),
          columns: RolloutRecorder.columns(walks, actionCount: actions, factors: factory.spaces.actions.heads)) : nil,
      seedRun: origin.seedRun(report),
      measure: SeedSpread.sharpe,
      trades: ReportCSV.trades(records.greedy, symbols: symbols), dailyReturns: ReportCSV.dailyReturns(records),
      sessions: span == nil ? nil : ReportCSV.sessions(records.greedy),
      minutes: span == nil ? nil : ReportCSV.minutes(records.greedy, tape: market.tape))
  }

  /// Which rules of the game are others than those of the training, in sentences.
  private func otherRules(_ trained: RunConfiguration, _ played: RunConfiguration) -> [String] {
    guard player.policy != nil else { return [] }
    return played.gameSettings(otherThan: trained).map { setting in
      "Played with \(setting.key)=\(setting.read(played).text), trained with \(setting.read(trained).text)."
    }
  }

  private func cashRate(_ tape: MarketTape) throws(TrainingError) -> CashRate {
    switch cash {
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
  private func index(of market: AdmittedMarket, over walk: WalkedSessions) -> MarketReference? {
    if let benchmark = MarketReference(benchmarkOf: market.tape, over: walk) { return benchmark }
    for series in market.indices {
      if let index = MarketReference(series, kind: .index, over: walk) { return index }
    }
    return nil
  }

  private func look(_ records: EvaluationRecords, _ policy: DeployedPolicy, _ market: AdmittedMarket) -> Look {
    let (walk, returns) = (records.longest, records.greedy.dailyReturns)
    return Look(
      store: market.contentHash, window: span == nil ? window.rawValue : BacktestSpan.ledgerName,
      from: walk.firstDecision, until: walk.dates[walk.dates.count - 1], policy: policy.decisionDigest,
      run: origin.runName,
      algorithm: origin.algorithm, program: Trial.thisProgram,
      sharpe: ReturnStatistics.sharpe(
        returns, excess: ReturnStatistics.excess(returns, cash: records.cashReturns)))
  }
}
