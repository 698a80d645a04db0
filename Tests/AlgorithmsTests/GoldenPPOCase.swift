// One golden case of PPO: the network, the numbers it starts from, the experience it learns from.

import AgentInterface
import Inference
import Kernels
import Networks
import TestSupport

/// The cases made by `scripts/golden/ppo_golden.py`, by name.
enum GoldenPPO {
  static let memoryless = [
    "ppo_base", "ppo_value_clip_entropy_relu", "ppo_raw_advantages", "ppo_mask_base",
    "ppo_mask_value_clip_entropy_relu", "ppo_mask_slices",
  ]
  static let recurrent = [
    "ppo_lstm_separate", "ppo_lstm_shared_detached", "ppo_lstm_none", "ppo_lstm_slices", "ppo_lstm_mask_separate",
    "ppo_lstm_mask_shared_detached", "ppo_lstm_mask_shared_joint", "ppo_lstm_mask_none", "ppo_lstm_mask_one_step",
  ]
  /// Minibatches of whole lanes, the product's own scheme.
  static let wholeLanes = ["ppo_lstm_mask_lanes"]
  /// Factored actions, without memory and with one.
  static let factored = ["ppo_mask_factors", "ppo_lstm_mask_factors"]
  static let all = memoryless + recurrent + wholeLanes + factored
}

/// Everything a test of one case needs, read from its file.
struct GoldenPPOCase {
  let file: Golden
  let spec: NetworkSpec
  let isMasked: Bool
  let hyper: Golden

  init(_ name: String) throws {
    file = try Golden(name)
    isMasked = try file.flag("mask")
    hyper = try file.part("hyper")
    let network = try file.part("network")
    let hidden = try network.integer("hidden")
    let memory: NetworkSpec.Memory
    if hidden > 0 {
      guard let critic = NetworkSpec.CriticMemory(rawValue: try network.text("critic")) else {
        throw GoldenCaseError(reason: "\(name): unknown critic memory")
      }
      memory = .lstm(hidden: hidden, critic: critic)
    } else {
      memory = .none
    }
    guard let activation = NetworkSpec.Activation(rawValue: try network.text("activation")) else {
      throw GoldenCaseError(reason: "\(name): unknown activation")
    }
    let tower = try network.integers("tower")
    spec = NetworkSpec(
      inputs: try network.integer("inputs"), actions: try network.integer("actions"), memory: memory,
      policyTower: tower, valueTower: tower, activation: activation, hasValueHead: true,
      factors: network.has("factors") ? ActionFactors(widths: try network.integers("factors")) : nil)
  }

  /// The initial parameters in the order of `ParameterLayout(spec)`, taken by name; every name of the file is used.
  func parameters() throws -> [Float] {
    let given = try file.part("parameters")
    let layout = ParameterLayout(spec)
    guard given.keys == layout.entries.map(\.name).sorted() else {
      throw GoldenCaseError(
        reason: "\(file.place): tensors \(given.keys), the layout has \(layout.entries.map(\.name))")
    }
    var flat = [Float](repeating: 0, count: layout.count)
    for entry in layout.entries {
      let tensor = try given.tensor(entry.name)
      guard tensor.shape == entry.shape else {
        throw GoldenCaseError(reason: "\(tensor.place): shape \(tensor.shape), the layout has \(entry.shape)")
      }
      flat.replaceSubrange(entry.range, with: tensor.floats)
    }
    return flat
  }

  /// A store that holds the initial parameters.
  func makeStore() throws -> ParameterStore {
    let store = ParameterStore(layout: ParameterLayout(spec))
    for (index, value) in try parameters().enumerated() { store.values.base[index] = value }
    return store
  }

  /// Masks of a tensor (..., A), one a row.
  static func masks(_ tensor: GoldenTensor) -> [ActionMask] {
    let count = tensor.shape.last ?? 1
    return stride(from: 0, to: tensor.values.count, by: count).map { start in
      ActionMask(tensor.values[start..<(start + count)].map { $0 != 0 })
    }
  }
}

struct GoldenCaseError: Error, CustomStringConvertible {
  let reason: String
  var description: String { reason }
}
