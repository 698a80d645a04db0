// What training saw of each observation column, and whether an observation lies outside of it.

package import AgentInterface
import Kernels

/// Range and moments of each raw observation column over everything that a policy was trained on. Part of what a policy is: beyond them it
/// decides about what it has never seen.
public struct TrainingRanges: Hashable, Sendable {
  /// (D) the least of each column.
  public let minimum: [Float]
  /// (D) the largest of each column.
  public let maximum: [Float]
  /// (D) the mean of each column.
  public let mean: [Double]
  /// (D) the population variance of each column.
  public let variance: [Double]
  /// (D) rows behind them, by column: one that came later has fewer.
  public let count: [Double]

  /// Ranges of D columns. Traps where `defect` has words.
  public init(minimum: [Float], maximum: [Float], mean: [Double], variance: [Double], count: [Double]) {
    if let defect = TrainingRanges.defect(
      minimum: minimum, maximum: maximum, mean: mean, variance: variance, count: count)
    {
      preconditionFailure(defect)
    }
    self.minimum = minimum
    self.maximum = maximum
    self.mean = mean
    self.variance = variance
    self.count = count
  }

  /// Why these numbers are no ranges, or nil.
  package static func defect(
    minimum: [Float], maximum: [Float], mean: [Double], variance: [Double], count: [Double]
  ) -> String? {
    let columns = minimum.count
    guard maximum.count == columns, [mean, variance, count].allSatisfy({ $0.count == columns }) else {
      return "ranges of different numbers of columns"
    }
    for column in 0..<columns {
      let (least, most) = (Double(minimum[column]), Double(maximum[column]))
      guard least.isFinite, most.isFinite, least <= most else {
        return "column \(column) goes from \(least) to \(most)"
      }
      guard least <= mean[column], mean[column] <= most else {
        return "the mean \(mean[column]) of column \(column) is not from \(least) to \(most)"
      }
      guard variance[column].isFinite, variance[column] >= 0 else {
        return "the variance of column \(column) is \(variance[column])"
      }
      guard count[column].isFinite, count[column] >= 1 else { return "column \(column) has \(count[column]) rows" }
    }
    return nil
  }

  /// D.
  public var columns: Int { minimum.count }

  /// A sentence about the columns that were constant in training, by the names of a space of D columns; nil where none was.
  package func constantColumns(_ space: ObservationSpace) -> String? {
    let names = space.columns.indices.filter(isConstant).map { "\(space.columns[$0].name) (\(minimum[$0]))" }
    guard !names.isEmpty else { return nil }
    return "constant in training: \(names.joined(separator: ", ")); nothing was learned of what never changed"
  }

  /// Whether a column had one value in all of training: nothing can have been learned of it.
  public func isConstant(_ column: Int) -> Bool { minimum[column] == maximum[column] }
}

extension DeployedPolicy {
  /// (D) what every member that knows its training has seen of each column, least and largest; nil where none does. Where members saw nothing
  /// in common the least is above the largest.
  public var trainingBounds: (minimum: [Float], maximum: [Float])? {
    let known = members.compactMap(\.policy.trainingRanges)
    guard let first = known.first else { return nil }
    return known.dropFirst().reduce((first.minimum, first.maximum)) { bounds, ranges in
      (zip(bounds.0, ranges.minimum).map { max($0, $1) }, zip(bounds.1, ranges.maximum).map { min($0, $1) })
    }
  }
}

/// Compares observations with the bounds of training, in memory allocated once.
final class TrainingBounds {
  private let columns: Int
  /// (2, D) least and largest.
  private let storage: FloatStorage
  /// Whether the last observation lies outside of them.
  private(set) var isOutside = false
  /// (D) which columns do; as they were before where none does.
  private let flags: UnsafeMutablePointer<Bool>

  /// nil where nothing is known about the policy's training.
  init?(_ policy: DeployedPolicy) {
    guard let bounds = policy.trainingBounds else { return nil }
    columns = policy.inputs
    storage = FloatStorage(bounds.minimum + bounds.maximum)
    flags = .allocate(capacity: columns)
    flags.initialize(repeating: false, count: columns)
  }

  deinit { flags.deallocate() }

  /// row: (D).
  func look(at row: UnsafePointer<Float>) {
    isOutside = ColumnStatistics.isOutside(row, least: storage.base, largest: storage.base + columns, count: columns)
    guard isOutside else { return }
    for column in 0..<columns {
      flags[column] = row[column] < storage.base[column] || row[column] > storage.base[columns + column]
    }
  }

  /// The columns of the last observation that lie outside.
  var outside: [Int] { isOutside ? (0..<columns).filter { flags[$0] } : [] }
}
