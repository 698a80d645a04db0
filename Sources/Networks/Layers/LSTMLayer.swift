// An LSTM layer over sequences, forward and backward through time.

import Kernels

/// What one LSTM keeps between its forward and backward pass. Rows are (L, n), time-major; capacity in rows.
final class LSTMBuffers {
  let hiddenCount: Int
  /// (L n, 4H) activations; a step's as panels (H / U, n, 4U), or as (n, 4H), which become gradients of the pre-activations.
  let gates: FloatStorage
  /// (L n, H)
  let hidden: FloatStorage
  /// (L n, H)
  let cell: FloatStorage
  /// (L n, H); none where there are panels.
  let cellTanh: FloatStorage
  /// (L n, H) gradient of `hidden`, from the layers above and from later steps.
  let hiddenGradient: FloatStorage
  /// (L n, H) the state a step starts from, written only at step 0 and where a sequence starts anew.
  let startHidden: FloatStorage
  /// (L n, H)
  let startCell: FloatStorage
  /// (n, H)
  let cellGradient: FloatStorage
  /// (n, H)
  let scratch: FloatStorage
  /// (L) whether any sequence starts anew before step t.
  let hasStart: UnsafeMutablePointer<Bool>
  /// The fused kernels, where the layer goes through them.
  let panels: LSTMPanels?
  /// (H / U, D + H, 4U) and behind it (H / U, 4U): weight and bias gradients in the panels' order.
  let panelGradient: FloatStorage
  /// Gradients of the gates of the last few steps, (H / U, n, 4U) each.
  let gateGradients: FloatStorage
  var steps = LSTMPanels.Steps()
  /// What a layer with bfloat16 products keeps in place of gates, cellTanh and the starts.
  let narrow: NarrowLSTMBuffers?

  init(
    inputs: Int, hiddenCount: Int, rowCapacity: Int, sequenceCapacity: Int, lengthCapacity: Int, panels: LSTMPanels?,
    narrow: BFloat16Panels? = nil
  ) {
    self.hiddenCount = hiddenCount
    self.panels = panels
    self.narrow = narrow.map {
      NarrowLSTMBuffers($0, rowCapacity: rowCapacity, sequenceCapacity: sequenceCapacity)
    }
    panelGradient = FloatStorage(
      count: panels == nil ? 0 : LSTMPanels.weightCount(inputs: inputs + 1, hidden: hiddenCount))
    gateGradients = FloatStorage(count: panels == nil ? 0 : LSTMPanels.Steps.limit * sequenceCapacity * 4 * hiddenCount)
    func rows(_ columns: Int) -> FloatStorage { FloatStorage(count: rowCapacity * columns) }
    func wideRows(_ columns: Int) -> FloatStorage { rows(narrow == nil ? columns : 0) }
    gates = wideRows(4 * hiddenCount)
    hidden = rows(hiddenCount)
    cell = rows(hiddenCount)
    cellTanh = wideRows(panels == nil ? hiddenCount : 0)
    hiddenGradient = rows(hiddenCount)
    startHidden = wideRows(hiddenCount)
    startCell = wideRows(hiddenCount)
    cellGradient = FloatStorage(count: sequenceCapacity * hiddenCount)
    scratch = FloatStorage(count: sequenceCapacity * hiddenCount)
    hasStart = .allocate(capacity: max(lengthCapacity, 1))
    hasStart.initialize(repeating: false, count: max(lengthCapacity, 1))
  }

  deinit {
    hasStart.deallocate()
    steps.deallocate()
  }
}

