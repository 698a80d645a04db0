// The options game as an environment family: what can be set about it, and how it is played and judged.

import AgentInterface
import Market
package import Text
import Trading

extension OptionsConfiguration: EnvironmentConfiguration {
  /// Every setting of the game that buys; `validate` asks the same table.
  package static let settings = settings(of: .options)

  /// Every setting of a game once. Limits are those of every desk (`RiskProfile.allSettings`), their names below `environment`.
  package static func settings(of game: OptionsGame) -> [SettingOf<OptionsConfiguration>] {
    let sells = game == .shortPremium
    return accounts + (sells ? PremiumRules.settings.map { $0.lifted(\.premium) } : bought) + quoted
      + (sells ? [] : boughtShare) + executed + (sells ? [] : momentum)
      + OptionNeeds.settings.map { $0.lifted(\OptionsConfiguration.market) } + limits
  }

  private static let accounts: [SettingOf<OptionsConfiguration>] =
    [
      .number("environment.capital", \.capitalDollars, 1...1e9, unit: "dollars", "starting cash of an account"),
      .words(
        "environment.capital_by_symbol", \.symbolCapital,
        "SYMBOL=DOLLARS: starting cash of the accounts of these symbols"),
      .words(
        "environment.theta_dollars_by_symbol", \.symbolDecay,
        "SYMBOL=DOLLARS: environment.limits_theta_dollars of the accounts of these symbols"),
      .integer(
        "environment.decision_minutes", \.decisionMinutes, 1...120, unit: "minutes",
        "a decision at the end of every so many minutes"),
    ]

  private static let bought: [SettingOf<OptionsConfiguration>] =
    [
      .number("environment.target_delta", \.targetDelta, 0.01...0.99, "|delta| of the contract that is looked for"),
      .number(
        "environment.minimum_delta", \.minimumDelta, 0.01...0.99,
        "the least |delta| that is taken where no contract nearer to the target fits the limits"),
    ]

  private static let quoted: [SettingOf<OptionsConfiguration>] =
    [
      .number("environment.maximum_spread", \.maximumSpread, 0.001...2, "of the middle: wider quotes are not entered"),
      .integer(
        "environment.least_volume", \.leastVolume, 0...1_000_000, unit: "contracts",
        "traded in the session up to the minute, or a contract is not entered; above 0 the data must say it"),
      .integer(
        "environment.least_open_interest", \.leastOpenInterest, 0...1_000_000, unit: "contracts",
        "of last night, where the data say it"),
      .number(
        "environment.highest_volatility_rank", \.highestVolatilityRank, 0...1,
        "the rank of implied volatility above which nothing is entered"),
      .integer("environment.maximum_contracts", \.maximumContracts, 1...1000, "contracts of a position"),
    ]

  private static let boughtShare: [SettingOf<OptionsConfiguration>] =
    [
      .number("environment.account_share", \.accountShare, 1e-6...1, "of the account: what an entry may lose at most")
    ]

  private static let executed: [SettingOf<OptionsConfiguration>] =
    [
      .optionalNumber(
        "environment.fee_dollars", \.feeDollars, 0...100, unit: "dollars a contract",
        "a flat fee; null takes the fees of each date"),
      .integer(
        "environment.latency_minutes", \.latencyMinutes, 1...60, unit: "minutes",
        "from a decision to the quote that fills it"),
      .words(
        "environment.allow_idle", \.allowIdle,
        "symbols that may train although an entry fits in less than 5 % of the minutes"),
    ]

  private static let momentum: [SettingOf<OptionsConfiguration>] =
    [
      .flag(
        "environment.human_momentum", \.humanMomentum,
        "six columns of momentum more, and a penalty for entering against it"),
      .number(
        "environment.momentum_penalty", \.momentumPenalty, 0...1, unit: "of the account's start",
        "with human_momentum: taken off the reward for an entry opposite to a 10-minute move beyond a deviation; no money"
      ),
    ]

