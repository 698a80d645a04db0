// The environments by name: the one place that knows them all.

/// Which environments exist. Planted markets are made here by name; `dual_ticker` is made with a tape by whoever holds one.
package enum EnvironmentRegistry {
  package enum Kind: Sendable, Hashable {
    /// Makes its own market and has a known optimum.
    case planted
    /// Needs a tape.
    case market
  }

  package struct Entry: Sendable, Hashable {
    package let name: String
    package let kind: Kind
    /// One line for a list.
    package let summary: String
  }

  package static let entries: [Entry] = [
    Entry(name: "dual_ticker", kind: .market, summary: "trades daily bars of one to three symbols, one unit a symbol"),
    Entry(
      name: MeanReversionEnvironment.name, kind: .planted, summary: "a price that reverts, with a cost for every change"
    ),
    Entry(
      name: LeakEnvironment.name, kind: .planted, summary: "the next return is shown: a control that must be solved"),
    Entry(name: CueEnvironment.name, kind: .planted, summary: "a cue in the first bar pays in the last: needs memory"),
  ]

  package static var names: [String] { entries.map(\.name) }

  /// The entry of that name.
  package static func entry(named name: String) -> Entry? { entries.first { $0.name == name } }

  /// A planted market, or nil where no planted market has that name.
  package static func planted(name: String, laneCount: Int, options: PlantedOptions = PlantedOptions())
    -> (any PlantedEnvironment)?
  {
    switch name {
    case MeanReversionEnvironment.name:
      MeanReversionEnvironment(
        laneCount: laneCount, positionChangeCost: options.positionChangeCost, episodeLength: options.truncationSteps)
    case LeakEnvironment.name: LeakEnvironment(laneCount: laneCount, episodeLength: options.truncationSteps)
    case CueEnvironment.name:
      CueEnvironment(laneCount: laneCount, bars: options.cueBars, payoff: options.cuePayoff)
    default: nil
    }
  }
}
