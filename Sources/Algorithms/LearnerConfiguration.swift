// What a run asks of an algorithm's configuration.

package import AgentInterface
package import Inference
package import Kernels
package import Networks

/// What a learner is made for.
package struct LearnerSetup: Sendable {
  package let spec: NetworkSpec
  package let laneCount: Int
  package let isMasked: Bool
  /// Environment steps of the whole run, over all lanes.
  package let totalSteps: Int
  /// Where its numbers lie and its arithmetic is done.
  package let device: DeviceFamily
  package let kernels: LearnerKernels
  /// What multiplies in the policy's memory, where products are not float32.
  package let bfloat16: BFloat16Unit?
  package let seed: UInt64
  package let pool: WorkerPool
  /// Where a learner that replays keeps its transitions; nil for its own memory.
  package let replay: (any TransitionStore)?

  package init(
    spec: NetworkSpec, laneCount: Int, isMasked: Bool, totalSteps: Int, device: DeviceFamily = .cpu,
    kernels: LearnerKernels = .automatic, bfloat16: BFloat16Unit? = nil, seed: UInt64, pool: WorkerPool,
    replay: (any TransitionStore)? = nil
  ) {
    self.spec = spec
    self.laneCount = laneCount
    self.isMasked = isMasked
    self.totalSteps = totalSteps
    self.device = device
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
  /// The network that it learns for spaces of so many columns and actions.
  func networkSpec(_ shapes: NetworkShapes, hasMemory: Bool, inputs: Int, actions: Int) -> NetworkSpec
  /// The name of the optimizer that it is made with.
  var optimizerName: String { get }
  /// What it needs of a replay memory; nil where it replays nothing.
  var replayNeed: ReplayNeed? { get }
  /// What keeps these values from being used, in words that begin with a setting's key, or nil.
  func problem(spec: NetworkSpec) -> String?
  /// The setting that says how many steps a lane makes between two updates; nil where none does.
  var stepsBetweenUpdatesKey: String? { get }
  /// What a person should hear of learning by these values in a run of that shape, before it starts.
  func findings(_ plan: LearnerPlan) -> [PlanFinding]
  /// Bytes that learning needs at least: for parameters, moments and gradients, and for a rollout.
  func memoryParts(spec: NetworkSpec, laneCount: Int) -> (parameters: Double, rollout: Double)
  /// For each step of the environment: rows that pass forward alone, acting among them, and rows that pass forward and back. `stepsPerRollout`: over all
  /// lanes.
  func rowsPerStep(stepsPerRollout: Int) -> (forward: Double, training: Double)
  /// An untrained learner. Traps where `problem` has words.
  func makeLearner(_ setup: LearnerSetup) -> any Algorithm
}

extension LearnerConfiguration {
  package var replayNeed: ReplayNeed? { nil }
  package var stepsBetweenUpdatesKey: String? { nil }
  package func findings(_ plan: LearnerPlan) -> [PlanFinding] { [] }

  /// Whether another configuration is of the same algorithm and holds the same.
  package func equals(_ other: any LearnerConfiguration) -> Bool { (other as? Self) == self }
}

/// What a learner asks of the store that its transitions lie in.
package struct ReplayNeed: Sendable, Equatable {
  /// Transitions over all lanes.
  package let transitions: Int
  /// What the store may take of the memory; a larger one lies in a file.
  package let memoryMebibytes: Int
  package let precision: ReplayPrecision
  /// Gradient steps of an update, and transitions of each; -1 steps: one for each transition gathered since the last.
  package let gradientSteps: Int
  package let batchSize: Int
  /// Steps a lane makes between two updates.
  package let stepsBetweenUpdates: Int
  /// Steps of a return.
  package let returnSteps: Int
  package let isPrioritized: Bool

  package init(
    transitions: Int, memoryMebibytes: Int, precision: ReplayPrecision, gradientSteps: Int, batchSize: Int,
    stepsBetweenUpdates: Int, returnSteps: Int, isPrioritized: Bool
  ) {
    self.transitions = transitions
    self.memoryMebibytes = memoryMebibytes
    self.precision = precision
    self.gradientSteps = gradientSteps
    self.batchSize = batchSize
    self.stepsBetweenUpdates = stepsBetweenUpdates
    self.returnSteps = returnSteps
    self.isPrioritized = isPrioritized
  }

  /// Of a transition's priority, which stays in memory and goes into every checkpoint.
  package var priorityBytes: Int { isPrioritized ? 16 : 0 }

  /// Of a replay memory that lies in memory, there or in a checkpoint, whichever is more.
  package func bytesPerTransition(columns: Int) -> Int {
    MemoryTransitionStore.bytesPerTransition(columns: columns, keepsMasks: true) + priorityBytes
  }
}

/// A learner that can begin with transitions that another run lived through.
package protocol ReplayingAlgorithm: Algorithm {
  /// Takes over what `source` holds, before the first step.
  func begin(with source: any TransitionStore)
}

/// A configuration that has the settings of learning from rollouts.
package protocol OnPolicyConfiguration {
  var shared: OnPolicySettings { get }
}

extension LearnerConfiguration where Self: OnPolicyConfiguration {
  package func networkSpec(_ shapes: NetworkShapes, hasMemory: Bool, inputs: Int, actions: Int) -> NetworkSpec {
    shapes.actorCritic(hasMemory: hasMemory, inputs: inputs, actions: actions)
  }

  package var stepsBetweenUpdates: Int { shared.horizon }
  package var stepsBetweenUpdatesKey: String? { "algorithm.horizon" }
  package var discount: Double { shared.gamma }
  package var observationScaling: Double? { shared.normalizeObservations ? shared.observationClip : nil }

  /// Parameters, two moments and gradients; observations and the numbers beside them of one rollout.
  package func memoryParts(spec: NetworkSpec, laneCount: Int) -> (parameters: Double, rollout: Double) {
    // Beside the columns, eight numbers of 32 bits; more where a mask and an action have several words.
    let numbers = spec.inputs + 8 + 2 * (spec.factors.maskWords - 1) + spec.factors.actionWords - 1
    return (
      16 * Double(ParameterLayout(spec).count), 4 * Double(shared.horizon) * Double(laneCount) * Double(numbers)
    )
  }
}
