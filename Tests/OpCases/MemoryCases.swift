// Steps of an LSTM layer, forward and back: fused panels of every instruction set, and the cell that follows the library's products.

import Glibc
import Kernels
import Networks

extension OpCases {
  /// A step's shape.
  package struct StepShape: Sendable, CustomStringConvertible {
    package let rows: Int
    package let inputs: Int
    package let hidden: Int

    package var description: String { "\(rows) rows, \(inputs) inputs, \(hidden) units" }
  }

  /// Every tile of rows and columns, odd rows, odd inputs, fewer inputs than a vector has; units are whole panels.
  package static let stepShapes: [StepShape] = [
    (1, 1, 16), (2, 5, 32), (7, 26, 48), (32, 26, 64), (13, 29, 80), (9, 3, 112), (35, 17, 128),
  ].map { StepShape(rows: $0, inputs: $1, hidden: $2) }

  /// What is timed: the standard policy's, a slice of lanes.
  private static let timedSteps = [32, 64, 128].map { StepShape(rows: 32, inputs: 26, hidden: $0) }

  static let memory: [OpCase] =
    stepShapes.flatMap { [stepForward($0), stepBackward($0)] }
    + timedSteps.flatMap { [stepForward($0, isTimed: true), stepProduct($0), stepBackward($0, isTimed: true)] }

  /// Units of a cell that need no panels.
  static let cells: [OpCase] = [1, 7, 8, 13, 16, 40].map { cell(hidden: $0) }

  // MARK: Forward

  private static func draw(_ shape: StepShape) -> OpNumbers {
    let numbers = LayerNumbers(rows: shape.rows, inputs: shape.inputs, hidden: shape.hidden)
    return [
      "input weight": numbers.inputWeight, "hidden weight": numbers.hiddenWeight, "biases": numbers.biases,
      "x": numbers.x, "before": numbers.before, "cell before": numbers.cellBefore,
    ]
  }

  private static func stepForward(_ shape: StepShape, isTimed: Bool = false) -> OpCase {
    let (rows, inputs, hidden) = (shape.rows, shape.inputs, shape.hidden)
    @Sendable func call(_ level: InstructionSet, _ numbers: OpNumbers) -> OpCall {
      let panels = LSTMPanels(level: level)
      let step = PanelStep(panels, shape, numbers)
      let (x, before) = (FencedBuffer(numbers.vector("x")), FencedBuffer(numbers.vector("before")))
      let cellBefore = FencedBuffer(numbers.vector("cell before"))
      let (gates, cell) = (FencedBuffer(count: 4 * rows * hidden), FencedBuffer(count: rows * hidden))
      let output = FencedBuffer(count: rows * hidden)
      return OpCall(
        buffers: step.buffers + [x, before, cellBefore, gates, cell, output],
        outputs: { ["gates": step.declared(gates.array), "cell": cell.array, "output": output.array] }
      ) {
        panels.forward(
          rows: rows, inputs: inputs, hidden: hidden, x: x.base, hiddenBefore: before.base, weights: step.weights.base,
          bias: step.bias.base, cellBefore: cellBefore.base, gates: gates.base, cell: cell.base, output: output.base)
      }
    }
    return OpCase(
      "LSTM step forward, \(shape)", numbers: { draw(shape) },
      plain: { _ in
        let numbers = LayerNumbers(rows: rows, inputs: inputs, hidden: hidden)
        var gates = [Double](repeating: 0, count: 4 * rows * hidden)
        var (cells, outputs): ([Double], [Double]) = ([], [])
        for row in 0..<rows {
          for unit in 0..<hidden {
            let (values, cell) = numbers.step(row: row, unit: unit)
            for gate in 0..<4 { gates[(row * 4 + gate) * hidden + unit] = values[gate] }
            cells.append(cell)
            outputs.append(values[3] * tanh(cell))
          }
        }
        return ["gates": gates, "cell": cells, "output": outputs]
      },
      bounds: ["gates": .absolute(2e-6), "cell": .absolute(5e-6), "output": .absolute(5e-6)],
      ways: levels.map { level in OpWay("\(level)") { call(level, $0) } },
      timings: isTimed
        ? [
          OpTiming(
            "products_lstm\(hidden)_forward", "LSTM \(hidden) forward, activations inside", .operations,
            work: 2 * rows * 4 * hidden * (inputs + hidden)
          ) { call(.processor, $0) }
        ] : [])
  }

