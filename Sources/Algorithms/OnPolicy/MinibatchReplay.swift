// A recorded minibatch of a rollout once more: through plain loops for its stages, through the run's own kernels for its bits.

import AgentInterface
import Glibc
import Inference
import Kernels
import Networks

/// A minibatch as it was recorded. Rows of all slices stand one behind the other, (L, n) each, time-major.
private struct RecordedMinibatch {
  struct Slice {
    let length: Int
    let count: Int
    let firstRow: Int
    let firstSequence: Int
  }

  let slices: [Slice]
  /// (R)
  let places: [Int]
  let starts: [UInt8]
  let masks: [ActionMask]
  let actions: [ActionNumber]
  let logProbabilities: [Float]
  let advantages: [Float]
  let returns: [Float]
  let oldValues: [Float]
  /// (R, D)
  let observations: [Float]
  /// (sequences, H) by name; empty without memory.
  let states: [String: [Float]]

  var rowCount: Int { places.count }

  /// Floats of a pass's workspace above which a file is not a run's.
  private static let largestWorkspace = 1 << 27

  init(_ reader: IncidentReader, isClipped: Bool) throws(RestoreError) {
    let (record, spec) = (reader.record, reader.spec)
    let lengths = try record.integers("minibatch/slice_lengths")
    let counts = try record.integers("minibatch/slice_sequences", count: lengths.count)
    let rows = try record.integers("minibatch/places").count
    var slices: [Slice] = []
    var (row, sequence) = (0, 0)
    for (length, count) in zip(lengths, counts) {
      guard (1...Int64(max(rows, 1))).contains(length), (1...Int64(max(rows, 1))).contains(count),
        spec.hiddenCount > 0 || length == 1
      else { throw reader.invalid("minibatch/slice_lengths", "a slice of \(length) steps and \(count) sequences") }
      slices.append(Slice(length: Int(length), count: Int(count), firstRow: row, firstSequence: sequence))
      row += Int(length) * Int(count)
      sequence += Int(count)
      guard row <= rows else { break }
    }
    guard row == rows, rows > 0 else {
      throw reader.invalid("minibatch/places", "\(rows) rows, but the slices have another number")
    }
    let widest = slices.map { $0.length * $0.count }.max() ?? 0
    let width = 16 * spec.hiddenCount + 3 * (spec.policyTower + spec.valueTower + [spec.actions]).reduce(0, +)
    guard widest * width <= RecordedMinibatch.largestWorkspace else {
      throw reader.invalid("minibatch/slice_lengths", "a slice of \(widest) rows for this network")
    }
    self.slices = slices
    places = try record.integers("minibatch/places").map { Int(clamping: $0) }
    // Only minibatches of PPO have padding.
    guard places.allSatisfy({ $0 >= (isClipped ? -1 : 0) }) else {
      throw reader.invalid("minibatch/places", "a place below zero")
    }
    starts = try record.flags("minibatch/starts", count: rows)
    masks = try reader.masks("minibatch/masks", count: rows)
    for (mask, place) in zip(masks, places)
    where place >= 0 && reader.isMasked && spec.factors.emptyFactor(of: mask) != nil {
      throw reader.invalid("minibatch/masks", "a mask that allows nothing")
    }
    actions = try reader.actions("minibatch/actions", count: rows)
    logProbabilities = try record.floats("minibatch/log_probabilities", count: rows)
    advantages = try record.floats("minibatch/advantages", count: rows)
    returns = try record.floats("minibatch/returns", count: rows)
    oldValues = try record.floats("minibatch/old_values", count: rows)
    observations = try record.floats("minibatch/observations", count: rows * spec.inputs)
    var states: [String: [Float]] = [:]
    if spec.hiddenCount > 0 {
      for name in ["actor_hidden", "actor_cell"]
        + (spec.criticMemory == .separate ? ["critic_hidden", "critic_cell"] : [])
      { states[name] = try record.floats("minibatch/" + name, count: sequence * spec.hiddenCount) }
    }
    self.states = states
  }

  func state(_ name: String, sequence: Int, hidden: Int) -> [Float] {
    states[name].map { Array($0[(sequence * hidden)..<((sequence + 1) * hidden)]) } ?? []
  }
}

