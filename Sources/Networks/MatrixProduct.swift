// Matrix products: the only door to BLAS.

import CBLAS
package import Kernels

/// Single-precision products through CBLAS, one thread each: parallelism belongs to the worker pool above.
///
/// The order of summation is the library's; it depends on the shapes alone. No aliasing of result and operands.
package enum MatrixProduct {
  /// Sets the library to one thread, once per process.
  private static let preparation: Void = openblas_set_num_threads(1)

  /// Must be called before the first product; cheap afterwards.
  package static func prepare() { _ = preparation }

  /// result = a b, or result + a b when `adding`. a: (m, k), b: (k, n), result: (m, n).
  package static func multiply(_ a: MatrixView, _ b: MatrixView, into result: MatrixView, adding: Bool = false) {
    assert(a.columns == b.rows && result.rows == a.rows && result.columns == b.columns)
    guard a.rows > 0 else { return }
    cblas_sgemm(
      CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(a.rows), Int32(b.columns), Int32(a.columns), 1, a.base,
      Int32(a.rowStride), b.base, Int32(b.rowStride), adding ? 1 : 0, result.base, Int32(result.rowStride))
  }

  /// result += transpose(a) b. a: (k, m), b: (k, n), result: (m, n): a weight gradient from output gradients and inputs.
  package static func addTransposedProduct(_ a: MatrixView, _ b: MatrixView, to result: MatrixView) {
    assert(a.rows == b.rows && result.rows == a.columns && result.columns == b.columns)
    guard a.rows > 0 else { return }
    cblas_sgemm(
      CblasRowMajor, CblasTrans, CblasNoTrans, Int32(a.columns), Int32(b.columns), Int32(a.rows), 1, a.base,
      Int32(a.rowStride), b.base, Int32(b.rowStride), 1, result.base, Int32(result.rowStride))
  }
}
