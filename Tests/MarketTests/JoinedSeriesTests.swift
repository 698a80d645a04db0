// A newer delivery joins an older one: newer bars win, factors meet, and what a day did not know stays unknown to it.

import TestSupport
import Testing

@testable import Market

@Suite struct JoinedSeriesTests {
  private let whole = SyntheticTape.series(symbols: ["A"], bars: 100, seed: 31)[0]

  private func joined(_ older: BarSeries, _ newer: BarSeries) throws -> JoinedSeries {
    try #require(older.joined(with: newer))
  }

  @Test func partsOfASeriesBecomeItAgain() throws {
    for (older, newer, shared) in [
      (0..<60, 60..<100, 0), (0..<60, 40..<100, 20), (40..<100, 0..<60, 20), (60..<100, 0..<60, 0),
      (0..<100, 30..<40, 10),
      (30..<40, 0..<100, 10),
    ] as [(Range<Int>, Range<Int>, Int)] {
      let joined = try joined(whole.rows(Array(older)), whole.rows(Array(newer)))
      #expect(joined.series == whole && joined.shared == shared && joined.revised == 0, "\(older) and \(newer)")
      #expect(joined.added == newer.count - shared && joined.factorScale == 1 && joined.largest == nil)
    }
  }

  @Test func newerBarsWinAndTheLargestDifferenceIsTold() throws {
    var newer = whole.rows(Array(40..<100))
    newer.close[3] *= 1.001
    newer.low[9] *= 0.9
    newer.volume[12] += 1e6
    newer.high[5] = .nan
    let joined = try joined(whole.rows(Array(0..<60)), newer)
    #expect(joined.shared == 20 && joined.revised == 4 && joined.added == 40)
    #expect(joined.series.close[43] == newer.close[3] && joined.series.volume[52] == newer.volume[12])
    #expect(joined.largest?.column == "high" && joined.largest?.when == "\(whole.dates[45])")
    #expect(joined.samples.map(\.when) == [43, 45, 49].map { "\(whole.dates[$0])" })
    newer.high[5] = whole.high[45]
    #expect(try self.joined(whole.rows(Array(0..<60)), newer).largest?.column == "low")
    #expect(
      joined.samples.first?.description == "\(whole.dates[43]) close \(whole.close[43]), now \(whole.close[43] * 1.001)"
    )
  }

  @Test func otherWidthsColumnsAndKindsAreNoOneSeries() {
    var other = whole
    other.instrument = .index
    #expect(whole.joined(with: other) == nil)
    other = whole
    other.extra = [ExtraColumn(name: "x", values: whole.close)]
    #expect(whole.joined(with: other) == nil)
    #expect(whole.joined(with: SyntheticTape.minutes(symbols: ["A"], sessions: 1, seed: 1)[0]) == nil)
  }

  /// The newer delivery's adjusted closes know of a payment after the older one's end: the older bars are brought to it, with bars that both have or without.
  @Test(arguments: [40, 60]) func factorsAreBroughtToTheLaterEnd(start: Int) throws {
    var later = whole
    for row in 0..<80 { later.adjustmentFactors[row] = 0.99 }
    let joined = try joined(whole.rows(Array(0..<60)), later.rows(Array(start..<100)))
    #expect(joined.series == later && joined.factorScale == 0.99)
    let turned = try self.joined(later.rows(Array(start..<100)), whole.rows(Array(0..<60)))
    #expect(turned.series.adjustmentFactors == later.adjustmentFactors)
  }

  /// A split that only one delivery knows by its date adjusts both, also where it falls between them.
  @Test(arguments: [50, 60, 80]) func aSplitOfOneDeliveryIsOneOfBoth(row: Int) throws {
    let split = try #require(CorporateAction(date: whole.dates[row], split: 4))
    var expected = whole
    expected.adjust(for: [split])
    for start in [40, 60] where start == 40 || row != 50 {
      var newer = whole.rows(Array(start..<100))
      newer.adjust(for: [split])
      #expect(try joined(whole.rows(Array(0..<60)), newer).series == expected, "\(row), from \(start)")
    }
    var older = whole.rows(Array(0..<60))
    older.adjust(for: [split])
    #expect(try joined(older, whole.rows(Array(40..<100))).series == expected, "\(row)")
  }

  /// Of a day on which they are looked at, prices are those that were traded, and nothing later is known.
  @Test func aDayKnowsNoLaterSplit() throws {
    var series = whole
    series.adjust(
      for: [
        try #require(CorporateAction(date: whole.dates[30], split: 2)),
        try #require(CorporateAction(date: whole.dates[70], split: 7, payment: 0.98)),
      ])
    #expect(series.adjustmentFactors[29] == 0.98 / 7 / 2 || abs(series.adjustmentFactors[29] * 14 / 0.98 - 1) < 1e-15)
    let now = series.adjusted(\.close)
    #expect(now.count == 100 && now[69] == whole.close[69] * (0.98 / 7) && now[70] == whole.close[70])
    let then = series.adjusted(\.close, asOf: whole.dates[69])
    #expect(then.count == 70 && then[69] == whole.close[69] && then[30] == whole.close[30])
    #expect(abs(then[29] / (whole.close[29] / 2) - 1) < 1e-15)
    #expect(series.adjusted(\.close, asOf: whole.dates[0].advanced(by: -1)).isEmpty)
    // Nothing after that day changes what it saw.
    var changed = series.rows(Array(0..<80))
    changed.close[75] *= 3
    #expect(changed.adjusted(\.close, asOf: whole.dates[69]) == then)
    // A payment moves no volume, a split does.
    #expect(series.adjustedVolume[69] == whole.volume[69] * 7 && series.adjustedVolume[29] == whole.volume[29] * 14)
    #expect(series.adjustedVolume[70] == whole.volume[70])
  }

  @Test func onlyFactorsThatASharesCanHaveAreActions() {
    let date = whole.dates[0]
    for (split, payment) in [(0, 1), (-1, 1), (1, 0), (1, -0.1), (.nan, 1), (1, .nan), (.infinity, 1), (1e5, 1)]
      as [(Double, Double)]
    {
      #expect(CorporateAction(date: date, split: split, payment: payment) == nil)
    }
  }
}

