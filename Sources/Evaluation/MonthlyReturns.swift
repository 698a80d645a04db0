// What an account earned month by month.

package import Market

/// An account's returns by calendar month, compounded over the months of a year.
package struct MonthlyReturns: Sendable, Equatable {
  package struct Year: Sendable, Equatable {
    package var year: Int
    /// (12) nil for a month without a session.
    package var months: [Double?]
    package var total: Double
  }

  package var years: [Year]

  /// dates, closes: (T) the sessions in order; `initial` comes before the first. A month that the window only touches counts with the
  /// sessions it has. Traps where the lengths differ.
  package init(initial: Double, dates: [CalendarDate], closes: [Double]) {
    precondition(dates.count == closes.count, "\(dates.count) dates for \(closes.count) closes")
    years = []
    var (yearStart, monthStart) = (initial, initial)
    var before = initial
    for (index, date) in dates.enumerated() {
      let (year, month, _) = date.civil
      if years.last?.year != year {
        years.append(Year(year: year, months: [Double?](repeating: nil, count: 12), total: 0))
        yearStart = before
        monthStart = before
      } else if index > 0, dates[index - 1].civil.month != month {
        monthStart = before
      }
      years[years.count - 1].months[month - 1] = closes[index] / monthStart - 1
      years[years.count - 1].total = closes[index] / yearStart - 1
      before = closes[index]
    }
  }
}

extension EvaluationReport {
  /// Of the greedy run.
  var months: MonthlyReturns {
    MonthlyReturns(
      initial: greedy.metrics.initialDollars, dates: Array(dates.prefix(greedy.closes.count)), closes: greedy.closes)
  }
}
