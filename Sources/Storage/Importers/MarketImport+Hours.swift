// Which hours of a delivery are taken: sessions apart from the hours around them, nothing of a session that is not over, gaps that are filled.

import Market

extension MarketImport {
  /// Leaves the bars of sessions in `series`, and returns those before an opening and from a close on, which are kept apart and never traded.
  static func partHours(of series: inout [BarSeries], tell: (String) -> Void) -> [BarSeries] {
    var extendedHours: [BarSeries] = []
    for index in series.indices where series[index].width != .session {
      let parts = series[index].splitAtHours()
      series[index] = parts.sessions
      guard parts.extendedHours.count > 0 else { continue }
      tell("\(parts.extendedHours.count) bars of \(parts.sessions.symbol) lie outside the sessions' hours: kept apart")
      extendedHours.append(parts.extendedHours)
    }
    return extendedHours
  }

  /// Leaves the newest session out where it was not over when its bars were delivered: it is that of now, or its minutes end long before its close.
  static func leaveOutUnfinished(
    of series: inout [BarSeries], _ extendedHours: inout [BarSeries], now: Instant, tell: (String) -> Void
  ) {
    for place in series.indices {
      let one = series[place]
      guard let date = one.unfinishedSession(now: now) else { continue }
      let rest = one.dates.indices.filter { one.dates[$0] != date }
      // A file of nothing else is for the gate to judge.
      guard !rest.isEmpty else { continue }
      tell("the last session of \(one.symbol), \(date), was not over: left out; import it again when it is")
      series[place] = one.rows(rest)
      for other in extendedHours.indices where extendedHours[other].symbol == one.symbol {
        let hours = extendedHours[other]
        extendedHours[other] = hours.rows(hours.dates.indices.filter { hours.dates[$0] != date })
      }
    }
    extendedHours.removeAll { $0.count == 0 }
  }

  /// Fills short gaps of all series of minutes.
  static func fill(_ series: inout [BarSeries], tell: (String) -> Void) {
    for place in series.indices where series[place].width == .minute {
      let before = series[place].filledRows.count
      series[place].fillShortGaps()
      let added = series[place].filledRows.count - before
      if added > 0 { tell("\(series[place].symbol): \(added) missing minutes filled; nobody may trade in them") }
    }
  }
}
