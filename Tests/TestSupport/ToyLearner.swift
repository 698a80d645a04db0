// A toy algorithm, beside `ToyGame`: a plain policy gradient of each step's own reward. No room of the product knows it.

package import AgentInterface
package import Algorithms
package import Inference
package import Kernels
package import Networks
package import Text

package struct ToySettings: LearnerConfiguration {
  package var learningRate = 0.05
  package var horizon = 8

  package static let settings: [SettingOf<ToySettings>] = [
    .number("algorithm.toy_rate", \.learningRate, 1e-6...1, "how far a step goes"),
    .integer("algorithm.toy_horizon", \.horizon, 1...1000, unit: "steps", "steps a lane makes between two updates"),
  ]

  package static let family = AlgorithmFamily(
    "toy", "a plain policy gradient", hasMemoryVariants: false, isActorCritic: true, defaults: ToySettings(),
    settings: settings, networkSettings: NetworkShapes.actorCriticSettings, healthSettings: HealthSettings.general,
    metricNames: ["train/toy_reward"])

  package var stepsBetweenUpdates: Int { horizon }
  package var discount: Double { 0 }
  package var logInterval: Int { 1 }
  package var observationScaling: Double? { nil }
  package var optimizerName: String { Adam.name }

  package func networkSpec(_ shapes: NetworkShapes, hasMemory: Bool, inputs: Int, actions: Int) -> NetworkSpec {
    shapes.actorCritic(hasMemory: hasMemory, inputs: inputs, actions: actions)
  }

  package func problem(spec: NetworkSpec) -> String? { nil }

  package func memoryParts(spec: NetworkSpec, laneCount: Int) -> (parameters: Double, rollout: Double) {
    (16 * Double(ParameterLayout(spec).count), 4 * Double(horizon * laneCount * (spec.inputs + 8)))
  }

  package func rowsPerStep(stepsPerRollout: Int) -> (forward: Double, training: Double) { (1, 1) }
  package func makeLearner(_ setup: LearnerSetup) -> any Algorithm { ToyLearner(self, setup) }
}

