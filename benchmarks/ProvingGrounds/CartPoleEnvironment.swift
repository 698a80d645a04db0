// The cart and the pole: a control task whose results everybody knows, with or without velocities in sight.

package import AgentInterface
import Glibc
import Kernels

/// CartPole-v1: push a cart left or right so that the pole on it stays up. Every step pays 1.
///
/// Observations (N, 4): cart position (m), cart velocity (m/s), pole angle (rad), pole velocity (rad/s); with `hidesVelocities` both
/// velocities read 0. The physics are double precision, the order of the explicit Euler step is that of Gymnasium 1.4. Terminated beyond 2.4 m
/// or 12 degrees, truncated after 500 steps; where both come together it is terminated. Episodes begin uniformly within 0.05 of zero in all
/// four numbers. Every action is always legal.
///
/// Source: Barto, Sutton and Anderson 1983, "Neuronlike adaptive elements"; equations of motion after Florian 2007, "Correct equations
/// for the dynamics of the cart-pole system"; constants of Gymnasium's CartPole-v1 and its time limit.
package final class CartPoleEnvironment: VectorEnvironment, @unchecked Sendable {
  package static let stepLimit = 500

  package let observationSpace = ObservationSpace(columns: [
    .init(name: "cart_position", unit: "metres"), .init(name: "cart_velocity", unit: "metres per second"),
    .init(name: "pole_angle", unit: "radians"), .init(name: "pole_velocity", unit: "radians per second"),
  ])
  package let actionSpace = ActionSpace(names: ["push left", "push right"], fallback: nil)
  package let laneCount: Int
  package let hidesVelocities: Bool

  // Different lanes may be written at the same time: nothing but a lane's own places.
  private let states: UnsafeMutableBufferPointer<Motion>
  private let lengths: UnsafeMutableBufferPointer<Int>
  private let streams: UnsafeMutableBufferPointer<RandomStream>
  private let finished: UnsafeMutableBufferPointer<[Int]>

  package init(laneCount: Int, hidesVelocities: Bool = false) {
    precondition(laneCount > 0, "\(laneCount) lanes")
    self.laneCount = laneCount
    self.hidesVelocities = hidesVelocities
    states = .allocate(capacity: laneCount)
    lengths = .allocate(capacity: laneCount)
    streams = .allocate(capacity: laneCount)
    finished = .allocate(capacity: laneCount)
    states.initialize(repeating: Motion())
    lengths.initialize(repeating: 0)
    streams.initialize(repeating: RandomStream(seed: 0, purpose: .market))
    finished.initialize(repeating: [])
  }

  deinit {
    states.deallocate()
    lengths.deallocate()
    streams.deallocate()
    finished.deinitialize().deallocate()
  }

  package func reset(seed: UInt64, into row: StepBuffers) {
    for lane in 0..<laneCount {
      streams[lane] = RandomStream(seed: seed, purpose: .market, lane: UInt32(lane))
      finished[lane] = []
      start(lane)
      observe(lane, into: row.observations.row(lane))
      row.masks[lane] = .all(count: 2)
    }
  }

  package func step(_ actions: UnsafePointer<Int32>, lanes: Range<Int>, into row: StepBuffers) {
    precondition(lanes.lowerBound >= 0 && lanes.upperBound <= laneCount, "lanes \(lanes) of \(laneCount)")
    for lane in lanes {
      precondition((0...1).contains(actions[lane]), "action \(actions[lane]) of 2")
      states[lane].advance(pushesRight: actions[lane] == 1)
      lengths[lane] += 1
      let terminated = states[lane].hasFallen
      let truncated = !terminated && lengths[lane] == CartPoleEnvironment.stepLimit
      row.rewards[lane] = 1
      row.terminated[lane] = terminated ? 1 : 0
      row.truncated[lane] = truncated ? 1 : 0
      if truncated {
        observe(lane, into: row.finalObservations.row(lane))
        row.finalMasks[lane] = .all(count: 2)
      }
      if terminated || truncated {
        finished[lane].append(lengths[lane])
        start(lane)
      }
      observe(lane, into: row.observations.row(lane))
      row.masks[lane] = .all(count: 2)
    }
  }

  package func drainEpisodes() -> [EpisodeSummary] {
    defer { for lane in 0..<laneCount { finished[lane].removeAll(keepingCapacity: true) } }
    return (0..<laneCount).flatMap { lane in
      finished[lane].map { EpisodeSummary(lane: lane, length: $0, episodeReturn: Double($0)) }
    }
  }

  package func drainIllegalAttempts() -> Int { 0 }

  /// Motion, steps and random place of every lane. Finished episodes that were not drained are not kept.
  package func snapshot() -> StateRecord {
    StateRecord(
      doubles: ["motion": states.flatMap { [$0.position, $0.velocity, $0.angle, $0.angularVelocity] }],
      integers: [
        "length": lengths.map { Int64($0) }, "random/seed": [Int64(bitPattern: streams[0].seed)],
        "random/position": streams.map { Int64(bitPattern: $0.position) },
      ])
  }

  package func restore(_ state: StateRecord) throws(RestoreError) {
    let motions = try state.doubles("motion", count: 4 * laneCount)
    let savedLengths = try state.integers("length", count: laneCount)
    let seed = UInt64(bitPattern: try state.integers("random/seed", count: 1)[0])
    let positions = try state.integers("random/position", count: laneCount)
    guard motions.allSatisfy(\.isFinite) else { throw .invalid(name: "motion", reason: "a number is not finite") }
    guard savedLengths.allSatisfy({ (0..<Int64(CartPoleEnvironment.stepLimit)).contains($0) }) else {
      throw .invalid(name: "length", reason: "an episode under way has 0 to \(CartPoleEnvironment.stepLimit - 1) steps")
    }
    for lane in 0..<laneCount {
      let parts = motions[(4 * lane)..<(4 * lane + 4)].map { $0 }
      states[lane] = Motion(position: parts[0], velocity: parts[1], angle: parts[2], angularVelocity: parts[3])
      lengths[lane] = Int(savedLengths[lane])
      finished[lane] = []
      streams[lane] = RandomStream(
        seed: seed, purpose: .market, lane: UInt32(lane), position: UInt64(bitPattern: positions[lane]))
    }
  }

  private func start(_ lane: Int) {
    func draw() -> Double { 0.1 * streams[lane].nextDouble() - 0.05 }
    states[lane] = Motion(position: draw(), velocity: draw(), angle: draw(), angularVelocity: draw())
    lengths[lane] = 0
  }

  private func observe(_ lane: Int, into row: UnsafeMutablePointer<Float>) {
    let motion = states[lane]
    row[0] = Float(motion.position)
    row[1] = hidesVelocities ? 0 : Float(motion.velocity)
    row[2] = Float(motion.angle)
    row[3] = hidesVelocities ? 0 : Float(motion.angularVelocity)
  }
}

