// Two links that hang from a joint: swing the lower end up with a motor in the elbow.

package import AgentInterface
import Glibc

/// Acrobot-v1: every step costs 1 until the lower end swings a link's length above the upper joint.
///
/// Observations (N, 6): cosine and sine of the upper link's angle against hanging down and of the lower link's angle against the upper, and both
/// angular velocities (rad/s). Actions: a torque of -1, 0 or 1 N m in the elbow. One step is 0.2 s, one classical Runge-Kutta step of fourth order
/// in double precision; angles are wrapped into -pi ... pi, velocities cut at 4 pi and 9 pi rad/s. The step that reaches the height pays 0 and
/// terminates, 500 steps truncate. Episodes begin uniformly within 0.1 of zero in all four numbers.
///
/// Source: Sutton 1996, "Generalization in reinforcement learning"; equations of Sutton and Barto's book; constants and time limit of
/// Gymnasium 1.4's Acrobot-v1.
package struct Acrobot: ControlTask {
  package static let observationSpace = ObservationSpace(columns: [
    .init(name: "upper_cosine", unit: "1"), .init(name: "upper_sine", unit: "1"),
    .init(name: "lower_cosine", unit: "1"), .init(name: "lower_sine", unit: "1"),
    .init(name: "upper_velocity", unit: "radians per second"),
    .init(name: "lower_velocity", unit: "radians per second"),
  ])
  package static let actionSpace = ActionSpace(names: ["torque -1", "torque 0", "torque +1"], fallback: nil)
  package static let stepLimit = 500
  package static let numberCount = 4

  /// Angle of the upper link, of the lower against the upper, and their velocities: radians, radians per second.
  private typealias Motion = SIMD4<Double>
  private var motion: Motion

  private static let secondsPerStep = 0.2
  private static let mass = 1.0
  private static let length = 1.0
  private static let centre = 0.5
  private static let inertia = 1.0
  private static let gravity = 9.8
  private static let greatestVelocities = (upper: 4 * Double.pi, lower: 9 * Double.pi)

  package init(drawing draw: () -> Double) {
    self.init(numbers: (0..<4).map { _ in 0.2 * draw() - 0.1 })
  }

  package init(numbers: [Double]) { motion = Motion(numbers[0], numbers[1], numbers[2], numbers[3]) }

  package var numbers: [Double] { [motion[0], motion[1], motion[2], motion[3]] }

  package mutating func advance(action: Int) -> (reward: Float, isOver: Bool) {
    let torque = Double(action - 1)
    let step = Acrobot.secondsPerStep
    let first = Acrobot.change(of: motion, torque: torque)
    let second = Acrobot.change(of: motion + step / 2 * first, torque: torque)
    let third = Acrobot.change(of: motion + step / 2 * second, torque: torque)
    let fourth = Acrobot.change(of: motion + step * third, torque: torque)
    motion += step / 6 * (first + 2 * second + 2 * third + fourth)
    motion[0] = Acrobot.wrapped(motion[0])
    motion[1] = Acrobot.wrapped(motion[1])
    let limits = Acrobot.greatestVelocities
    motion[2] = min(max(motion[2], -limits.upper), limits.upper)
    motion[3] = min(max(motion[3], -limits.lower), limits.lower)
    let isOver = -cos(motion[0]) - cos(motion[1] + motion[0]) > 1
    return (isOver ? 0 : -1, isOver)
  }

  package func observe(into row: UnsafeMutablePointer<Float>) {
    row[0] = Float(cos(motion[0]))
    row[1] = Float(sin(motion[0]))
    row[2] = Float(cos(motion[1]))
    row[3] = Float(sin(motion[1]))
    row[4] = Float(motion[2])
    row[5] = Float(motion[3])
  }

  /// Velocities and accelerations at `motion`.
  private static func change(of motion: Motion, torque: Double) -> Motion {
    let (upper, lower, upperVelocity, lowerVelocity) = (motion[0], motion[1], motion[2], motion[3])
    let (cosine, sine) = (cos(lower), sin(lower))
    let coupling = mass * length * centre
    let whole =
      mass * centre * centre + mass * (length * length + centre * centre + 2 * length * centre * cosine) + 2 * inertia
    let shared = mass * (centre * centre + length * centre * cosine) + inertia
    let lowerPull = mass * centre * gravity * cos(upper + lower - Double.pi / 2)
    let upperPull =
      -coupling * lowerVelocity * lowerVelocity * sine - 2 * coupling * lowerVelocity * upperVelocity * sine
      + (mass * centre + mass * length) * gravity * cos(upper - Double.pi / 2) + lowerPull
    let lowerAcceleration =
      (torque + shared / whole * upperPull - coupling * upperVelocity * upperVelocity * sine - lowerPull)
      / (mass * centre * centre + inertia - shared * shared / whole)
    let upperAcceleration = -(shared * lowerAcceleration + upperPull) / whole
    return Motion(upperVelocity, lowerVelocity, upperAcceleration, lowerAcceleration)
  }

  private static func wrapped(_ angle: Double) -> Double {
    var angle = angle
    while angle > Double.pi { angle -= 2 * Double.pi }
    while angle < -Double.pi { angle += 2 * Double.pi }
    return angle
  }
}
