// PPO's side of learning from a rollout.

import Inference
import Kernels
import Networks

/// What one minibatch showed, before its step was taken.
package struct MinibatchRecord: Sendable, Equatable {
  package var epoch = 0
  package var policyLoss = 0.0
  package var valueLoss = 0.0
  package var entropyLoss = 0.0
  package var loss = 0.0
  package var approximateKL = 0.0
  package var clipFraction = 0.0
  /// Before clipping.
  package var gradientNorm = 0.0
  /// False where the divergence stopped the update, or its numbers were not finite.
  package var isApplied = false

  /// The numbers that an incident keeps.
  var named: [String: Double] {
    [
      "policy_loss": policyLoss, "value_loss": valueLoss, "entropy_loss": entropyLoss, "loss": loss,
      "divergence": approximateKL, "gradient_norm": gradientNorm,
    ]
  }
}

extension PPO {
  /// One epoch per entry of `orders` over the rollout as it stands, with given rates: what parity tests replay. Returns what each minibatch
  /// showed.
  package func learn(orders: [EpochOrder], learningRate: Double, clipRange: Double) -> [MinibatchRecord] {
    records.removeAll(keepingCapacity: true)
    for (epoch, order) in orders.enumerated() {
      guard learnEpoch(order: order, epoch: epoch, learningRate: learningRate, clipRange: clipRange) else { break }
    }
    return records
  }

  /// The lanes of a block in scheme `lanes`.
  package var lanesPerBlock: Int { cutter.blockWidth }

  /// The gradient of one minibatch's loss in `parameters.gradients`, unclipped; takes no step.
  package func gradient(ofMinibatch index: Int, order: EpochOrder, clipRange: Double) -> MinibatchRecord {
    cutter.beginEpoch(order, random: &minibatchRandom)
    return measureMinibatch(index, epoch: 0, clipRange: clipRange)
  }

  // MARK: Parts

  /// Visits every minibatch once; false where the divergence ended the update. The epoch counts either way.
  func learnEpoch(order: EpochOrder, epoch: Int, learningRate: Double, clipRange: Double) -> Bool {
    cutter.beginEpoch(order, random: &minibatchRandom)
    updateCount += 1
    for index in 0..<cutter.minibatchCount {
      var record = measureMinibatch(index, epoch: epoch, clipRange: clipRange)
      if let target = configuration.targetKL, record.approximateKL > 1.5 * target {
        records.append(record)
        return false
      }
      var vitals = UpdateVitals(
        loss: record.loss, divergence: record.approximateKL, entropy: -record.entropyLoss)
      record.isApplied = takeStep(learningRate: learningRate, vitals: &vitals) { condition, response, finding, vitals in
        record.gradientNorm = vitals.gradientNorm
        return updateIncident(
          condition, response, finding: finding,
          place: "epoch \(epoch + 1) of \(configuration.epochs), minibatch \(index + 1) of \(cutter.minibatchCount)",
          learningRate: learningRate, loss: lossSettings.named, found: record.named)
      }
      record.gradientNorm = vitals.gradientNorm
      records.append(record)
      if health.isHalted { return false }
    }
    return true
  }

  /// Loss and gradient of one minibatch; the gradient is left in `parameters.gradients`.
  private func measureMinibatch(_ index: Int, epoch: Int, clipRange: Double) -> MinibatchRecord {
    cutter.cut(index)
    let validCount = cutter.validCount
    var settings = PPOLossSettings(
      clipRange: Float(clipRange), clipRangeValue: configuration.clipRangeValue.map { Float($0) },
      entropyCoefficient: Float(configuration.entropyCoefficient),
      valueCoefficient: Float(configuration.valueCoefficient))
    settings.validCount = validCount
    (settings.advantageMean, settings.advantageDivisor) = advantageScale()
    lossSettings = settings
    let total = device.gradient(
      of: PPORolloutLoss(rollout: rollout, factors: spec.factors, isMasked: isMasked, settings: settings), on: cutter)
    let scale = 1 / Double(validCount)
    var record = MinibatchRecord()
    record.epoch = epoch
    record.policyLoss = total.policy * scale
    record.valueLoss = total.value * scale
    record.entropyLoss = -total.entropy * scale
    record.loss =
      record.policyLoss + configuration.entropyCoefficient * record.entropyLoss
      + configuration.valueCoefficient * record.valueLoss
    record.approximateKL = total.divergence * scale
    record.clipFraction = total.clipped * scale
    return record
  }

  /// Losses and clip fraction are means over all minibatches seen, the divergence over the last epoch's, `train/loss` is the last
  /// minibatch's, `n_updates` counts epochs. Source: stable-baselines3 2.9.
  func statistics(learningRate: Double, clipRange: Double) -> UpdateStatistics {
    func mean(_ value: (MinibatchRecord) -> Double, where isIncluded: (MinibatchRecord) -> Bool = { _ in true })
      -> Double
    {
      var (sum, count) = (0.0, 0)
      for record in records where isIncluded(record) {
        sum += value(record)
        count += 1
      }
      return sum / Double(count)
    }
    let lastEpoch = records.last?.epoch ?? 0
    startStatistics()
    tell("train/approx_kl", mean(\.approximateKL, where: { $0.epoch == lastEpoch }))
    tell("train/clip_fraction", mean(\.clipFraction))
    tell("train/clip_range", clipRange)
    if let clip = configuration.clipRangeValue { tell("train/clip_range_vf", clip) }
    tell("train/entropy_loss", mean(\.entropyLoss))
    tell("train/explained_variance", explainedVariance)
    // 0 where the first minibatch already went beyond the divergence limit: nothing was applied.
    tell("train/grad_norm", records.contains(where: \.isApplied) ? mean(\.gradientNorm, where: \.isApplied) : 0)
    tell("train/learning_rate", learningRate)
    tell("train/loss", records.last?.loss ?? .nan)
    tell("train/mask_allowed_frac", allowedFraction)
    tell("train/n_updates", Double(updateCount))
    tell("train/policy_gradient_loss", mean(\.policyLoss))
    tell("train/value_loss", mean(\.valueLoss))
    return UpdateStatistics(values: told)
  }
}
