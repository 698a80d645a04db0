// The seam that devices stand behind: what the processor's does, and what another one's may do.

import Inference
import Kernels
import Networks
import OpCases
import TestSupport
import Testing

/// A minibatch of several slices of single steps.
private struct CutRows: Minibatch {
  let observations: FloatStorage
  let sliceCount: Int
  let rowsPerSlice: Int
  let inputs: Int
  let indices: UnsafeMutablePointer<Int32>

  func prepare(slice: Int, worker: Int) -> (batch: SequenceBatch, rowIndices: UnsafePointer<Int32>) {
    let first = slice * rowsPerSlice
    return (
      SequenceBatch(
        length: 1, count: rowsPerSlice, observations: observations.base + first * inputs, observationTimeStride: 0),
      UnsafePointer(indices + first)
    )
  }
}

/// The sum of all outputs.
private struct SumOfOutputs: RowLoss {
  struct Sums: LossSums {
    var total = 0.0
    var rows = 0

    static func += (left: inout Sums, right: Sums) {
      left.total += right.total
      left.rows += right.rows
    }
  }

  func evaluate(
    _ outputs: NetworkOutputs, rowIndices: UnsafePointer<Int32>, scratch: UnsafeMutablePointer<Float>
  ) -> Sums {
    var sums = Sums()
    for row in 0..<outputs.logits.rows {
      for action in 0..<outputs.logits.columns {
        sums.total += Double(outputs.logits.row(row)[action])
        outputs.logits.row(row)[action] = 1
      }
      sums.total += Double(outputs.values[row])
      outputs.values[row] = 1
      sums.rows += 1
    }
    return sums
  }
}

@Suite struct LearnerDeviceTests {
  private static let spec = OpCases.network(5, 3, 0, nil, [6], [4], .tanh)

  private func store(_ spec: NetworkSpec) -> ParameterStore {
    let store = ParameterStore(layout: ParameterLayout(spec))
    var random = RandomStream(seed: 2, purpose: .initialization)
    Initialization.initialize(store, spec: spec, random: &random)
    return store
  }

  /// As the house does before a run: every device against CBLAS on the policy's very shape.
  @Test(arguments: OpCases.specs + [spec]) func `a second device computes the same`(spec: NetworkSpec) {
    #expect(KernelTwins.difference(spec, on: ReferenceDevice.family) == nil)
  }

  /// As many slices as there are blocks of gradients, fewer, and more, by any number of workers, to the bit; and each row once.
  @Test(arguments: [1, 5, 16, 17, 19, 40]) func `gradients do not depend on the workers`(slices: Int) {
    let (spec, rows) = (LearnerDeviceTests.spec, 3)
    var random = RandomStream(seed: 3, purpose: .market)
    let observations = FloatStorage((0..<slices * rows * spec.inputs).map { _ in Float(random.nextNormal()) })
    let indices = UnsafeMutablePointer<Int32>.allocate(capacity: slices * rows)
    defer { indices.deallocate() }
    for row in 0..<slices * rows { (indices + row).initialize(to: Int32(row)) }
    let minibatch = CutRows(
      observations: observations, sliceCount: slices, rowsPerSlice: rows, inputs: spec.inputs,
      indices: indices)
    func gradient(_ family: DeviceFamily, workers: Int) -> (sums: SumOfOutputs.Sums, gradient: [Float]) {
      let parameters = store(spec)
      let device = family.make(
        DeviceRequest(
          spec: spec, parameters: parameters, pool: WorkerPool(workerCount: workers), room: PassRoom(lanes: rows),
          sliceLimit: slices))
      let sums = device.gradient(of: SumOfOutputs(), on: minibatch)
      device.readBack()
      return (sums, parameters.gradients.array)
    }
    let (one, three) = (gradient(.cpu, workers: 1), gradient(.cpu, workers: 3))
    #expect(one.sums.rows == slices * rows && three.sums.rows == slices * rows)
    #expect(one.sums.total == three.sums.total && one.gradient == three.gradient)
    let reference = gradient(ReferenceDevice.family, workers: 1)
    let problem = OpBound.ofLargest(1e-5).problem(
      one.gradient.map(Double.init), reference.gradient.map(Double.init))
    #expect(problem == nil)
    #expect(abs(one.sums.total - reference.sums.total) < 1e-4 * Double(slices))
  }

  /// A step is taken where its norm is agreed to, along the gradient that is kept; what a device holds and the host's image of it are told apart.
  @Test(arguments: [DeviceFamily.cpu, ReferenceDevice.family]) func `steps, loading and reading back`(
    family: DeviceFamily
  ) {
    let spec = LearnerDeviceTests.spec
    let parameters = store(spec)
    let before = parameters.values.array
    let adam = Adam(parameterCount: before.count, epsilon: 1e-5)
    let device = family.make(
      DeviceRequest(
        spec: spec, parameters: parameters, optimizer: adam, room: PassRoom(lanes: 4), sliceLimit: 1))
    let observations = FloatStorage((0..<20).map { Float($0) / 10 - 1 })
    let indices: [Int32] = [0, 1, 2, 3]
    let batch = SequenceBatch(length: 1, count: 4, observations: observations.base, observationTimeStride: 0)
    func outputs() -> [Float] {
      let outputs = device.forward(batch, parts: .all, worker: 0)
      return (0..<12).map { outputs.logits.base[$0] } + (0..<4).map { outputs.values[$0] }
    }
    let first = outputs()
    indices.withUnsafeBufferPointer {
      _ = device.gradient(of: SumOfOutputs(), on: WholeBatch(batch: batch, rowIndices: $0))
    }
    var norms: [Double] = []
    let refused = device.step(learningRate: 0.1, maximumNorm: 0.5) {
      norms.append($0)
      return false
    }
    device.readBack()
    #expect(!refused && adam.stepCount == 0 && parameters.values.array == before && outputs() == first)
    let taken = device.step(learningRate: 0.1, maximumNorm: 0.5) {
      norms.append($0)
      return true
    }
    #expect(taken && adam.stepCount == 1 && norms.count == 2 && norms[0] == norms[1] && norms[0] > 0.5)
    let moved = outputs()
    #expect(moved != first)
    device.readBack()
    #expect(parameters.values.array != before)
    // What the host writes counts once it is loaded.
    parameters.values.assign(before)
    device.load()
    #expect(outputs() == first)
  }

  /// Memory of the experience is the device's: zeros, aligned, given back once.
  @Test func `a device lends the memory of experience`() {
    let memory = DeviceFamily.cpu.allocate(byteCount: 1000)
    #expect(memory.byteCount == 1000 && Int(bitPattern: memory.base) % 64 == 0)
    let bytes = UnsafeRawBufferPointer(start: memory.base, count: 1000)
    #expect(bytes.allSatisfy { $0 == 0 })
  }
}
