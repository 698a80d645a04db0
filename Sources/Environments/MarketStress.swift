// What may be worse than it was played: one thing at a time.

private import Market
private import Trading

/// One thing that is worse, everything else as it was.
package enum MarketStress: String, Sendable, CaseIterable {
  case costs, spread, latency, fills, gaps, halfDays, volatility

  /// In a table, at most 27 columns.
  package var name: String {
    switch self {
    case .costs: "all costs x 1.5"
    case .spread: "spreads x 2"
    case .latency: "latency x 2"
    case .fills: "half of the orders unfilled"
    case .gaps: "5 % of the bars missing"
    case .halfDays: "half days"
    case .volatility: "volatility x 2"
    }
  }

  /// By how much a session ends earlier on a half day, minutes; and how many are left of it.
  package static let minutesLost = 180
  package static let minutesLeft = TradingCalendar.fullSessionMinutes - minutesLost
  /// Of orders that are not filled, and of bars that never arrive.
  package static let unfilledShare = 0.5
  package static let missingShare = 0.05
  package static let costFactor = 1.5
  package static let factor = 2.0
}

extension OptionsConfiguration {
  /// The same game where its own settings make it so; nil for what others must do. All costs are `costing(times:)`.
  func under(_ stress: MarketStress) -> OptionsConfiguration? {
    var other = self
    switch stress {
    case .spread:
      // Ideal fills pay none.
      guard costFactor > 0 else { return nil }
      other.spreadFactor = MarketStress.factor
    case .latency: other.latencyMinutes = min(2 * latencyMinutes, 60)
    case .halfDays:
      other.profile.lastMinutes = min(
        profile.lastMinutes + MarketStress.minutesLost, TradingCalendar.fullSessionMinutes)
      other.profile.forcedFlatMinutes = min(
        profile.forcedFlatMinutes + MarketStress.minutesLost, TradingCalendar.fullSessionMinutes)
    case .costs, .fills, .gaps, .volatility: return nil
    }
    return other
  }
}

extension BasketConfiguration {
  /// The same game where its own settings make it so; nil for what others must do, and where there is no such cost. All costs are `costing(times:)`.
  func under(_ stress: MarketStress) -> BasketConfiguration? {
    switch stress {
    case .spread:
      guard execution.halfSpreadBasisPoints > 0 else { return nil }
      var other = self
      other.execution.halfSpreadBasisPoints = min(
        MarketStress.factor * execution.halfSpreadBasisPoints, BasketConfiguration.largestCosts.halfSpreadBasisPoints)
      return other
    case .costs, .latency, .fills, .gaps, .halfDays, .volatility: return nil
    }
  }
}
