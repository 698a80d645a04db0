// Decisions: memory carried and cleared, masks kept, bad questions refused, the forward pass equal to its plain twin.

import AgentInterface
import Inference
import Kernels
import Testing

@Suite struct PolicySessionTests {
  static let specs: [NetworkSpec] =
    NetworkSpec.CriticMemory.allCases.flatMap { [Sample.recurrent($0), Sample.recurrent($0, hidden: 16)] } + [
      Sample.recurrent(hasValueHead: false),
      NetworkSpec(
        inputs: 9, actions: 3, memory: .none, policyTower: [12, 5, 8], valueTower: [4], activation: .relu,
        hasValueHead: true),
      NetworkSpec(
        inputs: 3, actions: 64, memory: .none, policyTower: [], valueTower: [], activation: .tanh, hasValueHead: true),
      NetworkSpec(
        inputs: 1, actions: 1, memory: .lstm(hidden: 1, critic: .separate), policyTower: [], valueTower: [],
        activation: .relu, hasValueHead: true),
      actionValues, dueling,
    ]

  static let actionValues = NetworkSpec(
    inputs: 5, actions: 4, memory: .none, policyTower: [7, 6], valueTower: [], activation: .relu, hasValueHead: false,
    kind: .actionValues)
  static let dueling = NetworkSpec(
    inputs: 5, actions: 4, memory: .none, policyTower: [7], valueTower: [6], activation: .tanh, hasValueHead: true,
    kind: .dueling)

