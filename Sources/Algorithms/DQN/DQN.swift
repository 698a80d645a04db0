// Deep Q-learning; double, n-step, dueling, prioritised and mask are switches.

package import AgentInterface
package import Inference
package import Kernels
package import Networks

/// Deep Q-learning over N lanes and a replay memory. Source: Mnih et al. 2015; stable-baselines3 2.9.
///
/// Batches are cut into slices by shape alone, and what they contribute is summed in their order: the same bits for any number of workers.
/// Unchecked: one thread calls its functions; inside, workers touch disjoint lanes, rows and blocks.
package final class DQN: Algorithm, @unchecked Sendable {
  package let configuration: Configuration
  package var family: AlgorithmFamily { DQN.family }
  package let spec: NetworkSpec
  /// Whether the policy obeys the masks; without, every action may be chosen and hoped for.
  package let isMasked: Bool
  /// The steps since the last update, as the environment gave them; then they go to the store.
  package let rollout: Rollout
  package let deviceFamily: DeviceFamily
  package let kernels: LearnerKernels
  /// Its network has no memory.
  package var bfloat16: BFloat16Unit? { nil }
  package let health = HealthMonitor()
  package let store: any TransitionStore
  /// Gradient steps learned.
  package internal(set) var updateCount = 0
  /// Rows that the store held before the first step.
  package internal(set) var rowsBefore = 0

  let pool: WorkerPool
  let seed: UInt64
  let totalSteps: Int
  let online: any LearnerDevice
  let target: any LearnerDevice
  private let heldOptimizer: any Optimizer
  let laneSlices: [Range<Int>]
  let rowsPerSlice: Int
  var sampler: ReplaySampler
  let batch: DQNBatch
  /// Whether a step explores, and with what: one stream for all lanes together, and one each.
  let explorationRandom: RandomStream
  let actionRandoms: [RandomStream]
  var replayRandom: RandomStream
  /// Where that stream stood when the last batch was drawn.
  var drawBeginning: UInt64 = 0
  /// The last update's numbers. Kept, so that an update asks for no memory once its caller has let go of the last one's.
  var told: [(name: String, value: Double)] = []
  /// Decisions made by each lane: the place in every stream of actions.
  var decisionCount: UInt64 = 0
  let observationMoments: RunningMoments?
  let rewardNormalizer: RewardNormalizer?
  /// (N, D) observations as the policy reads them, where they are normalised.
  let scaled: FloatStorage

  /// An untrained learner of a run of `totalSteps`. Traps where `configuration.problem` has words. `store` nil: a memory of its own.
  package init(
    configuration: Configuration, spec: NetworkSpec, laneCount: Int, masked: Bool, totalSteps: Int,
    device: DeviceFamily = .cpu, kernels: LearnerKernels = .automatic, seed: UInt64, pool: WorkerPool,
    store: (any TransitionStore)? = nil
  ) {
    if let problem = configuration.problem(spec: spec) { preconditionFailure(problem) }
    self.configuration = configuration
    self.spec = spec
    self.seed = seed
    self.pool = pool
    self.totalSteps = totalSteps
    deviceFamily = device
    self.kernels = kernels
    isMasked = masked
    rollout = Rollout(
      horizon: configuration.trainFrequency, laneCount: laneCount, observationCount: spec.inputs, keepsEveryFinal: true,
      device: device)
    let parameters = ParameterStore(layout: ParameterLayout(spec))
    var initialization = RandomStream(seed: seed, purpose: .initialization)
    Initialization.initialize(parameters, spec: spec, random: &initialization)
    let optimizer = Adam(parameterCount: parameters.layout.count, epsilon: configuration.adamEpsilon)
    let store =
      store
      ?? MemoryTransitionStore(
        transitions: configuration.bufferSize, laneCount: laneCount, columns: spec.inputs, actionCount: spec.actions,
        keepsMasks: masked, precision: configuration.replayPrecision)
    precondition(
      store.laneCount == laneCount && store.columns == spec.inputs,
      "a store of \(store.laneCount) lanes, \(store.columns) columns for \(laneCount) lanes, \(spec.inputs) columns")
    self.store = store

    laneSlices = LaneSlices.cut(laneCount)
    rowsPerSlice = MinibatchCutter.rowsPerSlice(of: configuration.batchSize)
    let sliceLimit = (configuration.batchSize + rowsPerSlice - 1) / rowsPerSlice
    let batchRoom = PassRoom(lanes: min(rowsPerSlice, configuration.batchSize))
    online = device.make(
      DeviceRequest(
        spec: spec, parameters: parameters, optimizer: optimizer, kernels: kernels, pool: pool,
        room: batchRoom.joined(PassRoom(lanes: laneSlices[0].count)), sliceLimit: sliceLimit))
    let targetParameters = ParameterStore(layout: parameters.layout)
    targetParameters.values.base.update(from: parameters.values.base, count: parameters.layout.count)
    target = device.make(
      DeviceRequest(spec: spec, parameters: targetParameters, kernels: kernels, pool: pool, room: batchRoom))
    heldOptimizer = optimizer
    sampler = ReplaySampler(
      batchSize: configuration.batchSize, store: store,
      priorities: configuration.prioritized ? configuration.priority : nil)
    batch = DQNBatch(count: configuration.batchSize, columns: spec.inputs)

    explorationRandom = RandomStream(seed: seed, purpose: .actionSampling)
    actionRandoms = (0..<laneCount).map { RandomStream(seed: seed, purpose: .exploration, lane: UInt32($0)) }
    replayRandom = RandomStream(seed: seed, purpose: .replaySampling)
    observationMoments =
      configuration.normalizeObservations ? RunningMoments(columns: spec.inputs, sliceCount: 1) : nil
    rewardNormalizer =
      configuration.normalizeRewards
      ? RewardNormalizer(
        laneCount: laneCount, sliceCount: 1, gamma: configuration.gamma, clip: configuration.rewardClip) : nil
    scaled = FloatStorage(count: configuration.normalizeObservations ? laneCount * spec.inputs : 0)
    told.reserveCapacity(16)
  }

  package var parameters: ParameterStore {
    online.readBack()
    return online.parameters
  }

  package var targetParameters: ParameterStore { target.parameters }

  package var optimizer: any Optimizer {
    online.readBack()
    return heldOptimizer
  }

  /// The statistics that observations are normalised with, where they are.
  package var observationNormalizer: ObservationNormalizer? {
    observationMoments?.normalizer(clip: configuration.observationClip)
  }

  /// Environment steps made, over all lanes.
  package var stepCount: Int { Int(decisionCount) * rollout.laneCount }

  /// The share of random decisions now.
  package var explorationRate: Double { configuration.exploration(steps: stepCount, totalSteps: totalSteps) }

  /// To be called after parameters or the optimizer's memory were changed from outside.
  package func refresh() { online.load() }

  /// The target network becomes the learner.
  package func copyToTarget() {
    targetParameters.values.base.update(from: parameters.values.base, count: targetParameters.layout.count)
    refreshTarget()
  }

  /// As `refresh`, for the target network.
  package func refreshTarget() { target.load() }

  /// The target network moves towards the learner.
  package func moveTarget() {
    guard configuration.tau < 1 else { return copyToTarget() }
    let (from, to) = (parameters.values.base, targetParameters.values.base)
    let (keep, take) = (Float(1 - configuration.tau), Float(configuration.tau))
    pool.run(taskCount: 1) { _, _ in
      for index in 0..<targetParameters.layout.count { to[index] = to[index] * keep + from[index] * take }
    }
    refreshTarget()
  }
}