/// What both losses are evaluated with.
private struct RecordedLoss {
  let clipRange: Float?
  let clipRangeValue: Float?
  let entropyCoefficient: Double
  let valueCoefficient: Double
  let advantageMean: Float
  let advantageDivisor: Float
  let validCount: Int

  init(_ reader: IncidentReader, rows: Int, isClipped: Bool) throws(RestoreError) {
    clipRange = isClipped ? Float(try reader.double("loss/clip_range")) : nil
    clipRangeValue =
      reader.record.doubles["loss/clip_range_value"] == nil ? nil : Float(try reader.double("loss/clip_range_value"))
    entropyCoefficient = try reader.double("loss/entropy_coefficient")
    valueCoefficient = try reader.double("loss/value_coefficient")
    advantageMean = Float(try reader.double("loss/advantage_mean"))
    advantageDivisor = Float(try reader.double("loss/advantage_divisor"))
    let count = try reader.double("loss/valid_count")
    guard let whole = Int(exactly: count), (1...rows).contains(whole) else {
      throw reader.invalid("loss/valid_count", "\(count) of \(rows) rows")
    }
    validCount = whole
  }
}

/// The slices of a recorded minibatch, whose rows lie in a rollout of one lane.
private final class RecordedSlices: Minibatch {
  private let slices: [RecordedMinibatch.Slice]
  private let rollout: Rollout
  private let hidden: Int
  private let states: [String: FloatStorage]
  private let starts: UnsafeMutableBufferPointer<UInt8>
  private let rowIndices: UnsafeMutableBufferPointer<Int32>

  init(_ minibatch: RecordedMinibatch, rollout: Rollout, hidden: Int) {
    slices = minibatch.slices
    self.rollout = rollout
    self.hidden = hidden
    states = minibatch.states.mapValues { FloatStorage($0) }
    starts = .allocate(capacity: minibatch.rowCount)
    _ = starts.initialize(from: minibatch.starts)
    rowIndices = .allocate(capacity: minibatch.rowCount)
    _ = rowIndices.initialize(from: minibatch.places.enumerated().map { $0.element < 0 ? -1 : Int32($0.offset) })
  }

  deinit {
    starts.deallocate()
    rowIndices.deallocate()
  }

  var sliceCount: Int { slices.count }

  /// What the largest of them needs.
  var room: PassRoom {
    slices.reduce(PassRoom(lanes: 1)) {
      $0.joined(PassRoom(rows: $1.length * $1.count, sequences: $1.count, length: $1.length))
    }
  }

  func prepare(slice index: Int, worker: Int) -> (batch: SequenceBatch, rowIndices: UnsafePointer<Int32>) {
    guard let starts = starts.baseAddress, let rowIndices = rowIndices.baseAddress else {
      preconditionFailure("a minibatch without rows")
    }
    let (slice, columns) = (slices[index], rollout.observationCount)
    func state(_ name: String) -> UnsafeMutablePointer<Float>? {
      states[name].map { $0.base + slice.firstSequence * hidden }
    }
    let batch = SequenceBatch(
      length: slice.length, count: slice.count, observations: rollout.observations + slice.firstRow * columns,
      observationTimeStride: hidden > 0 ? slice.count * columns : 0,
      starts: hidden > 0 ? UnsafePointer(starts + slice.firstRow) : nil, startTimeStride: slice.count,
      initialState: RecurrentStateRows(
        actorHidden: state("actor_hidden"), actorCell: state("actor_cell"), criticHidden: state("critic_hidden"),
        criticCell: state("critic_cell")))
    return (batch, UnsafePointer(rowIndices + slice.firstRow))
  }
}

extension IncidentReader {
  mutating func replayMinibatch(_ store: ParameterStore, _ pool: WorkerPool, isClipped: Bool) throws(RestoreError) {
    let minibatch = try RecordedMinibatch(self, isClipped: isClipped)
    let loss = try RecordedLoss(self, rows: minibatch.rowCount, isClipped: isClipped)
    noteInputs(minibatch)
    noteStages(minibatch, loss)
    try replayPasses(minibatch, loss, store, pool)
  }

