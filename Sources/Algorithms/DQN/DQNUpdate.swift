// DQN's side of learning from its replay memory.

import AgentInterface
import Inference
import Kernels
import Networks

extension DQN {
  /// What one gradient step showed, before it was taken.
  package struct Record: Sendable, Equatable {
    package var loss = 0.0
    /// Mean value of the actions that were taken.
    package var meanValue = 0.0
    /// Before clipping.
    package var gradientNorm = 0.0
  }

  package func update(progressRemaining: Double) -> UpdateStatistics {
    let learningRate = configuration.learningRateSchedule.rate(
      configuration.learningRate, progressRemaining: progressRemaining)
    var sums = Record()
    var taken = 0
    let transitions = rollout.horizon * rollout.laneCount
    let steps =
      stepCount <= configuration.learningStarts
      ? 0 : configuration.gradientSteps < 0 ? transitions : configuration.gradientSteps
    if steps > 0, !configuration.prioritized, store.wantsForecast {
      store.follow(
        ReplayForecast(
          random: replayRandom, store: store, drawsPerUpdate: steps * configuration.batchSize,
          rowsPerUpdate: rollout.horizon))
    }
    for step in 0..<steps where !health.isHalted {
      drawBeginning = replayRandom.position
      sampler.draw(store, random: &replayRandom, progressRemaining: progressRemaining)
      let record = learnBatch(learningRate: learningRate, place: (step, steps))
      taken += 1
      sums.loss += record.loss
      sums.meanValue += record.meanValue
      sums.gradientNorm += record.gradientNorm
    }
    told.removeAll(keepingCapacity: true)
    told.append(("rollout/exploration_rate", explorationRate))
    told.append(("train/learning_rate", learningRate))
    told.append(("train/mask_allowed_frac", isMasked ? rollout.allowedFraction(actions: spec.actions) : 1))
    told.append(("train/n_updates", Double(updateCount)))
    if configuration.prioritized {
      told.append(
        ("train/priority_correction", configuration.priority.correction(progressRemaining: progressRemaining)))
    }
    if taken > 0 {
      let scale = 1 / Double(taken)
      told.append(("train/grad_norm", sums.gradientNorm * scale))
      told.append(("train/loss", sums.loss * scale))
      told.append(("train/q_values", sums.meanValue * scale))
    }
    return UpdateStatistics(values: told)
  }

  /// One step on given transitions of the store, as many as a batch has: what parity tests replay. `weights` nil: 1 each.
  package func learn(rows: [Int], lanes: [Int], weights: [Float]? = nil, learningRate: Double) -> Record {
    sampler.choose(rows: rows, lanes: lanes, weights: weights)
    return learnBatch(learningRate: learningRate, place: (0, 1))
  }

  /// Targets of the last batch, and how far the learner was from them before its step. For tests.
  package var lastBatch: (targets: [Float], errors: [Float]) { (batch.returns.array, batch.errors.array) }

  /// The values of all actions in each row of observations, (rows, A), by the learner or the target network. For tests; allocates.
  package func values(of observations: [Float], byTarget: Bool = false) -> [Float] {
    let count = observations.count / spec.inputs
    let passes = deviceFamily.make(
      DeviceRequest(
        spec: spec, parameters: byTarget ? targetParameters : parameters, room: PassRoom(lanes: count)))
    let rows = FloatStorage(observations)
    let outputs = passes.forward(
      SequenceBatch(length: 1, count: count, observations: rows.base, observationTimeStride: 0), parts: .all, worker: 0)
    return (0..<count).flatMap { row in
      let values = ActionValues(outputs, row: row, isDueling: configuration.dueling)
      return (0..<spec.actions).map { values[$0] }
    }
  }

  // MARK: Parts

  /// place: which gradient step of how many.
  private func learnBatch(learningRate: Double, place: (step: Int, count: Int)) -> Record {
    gather()
    var record = measureBatch()
    var vitals = UpdateVitals(loss: record.loss)
    let isTaken = health.takeStep(
      of: online, learningRate: learningRate, maximumNorm: configuration.maxGradientNorm, vitals: &vitals,
      actions: spec.actions, possibleEntropy: { .infinity }
    ) { condition, response, finding, vitals in
      record.gradientNorm = vitals.gradientNorm
      return updateIncident(
        condition, response, finding: finding, place: "gradient step \(place.step + 1) of \(place.count)",
        learningRate: learningRate, record: record)
    }
    record.gradientNorm = vitals.gradientNorm
    if isTaken { updateCount += 1 }
    sampler.noteErrors(batch.errors.base)
    return record
  }

  /// Loss and gradient of the batch as it lies; the device keeps the gradient.
  func measureBatch() -> Record {
    let total = online.gradient(of: TemporalDifferenceLoss(learner: self), on: DrawnBatch(learner: self))
    let count = Double(configuration.batchSize)
    var record = Record()
    record.loss = total.loss / count
    record.meanValue = total.value / count
    return record
  }

  /// Copies the drawn transitions into the batch, scaled as the statistics say now.
  private func gather() {
    gatherUnscaled()
    normalize(batch.observations.base, rows: configuration.batchSize)
    normalize(batch.nextObservations.base, rows: configuration.batchSize)
  }

