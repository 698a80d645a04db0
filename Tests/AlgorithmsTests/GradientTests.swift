// The gradient of the whole loss against central differences in double precision.

import AgentInterface
import Algorithms
import Inference
import Kernels
import Networks
import OpCases
import TestSupport
import Testing

/// One network and one way of cutting.
struct GradientCase: CustomTestStringConvertible, Sendable {
  let name: String
  let spec: NetworkSpec
  let scheme: MinibatchScheme
  let isMasked: Bool

  var testDescription: String { name }

  static let all: [GradientCase] = OpCases.lossSpecs.flatMap { name, spec in
    let ways: [(scheme: MinibatchScheme, isMasked: Bool)] =
      if spec.hiddenCount == 0 {
        [(.shuffled, false), (.shuffled, true)]
      } else if spec.policyTower.isEmpty {
        // Panels of sixteen units are fused with the loss: cut either way.
        spec.hiddenCount == 16 ? [(.lanes, false), (.rotation, true)] : [(.lanes, false)]
      } else {
        (spec.activation == .tanh ? [.lanes, .rotation] : [.rotation]).map { ($0, true) }
      }
    return ways.map { way in
      GradientCase(
        name: "\(name) \(way.scheme) masked \(way.isMasked)", spec: spec, scheme: way.scheme, isMasked: way.isMasked)
    }
  }
}

/// A learner whose rollout and parameters are random numbers, and the same in the reference's form.
func randomLearner(
  _ spec: NetworkSpec, scheme: MinibatchScheme, isMasked: Bool, horizon: Int, lanes: Int, seed: UInt64
) -> (ppo: PPO, lanes: [ReferenceLane]) {
  var configuration = PPO.Configuration()
  configuration.horizon = horizon
  configuration.batchSize = horizon * lanes
  configuration.clipRange = 0.2
  configuration.clipRangeValue = 0.6
  configuration.entropyCoefficient = 0.02
  configuration.minibatchScheme = scheme
  let ppo = PPO(
    configuration: configuration, spec: spec, laneCount: lanes, masked: isMasked, seed: seed,
    pool: WorkerPool(workerCount: 1))
  var random = RandomStream(seed: seed, purpose: .market)
  for index in 0..<ppo.parameters.layout.count { ppo.parameters.values.base[index] = Float(0.5 * random.nextNormal()) }
  ppo.refresh()
  let rollout = ppo.rollout
  let allLegal = ActionMask.all(count: spec.actions)
  for index in 0..<(horizon * lanes) {
    for column in 0..<spec.inputs { rollout.observations[index * spec.inputs + column] = Float(random.nextNormal()) }
    rollout.masks[index] = ActionMask(rawValue: (random.next() | 2) & allLegal.rawValue)
    let legal = (0..<spec.actions).filter { !isMasked || rollout.masks[index].allows($0) }
    rollout.actions[index] = ActionNumber(legal[Int(random.nextInteger(below: UInt64(legal.count)))])
    rollout.starts[index] = index < lanes || random.nextDouble() < 0.2 ? 1 : 0
    rollout.values[index] = Float(0.5 * random.nextNormal())
    rollout.advantages[index] = Float(random.nextNormal() + 0.3)
    rollout.returns[index] = Float(random.nextNormal())
  }
  // Recurrent state at every row and the old log-probabilities come from the reference; the latter are moved off by about the clip range.
  let reference = ReferencePolicy(spec)
  let parameters = ppo.parameters.values.array.map(Double.init)
  let result = (0..<lanes).map { lane in
    var record = ReferenceLane()
    var state = ReferencePolicy.State(hiddenCount: spec.hiddenCount)
    for step in 0..<horizon {
      let index = step * lanes + lane
      let observation = (0..<spec.inputs).map { Double(rollout.observations[index * spec.inputs + $0]) }
      let legal = (0..<spec.actions).map { !isMasked || rollout.masks[index].allows($0) }
      store(state, row: step, lane: lane, of: ppo)
      let output = reference.step(
        parameters, observation: observation, isStart: rollout.starts[index] != 0, state: &state)
      let log = ReferencePolicy.distribution(output.logits, legal: legal).log
      let action = Int(rollout.actions[index])
      rollout.logProbabilities[index] = Float(log[action] + 0.25 * random.nextNormal())
      record.observations.append(observation)
      record.isStart.append(rollout.starts[index] != 0)
      record.legal.append(legal)
      record.actions.append(action)
      record.oldLogProbabilities.append(Double(rollout.logProbabilities[index]))
      record.oldValues.append(Double(rollout.values[index]))
      record.advantages.append(Double(rollout.advantages[index]))
      record.returns.append(Double(rollout.returns[index]))
    }
    return record
  }
  return (ppo, result)
}

