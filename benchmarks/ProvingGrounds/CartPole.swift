// The cart and the pole: a control task whose results everybody knows.

package import AgentInterface
import Glibc

/// CartPole-v1: push a cart left or right so that the pole on it stays up. Every step pays 1.
///
/// Observations (N, 4): cart position (m), cart velocity (m/s), pole angle (rad), pole velocity (rad/s). The physics are double precision, the
/// order of the explicit Euler step is that of Gymnasium 1.4. Terminated beyond 2.4 m or 12 degrees, truncated after 500 steps. Episodes begin
/// uniformly within 0.05 of zero in all four numbers.
///
/// Source: Barto, Sutton and Anderson 1983, "Neuronlike adaptive elements"; equations of motion after Florian 2007, "Correct equations
/// for the dynamics of the cart-pole system"; constants of Gymnasium's CartPole-v1 and its time limit.
package struct CartPole: ControlTask {
  package static let observationSpace = ObservationSpace(columns: [
    .init(name: "cart_position", unit: "metres"), .init(name: "cart_velocity", unit: "metres per second"),
    .init(name: "pole_angle", unit: "radians"), .init(name: "pole_velocity", unit: "radians per second"),
  ])
  package static let actionSpace = ActionSpace(names: ["push left", "push right"], fallback: nil)
  package static let stepLimit = 500
  package static let numberCount = 4
  /// The columns of both velocities.
  package static let velocityColumns = [1, 3]

  private var position: Double
  private var velocity: Double
  private var angle: Double
  private var angularVelocity: Double

  private static let gravity = 9.8
  private static let poleMass = 0.1
  private static let totalMass = poleMass + 1.0
  /// From the joint to the pole's centre.
  private static let halfLength = 0.5
  private static let push = 10.0
  private static let secondsPerStep = 0.02

  package init(drawing draw: () -> Double) {
    self.init(numbers: (0..<4).map { _ in 0.1 * draw() - 0.05 })
  }

  package init(numbers: [Double]) {
    (position, velocity, angle, angularVelocity) = (numbers[0], numbers[1], numbers[2], numbers[3])
  }

  package var numbers: [Double] { [position, velocity, angle, angularVelocity] }

  /// One explicit Euler step: positions move with the velocities from before the push.
  package mutating func advance(action: Int) -> (reward: Float, isOver: Bool) {
    let (cosine, sine) = (cos(angle), sin(angle))
    let moment = CartPole.poleMass * CartPole.halfLength
    let force = action == 1 ? CartPole.push : -CartPole.push
    let thrust = (force + moment * (angularVelocity * angularVelocity) * sine) / CartPole.totalMass
    let angularAcceleration =
      (CartPole.gravity * sine - cosine * thrust)
      / (CartPole.halfLength * (4.0 / 3.0 - CartPole.poleMass * (cosine * cosine) / CartPole.totalMass))
    let acceleration = thrust - moment * angularAcceleration * cosine / CartPole.totalMass
    position += CartPole.secondsPerStep * velocity
    velocity += CartPole.secondsPerStep * acceleration
    angle += CartPole.secondsPerStep * angularVelocity
    angularVelocity += CartPole.secondsPerStep * angularAcceleration
    return (1, abs(position) > 2.4 || abs(angle) > 12 * 2 * Double.pi / 360)
  }

  package func observe(into row: UnsafeMutablePointer<Float>) {
    row[0] = Float(position)
    row[1] = Float(velocity)
    row[2] = Float(angle)
    row[3] = Float(angularVelocity)
  }
}
