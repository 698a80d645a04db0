// Parameters carried into a network that sees more and may do more: it acts as the old one while the rest is forced.

import AgentInterface
import Environments
import Inference
import Kernels
import Networks
import TestSupport
import Testing
import Training

@Suite struct TransplantTests {
  private static let oldColumns = ["AAA.return", "AAA.rsi", "AAA.position"]
  private static let newColumns = ["AAA.return", "AAA.rsi", "AAA.position", "BBB.return", "BBB.rsi", "BBB.position"]
  private static let oldActions = BasketAction.space(symbols: ["AAA"])
  private static let newActions = BasketAction.space(symbols: ["AAA", "BBB"])

  fileprivate struct Shape: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let memory: NetworkSpec.Memory
    let tower: [Int]

    func spec(inputs: Int, actions: Int) -> NetworkSpec {
      NetworkSpec(
        inputs: inputs, actions: actions, memory: memory, policyTower: tower, valueTower: tower, activation: .tanh,
        hasValueHead: true)
    }
  }

  private static let shapes = [
    Shape(testDescription: "linear", memory: .none, tower: []),
    Shape(testDescription: "towers", memory: .none, tower: [8, 5]),
    Shape(testDescription: "joint", memory: .lstm(hidden: 6, critic: .sharedJoint), tower: []),
    Shape(testDescription: "separate", memory: .lstm(hidden: 16, critic: .separate), tower: [7]),
    Shape(testDescription: "projected", memory: .lstm(hidden: 4, critic: .none), tower: [7]),
  ]

  private func policy(_ spec: NetworkSpec, _ parameters: [Float], _ statistics: StateRecord) throws -> InferencePolicy {
    let name = "normalizer/observation"
    return InferencePolicy(
      spec: spec, parameters: parameters,
      normalizer: ObservationNormalizer(
        mean: try #require(statistics.doubles[name + "_mean"]),
        variance: try #require(statistics.doubles[name + "_variance"]), count: 1), requiresMask: true)
  }

  /// Twenty steps, whatever the second block shows: the same logits for what is legal, and the same values.
  @Test(arguments: shapes) fileprivate func actsAsTheOldOneWhileTheRestIsForced(_ shape: Shape) throws {
    let (old, new) = (shape.spec(inputs: 3, actions: 3), shape.spec(inputs: 6, actions: 9))
    let store = ParameterStore(layout: ParameterLayout(old))
    var random = RandomStream(seed: 3, purpose: .initialization)
    for index in 0..<store.values.count { store.values.base[index] = Float(0.5 * random.nextNormal()) }
    let fresh = [Float](repeating: 7, count: ParameterLayout(new).count)
    let transplant = Transplant(
      from: .init(spec: old, columns: Self.oldColumns, actions: Self.oldActions),
      to: .init(spec: new, columns: Self.newColumns, actions: Self.newActions))
    #expect(transplant.problem == nil && transplant.difference != nil)
    let parameters = transplant.parameters(store.values.array, onto: fresh)
    #expect(!parameters.contains(7))
    var statistics = StateRecord()
    statistics.doubles["normalizer/observation_mean"] = [0.1, -0.2, 0.3]
    statistics.doubles["normalizer/observation_variance"] = [1, 2, 3]
    statistics.doubles["normalizer/observation_count"] = [1e6]
    let moved = transplant.statistics(of: statistics, countLimit: 4096)
    #expect(moved.doubles["normalizer/observation_count"] == [4096])
    #expect(moved.doubles["normalizer/observation_variance"] == [1, 2, 3, 1, 1, 1])

    var first = try policy(old, store.values.array, statistics).makeSession()
    var second = try policy(new, parameters, moved).makeSession()
    // The second symbol is held: three of nine actions.
    let mask = ActionMask(rawValue: 0b010_010_010)
    for step in 0..<20 {
      let seen = (0..<3).map { _ in Float(random.nextNormal()) }
      let more = (0..<3).map { _ in Float(random.nextNormal()) }
      let here = try first.decide(seen, mask: .all(count: 3), startsEpisode: step == 0)
      let there = try second.decide(seen + more, mask: mask, startsEpisode: step == 0)
      #expect(there.action == 3 * here.action + 1)
      #expect(abs((there.value ?? .nan) - (here.value ?? .infinity)) <= 1e-6)
      let (before, now) = (first.probabilities, second.probabilities)
      for action in 0..<3 { #expect(abs(now[3 * action + 1] - before[action]) <= 1e-6) }
    }
  }

  @Test func whatDoesNotFitIsNamed() {
    let shape = Self.shapes[2]
    func transplant(
      _ columns: [String], _ actions: ActionSpace, hidden: Int = 6
    ) -> Transplant {
      Transplant(
        from: .init(spec: shape.spec(inputs: 3, actions: 3), columns: Self.oldColumns, actions: Self.oldActions),
        to: .init(
          spec: NetworkSpec(
            inputs: columns.count, actions: actions.count, memory: .lstm(hidden: hidden, critic: .sharedJoint),
            policyTower: [], valueTower: [], activation: .tanh, hasValueHead: true), columns: columns, actions: actions)
      )
    }
    #expect(transplant(Self.oldColumns, Self.oldActions).difference == nil)
    #expect(transplant(Self.newColumns, Self.newActions).problem == nil)
    let reversed = transplant(Self.oldColumns.reversed(), Self.oldActions)
    #expect(reversed.problem == nil)
    #expect(reversed.difference == "among its columns is 'AAA.return' where this run has 'AAA.position'")
    #expect(transplant(Self.newColumns, Self.oldActions).difference == "it has 3 columns and this run 6")
    #expect(transplant(Array(Self.newColumns.dropFirst()), Self.newActions).problem?.contains("'AAA.return'") == true)
    #expect(transplant(Self.newColumns, BasketAction.space(symbols: ["BBB"])).problem?.contains("'sell BBB'") == true)
    let factored = ActionSpace(
      independent: ["AAA", "BBB"].map { .init(subject: $0, choices: BasketAction.verbs) }, fallback: [1, 1])
    for words in [
      transplant(Self.newColumns, factored).problem, transplant(Self.newColumns, factored).difference,
    ] { #expect(words == "it makes joint actions and this run independent choices") }
    #expect(transplant(Self.newColumns, Self.newActions, hidden: 7).problem?.contains("\"hidden\":6") == true)
  }
}
