// What must hold of passes with bfloat16 products to the bit; `OpCases` holds them against double precision.

import Inference
import Kernels
import Networks
import OpCases
import Testing

private func distance(_ found: [Double], _ expected: [Double]) -> Double {
  let squares = zip(found, expected).map { ($0 - $1) * ($0 - $1) }.reduce(0, +)
  return (squares / expected.map { $0 * $0 }.reduce(0, +)).squareRoot()
}

/// A batch of random observations and starts, and room for the state it begins with.
private struct Batch {
  let length: Int
  let count: Int
  let observations: FloatStorage
  var starts: [UInt8]
  let states: FloatStorage

  init(_ spec: NetworkSpec, length: Int, count: Int, startChance: Double, seed: UInt64) {
    self.length = length
    self.count = count
    var random = RandomStream(seed: seed, purpose: .market)
    observations = FloatStorage((0..<(length * count * spec.inputs)).map { _ in Float(random.nextNormal()) })
    starts = (0..<(length * count)).map { _ in random.nextDouble() < startChance ? 1 : 0 }
    states = FloatStorage(count: 4 * count * spec.hiddenCount)
    states.fill(0)
  }

  func lend<Result>(_ spec: NetworkSpec, _ body: (SequenceBatch) -> Result) -> Result {
    starts.withUnsafeBufferPointer { starts in
      body(
        SequenceBatch(
          length: length, count: count, observations: observations.base, observationTimeStride: count * spec.inputs,
          starts: starts.baseAddress, startTimeStride: count,
          initialState: RecurrentStateRows(in: states, count: count * spec.hiddenCount, hasCritic: true)))
    }
  }
}

struct BFloat16BackendTests {
  private static func network(
    _ hidden: Int, inputs: Int = 26, critic: NetworkSpec.CriticMemory = .sharedJoint
  ) -> NetworkSpec {
    NetworkSpec(
      inputs: inputs, actions: 9, memory: .lstm(hidden: hidden, critic: critic), policyTower: [], valueTower: [],
      activation: .tanh, hasValueHead: true)
  }

  private static func store(_ spec: NetworkSpec, scale: Double, seed: UInt64) -> ParameterStore {
    let store = ParameterStore(layout: ParameterLayout(spec))
    var random = RandomStream(seed: seed, purpose: .initialization)
    for index in 0..<store.layout.count {
      store.values.base[index] = Float(scale * (2 * random.nextDouble() - 1) / Double(spec.hiddenCount).squareRoot())
    }
    return store
  }

  private static func backend(
    _ spec: NetworkSpec, _ unit: BFloat16Unit?, _ batch: Batch, _ store: ParameterStore
  ) -> CPUBackend {
    let backend = CPUBackend(
      spec: spec, bfloat16: unit, workerCount: 1, rowCapacity: batch.length * batch.count,
      sequenceCapacity: batch.count, lengthCapacity: batch.length)
    backend.refresh(from: store)
    return backend
  }

  /// Outputs and gradients of a whole pass, whose heads' gradients are given numbers.
  private static func pass(_ spec: NetworkSpec, _ unit: BFloat16Unit?, _ batch: Batch, _ store: ParameterStore) -> (
    logits: [Double], hidden: [Double], gradient: [Float]
  ) {
    let backend = backend(spec, unit, batch, store)
    let gradient = FloatStorage(count: store.layout.count)
    gradient.fill(0)
    let rows = batch.length * batch.count
    var random = RandomStream(seed: 77, purpose: .market)
    return batch.lend(spec) { batch in
      let outputs = backend.forward(batch, parts: .all, worker: 0)
      let logits = (0..<(rows * spec.actions)).map { Double(outputs.logits.base[$0]) }
      let last = (0..<(batch.count * spec.hiddenCount)).map { Double(outputs.finalState.actorHidden![$0]) }
      for index in 0..<(rows * spec.actions) { outputs.logits.base[index] = Float(0.01 * random.nextNormal()) }
      for index in 0..<rows { outputs.values[index] = Float(0.01 * random.nextNormal()) }
      backend.backward(batch, worker: 0, gradients: gradient.base)
      return (logits, last, gradient.array)
    }
  }

