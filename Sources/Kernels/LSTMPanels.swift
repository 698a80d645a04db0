// The LSTM step on gate panels: product, activations and state in one pass over a tile of rows.

import CKernels

/// Fused kernels of an LSTM layer. Letters: n rows, D inputs, H hidden units, a multiple of 16. A panel is the gates i, f, g, o of U units side by
/// side, 4U floats, U being what a vector of the level holds; gates of n rows are (H / U, n, 4U).
///
/// Compiled from one C source for any processor, for x86-64-v3 and for x86-64-v4. Products and sums are fused where the processor can, so levels
/// differ in their last bits; within a level a row's results depend on that row alone, and gradients on the order of rows.
package struct LSTMPanels: @unchecked Sendable {
  package let level: InstructionSet
  private let kernels: UnsafePointer<ckernels_panel>

  /// U: units of a panel, floats of a vector.
  package var units: Int { kernels.pointee.units }

  /// Whether a layer of so many units has panels.
  package static func supports(hidden: Int) -> Bool { hidden > 0 && hidden % 16 == 0 }

  /// The kernels of a level, or of the processor's own where that is lower.
  package init(level: InstructionSet = .processor) {
    self.level = min(level, .processor)
    kernels = self.level.kernels
  }

  // MARK: Derived copies

  /// Floats of the weights that `forward` reads: (H / U, D + H, 4U).
  package static func weightCount(inputs: Int, hidden: Int) -> Int { 4 * hidden * (inputs + hidden) }

  /// The row of the declared order, gate rows i, f, g, o, that is at a place of a panel.
  private func row(_ place: Int, ofPanel panel: Int, hidden: Int) -> Int {
    place / units * hidden + panel * units + place % units
  }

  /// Writes the weights in the panels' order. inputWeight: (4H, D), hiddenWeight: (4H, H), gate rows i, f, g, o; biases: (4H), their sum.
  ///
  /// weights: (H / U, D + H, 4U); biasSum: (H / U, 4U); recurrent, for `through`: (H / 16, 4H in the panels' order, 16).
  package func pack(
    inputs: Int, hidden: Int, inputWeight: UnsafePointer<Float>, hiddenWeight: UnsafePointer<Float>,
    biases: UnsafePointer<Float>, weights: UnsafeMutablePointer<Float>, biasSum: UnsafeMutablePointer<Float>,
    recurrent: UnsafeMutablePointer<Float>
  ) {
    let (depth, line) = (inputs + hidden, 4 * units)
    for panel in 0..<hidden / units {
      for place in 0..<line {
        let row = row(place, ofPanel: panel, hidden: hidden)
        let target = weights + panel * depth * line + place
        let fromInput = inputWeight + row * inputs
        let fromHidden = hiddenWeight + row * hidden
        for column in 0..<inputs { target[column * line] = fromInput[column] }
        for column in 0..<hidden { target[(inputs + column) * line] = fromHidden[column] }
        biasSum[panel * line + place] = biases[row]
        for block in 0..<hidden / 16 {
          (recurrent + (block * 4 * hidden + panel * line + place) * 16).update(
            from: fromHidden + block * 16, count: 16)
        }
      }
    }
  }

  /// Adds gradients in the panels' order, (H / U, D + H, 4U) and (H / U, 4U), to those in the declared one.
  package func addUnpacked(
    inputs: Int, hidden: Int, gradient: UnsafePointer<Float>, biasGradient: UnsafePointer<Float>,
    inputWeight: UnsafeMutablePointer<Float>, hiddenWeight: UnsafeMutablePointer<Float>,
    bias: UnsafeMutablePointer<Float>
  ) {
    let (depth, line) = (inputs + hidden, 4 * units)
    for panel in 0..<hidden / units {
      for place in 0..<line {
        let row = row(place, ofPanel: panel, hidden: hidden)
        let source = gradient + panel * depth * line + place
        let toInput = inputWeight + row * inputs
        let toHidden = hiddenWeight + row * hidden
        for column in 0..<inputs { toInput[column] += source[column * line] }
        for column in 0..<hidden { toHidden[column] += source[(inputs + column) * line] }
        bias[row] += biasGradient[panel * line + place]
      }
    }
  }

  // MARK: Steps

  /// One step forward.
  ///
  /// x: (n, D); hiddenBefore, cellBefore: (n, H) the state it starts from; weights, bias: as packed; gates: the activations;
  /// cell, output: (n, H). No aliasing.
  package func forward(
    rows: Int, inputs: Int, hidden: Int, x: UnsafePointer<Float>, hiddenBefore: UnsafePointer<Float>,
    weights: UnsafePointer<Float>, bias: UnsafePointer<Float>, cellBefore: UnsafePointer<Float>,
    gates: UnsafeMutablePointer<Float>, cell: UnsafeMutablePointer<Float>, output: UnsafeMutablePointer<Float>
  ) {
    kernels.pointee.forward(rows, inputs, hidden, x, hiddenBefore, weights, bias, cellBefore, gates, cell, output)
  }

  /// The pointwise part of a step backward. gates, output: of the forward step; gateGradient: the gradients of what the gates are activations of,
  /// whose sums over the rows are added to biasGradient (H / U, 4U). cellGradient: (n, H) that of the cell, replaced by that of cellBefore.
  package func backward(
    rows: Int, hidden: Int, gates: UnsafePointer<Float>, cellBefore: UnsafePointer<Float>,
    output: UnsafePointer<Float>, hiddenGradient: UnsafePointer<Float>, cellGradient: UnsafeMutablePointer<Float>,
    gateGradient: UnsafeMutablePointer<Float>, biasGradient: UnsafeMutablePointer<Float>
  ) {
    kernels.pointee.backward(
      rows, hidden, gates, cellBefore, output, hiddenGradient, cellGradient, gateGradient, biasGradient)
  }

  /// target (n, H) += the gates' gradients through the recurrent weights, as packed. ahead: (H / U, n, 4U), gates that will be read next and are
  /// fetched into the caches meanwhile.
  package func addThrough(
    rows: Int, hidden: Int, gates: UnsafePointer<Float>, recurrent: UnsafePointer<Float>,
    ahead: UnsafePointer<Float>?, target: UnsafeMutablePointer<Float>
  ) {
    kernels.pointee.through(rows, hidden, gates, recurrent, ahead, target)
  }

  /// Some steps of n rows, whose share of the weights' gradients is added at once.
  package struct Steps: @unchecked Sendable {
    /// The most steps: their rows stay in the caches nearest to the core.
    package static let limit = 4

    package private(set) var count = 0
    private let inputs: UnsafeMutablePointer<UnsafePointer<Float>?>

    /// Room of its own, which `deallocate` gives back.
    package init() {
      inputs = .allocate(capacity: 3 * Steps.limit)
      inputs.initialize(repeating: nil, count: 3 * Steps.limit)
    }

    package func deallocate() { inputs.deallocate() }

    package var isFull: Bool { count == Steps.limit }

    /// x: (n, D), hiddenBefore: (n, H), gates: gradients (H / U, n, 4U). Traps where it is full.
    package mutating func append(
      x: UnsafePointer<Float>, hiddenBefore: UnsafePointer<Float>, gates: UnsafePointer<Float>
    ) {
      precondition(!isFull, "more than \(Steps.limit) steps")
      inputs[count] = x
      inputs[Steps.limit + count] = hiddenBefore
      inputs[2 * Steps.limit + count] = gates
      count += 1
    }

    package mutating func removeAll() { count = 0 }

    fileprivate var x: UnsafePointer<UnsafePointer<Float>?> { UnsafePointer(inputs) }
    fileprivate var hiddenBefore: UnsafePointer<UnsafePointer<Float>?> { UnsafePointer(inputs + Steps.limit) }
    fileprivate var gates: UnsafePointer<UnsafePointer<Float>?> { UnsafePointer(inputs + 2 * Steps.limit) }
  }

  /// gradient (H / U, D + H, 4U) += what some steps of n rows add.
  package func addWeightGradient(
    of steps: Steps, rows: Int, inputs: Int, hidden: Int, to gradient: UnsafeMutablePointer<Float>
  ) {
    let line = 4 * units
    let panelStride = (inputs + hidden) * line
    kernels.pointee.outer(steps.count, rows, inputs, steps.x, hidden, steps.gates, gradient, panelStride)
    kernels.pointee.outer(
      steps.count, rows, hidden, steps.hiddenBefore, hidden, steps.gates, gradient + inputs * line, panelStride)
  }
}
