// The batched passes against the deployed form; `OpCases` holds them against loops in double precision.

import AgentInterface
import Inference
import Kernels
import Networks
import OpCases
import Testing

@Suite struct CPUBackendTests {
  /// A store of random values, large enough for the gates to leave their linear range.
  private static func randomStore(_ spec: NetworkSpec, seed: UInt64) -> ParameterStore {
    let store = ParameterStore(layout: ParameterLayout(spec))
    var random = RandomStream(seed: seed, purpose: .initialization)
    for index in 0..<store.layout.count { store.values.base[index] = Float(0.7 * random.nextNormal()) }
    return store
  }

  /// The deployed policy decides step by step what the learner computes in one batch.
  @Test(arguments: OpCases.specs, OpCases.kernelWays)
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

  /// A backward pass writes gradients to their vector and nowhere else.
  @Test(arguments: OpCases.specs, OpCases.kernelWays)
  func backwardStaysInItsVector(spec: NetworkSpec, kernels: LearnerKernels) {
    let store = CPUBackendTests.randomStore(spec, seed: 21)
    let (length, count) = (7, 9)
    let backend = CPUBackend(
      spec: spec, kernels: kernels, workerCount: 1, rowCapacity: length * count, sequenceCapacity: count,
      lengthCapacity: length)
    backend.refresh(from: store)
    let observations = FencedBuffer([Float](repeating: 0.5, count: length * count * spec.inputs))
    let states = FloatStorage([Float](repeating: 0.1, count: 4 * count * spec.hiddenCount))
    let batch = SequenceBatch(
      length: length, count: count, observations: observations.base, observationTimeStride: count * spec.inputs,
      initialState: RecurrentStateRows(in: states, count: count * spec.hiddenCount, hasCritic: true))
    let outputs = backend.forward(batch, parts: .all, worker: 0)
    for index in 0..<(length * count * spec.actions) { outputs.logits.base[index] = 0.01 }
    for index in 0..<(length * count) { outputs.values[index] = 0.01 }
    let gradients = FencedBuffer([Float](repeating: 0, count: store.layout.count))
    backend.backward(batch, worker: 0, gradients: gradients.base)
    #expect(gradients.isIntact && observations.isIntact)
    let (isFinite, moves) = (gradients.array.allSatisfy(\.isFinite), gradients.array.contains { $0 != 0 })
    #expect(isFinite && moves)
  }

  /// Gradients add up: two passes give exactly twice the first one's where sums are of equal powers of two.
  @Test func backwardAddsToWhatIsThere() {
    let spec = OpCases.specs[0]
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
    func addGradient(to gradients: FencedBuffer) {
      let outputs = backend.forward(batch, parts: .all, worker: 0)
      for index in 0..<24 { outputs.logits.base[index] = Float(index % 5) - 2 }
      for index in 0..<6 { outputs.values[index] = Float(index) - 2 }
      backend.backward(batch, worker: 0, gradients: gradients.base)
    }
    let once = FencedBuffer([Float](repeating: 0, count: store.layout.count))
    addGradient(to: once)
    let twice = FencedBuffer(once.array)
    addGradient(to: twice)
    #expect(once.isIntact && twice.isIntact)
    for (single, double) in zip(once.array, twice.array) {
      #expect(abs(double - 2 * single) <= 4e-6 * abs(single) + 1e-6)
    }
  }
}
