// The networks of all golden sets, with the histories that stand beside them.

import AgentInterface
import Inference
import Storage
import TestSupport
import Text

/// One network and (L, S) rows of a history. Every lane begins an episode at its first step.
struct GoldenNetwork: Sendable, CustomStringConvertible {
  let description: String
  let spec: NetworkSpec
  let parameters: [Float]
  let normalizer: ObservationNormalizer?
  let length: Int
  let lanes: Int
  /// (L, S, D) as the world shows them.
  let observations: [Float]
  let starts: [UInt8]
  /// Nil where the case has none.
  let masks: [ActionMask]?

  var rows: Int { length * lanes }
  /// Whether an episode follows another somewhere.
  var restarts: Bool { starts.dropFirst(lanes).contains(1) }

  func observation(_ row: Int) -> [Float] { Array(observations[(row * spec.inputs)..<((row + 1) * spec.inputs)]) }

  func policy(_ parameters: [Float], spec other: NetworkSpec? = nil) -> InferencePolicy {
    InferencePolicy(spec: other ?? spec, parameters: parameters, normalizer: normalizer, requiresMask: masks != nil)
  }

  /// The same with action values or logits of another size.
  func scaled(by factor: Float) -> GoldenNetwork {
    var parameters = parameters
    let layout = ParameterLayout(spec)
    for part in ["weight", "bias"] {
      for place in layout.entry("\(spec.actionHeadName).\(part)")?.range ?? 0..<0 { parameters[place] *= factor }
    }
    return GoldenNetwork(
      description: "\(description) x \(factor)", spec: spec, parameters: parameters, normalizer: normalizer,
      length: length, lanes: lanes, observations: observations, starts: starts, masks: masks)
  }

  // MARK: Where they come from

  /// The cases of PPO, A2C and DQN, a file each, and those of deployment.
  static let all = Result { try learned() + deployed() }

  private static func learned() throws -> [GoldenNetwork] {
    var folder = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    folder.removeLast(2)
    let names = try FileSystem.names(inFolder: folder.joined(separator: "/") + "/Fixtures/Golden")
    return try names.sorted().compactMap { file in
      let name = String(file.prefix { $0 != "." })
      let isOfLearner = ["ppo_", "a2c_", "dqn_"].contains { name.hasPrefix($0) }
      // That one is of a scaling alone.
      guard isOfLearner, name != "ppo_vecnormalize" else { return nil }
      return try GoldenNetwork(learner: name)
    }
  }

  private init(learner name: String) throws {
    let file = try Golden(name)
    let network = try file.part("network")
    let hidden = network.has("hidden") ? try network.integer("hidden") : 0
    let isDQN = name.hasPrefix("dqn_")
    let given = try file.part("parameters")
    let isDueling = given.keys.contains { $0.hasPrefix("q_net.value_net") }
    let tower = try network.integers("tower")
    let activation = try Self.known(NetworkSpec.Activation(rawValue: network.text("activation")), name)
    let memory: NetworkSpec.Memory =
      hidden == 0
      ? .none
      : .lstm(
        hidden: hidden, critic: try Self.known(NetworkSpec.CriticMemory(rawValue: network.text("critic")), name))
    let hasValue = !isDQN || isDueling
    spec = NetworkSpec(
      inputs: try network.integer("inputs"), actions: try network.integer("actions"), memory: memory,
      policyTower: tower, valueTower: hasValue ? tower : [], activation: activation, hasValueHead: hasValue,
      kind: isDQN ? isDueling ? .dueling : .actionValues : .actorCritic)
    description = name
    normalizer = nil
    parameters = try ParameterLayout(spec).entries.flatMap { try given.tensor($0.name).floats }
    let forward = try file.part("forward")
    let observations = try forward.tensor("observations")
    let shape = observations.shape.dropLast()
    (length, lanes) = shape.count == 2 ? (shape[0], shape[1]) : (1, shape[0])
    self.observations = observations.floats
    var starts = try forward.has("starts") ? forward.tensor("starts").values.map { UInt8($0) } : []
    if starts.isEmpty { starts = [UInt8](repeating: 0, count: length * lanes) }
    for lane in 0..<lanes { starts[lane] = 1 }
    self.starts = starts
    let actions = spec.actions
    masks =
      try forward.has("masks")
      ? forward.tensor("masks").values.map { $0 == 1 }.chunked(actions).map { ActionMask($0) } : nil
  }

  private static func known<Value>(_ value: Value?, _ name: String) throws -> Value {
    guard let value else { throw GoldenNetworkError(description: "\(name) holds a word that is not known") }
    return value
  }

  private static func deployed() throws -> [GoldenNetwork] {
    let content = try JSON.parse([UInt8](GoldenFile.data("inference_forward")))
    return try (content["cases"]?.arrayValue ?? []).map { try GoldenNetwork(deployed: $0) }
  }

  private init(deployed item: JSON) throws {
    func numbers(_ json: JSON?) -> [Double] { (json?.arrayValue ?? []).compactMap(\.doubleValue) }
    spec = try NetworkSpec(json: item["network"] ?? .null)
    description = "inference_forward/" + (item["name"]?.stringValue ?? "")
    parameters = ParameterLayout(spec).entries.flatMap {
      numbers(item["parameters"]?[$0.name]?["values"]).map(Float.init)
    }
    let mean = numbers(item["normalizer"]?["mean"])
    normalizer =
      mean.isEmpty
      ? nil : ObservationNormalizer(mean: mean, variance: numbers(item["normalizer"]?["variance"]), count: 1)
    observations = numbers(item["observations"]).map(Float.init)
    let rows = observations.count / spec.inputs
    // Rows of a network without memory stand by themselves.
    (length, lanes) = spec.hiddenCount > 0 ? (rows, 1) : (1, rows)
    var starts = numbers(item["episode_starts"]).map { UInt8($0) }
    for lane in 0..<lanes { starts[lane] = 1 }
    self.starts = starts
    masks = numbers(item["masks"]).map { $0 == 1 }.chunked(spec.actions).map { ActionMask($0) }
  }

  private init(
    description: String, spec: NetworkSpec, parameters: [Float], normalizer: ObservationNormalizer?, length: Int,
    lanes: Int, observations: [Float], starts: [UInt8], masks: [ActionMask]?
  ) {
    self.description = description
    self.spec = spec
    self.parameters = parameters
    self.normalizer = normalizer
    (self.length, self.lanes) = (length, lanes)
    self.observations = observations
    self.starts = starts
    self.masks = masks
  }
}

struct GoldenNetworkError: Error, CustomStringConvertible {
  let description: String
}

extension Array {
  fileprivate func chunked(_ count: Int) -> [[Element]] {
    stride(from: 0, to: self.count, by: count).map { Array(self[$0..<($0 + count)]) }
  }
}
