// Heads fused with their loss against the plain loss through CBLAS, on the very policy that is about to be trained.

import AgentInterface
package import Inference
package import Kernels
package import Networks

/// What `KernelTwins` does for passes, for the one pass that a policy's update takes in their place.
package enum LossTwins {
  /// Rows of a block that is not full, and steps of which one starts anew.
  private static let (lanes, steps) = (19, 3)

  /// What differs, as the end of a sentence; nil where both agree, and where no loss is fused with the policy's heads.
  package static func difference(_ spec: NetworkSpec, bfloat16: BFloat16Unit? = nil) -> String? {
    guard NetworkPlan(spec, kernels: .fused, bfloat16: bfloat16).fusesLoss else { return nil }
    return KernelTwins.difference(
      outcome(spec, .fused, bfloat16), outcome(spec, .blas, nil), bound: KernelTwins.bound(bfloat16: bfloat16))
  }

  /// The sums of a loss over made-up rows, and its gradient. Ratios of probabilities are inside the clip range: beside its end, rounding would decide.
  package static func outcome(_ spec: NetworkSpec, _ kernels: LearnerKernels, _ bfloat16: BFloat16Unit?)
    -> KernelTwins.Outcome
  {
    let length = spec.hiddenCount > 0 ? steps : 1
    let rows = length * lanes
    var random = RandomStream(seed: 2, purpose: .initialization)
    let store = KernelTwins.parameters(spec, random: &random)
    let backend = CPUBackend(
      spec: spec, kernels: kernels, bfloat16: bfloat16, workerCount: 1, rowCapacity: rows, sequenceCapacity: lanes,
      lengthCapacity: length)
    backend.refresh(from: store)
    let rollout = Rollout(horizon: rows, laneCount: 1, observationCount: spec.inputs)
    for index in 0..<rows * spec.inputs { rollout.observations[index] = Float(2 * random.nextDouble() - 1) }
    for row in 0..<rows {
      let action = Int(random.nextInteger(below: UInt64(spec.actions)))
      rollout.actions[row] = Int32(action)
      rollout.masks[row] = ActionMask(rawValue: random.next() | 1 << UInt64(action))
      rollout.logProbabilities[row] = Float(-1 - random.nextDouble())
      rollout.advantages[row] = Float(2 * random.nextDouble() - 1)
      rollout.returns[row] = Float(2 * random.nextDouble() - 1)
      rollout.values[row] = Float(2 * random.nextDouble() - 1)
    }
    let state = FloatStorage((0..<4 * lanes * spec.hiddenCount).map { _ in Float(random.nextDouble() - 0.5) })
    let starts = (0..<rows).map { UInt8($0 / lanes == 1 && $0 % 4 == 0 ? 1 : 0) }
    let places = (0..<rows).map { Int32($0 % 5 == 4 ? -1 : $0) }
    let scratch = FloatStorage(count: 2 * spec.actions)
    let gradients = FloatStorage(count: store.layout.count)
    gradients.fill(0)
    let loss = PPOLossSettings(clipRange: 100, clipRangeValue: nil, entropyCoefficient: 0.1, valueCoefficient: 0.5)
    let sums = starts.withUnsafeBufferPointer { starts in
      places.withUnsafeBufferPointer { places in
        let batch = SequenceBatch(
          length: length, count: lanes, observations: rollout.observations,
          observationTimeStride: spec.hiddenCount > 0 ? lanes * spec.inputs : 0,
          starts: spec.hiddenCount > 0 ? starts.baseAddress : nil, startTimeStride: lanes,
          initialState: RecurrentStateRows(
            in: state, count: lanes * spec.hiddenCount, hasCritic: spec.criticMemory == .separate))
        return places.baseAddress.map {
          loss.addGradient(
            on: batch, rowIndices: $0, rollout: rollout, isMasked: true, backend: backend, worker: 0,
            scratch: scratch.base, gradients: gradients.base)
        } ?? PPOLossSums()
      }
    }
    withExtendedLifetime((store, state)) {}
    return KernelTwins.Outcome(
      outputs: [sums.policy, sums.value, sums.entropy, sums.approximateKL].map { Float($0) }, gradients: gradients.array
    )
  }
}