extension NetworkPlan.LSTM {
  /// Runs all steps. `initialHidden`, `initialCell`: (n, H).
  func forward(
    _ batch: SequenceBatch, initialHidden: UnsafePointer<Float>, initialCell: UnsafePointer<Float>,
    derived: UnsafeMutablePointer<Float>, words: UnsafeMutablePointer<UInt16>, buffers: LSTMBuffers
  ) {
    if let narrow, let space = buffers.narrow {
      forward(
        batch, narrow, initialHidden: initialHidden, initialCell: initialCell, derived: derived, words: words,
        buffers: buffers, space: space)
      return
    }
    let (count, gateCount, width) = (batch.count, 4 * hidden, batch.count * hidden)
    let gates = buffers.gates.base
    let output = buffers.hidden.base
    let cell = buffers.cell.base
    let cellTanh = buffers.cellTanh.base
    let startHidden = buffers.startHidden.base
    let startCell = buffers.startCell.base
    let hasStart = buffers.hasStart
    let biases = derived + biasSum
    let inputMatrix = MatrixView(base: derived + transposedInput, rows: inputs, columns: gateCount)
    let hiddenMatrix = MatrixView(base: derived + transposedHidden, rows: hidden, columns: gateCount)
    for step in 0..<batch.length {
      let starts = batch.starts.map { $0 + step * batch.startTimeStride }
      hasStart[step] = isAnySet(starts, count: count)
      let offset = step * width
      var previousHidden = output + (offset - width)
      var previousCell = cell + (offset - width)
      if step == 0 || hasStart[step] {
        let (fromHidden, fromCell) =
          step == 0 ? (initialHidden, initialCell) : (UnsafePointer(previousHidden), UnsafePointer(previousCell))
        previousHidden = startHidden + offset
        previousCell = startCell + offset
        previousHidden.update(from: fromHidden, count: width)
        previousCell.update(from: fromCell, count: width)
        if let starts {
          zeroRows(previousHidden, where: starts, count: count)
          zeroRows(previousCell, where: starts, count: count)
        }
      }
      let stepGates = gates + step * count * gateCount
      let observations = batch.observations + step * batch.observationTimeStride
      if let kernels = buffers.panels, let panels {
        kernels.forward(
          rows: count, inputs: inputs, hidden: hidden, x: observations, hiddenBefore: previousHidden,
          weights: derived + panels.weights, bias: derived + panels.bias, cellBefore: previousCell, gates: stepGates,
          cell: cell + offset, output: output + offset)
        continue
      }
      for row in 0..<count { (stepGates + row * gateCount).update(from: biases, count: gateCount) }
      let gateMatrix = MatrixView(base: stepGates, rows: count, columns: gateCount)
      MatrixProduct.multiply(
        MatrixView(base: observations, rows: count, columns: inputs), inputMatrix, into: gateMatrix, adding: true)
      MatrixProduct.multiply(
        MatrixView(base: previousHidden, rows: count, columns: hidden), hiddenMatrix, into: gateMatrix, adding: true)
      LSTMGates.forward(
        rows: count, hiddenCount: hidden, gates: stepGates, gateStride: gateCount, previousCell: previousCell,
        cell: cell + offset, cellTanh: cellTanh + offset, cellStride: hidden, hidden: output + offset,
        hiddenStride: hidden)
    }
  }