  /// The step's product alone, in the library.
  private static func stepProduct(_ shape: StepShape) -> OpCase {
    let (rows, depth, columns) = (shape.rows, shape.inputs + shape.hidden, 4 * shape.hidden)
    @Sendable func call(_ numbers: OpNumbers) -> OpCall {
      MatrixProduct.prepare()
      let (a, b) = (FencedBuffer(numbers.vector("a")), FencedBuffer(numbers.vector("b")))
      let result = FencedBuffer(count: rows * columns)
      return OpCall(buffers: [a, b, result], outputs: { ["y": result.array] }) {
        MatrixProduct.multiply(
          MatrixView(base: a.base, rows: rows, columns: depth), MatrixView(base: b.base, rows: depth, columns: columns),
          into: MatrixView(base: result.base, rows: rows, columns: columns))
      }
    }
    return OpCase(
      "LSTM product, \(shape)",
      numbers: {
        var random = RandomStream(seed: 3, purpose: .market, lane: UInt32(shape.hidden))
        return [
          "a": OpDraw.normals(rows * depth, &random, scale: 0.1),
          "b": OpDraw.normals(depth * columns, &random, scale: 0.1),
        ]
      },
      plain: { numbers in
        let (a, b) = (numbers.vector("a").map(Double.init), numbers.vector("b").map(Double.init))
        return [
          "y": (0..<rows * columns).map { place in
            let (row, column) = place.quotientAndRemainder(dividingBy: columns)
            return (0..<depth).reduce(0.0) { $0 + a[row * depth + $1] * b[$1 * columns + column] }
          }
        ]
      },
      bounds: ["y": .absolute(1e-5)], ways: [OpWay("CBLAS") { call($0) }],
      timings: [
        OpTiming(
          "products_lstm\(shape.hidden)_forward_library", "  its product in CBLAS", .operations,
          work: 2 * rows * depth * columns
        ) { call($0) }
      ])
  }

  // MARK: Backward

  /// Steps that the weights' gradients are summed over at once.
  private static let steps = 3

  /// From the gradients of a step's outputs and cell to those of its sums, its state and its weights, the weights' over three steps with the same gates.
  private static func stepBackward(_ shape: StepShape, isTimed: Bool = false) -> OpCase {
    let (rows, inputs, hidden) = (shape.rows, shape.inputs, shape.hidden)
    return OpCase(
      "LSTM step backward, \(shape)",
      numbers: {
        var random = RandomStream(seed: 18, purpose: .market, lane: UInt32(hidden))
        func numbers(_ count: Int) -> [Float] { OpDraw.normals(count, &random) }
        return [
          "sums": (0..<4 * rows * hidden).map { _ in Float(2 * random.nextNormal()) },
          "cell before": numbers(rows * hidden), "above": numbers(rows * hidden), "carried": numbers(rows * hidden),
          "bias before": numbers(4 * hidden), "input weight": numbers(4 * hidden * inputs),
          "hidden weight": numbers(4 * hidden * hidden), "biases": numbers(4 * hidden),
          "below before": numbers(rows * hidden), "x": numbers(steps * rows * inputs),
          "before": numbers(steps * rows * hidden),
        ]
      },
      plain: { exactBackward(shape, $0) },
      bounds: [
        "gates": .absolute(1e-6), "cell": .absolute(1e-6), "bias": .absolute(1e-5), "below": .absolute(2e-5),
        "input weight": .absolute(2e-5), "hidden weight": .absolute(2e-5),
      ],
      ways: levels.map { level in OpWay("\(level)") { PanelBackward(LSTMPanels(level: level), shape, $0).whole } },
      differences: OpDifferences(
        step: 1e-5, bound: .absolute(2e-6), gradients: [("gates", "sums"), ("cell", "cell before")],
        function: { cellValue($0, rows: rows, hidden: hidden) }),
      timings: isTimed ? backwardTimings(shape) : [])
  }

