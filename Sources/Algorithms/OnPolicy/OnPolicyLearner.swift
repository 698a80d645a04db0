// What learners from rollouts share: the policy, its memory, its normalisers, and gradients over minibatches.

package import AgentInterface
import Glibc
package import Inference
package import Kernels
package import Networks

/// A learner of an actor and a critic from whole rollouts over N lanes: with or without memory, with or without action masks.
///
/// Lanes and minibatches are cut into slices by shape alone; workers take slices in any order, and what slices contribute is summed in slice
/// order: the same bits for any number of workers. Everything is allocated in `init`. What an update does with a rollout is the subclass's.
/// Unchecked: one thread calls its functions; inside, workers touch disjoint lanes, rows and blocks.
package class OnPolicyLearner: Algorithm, @unchecked Sendable {
  package let settings: OnPolicySettings
  package let spec: NetworkSpec
  /// Whether the policy obeys the masks; without, every action may be chosen.
  package let isMasked: Bool
  package let rollout: Rollout
  package let deviceFamily: DeviceFamily
  package let kernels: LearnerKernels
  package let bfloat16: BFloat16Unit?
  package let health = HealthMonitor()
  /// Updates learned, as each algorithm counts them.
  package internal(set) var updateCount = 0

  let pool: WorkerPool
  let seed: UInt64
  /// The network: passes of one step of a slice of lanes, and gradients of the cutter's minibatches.
  let device: any LearnerDevice
  private let heldOptimizer: any Optimizer
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
  /// Where that stream stood when the last update began.
  var updateBeginning: UInt64 = 0
  let observationMoments: RunningMoments?
  let rewardNormalizer: RewardNormalizer?
  private let stateStorage: FloatStorage
  /// The last update's numbers. Kept, so that an update asks for no memory once its caller has let go of the last one's.
  private(set) var told: [(name: String, value: Double)] = []
  let bootstrapGathers: [BootstrapGather]
  let scratches: [FloatStorage]

  /// An untrained policy. `family`: where its arithmetic is done, and `kernels`: by what; `bfloat16`: what multiplies in its memory, where products are not
  /// float32, in rollout and update alike. `batchSize`: steps of a minibatch.
  init(
    settings: OnPolicySettings, spec: NetworkSpec, laneCount: Int, masked: Bool, device family: DeviceFamily,
    kernels: LearnerKernels, bfloat16: BFloat16Unit?, seed: UInt64, pool: WorkerPool, optimizer: any Optimizer,
    scheme: MinibatchScheme, batchSize: Int
  ) {
    precondition(spec.kind == .actorCritic && spec.hasValueHead, "learning from rollouts needs an actor and a critic")
    self.settings = settings
    self.spec = spec
    heldOptimizer = optimizer
    deviceFamily = family
    self.kernels = kernels
    self.bfloat16 = bfloat16
    isMasked = masked
    self.seed = seed
    self.pool = pool
    let hidden = spec.hiddenCount
    let hasCriticState = spec.criticMemory == .separate
    let workers = pool.workerCount
    hasMemory = hidden > 0
    keepsEveryState = scheme == .rotation
    rollout = Rollout(
      horizon: settings.horizon, laneCount: laneCount, observationCount: spec.inputs, factors: spec.factors,
      hiddenCount: hidden, hasCriticState: hasCriticState, keepsEveryState: keepsEveryState, device: family)
    let parameters = ParameterStore(layout: ParameterLayout(spec))
    var initialization = RandomStream(seed: seed, purpose: .initialization)
    Initialization.initialize(parameters, spec: spec, random: &initialization)
    laneSlices = LaneSlices.cut(laneCount)
    let sliceWidth = laneSlices[0].count
    cutter = MinibatchCutter(scheme: scheme, rollout: rollout, batchSize: batchSize, workerCount: workers)
    device = family.make(
      DeviceRequest(
        spec: spec, parameters: parameters, optimizer: optimizer, kernels: kernels, bfloat16: bfloat16, pool: pool,
        room: cutter.room.joined(PassRoom(lanes: sliceWidth)), sliceLimit: cutter.sliceLimit))

    let stateCount = laneCount * hidden
    stateStorage = FloatStorage(count: 4 * stateCount)
    stateStorage.fill(0)
    states = RecurrentStateRows(in: stateStorage, count: stateCount, hasCritic: hasCriticState)
    samplers = (0..<laneCount).map { RandomStream(seed: seed, purpose: .actionSampling, lane: UInt32($0)) }
    minibatchRandom = RandomStream(seed: seed, purpose: .minibatchOrder)
    let sliceCount = laneSlices.count
    observationMoments =
      settings.normalizeObservations ? RunningMoments(columns: spec.inputs, sliceCount: sliceCount) : nil
    rewardNormalizer =
      settings.normalizeRewards
      ? RewardNormalizer(
        laneCount: laneCount, sliceCount: sliceCount, gamma: settings.gamma, clip: settings.rewardClip) : nil
    bootstrapGathers = (0..<workers).map { _ in
      BootstrapGather(capacity: sliceWidth, observationCount: spec.inputs, hiddenCount: hidden)
    }
    told.reserveCapacity(16)
    scratches = (0..<workers).map { _ in FloatStorage(count: 2 * spec.actions) }
  }

  /// The subclass's.
  package var family: AlgorithmFamily { preconditionFailure("a learner from rollouts without a family") }

  /// Learns from the rollout as it stands. The subclass's part.
  package func update(progressRemaining: Double) -> UpdateStatistics {
    preconditionFailure("a learner from rollouts without an update")
  }

  package var parameters: ParameterStore {
    device.readBack()
    return device.parameters
  }

  package var optimizer: any Optimizer {
    device.readBack()
    return heldOptimizer
  }

  /// The statistics that observations are normalised with, where they are.
  package var observationNormalizer: ObservationNormalizer? {
    observationMoments?.normalizer(clip: settings.observationClip)
  }

  /// To be called after parameters or the optimizer's memory were changed from outside.
  package func refresh() { device.load() }

  /// Values, log-probabilities of `actions` and entropies of a batch, rows (L, n). For parity tests; allocates.
  package func evaluate(_ batch: SequenceBatch, actions: [ActionNumber], masks: [ActionMask]) -> (
    values: [Float], logProbabilities: [Float], entropies: [Float], logits: [Float]
  ) {
    let passes = deviceFamily.make(
      DeviceRequest(
        spec: spec, parameters: parameters,
        room: PassRoom(rows: batch.rows, sequences: batch.count, length: batch.length)))
    let outputs = passes.forward(batch, parts: .all, worker: 0)
    let scratch = FloatStorage(count: 2 * spec.actions)
    var (logProbabilities, entropies): ([Float], [Float]) = ([], [])
    for row in 0..<batch.rows {
      let entropy = ActionSelection.evaluate(
        logits: outputs.logits.row(row), mask: isMasked ? masks[row] : .all(count: spec.actions),
        factors: spec.factors, logProbabilities: scratch.base, probabilities: scratch.base + spec.actions)
      entropies.append(entropy)
      logProbabilities.append(
        ActionSelection.logProbability(
          of: actions[row], logProbabilities: scratch.base, factors: spec.factors))
    }
    return (
      Array(UnsafeBufferPointer(start: outputs.values, count: batch.rows)), logProbabilities, entropies,
      Array(UnsafeBufferPointer(start: outputs.logits.base, count: batch.rows * spec.actions))
    )
  }

  // MARK: Parts of an update

  func startStatistics() { told.removeAll(keepingCapacity: true) }

  func tell(_ name: String, _ value: Double) { told.append((name, value)) }

  /// Mean and divisor of the advantages of the cutter's current minibatch: 0 and 1 where they are not normalised.
  func advantageScale() -> (mean: Float, divisor: Float) {
    // One step alone has no deviation; its advantage stays as it is.
    guard settings.normalizeAdvantage, cutter.validCount > 1 else { return (0, 1) }
    let moments = cutter.advantageMoments()
    return (Float(moments.mean), Float(moments.deviation) + 1e-8)
  }

  /// Clips the gradient and takes one step along it, unless its numbers forbid it; whether it did. `vitals`, `capture`: as in `HealthMonitor.takeStep`.
  func takeStep(
    learningRate: Double, vitals: inout UpdateVitals,
    capture: (_ condition: HealthCondition, _ response: HealthResponse, _ finding: String, UpdateVitals) -> Incident
  ) -> Bool {
    health.takeStep(
      of: device, learningRate: learningRate, maximumNorm: settings.maxGradientNorm, vitals: &vitals,
      actions: spec.actions,
      possibleEntropy: {
        isMasked ? rollout.possibleEntropy(of: spec.factors) : log(Double(spec.factors.actionCount))
      }, capture: capture)
  }

  /// Explained variance of the rollout's returns by its values.
  var explainedVariance: Double {
    Advantages.explainedVariance(
      values: rollout.values, returns: rollout.returns, count: rollout.horizon * rollout.laneCount)
  }

  /// The share of the rollout's actions that were legal.
  var allowedFraction: Double {
    isMasked ? rollout.allowedFraction(actions: spec.actions) : 1
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
