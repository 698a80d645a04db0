// Minutes that nobody delivered: made where they are asked for, and known for what they are.

extension BarSeries {
  /// Makes a bar, without volume and at the last close, in each gap of a session that is shorter than what the gate refuses, and remembers its row in
  /// `filledRows`. Nothing is made before a session's first bar. Of bars that are not on the grid and in order nothing is made.
  package mutating func fillShortGaps() {
    guard width == .minute, wholeRows == count, longestColumn == count else { return }
    let grid = BarGrid(width)
    let slots = grid.rows(of: self).slots
    guard slots.allSatisfy({ $0 >= 0 }), zip(slots, slots.dropFirst()).allSatisfy({ $0 < $1 }) else { return }
    // The row that each row is made of; a made one follows another of the same.
    var (sources, made): ([Int], [(row: Int, slot: Int)]) = ([], [])
    for row in slots.indices {
      if row > 0, grid.ordinal(of: slots[row]) == grid.ordinal(of: slots[row - 1]) {
        let gap = slots[row] - slots[row - 1] - 1
        if gap > 0, gap < MissingBars.failureGap {
          for slot in slots[row - 1] + 1..<slots[row] {
            made.append((sources.count, slot))
            sources.append(row - 1)
          }
        }
      }
      sources.append(row)
    }
    if made.isEmpty { return }
    var filled = rows(sources)
    filled.filledRows = filled.filledRows.filter { row in row == 0 || sources[row] != sources[row - 1] }
    for (row, slot) in made {
      filled.starts[row] = grid.start(of: slot)
      let close = filled.close[row]
      (filled.open[row], filled.high[row], filled.low[row], filled.volume[row]) = (close, close, close, 0)
    }
    filled.filledRows = (filled.filledRows + made.map(\.row)).sorted()
    self = filled
  }

  /// The newest session, where its bars ended before it did: it is not over at that instant, or what is missing at its end the gate would refuse. Nil
  /// where it was over, and where the rows are not in order.
  package func unfinishedSession(now: Instant) -> CalendarDate? {
    guard let last = dates.last, zip(dates, dates.dropFirst()).allSatisfy({ $0 <= $1 }),
      let session = TradingCalendar.xnys.session(on: last)
    else { return nil }
    if session.open <= now, now < session.close { return last }
    guard width == .minute, let start = starts.last, session.contains(start) else { return nil }
    return session.minuteCount - 1 - session.minute(of: start) >= MissingBars.failureGap ? last : nil
  }
}