  private static func backwardTimings(_ shape: StepShape) -> [OpTiming] {
    let (rows, hidden) = (shape.rows, shape.hidden)
    let forward = 2 * rows * 4 * hidden * (shape.inputs + hidden)
    let products = [
      OpTiming(
        "products_lstm\(hidden)_weight_gradient", "  weight gradient", .operations,
        work: LSTMPanels.Steps.limit * forward
      ) { PanelBackward(LSTMPanels(), shape, $0, steps: LSTMPanels.Steps.limit).weightGradient },
      OpTiming(
        "products_lstm\(hidden)_hidden_gradient", "  hidden gradient", .operations, work: 2 * rows * 4 * hidden * hidden
      ) { PanelBackward(LSTMPanels(), shape, $0).through },
    ]
    guard hidden == 64 else { return products }
    return products + [
      OpTiming("pointwise_lstm_backward", "LSTM backward, one unit", .pieces, work: rows * hidden) {
        PanelBackward(LSTMPanels(), shape, $0).pointwise
      }
    ]
  }

  /// The sum of outputs and cells, each times the gradient that is given for it, as a function of the gates' sums and the cell before.
  private static func cellValue(_ numbers: ExactNumbers, rows: Int, hidden: Int) -> Double {
    let (sums, before) = (numbers.vector("sums"), numbers.vector("cell before"))
    let (above, carried) = (numbers.vector("above"), numbers.vector("carried"))
    var total = 0.0
    for row in 0..<rows {
      for unit in 0..<hidden {
        func sum(_ gate: Int) -> Double { sums[(row * 4 + gate) * hidden + unit] }
        let at = row * hidden + unit
        let cell = sigmoid(sum(1)) * before[at] + sigmoid(sum(0)) * tanh(sum(2))
        total += above[at] * sigmoid(sum(3)) * tanh(cell) + carried[at] * cell
      }
    }
    return total
  }

  /// A step's activations as floats, (rows, 4 H), and the output that they give.
  static func activations(_ numbers: OpNumbers, rows: Int, hidden: Int) -> (gates: [Float], output: [Float]) {
    let before = numbers.vector("cell before")
    let gates = numbers.vector("sums").enumerated().map { place, sum in
      Float(place / hidden % 4 == 2 ? tanh(Double(sum)) : sigmoid(Double(sum)))
    }
    let output = (0..<rows * hidden).map { at in
      func gate(_ index: Int) -> Double { Double(gates[(at / hidden * 4 + index) * hidden + at % hidden]) }
      return Float(gate(3) * tanh(gate(1) * Double(before[at]) + gate(0) * gate(2)))
    }
    return (gates, output)
  }

  private static func exactBackward(_ shape: StepShape, _ numbers: OpNumbers) -> ExactNumbers {
    let (rows, inputs, hidden) = (shape.rows, shape.inputs, shape.hidden)
    let exact = numbers.mapValues { $0.map(Double.init) }
    let (before, above, carried) = (
      exact.vector("cell before"), exact.vector("above"), exact.vector("carried")
    )
    // From the activations that the kernels are given.
    let activations = activations(numbers, rows: rows, hidden: hidden).gates.map(Double.init)
    var gates = [Double](repeating: 0, count: 4 * rows * hidden)
    var cells = [Double](repeating: 0, count: rows * hidden)
    for row in 0..<rows {
      for unit in 0..<hidden {
        let at = row * hidden + unit
        let values = (0..<4).map { activations[(row * 4 + $0) * hidden + unit] }
        let (gradients, total) = gateGradients(
          values, squashed: tanh(values[1] * before[at] + values[0] * values[2]), cellBefore: before[at],
          above: above[at], carried: carried[at])
        for gate in 0..<4 { gates[(row * 4 + gate) * hidden + unit] = gradients[gate] }
        cells[at] = total * values[1]
      }
    }
    let hiddenWeight = exact.vector("hidden weight")
    var (bias, below) = (exact.vector("bias before"), exact.vector("below before"))
    var inputGradient = [Double](repeating: 1, count: 4 * hidden * inputs)
    var hiddenGradient = [Double](repeating: 1, count: 4 * hidden * hidden)
    let (x, hiddenBefore) = (exact.vector("x"), exact.vector("before"))
    for row in 0..<rows {
      for line in 0..<4 * hidden {
        let pull = gates[row * 4 * hidden + line]
        bias[line] += pull
        for column in 0..<hidden { below[row * hidden + column] += pull * hiddenWeight[line * hidden + column] }
        for step in 0..<steps {
          let place = step * rows + row
          for column in 0..<inputs { inputGradient[line * inputs + column] += pull * x[place * inputs + column] }
          for column in 0..<hidden {
            hiddenGradient[line * hidden + column] += pull * hiddenBefore[place * hidden + column]
          }
        }
      }
    }
    return [
      "gates": gates, "cell": cells, "bias": bias, "below": below, "input weight": inputGradient,
      "hidden weight": hiddenGradient,
    ]
  }

