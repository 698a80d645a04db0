// Is there a bar for every session between a symbol's first and last, and for nearly every minute of each? Of an index a missing session is a warning:
// where it is needed is known later.

enum MissingBars: QualityCheck {
  static let identifier = "missing-bars"

  /// A session warns above the first share of its minutes missing, or from the first gap on; it fails above, or from, the second.
  static let (warningShare, failureShare) = (0.01, 0.1)
  static let (warningGap, failureGap) = (5, 15)

  static func findings(in examined: ExaminedSeries, allowances: inout AllowanceLedger) -> [QualityFinding] {
    let sessions = missingSessions(of: examined.series, &allowances)
    return examined.series.width == .session ? sessions : sessions + missingMinutes(of: examined, &allowances)
  }

  /// What to do about sessions that lack bars.
  private static func suggestion(_ symbol: String, _ first: CalendarDate?, _ last: CalendarDate?) -> String {
    "Fetch these sessions again and import them too. If nobody has them: "
      + QualityAllowance.flag(identifier, symbol, first, last) + "."
  }

  private static func missingSessions(of one: BarSeries, _ allowances: inout AllowanceLedger) -> [QualityFinding] {
    let calendar = TradingCalendar.xnys
    let own = one.distinctDates { calendar.supportedRange.contains($0) }
    guard let first = own.min(), let last = own.max() else { return [] }
    let sessions = calendar.sessions(in: first...last)
    var missing: [Int] = []
    for place in sessions.indices where !own.contains(sessions[place]) {
      if !allowances.allows(check: identifier, symbol: one.symbol, date: sessions[place]) { missing.append(place) }
    }
    return QualityFinding.runs(of: missing) { $1 == $0 + 1 }.map { run in
      let dates = run.map { sessions[$0] }
      return QualityFinding(
        check: identifier, kind: "missing-session", severity: one.instrument.isTradable ? .fail : .warn,
        symbol: one.symbol, firstDate: dates.first,
        lastDate: dates.last, count: dates.count,
        samples: dates.prefix(QualityFinding.sampleLimit).map { "\($0) is a session without a bar" },
        suggestion: suggestion(one.symbol, dates.first, dates.last),
        message: "\(counted(dates.count, "session")) without a bar between \(first) and \(last).")
    }
  }

  private struct Hole {
    var session: Session
    var missing: Int
    var longestGap: Int

    /// Nil where so much may be missing.
    var severity: QualityFinding.Severity? {
      let share = Double(missing) / Double(session.minuteCount)
      if share > failureShare || longestGap >= failureGap { return .fail }
      return share > warningShare || longestGap >= warningGap ? .warn : nil
    }
  }

  /// Sessions with too few of their minutes, neighbours of one severity together.
  private static func missingMinutes(
    of examined: ExaminedSeries, _ allowances: inout AllowanceLedger
  ) -> [QualityFinding] {
    let (series, grid) = (examined.series, examined.grid)
    var rows = examined.rows
    // What nobody delivered is missing still.
    for row in series.filledRows where rows.slots.indices.contains(row) { rows.slots[row] = -1 }
    let slots = rows.distinctSlots
    var holes: [(ordinal: Int, hole: Hole, severity: QualityFinding.Severity)] = []
    var place = 0
    while place < slots.count {
      let ordinal = grid.ordinal(of: slots[place])
      let range = grid.slots(ofSession: ordinal)
      var hole = Hole(session: grid.calendar.sessions[ordinal], missing: range.count, longestGap: 0)
      var next = range.lowerBound
      while place < slots.count, slots[place] < range.upperBound {
        hole.missing -= 1
        hole.longestGap = max(hole.longestGap, slots[place] - next)
        next = slots[place] + 1
        place += 1
      }
      hole.longestGap = max(hole.longestGap, range.upperBound - next)
      guard let severity = hole.severity else { continue }
      if severity == .fail, allowances.allows(check: identifier, symbol: series.symbol, date: hole.session.date) {
        continue
      }
      holes.append((ordinal, hole, severity))
    }
    return [QualityFinding.Severity.fail, .warn].flatMap { severity in
      QualityFinding.runs(of: holes.filter { $0.severity == severity }) { $1.ordinal == $0.ordinal + 1 }.map { run in
        let missing = run.reduce(0) { $0 + $1.hole.missing }
        return QualityFinding(
          check: identifier, kind: "missing-minutes", severity: severity, symbol: series.symbol,
          firstDate: run.first?.hole.session.date, lastDate: run.last?.hole.session.date, count: missing,
          samples: run.prefix(QualityFinding.sampleLimit).map { one in
            "\(one.hole.session.date) lacks \(one.hole.missing) of \(one.hole.session.minuteCount) minutes, "
              + "\(one.hole.longestGap) of them in a row"
          },
          suggestion: suggestion(series.symbol, run.first?.hole.session.date, run.last?.hole.session.date),
          message: "\(counted(missing, "minute")) without a bar in \(counted(run.count, "session")).")
      }
    }
  }
}
