// Is every date a session, once, in order, and there for all symbols?

/// Shares must have the sessions of each other, since they are traded side by side. An index is only looked at: it may have more sessions, and
/// where it lacks some of the shares' that is a warning here and a refusal where it is needed.
enum TimestampAlignment: QualityCheck {
  static let identifier = "timestamp-alignment"

  static func findings(in series: [BarSeries], allowances: inout AllowanceLedger) -> [QualityFinding] {
    let calendar = TradingCalendar.xnys
    var sessionsOfAny: Set<CalendarDate> = []
    for one in series where one.instrument.isTradable {
      for date in one.dates where calendar.isSession(date) == true { sessionsOfAny.insert(date) }
    }
    let common = sessionsOfAny.sorted()
    return series.flatMap { one in
      ofSeries(one, calendar: calendar) + absences(in: one, of: common)
    }
  }

  private static func ofSeries(_ series: BarSeries, calendar: TradingCalendar) -> [QualityFinding] {
    var unsupported: [Int] = []
    var closed: [Int] = []
    var repeated: [Int] = []
    var unordered: [Int] = []
    var seen: Set<CalendarDate> = []
    var latest: CalendarDate?
    for row in 0..<series.wholeRows {
      let date = series.dates[row]
      switch calendar.isSession(date) {
      case nil: unsupported.append(row)
      case false?: closed.append(row)
      case true?: break
      }
      if !seen.insert(date).inserted {
        repeated.append(row)
      } else if let latest, date < latest {
        unordered.append(row)
      }
      latest = max(latest ?? date, date)
    }

    func findings(_ rows: [Int], _ kind: String, suggestion: String, message: (Int) -> String) -> [QualityFinding] {
      QualityFinding.ofRows(
        rows, in: series, check: identifier, kind: kind, suggestion: suggestion, message: message)
    }
    let range = calendar.supportedRange
    return findings(
      unsupported, "unsupported-date", suggestion: "Cut the series to the years that the calendar covers."
    ) { "\(counted($0, "row")) outside \(range.lowerBound) to \(range.upperBound), where the calendar has no answer." }
      + QualityFinding.ofRows(
        closed, in: series, check: identifier, kind: "not-a-session",
        suggestion: "Check the dates' time zone and the exchange; leave out rows made up for closed days.",
        message: { "\(counted($0, "row")) on a day when the exchange was closed." },
        sample: { row in
          guard case .closed(let why) = calendar.day(series.dates[row]) else { return series.rowText(row) }
          return "\(series.dates[row]) is closed (\(why))"
        })
      + findings(repeated, "repeated-date", suggestion: "Keep one row for each date.") {
        "\(counted($0, "row")) with a date that an earlier row has."
      }
      + findings(unordered, "unordered-date", suggestion: "Sort the rows by date.") {
        "\(counted($0, "row")) earlier than a row before."
      }
  }

  /// Sessions that another symbol has and this one lacks, as runs of neighbours among all symbols' sessions.
  private static func absences(in series: BarSeries, of common: [CalendarDate]) -> [QualityFinding] {
    let own = Set(series.dates)
    let absent = common.indices.filter { !own.contains(common[$0]) }
    return QualityFinding.runs(of: absent) { $1 == $0 + 1 }.map { run in
      let dates = run.map { common[$0] }
      return QualityFinding(
        check: identifier, kind: "unequal-dates", severity: series.instrument.isTradable ? .fail : .warn,
        symbol: series.symbol,
        firstDate: dates.first,
        lastDate: dates.last, count: dates.count,
        samples: dates.prefix(QualityFinding.sampleLimit).map { "\($0) has a bar of another symbol only" },
        suggestion: series.instrument.isTradable
          ? "Cut all symbols to the dates that they share, or fetch the rows that are missing."
          : "Fetch the rows that are missing if the index is to be a benchmark of these shares.",
        message: "\(counted(dates.count, "session")) that another symbol has and \(series.symbol) lacks.")
    }
  }
}
