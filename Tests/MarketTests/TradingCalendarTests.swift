// The calendar against another implementation, day by day, and at the edges of what it covers.

import FoundationEssentials
import TestSupport
import Testing

@testable import Market

private struct CalendarGolden: Decodable {
  struct EarlyClose: Decodable {
    var date: String
    var closeMinute: Int
  }
  struct Year: Decodable {
    var year: Int
    var sessions: Int
    var tradingMinutes: Int
  }
  var first: String
  var last: String
  var sessionCount: Int
  var weekdaysClosed: [String]
  var earlyCloses: [EarlyClose]
  var years: [Year]
}

private let calendar = TradingCalendar.xnys

private func date(_ text: String) throws -> CalendarDate { try #require(CalendarDate(text)) }

@Suite struct TradingCalendarTests {
  @Test func everyDayAgreesWithTheGoldenFile() throws {
    let golden = try GoldenFile.read("trading_calendar", as: CalendarGolden.self)
    let first = try date(golden.first)
    let last = try date(golden.last)
    #expect(calendar.supportedRange == first...last)
    let closed = Set(try golden.weekdaysClosed.map(date))
    let early = Dictionary(uniqueKeysWithValues: try golden.earlyCloses.map { (try date($0.date), $0.closeMinute) })
    #expect(closed.count == golden.weekdaysClosed.count)

    var differences: [String] = []
    var sessions: [CalendarDate] = []
    for number in first.daysSinceEpoch...last.daysSinceEpoch {
      let day = CalendarDate(daysSinceEpoch: number)
      let trades = day.weekday <= 5 && !closed.contains(day)
      if trades { sessions.append(day) }
      let found: Int? = if case .session(let minute) = calendar.day(day) { minute } else { nil }
      let expected: Int? = trades ? early[day] ?? 960 : nil
      if found != expected || calendar.isSession(day) != trades || calendar.isEarlyClose(day) != (early[day] != nil)
        || calendar.day(day) == .unsupported
      {
        differences.append("\(day): close \(found as Any), golden \(expected as Any)")
      }
    }
    #expect(differences.isEmpty)
    #expect(sessions.count == golden.sessionCount)
    #expect(calendar.sessions(in: first...last) == sessions)
    for year in golden.years {
      let all = calendar.sessions(in: CalendarRule.date(year.year, 1, 1)...CalendarRule.date(year.year, 12, 31))
      #expect(all.count == year.sessions, "sessions of \(year.year)")
      #expect(all.compactMap(calendar.tradingMinutes).reduce(0, +) == year.tradingMinutes, "minutes of \(year.year)")
    }
  }

  /// Counts published with the exchange's own tables: a second witness beside the golden file.
  @Test(arguments: [
    (2022, 251, ["2022-11-25"], 97_710),
    (2023, 250, ["2023-07-03", "2023-11-24"], 97_140),
    (2024, 252, ["2024-07-03", "2024-11-29", "2024-12-24"], 97_740),
    (2025, 250, ["2025-07-03", "2025-11-28", "2025-12-24"], 96_960),
    (2026, 251, ["2026-11-27", "2026-12-24"], 97_530),
  ])
  func knownYears(year: Int, count: Int, earlyCloses: [String], minutes: Int) {
    let sessions = calendar.sessions(in: CalendarRule.date(year, 1, 1)...CalendarRule.date(year, 12, 31))
    #expect(sessions.count == count)
    #expect(sessions.filter { calendar.isEarlyClose($0) == true }.map(\.description) == earlyCloses)
    #expect(sessions.compactMap(calendar.tradingMinutes).reduce(0, +) == minutes)
  }

  @Test func outsideItsYearsItDoesNotGuess() throws {
    for text in ["1989-12-29", "2036-01-02", "0001-01-01", "9999-12-31"] {
      let day = try date(text)
      #expect(calendar.day(day) == .unsupported)
      #expect(calendar.isSession(day) == nil)
      #expect(calendar.isEarlyClose(day) == nil)
      #expect(calendar.tradingMinutes(day) == nil)
      #expect(calendar.nextSession(onOrAfter: day) == nil)
    }
    for extreme in [Int32.min, Int32.max] {
      #expect(calendar.day(CalendarDate(daysSinceEpoch: extreme)) == .unsupported)
    }
  }

  @Test func nextSessionSkipsWhatIsClosed() throws {
    #expect(calendar.nextSession(onOrAfter: try date("2001-09-11")) == (try date("2001-09-17")))
    #expect(calendar.nextSession(onOrAfter: try date("2025-12-11")) == (try date("2025-12-11")))
    #expect(calendar.nextSession(onOrAfter: try date("1990-01-01")) == (try date("1990-01-02")))
    #expect(calendar.nextSession(onOrAfter: try date("2024-01-01")) == (try date("2024-01-02")))
    #expect(calendar.nextSession(onOrAfter: try date("2035-12-31")) == (try date("2035-12-31")))
    let friday = try date("2024-03-29")
    #expect(calendar.sessions(in: friday...friday).isEmpty)
  }

  @Test func aClosureHasAName() throws {
    #expect(calendar.day(try date("2025-01-09")) == .closed("day of mourning for Jimmy Carter"))
    #expect(calendar.day(try date("2024-03-29")) == .closed("Good Friday"))
    #expect(calendar.day(try date("2024-03-30")) == .closed("weekend"))
  }
}