  private static let limits: [SettingOf<OptionsConfiguration>] =
    RiskProfile.allSettings.map { setting in
      SettingOf<RiskProfile>(
        key: "environment." + setting.key.replacing(".", with: "_"), help: setting.help, expected: setting.expected,
        read: setting.read,
        write: setting.write
      ).lifted(\OptionsConfiguration.profile)
    }

  /// Throws for the first value that makes no sense, by the key that sets it.
  package func validate() throws(EnvironmentError) {
    for setting in OptionsConfiguration.settings(of: game) {
      if let found = setting.wrongValue(in: self) {
        throw .badSetting(name: setting.key, found: found, allowed: setting.expected)
      }
    }
    guard game != .options || minimumDelta <= targetDelta else {
      throw .badSetting(
        name: "environment.minimum_delta", found: "\(minimumDelta)",
        allowed: "at most environment.target_delta, \(targetDelta)")
    }
    for (name, words) in [
      ("environment.capital_by_symbol", symbolCapital), ("environment.theta_dollars_by_symbol", symbolDecay),
      ("environment.width_by_symbol", premium.symbolWidths),
    ] {
      for word in words where SymbolAmount(word) == nil {
        throw .badSetting(
          name: name, found: JSON.string(word).text, allowed: "words like SPX=1000, above 0 and at most 1000000000")
      }
    }
    if game == .shortPremium { try validatePremium() }
    if let problem = profile.problem { throw .contradictoryLimits("\(problem)") }
  }
}

extension OptionsEnvironment {
  package static let family = family(
    of: OptionsConfiguration(),
    summary: "buys calls and puts within the session, under the limits, fees and fills of the desk",
    play: SessionPlay(
      opensUp: OptionsAction.buyCall.name, opensDown: OptionsAction.buyPut.name, closes: OptionsAction.exit.name,
      rules: [
        ActionRule(ActionRule.flatName), ActionRule("calls", opens: OptionsAction.buyCall.name),
        ActionRule("puts", opens: OptionsAction.buyPut.name),
        ActionRule("calls-exits", opens: OptionsAction.buyCall.name, takesAt: 0.5, stopsAt: -0.5),
        ActionRule("puts-exits", opens: OptionsAction.buyPut.name, takesAt: 0.5, stopsAt: -0.5), previousSign,
      ]))

  /// A game over a tape of options, by what it is before anything is set.
  static func family(of defaults: OptionsConfiguration, summary: String, play: SessionPlay) -> EnvironmentFamily {
    EnvironmentFamily(
      name: defaults.game.name, aliases: [], summary: summary,
      defaults: defaults, settings: OptionsConfiguration.settings(of: defaults.game).map { $0.erased() },
      play: .bars(
        EnvironmentFamily.BarsPlay(
          featureBars: 0,
          prepare: { configuration, tape throws(EnvironmentError) in
            try OptionsTables(tape, configuration: typed(configuration, OptionsConfiguration.self))
          },
          spaces: { configuration, tape in
            EnvironmentSpaces(
              observations: OptionsObservation.space(
                symbols: tape.options?.symbols.map(\.name) ?? tape.symbols,
                humanMomentum: typed(configuration, OptionsConfiguration.self).humanMomentum, game: defaults.game),
              actions: typed(configuration, OptionsConfiguration.self).game.space)
          },
          lanes: { configuration, tape, prepared, window, count, _ throws(EnvironmentError) in
            let tables = try tables(configuration, tape, prepared)
            try tables.requireEntries(in: window)
            return try OptionsEnvironment(tape: tape, tables: tables, window: window, laneCount: count)
          },
          walk: { configuration, tape, prepared, window, count throws(EnvironmentError) in
            try OptionsEnvironment(
              tape: tape, tables: try tables(configuration, tape, prepared), window: window, laneCount: count,
              episodes: .walk, recordsFills: true)
          },
          costlier: { typed($0, OptionsConfiguration.self).costing(times: $1) },
          rules: { configuration, number, _ in typed(configuration, OptionsConfiguration.self).rules(number) },
          notes: { configuration in
            [
              "episodes are sessions: environment.episode_length is not read, and nothing is held over night",
              "rewards are fractions of the account's start",
            ]
              + (typed(configuration, OptionsConfiguration.self).humanMomentum
                ? ["reward: less a penalty for entries against momentum, which is a learning signal and no money"] : [])
          },
          baselines: [], options: { typed($0, OptionsConfiguration.self).market },
          play: play, companions: { typed($0, OptionsConfiguration.self).companions },
          rearmed: { game in
            var other = typed(game, OptionsConfiguration.self)
            other.rearmsNextSession = true
            return other
          },
          stressed: { typed($0, OptionsConfiguration.self).under($1) },
          decisionMinutes: { typed($0, OptionsConfiguration.self).decisionMinutes })))
  }