  /// Backward through time after `forward` of the same batch: adds the weight and bias gradients. `buffers.hiddenGradient` holds the
  /// gradient from the layers above for every step, and is used up. The initial state gets no gradient.
  func backward(
    _ batch: SequenceBatch, parameters: UnsafeMutablePointer<Float>, derived: UnsafePointer<Float>,
    words: UnsafePointer<UInt16>, gradients: UnsafeMutablePointer<Float>, buffers: LSTMBuffers
  ) {
    if let narrow, let space = buffers.narrow {
      backward(batch, narrow, words: words, gradients: gradients, buffers: buffers, space: space)
      return
    }
    let (count, gateCount, width) = (batch.count, 4 * hidden, batch.count * hidden)
    let gates = buffers.gates.base
    let output = buffers.hidden.base
    let cell = buffers.cell.base
    let cellTanh = buffers.cellTanh.base
    let hiddenGradient = buffers.hiddenGradient.base
    let cellGradient = buffers.cellGradient.base
    let scratch = buffers.scratch.base
    let hasStart = buffers.hasStart
    let inputGradient = MatrixView(base: gradients + inputWeight, rows: gateCount, columns: inputs)
    let recurrentGradient = MatrixView(base: gradients + hiddenWeight, rows: gateCount, columns: hidden)
    let recurrent = MatrixView(base: parameters + hiddenWeight, rows: gateCount, columns: hidden)
    let kernels = panels == nil ? nil : buffers.panels
    let panelBiasGradient = buffers.panelGradient.base + LSTMPanels.weightCount(inputs: inputs, hidden: hidden)
    if kernels != nil { buffers.panelGradient.fill(0) }
    cellGradient.update(repeating: 0, count: width)
    for step in stride(from: batch.length - 1, through: 0, by: -1) {
      let offset = step * width
      let isFresh = step == 0 || hasStart[step]
      let previousHidden = isFresh ? buffers.startHidden.base + offset : output + (offset - width)
      let previousCell = isFresh ? buffers.startCell.base + offset : cell + (offset - width)
      let stepGates = gates + step * count * gateCount
      let observations = batch.observations + step * batch.observationTimeStride
      let gateGradient = MatrixView(base: stepGates, rows: count, columns: gateCount)
      let panelGradients = buffers.gateGradients.base + buffers.steps.count * count * gateCount
      if let kernels {
        kernels.backward(
          rows: count, hidden: hidden, gates: stepGates, cellBefore: previousCell, output: output + offset,
          hiddenGradient: hiddenGradient + offset, cellGradient: cellGradient, gateGradient: panelGradients,
          biasGradient: panelBiasGradient)
        buffers.steps.append(x: observations, hiddenBefore: previousHidden, gates: panelGradients)
        if buffers.steps.isFull || step == 0 {
          kernels.addWeightGradient(
            of: buffers.steps, rows: count, inputs: inputs, hidden: hidden, to: buffers.panelGradient.base)
          buffers.steps.removeAll()
        }
      } else {
        LSTMGates.backward(
          rows: count, hiddenCount: hidden, gates: stepGates, gateStride: gateCount, previousCell: previousCell,
          cellTanh: cellTanh + offset, cellStride: hidden, hiddenGradient: hiddenGradient + offset,
          hiddenStride: hidden, cellGradient: cellGradient, cellGradientStride: hidden)
        MatrixProduct.addTransposedProduct(
          gateGradient, MatrixView(base: observations, rows: count, columns: inputs), to: inputGradient)
        MatrixProduct.addTransposedProduct(
          gateGradient, MatrixView(base: previousHidden, rows: count, columns: hidden), to: recurrentGradient)
        addColumnSums(gateGradient, to: gradients + inputBias)
      }
      guard step > 0 else { continue }
      let earlier = hiddenGradient + (offset - width)
      // Where a sequence starts anew, nothing passes to the step before.
      let passes = hasStart[step] ? scratch : earlier
      if hasStart[step] { scratch.update(repeating: 0, count: width) }
      if let kernels, let panels {
        kernels.addThrough(
          rows: count, hidden: hidden, gates: panelGradients, recurrent: derived + panels.recurrent,
          ahead: stepGates - count * gateCount, target: passes)
      } else {
        MatrixProduct.multiply(
          gateGradient, recurrent, into: MatrixView(base: passes, rows: count, columns: hidden), adding: true)
      }
      if hasStart[step], let starts = batch.starts {
        zeroRows(scratch, where: starts + step * batch.startTimeStride, count: count)
        zeroRows(cellGradient, where: starts + step * batch.startTimeStride, count: count)
        Reductions.add(scratch, to: earlier, count: width)
      }
    }
    if let kernels {
      kernels.addUnpacked(
        inputs: inputs, hidden: hidden, gradient: buffers.panelGradient.base, biasGradient: panelBiasGradient,
        inputWeight: gradients + inputWeight, hiddenWeight: gradients + hiddenWeight, bias: gradients + inputBias)
    }
  }

  /// Both bias vectors enter as a sum, so their gradients are equal. Called once, after every `backward` into `gradients`.
  func shareBiasGradient(_ gradients: UnsafeMutablePointer<Float>) {
    (gradients + hiddenBias).update(from: gradients + inputBias, count: 4 * hidden)
  }

  func isAnySet(_ flags: UnsafePointer<UInt8>?, count: Int) -> Bool {
    guard let flags else { return false }
    var union: UInt8 = 0
    for index in 0..<count { union |= flags[index] }
    return union != 0
  }

  func zeroRows(_ rows: UnsafeMutablePointer<Float>, where flags: UnsafePointer<UInt8>, count: Int) {
    for index in 0..<count where flags[index] != 0 { (rows + index * hidden).update(repeating: 0, count: hidden) }
  }
}
