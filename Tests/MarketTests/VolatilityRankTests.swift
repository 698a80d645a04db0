// Rank and percentile of implied volatility, the history that they are of, and events.

import Foundation
import Testing

@testable import Market

@Suite struct VolatilityRankTests {
  private let history = Array(repeating: 0.2, count: 40) + [0.6] + Array(repeating: 0.4, count: 20)

  @Test func theRankIsTheOneOfTheExamples() throws {
    #expect(SurfaceGolden.isNear(try rank(0.45, history), 0.625))
    let wide = Array(repeating: 0.2, count: 40) + [0.65]
    #expect(SurfaceGolden.isNear(try rank(0.35, wide), 1.0 / 3))
    // A rank of 0.45 there needs 0.4025.
    #expect(SurfaceGolden.isNear(try rank(0.4025, wide), 0.45))
    #expect(try rank(0.9, history) == 1)
    #expect(try rank(0.1, history) == 0)
    #expect(try rank(0.3, Array(repeating: 0.3, count: 50)) == 0.5)
  }

  private func rank(_ current: Double, _ before: [Double]) throws -> Double {
    try VolatilityRank(current: current, before: before).rankOrNeutral
  }

  @Test func belowThirtySamplesNothingIsKnown() throws {
    let rank = try VolatilityRank(current: 0.4, before: Array(repeating: 0.2, count: 29))
    #expect(rank.rank == nil && rank.percentile == nil && rank.rankOrNeutral == 0.5)
    #expect(rank.refusal() == nil)
  }

  @Test func theBoundIsExclusive() throws {
    let eighty = try VolatilityRank(current: 1.8, before: Array(repeating: 1, count: 40) + [2])
    #expect(eighty.rank == 0.8 && eighty.refusal() == nil)
    let before = Array(repeating: 0.30, count: 40) + [0.90]
    let refused = try VolatilityRank(current: 0.80, before: before)
    #expect(SurfaceGolden.isNear(try #require(refused.rank), 0.8333333333333333))
    #expect(refused.refusal() == "IV Rank too high")
  }

  @Test func anUnknownVolatilityDecidesNothing() {
    for value in [0, -0.1, Double.nan, .infinity] {
      #expect(throws: UnknownVolatility.self) { try VolatilityRank(current: value, before: history) }
    }
  }

  @Test func onlyTheLastYearCounts() throws {
    let rank = try VolatilityRank(current: 0.3, before: [5] + Array(repeating: 0.2, count: 251) + [0.4])
    #expect(SurfaceGolden.isNear(try #require(rank.rank), 0.5))
    #expect(rank.sessionCount == 252)
  }
}

