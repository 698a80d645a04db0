// A network's whole pass, forward and back through time, in double precision and plain loops: what every device must equal.

import Glibc
package import Inference

/// Any network of a spec. Nothing is shared with the product but the layout of the parameters. Vectors are (rows, width) with rows (L, n), time-major.
package struct ReferenceNetwork: Sendable {
  package let spec: NetworkSpec
  private let layout: ParameterLayout

  package init(_ spec: NetworkSpec) {
    self.spec = spec
    layout = ParameterLayout(spec)
  }

  /// Experience as a pass reads it.
  package struct Rows {
    package let length: Int
    package let count: Int
    package var observations: [Double]
    /// Whether a row's sequence starts anew.
    package var starts: [Bool]
    /// (n, H) each, or empty.
    package var actorHidden: [Double]
    package var actorCell: [Double]
    package var criticHidden: [Double]
    package var criticCell: [Double]

    package init(
      length: Int, count: Int, observations: [Double], starts: [Bool], actorHidden: [Double] = [],
      actorCell: [Double] = [], criticHidden: [Double] = [], criticCell: [Double] = []
    ) {
      self.length = length
      self.count = count
      self.observations = observations
      self.starts = starts
      self.actorHidden = actorHidden
      self.actorCell = actorCell
      self.criticHidden = criticHidden
      self.criticCell = criticCell
    }
  }

  /// What one memory did.
  package struct Memory {
    /// (rows, 4 H) activations, in the order i, f, g, o.
    fileprivate var gates: [Double]
    fileprivate var hiddenBefore: [Double]
    fileprivate var cellBefore: [Double]
    /// (rows, H)
    package fileprivate(set) var hidden: [Double]
    /// (rows, H)
    package fileprivate(set) var cell: [Double]
  }

  /// What a pass left behind.
  package struct Tape {
    fileprivate let rows: Rows
    package fileprivate(set) var actor: Memory?
    package fileprivate(set) var critic: Memory?
    /// What goes into each layer of a tower, the last into its head.
    fileprivate var policy: [[Double]]
    fileprivate var value: [[Double]]
    /// (rows, A)
    package fileprivate(set) var logits: [Double]
    /// (rows); empty without a value function.
    package fileprivate(set) var values: [Double]
  }

  package func forward(_ parameters: [Double], _ rows: Rows) -> Tape {
    var tape = Tape(rows: rows, policy: [], value: [], logits: [], values: [])
    let count = rows.length * rows.count
    var (policy, value) = (rows.observations, rows.observations)
    if spec.hiddenCount > 0 {
      let actor = run(parameters, "lstm_actor", rows, rows.actorHidden, rows.actorCell)
      tape.actor = actor
      (policy, value) = (actor.hidden, actor.hidden)
      if spec.criticMemory == .separate {
        let critic = run(parameters, "lstm_critic", rows, rows.criticHidden, rows.criticCell)
        tape.critic = critic
        value = critic.hidden
      } else if spec.criticMemory == NetworkSpec.CriticMemory.none {
        value = affine(parameters, "critic", rows.observations, rows: count)
      }
    }
    tape.policy = [policy]
    for index in spec.policyTower.indices {
      tape.policy.append(activate(affine(parameters, spec.policyLayerName(index), tape.policy[index], rows: count)))
    }
    tape.logits = affine(parameters, spec.actionHeadName, tape.policy[spec.policyTower.count], rows: count)
    guard spec.hasValueHead else { return tape }
    tape.value = [value]
    for index in spec.valueTower.indices {
      tape.value.append(activate(affine(parameters, spec.valueLayerName(index), tape.value[index], rows: count)))
    }
    tape.values = affine(parameters, spec.valueHeadName, tape.value[spec.valueTower.count], rows: count)
    return tape
  }

  /// Adds the gradient of the parameters for given gradients of the outputs, (rows, A) and (rows). States that sequences begin with get none.
  package func backward(
    _ parameters: [Double], _ tape: Tape, logits: [Double], values: [Double], to gradient: inout [Double]
  ) {
    let layers = spec.policyTower.indices.map(spec.policyLayerName)
    var actorGradient = down(parameters, layers, spec.actionHeadName, tape.policy, logits, &gradient)
    if spec.hasValueHead {
      let layers = spec.valueTower.indices.map(spec.valueLayerName)
      let above = down(parameters, layers, spec.valueHeadName, tape.value, values, &gradient)
      switch spec.criticMemory {
      case .separate:
        if let critic = tape.critic { back(parameters, "lstm_critic", tape.rows, critic, above, &gradient) }
      case .sharedJoint: for index in above.indices { actorGradient[index] += above[index] }
      case .some(.none): _ = affineGradient(parameters, "critic", tape.rows.observations, above, &gradient)
      case .sharedDetached, nil: break
      }
    }
    if let actor = tape.actor { back(parameters, "lstm_actor", tape.rows, actor, actorGradient, &gradient) }
  }

  // MARK: Layers

  private func tensor(_ name: String) -> ParameterLayout.Entry {
    guard let entry = layout.entry(name) else { preconditionFailure("no tensor '\(name)'") }
    return entry
  }

  private func affine(_ parameters: [Double], _ name: String, _ x: [Double], rows: Int) -> [Double] {
    let (weight, bias) = (tensor(name + ".weight"), tensor(name + ".bias").offset)
    let (outputs, inputs) = (weight.shape[0], weight.shape[1])
    var result = [Double](repeating: 0, count: rows * outputs)
    for row in 0..<rows {
      for output in 0..<outputs {
        var sum = parameters[bias + output]
        for column in 0..<inputs {
          sum += parameters[weight.offset + output * inputs + column] * x[row * inputs + column]
        }
        result[row * outputs + output] = sum
      }
    }
    return result
  }

  /// The gradient of a layer's inputs.
  private func affineGradient(
    _ parameters: [Double], _ name: String, _ x: [Double], _ above: [Double], _ gradient: inout [Double]
  ) -> [Double] {
    let (weight, bias) = (tensor(name + ".weight"), tensor(name + ".bias").offset)
    let (outputs, inputs) = (weight.shape[0], weight.shape[1])
    var below = [Double](repeating: 0, count: x.count)
    for row in 0..<(above.count / outputs) {
      for output in 0..<outputs {
        let pull = above[row * outputs + output]
        gradient[bias + output] += pull
        for column in 0..<inputs {
          gradient[weight.offset + output * inputs + column] += pull * x[row * inputs + column]
          below[row * inputs + column] += pull * parameters[weight.offset + output * inputs + column]
        }
      }
    }
    return below
  }

  private func activate(_ x: [Double]) -> [Double] { x.map { spec.activation == .tanh ? tanh($0) : max(0, $0) } }

  /// From a head's outputs to what goes into its tower.
  private func down(
    _ parameters: [Double], _ layers: [String], _ head: String, _ inputs: [[Double]], _ above: [Double],
    _ gradient: inout [Double]
  ) -> [Double] {
    var pull = affineGradient(parameters, head, inputs[layers.count], above, &gradient)
    for index in layers.indices.reversed() {
      let outputs = inputs[index + 1]
      for place in pull.indices {
        pull[place] *= spec.activation == .tanh ? 1 - outputs[place] * outputs[place] : outputs[place] > 0 ? 1 : 0
      }
      pull = affineGradient(parameters, layers[index], inputs[index], pull, &gradient)
    }
    return pull
  }

  private func run(
    _ parameters: [Double], _ name: String, _ rows: Rows, _ initialHidden: [Double], _ initialCell: [Double]
  ) -> Memory {
    let (units, inputs, total) = (spec.hiddenCount, spec.inputs, rows.length * rows.count)
    let (inputWeight, hiddenWeight) = (tensor(name + ".weight_ih_l0").offset, tensor(name + ".weight_hh_l0").offset)
    let (inputBias, hiddenBias) = (tensor(name + ".bias_ih_l0").offset, tensor(name + ".bias_hh_l0").offset)
    let zero = [Double](repeating: 0, count: total * units)
    var memory = Memory(
      gates: [Double](repeating: 0, count: 4 * total * units), hiddenBefore: zero, cellBefore: zero, hidden: zero,
      cell: zero)
    for row in 0..<total {
      for unit in 0..<units where !rows.starts[row] {
        let before = (row - rows.count) * units + unit
        memory.hiddenBefore[row * units + unit] =
          row < rows.count ? initialHidden[row * units + unit] : memory.hidden[before]
        memory.cellBefore[row * units + unit] = row < rows.count ? initialCell[row * units + unit] : memory.cell[before]
      }
      for line in 0..<(4 * units) {
        var sum = parameters[inputBias + line] + parameters[hiddenBias + line]
        for column in 0..<inputs {
          sum += parameters[inputWeight + line * inputs + column] * rows.observations[row * inputs + column]
        }
        for column in 0..<units {
          sum += parameters[hiddenWeight + line * units + column] * memory.hiddenBefore[row * units + column]
        }
        memory.gates[row * 4 * units + line] = line / units == 2 ? tanh(sum) : 1 / (1 + exp(-sum))
      }
      for unit in 0..<units {
        func gate(_ index: Int) -> Double { memory.gates[(row * 4 + index) * units + unit] }
        let cell = gate(1) * memory.cellBefore[row * units + unit] + gate(0) * gate(2)
        memory.cell[row * units + unit] = cell
        memory.hidden[row * units + unit] = gate(3) * tanh(cell)
      }
    }
    return memory
  }

  private func back(
    _ parameters: [Double], _ name: String, _ rows: Rows, _ memory: Memory, _ above: [Double],
    _ gradient: inout [Double]
  ) {
    let (units, inputs) = (spec.hiddenCount, spec.inputs)
    let (inputWeight, hiddenWeight) = (tensor(name + ".weight_ih_l0").offset, tensor(name + ".weight_hh_l0").offset)
    let (inputBias, hiddenBias) = (tensor(name + ".bias_ih_l0").offset, tensor(name + ".bias_hh_l0").offset)
    // What the step after wants of each sequence.
    var hiddenAhead = [Double](repeating: 0, count: rows.count * units)
    var cellAhead = hiddenAhead
    for row in (0..<(rows.length * rows.count)).reversed() {
      let lane = row % rows.count * units
      var pull = [Double](repeating: 0, count: 4 * units)
      for unit in 0..<units {
        func gate(_ index: Int) -> Double { memory.gates[(row * 4 + index) * units + unit] }
        let place = row * units + unit
        let (output, squashed) = (above[place] + hiddenAhead[lane + unit], tanh(memory.cell[place]))
        let total = cellAhead[lane + unit] + output * gate(3) * (1 - squashed * squashed)
        pull[unit] = total * gate(2) * gate(0) * (1 - gate(0))
        pull[units + unit] = total * memory.cellBefore[place] * gate(1) * (1 - gate(1))
        pull[2 * units + unit] = total * gate(0) * (1 - gate(2) * gate(2))
        pull[3 * units + unit] = output * squashed * gate(3) * (1 - gate(3))
        cellAhead[lane + unit] = rows.starts[row] ? 0 : total * gate(1)
        hiddenAhead[lane + unit] = 0
      }
      for line in 0..<(4 * units) {
        gradient[inputBias + line] += pull[line]
        gradient[hiddenBias + line] += pull[line]
        for column in 0..<inputs {
          gradient[inputWeight + line * inputs + column] += pull[line] * rows.observations[row * inputs + column]
        }
        for column in 0..<units {
          gradient[hiddenWeight + line * units + column] += pull[line] * memory.hiddenBefore[row * units + column]
          if !rows.starts[row] {
            hiddenAhead[lane + column] += pull[line] * parameters[hiddenWeight + line * units + column]
          }
        }
      }
    }
  }
}
