// Columns scaled by their moments.

import CKernels

/// target = clip((source - mean) / deviation), in double precision, then rounded to float. NaN stays NaN.
package enum ColumnScaling {
  /// source: (rows, columns) with `sourceStride` floats between rows; target likewise; they may be the same memory with the same stride. mean,
  /// deviation: (columns). A column's numbers depend on nothing but themselves and its moments.
  package static func scale(
    _ source: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>, rows: Int, columns: Int,
    sourceStride: Int, targetStride: Int, mean: UnsafePointer<Double>, deviation: UnsafePointer<Double>, clip: Double
  ) {
    ckernels_scale_columns(rows, columns, source, sourceStride, target, targetStride, mean, deviation, clip)
  }

  /// The same in Swift, with the same bits: what tests hold it against.
  package static func plainScale(
    _ source: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>, rows: Int, columns: Int,
    sourceStride: Int, targetStride: Int, mean: UnsafePointer<Double>, deviation: UnsafePointer<Double>, clip: Double
  ) {
    for row in 0..<rows {
      let from = source + row * sourceStride
      let to = target + row * targetStride
      for column in 0..<columns {
        let scaled = (Double(from[column]) - mean[column]) / deviation[column]
        // Both comparisons are false for NaN, which must not be hidden by the bound.
        to[column] = Float(scaled > clip ? clip : scaled < -clip ? -clip : scaled)
      }
    }
  }
}
