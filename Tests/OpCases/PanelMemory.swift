// A step's memory on gate panels.

import Kernels

/// A layer's weights in the panels' order.
struct PanelStep {
  let panels: LSTMPanels
  let shape: OpCases.StepShape
  let weights: FencedBuffer
  let bias: FencedBuffer
  let recurrent: FencedBuffer
  var buffers: [FencedBuffer] { [weights, bias, recurrent] }

  init(_ panels: LSTMPanels, _ shape: OpCases.StepShape, _ numbers: OpNumbers) {
    self.panels = panels
    self.shape = shape
    let (inputs, hidden) = (shape.inputs, shape.hidden)
    weights = FencedBuffer(count: LSTMPanels.weightCount(inputs: inputs, hidden: hidden))
    bias = FencedBuffer(count: 4 * hidden)
    recurrent = FencedBuffer(count: 4 * hidden * hidden)
    panels.pack(
      inputs: inputs, hidden: hidden, inputWeight: numbers.vector("input weight"),
      hiddenWeight: numbers.vector("hidden weight"), biases: numbers.vector("biases"), weights: weights.base,
      biasSum: bias.base, recurrent: recurrent.base)
  }

  /// Place in the panels of each number of (rows, 4 H), gates i, f, g, o.
  private func place(_ index: Int, rows: Int) -> Int {
    let (row, line) = index.quotientAndRemainder(dividingBy: 4 * shape.hidden)
    let (gate, unit) = line.quotientAndRemainder(dividingBy: shape.hidden)
    return (unit / panels.units * rows + row) * 4 * panels.units + gate * panels.units + unit % panels.units
  }

  /// From the panels' order to the declared one.
  func declared(_ values: [Float], rows: Int? = nil) -> [Float] {
    values.indices.map { values[place($0, rows: rows ?? shape.rows)] }
  }

  /// From the declared order to the panels'.
  func packed(_ values: [Float], rows: Int? = nil) -> [Float] {
    var result = values
    for index in values.indices { result[place(index, rows: rows ?? shape.rows)] = values[index] }
    return result
  }
}

/// A step backward on panels, with its memory.
final class PanelBackward {
  private let (step, shape): (PanelStep, OpCases.StepShape)
  private let activations, cellBefore, output, above, carried: FencedBuffer
  private let gates, bias, below, gradient: FencedBuffer
  private let (xs, befores, unpacked): ([FencedBuffer], [FencedBuffer], [FencedBuffer])
  private var steps = LSTMPanels.Steps()

  /// `steps`: of those that were drawn, over and over where more are asked for.
  init(_ panels: LSTMPanels, _ shape: OpCases.StepShape, _ numbers: OpNumbers, steps count: Int = 3) {
    let (rows, inputs, hidden) = (shape.rows, shape.inputs, shape.hidden)
    self.shape = shape
    step = PanelStep(panels, shape, numbers)
    let given = OpCases.activations(numbers, rows: rows, hidden: hidden)
    activations = FencedBuffer(step.packed(given.gates))
    output = FencedBuffer(given.output)
    (cellBefore, above) = (FencedBuffer(numbers.vector("cell before")), FencedBuffer(numbers.vector("above")))
    carried = FencedBuffer(numbers.vector("carried"))
    gates = FencedBuffer([Float](repeating: 0, count: 4 * rows * hidden))
    bias = FencedBuffer(step.packed(numbers.vector("bias before"), rows: 1))
    below = FencedBuffer(numbers.vector("below before"))
    gradient = FencedBuffer(
      [Float](repeating: 0, count: LSTMPanels.weightCount(inputs: inputs, hidden: hidden)))
    func part(_ name: String, _ width: Int, _ index: Int) -> FencedBuffer {
      let drawn = numbers.vector(name)
      let first = index * width % drawn.count
      return FencedBuffer(Array(drawn[first..<first + width]))
    }
    xs = (0..<count).map { part("x", rows * inputs, $0) }
    befores = (0..<count).map { part("before", rows * hidden, $0) }
    unpacked = [4 * hidden * inputs, 4 * hidden * hidden, 4 * hidden].map {
      FencedBuffer([Float](repeating: 1, count: $0))
    }
    for index in 0..<count { steps.append(x: xs[index].base, hiddenBefore: befores[index].base, gates: gates.base) }
  }

  deinit { steps.deallocate() }

  /// All parts, once: sums of the bias and of the weights are added to what was drawn.
  var whole: OpCall {
    call { [self] in
      runPointwise()
      runThrough()
      runWeightGradient()
      step.panels.addUnpacked(
        inputs: shape.inputs, hidden: shape.hidden, gradient: gradient.base, biasGradient: bias.base,
        inputWeight: unpacked[0].base, hiddenWeight: unpacked[1].base, bias: unpacked[2].base)
    }
  }

  var pointwise: OpCall { call { [self] in runPointwise() } }

  /// With the gates' gradients of a step.
  var through: OpCall {
    runPointwise()
    return call { [self] in runThrough() }
  }

  var weightGradient: OpCall {
    runPointwise()
    return call { [self] in runWeightGradient() }
  }

  private func call(_ run: @escaping () -> Void) -> OpCall {
    OpCall(
      buffers: step.buffers + [activations, cellBefore, output, above, carried, gates, bias, below, gradient] + xs
        + befores + unpacked,
      outputs: { [self] in
        [
          "gates": step.declared(gates.array), "cell": carried.array, "bias": step.declared(bias.array, rows: 1),
          "below": below.array, "input weight": unpacked[0].array, "hidden weight": unpacked[1].array,
        ]
      }, run: run)
  }

  private func runPointwise() {
    step.panels.backward(
      rows: shape.rows, hidden: shape.hidden, gates: activations.base, cellBefore: cellBefore.base,
      output: output.base, hiddenGradient: above.base, cellGradient: carried.base, gateGradient: gates.base,
      biasGradient: bias.base)
  }

  private func runThrough() {
    step.panels.addThrough(
      rows: shape.rows, hidden: shape.hidden, gates: gates.base, recurrent: step.recurrent.base, ahead: nil,
      target: below.base)
  }

  private func runWeightGradient() {
    step.panels.addWeightGradient(
      of: steps, rows: shape.rows, inputs: shape.inputs, hidden: shape.hidden, to: gradient.base)
  }
}
