// The advantage actor-critic, synchronous; memory and mask are switches.

package import Inference
package import Kernels
package import Networks

/// Advantage actor-critic: one step of the optimizer along the gradient of each whole rollout. Source: Mnih et al. 2016; stable-baselines3 2.9.
package final class A2C: OnPolicyLearner, @unchecked Sendable {
  /// What one update showed, before its step was taken.
  package struct Record: Sendable, Equatable {
    package var policyLoss = 0.0
    package var valueLoss = 0.0
    package var entropyLoss = 0.0
    package var loss = 0.0
    /// Before clipping.
    package var gradientNorm = 0.0

    /// The numbers that an incident keeps.
    var named: [String: Double] {
      [
        "policy_loss": policyLoss, "value_loss": valueLoss, "entropy_loss": entropyLoss, "loss": loss,
        "gradient_norm": gradientNorm,
      ]
    }
  }

  package let configuration: Configuration

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
      optimizer: RMSprop(
        parameterCount: ParameterLayout(spec).count, epsilon: configuration.rmspropEpsilon,
        form: configuration.optimizer),
      scheme: spec.hiddenCount > 0 ? .lanes : .shuffled, batchSize: configuration.horizon * laneCount)
  }

  package override var family: AlgorithmFamily { A2C.family }

  package override func update(progressRemaining: Double) -> UpdateStatistics {
    let learningRate = configuration.learningRateSchedule.rate(
      configuration.learningRate, progressRemaining: progressRemaining)
    let record = learn(learningRate: learningRate)
    startStatistics()
    tell("train/entropy_loss", record.entropyLoss)
    tell("train/explained_variance", explainedVariance)
    tell("train/grad_norm", record.gradientNorm)
    tell("train/learning_rate", learningRate)
    tell("train/loss", record.loss)
    tell("train/mask_allowed_frac", allowedFraction)
    tell("train/n_updates", Double(updateCount))
    tell("train/policy_loss", record.policyLoss)
    tell("train/value_loss", record.valueLoss)
    return UpdateStatistics(values: told)
  }

  /// One step with a given rate: what parity tests replay.
  package func learn(learningRate: Double) -> Record {
    updateBeginning = minibatchRandom.position
    cutter.beginEpoch(.inOrder, random: &minibatchRandom)
    cutter.cut(0)
    updateCount += 1
    var settings = A2CLossSettings(
      entropyCoefficient: Float(configuration.entropyCoefficient),
      valueCoefficient: Float(configuration.valueCoefficient))
    settings.validCount = cutter.validCount
    (settings.advantageMean, settings.advantageDivisor) = advantageScale()
    let total = device.gradient(
      of: A2CRolloutLoss(rollout: rollout, factors: spec.factors, isMasked: isMasked, settings: settings), on: cutter)
    let scale = 1 / Double(cutter.validCount)
    var record = Record()
    record.policyLoss = total.policy * scale
    record.valueLoss = total.value * scale
    record.entropyLoss = -total.entropy * scale
    record.loss =
      record.policyLoss + configuration.entropyCoefficient * record.entropyLoss
      + configuration.valueCoefficient * record.valueLoss
    var vitals = UpdateVitals(loss: record.loss, entropy: -record.entropyLoss)
    _ = takeStep(learningRate: learningRate, vitals: &vitals) { condition, response, finding, vitals in
      record.gradientNorm = vitals.gradientNorm
      return updateIncident(
        condition, response, finding: finding, place: "the whole rollout", learningRate: learningRate,
        loss: settings.named, found: record.named)
    }
    record.gradientNorm = vitals.gradientNorm
    return record
  }
}
