// The settings of the section `algorithm`, by the algorithm that has them.

private import AgentInterface
internal import Algorithms
private import Networks

enum AlgorithmSettings {
  /// What a run of that algorithm may set, beside its name.
  static func settings(of family: AlgorithmFamily) -> [Setting] {
    switch family {
    case .ppo: onPolicy.map { $0.lifted(\.ppo.shared) } + ppo.map { $0.lifted(\.ppo) }
    case .a2c: onPolicy.map { $0.lifted(\.a2c.shared) } + a2c.map { $0.lifted(\.a2c) }
    case .dqn: dqn.map { $0.lifted(\.dqn) }
    }
  }

  private static let schedules = LearningRateSchedule.allCases.map { ($0.rawValue, $0) }

  private static let onPolicy: [SettingOf<OnPolicySettings>] = [
    .number("algorithm.learning_rate", \.learningRate, 1e-12...10, "the optimizer's step size"),
    .choice(
      "algorithm.learning_rate_schedule", \.learningRateSchedule, schedules, "constant, or linear to zero"),
    .integer("algorithm.horizon", \.horizon, 1...1_000_000, "steps a lane makes between two updates"),
    .number("algorithm.gamma", \.gamma, 0...1, "discount a step"),
    .number("algorithm.gae_lambda", \.gaeLambda, 0...1, "trace decay of the advantages"),
    .flag("algorithm.normalize_advantage", \.normalizeAdvantage, "per minibatch, unbiased deviation"),
    .number("algorithm.entropy_coefficient", \.entropyCoefficient, 0...1000, "weight of the entropy"),
    .number("algorithm.value_coefficient", \.valueCoefficient, 0...1000, "weight of the value loss"),
    .number("algorithm.max_gradient_norm", \.maxGradientNorm, 1e-9...1e9, "clip of the global gradient norm"),
    .flag("algorithm.normalize_observations", \.normalizeObservations, "running mean and variance a column"),
    .flag("algorithm.normalize_rewards", \.normalizeRewards, "by the deviation of the discounted return"),
    .number("algorithm.observation_clip", \.observationClip, 1e-3...1e9, "of a normalised observation"),
    .number("algorithm.reward_clip", \.rewardClip, 1e-3...1e9, "of a normalised reward"),
  ]

  private static let ppo: [SettingOf<PPO.Configuration>] = [
    .integer("algorithm.batch_size", \.batchSize, 1...1_000_000_000, "steps of a minibatch"),
    .integer("algorithm.epochs", \.epochs, 1...1000, "passes over a rollout"),
    .number("algorithm.clip_range", \.clipRange, 1e-9...100, "PPO's clip"),
    .choice("algorithm.clip_range_schedule", \.clipRangeSchedule, schedules, "constant, or linear to zero"),
    .optionalNumber("algorithm.clip_range_value", \.clipRangeValue, 1e-9...1e9, "the value function's clip"),
    .optionalNumber("algorithm.target_kl", \.targetKL, 1e-9...1e9, "an update ends at 1.5 times this divergence"),
    .number("algorithm.adam_epsilon", \.adamEpsilon, 1e-30...1, "Adam's epsilon"),
    .optionalChoice(
      "algorithm.minibatch_scheme", \.minibatchScheme, MinibatchScheme.allCases.map { ($0.rawValue, $0) },
      "null chooses lanes with memory, shuffled without"),
  ]

  private static let dqn: [SettingOf<DQN.Configuration>] = [
    .number("algorithm.learning_rate", \.learningRate, 1e-12...10, "Adam's step size"),
    .choice(
      "algorithm.learning_rate_schedule", \.learningRateSchedule, schedules, "constant, or linear to zero"),
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

  private static let a2c: [SettingOf<A2C.Configuration>] = [
    .choice(
      "algorithm.optimizer", \.optimizer, RMSprop.Form.allCases.map { ($0.rawValue, $0) },
      "RMSprop with epsilon beside the root, or inside it as in TensorFlow"),
    .number("algorithm.rmsprop_epsilon", \.rmspropEpsilon, 1e-30...1, "RMSprop's epsilon"),
    .integer("algorithm.log_interval", \.logInterval, 1...1_000_000, "rollouts between two rows of the log"),
  ]
}
