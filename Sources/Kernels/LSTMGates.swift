// The pointwise part of the LSTM cell, forward and backward.

import CKernels

/// The pointwise part of an LSTM step. Letters: n rows, H hidden units. Gate rows hold the four blocks i, f, g, o of H numbers each.
///
/// c' = sigmoid(f) c + sigmoid(i) tanh(g); h' = sigmoid(o) tanh(c'). Source: the cell of torch.nn.LSTM (PyTorch 2).
/// Every result depends on its own row and unit alone.
///
/// Sixteen units at a time are left to C, which is compiled for several instruction sets; what is left over, and the plain forms that tests
/// hold the C against, are here. Both give the same bits.
package enum LSTMGates {
  /// One step forward.
  ///
  /// gates: (n, 4H) pre-activations, replaced by the activations; previousCell: (n, H); cell, cellTanh, hidden: (n, H) results.
  /// Strides are in floats between rows. `cell` may be `previousCell`; otherwise no aliasing.
  package static func forward(
    rows: Int, hiddenCount: Int, gates: UnsafeMutablePointer<Float>, gateStride: Int,
    previousCell: UnsafePointer<Float>, cell: UnsafeMutablePointer<Float>, cellTanh: UnsafeMutablePointer<Float>,
    cellStride: Int, hidden: UnsafeMutablePointer<Float>, hiddenStride: Int
  ) {
    let wide = hiddenCount / 16 * 16
    ckernels_lstm_forward(
      rows, wide, hiddenCount, gates, gateStride, previousCell, cell, cellTanh, cellStride, hidden, hiddenStride)
    plainForward(
      rows: rows, units: wide..<hiddenCount, hiddenCount: hiddenCount, gates: gates, gateStride: gateStride,
      previousCell: previousCell, cell: cell, cellTanh: cellTanh, cellStride: cellStride, hidden: hidden,
      hiddenStride: hiddenStride)
  }

  /// The same for some units, in Swift.
  package static func plainForward(
    rows: Int, units: Range<Int>, hiddenCount: Int, gates: UnsafeMutablePointer<Float>, gateStride: Int,
    previousCell: UnsafePointer<Float>, cell: UnsafeMutablePointer<Float>, cellTanh: UnsafeMutablePointer<Float>,
    cellStride: Int, hidden: UnsafeMutablePointer<Float>, hiddenStride: Int
  ) {
    guard !units.isEmpty else { return }
    for row in 0..<rows {
      let i = gates + row * gateStride
      let f = i + hiddenCount
      let g = f + hiddenCount
      let o = g + hiddenCount
      let before = previousCell + row * cellStride
      let after = cell + row * cellStride
      let squashed = cellTanh + row * cellStride
      let output = hidden + row * hiddenStride
      var unit = units.lowerBound
      while unit + 8 <= units.upperBound {
        let step = cellStep(load8(i + unit), load8(f + unit), load8(g + unit), load8(o + unit), load8(before + unit))
        store8(step.i, i + unit)
        store8(step.f, f + unit)
        store8(step.g, g + unit)
        store8(step.o, o + unit)
        store8(step.cell, after + unit)
        store8(step.cellTanh, squashed + unit)
        store8(step.o * step.cellTanh, output + unit)
        unit += 8
      }
      let rest = units.upperBound - unit
      if rest > 0 {
        let step = cellStep(
          loadPart(i + unit, rest), loadPart(f + unit, rest), loadPart(g + unit, rest), loadPart(o + unit, rest),
          loadPart(before + unit, rest))
        storePart(step.i, i + unit, rest)
        storePart(step.f, f + unit, rest)
        storePart(step.g, g + unit, rest)
        storePart(step.o, o + unit, rest)
        storePart(step.cell, after + unit, rest)
        storePart(step.cellTanh, squashed + unit, rest)
        storePart(step.o * step.cellTanh, output + unit, rest)
      }
    }
  }

  /// One step backward.
  ///
  /// gates: (n, 4H) activations of the forward step, replaced by the gradients of the pre-activations; previousCell, cellTanh: (n, H)
  /// as in the forward step; hiddenGradient: (n, H) total gradient of h'; cellGradient: (n, H) gradient of c' from the next step,
  /// replaced by that of c. No aliasing.
  package static func backward(
    rows: Int, hiddenCount: Int, gates: UnsafeMutablePointer<Float>, gateStride: Int,
    previousCell: UnsafePointer<Float>, cellTanh: UnsafePointer<Float>, cellStride: Int,
    hiddenGradient: UnsafePointer<Float>, hiddenStride: Int, cellGradient: UnsafeMutablePointer<Float>,
    cellGradientStride: Int
  ) {
    let wide = hiddenCount / 16 * 16
    ckernels_lstm_backward(
      rows, wide, hiddenCount, gates, gateStride, previousCell, cellTanh, cellStride, hiddenGradient, hiddenStride,
      cellGradient, cellGradientStride)
    plainBackward(
      rows: rows, units: wide..<hiddenCount, hiddenCount: hiddenCount, gates: gates, gateStride: gateStride,
      previousCell: previousCell, cellTanh: cellTanh, cellStride: cellStride, hiddenGradient: hiddenGradient,
      hiddenStride: hiddenStride, cellGradient: cellGradient, cellGradientStride: cellGradientStride)
  }

  /// The same for some units, in Swift.
  package static func plainBackward(
    rows: Int, units: Range<Int>, hiddenCount: Int, gates: UnsafeMutablePointer<Float>, gateStride: Int,
    previousCell: UnsafePointer<Float>, cellTanh: UnsafePointer<Float>, cellStride: Int,
    hiddenGradient: UnsafePointer<Float>, hiddenStride: Int, cellGradient: UnsafeMutablePointer<Float>,
    cellGradientStride: Int
  ) {
    guard !units.isEmpty else { return }
    for row in 0..<rows {
      let i = gates + row * gateStride
      let f = i + hiddenCount
      let g = f + hiddenCount
      let o = g + hiddenCount
      let before = previousCell + row * cellStride
      let squashed = cellTanh + row * cellStride
      let output = hiddenGradient + row * hiddenStride
      let carried = cellGradient + row * cellGradientStride
      var unit = units.lowerBound
      while unit + 8 <= units.upperBound {
        let step = cellStepBackward(
          load8(i + unit), load8(f + unit), load8(g + unit), load8(o + unit), load8(before + unit),
          load8(squashed + unit), load8(output + unit), load8(carried + unit))
        store8(step.i, i + unit)
        store8(step.f, f + unit)
        store8(step.g, g + unit)
        store8(step.o, o + unit)
        store8(step.cell, carried + unit)
        unit += 8
      }
      let rest = units.upperBound - unit
      if rest > 0 {
        let step = cellStepBackward(
          loadPart(i + unit, rest), loadPart(f + unit, rest), loadPart(g + unit, rest), loadPart(o + unit, rest),
          loadPart(before + unit, rest), loadPart(squashed + unit, rest), loadPart(output + unit, rest),
          loadPart(carried + unit, rest))
        storePart(step.i, i + unit, rest)
        storePart(step.f, f + unit, rest)
        storePart(step.g, g + unit, rest)
        storePart(step.o, o + unit, rest)
        storePart(step.cell, carried + unit, rest)
      }
    }
  }

  @_transparent
  private static func cellStep(
    _ i: Float8, _ f: Float8, _ g: Float8, _ o: Float8, _ cell: Float8
  ) -> (i: Float8, f: Float8, g: Float8, o: Float8, cell: Float8, cellTanh: Float8) {
    let input = sigmoid8(i)
    let forget = sigmoid8(f)
    let candidate = tanh8(g)
    let next = forget * cell + input * candidate
    return (input, forget, candidate, sigmoid8(o), next, tanh8(next))
  }

  @_transparent
  private static func cellStepBackward(
    _ i: Float8, _ f: Float8, _ g: Float8, _ o: Float8, _ cell: Float8, _ cellTanh: Float8, _ hiddenGradient: Float8,
    _ cellGradient: Float8
  ) -> (i: Float8, f: Float8, g: Float8, o: Float8, cell: Float8) {
    let total = cellGradient + hiddenGradient * o * (1 - cellTanh * cellTanh)
    return (
      total * g * (i * (1 - i)), total * cell * (f * (1 - f)), total * i * (1 - g * g),
      hiddenGradient * cellTanh * (o * (1 - o)), total * f
    )
  }
}
