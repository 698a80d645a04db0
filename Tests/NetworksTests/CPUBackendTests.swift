// The batched passes against a step-by-step loop in double precision, and against the deployed form.

import AgentInterface
import Inference
import Kernels
import Networks
import TestSupport
import Testing

@Suite struct CPUBackendTests {
  static let specs: [NetworkSpec] = NetworkSpec.CriticMemory.allCases.flatMap { critic in
    [
      NetworkSpec(
        inputs: 5, actions: 4, memory: .lstm(hidden: 11, critic: critic), policyTower: [6], valueTower: [7, 3],
        activation: .tanh, hasValueHead: true),
      NetworkSpec(
        inputs: 3, actions: 2, memory: .lstm(hidden: 8, critic: critic), policyTower: [], valueTower: [],
        activation: .relu, hasValueHead: true),
      // Layers that need no padding, and one that does.
      NetworkSpec(
        inputs: 5, actions: 9, memory: .lstm(hidden: 16, critic: critic), policyTower: [16, 32], valueTower: [16, 12],
        activation: .relu, hasValueHead: true),
      // Units that have panels: one, and three.
      NetworkSpec(
        inputs: 5, actions: 4, memory: .lstm(hidden: 16, critic: critic), policyTower: [], valueTower: [4],
        activation: .tanh, hasValueHead: true),
      NetworkSpec(
        inputs: 26, actions: 9, memory: .lstm(hidden: 48, critic: critic), policyTower: [], valueTower: [],
        activation: .tanh, hasValueHead: true),
    ]
  }
  static let kernels: [LearnerKernels] = [.blas, .fused]

  /// A store of random values, large enough for the gates to leave their linear range.
  private static func randomStore(_ spec: NetworkSpec, seed: UInt64) -> ParameterStore {
    let store = ParameterStore(layout: ParameterLayout(spec))
    var random = RandomStream(seed: seed, purpose: .initialization)
    for index in 0..<store.layout.count { store.values.base[index] = Float(0.7 * random.nextNormal()) }
    return store
  }

  /// 23 steps of 9 sequences with random starts, read at a stride out of fenced memory, against plain loops in double precision.
  @Test(arguments: specs, kernels) func sequencesEqualTheStepLoop(spec: NetworkSpec, kernels: LearnerKernels) {
    let store = CPUBackendTests.randomStore(spec, seed: 21)
    let (length, lanes, first, count) = (23, 14, 3, 9)
    var random = RandomStream(seed: 22, purpose: .market)
    let observations = FencedBuffer((0..<(length * lanes * spec.inputs)).map { _ in Float(random.nextNormal()) })
    var starts = (0..<(length * lanes)).map { _ in UInt8(random.nextDouble() < 0.15 ? 1 : 0) }
    let width = count * spec.hiddenCount
    let states = (0..<4).map { _ in FencedBuffer((0..<width).map { _ in Float(0.5 * random.nextNormal()) }) }
    let before = states.map(\.array)
    let backend = CPUBackend(
      spec: spec, kernels: kernels, workerCount: 1, rowCapacity: length * count, sequenceCapacity: count,
      lengthCapacity: length)
    backend.refresh(from: store)
    starts.withUnsafeMutableBufferPointer { starts in
      let batch = SequenceBatch(
        length: length, count: count, observations: observations.base + first * spec.inputs,
        observationTimeStride: lanes * spec.inputs, starts: starts.baseAddress! + first, startTimeStride: lanes,
        initialState: RecurrentStateRows(
          actorHidden: states[0].base, actorCell: states[1].base, criticHidden: states[2].base,
          criticCell: states[3].base))
      let outputs = backend.forward(batch, parts: .all, worker: 0)
      let reference = ReferencePolicy(spec)
      let parameters = store.values.array.map(Double.init)
      for sequence in 0..<count {
        var state = ReferencePolicy.State(hiddenCount: spec.hiddenCount)
        func initial(_ index: Int) -> [Double] {
          (0..<spec.hiddenCount).map { Double(before[index][sequence * spec.hiddenCount + $0]) }
        }
        (state.actorHidden, state.actorCell) = (initial(0), initial(1))
        // A detached critic runs the actor's memory again, from the actor's state.
        let isShared = spec.criticMemory == .sharedDetached
        (state.criticHidden, state.criticCell) = isShared ? (initial(0), initial(1)) : (initial(2), initial(3))
        for step in 0..<length {
          let place = step * lanes + first + sequence
          let expected = reference.step(
            parameters,
            observation: (0..<spec.inputs).map { Double(observations.base[place * spec.inputs + $0]) },
            isStart: starts[place] != 0, state: &state)
          let row = step * count + sequence
          // 1e-5 over up to 23 steps in float32: the bound named for recurrent passes.
          for action in 0..<spec.actions {
            let logit = expected.logits[action]
            #expect(abs(Double(outputs.logits.row(row)[action]) - logit) < 1e-5 * max(1, abs(logit)))
          }
          #expect(abs(Double(outputs.values[row]) - expected.value) < 1e-5 * max(1, abs(expected.value)))
        }
        for unit in 0..<spec.hiddenCount {
          let found = outputs.finalState.actorCell?[sequence * spec.hiddenCount + unit] ?? .nan
          #expect(abs(Double(found) - state.actorCell[unit]) < 1e-5)
        }
      }
      // A backward pass reads and adds; it must not touch its inputs either.
      let gradients = FencedBuffer([Float](repeating: 0, count: store.layout.count))
      for index in 0..<(length * count * spec.actions) { outputs.logits.base[index] = 0.01 }
      for index in 0..<(length * count) { outputs.values[index] = 0.01 }
      backend.backward(batch, worker: 0, gradients: gradients.base)
      #expect(gradients.isIntact)
      let isFinite = gradients.array.allSatisfy { $0.isFinite }
      #expect(isFinite)
    }
    #expect(observations.isIntact)
    for index in 0..<4 {
      #expect(states[index].isIntact)
      #expect(states[index].array == before[index])
    }
  }

