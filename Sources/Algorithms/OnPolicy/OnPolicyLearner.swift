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
  package let parameters: ParameterStore
  package let optimizer: any Optimizer
  package let kernels: LearnerKernels
  package let bfloat16: BFloat16Unit?
  package let health = HealthMonitor()
  /// Updates learned, as each algorithm counts them.
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
  /// Where that stream stood when the last update began.
  var updateBeginning: UInt64 = 0
  let observationMoments: RunningMoments?
  let rewardNormalizer: RewardNormalizer?
  let gradientBlocks: GradientBlocks
  private let stateStorage: FloatStorage
  /// The last update's numbers. Kept, so that an update asks for no memory once its caller has let go of the last one's.
  private(set) var told: [(name: String, value: Double)] = []
  let bootstrapGathers: [BootstrapGather]
  let scratches: [FloatStorage]

  /// An untrained policy. `kernels`: what does the passes' arithmetic; `bfloat16`: what multiplies in its memory, where products are not float32, in
  /// rollout and update alike. `batchSize`: steps of a minibatch.
  init(
    settings: OnPolicySettings, spec: NetworkSpec, laneCount: Int, masked: Bool, kernels: LearnerKernels,
    bfloat16: BFloat16Unit?, seed: UInt64, pool: WorkerPool, optimizer: any Optimizer, scheme: MinibatchScheme,
    batchSize: Int
  ) {
    precondition(spec.kind == .actorCritic && spec.hasValueHead, "learning from rollouts needs an actor and a critic")
    self.settings = settings
    self.spec = spec
    self.optimizer = optimizer
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
      horizon: settings.horizon, laneCount: laneCount, observationCount: spec.inputs, hiddenCount: hidden,
      hasCriticState: hasCriticState, keepsEveryState: keepsEveryState)
    parameters = ParameterStore(layout: ParameterLayout(spec))
    var initialization = RandomStream(seed: seed, purpose: .initialization)
    Initialization.initialize(parameters, spec: spec, random: &initialization)
    laneSlices = LaneSlices.cut(laneCount)
    let sliceWidth = laneSlices[0].count
    cutter = MinibatchCutter(scheme: scheme, rollout: rollout, batchSize: batchSize, workerCount: workers)
    actor = CPUBackend(
      spec: spec, kernels: kernels, bfloat16: bfloat16, workerCount: workers, rowCapacity: sliceWidth,
      sequenceCapacity: sliceWidth, lengthCapacity: 1)
    learner = CPUBackend(
      spec: spec, kernels: kernels, bfloat16: bfloat16, workerCount: workers, rowCapacity: cutter.rowCapacity,
      sequenceCapacity: cutter.sequenceCapacity, lengthCapacity: cutter.lengthCapacity)

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
    gradientBlocks = GradientBlocks(sliceLimit: cutter.sliceLimit, parameterCount: parameters.layout.count)
    bootstrapGathers = (0..<workers).map { _ in
      BootstrapGather(capacity: sliceWidth, observationCount: spec.inputs, hiddenCount: hidden)
    }
    told.reserveCapacity(16)
    scratches = (0..<workers).map { _ in FloatStorage(count: 2 * spec.actions) }
    refresh()
  }

  /// The subclass's.
  package var family: AlgorithmFamily { preconditionFailure("a learner from rollouts without a family") }

  /// Learns from the rollout as it stands. The subclass's part.
  package func update(progressRemaining: Double) -> UpdateStatistics {
    preconditionFailure("a learner from rollouts without an update")
  }

  /// The statistics that observations are normalised with, where they are.
  package var observationNormalizer: ObservationNormalizer? {
    observationMoments?.normalizer(clip: settings.observationClip)
  }

  /// Derives what the passes need after the parameters were changed from outside.
  package func refresh() {
    // As a task of the pool, so that denormals are treated alike wherever the copies are made.
    pool.run(taskCount: 1) { _, _ in derive() }
  }

  /// Values, log-probabilities of `actions` and entropies of a batch, rows (L, n). For parity tests; allocates.
  package func evaluate(_ batch: SequenceBatch, actions: [Int32], masks: [ActionMask]) -> (
    values: [Float], logProbabilities: [Float], entropies: [Float], logits: [Float]
  ) {
    let backend = CPUBackend(
      spec: spec, workerCount: 1, rowCapacity: batch.rows, sequenceCapacity: batch.count, lengthCapacity: batch.length)
    backend.refresh(from: parameters)
    let outputs = backend.forward(batch, parts: .all, worker: 0)
    let scratch = FloatStorage(count: 2 * spec.actions)
    var (logProbabilities, entropies): ([Float], [Float]) = ([], [])
    for row in 0..<batch.rows {
      let entropy = ActionSelection.evaluate(
        logits: outputs.logits.row(row), mask: isMasked ? masks[row] : .all(count: spec.actions), count: spec.actions,
        logProbabilities: scratch.base, probabilities: scratch.base + spec.actions)
      entropies.append(entropy)
      logProbabilities.append(scratch.base[Int(actions[row])])
    }
    return (
      Array(UnsafeBufferPointer(start: outputs.values, count: batch.rows)), logProbabilities, entropies,
      Array(UnsafeBufferPointer(start: outputs.logits.base, count: batch.rows * spec.actions))
    )
  }

  // MARK: Parts of an update

  func startStatistics() { told.removeAll(keepingCapacity: true) }

  func tell(_ name: String, _ value: Double) { told.append((name, value)) }

  func derive() {
    actor.refresh(from: parameters)
    learner.refresh(from: parameters)
  }

  /// Mean and divisor of the advantages of the cutter's current minibatch: 0 and 1 where they are not normalised.
  func advantageScale() -> (mean: Float, divisor: Float) {
    // One step alone has no deviation; its advantage stays as it is.
    guard settings.normalizeAdvantage, cutter.validCount > 1 else { return (0, 1) }
    let moments = cutter.advantageMoments()
    return (Float(moments.mean), Float(moments.deviation) + 1e-8)
  }

  /// The sums of `loss` over the cutter's current minibatch; its gradient is left in `parameters.gradients`.
  func gatherGradient<Loss: RolloutLoss>(of loss: Loss, _ sums: inout [Loss.Sums]) -> Loss.Sums {
    gradientBlocks.gather(
      sliceCount: cutter.sliceCount, pool: pool, into: parameters.gradients.base, sums: &sums
    ) { slice, worker, gradients in
      let (batch, rowIndices) = cutter.prepare(slice: slice, worker: worker)
      return loss.addGradient(
        on: batch, rowIndices: rowIndices, rollout: rollout, isMasked: isMasked, backend: learner, worker: worker,
        scratch: scratches[worker].base, gradients: gradients)
    }
  }

  /// Clips the gradient and takes one step along it, unless its numbers forbid it; whether it did. `vitals`, `capture`: as in `HealthMonitor.takeStep`.
  func takeStep(
    learningRate: Double, vitals: inout UpdateVitals,
    capture: (_ condition: HealthCondition, _ response: HealthResponse, _ finding: String, UpdateVitals) -> Incident
  ) -> Bool {
    health.takeStep(
      of: parameters, by: optimizer, learningRate: learningRate, maximumNorm: settings.maxGradientNorm, vitals: &vitals,
      actions: spec.actions, pool: pool, derive: derive,
      possibleEntropy: { isMasked ? rollout.possibleEntropy : log(Double(spec.actions)) }, capture: capture)
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