  private static func tables(
    _ configuration: any EnvironmentConfiguration, _ tape: MarketTape, _ prepared: any Sendable
  ) throws(EnvironmentError) -> OptionsTables {
    if let tables = prepared as? OptionsTables { return tables }
    return try OptionsTables(tape, configuration: typed(configuration, OptionsConfiguration.self))
  }
}

extension OptionsConfiguration {
  /// The same game where half-spreads, impact and fees cost so many times as much, as far as execution goes.
  func costing(times factor: Double) -> OptionsConfiguration? {
    guard costFactor > 0 else { return nil }
    var other = self
    other.costFactor = min(costFactor * factor, OptionsConfiguration.mostCostFactor)
    return other
  }

  private func boughtWords(_ number: (Double) -> String) -> [RuleLine] {
    [
      RuleLine(
        "contract",
        "today's expiry, |delta| nearest to \(number(targetDelta)), or the largest below of which one fits, not below "
          + number(minimumDelta))
    ]
  }

  private func sizeWords(_ number: (Double) -> String) -> String {
    (game == .options ? "at most \(number(100 * accountShare)) % of the account lost" : premium.sizeWords(number))
      + ", at most \(maximumContracts)"
  }

  /// Fills, costs and limits in words. `number`: how a report writes one.
  func rules(_ number: (Double) -> String) -> [RuleLine] {
    [
      RuleLine(
        "fill",
        "decided at a minute's end, filled \(latencyMinutes) \(latencyMinutes == 1 ? "minute" : "minutes") later "
          + (costFactor > 0 ? "at the far touch, never at mid" : "at mid, which nobody gets"))
    ] + (game == .options ? boughtWords(number) : premium.words(number))
      + (leastVolume > 0
        ? [RuleLine("volume", "\(leastVolume) contracts or more traded in the session up to the minute")] : []) + [
        RuleLine("fees", feeDollars.map { "\(number($0)) $ a contract" } ?? "those of each date")
      ]
      + (spreadFactor == 1 ? [] : [RuleLine("half-spreads", "\(number(spreadFactor)) times what they are")])
      + (costFactor == 1
        ? [] : [RuleLine("half-spreads, impact and fees", "\(number(costFactor)) times what they are")]) + [
        RuleLine(
          "capital", ([number(capitalDollars) + " $"] + symbolCapital).joined(separator: ", ") + ", an account a symbol"
        ),
        RuleLine("size", sizeWords(number)),
        RuleLine("limits", profile.limits.words),
        RuleLine(
          "kill switch",
          "at a fall of \(number(100 * profile.killFraction)) % below the account's high everything is closed, "
            + (rearmsNextSession ? "until the next session, with which it is re-armed" : "and trading ends")),
        RuleLine(
          "hours",
          "nothing entered in the first \(profile.firstMinutes) and the last \(profile.lastMinutes) minutes, closed "
            + "\(profile.forcedFlatMinutes) before the close; what is left is settled in cash"),
        RuleLine(
          "reward",
          "the change of net liquidation value over the account's start"
            + (humanMomentum
              ? ", less \(number(momentumPenalty)) for an entry opposite to a 10-minute move beyond a deviation" : "")),
      ]
  }
}