/// Where cart and pole are and how they move; metres, radians, seconds.
private struct Motion {
  var position = 0.0
  var velocity = 0.0
  var angle = 0.0
  var angularVelocity = 0.0

  private static let gravity = 9.8
  private static let poleMass = 0.1
  private static let totalMass = poleMass + 1.0
  /// From the joint to the pole's centre.
  private static let halfLength = 0.5
  private static let push = 10.0
  private static let secondsPerStep = 0.02

  /// One explicit Euler step: positions move with the velocities from before the push.
  mutating func advance(pushesRight: Bool) {
    let (cosine, sine) = (cos(angle), sin(angle))
    let moment = Motion.poleMass * Motion.halfLength
    let force = pushesRight ? Motion.push : -Motion.push
    let thrust = (force + moment * (angularVelocity * angularVelocity) * sine) / Motion.totalMass
    let angularAcceleration =
      (Motion.gravity * sine - cosine * thrust)
      / (Motion.halfLength * (4.0 / 3.0 - Motion.poleMass * (cosine * cosine) / Motion.totalMass))
    let acceleration = thrust - moment * angularAcceleration * cosine / Motion.totalMass
    position += Motion.secondsPerStep * velocity
    velocity += Motion.secondsPerStep * acceleration
    angle += Motion.secondsPerStep * angularVelocity
    angularVelocity += Motion.secondsPerStep * angularAcceleration
  }

  var hasFallen: Bool { abs(position) > 2.4 || abs(angle) > 12 * 2 * Double.pi / 360 }
}
