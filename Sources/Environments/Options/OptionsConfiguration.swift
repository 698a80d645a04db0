// What can be set about the options game: the account, the contract that is looked for, what orders cost, and the limits.

import Text
package import Trading

/// One account a symbol that trades options within the session.
package struct OptionsConfiguration: Sendable, Equatable {
  /// Which family it is of; no setting.
  package var game = OptionsGame.options
  /// Cash at the begin of an episode, or of a walk, dollars; `symbolCapital` stands before it.
  package var capitalDollars = 10_000.0
  /// `SYMBOL=DOLLARS`: cash of the accounts of these symbols.
  package var symbolCapital = shipped.map { "\($0.key)=\($0.value.dollars)" }
  /// `SYMBOL=DOLLARS`: the most decay to the close of these accounts, before `profile.limits.decayDollars`.
  package var symbolDecay = shipped.map {
    "\($0.key)=\(DecimalText.fixed($0.value.profile.limits.decayDollars, decimals: 0))"
  }
  /// A decision at the end of every so many minutes of a session, the first at minute 0.
  package var decisionMinutes = 1
  /// |delta| that is looked for, and the least that is taken where a limit lets none of the wanted one in.
  package var targetDelta = 0.50
  package var minimumDelta = 0.15
  /// Full spread over the middle.
  package var maximumSpread = 0.10
  /// Contracts traded in the session up to the minute; 0 asks nothing.
  package var leastVolume = 0
  /// Of last night, where the data say it.
  package var leastOpenInterest = 100
  /// Rank of implied volatility above which nothing is entered.
  package var highestVolatilityRank = 0.80
  /// Contracts of a position.
  package var maximumContracts = 10
  /// Of the account: what an entry may lose at most.
  package var accountShare = 0.05
  /// A flat fee a contract; nil: `FeeTable.retail` of the date.
  package var feeDollars: Double?
  /// Whole minutes from a decision to the quote that fills it.
  package var latencyMinutes = 1
  /// Symbols that may train although an entry fits in less than `leastEntryShare` of the minutes.
  package var allowIdle: [String] = []
  /// Six columns of momentum more, and what an entry against it costs the learner.
  package var humanMomentum = false
  /// Of the account's start: what an entry opposite to a 10-minute move beyond a deviation takes off the reward, with `humanMomentum`. No money.
  package var momentumPenalty = 1e-4
  package var profile = RiskProfile()
  /// How many times half-spreads, impact and fees cost what they do; no setting: reports ask what would be left. 1...`mostCostFactor`, or 0 for ideal fills.
  package var costFactor = 1.0
  /// The same of half-spreads alone.
  package var spreadFactor = 1.0
  /// Whether a kill switch that has latched is re-armed with the next session, as a person might; no setting: a backtest asks what would follow.
  package var rearmsNextSession = false
  /// Which quotes the tape has.
  package var market = OptionNeeds()

  /// Symbols whose account is another one on every desk.
  private static let shipped = SymbolTerms.shipped.bySymbol.sorted { $0.key < $1.key }

  /// The share of a window's minutes in which an entry must fit.
  package static let leastEntryShare = 0.05

  package static let mostCostFactor = 10.0

  /// What is sold, where premium is.
  package var premium = PremiumRules()

  package init() {}

  /// Of the game that sells premium: an option that is sold is cheap beside its spread, and dear where volatility is.
  package static let shortPremium: OptionsConfiguration = {
    var configuration = OptionsConfiguration()
    configuration.game = .shortPremium
    configuration.maximumSpread = 0.25
    configuration.highestVolatilityRank = 1
    return configuration
  }()

  /// The account of a symbol, micro-dollars.
  func capital(of symbol: String) -> Int64 {
    MicroDollars.rounded(SymbolAmount.of(symbol, in: symbolCapital) ?? capitalDollars)
  }

  /// The limits of a symbol's account.
  func profile(of symbol: String) -> RiskProfile {
    var profile = profile
    if let decay = SymbolAmount.of(symbol, in: symbolDecay) { profile.limits.decayDollars = decay }
    return profile
  }

  var selection: ContractSelection {
    let (target, most) = game == .shortPremium ? (premium.shortDelta, premium.shortDelta) : (targetDelta, 1)
    return ContractSelection(
      targetDelta: target, mostDelta: most, mostSpread: maximumSpread, leastVolume: leastVolume,
      leastOpenInterest: leastOpenInterest, takesUnknownLiquidity: true, highestVolatilityRank: highestVolatilityRank)
  }

  var sizing: SizingRules {
    SizingRules(
      tier: AccountTier(name: "options", fallbackFraction: accountShare), range: nil, largestOrder: maximumContracts)
  }

  var execution: ExecutionSettings {
    var settings = ExecutionSettings()
    settings.latencyMinutes = latencyMinutes
    // Costs of nothing are fills at the middle.
    guard costFactor > 0 else {
      settings.mode = .ideal
      return settings
    }
    settings.halfSpreadMillionths = min(
      Int((costFactor * spreadFactor * Double(ExecutionSettings.millionths)).rounded()),
      ExecutionSettings.mostHalfSpreadMillionths)
    settings.impact.thousandths = min(
      Int((costFactor * Double(settings.impact.thousandths)).rounded()), TouchImpact.mostThousandths)
    return settings
  }
}
