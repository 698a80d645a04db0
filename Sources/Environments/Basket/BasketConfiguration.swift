// Everything about the basket game that can be set.

package import Trading

/// Settings of `BasketEnvironment`. Dollars are US dollars; fractions are decimals.
package struct BasketConfiguration: Sendable, Hashable, Codable {
  /// How a lane begins its episodes.
  package enum Episodes: Sendable, Hashable, Codable {
    /// At a random bar of the window, truncated after so many steps. Never leaves the window.
    case randomStarts(length: Int)
    /// At the first bar of a random session of the window, truncated at the last bar of the last session that so many steps and the window hold whole.
    case wholeSessions(length: Int)
    /// The whole window once, with the account carried, truncated at the window's end.
    case continuous
  }

  /// Initial cash is this times the number of symbols.
  package var capitalPerSymbolDollars: Double
  /// The most that one unit is worth at the decision's price.
  package var unitDollars: Double
  /// One unit is also at most this share of net liquidation value over the number of symbols.
  package var unitShareOfValue: Double
  /// A unit is this share of net liquidation value at the decision, in place of the two above; nil where those size it.
  package var unitShare: Double?
  /// What `unitDollars` times `maximumUnits` may not exceed; nil where nothing limits it.
  package var positionLimitDollars: Double?
  /// The most units of one symbol, long or (where allowed) short.
  package var maximumUnits: Int
  /// `SYMBOL=AMOUNT`: what stands before `capitalPerSymbolDollars`, `unitDollars`, `maximumUnits` and `positionLimitDollars` of single symbols.
  package var symbolCapital: [String] = []
  package var symbolUnitDollars: [String] = []
  package var symbolMaximumUnits: [String] = []
  package var symbolPositionLimits: [String] = []
  package var allowShort: Bool
  package var execution: ExecutionModel
  package var drawdown: DrawdownTiers
  /// Columns of the data that are observed beside the twelve features, by name, as they are.
  package var extraColumns: [String]
  /// Adds `PortfolioColumns` to the observation; needs two or more symbols and a benchmark.
  package var portfolioFeatures: Bool
  package var rewards: RewardTerms
  /// Whether training episodes, on bars narrower than sessions, begin and end with sessions.
  package var wholeSessions: Bool

  package init(
    capitalPerSymbolDollars: Double = 1000, unitDollars: Double = 1000, unitShareOfValue: Double = 0.95,
    unitShare: Double? = nil, positionLimitDollars: Double? = nil, maximumUnits: Int = 1, allowShort: Bool = false,
    execution: ExecutionModel = ExecutionModel(),
    drawdown: DrawdownTiers = .daily, extraColumns: [String] = [], portfolioFeatures: Bool = false,
    rewards: RewardTerms = RewardTerms(), wholeSessions: Bool = false
  ) {
    self.capitalPerSymbolDollars = capitalPerSymbolDollars
    self.unitDollars = unitDollars
    self.unitShareOfValue = unitShareOfValue
    self.unitShare = unitShare
    self.positionLimitDollars = positionLimitDollars
    self.maximumUnits = maximumUnits
    self.allowShort = allowShort
    self.execution = execution
    self.drawdown = drawdown
    self.extraColumns = extraColumns
    self.portfolioFeatures = portfolioFeatures
    self.rewards = rewards
    self.wholeSessions = wholeSessions
  }
}
