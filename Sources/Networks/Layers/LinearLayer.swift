// A dense layer on rows, forward and backward.

import Kernels

extension NetworkPlan.Linear {
  /// Rows of one product: operands of this many rows stay in the second-level cache, and the library multiplies them without first
  /// copying them into a layout of its own.
  private static let blockRows = 256

  /// Calls `body` with the rows of each block, in order.
  private func forEachBlock(of rows: Int, _ body: (Range<Int>) -> Void) {
    var start = 0
    while start < rows {
      let end = min(start + Self.blockRows, rows)
      body(start..<end)
      start = end
    }
  }

  /// output = input W^T + b. input: (rows, inputs), output: (rows, outputs), contiguous.
  func forward(
    _ input: MatrixView, parameters: UnsafePointer<Float>, derived: UnsafeMutablePointer<Float>, into output: MatrixView
  ) {
    let biases = parameters + bias
    if outputs == 1 {
      output.base.update(repeating: biases[0], count: output.rows)
    } else {
      for row in 0..<output.rows { output.row(row).update(from: biases, count: outputs) }
    }
    let weights = MatrixView(base: derived + transposed, rows: inputs, columns: outputs)
    forEachBlock(of: output.rows) { block in
      MatrixProduct.multiply(input.rows(block), weights, into: output.rows(block), adding: true)
    }
  }

  /// Adds the weight and bias gradients, and writes or adds (`addingInput`) the input's gradient where asked.
  func backward(
    _ outputGradient: MatrixView, input: MatrixView, parameters: UnsafeMutablePointer<Float>,
    gradients: UnsafeMutablePointer<Float>, inputGradient: MatrixView?, addingInput: Bool = false
  ) {
    let weightGradient = MatrixView(base: gradients + weight, rows: outputs, columns: inputs)
    let weights = MatrixView(base: parameters + weight, rows: outputs, columns: inputs)
    forEachBlock(of: outputGradient.rows) { block in
      let gradient = outputGradient.rows(block)
      MatrixProduct.addTransposedProduct(gradient, input.rows(block), to: weightGradient)
      if let inputGradient {
        MatrixProduct.multiply(gradient, weights, into: inputGradient.rows(block), adding: addingInput)
      }
    }
    addColumnSums(outputGradient, to: gradients + bias)
  }
}

/// target += sum over rows, from row 0 up.
func addColumnSums(_ matrix: MatrixView, to target: UnsafeMutablePointer<Float>) {
  if matrix.columns == 1, matrix.rowStride == 1 {
    target[0] += Float(Reductions.sum(matrix.base, count: matrix.rows))
    return
  }
  for row in 0..<matrix.rows { Reductions.add(matrix.row(row), to: target, count: matrix.columns) }
}
