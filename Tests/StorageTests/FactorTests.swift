// Raw prices and what is known of splits and payments: factor files, columns of the table, and what is declared.

import Market
import TestSupport
import Testing

@testable import Storage

private let date = { DayTable.series.dates[$0] } as @Sendable (Int) -> CalendarDate

/// `20010627`.
private func digits(_ date: CalendarDate) -> String { "\(date)".replacing("-", with: "") }

private func table(
  _ header: String, adjusted: PriceAdjustment? = nil, _ line: (BarSeries, Int) -> String
) throws -> BarFileReading {
  var declared = BarDeclarations()
  declared.adjustment = adjusted
  let text = header + "\n" + DayTable.series.dates.indices.map { line(DayTable.series, $0) + "\n" }.joined()
  return try BarFile(ByteSource(Array(text.utf8), path: "bars.csv"), path: "bars.csv", limitBytes: 1 << 30).read(
    symbols: nil, symbolOverride: "ACME", isIndex: false, extraColumns: [], declared: declared)
}

/// A row of raw prices that split 4 for 1 at row 120, if they did, and paid half a dollar at row 200.
private func row(_ one: BarSeries, _ row: Int, steps: Bool = true, splits: Bool = true) -> String {
  let scale = steps && row < 120 ? 4.0 : 1
  let prices = [one.open[row], one.high[row], one.low[row], one.close[row]].map { "\($0 * scale)" }
  return "\(one.dates[row]),\(prices.joined(separator: ",")),\(Int(one.volume[row] / scale)),"
    + "\(row == 200 ? 0.5 : 0),\(row == 120 && splits ? 4 : 1)"
}

@Suite struct FactorFileTests {
  private func actions(_ text: String) throws -> [CorporateAction] {
    try FactorFile(Array(text.utf8), path: "f.csv").actions
  }

  @Test func rowsHoldUpToTheirDates() throws {
    let text = """
      19980102,0.9,0.25,1
      \(digits(date(59))),0.9,0.25,100
      \(digits(date(119))),0.95,0.25,100.5
      20501231,1,1,0
      """
    for text in [text, text + "\n", text.replacing("\n", with: "\r\n")] {
      let found = try actions(text)
      #expect(found.map(\.date) == [date(60), date(120)])
      #expect(found.map(\.split) == [1, 4] && abs(found[0].payment - 0.9 / 0.95) < 1e-15 && found[1].payment == 0.95)
      var series = DayTable.series
      series.adjust(for: found)
      for row in series.dates.indices {
        let expected = row < 60 ? 0.9 * 0.25 : row < 120 ? 0.95 * 0.25 : 1
        #expect(abs(series.adjustmentFactors[row] - expected) < 1e-15)
      }
    }
  }

  @Test(arguments: [
    ("20010102,0.9", "line 1"), ("20010102,0.9,1\n2001-01-03,1,1", "line 2"), ("20010102,0,1", "line 1"),
    ("20010102,x,1", "line 1"), ("20010102,1,1\n20010102,1,1", "line 2"), ("", "the file is empty"),
    ("20010230,1,1", "line 1"), ("20010102,1,nan", "line 1"), ("20010102,1,1e9", "line 1"),
    ("Date,Open,High,Low,Close,Volume", "line 1"),
  ])
  func whatIsNoneIsNamed(text: String, place: String) {
    let error = storageError { try actions(text) }
    #expect(error?.description.contains(place) == true, "\(String(describing: error))")
  }

  @Test func rawPricesAreAdjustedAndAdjustedOnesAreNot() throws {
    try withScratchFolder { folder in
      let place = ImportPlace(folder: folder)
      var raw = DayTable.series
      for row in 0..<120 {
        for column in [\BarSeries.open, \.high, \.low, \.close] { raw[keyPath: column][row] *= 4 }
        raw.volume[row] = (raw.volume[row] / 4).rounded()
      }
      let factors = FileSystem.join(folder, "factors.csv")
      try AtomicWrite.write(text: "\(digits(date(119))),0.99,0.25,1\n20501231,1,1,0\n", to: factors)
      let source = try place.write(raw)
      #expect(try place.run([source]).refusal != nil)
      let given = MarketImport.Source(path: factors, symbol: "ACME")
      let outcome = try place.run([source]) { $0.factorFiles = [given] }
      #expect(outcome.refusal == nil && outcome.told.contains("1 splits and payments of ACME"), "\(outcome.told)")
      let stored = try MarketStore.read(place.store).series[0]
      #expect(stored.close == raw.close && stored.actions.map(\.date) == [date(120)])
      #expect(stored.adjustmentFactors.prefix(120).allSatisfy { abs($0 - 0.2475) < 1e-15 })
      #expect(stored.adjustedVolume[119] == raw.volume[119] * 4)
      let twice = storageError { try place.run([source]) { $0.factorFiles = [given, given] } }
      #expect(twice?.description.contains("leave --factors out, or import raw prices") == true)
      let absent = MarketImport.Source(path: factors, symbol: "OTHER")
      #expect(storageError { try place.run([source]) { $0.factorFiles = [absent] } } != nil)
    }
  }
}

