// Leaks side by side, one choice each: the planted market of factored actions.

package import AgentInterface
package import Kernels
import Text

/// `count` leaks at once. Of each, a number ~ N(0, 1) is shown that is its next return, and an action sets its position q in {-1, 0, 1}; the reward is the sum
/// of q r. In one of four steps a leak is closed: only flat is legal then. No cost. The best policy takes the sign of every open one and earns
/// 3/4 sqrt(2 / pi) = 0.5984 a leak and step. Where `tells` is false the returns are others than the numbers shown, and nothing can be earned.
///
/// Observations (N, 3 `count`): next_return, is_open and position of each leak. Actions are factored, a choice of short, flat and long a leak; illegal ones
/// become flat and are counted. Truncated after `episodeLength` steps.
package struct LeakBasket: LaneGame {
  package struct Lane: Sendable {
    var shown: [Double]
    /// Bit i: leak i is open.
    var open: UInt64
    var positions: [Int64]
  }

  /// Leaks.
  package var count: Int
  /// Whether what is shown is the next return.
  package var tells: Bool
  package var episodeLength: Int

  /// Three choices each, so many of which an action can hold.
  package static let counts = 1...19

  package init(count: Int = 8, tells: Bool = true, episodeLength: Int = 1024) {
    precondition(LeakBasket.counts.contains(count), "\(count) leaks")
    self.count = count
    self.tells = tells
    self.episodeLength = episodeLength
  }

  package var columns: [ObservationSpace.Column] {
    (1...count).flatMap { leak in
      [
        ObservationSpace.Column(name: "leak_\(leak).next_return", unit: "standard deviations"),
        ObservationSpace.Column(name: "leak_\(leak).is_open", unit: "0 or 1"),
        ObservationSpace.Column(name: "leak_\(leak).position", unit: "-1, 0 or 1"),
      ]
    }
  }

  package var actionSpace: ActionSpace {
    ActionSpace(
      independent: (1...count).map { ActionSpace.Factor(subject: "leak_\($0)", choices: PlantedAction.space.names) },
      fallback: [Int](repeating: PlantedAction.flat, count: count))
  }

  package var endsAtLength: Bool { false }

  /// An open leak's mean magnitude of a standard normal number.
  package var optimumPerStep: Double? { tells ? Double(count) * 0.75 * (2 / Double.pi).squareRoot() : 0 }

  package func start(_ random: inout RandomStream) -> Lane {
    var lane = Lane(
      shown: [Double](repeating: 0, count: count), open: 0, positions: [Int64](repeating: 0, count: count))
    show(&lane, &random)
    return lane
  }

  package func advance(_ lane: inout Lane, action: Int, _ random: inout RandomStream) -> (reward: Double, isOver: Bool)
  {
    var reward = 0.0
    var rest = action
    // The last leak is the least significant digit.
    for leak in (0..<count).reversed() {
      let position = PlantedAction.position(rest % PlantedAction.count)
      rest /= PlantedAction.count
      // Drawn whatever the position, so that what follows does not depend on the action.
      reward += Double(position) * (tells ? lane.shown[leak] : random.nextNormal())
      lane.positions[leak] = Int64(position)
    }
    show(&lane, &random)
    return (reward, false)
  }

  /// Draws what is shown next.
  private func show(_ lane: inout Lane, _ random: inout RandomStream) {
    lane.open = 0
    for leak in 0..<count {
      lane.shown[leak] = random.nextNormal()
      if random.next() >> 62 != 0 { lane.open |= 1 << UInt64(leak) }
    }
  }

  private func isOpen(_ lane: Lane, _ leak: Int) -> Bool { lane.open & 1 << UInt64(leak) != 0 }

  package func observe(_ lane: Lane, into row: UnsafeMutablePointer<Float>) {
    for leak in 0..<count {
      row[3 * leak] = Float(lane.shown[leak])
      row[3 * leak + 1] = isOpen(lane, leak) ? 1 : 0
      row[3 * leak + 2] = Float(lane.positions[leak])
    }
  }

  package func mask(_ lane: Lane) -> ActionMask {
    var bits: UInt64 = 0
    for leak in 0..<count {
      let own: UInt64 = isOpen(lane, leak) ? 0b111 : 1 << UInt64(PlantedAction.flat)
      bits |= own << UInt64(PlantedAction.count * leak)
    }
    return ActionMask(rawValue: bits)
  }

  package func save(_ lanes: [Lane], into state: inout StateRecord) {
    state.doubles["shown"] = lanes.flatMap(\.shown)
    state.integers["open"] = lanes.map { Int64(bitPattern: $0.open) }
    state.integers["position"] = lanes.flatMap(\.positions)
  }

  package func lanes(from state: StateRecord, count lanes: Int) throws(RestoreError) -> [Lane] {
    let shown = try state.finiteDoubles("shown", count: lanes * count)
    let open = try state.integers("open", count: lanes)
    let positions = try state.positions(count: lanes * count)
    guard open.allSatisfy({ (0..<1 << Int64(count)).contains($0) }) else {
      throw .invalid(name: "open", reason: "a leak beyond the \(count)")
    }
    return open.indices.map { lane in
      let own = (lane * count)..<((lane + 1) * count)
      return Lane(shown: Array(shown[own]), open: UInt64(open[lane]), positions: Array(positions[own]))
    }
  }
}

extension LeakBasket: EnvironmentConfiguration {
  package static let family = EnvironmentFamily(
    "leak_basket", "many leaks at once, an independent choice for each: factored actions", game: LeakBasket(),
    settings: [
      .integer("environment.leak_count", \.count, LeakBasket.counts, unit: "leaks", "how many are traded at once"),
      .flag(
        "environment.leak_tells", \.tells, "whether what is shown is the next return; false: nothing can be earned"),
      .integer("environment.truncation_steps", \.episodeLength, 1...1_000_000, unit: "steps", "length of an episode"),
    ], lanes: { Lanes($0, laneCount: $1) })
}
