// A device against the processor with CBLAS, on the very policy that is about to be trained.

package import Inference
package import Kernels

/// A small batch through both, forward and backward, in milliseconds: a processor, a compiler or a library that computes something else is found before the
/// first step, and not in a policy.
package enum KernelTwins {
  /// Of the largest number of a kind: two orders of summation in float32 stay far below, a wrong product far above. With bfloat16 operands, of 8 bits, more.
  package static let bound = 1e-4
  private static let boundBFloat16 = 2e-2

  /// What own kernels may differ by from the library, whose products are float32.
  package static func bound(bfloat16: BFloat16Unit?) -> Double { bfloat16 == nil ? bound : boundBFloat16 }

  /// Rows of a tile that is not full, and steps of which one starts anew.
  private static let (lanes, steps) = (19, 3)

  /// What one way of computing gave.
  package struct Outcome {
    package var outputs: [Float]
    package var gradients: [Float]

    package init(outputs: [Float], gradients: [Float]) {
      self.outputs = outputs
      self.gradients = gradients
    }
  }

  /// What differs between a policy's passes on a device, by default those of the processor's own kernels, and through CBLAS, as the end of a sentence; nil
  /// where they agree.
  package static func difference(
    _ spec: NetworkSpec, _ kernels: LearnerKernels = .fused, bfloat16: BFloat16Unit? = nil,
    on device: DeviceFamily = .cpu
  ) -> String? {
    difference(
      outcome(spec, kernels, bfloat16, on: device), outcome(spec, .blas, nil), bound: bound(bfloat16: bfloat16))
  }

  /// The same of two outcomes.
  package static func difference(_ own: Outcome, _ library: Outcome, bound: Double = bound) -> String? {
    for (what, found, expected) in [
      ("outputs", own.outputs, library.outputs), ("gradients", own.gradients, library.gradients),
    ] {
      guard found.count == expected.count else { return "\(what): \(found.count) numbers and \(expected.count)" }
      let largest = expected.reduce(0) { max($0, abs(Double($1))) }
      var worst = 0.0
      for (one, other) in zip(found, expected) {
        let difference = abs(Double(one) - Double(other))
        // NaN must not pass for small.
        if !(difference <= worst) { worst = difference.isNaN ? .infinity : difference }
      }
      guard largest.isFinite, worst <= bound * largest else {
        return "\(what) differ by \(Float(worst / largest)) of their largest, above \(bound)"
      }
    }
    return nil
  }

  /// Made-up parameters, as large as they are in training.
  package static func parameters(_ spec: NetworkSpec, random: inout RandomStream) -> ParameterStore {
    let store = ParameterStore(layout: ParameterLayout(spec))
    for entry in store.layout.entries {
      let bound = 1 / Double(entry.shape.count == 2 ? entry.shape[1] : entry.count).squareRoot()
      for place in entry.range { store.values.base[place] = Float((2 * random.nextDouble() - 1) * bound) }
    }
    return store
  }

  /// A batch through a device, with made-up parameters.
  package static func outcome(
    _ spec: NetworkSpec, _ kernels: LearnerKernels, _ bfloat16: BFloat16Unit?, on family: DeviceFamily = .cpu
  ) -> Outcome {
    let length = spec.hiddenCount > 0 ? steps : 1
    let rows = length * lanes
    var random = RandomStream(seed: 1, purpose: .initialization)
    let store = parameters(spec, random: &random)
    let device = family.make(
      DeviceRequest(
        spec: spec, parameters: store, kernels: kernels, bfloat16: bfloat16,
        room: PassRoom(rows: rows, sequences: lanes, length: length), sliceLimit: 1))
    let observations = FloatStorage((0..<rows * spec.inputs).map { _ in Float(2 * random.nextDouble() - 1) })
    let state = FloatStorage((0..<4 * lanes * spec.hiddenCount).map { _ in Float(random.nextDouble() - 0.5) })
    let starts = (0..<rows).map { UInt8($0 / lanes == 1 && $0 % 4 == 0 ? 1 : 0) }
    let loss = GivenGradient(
      (0..<rows * (spec.actions + 1)).map { _ in Float(random.nextDouble() - 0.5) }, hasValue: spec.hasValueHead)
    starts.withUnsafeBufferPointer { starts in
      let batch = SequenceBatch(
        length: length, count: lanes, observations: observations.base, observationTimeStride: lanes * spec.inputs,
        starts: spec.hiddenCount > 0 ? starts.baseAddress : nil, startTimeStride: lanes,
        initialState: RecurrentStateRows(
          in: state, count: lanes * spec.hiddenCount, hasCritic: spec.criticMemory == .separate))
      (0..<Int32(rows)).map { $0 }.withUnsafeBufferPointer { rowIndices in
        _ = device.gradient(of: loss, on: WholeBatch(batch: batch, rowIndices: rowIndices))
      }
    }
    device.readBack()
    withExtendedLifetime((observations, state)) {}
    return Outcome(outputs: loss.seen, gradients: store.gradients.array)
  }
}

/// A minibatch of one slice that lies ready.
package struct WholeBatch: Minibatch {
  private let batch: SequenceBatch
  private let rowIndices: UnsafeBufferPointer<Int32>

  /// `rowIndices`: at least one; lent for as long as the minibatch is used.
  package init(batch: SequenceBatch, rowIndices: UnsafeBufferPointer<Int32>) {
    precondition(rowIndices.count == batch.rows && batch.rows > 0, "\(rowIndices.count) places of \(batch.rows) rows")
    self.batch = batch
    self.rowIndices = rowIndices
  }

  package var sliceCount: Int { 1 }

  package func prepare(slice: Int, worker: Int) -> (batch: SequenceBatch, rowIndices: UnsafePointer<Int32>) {
    (batch, rowIndices.baseAddress!)
  }
}

/// A loss whose gradient is given numbers, whatever the outputs are; it remembers the outputs.
package final class GivenGradient: RowLoss {
  package struct Sums: LossSums {
    package init() {}
    package static func += (left: inout Sums, right: Sums) {}
  }

  /// (rows, A + 1): logits and value.
  private let gradient: [Float]
  private let hasValue: Bool
  /// Logits and value of each row, without the value where there is none.
  package private(set) var seen: [Float] = []

  package init(_ gradient: [Float], hasValue: Bool) {
    self.gradient = gradient
    self.hasValue = hasValue
  }

  package func evaluate(
    _ outputs: NetworkOutputs, rowIndices: UnsafePointer<Int32>, scratch: UnsafeMutablePointer<Float>
  ) -> Sums {
    let actions = outputs.logits.columns
    for row in 0..<outputs.logits.rows {
      let logits = outputs.logits.row(row)
      let given = Int(rowIndices[row]) * (actions + 1)
      for action in 0..<actions {
        seen.append(logits[action])
        logits[action] = gradient[given + action]
      }
      guard hasValue else { continue }
      seen.append(outputs.values[row])
      outputs.values[row] = gradient[given + actions]
    }
    return Sums()
  }
}
