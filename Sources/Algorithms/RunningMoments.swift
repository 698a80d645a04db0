// Running mean and variance of several columns.

package import AgentInterface
package import Inference
package import Kernels

/// Running mean and population variance in double precision.
///
/// A batch is measured in fixed slices (which may be done at the same time), the slices are merged in their order, and then the batch into
/// the running moments. Source: Chan, Golub and LeVeque 1979, as in stable-baselines3 2.9 (RunningMeanStd): mean 0, variance 1, count 1e-4 at first.
package final class RunningMoments: @unchecked Sendable {
  package let columns: Int
  package private(set) var count = 1e-4
  /// (columns)
  package let mean: UnsafeMutablePointer<Double>
  /// (columns)
  package let variance: UnsafeMutablePointer<Double>
  private let sliceCount: Int
  /// (slices, 2, columns): mean, then sum of squared deviations.
  private let slices: UnsafeMutablePointer<Double>
  private let sliceCounts: UnsafeMutablePointer<Int>

  package init(columns: Int, sliceCount: Int) {
    self.columns = columns
    self.sliceCount = sliceCount
    mean = .allocate(capacity: columns)
    mean.initialize(repeating: 0, count: columns)
    variance = .allocate(capacity: columns)
    variance.initialize(repeating: 1, count: columns)
    slices = .allocate(capacity: sliceCount * 2 * columns)
    slices.initialize(repeating: 0, count: sliceCount * 2 * columns)
    sliceCounts = .allocate(capacity: sliceCount)
    sliceCounts.initialize(repeating: 0, count: sliceCount)
  }

  deinit {
    mean.deallocate()
    variance.deallocate()
    slices.deallocate()
    sliceCounts.deallocate()
  }

  /// Measures one slice of a batch. rows: (n, columns).
  package func measure(slice: Int, rows: MatrixView) {
    let sliceMean = slices + slice * 2 * columns
    let deviations = sliceMean + columns
    sliceMean.update(repeating: 0, count: 2 * columns)
    sliceCounts[slice] = rows.rows
    guard rows.rows > 0 else { return }
    for index in 0..<rows.rows {
      let row = rows.row(index)
      for column in 0..<columns { sliceMean[column] += Double(row[column]) }
    }
    let scale = 1 / Double(rows.rows)
    for column in 0..<columns { sliceMean[column] *= scale }
    for index in 0..<rows.rows {
      let row = rows.row(index)
      for column in 0..<columns {
        let deviation = Double(row[column]) - sliceMean[column]
        deviations[column] += deviation * deviation
      }
    }
  }

  /// As `measure`, for one column of double values. values: (count).
  package func measure(slice: Int, values: UnsafePointer<Double>, count: Int) {
    precondition(columns == 1, "one column of values for moments of \(columns)")
    var sum = 0.0
    for index in 0..<count { sum += values[index] }
    let average = count > 0 ? sum / Double(count) : 0
    var squares = 0.0
    for index in 0..<count { squares += (values[index] - average) * (values[index] - average) }
    slices[slice * 2] = average
    slices[slice * 2 + 1] = squares
    sliceCounts[slice] = count
  }

  /// Merges all measured slices, in order, and the batch they make into the running moments.
  package func merge() {
    var batchCount = 0
    let total = slices
    for slice in 0..<sliceCount where sliceCounts[slice] > 0 {
      let sliceMean = slices + slice * 2 * columns
      let added = sliceCounts[slice]
      if batchCount == 0 {
        if slice > 0 { total.update(from: sliceMean, count: 2 * columns) }
      } else {
        let (before, new) = (Double(batchCount), Double(added))
        for column in 0..<columns {
          let delta = sliceMean[column] - total[column]
          total[column] += delta * new / (before + new)
          total[columns + column] += sliceMean[columns + column] + delta * delta * before * new / (before + new)
        }
      }
      batchCount += added
    }
    guard batchCount > 0 else { return }
    let new = Double(batchCount)
    let sum = count + new
    for column in 0..<columns {
      let delta = total[column] - mean[column]
      let squares = variance[column] * count + total[columns + column] + delta * delta * count * new / sum
      mean[column] += delta * new / sum
      variance[column] = squares / sum
    }
    count = sum
  }

  /// What scales observations as these moments say now.
  package func normalizer(clip: Double) -> ObservationNormalizer {
    ObservationNormalizer(
      mean: Array(UnsafeBufferPointer(start: mean, count: columns)),
      variance: Array(UnsafeBufferPointer(start: variance, count: columns)), count: count, clip: clip)
  }

  /// Adds mean, variance and count to a state under `name`.
  package func save(_ name: String, to state: inout StateRecord) {
    state.doubles[name + "_mean"] = Array(UnsafeBufferPointer(start: mean, count: columns))
    state.doubles[name + "_variance"] = Array(UnsafeBufferPointer(start: variance, count: columns))
    state.doubles[name + "_count"] = [count]
  }

  package func restore(_ name: String, from state: StateRecord) throws(RestoreError) {
    let means = try state.doubles(name + "_mean", count: columns)
    let variances = try state.doubles(name + "_variance", count: columns)
    let counts = try state.doubles(name + "_count", count: 1)
    guard means.allSatisfy(\.isFinite) else { throw .invalid(name: name + "_mean", reason: "not finite") }
    guard variances.allSatisfy({ $0.isFinite && $0 >= 0 }) else {
      throw .invalid(name: name + "_variance", reason: "negative or not finite")
    }
    guard counts[0].isFinite, counts[0] > 0 else { throw .invalid(name: name + "_count", reason: "not above zero") }
    for column in 0..<columns {
      mean[column] = means[column]
      variance[column] = variances[column]
    }
    count = counts[0]
  }
}
