// A dense layer on rows, forward and backward.

import Kernels

extension NetworkPlan.Linear {
  /// Rows of one product in a backward pass: operands of this many rows stay in the second-level cache.
  private static let blockRows = 256

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
    MatrixProduct.multiply(
      input, MatrixView(base: derived + transposed, rows: inputs, columns: outputs), into: output, adding: true)
  }

  /// Adds the weight and bias gradients, and writes or adds (`addingInput`) the input's gradient where asked.
  func backward(
    _ outputGradient: MatrixView, input: MatrixView, parameters: UnsafeMutablePointer<Float>,
    gradients: UnsafeMutablePointer<Float>, inputGradient: MatrixView?, addingInput: Bool = false
  ) {
    let weightGradient = MatrixView(base: gradients + weight, rows: outputs, columns: inputs)
    var start = 0
    while start < outputGradient.rows {
      let range = start..<min(start + Self.blockRows, outputGradient.rows)
      MatrixProduct.addTransposedProduct(outputGradient.rows(range), input.rows(range), to: weightGradient)
      start = range.upperBound
    }
    addColumnSums(outputGradient, to: gradients + bias)
    if let inputGradient {
      MatrixProduct.multiply(
        outputGradient, MatrixView(base: parameters + weight, rows: outputs, columns: inputs), into: inputGradient,
        adding: addingInput)
    }
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
