// A recorded batch of the replay memory once more: through plain loops for its stages, through the run's own kernels for its bits.

import AgentInterface
import Inference
import Kernels
import Networks
import Text

extension IncidentReader {
  /// Leaves the gradient in the store.
  mutating func replayBatch(_ store: ParameterStore, _ pool: WorkerPool) throws(RestoreError) {
    let count = try record.floats("batch/rewards").count
    guard (1...1_000_000).contains(count) else { throw invalid("batch/rewards", "\(count) transitions") }
    let isDouble = incident.facts["double"]?.boolValue ?? false
    var configuration = DQN.Configuration()
    configuration.batchSize = count
    (configuration.double, configuration.dueling) = (isDouble, spec.kind == .dueling)
    configuration.bufferSize = 1
    let scalesInputs = record.doubles["normalizer/observation_mean"] != nil
    configuration.normalizeObservations = scalesInputs
    if scalesInputs { configuration.observationClip = try double("normalizer/clip") }
    if let problem = configuration.problem(spec: spec) { throw invalid("network", problem) }
    let learner = DQN(
      configuration: configuration, spec: spec, laneCount: 1, masked: isMasked, totalSteps: 1, device: device,
      kernels: kernels, seed: 0, pool: pool)
    try fill(learner, count: count)
    noteBatch(learner, target: try record.floats("network/target_parameters", count: layout.count))
    let found = learner.measureBatch()
    try compare("loss", found.loss)
    try compare("mean_value", found.meanValue)
    book.note("loss", found.loss)
    store.gradients.base.update(from: learner.parameters.gradients.base, count: layout.count)
  }

  /// Parameters and batch as they were recorded, inputs scaled as the run scaled them.
  private mutating func fill(_ learner: DQN, count: Int) throws(RestoreError) {
    let columns = spec.inputs
    learner.parameters.values.assign(parameters)
    learner.targetParameters.values.assign(try record.floats("network/target_parameters", count: layout.count))
    learner.refresh()
    learner.refreshTarget()
    let rows = try record.integers("batch/rows", count: count)
    let lanes = try record.integers("batch/lanes", count: count)
    let batch = learner.batch
    for (name, storage) in [
      ("observations", batch.observations), ("next_observations", batch.nextObservations),
    ] {
      let values = try record.floats("batch/" + name, count: count * columns)
      book.note(name == "observations" ? "inputs" : "next inputs", values, isGiven: true) {
        "row \($0 / columns) (step \(rows[$0 / columns]) of the memory, lane \(lanes[$0 / columns])), "
          + column($0 % columns)
      }
      storage.assign(values)
      if learner.configuration.normalizeObservations {
        ObservationNormalizer.normalize(
          storage.base, into: storage.base, rows: count, columns: columns, sourceStride: columns,
          destinationStride: columns, mean: try record.doubles("normalizer/observation_mean", count: columns),
          variance: try record.doubles("normalizer/observation_variance", count: columns),
          clip: learner.configuration.observationClip)
      }
      book.note(name == "observations" ? "scaled inputs" : "scaled next inputs", storage.array) {
        "row \($0 / columns), \(column($0 % columns))"
      }
    }
    func place(_ row: Int) -> String { "row \(row)" }
    let rewards = try record.floats("batch/rewards", count: count)
    let discounts = try record.floats("batch/discounts", count: count)
    let weights = try record.floats("batch/weights", count: count)
    for (name, values) in [("rewards", rewards), ("discount of the next value", discounts), ("weight", weights)] {
      book.note(name, values, isGiven: true, place: place)
    }
    batch.returns.assign(rewards)
    batch.discounts.assign(discounts)
    learner.sampler.choose(
      rows: [Int](repeating: 0, count: count), lanes: [Int](repeating: 0, count: count), weights: weights)
    let actions = try actions("batch/actions", count: count)
    let masks = try record.masks("batch/next_masks", count: count, factors: spec.factors)
    for row in 0..<count { (batch.actions[row], batch.nextMasks[row]) = (Int32(actions[row]), masks[row]) }
  }

  /// Values, targets and errors, row by row.
  private mutating func noteBatch(_ learner: DQN, target: [Float]) {
    let online = PlainPass(spec, parameters: parameters)
    let next = PlainPass(spec, parameters: target, prefix: "target ")
    let chooser = PlainPass(spec, parameters: parameters, prefix: "next ")
    let (batch, columns) = (learner.batch, spec.inputs)
    for row in 0..<learner.configuration.batchSize {
      let words = { "row \(row)" }
      func values(_ pass: PlainPass, _ storage: FloatStorage, _ book: StageBook) -> [Float] {
        var memory = PlainPass.Memory(actorHidden: [], actorCell: [], criticHidden: [], criticCell: [])
        let observation = (0..<columns).map { storage.base[row * columns + $0] }
        let outputs = pass.forward(observation, memory: &memory, book: book, row: words)
        guard let value = outputs.value else { return outputs.logits }
        let mean = outputs.logits.reduce(0, +) / Float(outputs.logits.count)
        return outputs.logits.map { $0 + (value - mean) }
      }
      let after = values(next, batch.nextObservations, book)
      let judged = learner.configuration.double ? values(chooser, batch.nextObservations, book) : after
      var goal = batch.returns.base[row]
      if batch.discounts.base[row] != 0 {
        let best = ActionSelection.greedy(logits: judged, mask: batch.nextMasks[row], count: spec.actions)
        goal += batch.discounts.base[row] * after[best]
      }
      let value = values(online, batch.observations, book)[Int(batch.actions[row])]
      let place = { (_: Int) in "row \(row)" }
      book.note("value of the action", CollectionOfOne(value), place: place)
      book.note("target", CollectionOfOne(goal), place: place)
      book.note("error", CollectionOfOne(value - goal), place: place)
    }
  }
}