  /// The deployed policy decides step by step what the learner computes in one batch.
  @Test(arguments: specs, kernels)
  func sequencesEqualTheDeployedSession(spec: NetworkSpec, kernels: LearnerKernels) throws {
    let store = CPUBackendTests.randomStore(spec, seed: 31)
    let length = 40
    var random = RandomStream(seed: 32, purpose: .market)
    var observations = (0..<(length * spec.inputs)).map { _ in Float(random.nextNormal()) }
    var starts = (0..<length).map { UInt8($0 == 0 || random.nextDouble() < 0.1 ? 1 : 0) }
    let states = FloatStorage(count: 4 * spec.hiddenCount)
    states.fill(9)
    let backend = CPUBackend(
      spec: spec, kernels: kernels, workerCount: 1, rowCapacity: length, sequenceCapacity: 1, lengthCapacity: length)
    backend.refresh(from: store)
    let (logits, values) = observations.withUnsafeMutableBufferPointer { observations in
      starts.withUnsafeMutableBufferPointer { starts in
        let outputs = backend.forward(
          SequenceBatch(
            length: length, count: 1, observations: observations.baseAddress!, observationTimeStride: spec.inputs,
            starts: starts.baseAddress!, startTimeStride: 1,
            initialState: RecurrentStateRows(
              actorHidden: states.base, actorCell: states.base + spec.hiddenCount,
              criticHidden: states.base + 2 * spec.hiddenCount, criticCell: states.base + 3 * spec.hiddenCount)),
          parts: .all, worker: 0)
        return (
          Array(UnsafeBufferPointer(start: outputs.logits.base, count: length * spec.actions)),
          Array(UnsafeBufferPointer(start: outputs.values, count: length))
        )
      }
    }
    var session = InferencePolicy(spec: spec, parameters: store.values.array, requiresMask: false).makeSession()
    for step in 0..<length {
      let decision = try session.decide(
        Array(observations[(step * spec.inputs)..<((step + 1) * spec.inputs)]), mask: nil,
        startsEpisode: starts[step] != 0)
      for action in 0..<spec.actions {
        let logit = logits[step * spec.actions + action]
        #expect(abs(session.logits[action] - logit) < 1e-5 * max(1, abs(logit)))
      }
      // Layers of relu have no bound of their own, so the tolerance follows the value.
      #expect(abs(try #require(decision.value) - values[step]) < 1e-5 * max(1, abs(values[step])))
    }
  }