  @Test(arguments: specs)
  func equalsThePlainTwinWithRandomEpisodeEnds(spec: NetworkSpec) throws {
    let parameters = Sample.parameters(spec, seed: 17)
    var twin = PlainNetwork(spec: spec, parameters: parameters)
    var session = InferencePolicy(spec: spec, parameters: parameters, requiresMask: false).makeSession()
    var stream = RandomStream(seed: 2, purpose: .episodeStart)
    for (step, observation) in Sample.observations(rows: 96, columns: spec.inputs, seed: 8).enumerated() {
      let starts = step == 0 || stream.nextDouble() < 0.1
      let decision = try session.decide(observation, mask: nil, startsEpisode: starts)
      let expected = twin.step(observation.map(Double.init), startsEpisode: starts)
      // Float rounding of sums of up to 64 products of order 1 and three functions of 3 ulp: well below 2e-5.
      for (found, exact) in zip(session.logits, expected.logits) {
        #expect(abs(Double(found) - exact) <= 2e-5, "step \(step): \(found) and \(exact)")
      }
      #expect((decision.value == nil) == (expected.value == nil))
      if let found = decision.value, let exact = expected.value { #expect(abs(Double(found) - exact) <= 2e-5) }
    }
  }

  @Test func memoryIsCarriedAndClearedAndRestored() throws {
    let spec = Sample.recurrent()
    let policy = InferencePolicy(spec: spec, parameters: Sample.parameters(spec, seed: 1), requiresMask: false)
    let rows = Sample.observations(rows: 12, columns: spec.inputs, seed: 2)
    var first = policy.makeSession()
    var logits: [[Float]] = []
    for (index, row) in rows.enumerated() {
      _ = try first.decide(row, mask: nil, startsEpisode: index == 0)
      logits.append(first.logits)
    }
    // The same row means something else after another past.
    var fresh = policy.makeSession()
    _ = try fresh.decide(rows[11], mask: nil, startsEpisode: true)
    #expect(fresh.logits != logits[11])
    // A new episode forgets everything: the same answers again, bit for bit.
    for (index, row) in rows.enumerated() {
      _ = try first.decide(row, mask: nil, startsEpisode: index == 0)
      #expect(first.logits == logits[index])
    }
    // A second session that takes over the memory in the middle goes on as the first would.
    var before = policy.makeSession()
    for index in 0..<6 { _ = try before.decide(rows[index], mask: nil, startsEpisode: index == 0) }
    var after = policy.makeSession()
    after.restore(before.state, critic: before.criticState)
    #expect(after.state == before.state && before.state.hidden.contains { $0 != 0 })
    for index in 6..<12 {
      _ = try after.decide(rows[index], mask: nil, startsEpisode: false)
      #expect(after.logits == logits[index])
    }
  }

  @Test func masksAreKeptAndConfidenceIsAProbability() throws {
    let spec = Sample.recurrent(.sharedJoint)
    let policy = InferencePolicy(spec: spec, parameters: Sample.parameters(spec, seed: 3), requiresMask: true)
    var session = policy.makeSession()
    var stream = RandomStream(seed: 4, purpose: .market)
    var chosen: Set<Int> = []
    for (step, row) in Sample.observations(rows: 2000, columns: spec.inputs, seed: 5).enumerated() {
      let mask = ActionMask(rawValue: stream.nextInteger(below: 31) + 1)
      let rule: ActionSelection.Rule = step.isMultiple(of: 2) ? .greedy : .sample(uniform: stream.nextDouble())
      let decision = try session.decide(row, mask: mask, startsEpisode: step % 97 == 0, rule: rule)
      chosen.insert(Int(decision.action))
      #expect(mask.allows(Int(decision.action)))
      #expect(decision.confidence > 0 && decision.confidence <= 1 && decision.logProbability <= 0)
      #expect(decision.confidence == session.probabilities[Int(decision.action)])
      #expect(decision.entropy >= 0 && Double(decision.entropy) <= naturalLogarithm(Double(mask.legalCount)) + 1e-5)
      for action in 0..<5 where !mask.allows(action) { #expect(session.probabilities[action] == 0) }
      if rule == .greedy {
        let best = (0..<5).filter { mask.allows($0) }.max { session.logits[$0] < session.logits[$1] }
        #expect(Int(decision.action) == best)
      }
    }
    #expect(chosen.count == 5 && session.decisionCount == 2000)
  }

  @Test func badQuestionsAreRefusedAndLeaveTheMemoryAlone() throws {
    let spec = Sample.recurrent()
    let policy = InferencePolicy(spec: spec, parameters: Sample.parameters(spec, seed: 6), requiresMask: true)
    let row = Sample.observations(rows: 1, columns: 6, seed: 7)[0]
    let all = ActionMask.all(count: 5)
    var untouched = policy.makeSession()
    do {
      _ = try untouched.decide(row, mask: all, startsEpisode: false)
      Issue.record("an episode that never began was continued")
    } catch {
      #expect(error == .episodeNotStarted)
    }
    var session = policy.makeSession()
    _ = try session.decide(row, mask: all, startsEpisode: true)
    let memory = session.state
    var notFinite = row
    notFinite[4] = .nan
    var infinite = row
    infinite[2] = -.infinity
    let questions: [([Float], ActionMask?, DecisionError)] = [
      (Array(row.dropLast()), all, .wrongObservationLength(expected: 6, found: 5)),
      ([], all, .wrongObservationLength(expected: 6, found: 0)),
      (row + [0], all, .wrongObservationLength(expected: 6, found: 7)),
      (notFinite, all, .observationNotFinite(column: 4)), (infinite, all, .observationNotFinite(column: 2)),
      (row, nil, .missingMask), (row, ActionMask(rawValue: 0), .emptyMask),
      (row, ActionMask(rawValue: 0b100001), .maskBeyondActions(actions: 5, highest: 5)),
    ]
    for (observation, mask, expected) in questions {
      for startsEpisode in [true, false] {
        do {
          _ = try session.decide(observation, mask: mask, startsEpisode: startsEpisode)
          Issue.record("not refused: \(expected)")
        } catch {
          #expect(error == expected)
          #expect(error.description == "\(error.reason); \(error.remedy)")
        }
        #expect(session.state == memory && session.decisionCount == 1)
      }
    }
  }

  @Test(arguments: [
    (
      DecisionError.wrongObservationLength(expected: 6, found: 5), "the observation has 5 columns, the policy reads 6",
      "send the bundle's columns in their order"
    ),
    (
      .observationNotFinite(column: 4), "column 4 of the observation is not a finite number",
      "mend the data before asking for a decision"
    ),
    (
      .missingMask, "the policy was trained with action masks and got none",
      "send the mask of legal actions with every observation"
    ),
    (.emptyMask, "the mask allows no action", "at least one action must be legal"),
    (
      .maskBeyondActions(actions: 5, highest: 7), "the mask allows action 7, the policy has 5 actions, counted from 0",
      "send one flag for each"
    ),
    (
      .episodeNotStarted, "the policy has a memory and saw no episode begin",
      "mark the first observation of the episode as its start"
    ),
    (
      .outputNotFinite(action: 3), "the network's output for action 3 is not a finite number",
      "the policy is unusable, export a sound one"
    ),
  ])
  func aRefusalSaysWhatIsWrongAndWhatToDo(error: DecisionError, reason: String, remedy: String) {
    #expect(error.reason == reason)
    #expect(error.remedy == remedy)
  }

  @Test func anOutputThatIsNoNumberIsRefused() throws {
    let spec = Sample.recurrent()
    var parameters = Sample.parameters(spec, seed: 6)
    guard let bias = ParameterLayout(spec).entry("action_net.bias") else {
      Issue.record("no action bias")
      return
    }
    parameters[bias.offset + 3] = .infinity
    var session = InferencePolicy(spec: spec, parameters: parameters, requiresMask: false).makeSession()
    do {
      _ = try session.decide([1, 2, 3, 4, 5, 6], mask: nil, startsEpisode: true)
      Issue.record("an infinite logit was used")
    } catch {
      #expect(error == .outputNotFinite(action: 3))
    }
    #expect(session.state == RecurrentState(zeroUnits: 11))
  }

  @Test(arguments: specs)
  func theActorAloneDecidesTheSame(spec: NetworkSpec) throws {
    let policy = InferencePolicy(spec: spec, parameters: Sample.parameters(spec, seed: 12), requiresMask: false)
    var whole = policy.makeSession()
    var actor = policy.actorOnly.makeSession()
    for (step, row) in Sample.observations(rows: 20, columns: spec.inputs, seed: 13).enumerated() {
      _ = try whole.decide(row, mask: nil, startsEpisode: step % 9 == 0)
      let decision = try actor.decide(row, mask: nil, startsEpisode: step % 9 == 0)
      #expect(whole.logits == actor.logits && decision.value == nil)
    }
  }
}