@Suite struct FilledMinutesTests {
  private let whole = SyntheticTape.minutes(symbols: ["A"], sessions: 3, seed: 33)[0]

  private func without(_ rows: Set<Int>) -> BarSeries { whole.rows(whole.dates.indices.filter { !rows.contains($0) }) }

  @Test func shortGapsAreFilledFlatAndFlagged() {
    var series = without(Set(100..<114).union([500]))
    series.fillShortGaps()
    #expect(series.count == whole.count && series.filledRows == Array(100..<114) + [500])
    #expect(series.starts == whole.starts && series.dates == whole.dates)
    for row in series.filledRows {
      let last = row == 500 ? whole.close[499] : whole.close[99]
      #expect(
        series.open[row] == last && series.high[row] == last && series.low[row] == last && series.close[row] == last)
      #expect(series.volume[row] == 0)
    }
    for row in whole.dates.indices where !series.filledRows.contains(row) {
      #expect(series.close[row] == whole.close[row])
    }
    var again = series
    again.fillShortGaps()
    #expect(again == series)
    // What nobody delivered is missing still.
    #expect(QualityGate.examine([series], allowances: []).findings.map(\.kind) == ["missing-minutes", "stale-price"])
  }

  /// Nobody trades in a minute that was filled in: the tape is that of the bars that were delivered, of any of its symbols.
  @Test func aTapeHasNoFilledMinute() {
    let bare = without(Set(100..<114).union([500]))
    var filled = bare
    filled.fillShortGaps()
    let other = SyntheticTape.minutes(symbols: ["B"], sessions: 3, seed: 34)[0]
    let (tape, wanted) = (MarketTape(common: [filled, other]), MarketTape(common: [bare, other]))
    #expect(tape.starts == wanted.starts && tape.starts.count == whole.count - 15)
    #expect(tape.close == wanted.close && tape.volume == wanted.volume && tape.sessions == wanted.sessions)
    #expect(!filled.filledRows.contains { tape.starts.contains(filled.starts[$0]) })
  }

  @Test func longGapsOpeningsAndDaysAreLeft() {
    var series = without(Set(100..<115).union([0, 390]))
    series.fillShortGaps()
    #expect(series == without(Set(100..<115).union([0, 390])))
    var daily = SyntheticTape.series(symbols: ["A"], bars: 20, seed: 1)[0].rows([0, 1, 5])
    let before = daily
    daily.fillShortGaps()
    #expect(daily == before)
  }

  /// A filled bar is filled in again only until it is delivered.
  @Test func aDeliveredBarTakesThePlaceOfAFilledOne() throws {
    var series = without([100, 101])
    series.fillShortGaps()
    let joined = try #require(series.joined(with: whole.rows([100])))
    #expect(joined.series.filledRows == [101] && joined.series.close[100] == whole.close[100])
    #expect(series.rows(Array(101..<300)).filledRows == [0])
  }

  @Test func aSessionThatWasNotOverIsKnown() throws {
    let opened = try #require(TradingCalendar.xnys.session(on: whole.dates[780]))
    let over = opened.close
    #expect(whole.unfinishedSession(now: over) == nil)
    #expect(whole.unfinishedSession(now: over.advanced(seconds: -1)) == whole.dates[780])
    #expect(whole.rows(Array(0..<1155)).unfinishedSession(now: over) == whole.dates[780])
    #expect(whole.rows(Array(0..<1156)).unfinishedSession(now: over) == nil)
    let daily = SyntheticTape.series(symbols: ["A"], bars: 20, seed: 1)[0]
    let last = try #require(TradingCalendar.xnys.session(on: daily.dates[19]))
    #expect(daily.unfinishedSession(now: last.open) == daily.dates[19])
    #expect(daily.unfinishedSession(now: last.close) == nil)
  }
}
