// Passes with bfloat16 products against double precision, and what must hold of them to the bit.

import Glibc
import Inference
import Kernels
import Networks
import TestSupport
import Testing

/// One LSTM with a linear head on top, forward and backward through time in double precision.
private struct DoubleLSTM {
  let inputs: Int
  let hidden: Int
  let inputWeight: [Double]
  let hiddenWeight: [Double]
  let biases: [Double]

  init(_ store: ParameterStore, _ spec: NetworkSpec) {
    func tensor(_ name: String) -> [Double] {
      let entry = store.layout.entry("lstm_actor.\(name)_l0")!
      return (0..<entry.count).map { Double(store.values.base[entry.offset + $0]) }
    }
    inputs = spec.inputs
    hidden = spec.hiddenCount
    inputWeight = tensor("weight_ih")
    hiddenWeight = tensor("weight_hh")
    biases = zip(tensor("bias_ih"), tensor("bias_hh")).map { $0 + $1 }
  }

  /// Outputs of one sequence from a zero state, and the gradients of the weights for given gradients of the outputs, each (L, H).
  func run(x: [Double], starts: [Bool], outputGradient: [Double]) -> (outputs: [Double], gradient: Gradient) {
    let length = starts.count
    var gates = [Double](repeating: 0, count: length * 4 * hidden)
    var (cells, outputs) = (
      [Double](repeating: 0, count: length * hidden), [Double](repeating: 0, count: length * hidden)
    )
    let zero = [Double](repeating: 0, count: hidden)
    func before(_ values: [Double], _ step: Int) -> ArraySlice<Double> {
      step == 0 || starts[step] ? zero[...] : values[((step - 1) * hidden)..<(step * hidden)]
    }
    for step in 0..<length {
      let h = Array(before(outputs, step))
      let c = Array(before(cells, step))
      for line in 0..<(4 * hidden) {
        var sum = biases[line]
        for column in 0..<inputs { sum += inputWeight[line * inputs + column] * x[step * inputs + column] }
        for column in 0..<hidden { sum += hiddenWeight[line * hidden + column] * h[column] }
        gates[step * 4 * hidden + line] = line / hidden == 2 ? tanh(sum) : 1 / (1 + exp(-sum))
      }
      for unit in 0..<hidden {
        func gate(_ index: Int) -> Double { gates[(step * 4 + index) * hidden + unit] }
        cells[step * hidden + unit] = gate(1) * c[unit] + gate(0) * gate(2)
        outputs[step * hidden + unit] = gate(3) * tanh(cells[step * hidden + unit])
      }
    }
    var gradient = Gradient(inputs: inputs, hidden: hidden)
    var (carriedHidden, carriedCell) = (zero, zero)
    for step in stride(from: length - 1, through: 0, by: -1) {
      let h = Array(before(outputs, step))
      let c = Array(before(cells, step))
      var d = [Double](repeating: 0, count: 4 * hidden)
      for unit in 0..<hidden {
        func gate(_ index: Int) -> Double { gates[(step * 4 + index) * hidden + unit] }
        let above = outputGradient[step * hidden + unit] + carriedHidden[unit]
        let squashed = tanh(cells[step * hidden + unit])
        let total = carriedCell[unit] + above * gate(3) * (1 - squashed * squashed)
        d[unit] = total * gate(2) * gate(0) * (1 - gate(0))
        d[hidden + unit] = total * c[unit] * gate(1) * (1 - gate(1))
        d[2 * hidden + unit] = total * gate(0) * (1 - gate(2) * gate(2))
        d[3 * hidden + unit] = above * squashed * gate(3) * (1 - gate(3))
        carriedCell[unit] = total * gate(1)
      }
      carriedHidden = zero
      for line in 0..<(4 * hidden) {
        gradient.bias[line] += d[line]
        for column in 0..<inputs { gradient.inputWeight[line * inputs + column] += d[line] * x[step * inputs + column] }
        for column in 0..<hidden {
          gradient.hiddenWeight[line * hidden + column] += d[line] * h[column]
          carriedHidden[column] += d[line] * hiddenWeight[line * hidden + column]
        }
      }
      if starts[step] { (carriedHidden, carriedCell) = (zero, zero) }
    }
    return (outputs, gradient)
  }

  struct Gradient {
    var inputWeight: [Double]
    var hiddenWeight: [Double]
    var bias: [Double]

    init(inputs: Int, hidden: Int) {
      inputWeight = [Double](repeating: 0, count: 4 * hidden * inputs)
      hiddenWeight = [Double](repeating: 0, count: 4 * hidden * hidden)
      bias = [Double](repeating: 0, count: 4 * hidden)
    }

    mutating func add(_ other: Gradient) {
      inputWeight = zip(inputWeight, other.inputWeight).map { $0 + $1 }
      hiddenWeight = zip(hiddenWeight, other.hiddenWeight).map { $0 + $1 }
      bias = zip(bias, other.bias).map { $0 + $1 }
    }
  }
}

private func distance(_ found: [Double], _ expected: [Double]) -> Double {
  let squares = zip(found, expected).map { ($0 - $1) * ($0 - $1) }.reduce(0, +)
  return (squares / expected.map { $0 * $0 }.reduce(0, +)).squareRoot()
}

