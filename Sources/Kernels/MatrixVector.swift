// The batch-one matrix product, for deployment.

import CKernels

/// Products of a matrix with one vector.
package enum MatrixVector {
  /// y += W x.
  ///
  /// weights: (rows, columns) row-major; x: (columns); y: (rows). No aliasing. Each row is summed in eight partial sums, column c into
  /// sum c mod 8, which are then added in pairs; the tail of fewer than eight columns is padded with zeros.
  ///
  /// Done in C, which is compiled for several instruction sets; the plain form gives the same bits.
  package static func multiplyAdd(
    weights: UnsafePointer<Float>, rows: Int, columns: Int, x: UnsafePointer<Float>, y: UnsafeMutablePointer<Float>
  ) {
    ckernels_matrix_vector(weights, rows, columns, x, y)
  }

  /// The same in Swift.
  package static func plainMultiplyAdd(
    weights: UnsafePointer<Float>, rows: Int, columns: Int, x: UnsafePointer<Float>, y: UnsafeMutablePointer<Float>
  ) {
    for row in 0..<rows {
      let weight = weights + row * columns
      var sum = Float8.zero
      var column = 0
      while column + 8 <= columns {
        sum += load8(weight + column) * load8(x + column)
        column += 8
      }
      let rest = columns - column
      if rest > 0 { sum += loadPart(weight + column, rest) * loadPart(x + column, rest) }
      y[row] += sum8(sum)
    }
  }
}
