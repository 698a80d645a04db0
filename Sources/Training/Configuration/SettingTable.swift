// The one table behind configuration files, --set, their help and the printed configuration.

package import Algorithms
private import Environments
internal import Inference
internal import Market
private import Networks
private import Trading

package enum SettingTable {
  private static let tables = Dictionary(
    uniqueKeysWithValues: AlgorithmFamily.allCases.map { family in
      let algorithm = [nameSetting] + AlgorithmSettings.settings(of: family)
      return (
        family,
        runSettings + HealthTable.settings(of: family) + environmentSettings + splitSettings + algorithm
          + (family.isActorCritic ? actorCriticSettings : actionValueSettings)
      )
    })

  /// Every setting of a run of that algorithm, in the order in which it is shown. What other algorithms have beside it is none of them.
  package static func settings(of family: AlgorithmFamily) -> [Setting] { tables[family] ?? [] }

  package static func setting(_ key: String, of family: AlgorithmFamily) -> Setting? {
    settings(of: family).first { $0.key == key }
  }

  /// The algorithms that have a setting of that key.
  static func families(having key: String) -> [AlgorithmFamily] {
    AlgorithmFamily.allCases.filter { setting(key, of: $0) != nil }
  }

  /// The setting that decides which other settings there are, and so is read before them.
  package static let nameKey = "algorithm.name"

  private static let nameSetting = Setting.choice(
    nameKey, \.algorithm, AlgorithmTag.allCases.map { ($0.rawValue, $0) },
    "the algorithm with its switches: memory (lstm) and mask; it has settings of its own, with defaults of its own")

  /// Whether a text can stand as a file's name anywhere; the empty one names nothing and is taken.
  private static func isName(_ text: String) -> Bool {
    text.utf8.count <= 100 && !text.hasPrefix(".") && !text.hasPrefix("-")
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
          true
        default: false
        }
      }
  }

  private static let nonNegative = 0...Double.greatestFiniteMagnitude

  private static let runSettings: [Setting] = [
    .text(
      "run.model_name", \.run.modelName, expected: "a name of at most 100 letters, digits, '.', '_' and '-'",
      "the policy's name in manifest and bundle; empty takes the run folder's", accepts: isName),
    .integer("run.seed", \.run.seed, 0...Int(Int32.max), "names every stream of random numbers"),
    .integer("run.total_timesteps", \.run.totalTimesteps, 1...1_000_000_000_000, "environment steps over all lanes"),
    .integer("run.workers", \.run.workers, 0...256, "threads; 0 takes every core; never changes a number"),
    .choice(
      "run.kernels", \.run.kernels, LearnerKernels.allCases.map { ($0.rawValue, $0) },
      "the learner's arithmetic: fused, through CBLAS, or the faster; changes last bits only"),
    .choice(
      "run.precision", \.run.precision, LearnerPrecision.allCases.map { ($0.rawValue, $0) },
      "what an LSTM's products take; bf16 is faster where the processor has a unit for it, and changes numbers"),
    .integer(
      "run.checkpoint_interval", \.run.checkpointInterval, 1...1_000_000_000_000, "steps between checkpoints"),
    .integer("run.keep_checkpoints", \.run.keepCheckpoints, 1...1000, "how many checkpoints stay"),
    .integer(
      "run.evaluation_interval", \.run.evaluationInterval, 1...1_000_000_000_000,
      "steps between looks at the selection window"),
    .flag("run.metrics_jsonl", \.run.metricsJSONLines, "the rows of progress.csv in metrics.jsonl too"),
    .flag("run.tensorboard", \.run.tensorBoard, "the rows in TensorBoard's event files too"),
  ]

  private static let environmentSettings: [Setting] = [
    .text(
      "environment.name", \.world.name, expected: "one of " + EnvironmentFactory.names.joined(separator: ", "),
      "the environment", accepts: { EnvironmentFactory.names.contains($0) }),
    .text("environment.store", \.world.store, "the market store, made by `strikeforge import`"),
    .words(
      "environment.assets", \.world.assets, "symbols in order; empty takes all shares of the store but the benchmark"),
    .text(
      "environment.benchmark_symbol", \.world.benchmarkSymbol,
      "a series of the store that is not traded, an index or a share, for the portfolio's beta"),
    .flag(
      "environment.portfolio_features", \.world.trading.portfolioFeatures,
      "three columns more: correlation, portfolio beta, concentration"),
    .integer("environment.lanes", \.world.lanes, 1...1_000_000, "environments stepped side by side"),
    .integer(
      "environment.observation_dim", \.world.observationDimension, 0...100_000, "expected columns; 0 expects none"),
    .integer("environment.action_space", \.world.actionSpace, 0...64, "expected actions; 0 expects none"),
    .integer(
      "environment.lookback_window", \.world.lookbackWindow, 50...10_000, "bars of history before the first decision"),
    .optionalNumber(
      "environment.max_position_per_asset", \.world.maxPositionPerAsset, nonNegative,
      "dollars that unit_dollars x maximum_units may not exceed"),
    .number(
      "environment.capital_per_asset", \.world.trading.capitalPerSymbolDollars, 1...1e8, "starting dollars a symbol"),
    .number("environment.unit_dollars", \.world.trading.unitDollars, 1e-6...1e8, "dollars of one unit"),
    .integer("environment.maximum_units", \.world.trading.maximumUnits, 1...100, "units a symbol may hold"),
    .number(
      "environment.unit_share_of_value", \.world.trading.unitShareOfValue, 1e-9...1,
      "a unit is at most this share of the account over its symbols"),
    .flag("environment.allow_short", \.world.trading.allowShort, "whether a position may be negative"),
    .words(
      "environment.extra_columns", \.world.trading.extraColumns,
      "columns of the store to observe beside the features; none by default"),
    .integer("environment.episode_length", \.world.episodeLength, 1...1_000_000, "bars of a training episode"),
    .number(
      "environment.half_spread_bps", \.world.trading.execution.halfSpreadBasisPoints, 0...1000,
      "half the spread, basis points"),
    .number(
      "environment.impact_coefficient", \.world.trading.execution.impactCoefficient, 0...100,
      "times volatility x sqrt(participation)"),
    .number("environment.commission_dollars", \.world.trading.execution.commissionDollars, 0...1e6, "dollars an order"),
    .number(
      "environment.drawdown_warn", \.world.trading.drawdown.warn, 0...1,
      "fall below the episode's high that is recorded"),
    .number(
      "environment.drawdown_reduce", \.world.trading.drawdown.reduce, 0...1,
      "fall at which at most one symbol may be newly held"),
    .number("environment.drawdown_halt", \.world.trading.drawdown.halt, 0...1, "fall after which nothing is bought"),
    .number(
      "environment.turnover_penalty", \.world.trading.rewards.turnover.coefficient, 0...10,
      "taken off the reward for a dollar traded; no money"),
    .number(
      "environment.drawdown_penalty", \.world.trading.rewards.drawdown.coefficient, 0...10,
      "taken off the reward a bar for a dollar below the episode's high; no money"),
    .number(
      "environment.position_change_cost", \.world.planted.positionChangeCost, nonNegative,
      "mean_reversion: cost of a unit of change"),
    .integer(
      "environment.truncation_steps", \.world.planted.truncationSteps, 1...1_000_000,
      "mean_reversion, leak, regime_switching: steps of an episode"),
    .integer("environment.cue_bars", \.world.planted.cueBars, 2...100_000, "cue: bars of a day"),
    .number("environment.cue_payoff", \.world.planted.cuePayoff, -1e6...1e6, "cue: what the cue is worth"),
    .integer("environment.martingale_bars", \.world.planted.martingaleBars, 1...1_000_000, "martingale: bars of a day"),
    .number(
      "environment.martingale_cost", \.world.planted.martingaleCost, nonNegative,
      "martingale: cost of a unit of change"),
    .number(
      "environment.switch_probability", \.world.planted.switchProbability, 0...0.5,
      "regime_switching: how likely the regime changes in a step"),
    .number(
      "environment.regime_drift", \.world.planted.regimeDrift, 0...1e6, "regime_switching: its mean return a step"),
    .flag(
      "environment.position_visible", \.world.planted.positionVisible,
      "regime_switching: shows the own position, which is then -1 or 1"),
  ]

  private static let splitSettings: [Setting] = [
    .date("split.training_from", \.split.trainingFrom, "first date that training may see"),
    .date("split.training_until", \.split.trainingUntil, "last date that training may see"),
    .integer(
      "split.training_sessions", \.split.trainingSessions, 0...100_000,
      "exchange sessions before training_until that training sees; 0 sees all since training_from"),
    .date("split.selection_from", \.split.selectionFrom, "first date of the window that chooses the best checkpoint"),
    .date("split.selection_until", \.split.selectionUntil, "last date of that window"),
    .date("split.held_out_from", \.split.heldOutFrom, "first date that only `evaluate` sees"),
    .date("split.held_out_until", \.split.heldOutUntil, "last date that `evaluate` sees"),
  ]

  private static let actorCriticSettings: [Setting] = [
    .integer("network.lstm_hidden", \.network.lstmHidden, 1...4096, "units of the LSTM"),
    .choice(
      "network.critic_memory", \.network.criticMemory,
      [("separate", .separate), ("shared_detached", .sharedDetached), ("shared_joint", .sharedJoint), ("none", .none)],
      "what the critic remembers"),
    .integers(
      "network.policy_tower", \.network.policyTower, 1...8192, "hidden layers of the policy; [] is a linear head"),
    .integers("network.value_tower", \.network.valueTower, 1...8192, "hidden layers of the value function"),
    .choice("network.activation", \.network.activation, [("tanh", .tanh), ("relu", .relu)], "of the hidden layers"),
  ]

  private static let actionValueSettings: [Setting] = [
    .integers(
      "network.hidden_layers", \.actionValueNetwork.hiddenLayers, 1...8192,
      "hidden layers of the action values, and of a dueling network's state value; [] is linear"),
    .choice(
      "network.activation", \.actionValueNetwork.activation, [("tanh", .tanh), ("relu", .relu)], "of the hidden layers"),
  ]
}
