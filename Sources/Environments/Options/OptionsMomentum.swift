// Momentum as a trader at a screen sees it: six more columns, for those who want them.

package import AgentInterface
import Market
import Pricing

#if canImport(Glibc)
  import Glibc
#endif

/// Columns of the underlying's last minutes, by row of a tape. Sizes are over what the variance of the session's profile expects of the same minutes, of a
/// session's variance that is the mean of the symbol's last 20 sessions that are over; those that are missing count as one of 1 % a day. What comes later changes nothing.
package enum OptionsMomentum {
  package static let columns: [ObservationSpace.Column] = [
    .init(name: "momentum_3", unit: "deviations"), .init(name: "momentum_10", unit: "deviations"),
    .init(name: "momentum_30", unit: "deviations"),
    .init(name: "mean_price_distance", unit: "deviations since the opening"),
    .init(name: "opening_range_break", unit: "ranges beyond, 0 inside"),
    .init(name: "streak", unit: "tens of minutes in one direction"),
  ]

  /// Which column the penalty looks at, and from how many deviations on.
  static let penalisedColumn = 1
  static let penalisedDeviations: Float = 1

  static let sessions = 20
  static let openingMinutes = 30
  private static let unknownVariance = 0.65e-4
  private static let most = 10.0

  /// (rows x 6)
  static func table(_ tape: OptionTape, _ days: [OptionsDay]) -> [Float] {
    var table = [Float](repeating: 0, count: tape.rowCount * columns.count)
    for symbol in tape.symbols.indices {
      var variances: [Double] = []
      for day in days where day.symbol == symbol {
        let last = variances.suffix(sessions)
        let expected = (last.reduce(0, +) + Double(sessions - last.count) * unknownVariance) / Double(sessions)
        variances.append(write(day, tape, expectedVariance: expected, into: &table))
      }
    }
    return table
  }

  /// Writes a session's rows; returns the variance that it had.
  private static func write(
    _ day: OptionsDay, _ tape: OptionTape, expectedVariance: Double, into table: inout [Float]
  ) -> Double {
    let shares = SessionProfile.measured.shares(ofMinutes: day.minuteCount)
    var gone = [0.0]
    var logs: [Double] = []
    var (sum, variance, streak): (Double, Double, Double) = (0, 0, 0)
    var range = -Double.infinity...Double.infinity
    for minute in 0..<day.minuteCount {
      gone.append(gone[minute] + shares[minute])
      let spot = tape.spots[day.row(minute: minute)]
      // Before the first price there is none to be far from; a price that is missing is the last one.
      let now = spot > 0 ? log(spot) : logs.last ?? .nan
      let change = logs.last.map { now - $0 } ?? 0
      logs.append(now)
      guard now.isFinite else { continue }
      if change.isFinite {
        variance += change * change
        streak =
          change == 0 ? streak : (change > 0) == (streak > 0) ? streak + (change > 0 ? 1 : -1) : change > 0 ? 1 : -1
      }
      sum += now
      func deviation(from first: Int) -> Double {
        (expectedVariance * (gone[minute + 1] - gone[first + 1])).squareRoot()
      }
      func scaled(_ value: Double, _ size: Double) -> Float {
        guard value.isFinite, size > 0 else { return 0 }
        return Float(min(max(value / size, -most), most))
      }
      if minute < openingMinutes {
        range =
          minute == 0 || !range.lowerBound.isFinite
          ? now...now : min(range.lowerBound, now)...max(range.upperBound, now)
      }
      let row = day.row(minute: minute) * columns.count
      for (column, span) in [3, 10, 30].enumerated() {
        let first = max(minute - span, 0)
        table[row + column] = scaled(now - logs[first], deviation(from: first))
      }
      table[row + 3] = scaled(
        now - sum / Double(minute + 1), (expectedVariance * gone[minute + 1]).squareRoot())
      if minute >= openingMinutes {
        let size = range.upperBound - range.lowerBound
        let beyond = max(now - range.upperBound, 0) + min(now - range.lowerBound, 0)
        table[row + 4] = scaled(beyond, size)
      }
      table[row + 5] = scaled(streak, 10)
    }
    return variance
  }
}
