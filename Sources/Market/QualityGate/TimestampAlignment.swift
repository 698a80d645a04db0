// Does every bar begin where a bar may begin, once and in order?

/// What that means for bars of any width is the grid's (`BarGrid`): sessions of the calendar, or minutes of them.
enum TimestampAlignment: QualityCheck {
  static let identifier = "timestamp-alignment"

  /// A series whose sessions mostly end with a bar that begins at their close has stamps of the ends of its bars.
  static let endStampShare = 0.9

  static func findings(in examined: ExaminedSeries, allowances: inout AllowanceLedger) -> [QualityFinding] {
    let (series, grid, rows) = (examined.series, examined.grid, examined.rows)
    let calendar = grid.calendar
    let (repeated, unordered) = outOfOrder(series)
    func findings(_ rows: [Int], _ kind: String, suggestion: String, message: (Int) -> String) -> [QualityFinding] {
      QualityFinding.ofRows(
        rows, in: series, check: identifier, kind: kind, suggestion: suggestion, message: message)
    }
    let range = calendar.supportedRange
    // An index is published on some days on which nobody trades shares: they are no part of a tape.
    let ofClosedDays: QualityFinding.Severity = series.instrument.isTradable ? .fail : .warn
    return findings(
      rows.unsupported, "unsupported-date",
      suggestion:
        "Leave them out: --from \(range.lowerBound) --until \(range.upperBound)."
    ) { "\(counted($0, "row")) outside \(range.lowerBound) to \(range.upperBound), where the calendar has no answer." }
      + QualityFinding.ofRows(
        rows.closed, in: series, check: identifier, kind: "not-a-session", severity: ofClosedDays,
        suggestion: ofClosedDays == .warn
          ? "Nothing, if the index is published on such days."
          : "Check the dates' time zone and the exchange; remove rows that were made up for closed days.",
        message: { "\(counted($0, "row")) on a day when the exchange was closed." },
        sample: { row in
          guard case .closed(let why) = calendar.day(series.dates[row]) else { return series.rowText(row) }
          return "\(series.dates[row]) is closed (\(why))"
        })
      + outsideHours(rows, of: series, grid)
      + findings(rows.offGrid, "off-grid", suggestion: "Import bars of whole minutes.") {
        "\(counted($0, "row")) that does not begin on a whole minute."
      }
      + findings(repeated, "repeated-date", suggestion: "Keep one row for each \(series.timeNoun).") {
        "\(counted($0, "row")) with a \(series.timeNoun) that an earlier row has."
      }
      + findings(unordered, "unordered-date", suggestion: "Sort the rows by \(series.timeNoun).") {
        "\(counted($0, "row")) earlier than a row before."
      }
  }

  /// The rows that begin at a close, where nearly every session has one and none at its opening: the stamps are those of the bars' ends. Else none.
  static func rowsStampedAtClose(_ rows: BarGrid.Rows, of series: BarSeries, _ grid: BarGrid) -> [Int] {
    let atClose = rows.outsideHours.filter { row in
      grid.calendar.ordinal(of: series.dates[row]).map { grid.calendar.sessions[$0].close } == series.starts[row]
    }
    if atClose.isEmpty { return [] }
    let ordinals = Set(rows.slots.lazy.filter { $0 >= 0 }.map(grid.ordinal))
    let withOpening = Set(rows.slots.lazy.filter { $0 >= 0 && grid.session(of: $0).place == 0 }.map(grid.ordinal))
    let areEnds =
      Double(atClose.count) >= endStampShare * Double(max(ordinals.count, 1))
      && Double(withOpening.count) <= (1 - endStampShare) * Double(ordinals.count)
    return areEnds ? atClose : []
  }

  /// Rows before an opening or from a close on: where nearly every session has one at its close and none at its opening, the stamps are those of
  /// the bars' ends.
  private static func outsideHours(_ rows: BarGrid.Rows, of series: BarSeries, _ grid: BarGrid) -> [QualityFinding] {
    if rows.outsideHours.isEmpty { return [] }
    let atClose = rowsStampedAtClose(rows, of: series, grid)
    guard !atClose.isEmpty, let first = atClose.first, let last = atClose.last else {
      return QualityFinding.ofRows(
        rows.outsideHours, in: series, check: identifier, kind: "outside-hours",
        suggestion:
          "Check the time zone and on which side of a bar its stamp stands; extended hours belong to a series of their own."
      ) { "\(counted($0, "row")) outside the hours of the session." }
    }
    return [
      QualityFinding(
        check: identifier, kind: "end-stamps", severity: .fail, symbol: series.symbol, firstDate: series.dates[first],
        lastDate: series.dates[last], count: atClose.count,
        samples: atClose.prefix(QualityFinding.sampleLimit).map(series.rowText),
        suggestion: "Import the file again with --stamp end.",
        message:
          "The bars are stamped at their ends: nearly every session has a bar at its close and none at its opening.")
    ]
  }

  /// Rows with a time that an earlier row has, and rows earlier than one before.
  private static func outOfOrder(_ series: BarSeries) -> (repeated: [Int], unordered: [Int]) {
    let times =
      series.width == .session
      ? series.dates.prefix(series.wholeRows).map { Int64($0.daysSinceEpoch) }
      : series.starts.prefix(series.wholeRows).map(\.nanoseconds)
    // The rule, and nothing to remember.
    if zip(times, times.dropFirst()).allSatisfy({ $0 < $1 }) { return ([], []) }
    var (repeated, unordered): ([Int], [Int]) = ([], [])
    var seen: Set<Int64> = []
    var latest = Int64.min
    for (row, time) in times.enumerated() {
      if !seen.insert(time).inserted {
        repeated.append(row)
      } else if time < latest {
        unordered.append(row)
      }
      latest = max(latest, time)
    }
    return (repeated, unordered)
  }
}

extension BarSeries {
  /// What tells its rows apart, in words.
  var timeNoun: String { width == .session ? "date" : "minute" }
}
