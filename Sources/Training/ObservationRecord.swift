// What training saw of each raw observation column: written down step by step, so that whoever decides later can be compared with it.

package import AgentInterface
package import Inference
package import Kernels

/// Range and moments of the observations of a run. Nothing of the run depends on it.
///
/// What a slice of lanes sees in a rollout is summed by itself, the slices are merged in their order when the rollout ends: the same bits for any
/// number of workers, and for a run that was killed and resumed.
/// Unchecked: one thread calls it; only `look` runs on workers at the same time, for disjoint slices.
package final class ObservationRecord: @unchecked Sendable {
  package let columns: Int
  /// What was seen up to the last `merge`. One value, which a merge takes hold of once and not for every number.
  private var seen: Columns

  /// (D) what sums are taken of differences from: the mean when the rollout began.
  private let shift: UnsafeMutablePointer<Double>
  private let sliceWidth: Int
  private let sliceCount: Int
  /// (slices) rows; (slices, 2, D) sums and squares; (slices, 2, D) least and largest.
  private let sliceRows: UnsafeMutablePointer<Int>
  private let sums: UnsafeMutablePointer<Double>
  private let extremes: UnsafeMutablePointer<Float>

  /// `sliceWidth`: lanes of each slice but the last.
  package init(columns: Int, laneCount: Int, sliceWidth: Int) {
    self.columns = columns
    self.sliceWidth = sliceWidth
    sliceCount = (laneCount + sliceWidth - 1) / sliceWidth
    seen = Columns(count: columns)
    shift = .allocate(capacity: columns)
    shift.initialize(repeating: 0, count: columns)
    sliceRows = .allocate(capacity: sliceCount)
    sliceRows.initialize(repeating: 0, count: sliceCount)
    sums = .allocate(capacity: 2 * columns * sliceCount)
    sums.initialize(repeating: 0, count: 2 * columns * sliceCount)
    extremes = .allocate(capacity: 2 * columns * sliceCount)
    extremes.initialize(repeating: 0, count: 2 * columns * sliceCount)
    clearSlices()
  }

  deinit {
    shift.deallocate()
    sliceRows.deallocate()
    sums.deallocate()
    extremes.deallocate()
  }

  /// Begins anew with the first row of every lane. rows: (N, D).
  package func begin(_ rows: MatrixView) {
    seen = Columns(count: columns)
    for column in 0..<columns {
      // Any number near the rest will do, and a column that never changes has exact sums.
      let first = Double(rows.row(0)[column])
      seen.mean[column] = first.isFinite ? first : 0
    }
    clearSlices()
    for first in stride(from: 0, to: rows.rows, by: sliceWidth) {
      look(at: rows, lanes: first..<min(first + sliceWidth, rows.rows))
    }
    merge()
  }

  /// Takes in what the environment wrote for a slice of lanes. rows: (N, D).
  package func look(at rows: MatrixView, lanes: Range<Int>) {
    let slice = lanes.lowerBound / sliceWidth
    let (sum, extreme) = (sums + slice * 2 * columns, extremes + slice * 2 * columns)
    ColumnStatistics.add(
      rows.rows(lanes), shift: shift, sums: sum, squares: sum + columns, least: extreme, largest: extreme + columns)
    sliceRows[slice] += lanes.count
  }

  /// Takes what all slices saw into the whole, but for columns of a slice with a number that is not finite: those are the health's to find.
  /// Source: Chan, Golub and LeVeque 1979.
  package func merge() {
    for slice in 0..<sliceCount where sliceRows[slice] > 0 {
      let rows = sliceRows[slice]
      let (sum, extreme) = (sums + slice * 2 * columns, extremes + slice * 2 * columns)
      for column in 0..<columns {
        guard sum[column].isFinite else { continue }
        let moved = sum[column] / Double(rows)
        seen.take(
          column, count: rows, minimum: extreme[column], maximum: extreme[columns + column],
          mean: shift[column] + moved,
          squares: max(0, sum[columns + column] - sum[column] * moved))
      }
    }
    clearSlices()
  }

  private func clearSlices() {
    for column in 0..<columns { shift[column] = seen.mean[column] }
    sliceRows.update(repeating: 0, count: sliceCount)
    sums.update(repeating: 0, count: 2 * columns * sliceCount)
    for slice in 0..<sliceCount {
      let extreme = extremes + slice * 2 * columns
      extreme.update(repeating: .infinity, count: columns)
      (extreme + columns).update(repeating: -.infinity, count: columns)
    }
  }

  /// Takes in what another training saw. columns: for each of its own columns the other's; nil where the other has none.
  package func join(_ ranges: TrainingRanges, columns places: [Int?]) {
    for (column, place) in places.enumerated() {
      guard let place, place < ranges.columns else { continue }
      let count = Int(ranges.count[place])
      seen.take(
        column, count: count, minimum: ranges.minimum[place], maximum: ranges.maximum[place], mean: ranges.mean[place],
        squares: ranges.variance[place] * Double(count))
    }
    clearSlices()
  }

  /// What was seen up to the last `merge`; nil where of some column nothing was.
  package var ranges: TrainingRanges? { seen.ranges }
}