  private func words(_ row: Int, _ minibatch: RecordedMinibatch) -> String {
    let place = minibatch.places[row]
    return place < 0 ? "row \(row) (padding)" : "row \(row) (step \(place / laneCount), lane \(place % laneCount))"
  }

  private mutating func noteInputs(_ minibatch: RecordedMinibatch) {
    let columns = spec.inputs
    book.note("inputs as the network reads them", minibatch.observations, isGiven: true) {
      "\(words($0 / columns, minibatch)), \(column($0 % columns))"
    }
    for (name, values) in minibatch.states.sorted(by: { $0.key < $1.key }) {
      book.note("state before: \(name)", values, isGiven: true) {
        "sequence \($0 / spec.hiddenCount), unit \($0 % spec.hiddenCount)"
      }
    }
    for (name, values) in [
      ("old log-probability", minibatch.logProbabilities), ("advantage", minibatch.advantages),
      ("return", minibatch.returns), ("old value", minibatch.oldValues),
    ] { book.note(name, values, isGiven: true) { words($0, minibatch) } }
  }

  /// The whole way to the loss, row by row as time goes on.
  private mutating func noteStages(_ minibatch: RecordedMinibatch, _ loss: RecordedLoss) {
    book.note("advantage mean", Double(loss.advantageMean))
    book.note("advantage divisor", Double(loss.advantageDivisor))
    let pass = PlainPass(spec, parameters: parameters)
    let hidden = spec.hiddenCount
    for slice in minibatch.slices {
      var memories = (0..<slice.count).map { sequence in
        func state(_ name: String) -> [Float] {
          minibatch.state(name, sequence: slice.firstSequence + sequence, hidden: hidden)
        }
        return PlainPass.Memory(
          actorHidden: state("actor_hidden"), actorCell: state("actor_cell"), criticHidden: state("critic_hidden"),
          criticCell: state("critic_cell"))
      }
      for step in 0..<slice.length {
        for sequence in 0..<slice.count {
          let row = slice.firstRow + step * slice.count + sequence
          if hidden > 0, minibatch.starts[row] != 0 { memories[sequence].clear() }
          let observation = Array(minibatch.observations[(row * spec.inputs)..<((row + 1) * spec.inputs)])
          let outputs = pass.forward(observation, memory: &memories[sequence], book: book) { words(row, minibatch) }
          guard minibatch.places[row] >= 0 else { continue }
          noteLoss(row, minibatch, loss, logits: outputs.logits, value: outputs.value ?? .nan)
        }
      }
    }
  }

  private mutating func noteLoss(
    _ row: Int, _ minibatch: RecordedMinibatch, _ loss: RecordedLoss, logits: [Float], value: Float
  ) {
    let place = { (_: Int) in words(row, minibatch) }
    let count = spec.actions
    let mask = isMasked ? minibatch.masks[row] : ActionMask.all(count: count)
    var (logProbability, entropy): (Float, Float) = (0, 0)
    for factor in spec.factors.widths.indices {
      let (first, width) = (spec.factors.firsts[factor], spec.factors.widths[factor])
      var (logarithms, probabilities) = ([Float](repeating: 0, count: width), [Float](repeating: 0, count: width))
      entropy += MaskedSoftmax.plainEvaluate(
        logits: Array(logits[first..<(first + width)]), mask: spec.factors.mask(mask, of: factor).rawValue,
        count: width, logProbabilities: &logarithms, probabilities: &probabilities)
      logProbability += logarithms[spec.factors.choice(of: factor, in: minibatch.actions[row])]
    }
    let advantage = (minibatch.advantages[row] - loss.advantageMean) / loss.advantageDivisor
    book.note("log-probability of the action", CollectionOfOne(logProbability), place: place)
    book.note("entropy", CollectionOfOne(entropy), place: place)
    book.note("advantage as it is learned from", CollectionOfOne(advantage), place: place)
    if let range = loss.clipRange {
      let change = logProbability - minibatch.logProbabilities[row]
      let ratio = expf(change)
      book.note("change of the log-probability", CollectionOfOne(change), place: place)
      book.note("ratio of the probabilities", CollectionOfOne(ratio), place: place)
      book.note("divergence", CollectionOfOne((ratio - 1) - change), place: place)
      let limited = advantage * min(max(ratio, 1 - range), 1 + range)
      book.note("policy loss of the row", CollectionOfOne(-min(advantage * ratio, limited)), place: place)
    } else {
      book.note("policy loss of the row", CollectionOfOne(-advantage * logProbability), place: place)
    }
    var predicted = value
    if let range = loss.clipRangeValue {
      let old = minibatch.oldValues[row]
      predicted = old + min(max(value - old, -range), range)
    }
    let error = predicted - minibatch.returns[row]
    book.note("value error", CollectionOfOne(error), place: place)
    book.note("value loss of the row", CollectionOfOne(error * error), place: place)
  }

