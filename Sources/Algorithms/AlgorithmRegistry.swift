// The algorithms by the tags that configurations and files use, and what a run asks of an algorithm's configuration.

package import AgentInterface
package import Inference
package import Kernels
package import Networks

/// What learns, without its switches.
package enum AlgorithmFamily: String, Hashable, Codable, Sendable, CaseIterable {
  /// Proximal policy optimisation.
  case ppo
  /// Advantage actor-critic.
  case a2c
  /// Deep Q-learning.
  case dqn

  /// Whether it learns a policy and a critic of it; otherwise it learns what actions are worth.
  package var isActorCritic: Bool { self != .dqn }
}

/// An algorithm with its two switches: memory and mask.
package enum AlgorithmTag: String, Hashable, Codable, Sendable, CaseIterable {
  case ppo = "ppo"
  case ppoLSTM = "ppo_lstm"
  case ppoMask = "ppo_mask"
  case ppoLSTMMask = "ppo_lstm_mask"
  case a2c = "a2c"
  case a2cLSTM = "a2c_lstm"
  case a2cMask = "a2c_mask"
  case a2cLSTMMask = "a2c_lstm_mask"
  case dqn = "dqn"
  case dqnMask = "dqn_mask"

  package var family: AlgorithmFamily {
    switch self {
    case .ppo, .ppoLSTM, .ppoMask, .ppoLSTMMask: .ppo
    case .a2c, .a2cLSTM, .a2cMask, .a2cLSTMMask: .a2c
    case .dqn, .dqnMask: .dqn
    }
  }

  /// Whether the policy remembers.
  package var hasMemory: Bool { rawValue.contains("_lstm") }
  /// Whether the policy obeys the environment's mask.
  package var isMasked: Bool { rawValue.hasSuffix("_mask") }

  /// Nil where the family has no such variant.
  package init?(_ family: AlgorithmFamily, hasMemory: Bool, isMasked: Bool) {
    self.init(rawValue: family.rawValue + (hasMemory ? "_lstm" : "") + (isMasked ? "_mask" : ""))
  }
}

/// What a learner is made for.
package struct LearnerSetup: Sendable {
  package let spec: NetworkSpec
  package let laneCount: Int
  package let isMasked: Bool
  /// Environment steps of the whole run, over all lanes.
  package let totalSteps: Int
  package let kernels: LearnerKernels
  /// What multiplies in the policy's memory, where products are not float32.
  package let bfloat16: BFloat16Unit?
  package let seed: UInt64
  package let pool: WorkerPool
  /// Where a learner that replays keeps its transitions; nil for its own memory.
  package let replay: (any TransitionStore)?

  package init(
    spec: NetworkSpec, laneCount: Int, isMasked: Bool, totalSteps: Int, kernels: LearnerKernels = .automatic,
    bfloat16: BFloat16Unit? = nil, seed: UInt64, pool: WorkerPool,
    replay: (any TransitionStore)? = nil
  ) {
    self.spec = spec
    self.laneCount = laneCount
    self.isMasked = isMasked
    self.totalSteps = totalSteps
    self.kernels = kernels
    self.bfloat16 = bfloat16
    self.seed = seed
    self.pool = pool
    self.replay = replay
  }
}

/// The hyper-parameters of one algorithm, as a run sees them.
package protocol LearnerConfiguration: Hashable, Sendable {
  /// Steps a lane makes between two updates.
  var stepsBetweenUpdates: Int { get }
  var discount: Double { get }
  /// Rollouts between two rows of the log.
  var logInterval: Int { get }
  /// The bound of normalised observations; nil where they are left as they are.
  var observationScaling: Double? { get }
  /// What keeps these values from being used, in words that begin with a setting's name, or nil.
  func problem(spec: NetworkSpec) -> String?
  /// Bytes that learning needs at least: for parameters, moments and gradients, and for a rollout.
  func memoryParts(spec: NetworkSpec, laneCount: Int) -> (parameters: Double, rollout: Double)
  /// An untrained learner. Traps where `problem` has words.
  func makeLearner(_ setup: LearnerSetup) -> any Algorithm
}

extension PPO.Configuration: LearnerConfiguration {
  package var logInterval: Int { 1 }

  package func makeLearner(_ setup: LearnerSetup) -> any Algorithm {
    PPO(
      configuration: self, spec: setup.spec, laneCount: setup.laneCount, masked: setup.isMasked, kernels: setup.kernels,
      bfloat16: setup.bfloat16,
      seed: setup.seed, pool: setup.pool)
  }
}

extension A2C.Configuration: LearnerConfiguration {
  package func makeLearner(_ setup: LearnerSetup) -> any Algorithm {
    A2C(
      configuration: self, spec: setup.spec, laneCount: setup.laneCount, masked: setup.isMasked, kernels: setup.kernels,
      bfloat16: setup.bfloat16,
      seed: setup.seed, pool: setup.pool)
  }
}

extension DQN.Configuration: LearnerConfiguration {
  package var stepsBetweenUpdates: Int { trainFrequency }
  package var discount: Double { gamma }
  package var observationScaling: Double? { normalizeObservations ? observationClip : nil }

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
      totalSteps: setup.totalSteps, kernels: setup.kernels, seed: setup.seed, pool: setup.pool,
      store: setup.replay)
  }
}

/// A configuration that has the settings of learning from rollouts.
package protocol OnPolicyConfiguration {
  var shared: OnPolicySettings { get }
}

extension PPO.Configuration: OnPolicyConfiguration {}
extension A2C.Configuration: OnPolicyConfiguration {}

extension LearnerConfiguration where Self: OnPolicyConfiguration {
  package var stepsBetweenUpdates: Int { shared.horizon }
  package var discount: Double { shared.gamma }
  package var observationScaling: Double? { shared.normalizeObservations ? shared.observationClip : nil }

  /// Parameters, two moments and gradients; observations and the numbers beside them of one rollout.
  package func memoryParts(spec: NetworkSpec, laneCount: Int) -> (parameters: Double, rollout: Double) {
    (
      16 * Double(ParameterLayout(spec).count),
      4 * Double(shared.horizon) * Double(laneCount) * Double(spec.inputs + 8)
    )
  }
}
