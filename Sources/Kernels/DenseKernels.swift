// Dense layers: product, bias and activation in one pass over a tile of rows.

import CKernels

/// Fused kernels of dense layers, compiled for the same instruction sets as `LSTMPanels` and with the same promise: a row's results depend on that
/// row alone, gradients on the order of rows, and levels differ in their last bits.
package struct DenseKernels: @unchecked Sendable {
  /// What is done to each number of a product.
  package enum Function: Int, Sendable {
    case identity = 0
    case tanh = 1
    case relu = 2
    /// Times the derivative of tanh, or relu, at its own output.
    case tanhGradient = 3
    case reluGradient = 4
  }

  package let level: InstructionSet
  let kernels: UnsafePointer<ckernels_panel>

  /// The kernels of a level, or of the processor's own where that is lower.
  package init(level: InstructionSet = .processor) {
    self.level = min(level, .processor)
    kernels = self.level.kernels
  }

  /// The next multiple of 16, to which operands are padded.
  package static func padded(_ columns: Int) -> Int { (columns + 15) / 16 * 16 }

  /// result = function(a b + bias). a: (m, k), b: (k, n) with rows padded to a multiple of 16, bias: (n) padded likewise, result: (m, n).
  package func multiply(
    _ a: MatrixView, _ b: MatrixView, bias: UnsafePointer<Float>, function: Function = .identity,
    into result: MatrixView
  ) {
    assert(a.columns == b.rows && b.rowStride >= DenseKernels.padded(result.columns) && a.rows == result.rows)
    run(a, b, bias: bias, adds: false, function: function, below: nil, into: result)
  }

  /// result = function(a b), or that added to it. a: (m, k), b: (k, n), n a multiple of 16; below: (m, n), with the result's stride, the outputs at which a
  /// derivative is taken.
  package func multiply(
    _ a: MatrixView, _ b: MatrixView, adding: Bool = false, function: Function = .identity,
    below: UnsafePointer<Float>? = nil, into result: MatrixView
  ) {
    assert(a.columns == b.rows && result.columns == b.columns && result.columns % 16 == 0 && a.rows == result.rows)
    run(a, b, bias: nil, adds: adding, function: function, below: below, into: result)
  }

  private func run(
    _ a: MatrixView, _ b: MatrixView, bias: UnsafePointer<Float>?, adds: Bool, function: Function,
    below: UnsafePointer<Float>?, into result: MatrixView
  ) {
    var job = ckernels_dense(
      rows: result.rows, depth: a.columns, columns: result.columns, a: a.base, a_stride: a.rowStride, b: b.base,
      b_stride: b.rowStride, bias: bias, adds: adds ? 1 : 0, result: result.base, result_stride: result.rowStride,
      function: function.rawValue, below: below)
    kernels.pointee.dense(&job)
  }

  /// result += transpose(a) b. a: (k, m), b: (k, n), result: (m, n), n a multiple of 16.
  package func addTransposedProduct(_ a: MatrixView, _ b: MatrixView, to result: MatrixView) {
    assert(
      a.rows == b.rows && result.rows == a.columns && result.columns == b.columns && result.columns % 16 == 0)
    kernels.pointee.transposed(
      a.rows, a.columns, b.columns, a.base, a.rowStride, b.base, b.rowStride, result.base, result.rowStride)
  }

  /// sums (n) += the column sums of a: (m, n), n a multiple of 16.
  package func addColumnSums(_ a: MatrixView, to sums: UnsafeMutablePointer<Float>) {
    assert(a.columns % 16 == 0)
    kernels.pointee.column_sums(a.rows, a.columns, a.base, a.rowStride, sums)
  }
}
