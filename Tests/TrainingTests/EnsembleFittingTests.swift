// Plans of ensembles, and what is fitted on the selection window: weights that find the member who knows, temperatures that make action values
// as decided as the others.

import Algorithms
import Evaluation
import Glibc
import Inference
import RunSupport
import Storage
import TestSupport
import Testing
import Text

@testable import Training

@Suite struct EnsembleFittingTests {
  private func plan(_ text: String) throws -> EnsemblePlan {
    try withScratchFolder { folder in
      let path = FileSystem.join(folder, "plan.yaml")
      try AtomicWrite.write(text: "environment: {name: leak}\n" + text, to: path)
      return try EnsemblePlan(yamlFile: path, families: .product)
    }
  }

  // MARK: Plans

  @Test func weightsAreCustomaryOrAlikeOrGiven() throws {
    let customary = try plan(
      "members: [{algorithm: {name: dqn}}, {algorithm: {name: ppo_lstm}, seeds: [1, 2]}, {algorithm: {name: a2c}}]\n")
    #expect(customary.members.map(\.name) == ["dqn", "ppo_lstm-1", "ppo_lstm-2", "a2c"])
    #expect(customary.members.map(\.weight) == [200_000, 250_000, 250_000, 300_000])
    #expect(customary.members.map(\.configuration.run.seed) == [0, 1, 2, 0])
    #expect(customary.rule == .softVote && customary.weights == .given)
    let alike = try plan("members: [{name: b, algorithm: {name: a2c}}, {seeds: [3, 4, 5]}]\n")
    #expect(alike.members.map(\.weight) == [500_000, 166_667, 166_667, 166_666])
    let given = try plan(
      "members: [{name: b, weight: 3}, {weight: 0.25}]\ncombination: {rule: hard_vote, weights: fitted}\n")
    #expect(given.members.map(\.weight) == [3_000_000, 250_000] && given.rule == .hardVote && given.weights == .fitted)
    #expect(
      try EnsemblePlan(json: given.json, path: "p", families: .product) == given && given.difference(from: given) == nil
    )
    #expect(given.difference(from: alike)?.contains("b, ppo_lstm_mask-3") == true)
    // What another program wrote there is no weight.
    for weight in ["-1", "1000000001", "9223372036854775807", "1e300"] {
      let text = given.json.text.replacing("\"weight\":3000000", with: "\"weight\":\(weight)")
      let forged = try JSON.parse(text)
      #expect(forged != given.json)
      #expect(trainingError { try EnsemblePlan(json: forged, path: "p", families: .product) } != nil, "\(weight)")
    }
  }

  @Test func aMembersSectionsLieOverTheSharedOnes() throws {
    let plan = try plan(
      """
      run: {total_timesteps: 1000, workers: 2}
      algorithm: {name: ppo, gamma: 0.5}
      members:
        - {name: one, run: {total_timesteps: 2000}}
        - {name: two, algorithm: {gamma: 0.75}}
        - {name: three, algorithm: {name: a2c}}

      """)
    #expect(plan.members.map(\.configuration.run.totalTimesteps) == [2000, 1000, 1000])
    #expect(plan.members.map(\.configuration.learner.discount) == [0.5, 0.75, 0.99])
    #expect(plan.members.allSatisfy { $0.configuration.run.workers == 2 })
  }

  // MARK: Weights

  @Test func weightingsShareOutTheWhole() {
    for (members, count) in [(1, 1), (2, 11), (3, 66), (4, 286), (5, 715), (50, 50), (256, 256)] {
      let candidates = EnsembleFitting.candidates(members)
      #expect(candidates.count == count && Set(candidates).count == count)
      for shares in candidates {
        #expect(shares.count == members && shares.allSatisfy { $0 >= 0 })
        #expect((999_990...1_000_000).contains(shares.reduce(0, +)))
      }
    }
  }

  /// Logits that are linear in the leak's columns: the next return and the position.
  private func linear(_ slope: Float, kind: NetworkSpec.Kind = .actorCritic) -> InferencePolicy {
    let spec = NetworkSpec(
      inputs: 2, actions: 3, memory: .none, policyTower: [], valueTower: [], activation: .tanh, hasValueHead: false,
      kind: kind)
    let layout = ParameterLayout(spec)
    var parameters = [Float](repeating: 0, count: layout.count)
    if let weights = layout.entries.first(where: { $0.shape == [3, 2] }) {
      parameters[weights.range.lowerBound] = -slope
      parameters[weights.range.lowerBound + 4] = slope
    }
    return InferencePolicy(spec: spec, parameters: parameters, requiresMask: false)
  }

  @Test func fittedWeightsFindTheMemberWhoKnows() throws {
    let factory = try EnvironmentFactory(smallConfiguration("leak", .ppo))
    let members = [
      DeployedPolicy.Member(name: "wrong", policy: linear(-3), weight: 500_000),
      .init(name: "right", policy: linear(2), weight: 300_000),
      .init(name: "worse", policy: linear(-1), weight: 200_000),
    ]
    let given = try EnsembleFitting(
      members, rule: .softVote, fallback: 1, weights: .given, factory: factory, seed: 1)
    #expect(given.score.meanReward < 0 && given.triedWeights == 0 && given.bestMember == 1)
    #expect(given.policy.members.map(\.weight) == [500_000, 300_000, 200_000] && given.targetEntropy == nil)
    let fitted = try EnsembleFitting(
      members, rule: .softVote, fallback: 1, weights: .fitted, factory: factory, seed: 1)
    #expect(fitted.triedWeights == 66 && fitted.score.meanReward > 0)
    #expect(abs(fitted.score.meanReward - fitted.memberScores[1].meanReward) < 1e-9)
    #expect(fitted.policy.members[1].weight > 500_000)
    // The same window and seed give the same weights.
    let again = try EnsembleFitting(
      members, rule: .softVote, fallback: 1, weights: .fitted, factory: factory, seed: 1)
    #expect(again.policy.members.map(\.weight) == fitted.policy.members.map(\.weight))
  }

  // MARK: Temperatures

  /// Action values that are the logits of another member times a factor get just that factor as their temperature.
  @Test func aTemperatureMakesActionValuesAsDecidedAsTheOthers() throws {
    let factory = try EnvironmentFactory(smallConfiguration("leak", .ppo))
    for factor in [0.01, 1, 40] as [Float] {
      let fitting = try EnsembleFitting(
        [
          .init(name: "logits", policy: linear(1.5), weight: 1),
          .init(name: "values", policy: linear(1.5 * factor, kind: .actionValues), weight: 1),
        ], rule: .softVote, fallback: 1, weights: .given, factory: factory, seed: 1)
      let found = fitting.policy.members[1].temperature
      #expect(abs(found / Double(factor) - 1) < 1e-3, "\(found) for \(factor)")
      #expect(fitting.policy.members[0].temperature == 1)
      let entropy = try #require(fitting.targetEntropy)
      #expect(entropy > 0 && entropy < log(3))
    }
    // Nobody to be compared with: half of the largest entropy there is.
    let alone = try EnsembleFitting(
      [.init(name: "values", policy: linear(9, kind: .actionValues), weight: 1)], rule: .softVote, fallback: 1,
      weights: .given, factory: factory, seed: 1)
    #expect(abs(try #require(alone.targetEntropy) - log(3) / 2) < 1e-9 && alone.policy.members[0].temperature > 1)
  }

  // MARK: What cannot decide

  /// A policy whose numbers are none is a failure with a cause, and no gate's refusal.
  @Test func aPolicyThatCannotDecideIsNoRefusal() throws {
    func expectCause(_ error: TrainingError?) {
      guard case .decision(.outputNotFinite)? = error else {
        Issue.record("another error: \(String(describing: error))")
        return
      }
      #expect(error?.exitCode == 1 && error?.description.contains("is not a finite number") == true)
    }
    let factory = try EnvironmentFactory(smallConfiguration("leak", .ppo))
    let broken = linear(.infinity)
    expectCause(trainingError { try SelectionScore.score(broken.deployed, factory: factory, seed: 1) })
    expectCause(
      trainingError {
        try EnsembleFitting(
          [
            .init(name: "broken", policy: broken, weight: 1),
            .init(name: "values", policy: linear(1, kind: .actionValues), weight: 1),
          ], rule: .softVote, fallback: 1, weights: .given, factory: factory, seed: 1)
      })
    let unwritten = TrainingError.observation(.notFinite(decision: 3, column: 2, value: .infinity))
    #expect(unwritten.exitCode == 1 && unwritten.description.contains("decision 3, column 2"))
    #expect(TrainingError.refused("no").exitCode == 2)
  }

  // MARK: The table

  @Test func theTableFitsATerminal() {
    var members = (0..<9).map {
      MemberStatus(name: "a_member_with_a_long_name_\($0)", algorithm: "ppo", totalSteps: 123_456_789)
    }
    members[3].state = .training
    members[3].step = 7_654_321
    members[3].stepsPerSecond = 1_234_567
    members[3].reward = -123_456.789
    members[5].state = .failed("it was killed")
    let lines = EnsembleTable.lines(members)
    #expect(lines.count == 10 && lines.allSatisfy { $0.count <= 80 })
    #expect(lines[4].contains("training") && lines[4].hasSuffix("1 min 34 s"), "\(lines[4])")
    let cut = EnsembleTable.lines(members, limit: 5)
    #expect(cut.count == 5 && cut[1].contains("training") && cut[2].contains("failed") && cut[4] == "and 6 more")
  }
}
