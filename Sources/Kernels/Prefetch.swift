// Asking for memory before it is needed.

import CKernels

package enum Prefetch {
  /// Asks for the cache lines of some rows of a table: those of each row's bytes 16 to 47, and the first three of the row behind it. Changes no
  /// value, and never faults, whatever the rows are.
  ///
  /// stride: bytes of a row. rows: (count) numbers of rows.
  package static func rows(_ table: UnsafeRawPointer, stride: Int, rows: UnsafePointer<Int64>, count: Int) {
    ckernels_prefetch_rows(table.assumingMemoryBound(to: CChar.self), stride, rows, count)
  }
}
