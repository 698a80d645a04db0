// What implied volatility was, session by session, of one constant term: what today's is ranked among.

package import Pricing

/// Volatilities at the money for 30 calendar days from a session's close (of a chain, from its last quotes), on the variance clock. All of one symbol and one source: those of chains and those that
/// were made of an index are never mixed.
package struct VolatilityHistory: Sendable, Equatable {
  package enum Source: String, Sendable, CaseIterable {
    /// SYNTHETIC: of an index, by one of the two laws.
    case fair, market
    /// Of quotes.
    case chain

    package init(_ law: SurfaceLaw) { self = law == .fair ? .fair : .market }
  }

  package struct Day: Sendable, Equatable {
    package let date: CalendarDate
    /// A decimal a year.
    package let volatility: Double

    package init(date: CalendarDate, volatility: Double) {
      self.date = date
      self.volatility = volatility
    }
  }

  package static let calendarDays = 30
  /// What a volatility can be.
  package static let volatilities = 0.001...10.0

  package let symbol: String
  package let source: Source
  /// Oldest first, each date once.
  package let days: [Day]

  /// Nil where days do not follow one another, or a volatility is none.
  package init?(symbol: String, source: Source, days: [Day]) {
    guard zip(days, days.dropFirst()).allSatisfy({ $0.date < $1.date }),
      days.allSatisfy({ VolatilityHistory.volatilities.contains($0.volatility) })
    else { return nil }
    self.symbol = symbol
    self.source = source
    self.days = days
  }

  /// Of an index and one law: evening after evening what options of the term would have been quoted at.
  package init(
    _ history: SurfaceHistory, _ law: SurfaceLaw, calendar: TradingCalendar = .xnys
  ) {
    symbol = history.symbol
    source = Source(law)
    var days: [Day] = []
    for evening in history.evenings {
      let ahead = calendar.sessionsAhead(of: evening.ordinal, calendarDays: VolatilityHistory.calendarDays)
      guard let ratio = evening.symbolRatio, let ahead, days.last.map({ $0.date < evening.date }) ?? true else {
        continue
      }
      let volatility =
        law.ratio(toIndex: evening.index, sessionsAhead: ahead, fairRatio: evening.fairRatio) * evening.index / 100
        * ratio
      guard VolatilityHistory.volatilities.contains(volatility) else { continue }
      days.append(Day(date: evening.date, volatility: volatility))
    }
    self.days = days
  }

  /// Volatilities of the days before one, oldest first.
  package func volatilities(before date: CalendarDate) -> [Double] {
    days.prefix { $0.date < date }.map(\.volatility)
  }

  /// Where a volatility of a day stands among those of the days before it. Throws where it is unknown.
  package func rank(of current: Double, on date: CalendarDate) throws(UnknownVolatility) -> VolatilityRank {
    try VolatilityRank(current: current, before: volatilities(before: date))
  }
}

extension TradingCalendar {
  /// How many sessions lie between a session and the last one within so many calendar days behind it; nil where the calendar ends before.
  package func sessionsAhead(of ordinal: Int, calendarDays: Int) -> Int? {
    guard sessions.indices.contains(ordinal) else { return nil }
    let until = sessions[ordinal].date.advanced(by: calendarDays)
    guard until <= supportedRange.upperBound else { return nil }
    var last = ordinal
    while last + 1 < sessions.count, sessions[last + 1].date <= until { last += 1 }
    return last - ordinal
  }

  /// Years on the variance clock from a minute of a session to the last close within so many calendar days behind it; nil where the calendar ends before.
  package func varianceYears(
    ofCalendarDays calendarDays: Int, from ordinal: Int, minute: Int, clock: VarianceClock = VarianceClock()
  ) -> Double? {
    guard let ahead = sessionsAhead(of: ordinal, calendarDays: calendarDays) else { return nil }
    return clock.years(over: remainingSessions(from: ordinal, minute: Double(minute), to: ordinal + ahead))
  }
}
