// Do shares that are traded side by side have bars at the same times?

/// Shares must have each other's sessions, and nearly all minutes of them. An index is only looked at: it may have more sessions, and where it lacks
/// some of the shares' that is a warning here and a refusal where it is needed.
enum SharedTimes: QualityCheck {
  static let identifier = TimestampAlignment.identifier

  /// Below the first of the minutes that either of two has in a session the shared ones are a warning, below the second a failure.
  static let (warningShare, failureShare) = (0.995, 0.9)

  static func findings(in series: [BarSeries], allowances: inout AllowanceLedger) -> [QualityFinding] {
    BarWidth.allCases.flatMap { width in
      let ofWidth = series.filter { $0.width == width }
      return absences(in: ofWidth)
        + (width == .session ? [] : unequalMinutes(in: ofWidth.filter(\.instrument.isTradable), width))
    }
  }

  /// Sessions that another symbol has and one lacks, as runs of neighbours among all symbols' sessions.
  private static func absences(in series: [BarSeries]) -> [QualityFinding] {
    let calendar = TradingCalendar.xnys
    let own = series.map { $0.distinctDates { calendar.isSession($0) == true } }
    let tradable = zip(series, own).filter(\.0.instrument.isTradable)
    let common = tradable.reduce(into: DateSet()) { $0.formUnion($1.1) }.sorted()
    return zip(series, own).flatMap { one, own in
      let absent = common.indices.filter { !own.contains(common[$0]) }
      return QualityFinding.runs(of: absent) { $1 == $0 + 1 }.map { run in
        let dates = run.map { common[$0] }
        return QualityFinding(
          check: identifier, kind: "unequal-dates", severity: one.instrument.isTradable ? .fail : .warn,
          symbol: one.symbol,
          firstDate: dates.first, lastDate: dates.last, count: dates.count,
          samples: dates.prefix(QualityFinding.sampleLimit).map { "\($0) has a bar of another symbol only" },
          suggestion: one.instrument.isTradable
            ? "Take the dates alone that all symbols have, with --common-dates, or fetch the rows that are missing."
            : "Fetch the rows that are missing if the index is to be a benchmark of these shares.",
          message: "\(counted(dates.count, "session")) that another symbol has and \(one.symbol) lacks.")
      }
    }
  }

  private struct Session {
    var ordinal: Int
    var share: Double
  }

  /// For every two symbols the sessions in which they share too few minutes, those of one severity together.
  private static func unequalMinutes(in series: [BarSeries], _ width: BarWidth) -> [QualityFinding] {
    let grid = BarGrid(width)
    let slots = series.count > 1 ? series.map { grid.rows(of: $0).distinctSlots } : []
    var findings: [QualityFinding] = []
    for first in series.indices {
      for second in series.indices where second > first {
        let uneven = sharedMinutes(slots[first], slots[second], grid).filter { $0.share < warningShare }
        for severity in [QualityFinding.Severity.fail, .warn] {
          let sessions = uneven.filter { ($0.share < failureShare) == (severity == .fail) }
          guard let from = sessions.first, let until = sessions.last else { continue }
          let bound = severity == .fail ? failureShare : warningShare
          findings.append(
            QualityFinding(
              check: identifier, kind: "unequal-minutes", severity: severity, symbol: series[second].symbol,
              firstDate: grid.calendar.sessions[from.ordinal].date,
              lastDate: grid.calendar.sessions[until.ordinal].date,
              count: sessions.count,
              samples: sessions.prefix(QualityFinding.sampleLimit).map {
                "\(grid.calendar.sessions[$0.ordinal].date) \(percent($0.share)) shared"
              },
              suggestion: "Fetch the minutes that are missing, or import the symbols into stores of their own.",
              message:
                "\(series[first].symbol) and \(series[second].symbol) share less than \(percent(bound)) of their minutes in "
                + "\(counted(sessions.count, "session"))."))
        }
      }
    }
    return findings
  }

  /// Of each session that both have, the minutes of both among those of either.
  private static func sharedMinutes(_ first: [Int], _ second: [Int], _ grid: BarGrid) -> [Session] {
    var sessions: [Session] = []
    var (left, right) = (0, 0)
    while left < first.count, right < second.count {
      let ordinal = grid.ordinal(of: min(first[left], second[right]))
      let end = grid.slots(ofSession: ordinal).upperBound
      var (shared, either, hasLeft, hasRight) = (0, 0, false, false)
      while true {
        let one = left < first.count && first[left] < end ? first[left] : Int.max
        let other = right < second.count && second[right] < end ? second[right] : Int.max
        guard min(one, other) < Int.max else { break }
        either += 1
        if one == other { shared += 1 }
        if one <= other { (left, hasLeft) = (left + 1, true) }
        if other <= one { (right, hasRight) = (right + 1, true) }
      }
      if hasLeft, hasRight { sessions.append(Session(ordinal: ordinal, share: Double(shared) / Double(either))) }
    }
    return sessions
  }

  private static func percent(_ share: Double) -> String { "\((share * 1000).rounded() / 10) %" }
}
