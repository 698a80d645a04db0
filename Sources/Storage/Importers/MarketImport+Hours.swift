// Which hours of a delivery are taken: sessions apart from the hours around them, nothing of a session that is not over, gaps that are filled.

import Market

extension MarketImport {
  /// Leaves the bars of sessions in `series`, and adds those before an opening and from a close on, which are kept apart and never traded, to others.
  ///
  /// Leaves the newest session out where it was not over when its bars were delivered: it is that of now, or its minutes end long before its close.
  static func settleHours(
    of series: inout SeriesShelf, into extendedHours: inout SeriesShelf, now: Instant, tell: (String) -> Void
  ) throws(StorageError) {
    var (apart, unfinished): ([String], [String]) = ([], [])
    for place in series.indices {
      var one = try series.series(place)
      var hours = one.takeExtendedHours()
      var isChanged = hours.count > 0
      if isChanged { apart.append("\(hours.count) bars of \(one.symbol) lie outside the sessions' hours: kept apart") }
      if let date = one.unfinishedSession(now: now) {
        let rest = one.dates.indices.filter { one.dates[$0] != date }
        // A file of nothing else is for the gate to judge.
        if !rest.isEmpty {
          unfinished.append(
            "the last session of \(one.symbol), \(date), was not over: left out; import it again when it is")
          one.keepRows(rest)
          hours = hours.rows(hours.dates.indices.filter { hours.dates[$0] != date })
          isChanged = true
        }
      }
      if isChanged { try series.replace(place, with: one) }
      if hours.count > 0 { try extendedHours.append(hours) }
    }
    for line in apart + unfinished { tell(line) }
  }

  /// Fills short gaps of all series of minutes.
  static func fill(_ series: inout SeriesShelf, tell: (String) -> Void) throws(StorageError) {
    for place in series.indices where series.label(place).width == .minute {
      var one = try series.series(place)
      let before = one.filledRows.count
      one.fillShortGaps()
      let added = one.filledRows.count - before
      guard added > 0 else { continue }
      tell("\(one.symbol): \(added) missing minutes filled; nobody may trade in them")
      try series.replace(place, with: one)
    }
  }
}