/// Counts, ranges and moments, column by column, (D) each.
private struct Columns {
  /// Rows behind the rest: columns of another run's record may have more.
  var counts: [Int]
  var minimum: [Float]
  var maximum: [Float]
  var mean: [Double]
  /// Sums of squared deviations from the mean.
  var squares: [Double]

  /// Of which nothing was seen.
  init(count: Int) {
    counts = [Int](repeating: 0, count: count)
    minimum = [Float](repeating: .infinity, count: count)
    maximum = [Float](repeating: -.infinity, count: count)
    mean = [Double](repeating: 0, count: count)
    squares = mean
  }

  /// What a checkpoint holds, checked.
  init(_ state: StateRecord, count: Int) throws(RestoreError) {
    let numbers = try state.integers("count", count: count)
    guard numbers.allSatisfy({ (0..<1 << 50).contains($0) }) else {
      throw .invalid(name: "count", reason: "no run can have seen so many rows")
    }
    counts = numbers.map(Int.init)
    minimum = try state.floats("minimum", count: count)
    maximum = try state.floats("maximum", count: count)
    mean = try state.doubles("mean", count: count)
    squares = try state.doubles("squares", count: count)
    if let defect = TrainingRanges.defect(
      minimum: minimum, maximum: maximum, mean: mean, variance: squares, count: counts.map { Double(max(1, $0)) })
    {
      throw .invalid(name: ObservationRecord.group, reason: defect)
    }
  }

  mutating func take(
    _ column: Int, count: Int, minimum least: Float, maximum most: Float, mean other: Double, squares added: Double
  ) {
    let (before, new) = (Double(counts[column]), Double(count))
    let sum = before + new
    let delta = counts[column] == 0 ? 0 : other - mean[column]
    minimum[column] = min(minimum[column], least)
    maximum[column] = max(maximum[column], most)
    // Rounding carries no mean out of the range.
    let moved = counts[column] == 0 ? other : mean[column] + delta * new / sum
    mean[column] = min(max(moved, Double(minimum[column])), Double(maximum[column]))
    squares[column] = min(squares[column] + added + delta * delta * before * new / sum, .greatestFiniteMagnitude)
    counts[column] += count
  }

  var ranges: TrainingRanges? {
    guard counts.allSatisfy({ $0 > 0 }) else { return nil }
    return TrainingRanges(
      minimum: minimum, maximum: maximum, mean: mean, variance: zip(squares, counts).map { $0 / Double($1) },
      count: counts.map(Double.init))
  }
}

// MARK: - As it is saved

extension ObservationRecord: Resumable {
  /// The group of a checkpoint that holds it.
  package static let group = "observed"

  /// To be taken between two rollouts. A column of which nothing was seen has zeros.
  package func snapshot() -> StateRecord {
    func known<Number: ExpressibleByIntegerLiteral>(_ values: [Number]) -> [Number] {
      zip(values, seen.counts).map { $1 > 0 ? $0 : 0 }
    }
    return StateRecord(
      floats: ["minimum": known(seen.minimum), "maximum": known(seen.maximum)],
      doubles: ["mean": known(seen.mean), "squares": known(seen.squares)],
      integers: ["count": seen.counts.map(Int64.init)])
  }

  package func restore(_ state: StateRecord) throws(RestoreError) {
    var saved = try Columns(state, count: columns)
    for column in 0..<columns where saved.counts[column] == 0 {
      (saved.minimum[column], saved.maximum[column]) = (.infinity, -.infinity)
    }
    seen = saved
    clearSlices()
  }

  /// What a checkpoint holds of it, checked; nil where of some column nothing was seen.
  package static func ranges(_ state: StateRecord, columns: Int) throws(RestoreError) -> TrainingRanges? {
    try Columns(state, count: columns).ranges
  }
}
