// Policies small enough to be written down.

import Inference
import Kernels

enum ToyPolicy {
  /// logits = weights x + biases; weights: one row an action.
  static func linear(weights: [[Float]], biases: [Float], requiresMask: Bool = true) -> InferencePolicy {
    let spec = NetworkSpec(
      inputs: weights[0].count, actions: weights.count, memory: .none, policyTower: [], valueTower: [],
      activation: .tanh, hasValueHead: false)
    let layout = ParameterLayout(spec)
    var parameters = [Float](repeating: 0, count: layout.count)
    if let entry = layout.entry("action_net.weight") {
      parameters.replaceSubrange(entry.range, with: weights.flatMap { $0 })
    }
    if let entry = layout.entry("action_net.bias") { parameters.replaceSubrange(entry.range, with: biases) }
    return InferencePolicy(spec: spec, parameters: parameters, requiresMask: requiresMask)
  }

  /// An LSTM with random parameters.
  static func recurrent(inputs: Int, actions: Int, seed: UInt64, requiresMask: Bool = true) -> InferencePolicy {
    let spec = NetworkSpec(
      inputs: inputs, actions: actions, memory: .lstm(hidden: 8, critic: .sharedDetached), policyTower: [8],
      valueTower: [],
      activation: .tanh, hasValueHead: false)
    var stream = RandomStream(seed: seed, purpose: .initialization)
    let parameters = (0..<ParameterLayout(spec).count).map { _ in Float(stream.nextNormal()) }
    return InferencePolicy(spec: spec, parameters: parameters, requiresMask: requiresMask)
  }
}
