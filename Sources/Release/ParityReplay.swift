// The gate between workshop and deployment: both forms of a policy play the same history.

package import AgentInterface
private import Evaluation
package import Inference
private import Kernels
package import Networks
package import Training

/// Plays a policy in its trained (batched, on the device that trains) and its deployed (one row at a time) form side by side, stochastically, over fresh
/// training lanes, and measures how far they differ.
package struct ParityReplay {
  package static let minimumSteps = 10_000
  package static let minimumEpisodeStarts = 100
  /// Where a world shows fewer than three masks, or no episode ends, within this many steps, it has no more to show.
  static let patience = 16 * minimumSteps

  /// What was found, and what is let through.
  package private(set) var comparison: ParityComparison
  package private(set) var steps = 0
  package private(set) var episodeStarts = 0
  /// Starts after the first row: the ones at which a memory must be forgotten.
  package private(set) var restarts = 0
  private var masks: Set<ActionMask> = []
  package var distinctMasks: Int { masks.count }
  /// A piece of what was played, in rows: some lanes' first steps.
  package private(set) var observations: [Float] = []
  package private(set) var goldenMasks: [ActionMask] = []
  package private(set) var goldenStarts: [Bool] = []

  private static let laneCount = 128
  private static let goldenLanes = 4
  private static let goldenSteps = 16

  /// What failed, in words, or nil where the two forms are one policy.
  package var failure: String? { comparison.failure }

  /// Plays an environment (made for `laneCount` lanes by `lanes`) until there are enough steps and starts and, where the world has them, three
  /// masks and an episode that follows another. `policy` carries its value head and normaliser.
  package init(
    _ policy: InferencePolicy, isMasked: Bool, seed: UInt64, device: DeviceFamily = .cpu,
    lanes makeLanes: (Int) throws(TrainingError) -> any VectorEnvironment
  ) throws(TrainingError) {
    try self.init(
      trained: policy.parameters, deployed: policy, isMasked: isMasked, seed: seed, device: device, lanes: makeLanes)
  }

  /// The same for parameters that should be those of the deployed policy. `trained`: (P), in the order of its layout.
  init(
    trained parameters: [Float], deployed policy: InferencePolicy, isMasked: Bool, seed: UInt64,
    device: DeviceFamily = .cpu, lanes makeLanes: (Int) throws(TrainingError) -> any VectorEnvironment
  ) throws(TrainingError) {
    try ProcessLimits.requireProducts()
    let lanes = ParityReplay.laneCount
    let environment = try makeLanes(lanes)
    let spec = policy.spec
    comparison = ParityComparison(spec)
    let store = ParameterStore(layout: ParameterLayout(spec))
    store.values.assign(parameters)
    let pool = WorkerPool(workerCount: 1)
    let passes = device.make(DeviceRequest(spec: spec, parameters: store, pool: pool, room: PassRoom(lanes: lanes)))
    let loop = EnvironmentLoop(environment)
    let scaled = FloatStorage(count: lanes * spec.inputs)
    let memory = FloatStorage(count: 4 * lanes * spec.hiddenCount)
    memory.fill(0)
    let state = RecurrentStateRows(
      in: memory, count: lanes * spec.hiddenCount, hasCritic: spec.criticMemory == .separate)
    let sessions = (0..<lanes).map { _ in LaneSession(policy) }
    let samplers = (0..<lanes).map { RandomStream(seed: seed, purpose: .exploration, lane: UInt32($0)) }
    var golden = [[(observation: [Float], mask: ActionMask, start: Bool)]](
      repeating: [], count: ParityReplay.goldenLanes)
    loop.reset(seed: seed)

    let all = ActionMask.all(count: spec.actions)
    while steps < ParityReplay.minimumSteps || episodeStarts < ParityReplay.minimumEpisodeStarts
      || (steps < ParityReplay.patience && (restarts == 0 || isMasked && masks.count < 3))
    {
      for lane in 0..<lanes {
        let raw = loop.row.observations.row(lane)
        let target = scaled.base + lane * spec.inputs
        if let normalizer = policy.normalizer {
          normalizer.normalize(raw, into: target)
        } else {
          target.update(from: raw, count: spec.inputs)
        }
      }
      var outputs: NetworkOutputs?
      let batch = SequenceBatch(
        length: 1, count: lanes, observations: scaled.base, observationTimeStride: lanes * spec.inputs,
        starts: UnsafePointer(loop.starts), startTimeStride: lanes, initialState: state)
      // Inside the team, so that denormals are treated as they are while training.
      pool.run(taskCount: 1) { _, _ in outputs = passes.forward(batch, parts: .policy, worker: 0) }
      guard let outputs else { preconditionFailure("the forward pass gave nothing") }
      outputs.finalState.copy(to: state, count: lanes * spec.hiddenCount)
      for lane in 0..<lanes {
        let mask = isMasked ? loop.row.masks[lane] : all
        let (raw, isStart) = (loop.observation(lane: lane), loop.starts[lane] == 1)
        let trained = UnsafePointer(outputs.logits.row(lane))
        if lane < golden.count, golden[lane].count < ParityReplay.goldenSteps {
          golden[lane].append((Array(raw), mask, isStart))
        }
        let deployed = try sessions[lane].decide(raw, mask: isMasked ? mask : nil, startsEpisode: isStart)
        comparison.compare(
          trained, deployed: sessions[lane].logits, magnitude: sessions[lane].headMagnitude, choice: deployed,
          mask: mask, factors: spec.factors)
        masks.insert(loop.row.masks[lane])
        if isStart {
          episodeStarts += 1
          if steps > 0 { restarts += 1 }
        }
        loop.actions[lane] = ParityReplay.sample(
          trained, mask: mask, factors: spec.factors, uniform: samplers[lane], at: UInt64(steps / lanes))
      }
      steps += lanes
      loop.step()
    }
    for row in golden.joined() {
      observations.append(contentsOf: row.observation)
      goldenMasks.append(row.mask)
      goldenStarts.append(row.start)
    }
  }

  private static func sample(
    _ logits: UnsafePointer<Float>, mask: ActionMask, factors: ActionFactors, uniform stream: RandomStream,
    at position: UInt64
  ) -> ActionNumber {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * factors.count) { scratch in
      let probabilities = scratch.baseAddress! + factors.count
      _ = ActionSelection.evaluate(
        logits: logits, mask: mask, factors: factors, logProbabilities: scratch.baseAddress!,
        probabilities: probabilities)
      let first = position * UInt64(factors.widths.count)
      return ActionSelection.sample(probabilities: probabilities, mask: mask, factors: factors) {
        Double(stream.word(at: first + UInt64($0)) >> 11) * 0x1p-53
      }
    }
  }
}