/// Unchecked: one thread calls its functions.
package final class ToyLearner: Algorithm, @unchecked Sendable {
  private let settings: ToySettings
  package let family = ToySettings.family
  package let spec: NetworkSpec
  package let isMasked: Bool
  package let rollout: Rollout
  package let deviceFamily: DeviceFamily
  package let kernels: LearnerKernels
  package var bfloat16: BFloat16Unit? { nil }
  package let health = HealthMonitor()
  package var observationNormalizer: ObservationNormalizer? { nil }

  private let seed: UInt64
  private let pool: WorkerPool
  private let device: any LearnerDevice
  private let heldOptimizer: any Optimizer
  /// 0, 1, 2, ...: (T, N)
  fileprivate let places: UnsafeMutablePointer<Int32>
  private let samplers: [RandomStream]
  private var decisionCount: UInt64 = 0
  private var updateCount = 0

  init(_ settings: ToySettings, _ setup: LearnerSetup) {
    self.settings = settings
    spec = setup.spec
    isMasked = setup.isMasked
    seed = setup.seed
    pool = setup.pool
    kernels = setup.kernels
    deviceFamily = setup.device
    rollout = Rollout(
      horizon: settings.horizon, laneCount: setup.laneCount, observationCount: spec.inputs, device: setup.device)
    let parameters = ParameterStore(layout: ParameterLayout(spec))
    var random = RandomStream(seed: seed, purpose: .initialization)
    Initialization.initialize(parameters, spec: spec, random: &random)
    heldOptimizer = Adam(parameterCount: parameters.layout.count, epsilon: 1e-8)
    device = setup.device.make(
      DeviceRequest(
        spec: spec, parameters: parameters, optimizer: heldOptimizer, kernels: kernels, pool: pool,
        room: PassRoom(lanes: setup.laneCount), sliceLimit: settings.horizon))
    places = .allocate(capacity: settings.horizon * setup.laneCount)
    for place in 0..<settings.horizon * setup.laneCount { (places + place).initialize(to: Int32(place)) }
    samplers = (0..<setup.laneCount).map { RandomStream(seed: setup.seed, purpose: .actionSampling, lane: UInt32($0)) }
  }

  deinit { places.deallocate() }

  package var parameters: ParameterStore {
    device.readBack()
    return device.parameters
  }

  package var optimizer: any Optimizer {
    device.readBack()
    return heldOptimizer
  }

  fileprivate func batch(_ step: Int) -> SequenceBatch {
    SequenceBatch(
      length: 1, count: rollout.laneCount,
      observations: rollout.observations + step * rollout.laneCount * spec.inputs, observationTimeStride: 0,
      starts: nil, initialState: RecurrentStateRows())
  }

  package func begin() { rollout.starts.update(repeating: 1, count: rollout.laneCount) }

  package func act(at step: Int) {
    let (first, count) = (step * rollout.laneCount, spec.actions)
    let scratch = FloatStorage(count: 2 * count)
    pool.run(taskCount: 1) { _, _ in
      let outputs = device.forward(batch(step), parts: .all, worker: 0)
      for lane in 0..<rollout.laneCount {
        let mask = isMasked ? rollout.masks[first + lane] : .all(count: count)
        ActionSelection.evaluate(
          logits: outputs.logits.row(lane), mask: mask, count: count, logProbabilities: scratch.base,
          probabilities: scratch.base + count)
        let uniform = Double(samplers[lane].uniformFloat(at: decisionCount))
        rollout.actions[first + lane] = ActionNumber(
          ActionSelection.sample(
            probabilities: scratch.base + count, mask: mask, count: count, uniform: uniform))
      }
    }
    decisionCount += 1
  }

  package func absorb(at step: Int) {
    let first = step * rollout.laneCount
    for lane in 0..<rollout.laneCount {
      rollout.starts[first + rollout.laneCount + lane] =
        rollout.terminated[first + lane] | rollout.truncated[first + lane]
    }
  }

  package func finishRollout() {}

  package func update(progressRemaining: Double) -> UpdateStatistics {
    let reward = device.gradient(of: ToyLoss(rollout: rollout), on: ToySteps(learner: self))
    _ = device.step(learningRate: settings.learningRate, maximumNorm: .infinity) { _ in true }
    updateCount += 1
    return UpdateStatistics(
      values: [("train/toy_reward", reward.total / Double(rollout.horizon * rollout.laneCount))])
  }

  package func startNextRollout() { rollout.carryLastRow() }

  package func standing() -> StateRecord {
    var state = StateRecord()
    state.floats["network/parameters"] = parameters.values.array
    OptimizerState.save(optimizer, to: &state)
    state.integers["random/seed"] = [Int64(bitPattern: seed)]
    state.integers["random/action_sampling"] = [Int64(bitPattern: decisionCount)]
    state.integers["progress/updates"] = [Int64(updateCount)]
    return state
  }

  package func snapshot() -> StateRecord {
    let lanes = rollout.laneCount
    var state = standing()
    state.floats["lanes/observations"] = Array(
      UnsafeBufferPointer(start: rollout.observations, count: lanes * spec.inputs))
    state.integers["lanes/masks"] = (0..<lanes).map { Int64(bitPattern: rollout.masks[$0].rawValue) }
    return state
  }

  package func restore(_ state: StateRecord) throws(RestoreError) {
    let (lanes, count) = (rollout.laneCount, parameters.layout.count)
    let values = try state.finiteFloats("network/parameters", count: count)
    let moments = try OptimizerState(state, for: optimizer, parameterCount: count)
    let observations = try state.finiteFloats("lanes/observations", count: lanes * spec.inputs)
    let masks = try state.masks("lanes/masks", count: lanes, factors: spec.factors)
    let updates = try state.natural("progress/updates")
    try state.requireSeed(seed)
    decisionCount = UInt64(bitPattern: try state.integers("random/action_sampling", count: 1)[0])
    parameters.values.assign(values)
    moments.take(to: optimizer)
    for (place, value) in observations.enumerated() { rollout.observations[place] = value }
    for lane in 0..<lanes { rollout.masks[lane] = masks[lane] }
    updateCount = updates
    device.load()
  }
}

/// The steps of a rollout, a slice each.
private struct ToySteps: Minibatch {
  let learner: ToyLearner

  var sliceCount: Int { learner.rollout.horizon }

  func prepare(slice: Int, worker: Int) -> (batch: SequenceBatch, rowIndices: UnsafePointer<Int32>) {
    (learner.batch(slice), UnsafePointer(learner.places + slice * learner.rollout.laneCount))
  }
}

/// -mean(r log p(a)), all actions legal; the critic learns nothing. A loss that no device knows.
private struct ToyLoss: RowLoss {
  let rollout: Rollout

  struct Sums: LossSums {
    var total = 0.0

    static func += (left: inout Sums, right: Sums) { left.total += right.total }
  }

  func evaluate(
    _ outputs: NetworkOutputs, rowIndices: UnsafePointer<Int32>, scratch: UnsafeMutablePointer<Float>
  ) -> Sums {
    let (count, steps) = (outputs.logits.columns, Float(rollout.horizon * rollout.laneCount))
    var sums = Sums()
    for row in 0..<outputs.logits.rows {
      let place = Int(rowIndices[row])
      let logits = outputs.logits.row(row)
      ActionSelection.evaluate(
        logits: logits, mask: .all(count: count), count: count, logProbabilities: scratch,
        probabilities: scratch + count)
      for action in 0..<count {
        let chosen: Float = action == Int(rollout.actions[place]) ? 1 : 0
        logits[action] = (scratch[count + action] - chosen) * rollout.rewards[place] / steps
      }
      outputs.values[row] = 0
      sums.total += Double(rollout.rewards[place])
    }
    return sums
  }
}
