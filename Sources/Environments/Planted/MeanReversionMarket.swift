// A planted market whose price deviation reverts: the best policy is a band that costs make wider.

package import AgentInterface
package import Kernels
import Text

/// x' = 0.95 x + e with e ~ N(0, 1); x starts stationary (standard deviation 3.2026). An action sets the position q in {-1, 0, 1}
/// and is filled at once, at x; the reward is q (x' - x) - c |q - q_before|. Nothing is held when an episode begins.
///
/// Observations (N, 2): x, position. Every action is always legal. Truncated after `episodeLength` steps, never terminated.
/// With c = 0.5 the best policy goes short above 2.02 and long below -2.02, keeps its position between, and earns 0.0928 a step.
package struct MeanReversionMarket: PlantedMarket {
  package struct Lane: Sendable {
    var deviation: Double
    var position: Int64
  }

  package static let persistence = 0.95
  /// 1 / sqrt(1 - persistence^2).
  package static let stationaryDeviation = 1 / (1 - persistence * persistence).squareRoot()

  package let columns: [ObservationSpace.Column] = [
    .init(name: "deviation", unit: "standard deviations of one step"), .init(name: "position", unit: "-1, 0 or 1"),
  ]
  package var episodeLength: Int
  /// c, in units of reward per unit of position.
  package var positionChangeCost: Double

  package init(positionChangeCost: Double = 0.5, episodeLength: Int = 1024) {
    precondition(positionChangeCost >= 0 && positionChangeCost.isFinite, "a cost of \(positionChangeCost)")
    self.positionChangeCost = positionChangeCost
    self.episodeLength = episodeLength
  }

  /// Average-reward dynamic programming over (x, position) on a grid of 401 points; for c = 0 the closed form
  /// (1 - phi) sd sqrt(2 / pi). Nil for costs that have not been solved.
  package var optimumPerStep: Double? {
    switch positionChangeCost {
    case 0: 0.12776
    case 0.25: 0.1056
    case 0.5: 0.0928
    case 1: 0.0742
    case 2: 0.0489
    default: nil
    }
  }

  @inline(__always)
  package func start(_ random: inout RandomStream) -> Lane {
    Lane(deviation: MeanReversionMarket.stationaryDeviation * random.nextNormal(), position: 0)
  }

  @inline(__always)
  package func step(_ lane: inout Lane, action: Int, _ random: inout RandomStream) -> Double {
    let position = PlantedAction.position(action)
    let before = lane.deviation
    let after = MeanReversionMarket.persistence * before + random.nextNormal()
    let traded = Double(abs(position - Int(lane.position)))
    lane = Lane(deviation: after, position: Int64(position))
    return Double(position) * (after - before) - positionChangeCost * traded
  }

  @inline(__always)
  package func observe(_ lane: Lane, into row: UnsafeMutablePointer<Float>) {
    row[0] = Float(lane.deviation)
    row[1] = Float(lane.position)
  }

  package func save(_ lanes: [Lane], into state: inout StateRecord) {
    state.doubles["deviation"] = lanes.map(\.deviation)
    state.integers["position"] = lanes.map(\.position)
  }

  package func lanes(from state: StateRecord, count: Int) throws(RestoreError) -> [Lane] {
    let deviations = try state.finiteDoubles("deviation", count: count)
    return zip(deviations, try state.positions(count: count)).map { Lane(deviation: $0, position: $1) }
  }
}

extension MeanReversionMarket: EnvironmentConfiguration {
  package static let family = EnvironmentFamily(
    "mean_reversion", "a price that reverts, with a cost for every change", game: MeanReversionMarket(),
    settings: [
      .number(
        "environment.position_change_cost", \.positionChangeCost, 0...Double.greatestFiniteMagnitude,
        "cost of a unit of change, in units of reward"),
      .integer("environment.truncation_steps", \.episodeLength, 1...1_000_000, unit: "steps", "length of an episode"),
    ], lanes: { Lanes($0, laneCount: $1) })
}
