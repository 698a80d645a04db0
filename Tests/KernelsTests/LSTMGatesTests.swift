// The LSTM cell against double precision, forward and by central differences.

import Glibc
import Kernels
import TestSupport
import Testing

/// The cell in double precision: returns h' and c'.
private func reference(_ gates: [Double], cell: Double) -> (hidden: Double, cell: Double) {
  func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
  let next = sigmoid(gates[1]) * cell + sigmoid(gates[0]) * tanh(gates[2])
  return (sigmoid(gates[3]) * tanh(next), next)
}

struct LSTMGatesTests {
  @Test(arguments: [1, 7, 8, 13, 16, 40])
  func `agrees with double precision`(hiddenCount: Int) {
    var random = RandomStream(seed: 4, purpose: .market, lane: UInt32(hiddenCount))
    let rows = 3
    func numbers(_ count: Int) -> [Float] { (0..<count).map { _ in Float(random.nextNormal()) } }
    let gateInputs = numbers(rows * 4 * hiddenCount)
    let cells = numbers(rows * hiddenCount)
    let hiddenGradients = numbers(rows * hiddenCount)
    let cellGradients = numbers(rows * hiddenCount)
    let gates = FencedBuffer(gateInputs)
    let (cell, cellTanh, hidden) = (
      FencedBuffer(count: cells.count), FencedBuffer(count: cells.count), FencedBuffer(count: cells.count)
    )
    LSTMGates.forward(
      rows: rows, hiddenCount: hiddenCount, gates: gates.base, gateStride: 4 * hiddenCount, previousCell: cells,
      cell: cell.base, cellTanh: cellTanh.base, cellStride: hiddenCount, hidden: hidden.base, hiddenStride: hiddenCount)
    let carried = FencedBuffer(cellGradients)
    LSTMGates.backward(
      rows: rows, hiddenCount: hiddenCount, gates: gates.base, gateStride: 4 * hiddenCount, previousCell: cells,
      cellTanh: cellTanh.base, cellStride: hiddenCount, hiddenGradient: hiddenGradients, hiddenStride: hiddenCount,
      cellGradient: carried.base, cellGradientStride: hiddenCount)
    for buffer in [gates, cell, cellTanh, hidden, carried] { #expect(buffer.isIntact) }

    for row in 0..<rows {
      for unit in 0..<hiddenCount {
        let at = row * hiddenCount + unit
        let places = (0..<4).map { row * 4 * hiddenCount + $0 * hiddenCount + unit }
        let inputs = places.map { Double(gateInputs[$0]) }
        let before = Double(cells[at])
        let expected = reference(inputs, cell: before)
        #expect(abs(Double(hidden.array[at]) - expected.hidden) <= 4e-7)
        #expect(abs(Double(cell.array[at]) - expected.cell) <= 8e-7)
        func objective(_ gates: [Double], _ cell: Double) -> Double {
          let result = reference(gates, cell: cell)
          return result.hidden * Double(hiddenGradients[at]) + result.cell * Double(cellGradients[at])
        }
        let step = 1e-5
        for gate in 0..<4 {
          var (up, down) = (inputs, inputs)
          up[gate] += step
          down[gate] -= step
          let slope = (objective(up, before) - objective(down, before)) / (2 * step)
          #expect(abs(Double(gates.array[places[gate]]) - slope) <= 2e-6)
        }
        let slope = (objective(inputs, before + step) - objective(inputs, before - step)) / (2 * step)
        #expect(abs(Double(carried.array[at]) - slope) <= 2e-6)
      }
    }
  }

  /// What C computes sixteen units at a time is what Swift computes, to the bit, also for numbers that no training should meet.
  @Test func `both spellings give the same bits`() {
    let (rows, hiddenCount) = (200, 80)
    var random = RandomStream(seed: 9, purpose: .market)
    let odd: [Float] = [0, -0.0, 0x116C2p-149, -1e-30, 88.5, -88.5, 300, -300, .infinity, -.infinity, .nan, 1e30]
    func numbers(_ count: Int, withOdd: Bool = true) -> [Float] {
      (0..<count).map { index in
        withOdd && random.nextInteger(below: 50) == 0
          ? odd[Int(random.nextInteger(below: UInt64(odd.count)))] : Float(random.nextNormal() * 4)
      }
    }
    let inputs = numbers(rows * 4 * hiddenCount)
    let cells = numbers(rows * hiddenCount)
    let (above, carried) = (numbers(rows * hiddenCount), numbers(rows * hiddenCount))
    func run(plain: Bool) -> [[Float]] {
      let gates = FencedBuffer(inputs)
      let (cell, squashed) = (FencedBuffer(count: cells.count), FencedBuffer(count: cells.count))
      let (hidden, gradient) = (FencedBuffer(count: cells.count), FencedBuffer(carried))
      var results: [[Float]] = []
      if plain {
        LSTMGates.plainForward(
          rows: rows, units: 0..<hiddenCount, hiddenCount: hiddenCount, gates: gates.base, gateStride: 4 * hiddenCount,
          previousCell: cells, cell: cell.base, cellTanh: squashed.base, cellStride: hiddenCount, hidden: hidden.base,
          hiddenStride: hiddenCount)
        results.append(gates.array)
        LSTMGates.plainBackward(
          rows: rows, units: 0..<hiddenCount, hiddenCount: hiddenCount, gates: gates.base, gateStride: 4 * hiddenCount,
          previousCell: cells, cellTanh: squashed.base, cellStride: hiddenCount, hiddenGradient: above,
          hiddenStride: hiddenCount, cellGradient: gradient.base, cellGradientStride: hiddenCount)
      } else {
        LSTMGates.forward(
          rows: rows, hiddenCount: hiddenCount, gates: gates.base, gateStride: 4 * hiddenCount, previousCell: cells,
          cell: cell.base, cellTanh: squashed.base, cellStride: hiddenCount, hidden: hidden.base,
          hiddenStride: hiddenCount)
        results.append(gates.array)
        LSTMGates.backward(
          rows: rows, hiddenCount: hiddenCount, gates: gates.base, gateStride: 4 * hiddenCount, previousCell: cells,
          cellTanh: squashed.base, cellStride: hiddenCount, hiddenGradient: above, hiddenStride: hiddenCount,
          cellGradient: gradient.base, cellGradientStride: hiddenCount)
      }
      for buffer in [gates, cell, squashed, hidden, gradient] { #expect(buffer.isIntact) }
      return results + [gates.array, cell.array, squashed.array, hidden.array, gradient.array]
    }
    for (fast, plain) in zip(run(plain: false), run(plain: true)) {
      // Any NaN is as good as another: which of two operands' survives is the processor's affair.
      let differing = zip(fast, plain).filter { $0.bitPattern != $1.bitPattern && !($0.isNaN && $1.isNaN) }
      #expect(differing.isEmpty, "\(differing.prefix(3))")
    }
  }
}
