// How a raw observation becomes what the network reads: one function for training and deployment.

private import Kernels

/// Scales each column by the moments that training gathered: clip((x - mean) / sqrt(variance + epsilon), -clip, clip).
///
/// Computed in double precision, then rounded to float. Statistics are part of the policy: a network without its normaliser is
/// another policy. Source: VecNormalize of stable-baselines3 2.9.
public struct ObservationNormalizer: Hashable, Sendable {
  /// (D) running mean of each column.
  public let mean: [Double]
  /// (D) running population variance of each column.
  public let variance: [Double]
  /// The weight of the observations behind the moments; fractional, because training starts from a small prior weight.
  public let count: Double
  /// The bound of a scaled number.
  public let clip: Double
  /// Added to the variance before the root.
  public let epsilon: Double
  /// (D) sqrt(variance + epsilon): roots and their latency are no part of a decision.
  private let deviation: [Double]

  /// The scaling of the reference: bound 10, epsilon 1e-8.
  public static let defaultClip = 10.0
  /// The epsilon of the reference.
  public static let defaultEpsilon = 1e-8

  /// Moments of D columns. Traps unless mean and variance have equal length and clip and epsilon are positive.
  public init(
    mean: [Double], variance: [Double], count: Double, clip: Double = defaultClip, epsilon: Double = defaultEpsilon
  ) {
    precondition(mean.count == variance.count, "a mean of \(mean.count) columns, a variance of \(variance.count)")
    precondition(clip > 0 && epsilon > 0, "clip \(clip) and epsilon \(epsilon) must be positive")
    self.mean = mean
    self.variance = variance
    self.count = count
    self.clip = clip
    self.epsilon = epsilon
    deviation = variance.map { ($0 + epsilon).squareRoot() }
  }

  /// Scales one row in place. Traps if its length is not D.
  public func normalize(_ row: inout [Float]) {
    precondition(row.count == mean.count, "normalising \(row.count) columns with moments of \(mean.count)")
    row.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      normalize(UnsafePointer(base), into: base)
    }
  }

  /// Scales one row. source, destination: (D); they may be the same.
  package func normalize(_ source: UnsafePointer<Float>, into destination: UnsafeMutablePointer<Float>) {
    mean.withUnsafeBufferPointer { mean in
      deviation.withUnsafeBufferPointer { deviation in
        guard let mean = mean.baseAddress, let deviation = deviation.baseAddress else { return }
        ColumnScaling.scale(
          source, into: destination, rows: 1, columns: self.mean.count, sourceStride: self.mean.count,
          targetStride: self.mean.count, mean: mean, deviation: deviation, clip: clip)
      }
    }
  }

  /// Scales many rows with moments that may still move: the form for training.
  ///
  /// source: (rows, columns) with `sourceStride` floats between rows; destination likewise; they may be the same memory with the
  /// same stride. mean, variance: (columns). A column's numbers depend on nothing but themselves and its moments. NaN stays NaN.
  package static func normalize(
    _ source: UnsafePointer<Float>, into destination: UnsafeMutablePointer<Float>, rows: Int, columns: Int,
    sourceStride: Int, destinationStride: Int, mean: UnsafePointer<Double>, variance: UnsafePointer<Double>,
    clip: Double = defaultClip, epsilon: Double = defaultEpsilon
  ) {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: columns) { deviation in
      guard let deviation = deviation.baseAddress else { return }
      for column in 0..<columns { deviation[column] = (variance[column] + epsilon).squareRoot() }
      ColumnScaling.scale(
        source, into: destination, rows: rows, columns: columns, sourceStride: sourceStride,
        targetStride: destinationStride, mean: mean, deviation: deviation, clip: clip)
    }
  }
}
