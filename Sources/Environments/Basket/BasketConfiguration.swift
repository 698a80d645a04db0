// Everything about the basket game that can be set.

private import AgentInterface
private import Market
package import Trading

/// Settings of `BasketEnvironment`. Dollars are US dollars; fractions are decimals.
package struct BasketConfiguration: Sendable, Hashable, Codable {
  /// How a lane begins its episodes.
  package enum Episodes: Sendable, Hashable, Codable {
    /// At a random bar of the window, truncated after so many steps. Never leaves the window.
    case randomStarts(length: Int)
    /// The whole window once, with the account carried, truncated at the window's end.
    case continuous
  }

  /// Initial cash is this times the number of symbols.
  package var capitalPerSymbolDollars: Double
  /// The most that one unit is worth at the decision's price.
  package var unitDollars: Double
  /// One unit is also at most this share of net liquidation value over the number of symbols.
  package var unitShareOfValue: Double
  /// The most units of one symbol, long or (where allowed) short.
  package var maximumUnits: Int
  package var allowShort: Bool
  package var execution: ExecutionModel
  package var drawdown: DrawdownTiers
  /// Columns of the data that are observed beside the twelve features, by name, as they are.
  package var extraColumns: [String]
  /// Adds `PortfolioColumns` to the observation; needs two or more symbols and a benchmark.
  package var portfolioFeatures: Bool
  package var rewards: RewardTerms

  package init(
    capitalPerSymbolDollars: Double = 1000, unitDollars: Double = 1000, unitShareOfValue: Double = 0.95,
    maximumUnits: Int = 1, allowShort: Bool = false, execution: ExecutionModel = ExecutionModel(),
    drawdown: DrawdownTiers = .daily, extraColumns: [String] = [], portfolioFeatures: Bool = false,
    rewards: RewardTerms = RewardTerms()
  ) {
    self.capitalPerSymbolDollars = capitalPerSymbolDollars
    self.unitDollars = unitDollars
    self.unitShareOfValue = unitShareOfValue
    self.maximumUnits = maximumUnits
    self.allowShort = allowShort
    self.execution = execution
    self.drawdown = drawdown
    self.extraColumns = extraColumns
    self.portfolioFeatures = portfolioFeatures
    self.rewards = rewards
  }

  /// Throws `badSetting` for the first value that makes no sense.
  package func validate() throws(EnvironmentError) {
    func check(_ name: String, _ value: Double, _ range: ClosedRange<Double>, open: Bool = false)
      throws(EnvironmentError)
    {
      guard range.contains(value), !(open && value == range.lowerBound) else {
        let above = open ? "above \(range.lowerBound)" : "at least \(range.lowerBound)"
        throw .badSetting(name: name, found: "\(value)", allowed: "\(above) and at most \(range.upperBound)")
      }
    }
    try check("capital_per_symbol_dollars", capitalPerSymbolDollars, 0...1e8, open: true)
    try check("unit_dollars", unitDollars, 0...1e8, open: true)
    try check("unit_share_of_value", unitShareOfValue, 0...1, open: true)
    guard (1...100).contains(maximumUnits) else {
      throw .badSetting(name: "maximum_units", found: "\(maximumUnits)", allowed: "1 to 100")
    }
    try check("half_spread_basis_points", execution.halfSpreadBasisPoints, 0...1000)
    try check("impact_coefficient", execution.impactCoefficient, 0...100)
    try check("commission_dollars", execution.commissionDollars, 0...1e6)
    try check("drawdown.warn", drawdown.warn, 0...1, open: true)
    try check("drawdown.reduce", drawdown.reduce, drawdown.warn...max(drawdown.warn, 1))
    try check("drawdown.halt", drawdown.halt, drawdown.reduce...max(drawdown.reduce, 1))
    try check("turnover_penalty", rewards.turnover.coefficient, 0...RewardTerms.largestCoefficient)
    try check("drawdown_penalty", rewards.drawdown.coefficient, 0...RewardTerms.largestCoefficient)
    let taken = BasketObservation.features.map(\.name) + [BasketObservation.position.name]
    for (index, name) in extraColumns.enumerated() {
      guard ExtraColumn.isName(name), !taken.contains(name), !extraColumns[..<index].contains(name) else {
        throw .badSetting(
          name: "extra_columns", found: extraColumns.joined(separator: ", "),
          allowed: "distinct names of lower-case letters, digits and _, none of them a feature's")
      }
    }
  }
}
