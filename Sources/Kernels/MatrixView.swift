// A borrowed matrix: the unit that kernels speak.

/// Borrowed row-major window (rows, columns). Never owns, never allocates.
///
/// Element (r, c) is at `base[r * rowStride + c]`; `rowStride >= columns`.
package struct MatrixView: @unchecked Sendable {
  package let base: UnsafeMutablePointer<Float>
  package let rows: Int
  package let columns: Int
  package let rowStride: Int

  package init(base: UnsafeMutablePointer<Float>, rows: Int, columns: Int, rowStride: Int) {
    precondition(rowStride >= columns, "row stride \(rowStride) is below \(columns) columns")
    self.base = base
    self.rows = rows
    self.columns = columns
    self.rowStride = rowStride
  }

  package init(base: UnsafeMutablePointer<Float>, rows: Int, columns: Int) {
    self.init(base: base, rows: rows, columns: columns, rowStride: columns)
  }

  package func row(_ index: Int) -> UnsafeMutablePointer<Float> { base + index * rowStride }

  /// The rows in `range`, same columns and stride.
  package func rows(_ range: Range<Int>) -> MatrixView {
    MatrixView(base: base + range.lowerBound * rowStride, rows: range.count, columns: columns, rowStride: rowStride)
  }
}
