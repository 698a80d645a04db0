// A planted market without an edge: whoever trades pays for it, and the best policy does nothing.

package import AgentInterface
package import Kernels
import Text

/// Returns r ~ N(0, 1), independent, in days of `episodeLength` bars (390). An action sets the position q in {-1, 0, 1}; the reward is
/// q r - c |q - q_before| with the return that comes, c = 0.05. A day begins flat and terminates; what is held at its end is dropped at
/// no cost. Every policy earns minus its costs on average, so the best one stays flat and earns 0.
///
/// Observations (N, 2): last_return (of the bar before; nothing can be told from it), position. Every action is always legal.
package struct MartingaleMarket: PlantedMarket {
  package struct Lane: Sendable {
    var lastReturn: Double
    var position: Int64
  }

  package let columns: [ObservationSpace.Column] = [
    .init(name: "last_return", unit: "standard deviations"), .init(name: "position", unit: "-1, 0 or 1"),
  ]
  package var episodeLength: Int
  package let endsAtLength = true
  /// c, in units of reward per unit of position.
  package var positionChangeCost: Double

  package init(bars: Int = 390, positionChangeCost: Double = 0.05) {
    precondition(positionChangeCost >= 0 && positionChangeCost.isFinite, "a cost of \(positionChangeCost)")
    episodeLength = bars
    self.positionChangeCost = positionChangeCost
  }

  package var optimumPerStep: Double? { 0 }

  @inline(__always)
  package func start(_ random: inout RandomStream) -> Lane { Lane(lastReturn: random.nextNormal(), position: 0) }

  @inline(__always)
  package func step(_ lane: inout Lane, action: Int, _ random: inout RandomStream) -> Double {
    let position = PlantedAction.position(action)
    let traded = Double(abs(position - Int(lane.position)))
    lane = Lane(lastReturn: random.nextNormal(), position: Int64(position))
    return Double(position) * lane.lastReturn - positionChangeCost * traded
  }

  @inline(__always)
  package func observe(_ lane: Lane, into row: UnsafeMutablePointer<Float>) {
    row[0] = Float(lane.lastReturn)
    row[1] = Float(lane.position)
  }

  package func save(_ lanes: [Lane], into state: inout StateRecord) {
    state.doubles["last_return"] = lanes.map(\.lastReturn)
    state.integers["position"] = lanes.map(\.position)
  }

  package func lanes(from state: StateRecord, count: Int) throws(RestoreError) -> [Lane] {
    let returns = try state.finiteDoubles("last_return", count: count)
    return zip(returns, try state.positions(count: count)).map { Lane(lastReturn: $0, position: $1) }
  }
}

extension MartingaleMarket: EnvironmentConfiguration {
  package static let family = EnvironmentFamily(
    "martingale", "returns without an edge: the best policy stays flat", game: MartingaleMarket(),
    settings: [
      .integer("environment.martingale_bars", \.episodeLength, 1...1_000_000, unit: "bars", "length of a day"),
      .number(
        "environment.martingale_cost", \.positionChangeCost, 0...Double.greatestFiniteMagnitude,
        "cost of a unit of change, in units of reward"),
    ], lanes: { Lanes($0, laneCount: $1) })
}
