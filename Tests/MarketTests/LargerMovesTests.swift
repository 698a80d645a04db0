// A wilder market by hand: moves around one line of growth, twice as far.

import Glibc
import Market
import TestSupport
import Testing

@Suite struct LargerMovesTests {
  private func days(_ closes: [Double], factors: [Double]? = nil) throws -> BarSeries {
    var series = BarSeries(symbol: "AAA")
    let first = try #require(CalendarDate("2024-01-02"))
    for (row, close) in closes.enumerated() {
      series.append(
        date: first.advanced(by: row), open: close * 0.99, high: close * 1.02, low: close * 0.98, close: close,
        volume: 1000, adjustmentFactor: factors?[row] ?? 1)
    }
    return series
  }

  @Test func theEndsStayAndWhatLiesBetweenGoesTwiceAsFar() throws {
    let series = try days([100, 120, 90, 110, 100 * 1.4641])
    let moves = try #require(LargerMoves(series, factor: 2))
    let wilder = moves.applied(to: series)
    // A line of 10 % a day: 100, 110, 121, 133.1, 146.41.
    let expected: [Double] = [100, 120.0 * 120 / 110, 90.0 * 90 / 121, 110.0 * 110 / 133.1, 146.41]
    for (found, wanted) in zip(wilder.close, expected) { #expect(abs(found / wanted - 1) < 1e-12) }
    #expect(wilder.dates == series.dates && wilder.volume == series.volume)
    for row in wilder.close.indices {
      #expect(wilder.low[row] <= min(wilder.open[row], wilder.close[row]))
      #expect(wilder.high[row] >= max(wilder.open[row], wilder.close[row]))
      // Within a bar moves are twice as far, too.
      #expect(abs(log(wilder.high[row] / wilder.low[row]) / log(1.02 / 0.98) - 2) < 1e-9)
    }
    let same = try #require(LargerMoves(series, factor: 1)).applied(to: series)
    #expect(zip(same.close, series.close).allSatisfy { $0 == $1 })
  }

  /// A split two for one is no move.
  @Test func splitsStayWhatTheyAre() throws {
    let plain = try days([100, 104, 102, 110])
    let split = try days([100, 104, 51, 55], factors: [0.5, 0.5, 1, 1])
    let (one, other) = (try #require(LargerMoves(plain, factor: 2)), try #require(LargerMoves(split, factor: 2)))
    let (whole, halved) = (one.applied(to: plain).close, other.applied(to: split).close)
    for (row, factor) in [1.0, 1, 0.5, 0.5].enumerated() {
      #expect(abs(halved[row] / (factor * whole[row]) - 1) < 1e-12)
    }
  }

  /// Minutes and days of one symbol are moved by one line, so that a day still ends where its last minute does.
  @Test func minutesAndDaysAgree() throws {
    let (first, second) = (try #require(CalendarDate("2024-01-02")), try #require(CalendarDate("2024-01-03")))
    let session = try #require(TradingCalendar.xnys.session(on: first))
    let later = try #require(TradingCalendar.xnys.session(on: second))
    var minutes = BarSeries(symbol: "AAA", width: .minute)
    for (start, close) in [
      (session.start(ofMinute: 0), 100.0), (session.start(ofMinute: 389), 103), (later.start(ofMinute: 0), 99),
      (later.start(ofMinute: 389), 101),
    ] { minutes.append(start: start, open: close, high: close, low: close, close: close, volume: 1) }
    let moves = try #require(LargerMoves(minutes, factor: 2))
    #expect(moves.applied(to: minutes).sessionBars.close == moves.applied(to: minutes.sessionBars).close)
  }

  @Test func anIndexStandsHigherAsFarAsItGoes() throws {
    let higher = try days([15, 80, 200, 300]).levels(times: 2).close
    #expect(higher == [30, 160, 250, 300], "what is beyond the range already stays")
  }

  @Test func whatIsNoPriceHasNoLine() throws {
    #expect(LargerMoves(BarSeries(symbol: "AAA"), factor: 2) == nil)
    #expect(LargerMoves(try days([100, .nan]), factor: 2) == nil)
    #expect(LargerMoves(try days([100]), factor: 2) != nil)
  }
}
