// A planted market that pays only those who remember: a cue in the first bar decides the trade in the last.

package import AgentInterface
package import Kernels
import Text

/// Days of `episodeLength` bars (30). A cue of -1 or +1, each with probability 1/2, is seen in bar 0 and reads zero after it. Only
/// flat is legal before the last bar. In the last bar an action sets the position q in {-1, 0, 1}; the reward is
/// q (cue m + noise) with noise ~ N(0, 1), and the day terminates. All other rewards are 0.
///
/// Observations (N, 2): cue, last_bar. `last_bar` is 1 in the last bar and else 0. It repeats what the mask already tells, because a
/// critic and a policy without masks see no mask; it says nothing about the cue. So in the last bar every day looks the same, whatever
/// a memoryless policy does there is independent of the cue and of the noise, and its expected return is exactly 0, while memory
/// earns m a day. An illegal request becomes flat and is counted.
package struct CueMarket: PlantedMarket {
  package struct Lane: Sendable {
    var cue: Int64
    var bar: Int64
  }

  package let columns: [ObservationSpace.Column] = [
    .init(name: "cue", unit: "-1 or 1 in bar 0, else 0"), .init(name: "last_bar", unit: "0 or 1"),
  ]
  package var episodeLength: Int
  package let endsAtLength = true
  /// m.
  package var payoff: Double

  private static let onlyFlat = ActionMask(rawValue: 1 << UInt64(PlantedAction.flat))
  private static let anyPosition = ActionMask.all(count: PlantedAction.count)

  package init(bars: Int = 30, payoff: Double = 1) {
    precondition(bars >= 2, "a day of \(bars) bars: the cue and the trade need one each")
    precondition(payoff.isFinite, "a payoff of \(payoff)")
    self.payoff = payoff
    episodeLength = bars
  }

  /// m a day, so m / bars a step.
  package var optimumPerStep: Double? { abs(payoff) / Double(episodeLength) }

  @inline(__always)
  package func start(_ random: inout RandomStream) -> Lane { Lane(cue: random.next() >> 63 == 0 ? -1 : 1, bar: 0) }

  @inline(__always)
  package func step(_ lane: inout Lane, action: Int, _ random: inout RandomStream) -> Double {
    let isLast = isLastBar(lane)
    lane.bar += 1
    guard isLast else { return 0 }
    // The noise is drawn whatever the position, so that the days that follow do not depend on the action.
    return Double(PlantedAction.position(action)) * (Double(lane.cue) * payoff + random.nextNormal())
  }

  @inline(__always)
  package func observe(_ lane: Lane, into row: UnsafeMutablePointer<Float>) {
    row[0] = lane.bar == 0 ? Float(lane.cue) : 0
    row[1] = isLastBar(lane) ? 1 : 0
  }

  @inline(__always)
  package func mask(_ lane: Lane) -> ActionMask { isLastBar(lane) ? CueMarket.anyPosition : CueMarket.onlyFlat }

  package func save(_ lanes: [Lane], into state: inout StateRecord) {
    state.integers["cue"] = lanes.map(\.cue)
    state.integers["bar"] = lanes.map(\.bar)
  }

  package func lanes(from state: StateRecord, count: Int) throws(RestoreError) -> [Lane] {
    let cues = try state.integers("cue", count: count)
    let bars = try state.integers("bar", count: count)
    guard cues.allSatisfy({ $0 == 1 || $0 == -1 }) else {
      throw .invalid(name: "cue", reason: "a cue is -1 or 1")
    }
    guard bars.allSatisfy({ (0..<Int64(episodeLength)).contains($0) }) else {
      throw .invalid(name: "bar", reason: "bars are 0 to \(episodeLength - 1)")
    }
    return zip(cues, bars).map { Lane(cue: $0, bar: $1) }
  }

  @inline(__always)
  private func isLastBar(_ lane: Lane) -> Bool { lane.bar == Int64(episodeLength - 1) }
}

extension CueMarket: EnvironmentConfiguration {
  package static let family = EnvironmentFamily(
    "cue", "a cue in the first bar pays in the last: needs memory", game: CueMarket(),
    settings: [
      .integer("environment.cue_bars", \.episodeLength, 2...100_000, unit: "bars", "length of a day"),
      .number("environment.cue_payoff", \.payoff, -1e6...1e6, "what the cue is worth"),
    ], lanes: { Lanes($0, laneCount: $1) })
}
