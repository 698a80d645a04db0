// Whole passes with own kernels and through CBLAS, in turn: which of the two is the faster here.

import Inference
import Kernels
import Networks

final class KernelsSubject {
  /// A policy, forward and backward over a slice as training cuts it.
  enum Shape: String, CaseIterable {
    case lstm64, lstm32, mlp

    var label: String {
      switch self {
      case .lstm64: "LSTM 64"
      case .lstm32: "LSTM 32"
      case .mlp: "MLP 64 x 64"
      }
    }

    /// As the standard environment needs it: 26 observations, 9 actions.
    var spec: NetworkSpec {
      let tower = self == .mlp ? [64, 64] : []
      return NetworkSpec(
        inputs: 26, actions: 9,
        memory: self == .mlp ? .none : .lstm(hidden: self == .lstm64 ? 64 : 32, critic: .sharedJoint),
        policyTower: tower, valueTower: tower, activation: .tanh, hasValueHead: true)
    }
  }

  /// Both ways, the twin first.
  static let ways: [LearnerKernels] = [.blas, .fused]

  static func metric(_ shape: Shape, _ kernels: LearnerKernels) -> String {
    "kernels_\(shape.rawValue)_\(kernels.rawValue)_steps_per_second"
  }

  private struct Pass {
    let shape: Shape
    let kernels: LearnerKernels
    let backend: CPUBackend
    let gradients: FloatStorage
  }

  private let passes: [Pass]
  private let stores: [ParameterStore]
  private let observations: FloatStorage
  private let state: FloatStorage
  private let callSeconds: Double

  private static let (lanes, steps) = (32, 128)
  private static let rows = lanes * steps

  init(isQuick: Bool) {
    callSeconds = isQuick ? 0.001 : 0.3
    var random = RandomStream(seed: 5, purpose: .market)
    observations = FloatStorage((0..<KernelsSubject.rows * 26).map { _ in Float(random.nextNormal()) })
    state = FloatStorage(count: 4 * KernelsSubject.lanes * 64)
    state.fill(0)
    var (passes, stores): ([Pass], [ParameterStore]) = ([], [])
    for shape in Shape.allCases {
      let store = ParameterStore(layout: ParameterLayout(shape.spec))
      Initialization.initialize(store, spec: shape.spec, random: &random)
      stores.append(store)
      for kernels in KernelsSubject.ways {
        let backend = CPUBackend(
          spec: shape.spec, kernels: kernels, workerCount: 1, rowCapacity: KernelsSubject.rows,
          sequenceCapacity: KernelsSubject.rows, lengthCapacity: KernelsSubject.steps)
        backend.refresh(from: store)
        let gradients = FloatStorage(count: store.layout.count)
        gradients.fill(0)
        passes.append(Pass(shape: shape, kernels: kernels, backend: backend, gradients: gradients))
      }
    }
    (self.passes, self.stores) = (passes, stores)
  }

  /// Steps a second of one pass forward and one backward, by the metric's name, with its label.
  func measure() -> [(name: String, label: String, stepsPerSecond: Double)] {
    passes.map { pass in
      let hidden = pass.shape.spec.hiddenCount
      let lanes = hidden > 0 ? KernelsSubject.lanes : KernelsSubject.rows
      let batch = SequenceBatch(
        length: KernelsSubject.rows / lanes, count: lanes, observations: observations.base,
        observationTimeStride: lanes * 26,
        initialState: RecurrentStateRows(in: state, count: hidden > 0 ? lanes * hidden : 0, hasCritic: false))
      let seconds = RepeatedCalls.secondsPerCall(lasting: callSeconds) {
        let outputs = pass.backend.forward(batch, parts: .all, worker: 0)
        for row in 0..<KernelsSubject.rows { outputs.values[row] *= 0.01 }
        pass.backend.backward(batch, worker: 0, gradients: pass.gradients.base)
      }
      return (
        KernelsSubject.metric(pass.shape, pass.kernels),
        pass.kernels == .blas ? "passes of \(pass.shape.label), run.kernels=blas" : "  run.kernels=fused",
        Double(KernelsSubject.rows) / seconds
      )
    }
  }
}

extension Report {
  /// Which kernels are the faster here, a line a policy, and which of them `auto` takes.
  var kernelLines: [String] {
    KernelsSubject.Shape.allCases.compactMap { shape in
      let medians = KernelsSubject.ways.compactMap { way in
        metrics.first { $0.name == KernelsSubject.metric(shape, way) }?.median
      }
      guard medians.count == 2, medians.allSatisfy({ $0 > 0 }) else { return nil }
      let (library, own) = (machine.library.title, "own kernels \(InstructionSet.processor)")
      let ratio = max(medians[0], medians[1]) / min(medians[0], medians[1])
      let order =
        medians[1] > medians[0]
        ? "\(own) \(Report.short(ratio)) x \(library)" : "\(library) \(Report.short(ratio)) x \(own)"
      return "faster here, \(shape.label): \(order); auto: \(LearnerKernels.automatic.chosen(for: shape.spec).rawValue)"
    }
  }
}
