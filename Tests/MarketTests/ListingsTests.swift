// A tape of symbols that were not all listed all the time.

import TestSupport
import Testing

@testable import Market

@Suite struct ListingsTests {
  /// Four symbols of 120 dates: one has all, one begins later, one ends earlier, one does both.
  private func series() -> [BarSeries] {
    var series = SyntheticTape.series(symbols: ["A", "B", "C", "D"], bars: 120, seed: 6)
    for place in series.indices {
      series[place].extra = [ExtraColumn(name: "mood", values: (0..<120).map { Double($0) })]
      for row in 0..<60 { series[place].adjustmentFactors[row] = 0.5 }
    }
    series[1] = series[1].rows(Array(40..<120))
    series[2] = series[2].rows(Array(0..<100))
    series[3] = series[3].rows(Array(30..<70))
    return series
  }

  @Test func aTapeHasEveryDateOfAnySymbol() throws {
    let series = series()
    let tape = MarketTape(listed: series)
    #expect(tape.dates == series[0].dates && tape.listings == [0..<120, 40..<120, 0..<100, 30..<70])
    #expect(tape.symbols.indices.map(tape.isAlwaysListed) == [true, false, false, false] && !tape.areAllAlwaysListed)
    for (symbol, one) in series.enumerated() {
      let own = MarketTape([one])
      let listing = tape.listings[symbol]
      #expect(Array(tape.close[symbol][listing]) == own.close[0] && Array(tape.open[symbol][listing]) == own.open[0])
      #expect(Array(tape.volume[symbol][listing]) == own.volume[0])
      #expect(Array(tape.extra[symbol][0].values[listing]) == own.extra[0][0].values)
      for bar in 0..<120 where !listing.contains(bar) {
        let price = try #require(bar < listing.lowerBound ? own.open[0].first : own.close[0].last)
        let prices = [tape.open, tape.high, tape.low, tape.close].map { $0[symbol][bar] }
        #expect(prices == [price, price, price, price] && tape.volume[symbol][bar] == 0, "\(one.symbol) at \(bar)")
        #expect(tape.extra[symbol][0].values[bar].isNaN)
      }
      let alone = tape.alone(symbol)
      #expect(alone.dates == own.dates && alone.close == own.close && alone.high == own.high)
      #expect(alone.volume == own.volume && alone.extra == own.extra && alone.areAllAlwaysListed)
    }
  }

  /// Dates that no symbol has all of: the tape is longer than each.
  @Test func noSymbolNeedHaveAllDates() {
    let all = SyntheticTape.series(symbols: ["A", "B"], bars: 100, seed: 7)
    let tape = MarketTape(listed: [all[0].rows(Array(0..<80)), all[1].rows(Array(20..<100))])
    #expect(tape.dates == all[0].dates && tape.listings == [0..<80, 20..<100])
  }

  @Test func symbolsThatAreAlwaysListedMakeTheTapeThatTheyMade() {
    let series = SyntheticTape.series(symbols: ["A", "B", "C"], bars: 90, seed: 8)
    let (listed, plain) = (MarketTape(listed: series), MarketTape(series))
    #expect(listed.areAllAlwaysListed && plain.areAllAlwaysListed && listed.listings == plain.listings)
    #expect(listed.close == plain.close && listed.open == plain.open && listed.volume == plain.volume)
    #expect(listed.dates == plain.dates && listed.sessions == plain.sessions)
  }
}