  /// The run's own passes: the gradient is left in the store.
  private mutating func replayPasses(
    _ minibatch: RecordedMinibatch, _ loss: RecordedLoss, _ store: ParameterStore, _ pool: WorkerPool
  ) throws(RestoreError) {
    let (columns, hidden) = (spec.inputs, spec.hiddenCount)
    // The rows as a rollout of one lane.
    let rollout = Rollout(
      horizon: minibatch.rowCount, laneCount: 1, observationCount: columns, factors: spec.factors, device: device)
    for row in 0..<minibatch.rowCount {
      rollout.masks[row] = minibatch.masks[row]
      rollout.actions[row] = minibatch.actions[row]
      rollout.logProbabilities[row] = minibatch.logProbabilities[row]
      rollout.advantages[row] = minibatch.advantages[row]
      rollout.returns[row] = minibatch.returns[row]
      rollout.values[row] = minibatch.oldValues[row]
    }
    minibatch.observations.withUnsafeBufferPointer {
      if let base = $0.baseAddress { rollout.observations.update(from: base, count: $0.count) }
    }
    let slices = RecordedSlices(minibatch, rollout: rollout, hidden: hidden)
    let passes = device.make(
      DeviceRequest(
        spec: spec, parameters: store, kernels: kernels, bfloat16: bfloat16, pool: pool, room: slices.room,
        sliceLimit: slices.sliceCount))

    let scale = 1 / Double(loss.validCount)
    var (policy, value, entropy) = (0.0, 0.0, 0.0)
    if let range = loss.clipRange {
      var settings = PPOLossSettings(
        clipRange: range, clipRangeValue: loss.clipRangeValue, entropyCoefficient: Float(loss.entropyCoefficient),
        valueCoefficient: Float(loss.valueCoefficient))
      (settings.advantageMean, settings.advantageDivisor) = (loss.advantageMean, loss.advantageDivisor)
      settings.validCount = loss.validCount
      let sums = passes.gradient(
        of: PPORolloutLoss(rollout: rollout, factors: spec.factors, isMasked: isMasked, settings: settings), on: slices)
      (policy, value, entropy) = (sums.policy, sums.value, sums.entropy)
      try compare("divergence", sums.divergence * scale)
    } else {
      var settings = A2CLossSettings(
        entropyCoefficient: Float(loss.entropyCoefficient), valueCoefficient: Float(loss.valueCoefficient))
      (settings.advantageMean, settings.advantageDivisor) = (loss.advantageMean, loss.advantageDivisor)
      settings.validCount = loss.validCount
      let sums = passes.gradient(
        of: A2CRolloutLoss(rollout: rollout, factors: spec.factors, isMasked: isMasked, settings: settings), on: slices)
      (policy, value, entropy) = (sums.policy, sums.value, sums.entropy)
    }
    passes.readBack()
    let (policyLoss, valueLoss, entropyLoss) = (policy * scale, value * scale, -entropy * scale)
    try compare("policy_loss", policyLoss)
    try compare("value_loss", valueLoss)
    try compare("entropy_loss", entropyLoss)
    try compare("loss", policyLoss + loss.entropyCoefficient * entropyLoss + loss.valueCoefficient * valueLoss)
    for number in numbers {
      book.note("mean " + number.name.split(separator: "_").joined(separator: " "), number.found)
    }
  }
}