private func cosine(_ a: [Double], _ b: [Double]) -> Double {
  func product(_ x: [Double], _ y: [Double]) -> Double { zip(x, y).map { $0 * $1 }.reduce(0, +) }
  return product(a, b) / (product(a, a) * product(b, b)).squareRoot()
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
  static let units = BFloat16Unit.allCases.filter(\.isSupported)

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

  /// The bounds are those of bfloat16 itself: operands of 8 bits are 2e-3 off on average, whatever the unit.
  @Test(arguments: units, [16, 32, 64, 128])
  func `outputs and gradients are near those of double precision`(unit: BFloat16Unit, hidden: Int) {
    let spec = BFloat16BackendTests.network(hidden, inputs: hidden == 32 ? 25 : 26)
    let store = BFloat16BackendTests.store(spec, scale: 1.5, seed: 61)
    let (length, count) = hidden == 128 ? (48, 9) : (128, 16)
    let batch = Batch(spec, length: length, count: count, startChance: 0.02, seed: 62)
    let found = BFloat16BackendTests.pass(spec, unit, batch, store)
    let network = DoubleLSTM(store, spec)
    func weights(_ name: String) -> [Double] {
      let entry = store.layout.entry(name)!
      return (0..<entry.count).map { Double(store.values.base[entry.offset + $0]) }
    }
    let (actionWeight, valueWeight) = (weights("action_net.weight"), weights("value_net.weight"))
    var random = RandomStream(seed: 77, purpose: .market)
    let headGradient = (0..<(length * count * 10)).map { _ in Double(Float(0.01 * random.nextNormal())) }
    var expected = DoubleLSTM.Gradient(inputs: spec.inputs, hidden: hidden)
    var (last, lastFound): ([Double], [Double]) = ([], [])
    for lane in 0..<count {
      var (x, starts, above): ([Double], [Bool], [Double]) = ([], [], [])
      for step in 0..<length {
        let row = step * count + lane
        x += (0..<spec.inputs).map { Double(batch.observations.base[row * spec.inputs + $0]) }
        starts.append(batch.starts[row] != 0)
        above += (0..<hidden).map { unit in
          (0..<9).reduce(headGradient[length * count * 9 + row] * valueWeight[unit]) {
            $0 + headGradient[row * 9 + $1] * actionWeight[$1 * hidden + unit]
          }
        }
      }
      let (outputs, gradient) = network.run(x: x, starts: starts, outputGradient: above)
      expected.add(gradient)
      last += outputs.suffix(hidden)
      lastFound += found.hidden[(lane * hidden)..<((lane + 1) * hidden)]
    }
    #expect(distance(lastFound, last) < 5e-3)
    func gradient(_ name: String) -> [Double] {
      let entry = store.layout.entry("lstm_actor.\(name)_l0")!
      return (0..<entry.count).map { Double(found.gradient[entry.offset + $0]) }
    }
    let parts = [
      (gradient("weight_ih"), expected.inputWeight), (gradient("weight_hh"), expected.hiddenWeight),
      (gradient("bias_ih"), expected.bias),
    ]
    for (found, expected) in parts { #expect(distance(found, expected) < 6e-3, "\(distance(found, expected))") }
    let all = cosine(parts.flatMap(\.0), parts.flatMap(\.1))
    #expect(1 - all < 2e-5, "1 - cosine \(1 - all)")
    #expect(gradient("bias_hh") == gradient("bias_ih"))
  }

  /// Whatever the critic remembers, and wherever sequences start anew.
  @Test(arguments: units, NetworkSpec.CriticMemory.allCases)
  func `passes are near those of float32`(unit: BFloat16Unit, critic: NetworkSpec.CriticMemory) {
    let spec = BFloat16BackendTests.network(48, inputs: 7, critic: critic)
    let store = BFloat16BackendTests.store(spec, scale: 1.5, seed: 71)
    var batch = Batch(spec, length: 21, count: 13, startChance: 0.1, seed: 72)
    // Steps without a start, and one where all start.
    for lane in 0..<13 { for step in 3..<9 { batch.starts[step * 13 + lane] = step == 6 ? 1 : 0 } }
    var random = RandomStream(seed: 73, purpose: .market)
    for index in 0..<batch.states.count { batch.states.base[index] = Float(0.5 * random.nextNormal()) }
    let (narrow, wide) = (
      BFloat16BackendTests.pass(spec, unit, batch, store), BFloat16BackendTests.pass(spec, nil, batch, store)
    )
    #expect(distance(narrow.logits, wide.logits) < 6e-3)
    let (found, expected) = (narrow.gradient.map(Double.init), wide.gradient.map(Double.init))
    #expect(distance(found, expected) < 8e-3)
    #expect(1 - cosine(found, expected) < 3e-5)
    #expect(narrow.gradient != wide.gradient)
  }

  /// A rollout walks step by step in slices of its own width; the update walks whole sequences. Both must see the same numbers, also through towers, and
  /// without bfloat16 where all layers are fused.
  @Test(arguments: units.map(Optional.some) + [nil], [[], [7, 16]])
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
  @Test(.enabled(if: units.count > 1, "this processor has no unit to compare")) func `units agree`() {
    let spec = BFloat16BackendTests.network(64)
    let store = BFloat16BackendTests.store(spec, scale: 1.5, seed: 91)
    let batch = Batch(spec, length: 40, count: 10, startChance: 0.05, seed: 92)
    let passes = BFloat16BackendTests.units.map { BFloat16BackendTests.pass(spec, $0, batch, store) }
    for other in passes.dropFirst() {
      #expect(distance(other.logits, passes[0].logits) < 2e-3)
      #expect(distance(other.gradient.map(Double.init), passes[0].gradient.map(Double.init)) < 2e-3)
    }
  }
}
