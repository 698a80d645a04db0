// The parity gate against faults that are planted on purpose, in every network of the golden sets.

import AgentInterface
import Inference
import Kernels
import Networks
import TestSupport
import Testing

@testable import Release

/// What is wrong with the deployed form beside its parameters.
private struct Faults {
  /// Episodes begin, and the session is not told.
  var forgetsStarts = false
  /// Each mask stands one action further.
  var shiftsMasks = false
}

/// Both forms through the history of a golden network.
private func compared(
  _ golden: GoldenNetwork, deployed: InferencePolicy, _ faults: Faults = Faults(),
  kernels: LearnerKernels = .automatic
) throws -> ParityComparison {
  let spec = golden.spec
  var comparison = ParityComparison(spec)
  let store = ParameterStore(layout: ParameterLayout(spec))
  store.values.assign(golden.parameters)
  let passes = DeviceFamily.cpu.make(
    DeviceRequest(
      spec: spec, parameters: store, kernels: kernels,
      room: PassRoom(rows: golden.rows, sequences: golden.lanes, length: golden.length)))
  let scaled = FloatStorage(
    (0..<golden.rows).flatMap { row -> [Float] in
      var observation = golden.observation(row)
      golden.normalizer?.normalize(&observation)
      return observation
    })
  let memory = FloatStorage(count: 4 * golden.lanes * spec.hiddenCount)
  memory.fill(0)
  try golden.starts.withUnsafeBufferPointer { starts in
    let outputs = passes.forward(
      SequenceBatch(
        length: golden.length, count: golden.lanes, observations: scaled.base,
        observationTimeStride: golden.lanes * spec.inputs, starts: spec.hiddenCount > 0 ? starts.baseAddress : nil,
        startTimeStride: golden.lanes,
        initialState: RecurrentStateRows(
          in: memory, count: golden.lanes * spec.hiddenCount, hasCritic: spec.criticMemory == .separate)),
      parts: .policy, worker: 0)
    for lane in 0..<golden.lanes {
      var session = deployed.makeSession()
      for step in 0..<golden.length {
        let row = step * golden.lanes + lane
        let mask = golden.masks?[row]
        let decision = try session.decide(
          golden.observation(row), mask: mask.map { faults.shiftsMasks ? $0.shifted(spec.actions) : $0 },
          startsEpisode: starts[row] == 1 && (step == 0 || !faults.forgetsStarts))
        comparison.compare(
          outputs.logits.row(row), deployed: session.logitsPointer, magnitude: session.headMagnitude,
          choice: decision.action, mask: mask ?? .all(count: spec.actions), factors: spec.factors)
      }
    }
  }
  withExtendedLifetime((store, memory)) {}
  return comparison
}

extension ActionMask {
  /// Of so many actions, each bit one higher, the last one first.
  fileprivate func shifted(_ count: Int) -> ActionMask {
    ActionMask((0..<count).map { allows(($0 + count - 1) % count) })
  }
}

@Suite struct PlantedFaultTests {
  static let kernels: [LearnerKernels] = [.blas, .fused]

  @Test func everyGoldenSetIsHere() throws {
    let all = try GoldenNetwork.all.get()
    #expect(all.count == 39, "\(all)")
    #expect(all.count { $0.spec.hiddenCount > 0 } == 18 && all.count { $0.spec.kind != .actorCritic } == 6)
    #expect(all.count { $0.masks != nil } == 22 && all.count { $0.restarts } >= 16)
  }

  /// Without a fault the forms lie within the floor of rounding; action values in the thousands, or in the millions, change nothing about that.
  @Test(arguments: kernels) func bothFormsAreOneAtEverySize(kernels: LearnerKernels) throws {
    for golden in try GoldenNetwork.all.get() {
      for factor: Float in [1, 1000, 3e6, 1e-3] {
        let sized = golden.scaled(by: factor)
        let comparison = try compared(sized, deployed: sized.policy(sized.parameters), kernels: kernels)
        #expect(comparison.failure == nil && comparison.rows == golden.rows, "\(sized): \(comparison.failure ?? "")")
        #expect(comparison.largestShare <= comparison.floor.share, "\(sized): \(comparison.boundLine)")
        #expect(comparison.nearTies <= comparison.rows / 8, "\(sized): \(comparison.nearTies)")
      }
    }
  }

