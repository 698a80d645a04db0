// An LSTM layer whose products take bfloat16 numbers, over sequences, forward and backward through time.

import Kernels

/// What such a layer keeps between its forward and backward pass, beside outputs, cell and their gradients in `LSTMBuffers`.
///
/// A step's operands have the outputs of the step before in them, with zeros where a sequence starts anew, so that the way back needs no flag to find
/// what a step started from. K operands a row as in `BFloat16Panels`.
final class NarrowLSTMBuffers {
  /// ((L + 1) n, K) of each step, and behind the last its outputs.
  let operands: WordStorage
  /// (L n, 5H)
  let tape: WordStorage
  /// (n, 4H) gradients of a step's sums.
  let gates: WordStorage
  /// (n, H) the cell before the first step.
  let startCell: FloatStorage
  /// (H / 16, K, 64) and behind it (4H): weight and bias gradients in the panels' order.
  let gradient: FloatStorage
  let steps: BFloat16Panels.Steps

  init(_ panels: BFloat16Panels, rowCapacity: Int, sequenceCapacity: Int) {
    operands = WordStorage(count: (rowCapacity + sequenceCapacity) * panels.depth)
    tape = WordStorage(count: rowCapacity * panels.tapeWidth)
    gates = WordStorage(count: sequenceCapacity * 4 * panels.hidden)
    startCell = FloatStorage(count: sequenceCapacity * panels.hidden)
    gradient = FloatStorage(count: panels.weightCount + 4 * panels.hidden)
    steps = BFloat16Panels.Steps(panels, rowCapacity: sequenceCapacity)
  }
}

extension NetworkPlan.LSTM {
  /// Runs all steps. `initialHidden`, `initialCell`: (n, H). Of `buffers.cell`, rows that a sequence does not continue from are zeroed.
  func forward(
    _ batch: SequenceBatch, _ narrow: Narrow, initialHidden: UnsafePointer<Float>, initialCell: UnsafePointer<Float>,
    derived: UnsafePointer<Float>, words: UnsafePointer<UInt16>, buffers: LSTMBuffers, space: NarrowLSTMBuffers
  ) {
    let panels = narrow.panels
    let (count, width, depth) = (batch.count, batch.count * hidden, panels.depth)
    panels.takeHidden(rows: count, initialHidden, into: space.operands.base)
    space.startCell.base.update(from: initialCell, count: width)
    for step in 0..<batch.length {
      let operands = space.operands.base + step * count * depth
      let cell = buffers.cell.base + step * width
      let cellBefore = step == 0 ? space.startCell.base : cell - width
      if let starts = batch.starts.map({ $0 + step * batch.startTimeStride }), isAnySet(starts, count: count) {
        zeroRows(cellBefore, where: starts, count: count)
        for row in 0..<count where starts[row] != 0 {
          (operands + row * depth + panels.hiddenPlace).update(repeating: 0, count: hidden)
        }
      }
      panels.takeInputs(rows: count, batch.observations + step * batch.observationTimeStride, into: operands)
      panels.forward(
        rows: count, operands: operands, weights: words + narrow.weights, bias: derived + narrow.bias,
        cellBefore: cellBefore, tape: space.tape.base + step * count * panels.tapeWidth, cell: cell,
        output: buffers.hidden.base + step * width, nextOperands: operands + count * depth)
    }
  }

  /// Backward through time after `forward` of the same batch, like `backward` in float32.
  func backward(
    _ batch: SequenceBatch, _ narrow: Narrow, words: UnsafePointer<UInt16>, gradients: UnsafeMutablePointer<Float>,
    buffers: LSTMBuffers, space: NarrowLSTMBuffers
  ) {
    let panels = narrow.panels
    let (count, width) = (batch.count, batch.count * hidden)
    let hiddenGradient = buffers.hiddenGradient.base
    let cellGradient = buffers.cellGradient.base
    let gates = space.gates.base
    let biasGradient = space.gradient.base + panels.weightCount
    space.gradient.fill(0)
    cellGradient.update(repeating: 0, count: width)
    var gathered = 0
    for step in stride(from: batch.length - 1, through: 0, by: -1) {
      panels.backward(
        rows: count, tape: space.tape.base + step * count * panels.tapeWidth,
        cellBefore: step == 0 ? space.startCell.base : buffers.cell.base + (step - 1) * width,
        hiddenGradient: hiddenGradient + step * width, cellGradient: cellGradient, biasGradient: biasGradient,
        gates: gates, operands: space.operands.base + step * count * panels.depth, step: gathered, of: space.steps)
      gathered += 1
      if gathered == BFloat16Panels.Steps.limit || step == 0 {
        panels.addWeightGradient(of: space.steps, count: gathered, rows: count, to: space.gradient.base)
        gathered = 0
      }
      guard step > 0 else { continue }
      // Where a sequence starts anew, nothing passes to the step before.
      if let starts = batch.starts.map({ $0 + step * batch.startTimeStride }), isAnySet(starts, count: count) {
        zeroRows(cellGradient, where: starts, count: count)
        for row in 0..<count where starts[row] != 0 {
          (gates + row * 4 * hidden).update(repeating: 0, count: 4 * hidden)
        }
      }
      panels.addThrough(
        rows: count, gates: gates, recurrent: words + narrow.recurrent,
        target: hiddenGradient + (step - 1) * width)
    }
    panels.addUnpacked(
      gradient: space.gradient.base, biasGradient: biasGradient, inputWeight: gradients + inputWeight,
      hiddenWeight: gradients + hiddenWeight, bias: gradients + inputBias)
  }
}
