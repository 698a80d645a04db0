// The basket as an environment family: what can be set about it, and how it is played and judged.

import AgentInterface
import Market
package import Text
import Trading

extension BasketConfiguration: EnvironmentConfiguration {
  private static let nonNegative = 0...Double.greatestFiniteMagnitude
  /// What a symbol may bring to the account, what a unit may be worth, and how many may be held: for all symbols and for single ones alike.
  static let capitalDollarsRange = 1...1e8
  static let unitDollarsRange = 1e-6...1e8
  static let maximumUnitsRange = 1...100
  /// The most that each cost may be set to.
  static let largestCosts = ExecutionModel(
    halfSpreadBasisPoints: 1000, impactCoefficient: 100, commissionDollars: 1e6)

  /// Every setting once: its key, its range and unit, and what it means. `validate` asks the same table.
  package static let settings: [SettingOf<BasketConfiguration>] = [
    .flag(
      "environment.portfolio_features", \.portfolioFeatures,
      "three columns more: correlation, portfolio beta, concentration"),
    .optionalNumber(
      "environment.max_position_per_asset", \.positionLimitDollars, nonNegative, unit: "dollars",
      "what unit_dollars x maximum_units may not exceed"),
    .number(
      "environment.capital_per_asset", \.capitalPerSymbolDollars, capitalDollarsRange, unit: "dollars",
      "starting cash a symbol"),
    .number("environment.unit_dollars", \.unitDollars, unitDollarsRange, unit: "dollars", "worth of one unit"),
    .integer(
      "environment.maximum_units", \.maximumUnits, maximumUnitsRange, unit: "units", "the most that a symbol may hold"),
    .words(
      "environment.capital_by_asset", \.symbolCapital,
      "SYMBOL=DOLLARS: what these symbols bring to the starting cash"),
    .words(
      "environment.unit_dollars_by_asset", \.symbolUnitDollars,
      "SYMBOL=DOLLARS: environment.unit_dollars of these symbols"),
    .words(
      "environment.maximum_units_by_asset", \.symbolMaximumUnits,
      "SYMBOL=UNITS: environment.maximum_units of these symbols"),
    .words(
      "environment.max_position_by_asset", \.symbolPositionLimits,
      "SYMBOL=DOLLARS: environment.max_position_per_asset of these symbols"),
    .number(
      "environment.unit_share_of_value", \.unitShareOfValue, 1e-9...1,
      "a unit is at most this share of the account over its symbols"),
    .optionalNumber(
      "environment.unit_share", \.unitShare, 1e-9...1,
      "a unit is this share of the account at the decision, instead of unit_dollars; null keeps dollars"),
    .flag("environment.allow_short", \.allowShort, "whether a position may be negative"),
    .flag(
      "environment.whole_sessions", \.wholeSessions,
      "of minutes: training episodes begin with a session and end with the last one that episode_length holds whole"),
    .words(
      "environment.extra_columns", \.extraColumns,
      "columns of the store to observe beside the features; none by default"),
    .number(
      "environment.half_spread_bps", \.execution.halfSpreadBasisPoints, 0...largestCosts.halfSpreadBasisPoints,
      unit: "basis points",
      "half the spread"),
    .number(
      "environment.impact_coefficient", \.execution.impactCoefficient, 0...largestCosts.impactCoefficient,
      "times volatility x sqrt(participation)"),
    .number(
      "environment.commission_dollars", \.execution.commissionDollars, 0...largestCosts.commissionDollars,
      unit: "dollars", "fee of an order"),
    .number("environment.drawdown_warn", \.drawdown.warn, 0...1, "fall below the episode's high that is recorded"),
    .number(
      "environment.drawdown_reduce", \.drawdown.reduce, 0...1,
      "fall at which at most one symbol may be newly held; not below drawdown_warn"),
    .number(
      "environment.drawdown_halt", \.drawdown.halt, 0...1,
      "fall after which nothing is bought; not below drawdown_reduce"),
    .number(
      "environment.turnover_penalty", \.rewards.turnover.coefficient, 0...RewardTerms.largestCoefficient,
      "taken off the reward for a dollar traded; no money"),
    .number(
      "environment.drawdown_penalty", \.rewards.drawdown.coefficient, 0...RewardTerms.largestCoefficient,
      "taken off the reward a bar for a dollar below the episode's high; no money"),
  ]

  /// The same with costs times a factor, none above what it may be set to; nil where there are no costs.
  func costing(times factor: Double) -> BasketConfiguration? {
    guard execution.hasCosts else { return nil }
    let (costs, most) = (execution.costing(times: factor), BasketConfiguration.largestCosts)
    var other = self
    other.execution = ExecutionModel(
      halfSpreadBasisPoints: min(costs.halfSpreadBasisPoints, most.halfSpreadBasisPoints),
      impactCoefficient: min(costs.impactCoefficient, most.impactCoefficient),
      commissionDollars: min(costs.commissionDollars, most.commissionDollars))
    return other
  }

