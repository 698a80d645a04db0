// The fused LSTM kernels of every instruction set where numbers are at their limits; `OpCases` holds them against double precision.

import Glibc
import Kernels
import OpCases
import Testing

/// A layer of a step of some rows.
private struct Layer {
  let rows: Int

  /// Place of a unit's gate in gates of n rows, as the panels of a level have them.
  func place(_ panels: LSTMPanels, row: Int, gate: Int, unit: Int) -> Int {
    let units = panels.units
    return (unit / units * rows + row) * 4 * units + gate * units + unit % units
  }
}

struct LSTMPanelsTests {
  private let hidden = 16

  /// A gate that is shut so far that it counts as zero stops its gradient, and makes no number of it that is none.
  @Test(arguments: OpCases.levels) func `shut gates give no gradient`(level: InstructionSet) {
    let (layer, panels) = (Layer(rows: 1), LSTMPanels(level: level))
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
  @Test(arguments: OpCases.levels, [Float(0), 1e-6, 3, 30, 100, 1000, 1e30]) func `activations saturate`(
    level: InstructionSet, size: Float
  ) {
    let (layer, panels) = (Layer(rows: 1), LSTMPanels(level: level))
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

  @Test func `a level that the processor has is taken`() {
    #expect(OpCases.levels.allSatisfy { LSTMPanels(level: $0).level == $0 && DenseKernels(level: $0).level == $0 })
  }

  @Test func `only whole panels are supported`() {
    #expect([16, 32, 64, 128].allSatisfy { LSTMPanels.supports(hidden: $0) })
    #expect(![0, 1, 8, 17, 40].contains { LSTMPanels.supports(hidden: $0) })
  }
}
