// A planted market with a hidden regime: the last return tells little of it, all returns together tell three times as much.

package import AgentInterface
package import Kernels
import Text

/// A hidden regime s in {-1, 1} changes with probability p before each step (0.02); the step's return is r = mu s + e with
/// e ~ N(0, 1) and mu = 0.25. An action sets the position q and the reward is q r. No cost. A regime begins as either with
/// probability 1/2. Truncated after `episodeLength` steps, never terminated.
///
/// Observations (N, 1): last_return; positions -1, 0 and 1. The best policy filters: it takes the sign of what Bayes' rule makes of all
/// returns since the episode began, and earns 0.1333 a step. Without memory the best is the sign of the last return, for
/// mu (1 - 2p) (2 Phi(mu) - 1) = 0.0474.
///
/// With `showsPosition` the observations are (N, 2): last_return, position, and the positions are -1 and 1 alone (the first is 1). A
/// position that is seen is one bit of memory: whoever changes it when q r < -1.5 earns 0.0875 without any other. So the two variants
/// must not be confused.
package struct RegimeSwitchingMarket: PlantedMarket {
  package struct Lane: Sendable {
    var regime: Int64
    var lastReturn: Double
    var position: Int64
  }

  package var episodeLength: Int
  /// p.
  package var switchProbability: Double
  /// mu.
  package var drift: Double
  package var showsPosition: Bool

  package init(
    switchProbability: Double = 0.02, drift: Double = 0.25, showsPosition: Bool = false, episodeLength: Int = 1024
  ) {
    precondition((0...0.5).contains(switchProbability), "a probability of \(switchProbability) to switch")
    precondition(drift.isFinite && drift >= 0, "a drift of \(drift)")
    self.switchProbability = switchProbability
    self.drift = drift
    self.showsPosition = showsPosition
    self.episodeLength = episodeLength
  }

  package var columns: [ObservationSpace.Column] {
    let lastReturn = ObservationSpace.Column(name: "last_return", unit: "standard deviations of one step")
    return showsPosition ? [lastReturn, .init(name: "position", unit: "-1 or 1")] : [lastReturn]
  }

  package var actionSpace: ActionSpace {
    showsPosition ? ActionSpace(names: ["short", "long"], fallback: nil) : PlantedAction.space
  }

  /// What the Bayes filter earns, over paths of 20,000 steps. Nil for values that have not been solved.
  package var optimumPerStep: Double? {
    switch (switchProbability, drift) {
    case (0.02, 0.25): 0.1333
    case (0.01, 0.25): 0.1639
    case (0.02, 0.5): 0.3741
    case (0.05, 0.5): 0.2929
    default: nil
    }
  }

  @inline(__always)
  package func start(_ random: inout RandomStream) -> Lane {
    let regime: Int64 = random.next() >> 63 == 0 ? -1 : 1
    return Lane(
      regime: regime, lastReturn: drift * Double(regime) + random.nextNormal(), position: showsPosition ? 1 : 0)
  }

  @inline(__always)
  package func step(_ lane: inout Lane, action: Int, _ random: inout RandomStream) -> Double {
    let position = showsPosition ? 2 * action - 1 : PlantedAction.position(action)
    if random.nextDouble() < switchProbability { lane.regime = -lane.regime }
    lane.lastReturn = drift * Double(lane.regime) + random.nextNormal()
    lane.position = Int64(position)
    return Double(position) * lane.lastReturn
  }

  @inline(__always)
  package func observe(_ lane: Lane, into row: UnsafeMutablePointer<Float>) {
    row[0] = Float(lane.lastReturn)
    if showsPosition { row[1] = Float(lane.position) }
  }

  @inline(__always)
  package func mask(_ lane: Lane) -> ActionMask { ActionMask(rawValue: showsPosition ? 0b11 : 0b111) }

  package func save(_ lanes: [Lane], into state: inout StateRecord) {
    state.integers["regime"] = lanes.map(\.regime)
    state.doubles["last_return"] = lanes.map(\.lastReturn)
    state.integers["position"] = lanes.map(\.position)
  }

  package func lanes(from state: StateRecord, count: Int) throws(RestoreError) -> [Lane] {
    let regimes = try state.integers("regime", count: count)
    guard regimes.allSatisfy({ $0 == 1 || $0 == -1 }) else {
      throw .invalid(name: "regime", reason: "a regime is -1 or 1")
    }
    let returns = try state.finiteDoubles("last_return", count: count)
    let positions = try state.positions(count: count)
    guard !showsPosition || !positions.contains(0) else {
      throw .invalid(name: "position", reason: "positions are -1 or 1")
    }
    return (0..<count).map { Lane(regime: regimes[$0], lastReturn: returns[$0], position: positions[$0]) }
  }
}

extension RegimeSwitchingMarket: EnvironmentConfiguration {
  package static let family = EnvironmentFamily(
    "regime_switching", "a hidden regime: memory earns three times as much", game: RegimeSwitchingMarket(),
    settings: [
      .integer("environment.truncation_steps", \.episodeLength, 1...1_000_000, unit: "steps", "length of an episode"),
      .number(
        "environment.switch_probability", \.switchProbability, 0...0.5, "how likely the regime changes in a step"),
      .number("environment.regime_drift", \.drift, 0...1e6, "the regime's mean return a step"),
      .flag(
        "environment.position_visible", \.showsPosition, "shows the own position, which is then -1 or 1"),
    ], lanes: { Lanes($0, laneCount: $1) })
}
