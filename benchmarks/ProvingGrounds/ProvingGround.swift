// A known task with known settings: what a learner must reach on it, and how it is trained and judged.

import AgentInterface
package import Algorithms
package import Evaluation
package import Inference
package import Kernels
import Networks
import Training

/// A task, the settings that are known to solve it, and a whole experiment over one seed.
///
/// Source of the settings: the tuned hyper-parameters of RL Baselines3 Zoo for CartPole-v1 (PPO, A2C, DQN) and CartPoleNoVel-v1 (RecurrentPPO).
package struct ProvingGround: Sendable {
  package let name: String
  package let hidesVelocities: Bool
  package let configuration: any LearnerConfiguration
  package let spec: NetworkSpec
  /// Layers without memory begin orthogonal; otherwise as PyTorch begins them, uniform within 1 / sqrt(inputs), biases too.
  package let isOrthogonal: Bool
  package var laneCount = 8
  package var timesteps = 100_000
  /// What the interquartile mean over the seeds must reach, and how many fifths of them `seedThreshold`.
  package var meanThreshold = 475.0
  package var goodFifths = 4

  package static let evaluationEpisodes = 100
  /// What most seeds must reach.
  package static let seedThreshold = 450.0
  package static let all = [cartPole, cartPoleWithoutVelocities, cartPoleA2C, cartPoleDQN]

  /// PPO without memory, velocities in sight.
  package static let cartPole = ProvingGround(
    name: "CartPole", hidesVelocities: false, configuration: tuned(hasMemory: false),
    spec: NetworkSpec(
      inputs: 4, actions: 2, memory: .none, policyTower: [64, 64], valueTower: [64, 64], activation: .tanh,
      hasValueHead: true),
    isOrthogonal: true)

  /// Memory instead of velocities: the policy must work them out from what it saw before.
  package static let cartPoleWithoutVelocities = ProvingGround(
    name: "CartPoleNoVel", hidesVelocities: true, configuration: tuned(hasMemory: true),
    spec: NetworkSpec(
      inputs: 4, actions: 2, memory: .lstm(hidden: 64, critic: .separate), policyTower: [64], valueTower: [64],
      activation: .relu, hasValueHead: true),
    isOrthogonal: false)

  /// A2C without memory: the zoo's settings, all of them the reference's defaults.
  package static let cartPoleA2C = ProvingGround(
    name: "CartPole, A2C", hidesVelocities: false, configuration: A2C.Configuration(), spec: cartPole.spec,
    isOrthogonal: true, timesteps: 500_000)

  /// DQN, no extension switched on: one lane, half as many gradient steps as steps of the world. With these settings last parameters solve the
  /// task or have just forgotten it, the reference's too: what is asked is that seeds solve it, and far more than chance on the whole.
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
      name: "CartPole, DQN", hidesVelocities: false, configuration: configuration,
      spec: NetworkSpec(
        inputs: 4, actions: 2, memory: .none, policyTower: [256, 256], valueTower: [], activation: .relu,
        hasValueHead: false, kind: .actionValues), isOrthogonal: true, laneCount: 1, timesteps: 50_000,
      meanThreshold: 100, goodFifths: 1)
  }()

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
    let lanes = laneCount
    let timesteps = timesteps ?? self.timesteps
    let environment = CartPoleEnvironment(laneCount: lanes, hidesVelocities: hidesVelocities)
    let learner = configuration.makeLearner(
      LearnerSetup(spec: spec, laneCount: lanes, isMasked: false, totalSteps: timesteps, seed: seed, pool: pool))
    if !isOrthogonal, let learner = learner as? OnPolicyLearner { beginUniform(learner, seed: seed) }
    let collector = Collector(environment: environment, algorithm: learner, pool: pool)
    collector.begin(seed: seed)
    if !isRewarded {
      collector.onGathered = { $0.rewards.update(repeating: 0, count: $0.horizon * $0.laneCount) }
    }
    var done = 0
    while done < timesteps {
      collector.collect()
      done += lanes * configuration.stepsBetweenUpdates
      _ = learner.update(progressRemaining: 1 - Double(done) / Double(timesteps))
      learner.startNextRollout()
    }
    return InferencePolicy(
      spec: spec, parameters: learner.parameters.values.array, normalizer: learner.observationNormalizer,
      requiresMask: false)
  }

  /// Returns of fresh episodes, greedy, in the deployed form; one episode a lane, so that long ones count as often as short ones.
  package func returns(
    of policy: InferencePolicy, episodes: Int = evaluationEpisodes, seed: UInt64
  ) throws(DecisionError) -> [Double] {
    let environment = CartPoleEnvironment(laneCount: episodes, hidesVelocities: hidesVelocities)
    let columns = environment.observationSpace.count
    let row = SingleRow(lanes: episodes, columns: columns)
    let deciders = (0..<episodes).map { PolicyDecider(policy, mode: .greedy, lane: $0) }
    // Training draws from (seed, lane) below this.
    environment.reset(seed: seed | 1 << 40, into: row.buffers)
    var returns = [Double?](repeating: nil, count: episodes)
    var actions = [Int32](repeating: 0, count: episodes)
    for step in 0..<CartPoleEnvironment.stepLimit where returns.contains(nil) {
      for lane in 0..<episodes where returns[lane] == nil {
        let observation = UnsafeBufferPointer(start: UnsafePointer(row.buffers.observations.row(lane)), count: columns)
        let choice = try deciders[lane].decide(
          observation.span, mask: row.buffers.masks[lane], startsEpisode: step == 0)
        actions[lane] = Int32(choice.action)
      }
      environment.step(&actions, lanes: 0..<episodes, into: row.buffers)
      for episode in environment.drainEpisodes() where returns[episode.lane] == nil {
        returns[episode.lane] = episode.episodeReturn
      }
    }
    return returns.compactMap { $0 }
  }

  private func beginUniform(_ learner: OnPolicyLearner, seed: UInt64) {
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

/// Mean returns of several seeds, judged.
package struct ProvingResult: Sendable {
  package let means: [Double]
  package let interquartileMean: Interval
  private let meanThreshold: Double
  private let goodFifths: Int

  /// By what `ground` asks. Traps without seeds.
  package init(means: [Double], of ground: ProvingGround = .cartPole) {
    self.means = means
    (meanThreshold, goodFifths) = (ground.meanThreshold, ground.goodFifths)
    guard let interval = Bootstrap.stratifiedInterquartileMean([means], seed: 0) else {
      preconditionFailure("a result of no seeds")
    }
    interquartileMean = interval
  }

  /// The figures in words.
  package var summary: String {
    func short(_ value: Double) -> Double { (value * 10).rounded() / 10 }
    let interval = interquartileMean
    return
      "IQM \(short(interval.estimate)) [\(short(interval.lower)), \(short(interval.upper))], \(goodSeeds) of \(means.count) "
      + "seeds >= \(Int(ProvingGround.seedThreshold))"
  }

  package var goodSeeds: Int { means.count { $0 >= ProvingGround.seedThreshold } }

  /// The threshold of the mean, and enough of the seeds above theirs.
  package var holds: Bool {
    interquartileMean.estimate >= meanThreshold && 5 * goodSeeds >= goodFifths * means.count
  }
}
