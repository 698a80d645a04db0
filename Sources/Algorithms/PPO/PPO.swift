// Proximal policy optimisation; memory and mask are switches.

package import Inference
package import Kernels
package import Networks

/// Proximal policy optimisation: several epochs of minibatches over each rollout, on the clipped surrogate objective.
package final class PPO: OnPolicyLearner, @unchecked Sendable {
  package let configuration: Configuration
  var records: [MinibatchRecord] = []
  /// What the last loss was evaluated with.
  var lossSettings = PPOLossSettings(clipRange: 0, clipRangeValue: nil, entropyCoefficient: 0, valueCoefficient: 0)

  /// An untrained policy. `device`, `kernels`, `bfloat16`: as in `LearnerSetup`. Traps where `configuration.problem` has words.
  package init(
    configuration: Configuration, spec: NetworkSpec, laneCount: Int, masked: Bool, device: DeviceFamily = .cpu,
    kernels: LearnerKernels = .automatic, bfloat16: BFloat16Unit? = nil, seed: UInt64, pool: WorkerPool
  ) {
    if let problem = configuration.problem(spec: spec) { preconditionFailure(problem) }
    self.configuration = configuration
    super.init(
      settings: configuration.shared, spec: spec, laneCount: laneCount, masked: masked, device: device,
      kernels: kernels, bfloat16: bfloat16, seed: seed, pool: pool,
      optimizer: Adam(parameterCount: ParameterLayout(spec).count, epsilon: configuration.adamEpsilon),
      scheme: configuration.scheme(hasMemory: spec.hiddenCount > 0), batchSize: configuration.batchSize)
    records.reserveCapacity(configuration.epochs * cutter.minibatchCount)
  }

  package override var family: AlgorithmFamily { PPO.family }

  /// Learns in epochs over the rollout, the last of which may be cut short.
  package override func update(progressRemaining: Double) -> UpdateStatistics {
    let learningRate = configuration.learningRateSchedule.rate(
      configuration.learningRate, progressRemaining: progressRemaining)
    let clipRange = configuration.clipRangeSchedule.rate(
      configuration.clipRange, progressRemaining: progressRemaining)
    records.removeAll(keepingCapacity: true)
    updateBeginning = minibatchRandom.position
    for epoch in 0..<configuration.epochs {
      guard learnEpoch(order: .random, epoch: epoch, learningRate: learningRate, clipRange: clipRange) else { break }
    }
    return statistics(learningRate: learningRate, clipRange: clipRange)
  }
}
