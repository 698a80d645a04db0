// The processor as a learner's device: parameters where the host has them, passes by the workers of a pool.

import Inference
import Kernels

/// Passes of `CPUBackend`, gradients of slices added up in their order, steps where the parameters lie.
///
/// Unchecked: as `LearnerDevice` says, one thread calls it but for `forward`; inside, workers touch disjoint workspaces and blocks.
package final class CPUDevice: LearnerDevice, @unchecked Sendable {
  package let parameters: ParameterStore
  private let optimizer: (any Optimizer)?
  private let pool: WorkerPool
  private let backend: CPUBackend
  private let blocks: GradientBlocks
  /// (3 A) a worker's, for losses.
  private let scratches: [FloatStorage]

  package init(_ request: DeviceRequest) {
    parameters = request.parameters
    optimizer = request.optimizer
    pool = request.pool
    backend = CPUBackend(
      spec: request.spec, kernels: request.kernels, bfloat16: request.bfloat16, workerCount: pool.workerCount,
      rowCapacity: request.room.rows, sequenceCapacity: request.room.sequences, lengthCapacity: request.room.length)
    blocks = GradientBlocks(sliceLimit: request.sliceLimit, parameterCount: parameters.layout.count)
    scratches = (0..<pool.workerCount).map { _ in FloatStorage(count: 3 * request.spec.actions) }
    load()
  }

  package func load() {
    // As a task of the pool, so that denormals are treated alike wherever the copies are made.
    pool.run(taskCount: 1) { _, _ in backend.refresh(from: parameters) }
  }

  /// The host's image is the device's own memory.
  package func readBack() {}

  package func forward(_ batch: SequenceBatch, parts: NetworkParts, worker: Int) -> NetworkOutputs {
    backend.forward(batch, parts: parts, worker: worker)
  }

  package func gradient<Loss: RowLoss, Cut: Minibatch>(of loss: Loss, on minibatch: Cut) -> Loss.Sums {
    let fused = backend.fusesLoss ? loss.fused : nil
    return blocks.gather(sliceCount: minibatch.sliceCount, pool: pool, into: parameters.gradients.base) {
      slice, worker, gradients in
      let (batch, rowIndices) = minibatch.prepare(slice: slice, worker: worker)
      if let fused {
        return fused.sums(
          backend.addGradient(
            of: fused.loss, on: batch, places: rowIndices, rows: fused.rows, worker: worker, gradients: gradients))
      }
      let outputs = backend.forward(batch, parts: .all, worker: worker)
      let sums = loss.evaluate(outputs, rowIndices: rowIndices, scratch: scratches[worker].base)
      backend.backward(batch, worker: worker, gradients: gradients)
      return sums
    }
  }

  package func step(learningRate: Double, maximumNorm: Double, where isSound: (_ norm: Double) -> Bool) -> Bool {
    guard let optimizer else { preconditionFailure("a step of a device without an optimizer") }
    var isTaken = false
    // As a task of the pool, so that denormal moments count as zero as they do in the passes.
    pool.run(taskCount: 1) { _, _ in
      let (norm, scale) = GradientClipping.measure(parameters, maximumNorm: maximumNorm)
      guard isSound(norm) else { return }
      optimizer.step(parameters, learningRate: learningRate, gradientScale: scale)
      backend.refresh(from: parameters)
      isTaken = true
    }
    return isTaken
  }
}

extension CPUDevice {
  package static let family = DeviceFamily(
    "cpu", "this machine's processor",
    kernelName: { $1.name(for: $0, bfloat16: $2) }, products: { $1.products(for: $0, bfloat16: $2) },
    make: { CPUDevice($0) })
}

extension DeviceFamily {
  /// The processor: what every other device is held against.
  package static let cpu = CPUDevice.family
}
