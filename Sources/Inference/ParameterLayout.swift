// Where each named parameter lives in the one flat vector.

/// Where each named parameter lives in the one flat vector. Derived from the spec alone, saved with every weight file.
///
/// Weights are (outputs, inputs), row-major; LSTM gate rows are ordered i, f, g, o. Names are the state-dict names of
/// stable-baselines3 and sb3-contrib 2.9, so that weights travel both ways.
public struct ParameterLayout: Hashable, Codable, Sendable {
  /// One named tensor.
  public struct Entry: Hashable, Codable, Sendable {
    /// The tensor's name.
    public let name: String
    /// The tensor's shape, row-major.
    public let shape: [Int]
    /// The index of its first number in the flat vector.
    public let offset: Int
    /// The number of its numbers.
    public var count: Int { shape.reduce(1, *) }
    /// Its place in the flat vector.
    public var range: Range<Int> { offset..<(offset + count) }
  }

  /// The tensors in order of their offsets.
  public private(set) var entries: [Entry] = []
  /// The number of parameters, P.
  public private(set) var count = 0

  /// An empty layout.
  public init() {}

  /// Appends a tensor and returns its place.
  @discardableResult
  public mutating func add(_ name: String, _ shape: Int...) -> Entry {
    let entry = Entry(name: name, shape: shape, offset: count)
    entries.append(entry)
    count += entry.count
    return entry
  }

  /// The tensor of that name, or nil.
  public func entry(_ name: String) -> Entry? { entries.first { $0.name == name } }

  /// The layout of a network: memory, towers, heads.
  public init(_ spec: NetworkSpec) {
    func lstm(_ name: String) {
      let hidden = spec.hiddenCount
      add("\(name).weight_ih_l0", 4 * hidden, spec.inputs)
      add("\(name).weight_hh_l0", 4 * hidden, hidden)
      add("\(name).bias_ih_l0", 4 * hidden)
      add("\(name).bias_hh_l0", 4 * hidden)
    }
    func tower(_ name: (Int) -> String, _ widths: [Int]) {
      var inputs = spec.featureCount
      for (layer, width) in widths.enumerated() {
        add("\(name(layer)).weight", width, inputs)
        add("\(name(layer)).bias", width)
        inputs = width
      }
    }
    if spec.hiddenCount > 0 { lstm("lstm_actor") }
    if spec.criticMemory == .separate { lstm("lstm_critic") }
    if spec.criticMemory == NetworkSpec.CriticMemory.none {
      add("critic.weight", spec.hiddenCount, spec.inputs)
      add("critic.bias", spec.hiddenCount)
    }
    tower(spec.policyLayerName, spec.policyTower)
    if spec.hasValueHead { tower(spec.valueLayerName, spec.valueTower) }
    add("\(spec.actionHeadName).weight", spec.actions, spec.policyTower.last ?? spec.featureCount)
    add("\(spec.actionHeadName).bias", spec.actions)
    if spec.hasValueHead {
      add("\(spec.valueHeadName).weight", 1, spec.valueTower.last ?? spec.featureCount)
      add("\(spec.valueHeadName).bias", 1)
    }
  }
}
