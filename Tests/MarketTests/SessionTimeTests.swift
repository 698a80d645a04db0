// When sessions open and close, and which minute an instant is.

import FoundationEssentials
import TestSupport
import Testing

@testable import Market

private struct SessionGolden: Decodable {
  struct Run: Decodable {
    var first: String
    var sessions: Int
    var open: Int
    var close: Int
  }
  var first: String
  var last: String
  var sessionCount: Int
  var runs: [Run]
}

private let calendar = TradingCalendar.xnys

private func date(_ text: String) throws -> CalendarDate { try #require(CalendarDate(text)) }

private func instant(_ day: String, _ hour: Int, _ minute: Int) throws -> Instant {
  let date = try date(day)
  return try #require(Instant(date: date, secondOfDay: hour * 3600 + minute * 60))
}

@Suite struct SessionTimeTests {
  /// All of them, with the first and the last minute and the ones beside.
  @Test func everySessionAgreesWithTheGoldenFile() throws {
    let golden = try GoldenFile.read("session_instants", as: SessionGolden.self)
    let range = try date(golden.first)...(try date(golden.last))
    #expect(range == calendar.supportedRange)
    let dates = calendar.sessions(in: range)
    #expect(dates.count == golden.sessionCount)
    #expect(golden.runs.map(\.sessions).reduce(0, +) == golden.sessionCount)
    var differences: [String] = []
    var next = 0
    for run in golden.runs {
      if dates[next] != (try date(run.first)) { differences.append("\(dates[next]), golden \(run.first)") }
      for day in dates[next..<next + run.sessions] {
        let open = try #require(Instant(date: day, secondOfDay: run.open * 60))
        let close = try #require(Instant(date: day, secondOfDay: run.close * 60))
        let session = try #require(calendar.session(on: day))
        let last = run.close - run.open - 1
        let isRight =
          session == Session(date: day, open: open, close: close) && session.minuteCount == last + 1
          && calendar.tradingMinutes(day) == last + 1
          && calendar.place(of: open) == .session(session, minute: 0)
          && calendar.place(of: close.advanced(nanoseconds: -1)) == .session(session, minute: last)
          && calendar.place(of: close) == .extendedHours(session, minute: last + 1)
          && calendar.place(of: open.advanced(nanoseconds: -1)) == .extendedHours(session, minute: -1)
          && session.start(ofMinute: last) == close.advanced(seconds: -60)
        if !isRight { differences.append("\(day)") }
      }
      next += run.sessions
    }
    #expect(differences.isEmpty)
  }

  /// Published instants: a second witness beside the golden file. Both clock changes lie inside, and two half days.
  @Test(arguments: [
    ("2024-03-08", 14, 30, 21, 0), ("2024-03-11", 13, 30, 20, 0), ("2024-11-01", 13, 30, 20, 0),
    ("2024-11-04", 14, 30, 21, 0), ("2024-07-03", 13, 30, 17, 0), ("2024-11-29", 14, 30, 18, 0),
  ])
  func knownSessions(day: String, openHour: Int, openMinute: Int, closeHour: Int, closeMinute: Int) throws {
    let session = try #require(calendar.session(on: date(day)))
    let (open, close) = (try instant(day, openHour, openMinute), try instant(day, closeHour, closeMinute))
    #expect(session.open == open && session.close == close)
  }

  @Test(arguments: ["2001-12-24", "2023-07-03", "2024-07-03", "2025-07-03"])
  func halfDaysHaveTwoHundredAndTenMinutes(day: String) throws {
    let session = try #require(calendar.session(on: date(day)))
    #expect(session.minuteCount == 210)
    // What comes after the early close is no longer the session, and the evening of a date is still that date.
    let afternoon = session.start(ofMinute: 210)
    #expect(calendar.place(of: afternoon) == .extendedHours(session, minute: 210))
    let evening = session.start(ofMinute: 629)
    #expect(calendar.place(of: evening) == .extendedHours(session, minute: 629))
  }

  @Test func instantsOutsideSessionsHaveAReason() throws {
    let saturday = try instant("2024-03-30", 15, 0)
    let (free, mourned) = (try date("2024-03-30"), try date("2025-01-09"))
    #expect(calendar.place(of: saturday) == .closed(free, "weekend"))
    let mourning = try instant("2025-01-09", 15, 0)
    #expect(calendar.place(of: mourning) == .closed(mourned, "day of mourning for Jimmy Carter"))
    let early = try instant("1989-12-29", 15, 0)
    #expect(calendar.place(of: early) == .unsupported)
    #expect(calendar.place(of: Instant(nanoseconds: .max)) == .unsupported)
    let later = try date("2036-01-02")
    #expect(calendar.session(on: mourned) == nil && calendar.session(on: later) == nil)
  }

  /// A midnight in Greenwich is still the evening before in New York.
  @Test func datesAreThoseOfTheExchange() throws {
    let thursday = try #require(calendar.session(on: date("2025-12-11")))
    let midnight = try instant("2025-12-12", 0, 0)
    #expect(calendar.place(of: midnight) == .extendedHours(thursday, minute: 9 * 60 + 30))
  }
}