  // MARK: The cell behind the library's products

  private static func cell(hidden: Int) -> OpCase {
    let rows = 3
    return OpCase(
      "LSTM cell, \(rows) rows, \(hidden) units",
      numbers: {
        var random = RandomStream(seed: 4, purpose: .market, lane: UInt32(hidden))
        func numbers(_ count: Int) -> [Float] { OpDraw.normals(count, &random, scale: 1) }
        return [
          "sums": numbers(4 * rows * hidden), "cell before": numbers(rows * hidden), "above": numbers(rows * hidden),
          "carried": numbers(rows * hidden),
        ]
      },
      plain: { numbers in
        let exact = numbers.mapValues { $0.map(Double.init) }
        let (sums, before) = (exact.vector("sums"), exact.vector("cell before"))
        var (outputs, cells): ([Double], [Double]) = ([], [])
        for at in 0..<rows * hidden {
          func sum(_ gate: Int) -> Double { sums[(at / hidden * 4 + gate) * hidden + at % hidden] }
          cells.append(sigmoid(sum(1)) * before[at] + sigmoid(sum(0)) * tanh(sum(2)))
          outputs.append(sigmoid(sum(3)) * tanh(cells[at]))
        }
        return ["output": outputs, "next cell": cells]
      },
      bounds: ["output": .absolute(4e-7), "next cell": .absolute(8e-7)],
      ways: [
        OpWay("cell") { numbers in
          let (gates, before) = (FencedBuffer(numbers.vector("sums")), FencedBuffer(numbers.vector("cell before")))
          let buffers = (0..<3).map { _ in FencedBuffer(count: rows * hidden) }
          let (above, carried) = (FencedBuffer(numbers.vector("above")), FencedBuffer(numbers.vector("carried")))
          return OpCall(
            buffers: [gates, before, above, carried] + buffers,
            outputs: {
              [
                "gates": gates.array, "cell": carried.array, "output": buffers[2].array, "next cell": buffers[0].array,
              ]
            }
          ) {
            LSTMGates.forward(
              rows: rows, hiddenCount: hidden, gates: gates.base, gateStride: 4 * hidden, previousCell: before.base,
              cell: buffers[0].base, cellTanh: buffers[1].base, cellStride: hidden, hidden: buffers[2].base,
              hiddenStride: hidden)
            LSTMGates.backward(
              rows: rows, hiddenCount: hidden, gates: gates.base, gateStride: 4 * hidden, previousCell: before.base,
              cellTanh: buffers[1].base, cellStride: hidden, hiddenGradient: above.base, hiddenStride: hidden,
              cellGradient: carried.base, cellGradientStride: hidden)
          }
        }
      ],
      differences: OpDifferences(
        step: 1e-5, bound: .absolute(2e-6), gradients: [("gates", "sums"), ("cell", "cell before")],
        function: { cellValue($0, rows: rows, hidden: hidden) }))
  }
}