  /// The last bit of one number of each tensor: no logit shows it, and the bits do. With and without the critic.
  @Test func oneBitOfAnyTensorIsFound() throws {
    for golden in try GoldenNetwork.all.get() {
      for spec in Set([golden.spec, golden.spec.actorOnly]) {
        let right = golden.policy(golden.parameters)
        let carried = spec == golden.spec ? right : right.actorOnly
        #expect(difference(golden, carried) == nil)
        for entry in carried.layout.entries {
          for place in Set([entry.range.lowerBound, entry.offset + entry.count / 2, entry.range.upperBound - 1]) {
            var parameters = carried.parameters
            parameters[place] = Float(bitPattern: parameters[place].bitPattern ^ 1)
            let found = difference(golden, golden.policy(parameters, spec: spec))
            #expect(
              found?.contains("number \(place - entry.offset) of '\(entry.name)'") == true,
              "\(golden), \(entry.name): \(found ?? "nothing")")
          }
        }
      }
    }
  }

  /// A zero of the other sign, a scaling whose last bit differs, and one that is missing.
  @Test func whatEqualsIsNotTheSame() throws {
    let golden = try #require(try GoldenNetwork.all.get().first { $0.normalizer != nil })
    let scaling = try #require(golden.normalizer)
    var variance = scaling.variance
    variance[0] = Double(bitPattern: variance[0].bitPattern ^ 1)
    func found(_ normalizer: ObservationNormalizer?) -> String? {
      let policy = InferencePolicy(
        spec: golden.spec, parameters: golden.parameters, normalizer: normalizer, requiresMask: true)
      return difference(golden, policy)
    }
    let nudged = ObservationNormalizer(mean: scaling.mean, variance: variance, count: scaling.count)
    #expect(found(nudged)?.contains("number 0 of the scaling's variance") == true)
    #expect(found(nil)?.contains("not scaled") == true && found(scaling) == nil)
    var zeros = golden.parameters
    zeros[0] = 0
    let deployed = golden.policy(zeros)
    zeros[0] = -0.0
    #expect(
      ParameterBits.difference(deployed: deployed, spec: golden.spec, parameters: zeros, normalizer: scaling) != nil)
  }

  private func difference(_ golden: GoldenNetwork, _ deployed: InferencePolicy) -> String? {
    ParameterBits.difference(
      deployed: deployed, spec: golden.spec, parameters: golden.parameters, normalizer: golden.normalizer)
  }

  /// Any two of the four gates exchanged, at every size of the outputs.
  @Test func exchangedGatesAreFound() throws {
    for golden in try GoldenNetwork.all.get() where golden.spec.hiddenCount > 0 {
      for (one, other) in [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)] {
        var parameters = golden.parameters
        for entry in ParameterLayout(golden.spec).entries where entry.name.hasPrefix("lstm_actor.") {
          let block = entry.count / 4
          for index in 0..<block {
            parameters.swapAt(entry.offset + one * block + index, entry.offset + other * block + index)
          }
        }
        let comparison = try compared(golden, deployed: golden.policy(parameters))
        #expect(comparison.failure != nil, "\(golden), gates \(one) and \(other): \(comparison.boundLine)")
      }
    }
  }

  /// Each bias of the policy left out, one tensor at a time, and one number of it alone.
  @Test(arguments: [1, 1000] as [Float]) func leftOutBiasesAreFound(factor: Float) throws {
    for golden in try GoldenNetwork.all.get() {
      let golden = golden.scaled(by: factor)
      let actor = Set(ParameterLayout(golden.spec.actorOnly).entries.map(\.name))
      for entry in ParameterLayout(golden.spec).entries where entry.shape.count == 1 && actor.contains(entry.name) {
        guard golden.decides(by: entry.name) else { continue }
        for range in [entry.range, entry.offset..<(entry.offset + 1)] {
          var parameters = golden.parameters
          for place in range { parameters[place] = 0 }
          let comparison = try compared(golden, deployed: golden.policy(parameters))
          #expect(comparison.failure != nil, "\(golden), \(entry.name)[\(range.count)]: \(comparison.boundLine)")
        }
      }
    }
  }

  @Test func memoryThatIsNotClearedIsFound() throws {
    var cases = 0
    for golden in try GoldenNetwork.all.get() where golden.spec.hiddenCount > 0 && golden.restarts {
      cases += 1
      let comparison = try compared(
        golden, deployed: golden.policy(golden.parameters), Faults(forgetsStarts: true))
      #expect(comparison.failure != nil, "\(golden): \(comparison.boundLine)")
    }
    #expect(cases >= 16)
  }

  @Test func masksOneActionOffAreFound() throws {
    var cases = 0
    for golden in try GoldenNetwork.all.get() where golden.masks != nil {
      cases += 1
      let comparison = try compared(golden, deployed: golden.policy(golden.parameters), Faults(shiftsMasks: true))
      #expect(comparison.disagreements > 0 && comparison.failure != nil, "\(golden): \(comparison.boundLine)")
    }
    #expect(cases == 22)
  }

  /// What a refusal says: how much, of what, and what rounding could do.
  @Test func theRefusalNamesTheBound() throws {
    let golden = try #require(try GoldenNetwork.all.get().first { $0.spec.hiddenCount > 0 }).scaled(by: 1000)
    var parameters = golden.parameters
    parameters[0] += 0.1
    let failure = try #require(try compared(golden, deployed: golden.policy(parameters)).failure)
    for word in ["of its row's magnitude", "float32 itself", "products in \(golden.spec.policyTower.count + 2) layers"]
    {
      #expect(failure.contains(word), "\(failure)")
    }
  }

  @Test func numbersThatAreNoneNeverPass() throws {
    let spec = NetworkSpec(
      inputs: 2, actions: 2, memory: .none, policyTower: [], valueTower: [], activation: .tanh, hasValueHead: false)
    for bad in [Float.nan, .infinity] {
      var comparison = ParityComparison(spec)
      comparison.compare(
        [1, bad], deployed: [1, 2], magnitude: 2, choice: 0, mask: .all(count: 2), factors: ActionFactors(joint: 2))
      comparison.compare(
        [1, 2], deployed: [1, 2], magnitude: 2, choice: 1, mask: .all(count: 2), factors: ActionFactors(joint: 2))
      #expect(comparison.failure != nil, "\(bad)")
    }
    // Nothing that is added up: only the same is near enough.
    var zeros = ParityComparison(spec)
    zeros.compare(
      [0, 0], deployed: [0, 0], magnitude: 0, choice: 0, mask: .all(count: 2), factors: ActionFactors(joint: 2))
    #expect(zeros.failure == nil && zeros.nearTies == 1)
    zeros.compare(
      [0, 0], deployed: [0, 1e-6], magnitude: 0, choice: 0, mask: .all(count: 2), factors: ActionFactors(joint: 2))
    #expect(zeros.failure != nil)
  }
}

extension GoldenNetwork {
  /// Whether the numbers of that tensor are other than zero.
  fileprivate func decides(by name: String) -> Bool {
    guard let entry = ParameterLayout(spec).entry(name) else { return false }
    return parameters[entry.range].allSatisfy { abs($0) > 1e-5 }
  }
}
