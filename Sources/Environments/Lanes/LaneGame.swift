// A small game by its rules for one lane: what `Lanes` makes an environment of.

package import AgentInterface
package import Kernels

/// The rules of a game, for one lane. `LeakMarket` is the shortest example, and the template for a new one.
package protocol LaneGame: Sendable {
  /// What a lane is between two steps.
  associatedtype Lane: Sendable

  var columns: [ObservationSpace.Column] { get }
  var actionSpace: ActionSpace { get }
  /// Steps after which an episode is over whatever happens.
  var episodeLength: Int { get }
  /// Whether an episode of `episodeLength` steps has come to an end of its own (terminated); else it is cut there (truncated).
  var endsAtLength: Bool { get }

  /// The mean reward per step of the best policy, where it is known for these rules.
  var optimumPerStep: Double? { get }

  /// A lane at the begin of an episode.
  func start(_ random: inout RandomStream) -> Lane
  /// Moves a lane by one step. `action` is a legal one. Returns the reward, and whether the episode has ended by the game's own rules.
  func advance(_ lane: inout Lane, action: Int, _ random: inout RandomStream) -> (reward: Double, isOver: Bool)
  /// row: (D).
  func observe(_ lane: Lane, into row: UnsafeMutablePointer<Float>)
  func mask(_ lane: Lane) -> ActionMask
  /// Writes the lanes under names of the game's own; `episodes/` and `random/` are taken.
  func save(_ lanes: [Lane], into state: inout StateRecord)
  /// The lanes that `save` wrote, checked.
  func lanes(from state: StateRecord, count: Int) throws(RestoreError) -> [Lane]
}

extension LaneGame {
  package var optimumPerStep: Double? { nil }
}

/// An environment that makes its own episodes: what it is worth to play it well may be known.
package protocol GameEnvironment: VectorEnvironment {
  /// Steps of an episode at most.
  var episodeLength: Int { get }
  /// The mean reward per step of the best policy, where it is known.
  var optimumPerStep: Double? { get }
  /// Whether an episode is a day with an end of its own (then a result is stated a day), not a cut in an endless series.
  var playsDays: Bool { get }
}

extension GameEnvironment {
  /// The expected return of an episode under the best policy, where it is known.
  package var optimumPerEpisode: Double? { optimumPerStep.map { $0 * Double(episodeLength) } }
}

// MARK: - Saved state

extension StateRecord {
  /// `count` numbers, all finite.
  package func finiteDoubles(_ name: String, count: Int) throws(RestoreError) -> [Double] {
    let values = try doubles(name, count: count)
    guard values.allSatisfy(\.isFinite) else { throw .invalid(name: name, reason: "a value is not finite") }
    return values
  }
}
