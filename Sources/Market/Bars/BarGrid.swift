// The times at which bars may begin, numbered: what lets a check ask about bars without knowing how wide they are.

/// The beginnings of all bars of one width on an exchange, numbered from 0 in the order of time, without gaps: neighbours by number are neighbours
/// in trading, over nights and weekends.
package struct BarGrid: Sendable {
  package let width: BarWidth
  package let calendar: TradingCalendar

  package init(_ width: BarWidth, calendar: TradingCalendar = .xnys) {
    self.width = width
    self.calendar = calendar
  }

  /// Where the bars of a series lie on the grid, row by row.
  package struct Rows: Sendable, Equatable {
    /// The number of each row's beginning; -1 for those that have none.
    package var slots: [Int] = []
    /// Rows outside the years of the calendar, on days without a session, outside the hours of a session, and between two beginnings.
    package var unsupported: [Int] = []
    package var closed: [Int] = []
    package var outsideHours: [Int] = []
    package var offGrid: [Int] = []

    /// The numbers of the rows that have one, ascending, each once.
    package var distinctSlots: [Int] {
      // The rule, and nothing to sort.
      let isAscending = slots.first.map { $0 >= 0 } ?? true && zip(slots, slots.dropFirst()).allSatisfy { $0 < $1 }
      return isAscending ? slots : Set(slots.lazy.filter { $0 >= 0 }).sorted()
    }
  }

  /// Traps if the series' bars are of another width. Looks at whole rows only.
  package func rows(of series: BarSeries) -> Rows {
    precondition(
      series.width == width, "\(series.symbol) has bars of a \(series.width.rawValue), the grid \(width.rawValue)")
    var rows = Rows()
    rows.slots.reserveCapacity(series.wholeRows)
    // Neighbouring rows mostly lie in one session.
    var ordinal: Int?
    for row in 0..<series.wholeRows {
      let date = series.dates[row]
      if ordinal.map({ calendar.sessions[$0].date }) != date { ordinal = calendar.ordinal(of: date) }
      guard let ordinal else {
        if calendar.supportedRange.contains(date) { rows.closed.append(row) } else { rows.unsupported.append(row) }
        rows.slots.append(-1)
        continue
      }
      guard width == .minute else {
        rows.slots.append(ordinal)
        continue
      }
      let (session, start) = (calendar.sessions[ordinal], series.starts[row])
      guard session.contains(start) else {
        rows.outsideHours.append(row)
        rows.slots.append(-1)
        continue
      }
      guard start.isWholeMinute else {
        rows.offGrid.append(row)
        rows.slots.append(-1)
        continue
      }
      rows.slots.append(calendar.minutesBefore[ordinal] + session.minute(of: start))
    }
    return rows
  }

  /// The session in which a bar begins, and how many bars of that session begin before it. Traps if the grid has no such number.
  package func session(of slot: Int) -> (session: Session, place: Int) {
    guard width == .minute else { return (calendar.sessions[slot], 0) }
    let ordinal = self.ordinal(of: slot)
    return (calendar.sessions[ordinal], slot - calendar.minutesBefore[ordinal])
  }

  /// When a bar begins. Traps if the grid has no such number.
  package func start(of slot: Int) -> Instant {
    let (session, place) = session(of: slot)
    return session.start(ofMinute: place)
  }

  /// The numbers of the bars of a session, by its ordinal in the calendar.
  package func slots(ofSession ordinal: Int) -> Range<Int> {
    guard width == .minute else { return ordinal..<ordinal + 1 }
    return calendar.minutesBefore[ordinal]..<calendar.minutesBefore[ordinal + 1]
  }

  /// The ordinal in the calendar of the session in which a bar begins.
  package func ordinal(of slot: Int) -> Int {
    guard width == .minute else { return slot }
    var (low, high) = (0, calendar.sessions.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if calendar.minutesBefore[middle] <= slot { low = middle } else { high = middle }
    }
    return low
  }
}
