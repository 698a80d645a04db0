// A world that several programs learn until it is solved, with the same settings.

package import AgentInterface
import Algorithms
import Environments
import Inference
package import Kernels
import Networks
package import Text

/// One row of `benchmarks/peers/worlds.json`, which the other programs read too: PPO without memory, two towers of tanh.
package struct SolvedWorld: Sendable {
  package let name: String
  package let ground: ProvingGround
  /// Rollouts between two looks at what was learned.
  package let rolloutsPerLook: Int
  /// Fresh episodes of a look.
  package let episodes: Int

  private static let tasks: [String: ProvingGround.Task] = [
    "leak": .leak, "mean_reversion": .meanReversion, "cartpole": .cartPole,
  ]

  /// Nil where the row lacks something, or names a world that is none of ours.
  package init?(_ row: JSON) {
    func count(_ name: String) -> Int? { row[name]?.integerValue.flatMap { $0 > 0 ? $0 : nil } }
    func number(_ name: String) -> Double? { row[name]?.doubleValue }
    guard let name = row["name"]?.stringValue, let task = SolvedWorld.tasks[name], let lanes = count("lanes"),
      let horizon = count("horizon"), let batch = count("batch_size"), let epochs = count("epochs"),
      let steps = count("steps"), let rollouts = count("rollouts_per_look"), let episodes = count("episodes"),
      let gamma = number("gamma"), let lambda = number("gae_lambda"), let rate = number("learning_rate"),
      let clip = number("clip_range"), let isLinear = row["linear"]?.boolValue,
      let towers = row["towers"]?.arrayValue?.compactMap(\.integerValue)
    else { return nil }
    var configuration = PPO.Configuration()
    configuration.horizon = horizon
    configuration.batchSize = batch
    configuration.epochs = epochs
    configuration.gamma = gamma
    configuration.gaeLambda = lambda
    configuration.learningRate = rate
    configuration.learningRateSchedule = isLinear ? .linear : .constant
    configuration.clipRange = clip
    configuration.clipRangeSchedule = isLinear ? .linear : .constant
    let environment = task.environment(laneCount: 1)
    self.name = name
    rolloutsPerLook = rollouts
    self.episodes = episodes
    ground = ProvingGround(
      name: name, task: task, configuration: configuration,
      spec: NetworkSpec(
        inputs: environment.observationSpace.count, actions: environment.actionSpace.count, memory: .none,
        policyTower: towers, valueTower: towers, activation: .tanh, hasValueHead: true),
      isOrthogonal: true, laneCount: lanes, timesteps: steps)
  }

  /// Steps of one lane by actions at random, for whoever holds other rules against these: what was seen, what was done, what it paid, whether the
  /// episode ended, and what is seen next.
  package func trace(
    steps: Int, seed: UInt64,
    _ body: (_ seen: [Float], _ action: Int, _ reward: Float, _ ended: Bool, _ next: [Float]) -> Void
  ) {
    let environment = ground.task.environment(laneCount: 1)
    let loop = EnvironmentLoop(environment)
    var random = RandomStream(seed: seed, purpose: .exploration)
    loop.reset(seed: seed)
    func seen() -> [Float] { Array(loop.observation(lane: 0)) }
    for _ in 0..<steps {
      let before = seen()
      loop.actions[0] = ActionNumber(random.nextInteger(below: UInt64(environment.actionSpace.count)))
      loop.step()
      body(
        before, Int(loop.actions[0]), loop.row.rewards[0],
        loop.row.terminated[0] != 0 || loop.row.truncated[0] != 0, seen())
    }
  }
}
