// An actor-critic network and PPO's loss in double precision and plain loops: what the fast passes must equal.

import Glibc
package import Inference

/// The slow twin of the learner. Nothing is shared with the product but the layout of the parameters.
package struct ReferencePolicy {
  package let spec: NetworkSpec
  private let layout: ParameterLayout

  package init(_ spec: NetworkSpec) {
    self.spec = spec
    layout = ParameterLayout(spec)
  }

  /// The memories of one lane.
  package struct State {
    package var actorHidden: [Double]
    package var actorCell: [Double]
    package var criticHidden: [Double]
    package var criticCell: [Double]

    package init(hiddenCount: Int) {
      let zero = [Double](repeating: 0, count: hiddenCount)
      (actorHidden, actorCell, criticHidden, criticCell) = (zero, zero, zero, zero)
    }
  }

  /// One step of one lane. A critic that reads the actor's memory without training it reads one that runs on `frozen` parameters.
  package func step(
    _ parameters: [Double], frozen: [Double]? = nil, observation: [Double], isStart: Bool, state: inout State
  ) -> (logits: [Double], value: Double) {
    if isStart { state = State(hiddenCount: spec.hiddenCount) }
    var actorFeatures = observation
    var criticFeatures = observation
    if spec.hiddenCount > 0 {
      if spec.criticMemory == .sharedDetached {
        cell(
          frozen ?? parameters, "lstm_actor", observation, &state.criticHidden, &state.criticCell)
        criticFeatures = state.criticHidden
      }
      cell(parameters, "lstm_actor", observation, &state.actorHidden, &state.actorCell)
      actorFeatures = state.actorHidden
      switch spec.criticMemory {
      case .separate:
        cell(parameters, "lstm_critic", observation, &state.criticHidden, &state.criticCell)
        criticFeatures = state.criticHidden
      case .sharedJoint: criticFeatures = actorFeatures
      case .some(.none): criticFeatures = affine(parameters, "critic", observation)
      case .sharedDetached, nil: break
      }
    }
    for layer in spec.policyTower.indices {
      actorFeatures = affine(parameters, "mlp_extractor.policy_net.\(2 * layer)", actorFeatures).map(activate)
    }
    for layer in spec.valueTower.indices {
      criticFeatures = affine(parameters, "mlp_extractor.value_net.\(2 * layer)", criticFeatures).map(activate)
    }
    return (
      affine(parameters, "action_net", actorFeatures), affine(parameters, "value_net", criticFeatures)[0]
    )
  }

  private func activate(_ x: Double) -> Double { spec.activation == .tanh ? tanh(x) : max(0, x) }

  private func affine(_ parameters: [Double], _ name: String, _ x: [Double]) -> [Double] {
    let weight = layout.entry(name + ".weight")!
    let bias = layout.entry(name + ".bias")!
    return (0..<weight.shape[0]).map { row in
      var sum = parameters[bias.offset + row]
      for column in x.indices { sum += parameters[weight.offset + row * x.count + column] * x[column] }
      return sum
    }
  }

  private func cell(
    _ parameters: [Double], _ name: String, _ x: [Double], _ hidden: inout [Double], _ cell: inout [Double]
  ) {
    let units = spec.hiddenCount
    let inputWeight = layout.entry(name + ".weight_ih_l0")!.offset
    let hiddenWeight = layout.entry(name + ".weight_hh_l0")!.offset
    let inputBias = layout.entry(name + ".bias_ih_l0")!.offset
    let hiddenBias = layout.entry(name + ".bias_hh_l0")!.offset
    let gates = (0..<(4 * units)).map { gate in
      var sum = parameters[inputBias + gate] + parameters[hiddenBias + gate]
      for column in x.indices { sum += parameters[inputWeight + gate * x.count + column] * x[column] }
      for column in 0..<units { sum += parameters[hiddenWeight + gate * units + column] * hidden[column] }
      return sum
    }
    for unit in 0..<units {
      cell[unit] =
        sigmoid(gates[units + unit]) * cell[unit] + sigmoid(gates[unit]) * tanh(gates[2 * units + unit])
      hidden[unit] = sigmoid(gates[3 * units + unit]) * tanh(cell[unit])
    }
  }
}

/// One lane's experience for the reference loss.
package struct ReferenceLane {
  package var observations: [[Double]] = []
  package var isStart: [Bool] = []
  package var legal: [[Bool]] = []
  package var actions: [Int] = []
  package var oldLogProbabilities: [Double] = []
  package var oldValues: [Double] = []
  package var advantages: [Double] = []
  package var returns: [Double] = []

  package init() {}
}

extension ReferencePolicy {
  /// PPO's loss over whole lanes, with normalised advantages: policy + valueCoefficient value - entropyCoefficient entropy.
  package func loss(
    _ parameters: [Double], frozen: [Double], lanes: [ReferenceLane], clipRange: Double, clipRangeValue: Double?,
    entropyCoefficient: Double, valueCoefficient: Double
  ) -> Double {
    let advantages = lanes.flatMap(\.advantages)
    let count = Double(advantages.count)
    let mean = advantages.reduce(0, +) / count
    let deviation = (advantages.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)).squareRoot()
    var total = 0.0
    for lane in lanes {
      var state = State(hiddenCount: spec.hiddenCount)
      for step in lane.actions.indices {
        let output = self.step(
          parameters, frozen: frozen, observation: lane.observations[step], isStart: lane.isStart[step], state: &state)
        let distribution = ReferencePolicy.distribution(output.logits, legal: lane.legal[step])
        let advantage = (lane.advantages[step] - mean) / (deviation + 1e-8)
        let ratio = exp(distribution.log[lane.actions[step]] - lane.oldLogProbabilities[step])
        total -= min(advantage * ratio, advantage * min(max(ratio, 1 - clipRange), 1 + clipRange))
        total -= entropyCoefficient * distribution.entropy
        var value = output.value
        if let range = clipRangeValue {
          value = lane.oldValues[step] + min(max(value - lane.oldValues[step], -range), range)
        }
        total += valueCoefficient * (lane.returns[step] - value) * (lane.returns[step] - value)
      }
    }
    return total / count
  }

  /// Log-probabilities over the legal actions (-infinity elsewhere) and the entropy.
  package static func distribution(_ logits: [Double], legal: [Bool]) -> (log: [Double], entropy: Double) {
    let largest = zip(logits, legal).filter(\.1).map(\.0).max()!
    let sum = zip(logits, legal).reduce(0.0) { $0 + ($1.1 ? exp($1.0 - largest) : 0) }
    let logarithms = zip(logits, legal).map { $1 ? $0 - largest - log(sum) : -.infinity }
    return (logarithms, -logarithms.filter { $0.isFinite }.reduce(0) { $0 + exp($1) * $1 })
  }

  /// The central difference of the loss along every parameter; `width` is the distance to either side.
  package func centralDifferences(
    _ parameters: [Double], width: Double = 1e-5, loss: (_ parameters: [Double], _ frozen: [Double]) -> Double
  ) -> [Double] {
    var moved = parameters
    return parameters.indices.map { index in
      moved[index] = parameters[index] + width
      let above = loss(moved, parameters)
      moved[index] = parameters[index] - width
      let below = loss(moved, parameters)
      moved[index] = parameters[index]
      return (above - below) / (2 * width)
    }
  }
}

private func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
