// Proximal policy optimisation; memory and mask are switches.

import AgentInterface
package import Inference
package import Kernels
package import Networks

/// Proximal policy optimisation over N lanes: with or without memory, with or without action masks, one implementation.
///
/// Lanes and minibatches are cut into slices by shape alone; workers take slices in any order, and what slices contribute is summed in slice
/// order: the same bits for any number of workers. Everything is allocated in `init`.
/// Unchecked: one thread calls its functions; inside, workers touch disjoint lanes, rows and blocks.
package final class PPO: Algorithm, @unchecked Sendable {
  package let configuration: Configuration
  package let spec: NetworkSpec
  /// Whether the policy obeys the masks; without, every action may be chosen.
  package let isMasked: Bool
  package let rollout: Rollout
  package let parameters: ParameterStore
  package let optimizer: Adam
  /// Epochs learned, those cut short included.
  package internal(set) var updateCount = 0

  let pool: WorkerPool
  let seed: UInt64
  /// The rollout's passes: one step of a slice of lanes.
  let actor: CPUBackend
  /// The update's passes: one gradient slice.
  let learner: CPUBackend
  let cutter: MinibatchCutter
  let laneSlices: [Range<Int>]
  /// (N, H) the state after the last step, by lane.
  let states: RecurrentStateRows
  let hasMemory: Bool
  let keepsEveryState: Bool
  let samplers: [RandomStream]
  /// Decisions made by each lane: the place in every lane's sampling stream.
  var decisionCount: UInt64 = 0
  var minibatchRandom: RandomStream
  let observationMoments: RunningMoments?
  let rewardNormalizer: RewardNormalizer?
  let gradientBlocks: [FloatStorage]
  var blockSums: [PPOLossSums]
  var records: [MinibatchRecord] = []
  private let stateStorage: FloatStorage
  let bootstrapGathers: [BootstrapGather]
  let scratches: [FloatStorage]

  /// An untrained policy. `kernels`: what does the passes' arithmetic. Traps where `configuration.problem` has words.
  package init(
    configuration: Configuration, spec: NetworkSpec, laneCount: Int, masked: Bool, kernels: LearnerKernels = .automatic,
    seed: UInt64, pool: WorkerPool
  ) {
    if let problem = configuration.problem(spec: spec) { preconditionFailure(problem) }
    self.configuration = configuration
    self.spec = spec
    isMasked = masked
    self.seed = seed
    self.pool = pool
    let hidden = spec.hiddenCount
    let hasCriticState = spec.criticMemory == .separate
    let scheme = configuration.scheme(hasMemory: hidden > 0)
    let workers = pool.workerCount
    hasMemory = hidden > 0
    keepsEveryState = scheme == .rotation
    rollout = Rollout(
      horizon: configuration.horizon, laneCount: laneCount, observationCount: spec.inputs, hiddenCount: hidden,
      hasCriticState: hasCriticState, keepsEveryState: keepsEveryState)
    parameters = ParameterStore(layout: ParameterLayout(spec))
    var initialization = RandomStream(seed: seed, purpose: .initialization)
    Initialization.initialize(parameters, spec: spec, random: &initialization)
    optimizer = Adam(parameterCount: parameters.layout.count, epsilon: configuration.adamEpsilon)
    laneSlices = PPO.slices(ofLanes: laneCount)
    let sliceWidth = laneSlices[0].count
    cutter = MinibatchCutter(
      scheme: scheme, rollout: rollout, batchSize: configuration.batchSize, workerCount: workers)
    actor = CPUBackend(
      spec: spec, kernels: kernels, workerCount: workers, rowCapacity: sliceWidth, sequenceCapacity: sliceWidth,
      lengthCapacity: 1)
    learner = CPUBackend(
      spec: spec, kernels: kernels, workerCount: workers, rowCapacity: cutter.rowCapacity,
      sequenceCapacity: cutter.sequenceCapacity, lengthCapacity: cutter.lengthCapacity)

    let stateCount = laneCount * hidden
    stateStorage = FloatStorage(count: 4 * stateCount)
    stateStorage.fill(0)
    states = RecurrentStateRows(in: stateStorage, count: stateCount, hasCritic: hasCriticState)
    samplers = (0..<laneCount).map { RandomStream(seed: seed, purpose: .actionSampling, lane: UInt32($0)) }
    minibatchRandom = RandomStream(seed: seed, purpose: .minibatchOrder)
    let sliceCount = laneSlices.count
    observationMoments =
      configuration.normalizeObservations ? RunningMoments(columns: spec.inputs, sliceCount: sliceCount) : nil
    rewardNormalizer =
      configuration.normalizeRewards
      ? RewardNormalizer(
        laneCount: laneCount, sliceCount: sliceCount, gamma: configuration.gamma, clip: configuration.rewardClip) : nil
    let blocks = min(MinibatchCutter.blockLimit, cutter.sliceLimit)
    let parameterCount = parameters.layout.count
    gradientBlocks = (0..<blocks).map { _ in FloatStorage(count: parameterCount) }
    blockSums = [PPOLossSums](repeating: PPOLossSums(), count: blocks)
    records.reserveCapacity(configuration.epochs * cutter.minibatchCount)
    bootstrapGathers = (0..<workers).map { _ in
      BootstrapGather(capacity: sliceWidth, observationCount: spec.inputs, hiddenCount: hidden)
    }
    scratches = (0..<workers).map { _ in FloatStorage(count: 2 * spec.actions) }
    refresh()
  }

  /// The statistics that observations are normalised with, where they are.
  package var observationNormalizer: ObservationNormalizer? {
    guard let moments = observationMoments else { return nil }
    return ObservationNormalizer(
      mean: Array(UnsafeBufferPointer(start: moments.mean, count: moments.columns)),
      variance: Array(UnsafeBufferPointer(start: moments.variance, count: moments.columns)), count: moments.count,
      clip: configuration.observationClip)
  }

  /// Neighbouring lanes whose step is computed at once: 64, or a quarter of fewer lanes, but never below 8.
  static func slices(ofLanes laneCount: Int) -> [Range<Int>] {
    let width = min(max(8, min(64, (laneCount + 3) / 4)), laneCount)
    return stride(from: 0, to: laneCount, by: width).map { $0..<min($0 + width, laneCount) }
  }
}

/// One worker's copies of the truncated lanes' last observations and states.
final class BootstrapGather {
  let observations: FloatStorage
  let states: RecurrentStateRows
  let lanes: UnsafeMutablePointer<Int32>
  private let storage: FloatStorage

  init(capacity: Int, observationCount: Int, hiddenCount: Int) {
    observations = FloatStorage(count: capacity * observationCount)
    storage = FloatStorage(count: 4 * capacity * hiddenCount)
    states = RecurrentStateRows(in: storage, count: capacity * hiddenCount, hasCritic: true)
    lanes = .allocate(capacity: capacity)
    lanes.initialize(repeating: 0, count: capacity)
  }

  deinit { lanes.deallocate() }
}
