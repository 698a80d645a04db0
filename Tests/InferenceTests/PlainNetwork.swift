// The forward pass once more, as plainly as it can be said, in double precision: the twin of the deployed one.

import Glibc
import Inference
import Kernels

func exponential(_ x: Double) -> Double { exp(x) }
func naturalLogarithm(_ x: Double) -> Double { log(x) }

/// A network by its named parameters, evaluated with loops over arrays. Gate rows i, f, g, o; both LSTM biases added.
struct PlainNetwork {
  let spec: NetworkSpec
  let named: [String: [Double]]
  private var memories: [String: (hidden: [Double], cell: [Double])] = [:]

  init(spec: NetworkSpec, parameters: [Float]) {
    self.spec = spec
    named = Dictionary(
      uniqueKeysWithValues: ParameterLayout(spec).entries.map { ($0.name, parameters[$0.range].map(Double.init)) })
  }

  private func affine(_ weight: String, _ bias: String, _ x: [Double]) -> [Double] {
    let (w, b) = (named[weight] ?? [], named[bias] ?? [])
    return b.indices.map { row in x.indices.reduce(b[row]) { $0 + w[row * x.count + $1] * x[$1] } }
  }

  private func tower(_ name: String, _ widths: [Int], _ x: [Double]) -> [Double] {
    widths.indices.reduce(x) { value, layer in
      affine("\(name).\(2 * layer).weight", "\(name).\(2 * layer).bias", value)
        .map { spec.activation == .tanh ? tanh($0) : max($0, 0) }
    }
  }

  private mutating func lstm(_ name: String, _ x: [Double], startsEpisode: Bool) -> [Double] {
    let count = spec.hiddenCount
    let zero = [Double](repeating: 0, count: count)
    var memory = startsEpisode ? (zero, zero) : memories[name] ?? (zero, zero)
    let fromInput = affine("\(name).weight_ih_l0", "\(name).bias_ih_l0", x)
    let fromHidden = affine("\(name).weight_hh_l0", "\(name).bias_hh_l0", memory.0)
    func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
    for unit in 0..<count {
      func gate(_ block: Int) -> Double { fromInput[block * count + unit] + fromHidden[block * count + unit] }
      memory.1[unit] = sigmoid(gate(1)) * memory.1[unit] + sigmoid(gate(0)) * tanh(gate(2))
      memory.0[unit] = sigmoid(gate(3)) * tanh(memory.1[unit])
    }
    memories[name] = memory
    return memory.0
  }

  mutating func step(_ x: [Double], startsEpisode: Bool) -> (logits: [Double], value: Double?) {
    let features = spec.hiddenCount > 0 ? lstm("lstm_actor", x, startsEpisode: startsEpisode) : x
    // Action values end in the last layer of their tower.
    let names =
      switch spec.kind {
      case .actorCritic: ("mlp_extractor.policy_net", "mlp_extractor.value_net", "action_net", "value_net")
      case .actionValues: ("q_net.q_net", "", "q_net.q_net.\(2 * spec.policyTower.count)", "")
      case .dueling:
        (
          "q_net.advantage_net", "q_net.value_net", "q_net.advantage_net.\(2 * spec.policyTower.count)",
          "q_net.value_net.\(2 * spec.valueTower.count)"
        )
      }
    let logits = affine(names.2 + ".weight", names.2 + ".bias", tower(names.0, spec.policyTower, features))
    guard spec.hasValueHead else { return (logits, nil) }
    let own: [Double]
    switch spec.criticMemory {
    case .separate: own = lstm("lstm_critic", x, startsEpisode: startsEpisode)
    case .some(.none): own = affine("critic.weight", "critic.bias", x)
    case .sharedDetached, .sharedJoint, nil: own = features
    }
    return (logits, affine(names.3 + ".weight", names.3 + ".bias", tower(names.1, spec.valueTower, own))[0])
  }
}

/// Seeded policies and observations for tests.
enum Sample {
  static func parameters(_ spec: NetworkSpec, seed: UInt64) -> [Float] {
    var stream = RandomStream(seed: seed, purpose: .initialization)
    return (0..<ParameterLayout(spec).count).map { _ in Float(stream.nextNormal() * 0.4) }
  }

  static func observations(rows: Int, columns: Int, seed: UInt64) -> [[Float]] {
    var stream = RandomStream(seed: seed, purpose: .market)
    return (0..<rows).map { _ in (0..<columns).map { _ in Float(stream.nextNormal()) } }
  }

  static func recurrent(
    _ critic: NetworkSpec.CriticMemory = .separate, hidden: Int = 11, hasValueHead: Bool = true
  ) -> NetworkSpec {
    NetworkSpec(
      inputs: 6, actions: 5, memory: .lstm(hidden: hidden, critic: critic), policyTower: [7], valueTower: [9],
      activation: .tanh, hasValueHead: hasValueHead)
  }
}
