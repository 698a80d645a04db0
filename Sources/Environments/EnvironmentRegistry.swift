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
      name: MeanReversionMarket.name, kind: .planted, summary: "a price that reverts, with a cost for every change"
    ),
    Entry(
      name: LeakMarket.name, kind: .planted, summary: "the next return is shown: a control that must be solved"),
    Entry(name: CueMarket.name, kind: .planted, summary: "a cue in the first bar pays in the last: needs memory"),
    Entry(name: MartingaleMarket.name, kind: .planted, summary: "returns without an edge: the best policy stays flat"),
    Entry(
      name: RegimeSwitchingMarket.name, kind: .planted, summary: "a hidden regime: memory earns three times as much"),
  ]

  package static var names: [String] { entries.map(\.name) }

  /// The entry of that name.
  package static func entry(named name: String) -> Entry? { entries.first { $0.name == name } }

  /// A planted market, or nil where no planted market has that name.
  package static func planted(name: String, laneCount: Int, options: PlantedOptions = PlantedOptions())
    -> (any PlantedEnvironment)?
  {
    switch name {
    case MeanReversionMarket.name:
      Lanes(
        MeanReversionMarket(positionChangeCost: options.positionChangeCost, episodeLength: options.truncationSteps),
        laneCount: laneCount)
    case LeakMarket.name: Lanes(LeakMarket(episodeLength: options.truncationSteps), laneCount: laneCount)
    case CueMarket.name:
      Lanes(CueMarket(bars: options.cueBars, payoff: options.cuePayoff), laneCount: laneCount)
    case MartingaleMarket.name:
      Lanes(
        MartingaleMarket(bars: options.martingaleBars, positionChangeCost: options.martingaleCost),
        laneCount: laneCount)
    case RegimeSwitchingMarket.name:
      Lanes(
        RegimeSwitchingMarket(
          switchProbability: options.switchProbability, drift: options.regimeDrift,
          showsPosition: options.positionVisible, episodeLength: options.truncationSteps), laneCount: laneCount)
    default: nil
    }
  }
}