  /// Copies the drawn transitions into the batch as the store holds them.
  func gatherUnscaled() {
    let columns = spec.inputs
    let gamma = Float(configuration.gamma)
    store.fetch(rows: sampler.rows, lanes: sampler.lanes, steps: configuration.nSteps)
    for index in 0..<configuration.batchSize {
      let (row, lane) = (sampler.rows[index], sampler.lanes[index])
      let steps = NStepReturn(store, row: row, lane: lane, steps: configuration.nSteps, gamma: gamma) {
        rewardNormalizer?.scaled($0) ?? $0
      }
      store.copyObservation(row: row, lane: lane, to: batch.observations.base + index * columns)
      store.copyNextObservation(row: steps.lastRow, lane: lane, to: batch.nextObservations.base + index * columns)
      batch.actions[index] = Int32(store.action(row: row, lane: lane))
      batch.returns.base[index] = steps.reward
      batch.discounts.base[index] = steps.discount
      batch.nextMasks[index] =
        isMasked ? store.nextMask(row: steps.lastRow, lane: lane) : .all(count: spec.actions)
    }
    store.lookAhead()
  }

  /// The best legal action after the steps, as the learner sees it.
  fileprivate func chooseNext(_ outputs: NetworkOutputs, _ rows: Range<Int>) {
    for (index, row) in rows.enumerated() {
      batch.choices[row] = Int32(
        ActionSelection.greedy(logits: outputs.logits.row(index), mask: batch.nextMasks[row], count: spec.actions))
    }
  }

  /// Adds the value after the steps to the returns: of the learner's choice, or of what the target network itself likes best.
  fileprivate func addNextValues(_ outputs: NetworkOutputs, _ rows: Range<Int>) {
    for (index, row) in rows.enumerated() where batch.discounts.base[row] != 0 {
      let action =
        configuration.double
        ? Int(batch.choices[row])
        : ActionSelection.greedy(logits: outputs.logits.row(index), mask: batch.nextMasks[row], count: spec.actions)
      let value = ActionValues(outputs, row: index, isDueling: configuration.dueling)[action]
      batch.returns.base[row] += batch.discounts.base[row] * value
    }
  }

  /// Loss = mean(w smoothL1(Q(s, a) - y)); replaces the outputs by its gradient.
  fileprivate func evaluate(_ outputs: NetworkOutputs, _ rows: Range<Int>) -> DQNLossSums {
    let scale = 1 / Float(configuration.batchSize)
    let actions = spec.actions
    var sums = DQNLossSums()
    for (index, row) in rows.enumerated() {
      let action = Int(batch.actions[row])
      let value = ActionValues(outputs, row: index, isDueling: configuration.dueling)[action]
      let error = value - batch.returns.base[row]
      let weight = sampler.weights[row]
      batch.errors.base[row] = error
      sums.value += Double(value)
      sums.loss += Double(weight * (abs(error) < 1 ? 0.5 * error * error : abs(error) - 0.5))
      // Both comparisons are false for NaN, which must not be hidden by the bound.
      let pull = weight * scale * (error > 1 ? 1 : error < -1 ? -1 : error)
      let gradient = outputs.logits.row(index)
      gradient.update(repeating: configuration.dueling ? -pull / Float(actions) : 0, count: actions)
      gradient[action] += pull
      if configuration.dueling { outputs.values[index] = pull }
    }
    return sums
  }
}

/// The batch in slices. Before a slice is learned from, its returns get the values after them.
private struct DrawnBatch: Minibatch {
  let learner: DQN

  var sliceCount: Int { (learner.configuration.batchSize + learner.rowsPerSlice - 1) / learner.rowsPerSlice }

  func prepare(slice: Int, worker: Int) -> (batch: SequenceBatch, rowIndices: UnsafePointer<Int32>) {
    let (configuration, batch) = (learner.configuration, learner.batch)
    let first = slice * learner.rowsPerSlice
    let rows = first..<min(first + learner.rowsPerSlice, configuration.batchSize)
    func sequences(_ observations: FloatStorage) -> SequenceBatch {
      SequenceBatch(
        length: 1, count: rows.count, observations: observations.base + first * learner.spec.inputs,
        observationTimeStride: 0)
    }
    let next = sequences(batch.nextObservations)
    if configuration.double {
      learner.chooseNext(learner.online.forward(next, parts: .policy, worker: worker), rows)
    }
    let parts: NetworkParts = configuration.dueling ? .all : .policy
    learner.addNextValues(learner.target.forward(next, parts: parts, worker: worker), rows)
    return (sequences(batch.observations), UnsafePointer(batch.places + first))
  }
}

/// How far the values of the actions taken are from their returns.
private struct TemporalDifferenceLoss: RowLoss {
  let learner: DQN

  func evaluate(
    _ outputs: NetworkOutputs, rowIndices: UnsafePointer<Int32>, scratch: UnsafeMutablePointer<Float>
  ) -> DQNLossSums {
    let first = Int(rowIndices[0])
    return learner.evaluate(outputs, first..<(first + outputs.logits.rows))
  }
}

/// The values of the actions of one row: the network's own numbers, or, dueling, V + A - mean(A).
struct ActionValues {
  private let row: UnsafeMutablePointer<Float>
  private let base: Float

  init(_ outputs: NetworkOutputs, row index: Int, isDueling: Bool) {
    row = outputs.logits.row(index)
    guard isDueling else {
      base = 0
      return
    }
    var sum: Float = 0
    for action in 0..<outputs.logits.columns { sum += row[action] }
    base = outputs.values[index] - sum / Float(outputs.logits.columns)
  }

  subscript(action: Int) -> Float { row[action] + base }
}

/// Sums over the rows of a slice.
struct DQNLossSums: LossSums {
  var loss = 0.0
  var value = 0.0

  static func += (left: inout DQNLossSums, right: DQNLossSums) {
    left.loss += right.loss
    left.value += right.value
  }
}
