// A planted market that tells the next return: a learner that cannot earn here is broken.

package import AgentInterface
package import Kernels
import Text

/// Returns r ~ N(0, 1), independent. The observation holds the *next* return; an action sets the position q in {-1, 0, 1}, and the
/// reward is q r for just that return. No cost. The best policy takes the sign and earns E|r| = sqrt(2 / pi) = 0.7979 a step.
///
/// Observations (N, 2): next_return, position. Every action is always legal. Truncated after `episodeLength` steps.
package struct LeakMarket: PlantedMarket {
  package struct Lane: Sendable {
    var nextReturn: Double
    var position: Int64
  }

  package let columns: [ObservationSpace.Column] = [
    .init(name: "next_return", unit: "standard deviations"), .init(name: "position", unit: "-1, 0 or 1"),
  ]
  package var episodeLength: Int

  package init(episodeLength: Int = 1024) {
    self.episodeLength = episodeLength
  }

  /// sqrt(2 / pi), the mean magnitude of a standard normal number.
  package var optimumPerStep: Double? { (2 / Double.pi).squareRoot() }

  /// An episode's first return is its own draw, not the one that the ended episode was shown last.
  @inline(__always)
  package func start(_ random: inout RandomStream) -> Lane { Lane(nextReturn: random.nextNormal(), position: 0) }

  @inline(__always)
  package func step(_ lane: inout Lane, action: Int, _ random: inout RandomStream) -> Double {
    let position = PlantedAction.position(action)
    let reward = Double(position) * lane.nextReturn
    lane = Lane(nextReturn: random.nextNormal(), position: Int64(position))
    return reward
  }

  @inline(__always)
  package func observe(_ lane: Lane, into row: UnsafeMutablePointer<Float>) {
    row[0] = Float(lane.nextReturn)
    row[1] = Float(lane.position)
  }

  package func save(_ lanes: [Lane], into state: inout StateRecord) {
    state.doubles["next_return"] = lanes.map(\.nextReturn)
    state.integers["position"] = lanes.map(\.position)
  }

  package func lanes(from state: StateRecord, count: Int) throws(RestoreError) -> [Lane] {
    let returns = try state.finiteDoubles("next_return", count: count)
    return zip(returns, try state.positions(count: count)).map { Lane(nextReturn: $0, position: $1) }
  }
}

extension LeakMarket: EnvironmentConfiguration {
  package static let family = EnvironmentFamily(
    "leak", "the next return is shown: a control that must be solved", game: LeakMarket(),
    settings: [
      .integer("environment.truncation_steps", \.episodeLength, 1...1_000_000, unit: "steps", "length of an episode")
    ], lanes: { Lanes($0, laneCount: $1) })
}