@Suite struct VolatilityHistoryTests {
  private func date(_ text: String) throws -> CalendarDate { try #require(CalendarDate(text)) }

  /// `fair` of 30 days: the index times its ratio times 0.91, since 30 calendar days are some twenty sessions.
  @Test func aSyntheticHistoryIsThatOfTheLaw() throws {
    let golden = try SurfaceGolden.file.get()
    let history = SurfaceHistory(
      underlying: try SurfaceGolden.series("SPX", golden.closes), index: try SurfaceGolden.series("VIX", golden.index))
    let volatilities = VolatilityHistory(history, .fair)
    #expect(volatilities.days.count == golden.index.count && volatilities.source == .fair)
    for (place, day) in volatilities.days.enumerated() {
      #expect(SurfaceGolden.isNear(day.volatility, golden.ratios[place] * 0.91 * golden.index[place] / 100))
    }
    let market = VolatilityHistory(history, .market)
    let first = try #require(market.days.first)
    #expect(first.date == (try date("2015-01-02")))
    // 30 days behind lies 2015-02-01, a Sunday; the last session before it is that of 2015-01-30, the 19th.
    let ahead = 19.0
    let today = min(max(0.70 + 0.022 * (golden.index[0] - 14), 0.65), 1.10)
    let month = 0.80 + 0.004 * (golden.index[0] - 14)
    let wanted = (today + (month - today) * log(1 + ahead) / log(22)) * golden.index[0] / 100
    #expect(SurfaceGolden.isNear(first.volatility, wanted))
  }

  /// The day itself and what comes after it do not count.
  @Test func theRankKnowsDaysBeforeAlone() throws {
    let calendar = TradingCalendar.xnys
    let start = try #require(calendar.ordinal(of: try date("2015-01-02")))
    let values = (0..<60).map { 0.1 + 0.001 * Double($0) }
    let days = values.enumerated().map {
      VolatilityHistory.Day(date: calendar.sessions[start + $0.offset].date, volatility: $0.element)
    }
    let history = try #require(VolatilityHistory(symbol: "SPX", source: .fair, days: days))
    let rank = try history.rank(of: 0.1195, on: days[40].date)
    #expect(rank.sessionCount == 40)
    #expect(SurfaceGolden.isNear(try #require(rank.rank), 0.5) && rank.percentile == 0.5)
    #expect(rank.words() == "0.50 (OK), percentile 50 %, of 40 sessions before")
    let unknown = try history.rank(of: 0.12, on: days[29].date)
    #expect(unknown.rank == nil && unknown.words().hasPrefix("unknown, since 29 of 30"))
    #expect(throws: UnknownVolatility.self) { try history.rank(of: .nan, on: days[40].date) }
    // Out of order, twice the same day, or no volatility: no history.
    #expect(VolatilityHistory(symbol: "SPX", source: .fair, days: Array(days.reversed())) == nil)
    #expect(VolatilityHistory(symbol: "SPX", source: .fair, days: [days[0], days[0]]) == nil)
    #expect(VolatilityHistory(symbol: "SPX", source: .fair, days: [.init(date: days[0].date, volatility: .nan)]) == nil)
  }

  /// Worked by hand: from the close of Friday 2015-01-02, thirty days reach to Friday 2015-01-30: nineteen nights, four of them long, and as many sessions.
  @Test func thirtyDaysAreNineteenSessionsAndTheirNights() throws {
    let calendar = TradingCalendar.xnys
    let ordinal = try #require(calendar.ordinal(of: try date("2015-01-02")))
    #expect(calendar.sessionsAhead(of: ordinal, calendarDays: 30) == 19)
    let years = try #require(calendar.varianceYears(ofCalendarDays: 30, from: ordinal, minute: 390))
    let nights = 0.35 * (19 + 0.1 * 4)
    #expect(SurfaceGolden.isNear(years, (nights + 19 * 0.65) / 252))
  }
}

@Suite struct SurfaceEventsTests {
  /// Only on the flagged day, only once it is over, and never more than once the share.
  @Test func aCrushIsOfItsDayAlone() throws {
    let day = try #require(CalendarDate("2016-03-16"))
    let events = SurfaceEvents([
      SurfaceEvent(date: day, kind: "rates", share: 0.2, minuteOfDay: 14 * 60),
      SurfaceEvent(date: day, kind: "report", share: 0.1),
    ])
    #expect(SurfaceGolden.isNear(events.crush(on: day, minute: 0), 0.1))
    #expect(SurfaceGolden.isNear(events.crush(on: day, minute: 269), 0.1))
    #expect(SurfaceGolden.isNear(events.crush(on: day, minute: 270), 0.28))
    #expect(events.crush(on: day.advanced(by: 1), minute: 0) == 0)
    #expect(SurfaceEvents().crush(on: day, minute: 389) == 0)
    let known = SyntheticSurface.Knowledge(index: 20, indexKnown: Instant(nanoseconds: 0), spotThen: 100)
    let now = Instant(nanoseconds: 1)
    let plain = try SyntheticSurface(.fair, known, at: now)
    let crushed = try SyntheticSurface(.fair, known, at: now, crush: 0.2)
    #expect(
      SurfaceGolden.isNear(
        crushed.atTheMoney(sessionsAhead: 5, spot: 100), 0.8 * plain.atTheMoney(sessionsAhead: 5, spot: 100)))
    for share in [-0.1, 1, Double.nan] {
      #expect(throws: SurfaceError.self) { try SyntheticSurface(.fair, known, at: now, crush: share) }
    }
  }
}
