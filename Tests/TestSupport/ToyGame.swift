// A toy environment: what the house promises of "one folder and one line" is tried with it. No room of the product knows it.

package import AgentInterface
package import Environments
package import Kernels
import Text

/// A sign is shown, -1 or 1; the action of the same sign pays 1, the other -1. Truncated after `episodeLength` steps.
///
/// Observations (N, 1): sign. Actions: left for -1, right for 1; both always legal.
package struct ToyGame: LaneGame, EnvironmentConfiguration {
  package typealias Lane = Int64

  package var episodeLength = 12

  package static let family = EnvironmentFamily(
    "toy_signs", "says which way to go", game: ToyGame(),
    settings: [.integer("environment.toy_steps", \.episodeLength, 1...1000, unit: "steps", "length of an episode")],
    lanes: { Lanes($0, laneCount: $1) })

  package var columns: [ObservationSpace.Column] { [.init(name: "sign", unit: "-1 or 1")] }
  package var actionSpace: ActionSpace { ActionSpace(names: ["left", "right"], fallback: nil) }
  package var endsAtLength: Bool { false }
  package var optimumPerStep: Double? { 1 }

  package func start(_ random: inout RandomStream) -> Int64 { random.next() >> 63 == 0 ? -1 : 1 }

  package func advance(_ lane: inout Int64, action: Int, _ random: inout RandomStream) -> (reward: Double, isOver: Bool)
  {
    let reward = (action == 1) == (lane == 1) ? 1.0 : -1
    lane = start(&random)
    return (reward, false)
  }

  package func observe(_ lane: Int64, into row: UnsafeMutablePointer<Float>) { row[0] = Float(lane) }
  package func mask(_ lane: Int64) -> ActionMask { .all(count: 2) }
  package func save(_ lanes: [Int64], into state: inout StateRecord) { state.integers["sign"] = lanes }

  package func lanes(from state: StateRecord, count: Int) throws(RestoreError) -> [Int64] {
    let signs = try state.integers("sign", count: count)
    guard signs.allSatisfy({ $0 == 1 || $0 == -1 }) else {
      throw .invalid(name: "sign", reason: "a sign is -1 or 1")
    }
    return signs
  }
}
