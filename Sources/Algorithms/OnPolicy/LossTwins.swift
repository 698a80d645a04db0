// Heads fused with their loss against the plain loss through CBLAS, on the very policy that is about to be trained.

import AgentInterface
package import Inference
package import Kernels
package import Networks

/// What `KernelTwins` does for passes, for the one pass that a policy's update takes in their place.
package enum LossTwins {
  /// Rows of a block that is not full, and steps of which one starts anew.
  private static let (lanes, steps) = (19, 3)

  /// What differs, as the end of a sentence; nil where both agree, and where the processor fuses no loss with the policy's heads.
  package static func difference(
    _ spec: NetworkSpec, _ kernels: LearnerKernels = .fused, bfloat16: BFloat16Unit? = nil,
    on device: DeviceFamily = .cpu
  ) -> String? {
    guard spec.kind == .actorCritic, spec.hasValueHead, spec.factors.isJoint,
      device != .cpu || NetworkPlan(spec, kernels: kernels, bfloat16: bfloat16).fusesLoss
    else { return nil }
    return KernelTwins.difference(
      outcome(spec, kernels, bfloat16, on: device), outcome(spec, .blas, nil),
      bound: KernelTwins.bound(bfloat16: bfloat16))
  }

  /// The sums of a loss over made-up rows, and its gradient. Ratios of probabilities are inside the clip range: beside its end, rounding would decide.
  package static func outcome(
    _ spec: NetworkSpec, _ kernels: LearnerKernels, _ bfloat16: BFloat16Unit?, on family: DeviceFamily = .cpu
  ) -> KernelTwins.Outcome {
    let length = spec.hiddenCount > 0 ? steps : 1
    let rows = length * lanes
    var random = RandomStream(seed: 2, purpose: .initialization)
    let store = KernelTwins.parameters(spec, random: &random)
    let device = family.make(
      DeviceRequest(
        spec: spec, parameters: store, kernels: kernels, bfloat16: bfloat16,
        room: PassRoom(rows: rows, sequences: lanes, length: length), sliceLimit: 1))
    let rollout = Rollout(horizon: rows, laneCount: 1, observationCount: spec.inputs)
    for index in 0..<rows * spec.inputs { rollout.observations[index] = Float(2 * random.nextDouble() - 1) }
    for row in 0..<rows {
      let action = Int(random.nextInteger(below: UInt64(spec.actions)))
      rollout.actions[row] = ActionNumber(action)
      rollout.masks[row] = ActionMask(rawValue: random.next() | 1 << UInt64(action))
      rollout.logProbabilities[row] = Float(-1 - random.nextDouble())
      rollout.advantages[row] = Float(2 * random.nextDouble() - 1)
      rollout.returns[row] = Float(2 * random.nextDouble() - 1)
      rollout.values[row] = Float(2 * random.nextDouble() - 1)
    }
    let state = FloatStorage((0..<4 * lanes * spec.hiddenCount).map { _ in Float(random.nextDouble() - 0.5) })
    let starts = (0..<rows).map { UInt8($0 / lanes == 1 && $0 % 4 == 0 ? 1 : 0) }
    let places = (0..<rows).map { Int32($0 % 5 == 4 ? -1 : $0) }
    let loss = PPORolloutLoss(
      rollout: rollout, factors: spec.factors, isMasked: true,
      settings: PPOLossSettings(
        clipRange: 100, clipRangeValue: nil, entropyCoefficient: 0.1, valueCoefficient: 0.5))
    let sums = starts.withUnsafeBufferPointer { starts in
      places.withUnsafeBufferPointer { places in
        let batch = SequenceBatch(
          length: length, count: lanes, observations: rollout.observations,
          observationTimeStride: spec.hiddenCount > 0 ? lanes * spec.inputs : 0,
          starts: spec.hiddenCount > 0 ? starts.baseAddress : nil, startTimeStride: lanes,
          initialState: RecurrentStateRows(
            in: state, count: lanes * spec.hiddenCount, hasCritic: spec.criticMemory == .separate))
        return device.gradient(of: loss, on: WholeBatch(batch: batch, rowIndices: places))
      }
    }
    device.readBack()
    withExtendedLifetime((store, state)) {}
    return KernelTwins.Outcome(
      outputs: [sums.policy, sums.value, sums.entropy, sums.divergence].map { Float($0) },
      gradients: store.gradients.array)
  }
}
