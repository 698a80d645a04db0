// A known task with known settings: how a learner is trained and played on it.

package import AgentInterface
package import Algorithms
import Environments
import Evaluation
package import Inference
package import Kernels
import Networks
import Training

/// A task, the settings that are known to solve it, and a whole experiment over one seed.
///
/// Source of the settings: the tuned hyper-parameters of RL Baselines3 Zoo for CartPole-v1 and Acrobot-v1 (PPO, A2C, DQN) and CartPoleNoVel-v1
/// (RecurrentPPO).
package struct ProvingGround: Sendable {
  package enum Task: Sendable {
    case cartPole, cartPoleWithoutVelocities, acrobot, leak, meanReversion

    package func environment(laneCount: Int) -> any VectorEnvironment {
      switch self {
      case .cartPole: Lanes(Control<CartPole>(), laneCount: laneCount)
      case .cartPoleWithoutVelocities:
        Lanes(Control<CartPole>(hiddenColumns: CartPole.velocityColumns), laneCount: laneCount)
      case .acrobot: Lanes(Control<Acrobot>(), laneCount: laneCount)
      case .leak: Lanes(LeakMarket(), laneCount: laneCount)
      case .meanReversion: Lanes(MeanReversionMarket(), laneCount: laneCount)
      }
    }
  }

  package let name: String
  package let task: Task
  package let configuration: any LearnerConfiguration
  package let spec: NetworkSpec
  /// Layers without memory begin orthogonal; otherwise as PyTorch begins them, uniform within 1 / sqrt(inputs), biases too.
  package let isOrthogonal: Bool
  package var laneCount = 8
  package var timesteps = 100_000

  package static let evaluationEpisodes = 100
  package static let all = [
    cartPole, cartPoleWithoutVelocities, cartPoleA2C, cartPoleDQN, acrobot, acrobotA2C, acrobotDQN,
  ]

  /// PPO without memory, velocities in sight.
  package static let cartPole = ProvingGround(
    name: "CartPole", task: .cartPole, configuration: tuned(hasMemory: false),
    spec: towers(inputs: 4, actions: 2),
    isOrthogonal: true)

  /// Memory instead of velocities: the policy must work them out from what it saw before.
  package static let cartPoleWithoutVelocities = ProvingGround(
    name: "CartPoleNoVel", task: .cartPoleWithoutVelocities, configuration: tuned(hasMemory: true),
    spec: NetworkSpec(
      inputs: 4, actions: 2, memory: .lstm(hidden: 64, critic: .separate), policyTower: [64], valueTower: [64],
      activation: .relu, hasValueHead: true),
    isOrthogonal: false)

  /// A2C without memory: the zoo's settings, all of them the reference's defaults.
  package static let cartPoleA2C = ProvingGround(
    name: "CartPole, A2C", task: .cartPole, configuration: A2C.Configuration(), spec: cartPole.spec,
    isOrthogonal: true, timesteps: 500_000)

  /// DQN, no extension switched on: one lane, half as many gradient steps as steps of the world. With these settings last parameters solve the
  /// task or have just forgotten it, the reference's too.
  package static let cartPoleDQN: ProvingGround = {
    var configuration = DQN.Configuration()
    configuration.learningRate = 2.3e-3
    configuration.batchSize = 64
    configuration.bufferSize = 100_000
    configuration.learningStarts = 1000
    configuration.targetUpdateInterval = 10
    configuration.trainFrequency = 256
    configuration.gradientSteps = 128
    configuration.explorationFraction = 0.16
    configuration.explorationFinal = 0.04
    return ProvingGround(
      name: "CartPole, DQN", task: .cartPole, configuration: configuration,
      spec: actionValues(inputs: 4, actions: 2), isOrthogonal: false, laneCount: 1, timesteps: 50_000)
  }()

  /// PPO without memory on the acrobot.
  package static let acrobot: ProvingGround = {
    var configuration = PPO.Configuration(hasMemory: false)
    configuration.horizon = 256
    configuration.epochs = 4
    configuration.gaeLambda = 0.94
    configuration.normalizeObservations = true
    configuration.normalizeRewards = true
    return ProvingGround(
      name: "Acrobot", task: .acrobot, configuration: configuration, spec: towers(inputs: 6, actions: 3),
      isOrthogonal: true,
      laneCount: 16, timesteps: 1_000_000)
  }()

  /// A2C on the acrobot.
  package static let acrobotA2C: ProvingGround = {
    var configuration = A2C.Configuration()
    configuration.normalizeObservations = true
    configuration.normalizeRewards = true
    return ProvingGround(
      name: "Acrobot, A2C", task: .acrobot, configuration: configuration, spec: towers(inputs: 6, actions: 3),
      isOrthogonal: true,
      laneCount: 16, timesteps: 500_000)
  }()

  /// DQN on the acrobot: a gradient step for every step of the world.
  package static let acrobotDQN: ProvingGround = {
    var configuration = DQN.Configuration()
    configuration.learningRate = 6.3e-4
    configuration.batchSize = 128
    configuration.bufferSize = 50_000
    configuration.learningStarts = 0
    configuration.targetUpdateInterval = 250
    configuration.trainFrequency = 4
    configuration.gradientSteps = 4
    configuration.explorationFraction = 0.12
    configuration.explorationFinal = 0.1
    return ProvingGround(
      name: "Acrobot, DQN", task: .acrobot, configuration: configuration, spec: actionValues(inputs: 6, actions: 3),
      isOrthogonal: false, laneCount: 1, timesteps: 100_000)
  }()

  private static func towers(inputs: Int, actions: Int) -> NetworkSpec {
    NetworkSpec(
      inputs: inputs, actions: actions, memory: .none, policyTower: [64, 64], valueTower: [64, 64], activation: .tanh,
      hasValueHead: true)
  }

  private static func actionValues(inputs: Int, actions: Int) -> NetworkSpec {
    NetworkSpec(
      inputs: inputs, actions: actions, memory: .none, policyTower: [256, 256], valueTower: [], activation: .relu,
      hasValueHead: false, kind: .actionValues)
  }

  private static func tuned(hasMemory: Bool) -> PPO.Configuration {
    var configuration = PPO.Configuration(hasMemory: hasMemory)
    configuration.horizon = 32
    configuration.batchSize = 256
    configuration.epochs = 20
    configuration.gamma = 0.98
    configuration.gaeLambda = 0.8
    configuration.learningRate = 1e-3
    configuration.learningRateSchedule = .linear
    configuration.clipRange = 0.2
    configuration.clipRangeSchedule = .linear
    if hasMemory {
      configuration.minibatchScheme = .rotation
      configuration.normalizeObservations = true
      configuration.normalizeRewards = true
    }
    return configuration
  }

  /// The policy after `timesteps` steps, rounded up to whole rollouts: its last parameters, not its best. Unless `isRewarded` it is a
  /// control: every reward is 0.
  package func train(
    seed: UInt64, timesteps: Int? = nil, pool: WorkerPool, isRewarded: Bool = true
  ) -> InferencePolicy {
    let attempt = ProvingAttempt(
      self, seed: seed, timesteps: timesteps ?? self.timesteps, pool: pool, isRewarded: isRewarded)
    while !attempt.isOver { attempt.advance() }
    return attempt.policy
  }

  /// Returns of fresh episodes, greedy, in the deployed form; one episode a lane, so that long ones count as often as short ones.
  package func returns(
    of policy: InferencePolicy, episodes: Int = evaluationEpisodes, seed: UInt64
  ) throws(DecisionError) -> [Double] {
    let environment = task.environment(laneCount: episodes)
    let loop = EnvironmentLoop(environment)
    let deciders = (0..<episodes).map { PolicyDecider(policy, mode: .greedy, lane: $0) }
    // Training draws from (seed, lane) below this.
    loop.reset(seed: seed | 1 << 40)
    var returns = [Double?](repeating: nil, count: episodes)
    // Every task truncates its episodes.
    while returns.contains(nil) {
      for lane in 0..<episodes where returns[lane] == nil {
        let choice = try deciders[lane].decide(
          loop.observation(lane: lane).span, mask: loop.row.masks[lane], startsEpisode: loop.steps == 0)
        loop.actions[lane] = choice.action
      }
      loop.step()
      for episode in environment.drainEpisodes() where returns[episode.lane] == nil {
        returns[episode.lane] = episode.episodeReturn
      }
    }
    return returns.compactMap { $0 }
  }

  func beginUniform(_ learner: OnPolicyLearner, seed: UInt64) {
    var random = RandomStream(seed: seed, purpose: .initialization, lane: 1)
    let layout = learner.parameters.layout
    for entry in layout.entries where !entry.name.hasPrefix("lstm_") {
      let isBias = entry.shape.count == 1
      let weight = isBias ? layout.entry(String(entry.name.dropLast("bias".count)) + "weight") : entry
      let inputs = weight?.shape.last ?? 1
      let bound = 1 / Double(inputs).squareRoot()
      for place in entry.range { learner.parameters.values.base[place] = Float((2 * random.nextDouble() - 1) * bound) }
    }
    learner.refresh()
  }
}
