// A second device, in one file: plain loops in double precision, with memory of its own. No room of the product knows it.

import Inference
import Kernels
package import Networks
import OpCases

/// `ReferenceNetwork` as a learner's device. What it holds is no memory of the host's, so that whoever forgets `load` or `readBack` computes with old numbers.
///
/// Unchecked: passes of different workers keep to their own place; the rest one thread calls.
package final class ReferenceDevice: LearnerDevice, @unchecked Sendable {
  package let parameters: ParameterStore
  private let network: ReferenceNetwork
  private let optimizer: (any Optimizer)?
  private let pool: WorkerPool
  /// What the device holds.
  private let held: ParameterStore
  private var weights: [Double] = []
  private let places: [Place]
  private var isAhead = false

  /// A worker's last pass.
  private final class Place {
    var tape: ReferenceNetwork.Tape?
    let logits: FloatStorage
    let values: FloatStorage
    /// Four vectors (n, H).
    let state: FloatStorage

    init(_ request: DeviceRequest) {
      let (spec, room) = (request.spec, request.room)
      logits = FloatStorage(count: room.rows * spec.actions)
      values = FloatStorage(count: room.rows)
      state = FloatStorage(count: 4 * room.sequences * spec.hiddenCount)
    }
  }

  package init(_ request: DeviceRequest) {
    parameters = request.parameters
    network = ReferenceNetwork(request.spec)
    optimizer = request.optimizer
    pool = request.pool
    held = ParameterStore(layout: parameters.layout)
    places = (0..<pool.workerCount).map { _ in Place(request) }
    load()
  }

  package func load() {
    held.values.assign(parameters.values.array)
    held.gradients.assign(parameters.gradients.array)
    weights = held.values.array.map(Double.init)
    isAhead = false
  }

  package func readBack() {
    guard isAhead else { return }
    parameters.values.assign(held.values.array)
    parameters.gradients.assign(held.gradients.array)
    isAhead = false
  }

  package func forward(_ batch: SequenceBatch, parts: NetworkParts, worker: Int) -> NetworkOutputs {
    let (spec, place) = (network.spec, places[worker])
    let tape = network.forward(weights, rows(of: batch))
    for (index, value) in tape.logits.enumerated() { place.logits.base[index] = Float(value) }
    for (index, value) in tape.values.enumerated() { place.values.base[index] = Float(value) }
    let width = batch.count * spec.hiddenCount
    let state = RecurrentStateRows(in: place.state, count: width, hasCritic: spec.criticMemory == .separate)
    let last = (batch.length - 1) * width
    for unit in 0..<width {
      state.actorHidden?[unit] = Float(tape.actor?.hidden[last + unit] ?? .nan)
      state.actorCell?[unit] = Float(tape.actor?.cell[last + unit] ?? .nan)
      state.criticHidden?[unit] = Float(tape.critic?.hidden[last + unit] ?? .nan)
      state.criticCell?[unit] = Float(tape.critic?.cell[last + unit] ?? .nan)
    }
    place.tape = tape
    return NetworkOutputs(
      logits: MatrixView(base: place.logits.base, rows: batch.rows, columns: spec.actions), values: place.values.base,
      finalState: state)
  }

  package func gradient<Loss: RowLoss, Cut: Minibatch>(of loss: Loss, on minibatch: Cut) -> Loss.Sums {
    let spec = network.spec
    let scratch = FloatStorage(count: 3 * spec.actions)
    var gradient = [Double](repeating: 0, count: weights.count)
    var total = Loss.Sums()
    for slice in 0..<minibatch.sliceCount {
      let (batch, rowIndices) = minibatch.prepare(slice: slice, worker: 0)
      let outputs = forward(batch, parts: .all, worker: 0)
      total += loss.evaluate(outputs, rowIndices: rowIndices, scratch: scratch.base)
      guard let tape = places[0].tape else { preconditionFailure("a pass without a tape") }
      network.backward(
        weights, tape, logits: (0..<batch.rows * spec.actions).map { Double(outputs.logits.base[$0]) },
        values: spec.hasValueHead ? (0..<batch.rows).map { Double(outputs.values[$0]) } : [], to: &gradient)
    }
    held.gradients.assign(gradient.map { Float($0) })
    isAhead = true
    return total
  }

  /// What a device does not know, the host does: here the optimizer.
  package func step(learningRate: Double, maximumNorm: Double, where isSound: (_ norm: Double) -> Bool) -> Bool {
    guard let optimizer else { preconditionFailure("a step of a device without an optimizer") }
    let (norm, scale) = GradientClipping.measure(held, maximumNorm: maximumNorm)
    guard isSound(norm) else { return false }
    optimizer.step(held, learningRate: learningRate, gradientScale: scale)
    weights = held.values.array.map(Double.init)
    isAhead = true
    return true
  }

  private func rows(of batch: SequenceBatch) -> ReferenceNetwork.Rows {
    let (columns, width) = (network.spec.inputs, batch.count * network.spec.hiddenCount)
    func vector(_ pointer: UnsafeMutablePointer<Float>?) -> [Double] {
      pointer.map { base in (0..<width).map { Double(base[$0]) } } ?? []
    }
    var rows = ReferenceNetwork.Rows(
      length: batch.length, count: batch.count, observations: [], starts: [],
      actorHidden: vector(batch.initialState.actorHidden), actorCell: vector(batch.initialState.actorCell),
      criticHidden: vector(batch.initialState.criticHidden), criticCell: vector(batch.initialState.criticCell))
    for step in 0..<batch.length {
      let first = batch.observations + step * batch.observationTimeStride
      for index in 0..<(batch.count * columns) { rows.observations.append(Double(first[index])) }
      for lane in 0..<batch.count {
        rows.starts.append(batch.starts.map { $0[step * batch.startTimeStride + lane] != 0 } ?? false)
      }
    }
    return rows
  }
}

extension ReferenceDevice {
  package static let family = DeviceFamily(
    "reference", "plain loops in double precision",
    kernelName: { _, _, _ in "plain doubles" }, products: { _, _, _ in "plain loops in double precision" },
    make: { ReferenceDevice($0) })
}
