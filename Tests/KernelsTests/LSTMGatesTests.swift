// The LSTM cell in both spellings; `OpCases` holds it against double precision and differences.

import Kernels
import OpCases
import Testing

struct LSTMGatesTests {
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
