// DQN as an algorithm family: what can be set about it, and what a run asks of it.

package import AgentInterface
package import Inference
import Networks
package import Text

extension DQN: ReplayingAlgorithm {}

extension DQN.Configuration: LearnerConfiguration {
  package var stepsBetweenUpdates: Int { trainFrequency }
  package var stepsBetweenUpdatesKey: String? { "algorithm.train_frequency" }
  package var discount: Double { gamma }
  package var observationScaling: Double? { normalizeObservations ? observationClip : nil }

  package var optimizerName: String { Adam.name }

  package var replayNeed: ReplayNeed? {
    ReplayNeed(
      transitions: bufferSize, memoryMebibytes: replayMemoryMebibytes, precision: replayPrecision,
      gradientSteps: gradientSteps, batchSize: batchSize, stepsBetweenUpdates: trainFrequency, returnSteps: nSteps,
      isPrioritized: prioritized)
  }

  package func networkSpec(_ shapes: NetworkShapes, hasMemory: Bool, inputs: Int, actions: Int) -> NetworkSpec {
    shapes.actionValues(isDueling: dueling, inputs: inputs, actions: actions)
  }

  /// A row of a batch goes through the target network too, and through the learner's twice where it chooses.
  package func rowsPerStep(stepsPerRollout: Int) -> (forward: Double, training: Double) {
    let rows = Double(batchSize * (gradientSteps < 0 ? stepsPerRollout : gradientSteps)) / Double(stepsPerRollout)
    return (1 + rows * (double ? 2 : 1), rows)
  }

  /// Two networks, two moments and gradients; a rollout whose every step may end in something.
  package func memoryParts(spec: NetworkSpec, laneCount: Int) -> (parameters: Double, rollout: Double) {
    (
      20 * Double(ParameterLayout(spec).count),
      4 * Double(trainFrequency + 1) * Double(laneCount) * Double(2 * spec.inputs + 12)
    )
  }

  package func makeLearner(_ setup: LearnerSetup) -> any Algorithm {
    DQN(
      configuration: self, spec: setup.spec, laneCount: setup.laneCount, masked: setup.isMasked,
      totalSteps: setup.totalSteps, device: setup.device, kernels: setup.kernels, seed: setup.seed, pool: setup.pool,
      store: setup.replay)
  }
}

extension DQN.Configuration {
  /// Every setting once: its key, its range and what it means.
  package static let settings: [SettingOf<DQN.Configuration>] = [
    .number("algorithm.learning_rate", \.learningRate, 1e-12...10, "Adam's step size"),
    .choice(
      "algorithm.learning_rate_schedule", \.learningRateSchedule, LearningRateSchedule.words,
      "constant, or linear to zero"),
    .number("algorithm.gamma", \.gamma, 0...1, "discount a step"),
    .integer("algorithm.buffer_size", \.bufferSize, 1...1_000_000_000, "transitions in the replay memory, all lanes"),
    .integer(
      "algorithm.replay_memory_mib", \.replayMemoryMebibytes, 0...16_777_216,
      "memory that the replay may take, and room in every checkpoint; a larger one lies in the run's replay.h5"),
    .choice(
      "algorithm.replay_precision", \.replayPrecision, ReplayPrecision.allCases.map { ($0.rawValue, $0) },
      "how observations are kept for the replay; float16 takes half the room and rounds"),
    .integer(
      "algorithm.learning_starts", \.learningStarts, 0...1_000_000_000, "random steps over all lanes before learning"),
    .integer("algorithm.batch_size", \.batchSize, 1...1_000_000, "transitions of a gradient step"),
    .integer("algorithm.train_frequency", \.trainFrequency, 1...1_000_000, "steps a lane makes between two updates"),
    .integer(
      "algorithm.gradient_steps", \.gradientSteps, -1...1_000_000,
      "gradient steps of an update; -1: one for each transition gathered since the last"),
    .integer(
      "algorithm.target_update_interval", \.targetUpdateInterval, 1...1_000_000_000,
      "steps over all lanes between two updates of the target network"),
    .number("algorithm.tau", \.tau, 1e-9...1, "how far the target network moves then; 1 copies"),
    .number(
      "algorithm.exploration_fraction", \.explorationFraction, 1e-9...1,
      "share of the run over which random decisions become fewer"),
    .number("algorithm.exploration_initial", \.explorationInitial, 0...1, "share of random decisions at first"),
    .number("algorithm.exploration_final", \.explorationFinal, 0...1, "share of random decisions in the end"),
    .number("algorithm.max_gradient_norm", \.maxGradientNorm, 1e-9...1e9, "clip of the global gradient norm"),
    .number("algorithm.adam_epsilon", \.adamEpsilon, 1e-30...1, "Adam's epsilon"),
    .flag("algorithm.double", \.double, "the learner chooses the best next action, the target network values it"),
    .flag("algorithm.dueling", \.dueling, "the network values states and actions apart"),
    .integer("algorithm.n_step", \.nSteps, 1...1000, "steps of a return before it goes on with a value"),
    .flag("algorithm.prioritized", \.prioritized, "transitions are drawn by how much was to be learned from them"),
    .number("algorithm.priority_exponent", \.priority.exponent, 0...1, "how much priorities count"),
    .number(
      "algorithm.priority_correction", \.priority.correction, 0...1,
      "share of their bias that is corrected at first; all of it in the end"),
    .flag("algorithm.normalize_observations", \.normalizeObservations, "running mean and variance a column"),
    .flag("algorithm.normalize_rewards", \.normalizeRewards, "by the deviation of the discounted return"),
    .number("algorithm.observation_clip", \.observationClip, 1e-3...1e9, "of a normalised observation"),
    .number("algorithm.reward_clip", \.rewardClip, 1e-3...1e9, "of a normalised reward"),
    .integer("algorithm.log_interval", \.logInterval, 1...1_000_000, "rollouts between two rows of the log"),
  ]
}

extension DQN {
  package static let family = AlgorithmFamily(
    "dqn", "deep Q-learning", hasMemoryVariants: false, isActorCritic: false,
    defaults: {
      var configuration = DQN.Configuration()
      configuration.bufferSize = 100_000
      (configuration.normalizeObservations, configuration.normalizeRewards) = (true, true)
      return configuration
    }(),
    settings: DQN.Configuration.settings, networkSettings: NetworkShapes.actionValueSettings,
    healthSettings: HealthSettings.general,
    metricNames: [
      "rollout/exploration_rate", "train/grad_norm", "train/learning_rate", "train/loss", "train/n_updates",
      "train/priority_correction", "train/q_values",
    ], customaryWeight: 200_000, incident: .batch)
}

extension AlgorithmTag {
  package static let dqn = AlgorithmTag(of: DQN.family, hasMemory: false, isMasked: false)
  package static let dqnMask = AlgorithmTag(of: DQN.family, hasMemory: false, isMasked: true)
}
