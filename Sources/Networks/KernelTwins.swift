// Own kernels against CBLAS, on the very policy that is about to be trained.

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

  /// What differs between a policy's own kernels and CBLAS, as the end of a sentence; nil where they agree.
  package static func difference(_ spec: NetworkSpec, bfloat16: BFloat16Unit? = nil) -> String? {
    difference(
      outcome(spec, .fused, bfloat16), outcome(spec, .blas, nil), bound: bound(bfloat16: bfloat16))
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

  /// A batch through the kernels, with made-up parameters.
  package static func outcome(_ spec: NetworkSpec, _ kernels: LearnerKernels, _ bfloat16: BFloat16Unit?) -> Outcome {
    let length = spec.hiddenCount > 0 ? steps : 1
    let rows = length * lanes
    let backend = CPUBackend(
      spec: spec, kernels: kernels, bfloat16: bfloat16, workerCount: 1, rowCapacity: rows, sequenceCapacity: lanes,
      lengthCapacity: length)
    var random = RandomStream(seed: 1, purpose: .initialization)
    let store = parameters(spec, random: &random)
    backend.refresh(from: store)
    let observations = FloatStorage((0..<rows * spec.inputs).map { _ in Float(2 * random.nextDouble() - 1) })
    let state = FloatStorage((0..<4 * lanes * spec.hiddenCount).map { _ in Float(random.nextDouble() - 0.5) })
    let starts = (0..<rows).map { UInt8($0 / lanes == 1 && $0 % 4 == 0 ? 1 : 0) }
    let weights = FloatStorage((0..<rows * (spec.actions + 1)).map { _ in Float(random.nextDouble() - 0.5) })
    let gradients = FloatStorage(count: store.layout.count)
    gradients.fill(0)
    let hasValue = spec.hasValueHead
    var found: [Float] = []
    starts.withUnsafeBufferPointer { starts in
      let batch = SequenceBatch(
        length: length, count: lanes, observations: observations.base, observationTimeStride: lanes * spec.inputs,
        starts: spec.hiddenCount > 0 ? starts.baseAddress : nil, startTimeStride: lanes,
        initialState: RecurrentStateRows(
          in: state, count: lanes * spec.hiddenCount, hasCritic: spec.criticMemory == .separate))
      let outputs = backend.forward(batch, parts: .all, worker: 0)
      for row in 0..<rows {
        let logits = outputs.logits.row(row)
        let given = weights.base + row * (spec.actions + 1)
        for action in 0..<spec.actions {
          found.append(logits[action])
          logits[action] = given[action]
        }
        guard hasValue else { continue }
        found.append(outputs.values[row])
        outputs.values[row] = given[spec.actions]
      }
      backend.backward(batch, worker: 0, gradients: gradients.base)
    }
    withExtendedLifetime((store, observations, state)) {}
    return Outcome(outputs: found, gradients: gradients.array)
  }
}
