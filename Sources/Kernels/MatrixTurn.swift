// Matrices turned: rows become columns.

import CKernels

/// Transposed copies through the processor's registers. Nothing is calculated, so that every instruction set writes the same numbers.
package enum MatrixTurn {
  /// target (n, m) = transposed source (m, n). No aliasing.
  package static func write(_ source: MatrixView, into target: MatrixView) { run(source, target, adds: 0) }

  /// target (n, m) += transposed source (m, n). No aliasing.
  package static func add(_ source: MatrixView, to target: MatrixView) { run(source, target, adds: 1) }

  // A table of functions that nobody writes to.
  private nonisolated(unsafe) static let kernels = InstructionSet.processor.kernels

  private static func run(_ source: MatrixView, _ target: MatrixView, adds: Int) {
    precondition(
      target.rows == source.columns && target.columns == source.rows,
      "\(source.rows) x \(source.columns) turned into \(target.rows) x \(target.columns)")
    kernels.pointee.turn(
      source.rows, source.columns, source.base, source.rowStride, target.base, target.rowStride, adds)
  }
}
