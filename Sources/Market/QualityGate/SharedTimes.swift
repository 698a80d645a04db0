// Do shares that are traded side by side have bars at the same times?

/// Shares must have each other's sessions, and nearly all minutes of them. Of daily bars those before a share was listed, and those after it was no
/// longer traded, may be allowed by name. An index is only looked at: it may have more sessions, and where it lacks some of the shares' that is a
/// warning here and a refusal where it is needed.
enum SharedTimes {
  static let identifier = TimestampAlignment.identifier

  /// Below the first of the minutes that either of two has in a session the shared ones are a warning, below the second a failure.
  static let (warningShare, failureShare) = (0.995, 0.9)

  /// What is remembered of a series to hold it beside others.
  struct Summary {
    let symbol: String
    let width: BarWidth
    let isTradable: Bool
    /// The sessions in which it has bars.
    let dates: DateSet
    /// The minutes of sessions in which a tradable one has bars.
    let slots: SlotSet

    /// `isAlone`: whether there is no other, so that nobody asks for its minutes.
    init(_ examined: ExaminedSeries, isAlone: Bool) {
      let (series, calendar) = (examined.series, examined.grid.calendar)
      (symbol, width, isTradable) = (series.symbol, series.width, series.instrument.isTradable)
      dates = series.distinctDates { calendar.isSession($0) == true }
      slots = SlotSet(isAlone || width == .session || !isTradable ? [] : examined.rows.slots)
    }
  }

  static func findings(in series: [Summary], allowances: inout AllowanceLedger) -> [QualityFinding] {
    BarWidth.allCases.flatMap { width in
      let ofWidth = series.filter { $0.width == width }
      return absences(in: ofWidth, allowances: &allowances)
        + (width == .session ? [] : unequalMinutes(in: ofWidth.filter(\.isTradable), width))
    }
  }

  /// Sessions that another symbol has and one lacks, as runs of neighbours among all symbols' sessions.
  private static func absences(in series: [Summary], allowances: inout AllowanceLedger) -> [QualityFinding] {
    let common = series.filter(\.isTradable).reduce(into: DateSet()) { $0.formUnion($1.dates) }.sorted()
    return series.flatMap { one in
      let own = common.indices.filter { one.dates.contains(common[$0]) }
      /// Before its first bar or behind its last one, where it may not have been listed.
      func isOutside(_ place: Int) -> Bool {
        guard one.isTradable, one.width == .session, let first = own.first, let last = own.last else { return false }
        return place < first || place > last
      }
      let absent = common.indices.filter { place in
        !one.dates.contains(common[place])
          && !(isOutside(place) && allowances.allows(check: identifier, symbol: one.symbol, date: common[place]))
      }
      return QualityFinding.runs(of: absent) { $1 == $0 + 1 }.map { run in
        absence(of: one, on: run.map { common[$0] }, mayBeUnlisted: run.allSatisfy(isOutside))
      }
    }
  }

  /// mayBeUnlisted: whether the series may not have been traded then.
  private static func absence(of one: Summary, on dates: [CalendarDate], mayBeUnlisted: Bool) -> QualityFinding {
    let fetch = "Take the dates alone that all symbols have, with --common-dates, or fetch the rows that are missing"
    let finding = QualityFinding(
      check: identifier, kind: "unequal-dates", severity: one.isTradable ? .fail : .warn, symbol: one.symbol,
      firstDate: dates.first, lastDate: dates.last, count: dates.count,
      samples: dates.prefix(QualityFinding.sampleLimit).map { "\($0) has a bar of another symbol only" },
      suggestion: !one.isTradable
        ? "Fetch the rows that are missing if the index is to be a benchmark of these shares."
        : mayBeUnlisted ? fetch : fetch + ".",
      message: "\(counted(dates.count, "session")) that another symbol has and \(one.symbol) lacks.")
    return mayBeUnlisted ? finding.allowable("; if \(one.symbol) was not listed then: ") : finding
  }

  private struct Session {
    var ordinal: Int
    var share: Double
  }

  /// For every two symbols the sessions in which they share too few minutes, those of one severity together.
  private static func unequalMinutes(in series: [Summary], _ width: BarWidth) -> [QualityFinding] {
    let grid = BarGrid(width)
    var findings: [QualityFinding] = []
    for first in series.indices {
      for second in series.indices where second > first {
        let uneven = sharedMinutes(series[first].slots, series[second].slots, grid).filter { $0.share < warningShare }
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
  private static func sharedMinutes(_ first: SlotSet, _ second: SlotSet, _ grid: BarGrid) -> [Session] {
    guard let from = first.first.flatMap({ one in second.first.map { max(one, $0) } }),
      let until = first.last.flatMap({ one in second.last.map { min(one, $0) } }), from <= until
    else {
      return []
    }
    var sessions: [Session] = []
    for ordinal in grid.ordinal(of: from)...grid.ordinal(of: until) {
      let (ofFirst, ofSecond, shared) = first.counts(second, in: grid.slots(ofSession: ordinal))
      if ofFirst > 0, ofSecond > 0 {
        sessions.append(Session(ordinal: ordinal, share: Double(shared) / Double(ofFirst + ofSecond - shared)))
      }
    }
    return sessions
  }

  private static func percent(_ share: Double) -> String { "\((share * 1000).rounded() / 10) %" }
}