  /// They are other numbers than float32's, and both of a memory's biases move alike.
  @Test(arguments: OpCases.units) func `products are narrow`(unit: BFloat16Unit) throws {
    let spec = BFloat16BackendTests.network(48, inputs: 7)
    let store = BFloat16BackendTests.store(spec, scale: 1.5, seed: 71)
    let batch = Batch(spec, length: 21, count: 13, startChance: 0.1, seed: 72)
    let (narrow, wide) = (
      BFloat16BackendTests.pass(spec, unit, batch, store), BFloat16BackendTests.pass(spec, nil, batch, store)
    )
    #expect(narrow.gradient != wide.gradient && narrow.logits != wide.logits)
    let biases = try ["bias_hh", "bias_ih"].map { try #require(store.layout.entry("lstm_actor.\($0)_l0")).range }
    #expect(narrow.gradient[biases[0]] == narrow.gradient[biases[1]])
  }

  /// A rollout walks step by step in slices of its own width; the update walks whole sequences. Both must see the same numbers, also through towers, and
  /// without bfloat16 where all layers are fused.
  @Test(arguments: OpCases.units.map(Optional.some) + [nil], [[], [7, 16]])
  func `steps equal the sequence to the bit`(unit: BFloat16Unit?, tower: [Int]) {
    let spec = NetworkSpec(
      inputs: 5, actions: 9, memory: .lstm(hidden: 32, critic: .separate), policyTower: tower, valueTower: tower,
      activation: .tanh, hasValueHead: true)
    let store = BFloat16BackendTests.store(spec, scale: 1.5, seed: 81)
    let (length, count) = (17, 11)
    let batch = Batch(spec, length: length, count: count, startChance: 0.1, seed: 82)
    let kernels = unit == nil ? LearnerKernels.fused : .automatic
    let whole = CPUBackend(
      spec: spec, kernels: kernels, bfloat16: unit, workerCount: 1, rowCapacity: length * count,
      sequenceCapacity: count, lengthCapacity: length)
    whole.refresh(from: store)
    let expected = batch.lend(spec) {
      let outputs = whole.forward($0, parts: .all, worker: 0)
      return (
        logits: (0..<(length * count * 9)).map { outputs.logits.base[$0] },
        values: (0..<(length * count)).map { outputs.values[$0] }
      )
    }
    for lanes in [0..<4, 4..<11] {
      let backend = CPUBackend(
        spec: spec, kernels: kernels, bfloat16: unit, workerCount: 1, rowCapacity: lanes.count,
        sequenceCapacity: lanes.count, lengthCapacity: 1)
      backend.refresh(from: store)
      let storage = FloatStorage(count: 4 * lanes.count * 32)
      storage.fill(0)
      let state = RecurrentStateRows(in: storage, count: lanes.count * 32, hasCritic: true)
      for step in 0..<length {
        let first = step * count + lanes.lowerBound
        batch.starts.withUnsafeBufferPointer { starts in
          let outputs = backend.forward(
            SequenceBatch(
              length: 1, count: lanes.count, observations: batch.observations.base + first * 5,
              observationTimeStride: 0, starts: starts.baseAddress! + first, initialState: state),
            parts: .all, worker: 0)
          let found = (0..<(lanes.count * 9)).map { outputs.logits.base[$0] }
          #expect(found == Array(expected.logits[(first * 9)..<((first + lanes.count) * 9)]))
          let values = (0..<lanes.count).map { outputs.values[$0] }
          #expect(values == Array(expected.values[first..<(first + lanes.count)]))
          outputs.finalState.copy(to: state, count: lanes.count * 32)
        }
      }
    }
  }

  /// Units differ in the order of their sums and the last bits of their activations, which round to another operand now and then.
  @Test(.enabled(if: OpCases.units.count > 1, "this processor has no unit to compare")) func `units agree`() {
    let spec = BFloat16BackendTests.network(64)
    let store = BFloat16BackendTests.store(spec, scale: 1.5, seed: 91)
    let batch = Batch(spec, length: 40, count: 10, startChance: 0.05, seed: 92)
    let passes = OpCases.units.map { BFloat16BackendTests.pass(spec, $0, batch, store) }
    for other in passes.dropFirst() {
      #expect(distance(other.logits, passes[0].logits) < 2e-3)
      #expect(distance(other.gradient.map(Double.init), passes[0].gradient.map(Double.init)) < 2e-3)
    }
  }
}
