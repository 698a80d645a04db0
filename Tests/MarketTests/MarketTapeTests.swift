// Dates, and bars as every lane reads them: adjusted and aligned.

import TestSupport
import Testing

@testable import Market

@Suite struct CalendarDateTests {
  /// Day by day over eight centuries: the civil date counts up as a calendar does, and leads back to its day.
  @Test func everyDayHasOneName() throws {
    var (year, month, day) = (1600, 1, 1)
    let first = try #require(CalendarDate(year: year, month: month, day: day))
    var faults = 0
    for offset in 0..<292_194 {
      let date = first.advanced(by: offset)
      if date.civil != (year, month, day) || CalendarDate(year: year, month: month, day: day) != date
        || date.weekday != (first.weekday - 1 + offset) % 7 + 1
      {
        faults += 1
      }
      day += 1
      if day > CalendarDate.days(in: month, of: year) { (month, day) = (month + 1, 1) }
      if month > 12 { (year, month) = (year + 1, 1) }
    }
    #expect(faults == 0)
    // The Gregorian calendar repeats after 146,097 days.
    #expect((year, month, day) == (2400, 1, 1))
    #expect(CalendarDate("1970-01-01")?.daysSinceEpoch == 0 && CalendarDate("1970-01-01")?.weekday == 4)
    #expect(CalendarDate("2000-02-29")?.daysSinceEpoch == 11_016)
  }

  @Test(arguments: ["2000-02-29", "2024-12-31", "0001-01-01", "9999-12-31"])
  func readsWhatItWrites(text: String) {
    #expect(CalendarDate(text)?.description == text)
  }

  @Test(arguments: [
    "", "2001-02-29", "1900-02-29", "2001-13-01", "2001-00-10", "2001-01-00", "2001-1-1", "01-01-2001", "2001/01/01",
    "2001-01-01 ", " 2001-01-01", "+201-01-01", "2001-01-01T00:00", "2001-01", "0000-01-01", "\u{0662}001-01-01",
  ])
  func refusesWhatIsNoDate(text: String) {
    #expect(CalendarDate(text) == nil)
  }
}

@Suite struct MarketTapeTests {
  @Test func multipliesPricesAndDividesVolumes() throws {
    var series = SyntheticTape.series(bars: 120, seed: 4)
    for row in 0..<60 { series[1].adjustmentFactors[row] = 0.25 }
    let tape = MarketTape(series)
    #expect(tape.symbols == ["AAA", "BBB"] && tape.dates == series[0].dates && tape.barCount == 120)
    for (place, one) in series.enumerated() {
      for bar in 0..<120 {
        let factor = place == 1 && bar < 60 ? 0.25 : 1
        let prices = [tape.open[place][bar], tape.high[place][bar], tape.low[place][bar], tape.close[place][bar]]
        #expect(prices == [one.open[bar], one.high[bar], one.low[bar], one.close[bar]].map { $0 * factor })
        #expect(tape.volume[place][bar] == one.volume[bar] / factor)
      }
    }
  }

  @Test func findsTheFirstBarOnOrAfterADate() throws {
    let tape = MarketTape(SyntheticTape.series(bars: 100, seed: 4))
    for (bar, date) in tape.dates.enumerated() {
      #expect(tape.firstBar(onOrAfter: date) == bar)
      #expect(tape.firstBar(onOrAfter: date.advanced(by: 1)) == bar + 1)
    }
    #expect(tape.firstBar(onOrAfter: try #require(CalendarDate("1990-01-01"))) == 0)
  }

  /// The maker of test markets keeps its word: real sessions, the volatility it names, and a series that depends on seed and place.
  @Test func syntheticBarsAreWhatTheySay() throws {
    let series = SyntheticTape.series(symbols: ["A", "B", "C"], bars: 3000, seed: 8)
    #expect(series.map(\.symbol) == ["A", "B", "C"] && series.allSatisfy { $0.count == 3000 })
    #expect(series[0].dates.first?.description == "2001-01-02")
    #expect(series[0].dates.allSatisfy { TradingCalendar.xnys.isSession($0) == true })
    for one in series {
      let volatility = try #require(RealizedVolatility.values(of: one.close, window: 2999).last)
      // Four standard errors of a deviation of 2,999 normal numbers.
      let tolerance = 4 * SyntheticTape.dailyVolatility / (2.0 * 2998).squareRoot()
      #expect(abs(volatility - SyntheticTape.dailyVolatility) < tolerance, "\(one.symbol): \(volatility)")
    }
    #expect(series[0].close != series[1].close)
    #expect(SyntheticTape.series(symbols: ["A"], bars: 3000, seed: 8) == [series[0]])
    #expect(SyntheticTape.series(symbols: ["A"], bars: 3000, seed: 9) != [series[0]])
  }
}
