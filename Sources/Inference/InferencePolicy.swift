// One network that decides: what it is, with everything needed for it.

import Kernels

/// One network as it is deployed: immutable, thread-safe, without a library of the system: Swift, and the C loops of `Kernels`, which give the same bits
/// on every processor. Decisions are made in a `PolicySession`, which owns the memory, so
/// that a recurrent policy cannot be asked without it.
public struct InferencePolicy: Sendable {
  /// The network.
  public let spec: NetworkSpec
  /// The scaling of observations; nil where the network reads them as they are.
  public let normalizer: ObservationNormalizer?
  /// Whether the policy was trained with masks, and so must be asked with one.
  public let requiresMask: Bool
  /// What training saw of each column; nil where nobody wrote it down.
  public let trainingRanges: TrainingRanges?
  /// Where each parameter lives.
  public let layout: ParameterLayout

  let storage: FloatStorage
  let plan: ForwardPlan
  /// (4H) for each LSTM: the sum of its two biases, which every decision begins with.
  let gateBiases: FloatStorage

  /// A policy from its network and parameters in the order of `ParameterLayout(spec)`. Traps if the number of parameters or the
  /// columns of normaliser or ranges do not fit the spec.
  public init(
    spec: NetworkSpec, parameters: [Float], normalizer: ObservationNormalizer? = nil, requiresMask: Bool,
    trainingRanges: TrainingRanges? = nil
  ) {
    let layout = ParameterLayout(spec)
    precondition(
      parameters.count == layout.count, "\(parameters.count) parameters for a network of \(layout.count)")
    if let normalizer {
      precondition(
        normalizer.mean.count == spec.inputs,
        "a normaliser of \(normalizer.mean.count) columns for a network of \(spec.inputs) inputs")
    }
    if let trainingRanges {
      precondition(
        trainingRanges.columns == spec.inputs,
        "ranges of \(trainingRanges.columns) columns for a network of \(spec.inputs) inputs")
    }
    self.spec = spec
    self.layout = layout
    self.trainingRanges = trainingRanges
    self.normalizer = normalizer
    self.requiresMask = requiresMask
    storage = FloatStorage(parameters)
    plan = ForwardPlan(spec: spec, layout: layout)
    let units = 4 * spec.hiddenCount
    let recurrences = [plan.actorMemory, plan.criticMemory].compactMap(\.self)
    gateBiases = FloatStorage(count: recurrences.count * units)
    for recurrence in recurrences {
      for unit in 0..<units {
        gateBiases.base[recurrence.gateBias + unit] =
          parameters[recurrence.inputBias + unit] + parameters[recurrence.hiddenBias + unit]
      }
    }
  }

  /// A copy of the parameters, in the order of `layout`.
  public var parameters: [Float] { storage.array }

  /// A stream of decisions with a memory of its own.
  public func makeSession() -> PolicySession { PolicySession(policy: self) }

  /// The same policy without its value function: parameters are carried over by name.
  public var actorOnly: InferencePolicy {
    let target = spec.actorOnly
    return InferencePolicy(
      spec: target, parameters: InferencePolicy.select(parameters, of: spec, for: target), normalizer: normalizer,
      requiresMask: requiresMask, trainingRanges: trainingRanges)
  }

  /// The parameters of `target`, taken by name out of those of `source`. Traps where `source` lacks one or has it in another shape.
  static func select(_ parameters: [Float], of source: NetworkSpec, for target: NetworkSpec) -> [Float] {
    let sourceLayout = ParameterLayout(source)
    precondition(
      parameters.count == sourceLayout.count, "\(parameters.count) parameters for a network of \(sourceLayout.count)")
    var result: [Float] = []
    for entry in ParameterLayout(target).entries {
      guard let found = sourceLayout.entry(entry.name), found.shape == entry.shape else {
        preconditionFailure("the network has no parameter '\(entry.name)' of shape \(entry.shape)")
      }
      result.append(contentsOf: parameters[found.range])
    }
    return result
  }
}

/// The forward pass as offsets into the flat parameter vector, looked up by name once.
struct ForwardPlan: Sendable {
  /// One affine layer, (rows, columns).
  struct Layer: Sendable {
    let weight: Int
    let bias: Int
    let rows: Int
    let columns: Int
  }
  /// One LSTM.
  struct Recurrence: Sendable {
    let inputWeight: Int
    let hiddenWeight: Int
    let inputBias: Int
    let hiddenBias: Int
    /// Among `InferencePolicy.gateBiases`.
    let gateBias: Int
  }

  let actorMemory: Recurrence?
  let criticMemory: Recurrence?
  let criticProjection: Layer?
  let policyTower: [Layer]
  let actionHead: Layer
  let valueTower: [Layer]
  let valueHead: Layer?
  /// The widest row that any layer reads or writes.
  let widest: Int

  init(spec: NetworkSpec, layout: ParameterLayout) {
    func entry(_ name: String) -> ParameterLayout.Entry {
      guard let found = layout.entry(name) else { preconditionFailure("the layout has no parameter '\(name)'") }
      return found
    }
    func layer(_ name: String) -> Layer {
      let weight = entry("\(name).weight")
      return Layer(
        weight: weight.offset, bias: entry("\(name).bias").offset, rows: weight.shape[0], columns: weight.shape[1])
    }
    func recurrence(_ name: String, gateBias: Int) -> Recurrence {
      Recurrence(
        inputWeight: entry("\(name).weight_ih_l0").offset, hiddenWeight: entry("\(name).weight_hh_l0").offset,
        inputBias: entry("\(name).bias_ih_l0").offset, hiddenBias: entry("\(name).bias_hh_l0").offset,
        gateBias: gateBias)
    }
    actorMemory = spec.hiddenCount > 0 ? recurrence("lstm_actor", gateBias: 0) : nil
    criticMemory = spec.criticMemory == .separate ? recurrence("lstm_critic", gateBias: 4 * spec.hiddenCount) : nil
    criticProjection = spec.criticMemory == NetworkSpec.CriticMemory.none ? layer("critic") : nil
    policyTower = spec.policyTower.indices.map { layer(spec.policyLayerName($0)) }
    valueTower = spec.hasValueHead ? spec.valueTower.indices.map { layer(spec.valueLayerName($0)) } : []
    actionHead = layer(spec.actionHeadName)
    valueHead = spec.hasValueHead ? layer(spec.valueHeadName) : nil
    widest = ([spec.inputs, spec.hiddenCount, spec.actions] + spec.policyTower + spec.valueTower).max() ?? 0
  }
}
