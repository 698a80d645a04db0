// What the agent sees of each symbol: twelve features, what else the data says, and its position; and of the portfolio as a whole.

package import AgentInterface
package import Market

/// The observation's columns, in the order that is the contract: each symbol's block in the tape's order, its features first, then the
/// further columns that the configuration names, then its position. Columns of the portfolio as a whole stand behind the last block.
package enum BasketObservation {
  /// Features per symbol, in order, with their units.
  package static let features: [ObservationSpace.Column] = [
    .init(name: "log_return_1", unit: "log ratio"),
    .init(name: "log_return_5", unit: "log ratio"),
    .init(name: "log_return_20", unit: "log ratio"),
    .init(name: "rsi_14", unit: "-1 to 1"),
    .init(name: "ema_12_gap", unit: "fraction"),
    .init(name: "ema_26_gap", unit: "fraction"),
    .init(name: "atr_14_fraction", unit: "fraction of close"),
    .init(name: "realized_volatility_20", unit: "annual decimal"),
    .init(name: "range_position_20", unit: "0 to 1"),
    .init(name: "volume_ratio_20", unit: "log ratio"),
    .init(name: "open_gap", unit: "fraction"),
    .init(name: "drawdown_50", unit: "fraction"),
  ]

  /// What stands in the features of a symbol that is not traded, in order: what each says where nothing moves and volume is as usual. The position then is 0,
  /// and columns that have no such value are the mean of the symbols that are traded (`hasNeutralValue`).
  static let neutralFeatures: [Float] = features.map { $0.name == "range_position_20" ? 0.5 : 0 }

  /// Whether nothing can be said of a symbol by a fixed value of a column: not of how much prices move, which is never near 0, so that 0 would be far outside
  /// of all that a policy sees; nor of a further column.
  static func hasNeutralValue(_ column: Int) -> Bool {
    features.indices.contains(column) && !["atr_14_fraction", "realized_volatility_20"].contains(features[column].name)
  }

  /// The same where bars are of minutes: volumes are compared within their session (`VolumeAgainstUsual`).
  package static func features(_ width: BarWidth) -> [ObservationSpace.Column] {
    guard width == .minute else { return features }
    return features.map { column in
      column.name == "volume_ratio_20" ? .init(name: "volume_against_usual", unit: "log ratio") : column
    }
  }

  package static let position = ObservationSpace.Column(name: "position", unit: "signed units over maximum units")

  /// Columns per symbol: 13 without further ones.
  package static func columnsPerSymbol(extraColumns: [String]) -> Int { features.count + extraColumns.count + 1 }

  /// Columns named `SYMBOL.feature`, and with `portfolioFeatures` the three of `PortfolioColumns`.
  package static func space(
    symbols: [String], extraColumns: [String] = [], portfolioFeatures: Bool = false, width: BarWidth = .session
  ) -> ObservationSpace {
    let extra = extraColumns.map { ObservationSpace.Column(name: $0, unit: "as delivered") }
    let blocks = symbols.flatMap { symbol in
      (features(width) + extra + [position]).map {
        ObservationSpace.Column(name: symbol + "." + $0.name, unit: $0.unit)
      }
    }
    return ObservationSpace(columns: blocks + (portfolioFeatures ? PortfolioColumns.columns : []))
  }
}