  /// The fused passes give the gradients of the plain ones, over sequences that start anew at random, whatever the critic remembers.
  @Test(arguments: specs)
  func fusedGradientsEqualThePlainOnes(spec: NetworkSpec) {
    let store = CPUBackendTests.randomStore(spec, seed: 51)
    for index in 0..<store.layout.count { store.values.base[index] *= 0.5 }
    let (length, count) = (18, 11)
    var random = RandomStream(seed: 52, purpose: .market)
    let observations = FloatStorage((0..<(length * count * spec.inputs)).map { _ in Float(random.nextNormal()) })
    var starts = (0..<(length * count)).map { _ in UInt8(random.nextDouble() < 0.1 ? 1 : 0) }
    // Steps without a start, and one where all start.
    for lane in 0..<count { for step in 3..<9 { starts[step * count + lane] = step == 6 ? 1 : 0 } }
    let width = count * spec.hiddenCount
    let states = FloatStorage((0..<4 * width).map { _ in Float(0.5 * random.nextNormal()) })
    let weights = (0..<(length * count)).map { _ in Float(0.01 * random.nextNormal()) }
    let gradients = CPUBackendTests.kernels.map { kernels in
      let backend = CPUBackend(
        spec: spec, kernels: kernels, workerCount: 1, rowCapacity: length * count, sequenceCapacity: count,
        lengthCapacity: length)
      backend.refresh(from: store)
      let gradient = FloatStorage(count: store.layout.count)
      gradient.fill(0)
      starts.withUnsafeBufferPointer { starts in
        let batch = SequenceBatch(
          length: length, count: count, observations: observations.base, observationTimeStride: count * spec.inputs,
          starts: starts.baseAddress, startTimeStride: count,
          initialState: RecurrentStateRows(in: states, count: width, hasCritic: true))
        let outputs = backend.forward(batch, parts: .all, worker: 0)
        for row in 0..<(length * count) {
          for action in 0..<spec.actions { outputs.logits.row(row)[action] = weights[row] * Float(action - 1) }
          outputs.values[row] = weights[row]
        }
        backend.backward(batch, worker: 0, gradients: gradient.base)
      }
      return gradient.array
    }
    let largest = gradients[0].reduce(0) { max($0, abs($1)) }
    for (plain, fused) in zip(gradients[0], gradients[1]) { #expect(abs(plain - fused) < 1e-4 * largest) }
    #expect(largest > 0.01)
  }

  /// The same without memory, over more rows than go through a tower at once: element for element within what two orders of summation may differ by.
  @Test(arguments: NetworkSpec.Activation.allCases) func fusedTowersEqualThePlainOnes(
    activation: NetworkSpec.Activation
  ) {
    let spec = NetworkSpec(
      inputs: 2, actions: 3, memory: .none, policyTower: [64, 64], valueTower: [64, 64], activation: activation,
      hasValueHead: true)
    let store = CPUBackendTests.randomStore(spec, seed: 61)
    for index in 0..<store.layout.count { store.values.base[index] *= 0.3 }
    let rows = 700
    var random = RandomStream(seed: 62, purpose: .market)
    let observations = FloatStorage((0..<(rows * spec.inputs)).map { _ in Float(random.nextNormal()) })
    let weights = (0..<(rows * 4)).map { _ in Float(random.nextNormal()) }
    let results = CPUBackendTests.kernels.map { kernels in
      let backend = CPUBackend(
        spec: spec, kernels: kernels, workerCount: 1, rowCapacity: rows, sequenceCapacity: rows, lengthCapacity: 1)
      backend.refresh(from: store)
      let gradient = FloatStorage(count: store.layout.count)
      gradient.fill(0)
      let batch = SequenceBatch(
        length: 1, count: rows, observations: observations.base, observationTimeStride: 0)
      let outputs = backend.forward(batch, parts: .all, worker: 0)
      let seen = (0..<rows).flatMap { row in (0..<3).map { outputs.logits.row(row)[$0] } + [outputs.values[row]] }
      for row in 0..<rows {
        for action in 0..<3 { outputs.logits.row(row)[action] = weights[4 * row + action] }
        outputs.values[row] = weights[4 * row + 3]
      }
      backend.backward(batch, worker: 0, gradients: gradient.base)
      return (seen, gradient.array)
    }
    func distance(_ a: [Float], _ b: [Float]) -> Double {
      let squares = zip(a, b).map { Double($0 - $1) * Double($0 - $1) }.reduce(0, +)
      return (squares / a.map { Double($0) * Double($0) }.reduce(0, +)).squareRoot()
    }
    #expect(distance(results[0].0, results[1].0) < 1e-6)
    #expect(distance(results[0].1, results[1].1) < 2e-6)
  }

  /// Gradients add up: two passes give exactly twice the first one's where sums are of equal powers of two.
  @Test func backwardAddsToWhatIsThere() {
    let spec = CPUBackendTests.specs[0]
    let store = CPUBackendTests.randomStore(spec, seed: 41)
    let backend = CPUBackend(spec: spec, workerCount: 1, rowCapacity: 6, sequenceCapacity: 6, lengthCapacity: 1)
    backend.refresh(from: store)
    let observations = FloatStorage((0..<30).map { Float($0) / 10 - 1 })
    let states = FloatStorage(count: 4 * 66)
    states.fill(0)
    let batch = SequenceBatch(
      length: 1, count: 6, observations: observations.base, observationTimeStride: 0,
      initialState: RecurrentStateRows(
        actorHidden: states.base, actorCell: states.base + 66, criticHidden: states.base + 132,
        criticCell: states.base + 198))
    func addGradient(to gradients: FloatStorage) {
      let outputs = backend.forward(batch, parts: .all, worker: 0)
      for index in 0..<24 { outputs.logits.base[index] = Float(index % 5) - 2 }
      for index in 0..<6 { outputs.values[index] = Float(index) - 2 }
      backend.backward(batch, worker: 0, gradients: gradients.base)
    }
    let once = FloatStorage(count: store.layout.count)
    once.fill(0)
    addGradient(to: once)
    let twice = FloatStorage(once.array)
    addGradient(to: twice)
    for (single, double) in zip(once.array, twice.array) {
      #expect(abs(double - 2 * single) <= 4e-6 * abs(single) + 1e-6)
    }
  }
}
