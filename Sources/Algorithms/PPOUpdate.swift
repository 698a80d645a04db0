// PPO's side of learning from a rollout.

package import AgentInterface
import Inference
import Kernels
package import Networks

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
  /// False where the divergence stopped the update.
  package var isApplied = false
}

extension PPO {
  package func update(progressRemaining: Double) -> UpdateStatistics {
    let learningRate = configuration.learningRateSchedule.rate(
      configuration.learningRate, progressRemaining: progressRemaining)
    let clipRange = configuration.clipRangeSchedule.rate(
      configuration.clipRange, progressRemaining: progressRemaining)
    records.removeAll(keepingCapacity: true)
    for epoch in 0..<configuration.epochs {
      guard learnEpoch(order: .random, epoch: epoch, learningRate: learningRate, clipRange: clipRange) else { break }
    }
    return statistics(learningRate: learningRate, clipRange: clipRange)
  }

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

  /// Derives what the passes need after the parameters were changed from outside.
  package func refresh() {
    // As a task of the pool, so that denormals are treated alike wherever the copies are made.
    pool.run(taskCount: 1) { _, _ in derive() }
  }

  /// The gradient of one minibatch's loss in `parameters.gradients`, unclipped; takes no step.
  package func gradient(ofMinibatch index: Int, order: EpochOrder, clipRange: Double) -> MinibatchRecord {
    cutter.beginEpoch(order, random: &minibatchRandom)
    return measureMinibatch(index, epoch: 0, clipRange: clipRange)
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

  // MARK: Parts

  private func derive() {
    actor.refresh(from: parameters)
    learner.refresh(from: parameters)
  }

  /// Visits every minibatch once; false where the divergence ended the update. The epoch counts either way.
  private func learnEpoch(order: EpochOrder, epoch: Int, learningRate: Double, clipRange: Double) -> Bool {
    cutter.beginEpoch(order, random: &minibatchRandom)
    updateCount += 1
    for index in 0..<cutter.minibatchCount {
      var record = measureMinibatch(index, epoch: epoch, clipRange: clipRange)
      if let target = configuration.targetKL, record.approximateKL > 1.5 * target {
        records.append(record)
        return false
      }
      record.isApplied = true
      // As a task of the pool, so that denormal moments count as zero as they do in the passes.
      pool.run(taskCount: 1) { _, _ in
        let measured = GradientClipping.measure(parameters, maximumNorm: configuration.maxGradientNorm)
        record.gradientNorm = measured.norm
        optimizer.step(parameters, learningRate: learningRate, gradientScale: measured.scale)
        derive()
      }
      records.append(record)
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
    // One step alone has no deviation; its advantage stays as it is.
    if configuration.normalizeAdvantage, validCount > 1 {
      let moments = cutter.advantageMoments()
      settings.advantageMean = Float(moments.mean)
      settings.advantageDivisor = Float(moments.deviation) + 1e-8
    }
    let sliceCount = cutter.sliceCount
    let blockCount = min(gradientBlocks.count, sliceCount)
    let slicesPerBlock = (sliceCount + blockCount - 1) / blockCount
    let parameterCount = parameters.layout.count
    blockSums.withUnsafeMutableBufferPointer { sums in
      // A task writes its own sum only.
      nonisolated(unsafe) let sums = sums
      pool.run(taskCount: blockCount) { block, worker in
        let gradients = gradientBlocks[block].base
        gradients.update(repeating: 0, count: parameterCount)
        var sum = PPOLossSums()
        for slice in (block * slicesPerBlock)..<min((block + 1) * slicesPerBlock, sliceCount) {
          let (batch, rowIndices) = cutter.prepare(slice: slice, worker: worker)
          let outputs = learner.forward(batch, parts: .all, worker: worker)
          sum += PPOLoss.evaluate(
            outputs: outputs, rowIndices: rowIndices, rollout: rollout, isMasked: isMasked, settings: settings,
            scratch: scratches[worker].base)
          learner.backward(batch, worker: worker, gradients: gradients)
        }
        sums[block] = sum
      }
    }
    var total = PPOLossSums()
    for block in 0..<blockCount {
      total += blockSums[block]
      if block == 0 {
        parameters.gradients.base.update(from: gradientBlocks[0].base, count: parameterCount)
      } else {
        Reductions.add(gradientBlocks[block].base, to: parameters.gradients.base, count: parameterCount)
      }
    }
    let scale = 1 / Double(validCount)
    var record = MinibatchRecord()
    record.epoch = epoch
    record.policyLoss = total.policy * scale
    record.valueLoss = total.value * scale
    record.entropyLoss = -total.entropy * scale
    record.loss =
      record.policyLoss + configuration.entropyCoefficient * record.entropyLoss
      + configuration.valueCoefficient * record.valueLoss
    record.approximateKL = total.approximateKL * scale
    record.clipFraction = total.clipped * scale
    return record
  }

  /// Losses and clip fraction are means over all minibatches seen, the divergence over the last epoch's, `train/loss` is the last
  /// minibatch's, `n_updates` counts epochs. Source: stable-baselines3 2.9.
  private func statistics(learningRate: Double, clipRange: Double) -> UpdateStatistics {
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
    let steps = rollout.horizon * rollout.laneCount
    var allowed = steps * spec.actions
    if isMasked {
      allowed = 0
      for step in 0..<steps { allowed += rollout.masks[step].legalCount }
    }
    var values: [(name: String, value: Double)] = [
      ("train/approx_kl", mean(\.approximateKL, where: { $0.epoch == lastEpoch })),
      ("train/clip_fraction", mean(\.clipFraction)),
      ("train/clip_range", clipRange),
    ]
    if let clip = configuration.clipRangeValue { values.append(("train/clip_range_vf", clip)) }
    values += [
      ("train/entropy_loss", mean(\.entropyLoss)),
      (
        "train/explained_variance",
        Advantages.explainedVariance(values: rollout.values, returns: rollout.returns, count: steps)
      ),
      // 0 where the first minibatch already went beyond the divergence limit: nothing was applied.
      ("train/grad_norm", records.contains(where: \.isApplied) ? mean(\.gradientNorm, where: \.isApplied) : 0),
      ("train/learning_rate", learningRate),
      ("train/loss", records.last?.loss ?? .nan),
      ("train/mask_allowed_frac", Double(allowed) / Double(steps * spec.actions)),
      ("train/n_updates", Double(updateCount)),
      ("train/policy_gradient_loss", mean(\.policyLoss)),
      ("train/value_loss", mean(\.valueLoss)),
    ]
    return UpdateStatistics(values: values)
  }
}