private func store(_ state: ReferencePolicy.State, row: Int, lane: Int, of ppo: PPO) {
  let rollout = ppo.rollout
  guard row < rollout.stateRowCount else { return }
  let offset = (row * rollout.laneCount + lane) * rollout.hiddenCount
  for unit in 0..<rollout.hiddenCount {
    rollout.states.actorHidden?[offset + unit] = Float(state.actorHidden[unit])
    rollout.states.actorCell?[offset + unit] = Float(state.actorCell[unit])
    rollout.states.criticHidden?[offset + unit] = Float(state.criticHidden[unit])
    rollout.states.criticCell?[offset + unit] = Float(state.criticCell[unit])
  }
}

/// Every parameter's gradient, through minibatches of several slices, with value clipping, entropy and normalised advantages.
@Test(arguments: GradientCase.all)
func gradientEqualsCentralDifferences(_ test: GradientCase) {
  let (ppo, lanes) = randomLearner(
    test.spec, scheme: test.scheme, isMasked: test.isMasked, horizon: 7, lanes: 10, seed: 11)
  let order: EpochOrder =
    switch test.scheme {
    case .shuffled: .permutation((0..<70).map { Int32(($0 * 41) % 70) })
    case .rotation: .split(0)
    case .lanes: .blocks([0])
    }
  let record = ppo.gradient(ofMinibatch: 0, order: order, clipRange: 0.2)
  let found = ppo.parameters.gradients.array
  let reference = ReferencePolicy(test.spec)
  let parameters = ppo.parameters.values.array.map(Double.init)
  func loss(_ values: [Double], _ frozen: [Double]) -> Double {
    reference.loss(
      values, frozen: frozen, lanes: lanes, clipRange: 0.2, clipRangeValue: 0.6, entropyCoefficient: 0.02,
      valueCoefficient: 0.5)
  }
  #expect(abs(record.loss - loss(parameters, parameters)) < 2e-6)
  #expect(record.clipFraction > 0.1 && record.clipFraction < 0.9)
  // In `rotation` each sequence begins from a stored state, through which no gradient flows; with the split at 0 and whole lanes in one
  // minibatch the sequences are cut at episode starts alone, where none flows either.
  let expected = reference.centralDifferences(parameters, width: OpCases.lossStep, loss: loss)
  let largest = expected.map(abs).max()!
  for entry in ppo.parameters.layout.entries {
    #expect(entry.range.contains { abs(expected[$0]) > 1e-3 * largest }, "\(entry.name) is not moved by the loss")
  }
  let problem = OpCases.lossBound.problem(found.map(Double.init), expected)
  #expect(problem == nil)
}

/// Illegal actions have no gradient: with every action but one forbidden everywhere, the policy side does not move.
@Test func forbiddenActionsPullNowhere() {
  let spec = NetworkSpec(
    inputs: 4, actions: 3, memory: .lstm(hidden: 3, critic: .separate), policyTower: [5], valueTower: [],
    activation: .tanh,
    hasValueHead: true)
  let (ppo, _) = randomLearner(spec, scheme: .lanes, isMasked: true, horizon: 5, lanes: 6, seed: 3)
  for index in 0..<30 {
    ppo.rollout.masks[index] = ActionMask(rawValue: 0b010)
    ppo.rollout.actions[index] = 1
  }
  _ = ppo.gradient(ofMinibatch: 0, order: .blocks([0]), clipRange: 0.2)
  for entry in ppo.parameters.layout.entries {
    let isPolicy = ["lstm_actor", "action_net", "mlp_extractor.policy_net"].contains { entry.name.hasPrefix($0) }
    let gradient = entry.range.map { ppo.parameters.gradients.base[$0] }
    #expect(gradient.allSatisfy { $0 == 0 } == isPolicy, "\(entry.name)")
  }
}
