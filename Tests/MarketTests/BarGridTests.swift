// Bars of any width lie on numbered beginnings, and what lies on none has a reason.

import TestSupport
import Testing

@testable import Market

private let calendar = TradingCalendar.xnys

private func date(_ text: String) throws -> CalendarDate { try #require(CalendarDate(text)) }

@Suite struct BarGridTests {
  /// 2024-07-02 to 07-05: a full day, a half day, a holiday, a full day.
  private func overAHoliday() throws -> BarSeries {
    SyntheticTape.minutes(symbols: ["A"], sessions: 3, from: try date("2024-07-02"), seed: 1)[0]
  }

  @Test func minutesAreNumberedWithoutGapsOverNightsAndHolidays() throws {
    let series = try overAHoliday()
    let grid = BarGrid(.minute)
    let rows = grid.rows(of: series)
    #expect(series.count == 390 + 210 + 390)
    #expect(zip(rows.slots, rows.slots.dropFirst()).allSatisfy { $1 == $0 + 1 })
    #expect(rows.unsupported + rows.closed + rows.outsideHours + rows.offGrid == [])
    for (row, slot) in rows.slots.enumerated() {
      let (session, place) = grid.session(of: slot)
      #expect(grid.start(of: slot) == series.starts[row] && session.date == series.dates[row])
      #expect(place == session.minute(of: series.starts[row]))
    }
    let halfDay = try #require(calendar.ordinal(of: try date("2024-07-03")))
    #expect(grid.slots(ofSession: halfDay).count == 210 && grid.ordinal(of: rows.slots[390]) == halfDay)
    #expect(grid.ordinal(of: rows.slots[599]) == halfDay && grid.ordinal(of: rows.slots[600]) == halfDay + 1)
  }

  @Test func sessionsAreNumberedWithoutGaps() throws {
    let series = SyntheticTape.series(symbols: ["A"], bars: 300, seed: 2)[0]
    let grid = BarGrid(.session)
    let slots = grid.rows(of: series).slots
    #expect(zip(slots, slots.dropFirst()).allSatisfy { $1 == $0 + 1 })
    for (row, slot) in slots.enumerated() {
      #expect(calendar.sessions[slot].date == series.dates[row] && grid.slots(ofSession: slot) == slot..<slot + 1)
      #expect(grid.start(of: slot) == calendar.sessions[slot].open)
    }
  }

  @Test func whatLiesOnNoBeginningHasAReason() throws {
    var series = BarSeries(symbol: "A", width: .minute)
    let session = try #require(calendar.session(on: date("2024-07-03")))
    let free = try #require(Instant(date: try date("2024-07-04"), secondOfDay: 15 * 3600))
    for start in [
      session.open, session.open.advanced(seconds: 30), session.open.advanced(seconds: -60), session.close, free,
      Instant(nanoseconds: .min), Instant(nanoseconds: .max),
    ] {
      series.append(start: start, open: 1, high: 1, low: 1, close: 1, volume: 1)
    }
    let rows = BarGrid(.minute).rows(of: series)
    #expect(rows.slots.map { $0 >= 0 } == [true, false, false, false, false, false, false])
    #expect(rows.offGrid == [1] && rows.outsideHours == [2, 3] && rows.closed == [4] && rows.unsupported == [5, 6])
    let dates = series.dates.map(\.description)
    #expect(
      dates == ["2024-07-03", "2024-07-03", "2024-07-03", "2024-07-03", "2024-07-04", "1677-09-21", "2262-04-11"])
  }

  /// A minute before midnight in Greenwich, and one after, are one evening in New York.
  @Test func datesOfBarsAreThoseOfTheExchange() throws {
    var series = BarSeries(symbol: "A", width: .minute)
    for second in [86_340, 86_400] {
      let start = try #require(Instant(date: try date("2025-12-11"), secondOfDay: second))
      series.append(start: start, open: 1, high: 1, low: 1, close: 1, volume: 1)
    }
    let thursday = try date("2025-12-11")
    #expect(series.dates == [thursday, thursday])
  }

  @Test func aTapeOfMinutesKnowsTheirBeginnings() throws {
    let series = SyntheticTape.minutes(sessions: 2, from: try date("2024-07-02"), seed: 3)
    let tape = MarketTape(series)
    #expect(tape.width == .minute && tape.starts == series[0].starts && tape.dates == series[1].dates)
    let halfDay = try date("2024-07-03")
    #expect(tape.firstBar(onOrAfter: halfDay) == 390)
    #expect(MarketTape(SyntheticTape.series(bars: 5, seed: 1)).starts.isEmpty)
  }
}