@Suite struct TableActionsTests {
  private let header = "date,open,high,low,close,volume,divCash,splitFactor"

  /// Prices that step where the column says so are raw; the payment is what it is of the close before.
  @Test func pricesThatStepAreAdjusted() throws {
    let reading = try table(header) { row($0, $1) }
    let series = reading.series[0]
    let payment = 1 - 0.5 / series.close[199]
    #expect(series.actions.map(\.date) == [date(120), date(200)] && series.actions[0].split == 4)
    #expect(series.actions[1].payment == payment)
    for place in series.dates.indices {
      let expected = (place < 120 ? 0.25 : 1) * (place < 200 ? payment : 1)
      #expect(abs(series.adjustmentFactors[place] - expected) < 1e-15)
    }
    #expect(reading.notes.contains { $0.contains("prices step where the column of splits does") })
    #expect(QualityGate.examine([series], allowances: []).passed)
  }

  @Test func pricesThatDoNotStepHoldTheirSplits() throws {
    let reading = try table(header) { row($0, $1, steps: false) }
    #expect(reading.series[0].adjustmentFactors.allSatisfy { $0 == 1 } && reading.series[0].actions.isEmpty)
    #expect(reading.notes.contains { $0.contains("they hold these splits") && $0.contains("--adjusted splits") })
    let declared = try table(header, adjusted: .splits) { row($0, $1, steps: false) }
    #expect(declared.series[0].actions.map(\.date) == [date(200)] && declared.series[0].actions[0].split == 1)
  }

  /// Nothing to tell by: they are taken as they are, and that is said.
  @Test func withoutASplitNobodyKnows() throws {
    let reading = try table(header) { row($0, $1, steps: false, splits: false) }
    #expect(reading.series[0].adjustmentFactors.allSatisfy { $0 == 1 })
    #expect(reading.notes.contains { $0.contains("--adjusted none adjusts for them") })
    let declared = try table(header, adjusted: PriceAdjustment.none) { row($0, $1, steps: false, splits: false) }
    #expect(declared.series[0].actions.count == 1 && declared.series[0].adjustmentFactors[0] < 1)
    let held = try table(header, adjusted: .all) { row($0, $1, steps: false, splits: false) }
    #expect(held.series[0].adjustmentFactors.allSatisfy { $0 == 1 } && held.notes.isEmpty)
  }

  /// Beside an adjusted close they tell which part of it moves no volume.
  @Test func besideAnAdjustedCloseTheyAreRemembered() throws {
    let reading = try table(header + ",adjClose") { one, place in
      row(one, place) + ",\(one.close[place] * (place < 200 ? 0.99 : 1))"
    }
    let series = reading.series[0]
    #expect(series.actions.count == 2 && abs(series.adjustmentFactors[0] - 0.99 / 4) < 1e-12)
    #expect(series.adjustedVolume[119] == series.volume[119] * 4 && series.adjustedVolume[150] == series.volume[150])
  }

  @Test func declaredSplitsHaveOneForm() throws {
    #expect(DeclaredSplit("AAPL:2014-06-09:7")?.action.split == 7)
    #expect(DeclaredSplit("BRK-B:2010-01-21:3/2")?.action.split == 1.5)
    #expect(DeclaredSplit("X:2010-01-21:1/8")?.action.split == 0.125)
    for text in [
      "", "AAPL", "AAPL:7", "AAPL:2014-06-09", "AAPL:2014-06-09:", "AAPL:2014-06-09:0", "AAPL:2014-06-09:-7",
      "AAPL:2014-06-31:7", "AAPL:2014-06-09:1", "AAPL:2014-06-09:7/0", "AAPL:2014-06-09:1/2/3", ":2014-06-09:7",
      "AAPL:2014-06-09:1e3", "AAPL:2014-06-09:99999", "AAPL:2014-06-09:nan", "A A:2014-06-09:7",
    ] { #expect(DeclaredSplit(text) == nil, "\(text)") }
  }
}
