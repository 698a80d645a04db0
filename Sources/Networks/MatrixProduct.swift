// Matrix products: the only door to BLAS.

import CBLAS
import Glibc
package import Kernels

/// Single-precision products through CBLAS, one thread each: parallelism belongs to the worker pool above.
///
/// The order of summation is the library's. It depends on the shapes alone, and for one row on how many rows there are and which of them it is: the
/// same row among others may differ in its last bit (OpenBLAS's Haswell and Zen kernels take six rows one way and the next six another). Who needs
/// a row's bits whatever is beside it takes `DenseKernels`. No aliasing of result and operands.
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

// MARK: - What the library is and can

extension MatrixProduct {
  /// How the library was built and what it takes this machine for, as it says itself.
  package struct LibraryInformation: Sendable {
    /// Version and build options.
    package let configuration: String
    /// The processor family whose kernels were chosen, for example `Haswell`.
    package let core: String
    /// Library and processor family, for a person.
    package var title: String { "OpenBLAS \(core)" }
    /// Threads of one product: 1.
    package let threadCount: Int
    /// Whether its kernels do without the AVX-512 that this processor has.
    package var isBelowProcessor: Bool {
      InstructionSet.processor == .v4
        && ["Prescott", "Nehalem", "Sandybridge", "Haswell", "Zen", "Excavator"].contains(core)
    }
  }

  package static var libraryInformation: LibraryInformation {
    prepare()
    return LibraryInformation(
      configuration: String(cString: openblas_get_config()), core: String(cString: openblas_get_corename()),
      threadCount: Int(openblas_get_num_threads()))
  }

  /// The fastest of `count` square products on the calling thread, in GFLOP/s (2 size^3 operations each): what a share of peak is a
  /// share of. The machine's other work shows in it, so it is measured next to what it is compared with.
  ///
  /// Allocates 12 size^2 bytes. Traps unless `size` and `count` are positive.
  package static func measurePeak(size: Int = 1024, count: Int = 5) -> Double {
    precondition(size > 0 && count > 0, "\(count) products of size \(size)")
    prepare()
    func matrix(_ value: Float) -> FloatStorage {
      let storage = FloatStorage(count: size * size)
      storage.fill(value)
      return storage
    }
    func view(_ storage: FloatStorage) -> MatrixView { MatrixView(base: storage.base, rows: size, columns: size) }
    func now() -> Double {
      var time = timespec()
      clock_gettime(CLOCK_MONOTONIC, &time)
      return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
    let (a, b, result) = (matrix(0.5), matrix(0.25), matrix(0))
    var fastest = Double.infinity
    for _ in 0..<count {
      let start = now()
      multiply(view(a), view(b), into: view(result))
      fastest = min(fastest, now() - start)
    }
    return 2 * Double(size) * Double(size) * Double(size) / max(fastest, 1e-9) * 1e-9
  }
}
