// An LSTM layer of random numbers, and what a step of it gives in double precision.

import Glibc
import Kernels

package func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

/// Weights, biases, inputs and state of a step.
package struct LayerNumbers {
  package let rows: Int
  package let inputs: Int
  package let hidden: Int
  /// (4 hidden, inputs), (4 hidden, hidden), (4 hidden)
  package var inputWeight: [Float]
  package var hiddenWeight: [Float]
  package let biases: [Float]
  /// (rows, inputs), (rows, hidden), (rows, hidden)
  package var x: [Float]
  package var before: [Float]
  package let cellBefore: [Float]

  /// weightScale: times 1 / sqrt(hidden).
  package init(rows: Int, inputs: Int, hidden: Int, weightScale: Double = 1, stateScale: Double = 1) {
    (self.rows, self.inputs, self.hidden) = (rows, inputs, hidden)
    var random = RandomStream(seed: 8, purpose: .market, lane: UInt32(hidden))
    func numbers(_ count: Int, _ scale: Double = 1) -> [Float] {
      (0..<count).map { _ in Float(scale * random.nextNormal()) }
    }
    let scale = weightScale / Double(hidden).squareRoot()
    inputWeight = numbers(4 * hidden * inputs, scale)
    hiddenWeight = numbers(4 * hidden * hidden, scale)
    biases = numbers(4 * hidden)
    x = numbers(rows * inputs)
    before = numbers(rows * hidden, stateScale)
    cellBefore = numbers(rows * hidden)
  }

  /// The four gates of a unit after their activations, and its cell.
  package func step(row: Int, unit: Int) -> (gates: [Double], cell: Double) {
    let sums = (0..<4).map { gate in
      let at = gate * hidden + unit
      return (0..<inputs).reduce(Double(biases[at])) {
        $0 + Double(inputWeight[at * inputs + $1]) * Double(x[row * inputs + $1])
      }
        + (0..<hidden).reduce(0.0) {
          $0 + Double(hiddenWeight[at * hidden + $1]) * Double(before[row * hidden + $1])
        }
    }
    let gates = [sigmoid(sums[0]), sigmoid(sums[1]), tanh(sums[2]), sigmoid(sums[3])]
    return (gates, gates[1] * Double(cellBefore[row * hidden + unit]) + gates[0] * gates[2])
  }
}

/// The gradients of a unit's four sums, and the cell's gradient, all of it. gates: i, f, g, o; squashed: tanh of the cell; above: the gradient of the
/// output; carried: of the cell, from the step behind.
package func gateGradients(
  _ gates: [Double], squashed: Double, cellBefore: Double, above: Double, carried: Double
) -> (gates: [Double], cell: Double) {
  let (i, f, g, o) = (gates[0], gates[1], gates[2], gates[3])
  let total = carried + above * o * (1 - squashed * squashed)
  return (
    [
      total * g * i * (1 - i), total * cellBefore * f * (1 - f), total * i * (1 - g * g),
      above * squashed * o * (1 - o),
    ],
    total
  )
}