  /// Throws for the first value that makes no sense, by the key that sets it.
  package func validate() throws(EnvironmentError) {
    for setting in BasketConfiguration.settings {
      if let found = setting.wrongValue(in: self) {
        throw .badSetting(name: setting.key, found: found, allowed: setting.expected)
      }
    }
    guard drawdown.warn > 0 else {
      throw .badSetting(name: "environment.drawdown_warn", found: "\(drawdown.warn)", allowed: "above 0")
    }
    guard drawdown.reduce >= drawdown.warn else {
      throw .badSetting(
        name: "environment.drawdown_reduce", found: "\(drawdown.reduce)",
        allowed: "at least environment.drawdown_warn, \(drawdown.warn)")
    }
    guard drawdown.halt >= drawdown.reduce else {
      throw .badSetting(
        name: "environment.drawdown_halt", found: "\(drawdown.halt)",
        allowed: "at least environment.drawdown_reduce, \(drawdown.reduce)")
    }
    let taken =
      BarWidth.allCases.flatMap { BasketObservation.features($0).map(\.name) } + [BasketObservation.position.name]
    for (index, name) in extraColumns.enumerated() {
      guard ExtraColumn.isName(name), !taken.contains(name), !extraColumns[..<index].contains(name) else {
        throw .badSetting(
          name: "environment.extra_columns", found: extraColumns.joined(separator: ", "),
          allowed: "distinct names of lower-case letters, digits and _, none of them a feature's")
      }
    }
    try validateSymbols()
    if unitShare != nil { try validateUnitShare() }
    if let limit = positionLimitDollars, unitDollars * Double(maximumUnits) > limit {
      throw .positionAboveLimit(dollars: unitDollars * Double(maximumUnits), limit: limit)
    }
  }

  /// Throws where something else would size a unit too: it would do nothing, and a reader would believe it.
  private func validateUnitShare() throws(EnvironmentError) {
    let usual = BasketConfiguration()
    let reason = "where environment.unit_share sizes a unit by the account"
    for (name, found, left) in [
      ("environment.unit_dollars", unitDollars, usual.unitDollars),
      ("environment.unit_share_of_value", unitShareOfValue, usual.unitShareOfValue),
    ] where found != left {
      throw .badSetting(name: name, found: "\(found)", allowed: "left out (\(left)) \(reason)")
    }
    for (name, words) in [
      ("environment.unit_dollars_by_asset", symbolUnitDollars),
      ("environment.max_position_by_asset", symbolPositionLimits),
    ] where !words.isEmpty {
      throw .badSetting(name: name, found: words.joined(separator: ", "), allowed: "left out ([]) \(reason)")
    }
    if let limit = positionLimitDollars {
      throw .badSetting(
        name: "environment.max_position_per_asset", found: "\(limit)",
        allowed: "left out (null) \(reason), since no position is of fixed dollars there")
    }
  }
}

extension BasketEnvironment {
  package static let family = EnvironmentFamily(
    name: name, aliases: ["basket"],
    summary: "trades daily or minute bars of one to sixty-four symbols, one unit a symbol",
    defaults: BasketConfiguration(), settings: BasketConfiguration.settings.map { $0.erased() },
    play: .bars(
      EnvironmentFamily.BarsPlay(
        featureBars: MarketFeatures.warmUpBars,
        prepare: { configuration, tape throws(EnvironmentError) in
          let configuration = typed(configuration, BasketConfiguration.self)
          try configuration.validate()
          try BasketEnvironment.check(tape: tape, configuration: configuration)
          let features = MarketFeatures(
            tape: tape, execution: configuration.execution, extraColumns: configuration.extraColumns,
            portfolioFeatures: configuration.portfolioFeatures)
          try BasketEnvironment.checkUnit(features: features, tape: tape, configuration: configuration)
          return features
        },
        spaces: { configuration, tape in
          let configuration = typed(configuration, BasketConfiguration.self)
          return EnvironmentSpaces(
            observations: BasketObservation.space(
              symbols: tape.symbols, extraColumns: configuration.extraColumns,
              portfolioFeatures: configuration.portfolioFeatures, width: tape.width),
            actions: BasketAction.space(symbols: tape.symbols))
        },
        lanes: { configuration, tape, prepared, window, count, length throws(EnvironmentError) in
          let configuration = typed(configuration, BasketConfiguration.self)
          return try BasketEnvironment(
            tape: tape, configuration: configuration, window: window, laneCount: count,
            episodes: configuration.wholeSessions ? .wholeSessions(length: length) : .randomStarts(length: length),
            features: prepared as? MarketFeatures)
        },
        walk: { configuration, tape, prepared, window, count throws(EnvironmentError) in
          try BasketEnvironment(
            tape: tape, configuration: typed(configuration, BasketConfiguration.self), window: window, laneCount: count,
            episodes: .continuous, recordsFills: true, features: prepared as? MarketFeatures)
        },
        costlier: { typed($0, BasketConfiguration.self).costing(times: $1) },
        rules: { typed($0, BasketConfiguration.self).rules($1, width: $2) },
        notes: { configuration in
          let configuration = typed(configuration, BasketConfiguration.self)
          var notes: [String] = []
          if configuration.rewards.isActive {
            notes.append("reward: change of value less penalties, which are a learning signal and no money")
          }
          if configuration.wholeSessions {
            notes.append(
              "training episodes are whole sessions, each from a fresh account; the walk that chooses and judges is one, and holds over nights"
            )
          }
          return notes
        },
        baselines: Baseline.allCases, stressed: { typed($0, BasketConfiguration.self).under($1) })))
}
