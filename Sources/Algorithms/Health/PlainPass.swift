// A forward pass step by step in plain loops: slow, and every number in between can be looked at.

import Glibc
import Inference

/// The network of a spec, one row at a time. Sums run in double precision and are rounded to float32, as the run keeps them: what overflows there
/// overflows here.
struct PlainPass {
  /// What one sequence remembers.
  struct Memory {
    var actorHidden: [Float]
    var actorCell: [Float]
    var criticHidden: [Float]
    var criticCell: [Float]

    mutating func clear() {
      for path in [\Memory.actorHidden, \.actorCell, \.criticHidden, \.criticCell] {
        self[keyPath: path] = [Float](repeating: 0, count: self[keyPath: path].count)
      }
    }
  }

  private let spec: NetworkSpec
  private let parameters: [Float]
  private let entries: [String: ParameterLayout.Entry]
  /// In front of the stages' names.
  private let prefix: String

  /// parameters: (P)
  init(_ spec: NetworkSpec, parameters: [Float], prefix: String = "") {
    self.spec = spec
    self.parameters = parameters
    self.prefix = prefix
    entries = Dictionary(uniqueKeysWithValues: ParameterLayout(spec).entries.map { ($0.name, $0) })
  }

  /// One row. `row`: in words, for the book.
  func forward(
    _ observation: [Float], memory: inout Memory, book: StageBook, row: () -> String
  ) -> (logits: [Float], value: Float?) {
    var policy = observation
    var critic = observation
    if spec.hiddenCount > 0 {
      cell("lstm_actor", observation, &memory.actorHidden, &memory.actorCell, book, row)
      policy = memory.actorHidden
      switch spec.criticMemory {
      case .separate:
        cell("lstm_critic", observation, &memory.criticHidden, &memory.criticCell, book, row)
        critic = memory.criticHidden
      case .some(.none):
        critic = affine("critic", observation)
        note("critic", critic, book, row)
      case .sharedDetached, .sharedJoint, nil: critic = policy
      }
    }
    policy = tower(spec.policyTower.indices.map(spec.policyLayerName), policy, book, row)
    let logits = affine(spec.actionHeadName, policy)
    book.note(prefix + (spec.kind == .actorCritic ? "logits" : "action values"), logits) { "\(row()), action \($0)" }
    guard spec.hasValueHead else { return (logits, nil) }
    critic = tower(spec.valueTower.indices.map(spec.valueLayerName), critic, book, row)
    let value = affine(spec.valueHeadName, critic)[0]
    book.note(prefix + "value", CollectionOfOne(value)) { _ in row() }
    return (logits, value)
  }

  private func tower(_ names: [String], _ input: [Float], _ book: StageBook, _ row: () -> String) -> [Float] {
    var values = input
    for name in names {
      values = affine(name, values).map { spec.activation == .tanh ? tanhf($0) : $0 < 0 ? 0 : $0 }
      note(name, values, book, row)
    }
    return values
  }

  private func note(_ name: String, _ values: [Float], _ book: StageBook, _ row: () -> String) {
    book.note(prefix + name, values) { "\(row()), unit \($0)" }
  }

  private func cell(
    _ name: String, _ x: [Float], _ hidden: inout [Float], _ cell: inout [Float], _ book: StageBook,
    _ row: () -> String
  ) {
    let units = spec.hiddenCount
    let input = affine("\(name).weight_ih_l0", x, bias: "\(name).bias_ih_l0")
    let recurrent = affine("\(name).weight_hh_l0", hidden, bias: "\(name).bias_hh_l0")
    let gates = zip(input, recurrent).map { Float($0 + $1) }
    book.note(prefix + name + " gates", gates) {
      "\(row()), gate \(["i", "f", "g", "o"][$0 / units]), unit \($0 % units)"
    }
    for unit in 0..<units {
      let (i, f, o) = (sigmoid(gates[unit]), sigmoid(gates[units + unit]), sigmoid(gates[3 * units + unit]))
      cell[unit] = f * cell[unit] + i * tanhf(gates[2 * units + unit])
      hidden[unit] = o * tanhf(cell[unit])
    }
    note(name + " cell", cell, book, row)
    note(name + " output", hidden, book, row)
  }

  private func affine(_ name: String, _ x: [Float]) -> [Float] {
    affine(name + ".weight", x, bias: name + ".bias").map { Float($0) }
  }

  /// W x + b before rounding.
  private func affine(_ weight: String, _ x: [Float], bias: String) -> [Double] {
    guard let weight = entries[weight], let bias = entries[bias] else { preconditionFailure("no tensor '\(weight)'") }
    return (0..<weight.shape[0]).map { output in
      var sum = Double(parameters[bias.offset + output])
      // The run sums in float32, where a sum may be lost on its way to one that is not.
      var narrow = parameters[bias.offset + output]
      let first = weight.offset + output * x.count
      for column in x.indices {
        sum += Double(parameters[first + column]) * Double(x[column])
        narrow += parameters[first + column] * x[column]
      }
      return narrow.isFinite ? sum : Double(narrow)
    }
  }
}

private func sigmoid(_ x: Float) -> Float { 1 / (1 + expf(-x)) }
