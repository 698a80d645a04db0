// What the planted markets share: a known optimum, three positions, and the checks around a step.

package import AgentInterface
import Kernels

/// A market whose best possible result is known, so that a learner can be judged against it.
package protocol PlantedEnvironment: VectorEnvironment {
  /// The name by which `EnvironmentRegistry` makes it.
  static var name: String { get }
  /// Steps of an episode.
  var episodeLength: Int { get }
  /// The mean reward per step of the best policy, where it is known for these options.
  var optimumPerStep: Double? { get }
}

extension PlantedEnvironment {
  /// The expected return of an episode under the best policy, where it is known.
  package var optimumPerEpisode: Double? { optimumPerStep.map { $0 * Double(episodeLength) } }
}

/// What may be changed about a planted market. Each market reads its own fields and no others.
package struct PlantedOptions: Sendable, Hashable {
  /// `mean_reversion`: cost of changing the position by one, in units of reward.
  package var positionChangeCost: Double
  /// `mean_reversion` and `leak`: steps until an episode is truncated.
  package var truncationSteps: Int
  /// `cue`: bars of a day, the first of which shows the cue and the last of which trades.
  package var cueBars: Int
  /// `cue`: m, what the cue is worth to the right position.
  package var cuePayoff: Double

  package init(
    positionChangeCost: Double = 0.5, truncationSteps: Int = 1024, cueBars: Int = 30, cuePayoff: Double = 1
  ) {
    self.positionChangeCost = positionChangeCost
    self.truncationSteps = truncationSteps
    self.cueBars = cueBars
    self.cuePayoff = cuePayoff
  }
}

/// The actions of every planted market: the position held after the decision is the action's index minus one.
enum PlantedAction {
  static let flat = 1
  static let count = 3
  static let space = ActionSpace(names: ["short", "flat", "long"], fallback: flat)

  /// -1, 0 or 1. Traps outside the space.
  @inline(__always)
  static func position(_ action: Int) -> Int {
    precondition(action >= 0 && action < count, "action \(action) of \(count)")
    return action - 1
  }
}

extension StepBuffers {
  /// Traps where the row does not fit an environment of that many lanes and columns.
  @inline(__always)
  func checkShape(laneCount: Int, columns: Int, lanes: Range<Int>) {
    precondition(
      observations.rows == laneCount && observations.columns == columns,
      "a row of (\(observations.rows), \(observations.columns)) observations for (\(laneCount), \(columns))")
    precondition(
      finalObservations.rows == laneCount && finalObservations.columns == columns,
      "a row of (\(finalObservations.rows), \(finalObservations.columns)) final observations for (\(laneCount), \(columns))"
    )
    precondition(
      lanes.lowerBound >= 0 && lanes.upperBound <= laneCount, "lanes \(lanes) of an environment of \(laneCount)")
  }
}