/// One batch, gathered from the store: (count) or (count, D).
final class DQNBatch: @unchecked Sendable {
  let observations: FloatStorage
  let nextObservations: FloatStorage
  /// Discounted rewards; then, with the value after them, what the action is worth.
  let returns: FloatStorage
  let discounts: FloatStorage
  let errors: FloatStorage
  let actions: UnsafeMutablePointer<Int32>
  let nextMasks: UnsafeMutablePointer<ActionMask>
  /// The learner's choice after the steps.
  let choices: UnsafeMutablePointer<Int32>
  /// 0, 1, 2, ...
  let places: UnsafeMutablePointer<Int32>

  init(count: Int, columns: Int) {
    observations = FloatStorage(count: count * columns)
    nextObservations = FloatStorage(count: count * columns)
    returns = FloatStorage(count: count)
    discounts = FloatStorage(count: count)
    errors = FloatStorage(count: count)
    actions = .allocate(capacity: count)
    actions.initialize(repeating: 0, count: count)
    nextMasks = .allocate(capacity: count)
    nextMasks.initialize(repeating: ActionMask(rawValue: 1), count: count)
    choices = .allocate(capacity: count)
    choices.initialize(repeating: 0, count: count)
    places = .allocate(capacity: count)
    for row in 0..<count { (places + row).initialize(to: Int32(row)) }
  }

  deinit {
    actions.deallocate()
    nextMasks.deallocate()
    choices.deallocate()
    places.deallocate()
  }
}
