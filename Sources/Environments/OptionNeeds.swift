// Which options an environment wants to see: what the data of a run are asked for before its tape is made.

package import Market
package import Text

/// What an environment over options asks of the data of a run.
package struct OptionNeeds: Sendable, Equatable {
  /// Where quotes come from. A run has one kind: figures of quotes and of SYNTHETIC ones are never added up.
  package enum Quotes: String, Sendable, CaseIterable {
    /// Chains where the store has those of all symbols, the law `fair` where it has none.
    case auto
    case chain
    /// SYNTHETIC: of a volatility index, by one of the two laws.
    case fair, market

    /// The law that is asked for; nil for quotes of a chain, and where the data choose.
    package var law: SurfaceLaw? { SurfaceLaw(rawValue: rawValue) }
  }

  package var quotes = Quotes.auto
  /// The volatility index of which a SYNTHETIC surface is made, by its daily closes.
  package var indexSymbol = "VIX"
  package var rules = OptionTape.Rules()

  package init() {}

  /// For the settings of an environment's own configuration, which holds one of these.
  package static let settings: [SettingOf<OptionNeeds>] = [
    .choice(
      "environment.surface", \.quotes, Quotes.allCases.map { ($0.rawValue, $0) },
      "where quotes come from: stored chains, or SYNTHETIC ones of an index; auto takes chains where all symbols have one"
    ),
    .text(
      "environment.volatility_index", \.indexSymbol, expected: "the name of an index",
      "whose close of the evening before SYNTHETIC quotes are made of", accepts: { !$0.isEmpty }),
    .integer(
      "environment.minimum_days", \.rules.minimumDays, 0...60, unit: "calendar days",
      "where nothing expires in the session: the nearest expiry that is so far away; 0 enters nothing"),
    .number(
      "environment.strike_reach", \.rules.reachDeviations, 0.5...6, unit: "deviations to the expiry",
      "how far from the session's first price SYNTHETIC strikes are listed"),
  ]
}
