// The walks through one window that a report is made of.

private import AgentInterface
package import Environments
package import Inference

/// What a report is made of: the greedy walk, and what became of the accounts of all others, each made right behind its walk, so that no two of those are held
/// at a time.
package struct EvaluationRecords: Sendable {
  /// Makes whoever decides on an environment's lane 0.
  package typealias Player = (any TradingEnvironment) -> any Decider

  /// Of the stochastic run's actions and of every bootstrap.
  package var seed: UInt64
  package var greedy: BacktestRecord
  /// Nil for a rule, which draws nothing.
  package var stochastic: AccountReport?
  /// The stochastic walk itself; nil where it was not asked for.
  package var stochasticSteps: BacktestRecord?
  package var baselines: [AccountReport]
  /// What the greedy run was shown beside what training saw; nil where that was not written down.
  package var fit: ObservationFit?
  /// What the greedy run held, at other times; nil where it was not asked for.
  package var random: RandomTrading?
  /// Over which returns are counted.
  package var cash: CashRate
  /// (K) what cash earned in each session of the longest walk.
  package var cashReturns: [Double]
  /// The index that alpha and beta are against; nil for holding what is traded.
  package var market: MarketReference?
  /// The greedy run where trading costs twice as much; nil where that was not walked.
  package var doubledCosts: DoubledCosts?
  /// What is left of a gain at half as much again; nil where nothing was gained, or trading costs nothing.
  package var fragility: Fragility?
  /// The greedy run in worse worlds; empty where nobody asked.
  package var stresses: [StressedAccount] = []
  /// Whether trading is known to cost nothing, so that there is nothing to double.
  package var tradesAreFree = false

  /// Walks the environment's window once for the policy greedily, once stochastically, once for every baseline and `randomDraws` times
  /// by chance, side by side in the lanes of `chance`: the same window. Not by chance where there are none. play: of games of one symbol a session, whose
  /// rules are the baselines then, and which have draws of their own.
  ///
  /// The environment: see `Backtest.run`. `seed` is the reset's and that of all that is random. Steps of the greedy and of the stochastic run are kept where
  /// that is asked for. Throws where the policy cannot decide.
  package init(
    policy: DeployedPolicy, environment: any TradingEnvironment, chance: [any TradingEnvironment] = [], seed: UInt64,
    baselines: [Baseline] = Baseline.allCases, randomDraws: Int = RandomTrading.draws, cash: CashRate = .zero,
    keepsGreedySteps: Bool = true, keepsStochasticSteps: Bool = true, play: SessionPlay? = nil
  ) throws(DecisionError) {
    try self.init(
      greedy: { _ in PolicyDecider(policy, mode: .greedy) },
      stochastic: { _ in PolicyDecider(policy, mode: .stochastic(seed: seed)) },
      fit: ObservationFit(policy, environment.observationSpace), environment: environment, chance: chance, seed: seed,
      baselines: baselines, randomDraws: randomDraws, cash: cash, keepsGreedySteps: keepsGreedySteps,
      keepsStochasticSteps: keepsStochasticSteps, play: play)
  }

  /// The same for anybody who decides. fit: what training saw, to which what the greedy run is shown is added. unlike: the baseline that this is itself. workers: who share the draws of chance.
  package init(
    greedy: Player, stochastic: Player?, fit: ObservationFit? = nil, environment: any TradingEnvironment,
    chance: [any TradingEnvironment] = [], seed: UInt64, baselines: [Baseline] = Baseline.allCases,
    randomDraws: Int = RandomTrading.draws, cash: CashRate = .zero, keepsGreedySteps: Bool = true,
    keepsStochasticSteps: Bool = true, play: SessionPlay? = nil, unlike own: String? = nil, workers: Int = 1
  ) throws(DecisionError) {
    self.seed = seed
    self.cash = cash
    cashReturns = []
    var fit = fit
    self.greedy = try Backtest.run(
      environment, decider: greedy(environment), seed: seed,
      keeps: keepsGreedySteps ? .steps : play == nil ? .account : .masks
    ) { fit?.add($0) }
    self.fit = fit
    func account(_ name: String, _ record: BacktestRecord) -> AccountReport {
      AccountReport(name: name, record: record, seed: seed, cash: cash)
    }
    if let stochastic {
      let walked = try Backtest.run(
        environment, decider: stochastic(environment), seed: seed, keeps: keepsStochasticSteps ? .steps : .account)
      self.stochastic = account("stochastic", walked)
      stochasticSteps = keepsStochasticSteps ? walked : nil
    }
    self.baselines = []
    for baseline in BaselineDeciders.all(baselines, play, for: environment) where baseline.name != own {
      let walked = try Backtest.run(environment, decider: baseline.decider, seed: seed, keeps: .account)
      self.baselines.append(account(baseline.name, walked))
    }
    cashReturns = cash.returns(decisionDates: longest.datesBefore)
    if !chance.isEmpty {
      random =
        if let play {
          RandomTrading(
            matching: self.greedy, environments: chance, play: play, cash: cashReturns, seed: seed, workers: workers)
        } else {
          RandomTrading(
            matching: self.greedy, environments: chance, cash: cashReturns, seed: seed, draws: randomDraws)
        }
    }
  }

  package init(
    greedy: BacktestRecord, stochastic: BacktestRecord?, baselines: [(name: String, record: BacktestRecord)],
    seed: UInt64, cash: CashRate = .zero
  ) {
    self.seed = seed
    self.greedy = greedy
    self.stochastic = stochastic.map { AccountReport(name: "stochastic", record: $0, seed: seed, cash: cash) }
    stochasticSteps = stochastic
    self.baselines = baselines.map { AccountReport(name: $0.name, record: $0.record, seed: seed, cash: cash) }
    self.cash = cash
    cashReturns = []
    cashReturns = cash.returns(decisionDates: longest.datesBefore)
  }

  /// The baseline that buys and holds, as a market; nil where it was not walked.
  package var buyAndHold: MarketReference? {
    baselines.first { $0.name == Baseline.buyAndHold.name }.map {
      MarketReference(name: $0.name, kind: .buyAndHold, returns: $0.dailyReturns)
    }
  }

  /// Those of the longest walk: only a lost account ends before the window does.
  package var longest: WalkedSessions {
    var (decisions, sessions) = (greedy.count, greedy.sessions)
    for other in [stochastic].compactMap({ $0 }) + baselines where other.decisions > decisions {
      (decisions, sessions) = (other.decisions, other.sessions)
    }
    return sessions
  }
}
