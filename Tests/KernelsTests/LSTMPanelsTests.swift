// The fused LSTM kernels of every instruction set against double precision.

import Glibc
import Kernels
import TestSupport
import Testing

/// A layer with random numbers, and what its step should give.
private struct Layer: CustomTestStringConvertible {
  let rows: Int
  let inputs: Int
  let hidden: Int

  var testDescription: String { "\(rows) rows, \(inputs) inputs, \(hidden) units" }

  static let all = [
    Layer(rows: 1, inputs: 1, hidden: 16), Layer(rows: 2, inputs: 5, hidden: 32),
    Layer(rows: 7, inputs: 26, hidden: 48),
    Layer(rows: 32, inputs: 26, hidden: 64), Layer(rows: 13, inputs: 29, hidden: 80),
    Layer(rows: 9, inputs: 3, hidden: 112),
  ]

  /// Place of a unit's gate in gates of n rows, as the panels of a level have them.
  func place(_ panels: LSTMPanels, row: Int, gate: Int, unit: Int) -> Int {
    let units = panels.units
    return (unit / units * rows + row) * 4 * units + gate * units + unit % units
  }
}

struct LSTMPanelsTests {
  static let levels = InstructionSet.allCases.filter { $0 <= .processor }

  @Test(arguments: levels, Layer.all)
  fileprivate func `agrees with double precision`(level: InstructionSet, layer: Layer) {
    let (rows, inputs, hidden) = (layer.rows, layer.inputs, layer.hidden)
    let panels = LSTMPanels(level: level)
    #expect(panels.level == level)
    let numbers = LayerNumbers(rows: rows, inputs: inputs, hidden: hidden)
    let weights = FencedBuffer(count: LSTMPanels.weightCount(inputs: inputs, hidden: hidden))
    let (bias, recurrent) = (FencedBuffer(count: 4 * hidden), FencedBuffer(count: 4 * hidden * hidden))
    panels.pack(
      inputs: inputs, hidden: hidden, inputWeight: numbers.inputWeight, hiddenWeight: numbers.hiddenWeight,
      biases: numbers.biases, weights: weights.base, biasSum: bias.base, recurrent: recurrent.base)
    let gates = FencedBuffer(count: 4 * rows * hidden)
    let states = (0..<2).map { _ in FencedBuffer(count: rows * hidden) }
    panels.forward(
      rows: rows, inputs: inputs, hidden: hidden, x: numbers.x, hiddenBefore: numbers.before, weights: weights.base,
      bias: bias.base, cellBefore: numbers.cellBefore, gates: gates.base, cell: states[0].base, output: states[1].base)
    for buffer in [weights, bias, recurrent, gates] + states { #expect(buffer.isIntact) }

    let (activations, cell, output) = (gates.array, states[0].array, states[1].array)
    for row in 0..<rows {
      for unit in 0..<hidden {
        let (values, next) = numbers.step(row: row, unit: unit)
        let at = row * hidden + unit
        for gate in 0..<4 {
          #expect(abs(Double(activations[layer.place(panels, row: row, gate: gate, unit: unit)]) - values[gate]) < 2e-6)
        }
        #expect(abs(Double(cell[at]) - next) < 5e-6)
        #expect(abs(Double(output[at]) - values[3] * tanh(next)) < 5e-6)
      }
    }
  }

  @Test(arguments: levels, Layer.all)
  fileprivate func `gradients agree with double precision`(level: InstructionSet, layer: Layer) {
    let (rows, inputs, hidden) = (layer.rows, layer.inputs, layer.hidden)
    let panels = LSTMPanels(level: level)
    var random = RandomStream(seed: 18, purpose: .market, lane: UInt32(hidden))
    func numbers(_ count: Int) -> [Float] { (0..<count).map { _ in Float(0.5 * random.nextNormal()) } }
    func uniforms(_ count: Int) -> [Float] { (0..<count).map { _ in Float(random.nextDouble()) } }
    let activations = uniforms(4 * rows * hidden)
    let (cellBefore, cellTanh, above) = (numbers(rows * hidden), uniforms(rows * hidden), numbers(rows * hidden))
    var output = [Float](repeating: 0, count: rows * hidden)
    for row in 0..<rows {
      for unit in 0..<hidden {
        output[row * hidden + unit] =
          cellTanh[row * hidden + unit] * activations[layer.place(panels, row: row, gate: 3, unit: unit)]
      }
    }
    let (carried, biasBefore) = (numbers(rows * hidden), numbers(4 * hidden))
    let gates = FencedBuffer(count: activations.count)
    let (cellGradient, biasGradient) = (FencedBuffer(carried), FencedBuffer(biasBefore))
    panels.backward(
      rows: rows, hidden: hidden, gates: activations, cellBefore: cellBefore, output: output, hiddenGradient: above,
      cellGradient: cellGradient.base, gateGradient: gates.base, biasGradient: biasGradient.base)
    let found = gates.array
    var biasSums = biasBefore.map(Double.init)
    let units = panels.units
    for row in 0..<rows {
      for unit in 0..<hidden {
        let at = row * hidden + unit
        let places = (0..<4).map { layer.place(panels, row: row, gate: $0, unit: unit) }
        let values = places.map { Double(activations[$0]) }
        let (expected, total) = gateGradients(
          values, squashed: Double(cellTanh[at]), cellBefore: Double(cellBefore[at]), above: Double(above[at]),
          carried: Double(carried[at]))
        for gate in 0..<4 {
          #expect(abs(Double(found[places[gate]]) - expected[gate]) < 1e-6)
          biasSums[units * (4 * (unit / units) + gate) + unit % units] += expected[gate]
        }
        #expect(abs(Double(cellGradient.array[at]) - total * values[1]) < 1e-6)
      }
    }
    for (sum, expected) in zip(biasGradient.array, biasSums) { #expect(abs(Double(sum) - expected) < 1e-5) }

    // Through the recurrent weights, and into the weights' gradients, over three steps of which one is another's neighbour.
    let (inputWeight, hiddenWeight) = (numbers(4 * hidden * inputs), numbers(4 * hidden * hidden))
    let weights = FencedBuffer(count: LSTMPanels.weightCount(inputs: inputs, hidden: hidden))
    let recurrent = FencedBuffer(count: 4 * hidden * hidden)
    panels.pack(
      inputs: inputs, hidden: hidden, inputWeight: inputWeight, hiddenWeight: hiddenWeight, biases: biasBefore,
      weights: weights.base, biasSum: biasGradient.base, recurrent: recurrent.base)
    let start = numbers(rows * hidden)
    let target = FencedBuffer(start)
    panels.addThrough(
      rows: rows, hidden: hidden, gates: gates.base, recurrent: recurrent.base, ahead: nil, target: target.base)
    for row in 0..<rows {
      for column in 0..<hidden {
        var expected = Double(start[row * hidden + column])
        for gate in 0..<4 {
          for unit in 0..<hidden {
            expected +=
              Double(found[layer.place(panels, row: row, gate: gate, unit: unit)])
              * Double(hiddenWeight[(gate * hidden + unit) * hidden + column])
          }
        }
        #expect(abs(Double(target.array[row * hidden + column]) - expected) < 2e-5)
      }
    }
    let (x, before) = ((0..<3).map { _ in numbers(rows * inputs) }, (0..<3).map { _ in numbers(rows * hidden) })
    let (xs, befores) = (x.map { FencedBuffer($0) }, before.map { FencedBuffer($0) })
    var steps = LSTMPanels.Steps()
    defer { steps.deallocate() }
    for step in 0..<3 { steps.append(x: xs[step].base, hiddenBefore: befores[step].base, gates: gates.base) }
    let gradient = FencedBuffer([Float](repeating: 0, count: weights.array.count))
    panels.addWeightGradient(of: steps, rows: rows, inputs: inputs, hidden: hidden, to: gradient.base)
    let unpacked = [4 * hidden * inputs, 4 * hidden * hidden, 4 * hidden].map {
      FencedBuffer([Float](repeating: 1, count: $0))
    }
    panels.addUnpacked(
      inputs: inputs, hidden: hidden, gradient: gradient.base, biasGradient: biasGradient.base,
      inputWeight: unpacked[0].base, hiddenWeight: unpacked[1].base, bias: unpacked[2].base)
    for gate in 0..<4 {
      for unit in 0..<hidden {
        func expected(_ column: Int, _ rowsOf: [[Float]], _ width: Int) -> Double {
          var sum = 1.0
          for step in 0..<3 {
            for row in 0..<rows {
              sum +=
                Double(found[layer.place(panels, row: row, gate: gate, unit: unit)])
                * Double(rowsOf[step][row * width + column])
            }
          }
          return sum
        }
        let line = gate * hidden + unit
        for column in 0..<inputs {
          #expect(abs(Double(unpacked[0].array[line * inputs + column]) - expected(column, x, inputs)) < 2e-5)
        }
        for column in 0..<hidden {
          #expect(abs(Double(unpacked[1].array[line * hidden + column]) - expected(column, before, hidden)) < 2e-5)
        }
      }
    }
    for buffer in [gates, cellGradient, biasGradient, weights, recurrent, target, gradient] + xs + befores + unpacked {
      #expect(buffer.isIntact)
    }
  }

  /// A gate that is shut so far that it counts as zero stops its gradient, and makes no number of it that is none.
  @Test(arguments: levels) func `shut gates give no gradient`(level: InstructionSet) {
    let layer = Layer(rows: 1, inputs: 1, hidden: 16)
    let (hidden, panels) = (layer.hidden, LSTMPanels(level: level))
    let shut = (0..<hidden).map { layer.place(panels, row: 0, gate: 3, unit: $0) }
    var gates = [Float](repeating: 0.5, count: 4 * hidden)
    for place in shut { gates[place] = 0 }
    let zeros = [Float](repeating: 0, count: hidden)
    let ones = [Float](repeating: 1, count: hidden)
    let (cell, gradient, bias) = (FencedBuffer(ones), FencedBuffer(count: 64), FencedBuffer(count: 64))
    panels.backward(
      rows: 1, hidden: hidden, gates: gates, cellBefore: ones, output: zeros, hiddenGradient: ones,
      cellGradient: cell.base, gateGradient: gradient.base, biasGradient: bias.base)
    #expect(gradient.array.allSatisfy { $0.isFinite })
    #expect(shut.allSatisfy { gradient.array[$0] == 0 })
    #expect(cell.array == [Float](repeating: 0.5, count: hidden))
  }

  /// Sums far beyond what the exponential can hold end at the functions' limits.
  @Test(arguments: levels, [Float(0), 1e-6, 3, 30, 100, 1000, 1e30]) func `activations saturate`(
    level: InstructionSet, size: Float
  ) {
    let layer = Layer(rows: 1, inputs: 1, hidden: 16)
    let (hidden, panels) = (layer.hidden, LSTMPanels(level: level))
    for sign in [Float(1), -1] {
      let x = sign * size
      let weights = [Float](repeating: 0, count: 64 * (1 + hidden))
      let (bias, zeros) = ([Float](repeating: x, count: 64), [Float](repeating: 0, count: hidden))
      let (gates, cell, output) = (
        FencedBuffer(count: 64), FencedBuffer(count: hidden), FencedBuffer(count: hidden)
      )
      panels.forward(
        rows: 1, inputs: 1, hidden: hidden, x: zeros, hiddenBefore: zeros, weights: weights, bias: bias,
        cellBefore: zeros, gates: gates.base, cell: cell.base, output: output.base)
      let (one, squashed) = (sigmoid(Double(x)), tanh(Double(x)))
      for unit in 0..<hidden {
        #expect(abs(Double(gates.array[layer.place(panels, row: 0, gate: 0, unit: unit)]) - one) <= 2e-7)
        #expect(
          abs(Double(gates.array[layer.place(panels, row: 0, gate: 2, unit: unit)]) - squashed) <= 3e-7 * abs(squashed)
            + 1e-30)
        #expect(abs(Double(output.array[unit]) - one * tanh(one * squashed)) <= 4e-7)
      }
    }
  }

  @Test func `only whole panels are supported`() {
    #expect([16, 32, 64, 128].allSatisfy { LSTMPanels.supports(hidden: $0) })
    #expect(![0, 1, 8, 17, 40].contains { LSTMPanels.supports(hidden: $0) })
  }
}
