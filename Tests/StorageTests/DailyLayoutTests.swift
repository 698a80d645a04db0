// Daily bars as people have them: read where that is unambiguous, else told what they are and what to say.

import Market
import TestSupport
import Testing

@testable import Storage

/// 300 sessions from 2001-01-02 with prices of two decimals, and the same as text in many layouts.
struct DayTable {
  static let series: BarSeries = {
    var series = SyntheticTape.series(symbols: ["ACME"], bars: 300, seed: 4)[0]
    func cents(_ price: Double) -> Double { (price * 100).rounded() / 100 }
    series.open = series.open.map(cents)
    series.close = series.close.map(cents)
    for row in series.dates.indices {
      series.high[row] = max(cents(series.high[row]), series.open[row], series.close[row])
      series.low[row] = min(cents(series.low[row]), series.open[row], series.close[row])
    }
    return series
  }()

  /// A line for each row.
  static func rows(_ line: (BarSeries, Int) -> String) -> String {
    series.dates.indices.map { line(series, $0) + "\n" }.joined()
  }

  static func slashed(_ date: CalendarDate) -> String { "\(date.civil.month)/\(date.civil.day)/\(date.civil.year)" }

  static func plain(_ one: BarSeries, _ row: Int) -> String {
    "\(one.dates[row]),\(one.open[row]),\(one.high[row]),\(one.low[row]),\(one.close[row]),\(Int(one.volume[row]))"
  }

  static let plainHeader = "Date,Open,High,Low,Close,Volume\n"
}

private func reading(
  _ text: String, symbol: String? = "ACME", extra: [String] = [], path: String = "bars.csv",
  _ declare: (inout BarDeclarations) -> Void = { _ in }
) throws(StorageError) -> BarFileReading {
  var declared = BarDeclarations()
  declare(&declared)
  let bytes = Array(text.utf8)
  return try BarFile(ByteSource(bytes, path: path), path: path, limitBytes: 1 << 30).read(
    symbols: nil, symbolOverride: symbol, isIndex: false, extraColumns: extra, declared: declared)
}

private func problem(_ text: String, symbol: String? = "ACME") -> TableProblem? {
  guard case .table(_, _, _, let problem) = storageError({ try reading(text, symbol: symbol) }) else { return nil }
  return problem
}

@Suite struct DailyLayoutTests {
  private let plain = DayTable.plainHeader + DayTable.rows(DayTable.plain)

  struct Spelling: Sendable, CustomTestStringConvertible {
    var name: String
    var layout: String
    var text: String
    var testDescription: String { name }

    init(_ name: String, _ layout: String, _ header: String, _ line: (BarSeries, Int) -> String, reversed: Bool = false)
    {
      self.name = name
      self.layout = layout
      var rows = DayTable.series.dates.indices.map { line(DayTable.series, $0) + "\n" }
      if reversed { rows.reverse() }
      text = header + rows.joined()
    }
  }

  private static func thousands(_ number: Double, dot: String = ".", comma: String = ",") -> String {
    let whole = String(Int(number))
    var text = ""
    for (place, digit) in whole.enumerated() {
      if place > 0, (whole.count - place) % 3 == 0 { text += comma }
      text.append(digit)
    }
    let cents = Int((number * 100).rounded()) % 100
    return text + dot + (cents < 10 ? "0" : "") + "\(cents)"
  }

  private static func european(_ number: Double) -> String { "\(number)".replacing(".", with: ",") }

  static let spellings: [Spelling] = [
    Spelling(
      "three lines of header", "yahoo-download",
      "Price,Close,High,Low,Open,Volume\nTicker,ACME,ACME,ACME,ACME,ACME\nDate,,,,,\n"
    ) { "\($0.dates[$1]),\($0.close[$1]),\($0.high[$1]),\($0.low[$1]),\($0.open[$1]),\(Int($0.volume[$1]))" },
    Spelling("history", "yahoo-history", "Date,Open,High,Low,Close,Volume,Dividends,Stock Splits\n") {
      "\($0.dates[$1]) 00:00:00-05:00,\($0.open[$1]),\($0.high[$1]),\($0.low[$1]),\($0.close[$1]),\(Int($0.volume[$1])),0.0,0.0"
    },
    Spelling("name last", "tickers-plain", "date,open,high,low,close,volume,Name\n") {
      DayTable.plain($0, $1) + ",ACME"
    },
    Spelling("no adjusted close", "tickers-plain", "Ticker,Date,Open,High,Low,Close,Volume\n") {
      "ACME," + DayTable.plain($0, $1)
    },
    Spelling("the index of pandas", "plain", ",date,open,high,low,close,volume\n") {
      "\($1)," + DayTable.plain($0, $1)
    },
    Spelling("midnight of Greenwich", "plain", "date,open,high,low,close,volume\n") {
      DayTable.plain($0, $1).replacing(",", with: " 00:00:00+00:00,", maxReplacements: 1)
    },
    Spelling("midnight of New York", "plain", "timestamp,open,high,low,close,volume\n") { one, row in
      let isSummer =
        WallClock.newYork.offset(at: Instant(seconds: Int64(one.dates[row].daysSinceEpoch) * 86_400 + 50_000)!)
        == -14_400
      return DayTable.plain(one, row).replacing(
        ",", with: " 0\(isSummer ? 4 : 5):00:00+00:00,", maxReplacements: 1)
    },
    Spelling("stamped at the close", "plain", DayTable.plainHeader) {
      DayTable.plain($0, $1).replacing(",", with: " 16:00:00,", maxReplacements: 1)
    },
    Spelling("five o'clock of Greenwich all the year", "plain", DayTable.plainHeader) {
      DayTable.plain($0, $1).replacing(",", with: " 05:00:00+00:00,", maxReplacements: 1)
    },
    Spelling("newest first", "plain", DayTable.plainHeader, DayTable.plain, reversed: true),
    Spelling(
      "nasdaq.com", "nasdaq", "Date,Close/Last,Volume,Open,High,Low\n",
      {
        "\(DayTable.slashed($0.dates[$1])),$\($0.close[$1]),\(Int($0.volume[$1])),$\($0.open[$1]),$\($0.high[$1]),$\($0.low[$1])"
      }, reversed: true),
    Spelling(
      "note above", "plain", "\"Data delayed. Not for redistribution\"\n" + DayTable.plainHeader, DayTable.plain),
    Spelling("tabs", "plain", DayTable.plainHeader.replacing(",", with: "\t")) {
      DayTable.plain($0, $1).replacing(",", with: "\t")
    },
    Spelling("semicolons and decimal commas", "plain", DayTable.plainHeader.replacing(",", with: ";")) {
      "\($0.dates[$1]);\(european($0.open[$1]));\(european($0.high[$1]));\(european($0.low[$1]));\(european($0.close[$1]));\(Int($0.volume[$1]))"
    },
    Spelling("thousands", "plain", DayTable.plainHeader) { one, row in
      let prices = [one.open[row], one.high[row], one.low[row], one.close[row]].map { "\"\(thousands($0))\"" }
      return "\(one.dates[row]),\(prices.joined(separator: ",")),\"\(thousands(one.volume[row]).dropLast(3))\""
    },
    Spelling("LEAN", "lean-daily", "") { one, row in
      let prices = [one.open[row], one.high[row], one.low[row], one.close[row]].map {
        "\(Int(($0 * 10_000).rounded()))"
      }
      return
        "\("\(one.dates[row])".replacing("-", with: "")) 00:00,\(prices.joined(separator: ",")),\(Int(one.volume[row]))"
    },
    Spelling(
      "Tiingo", "tiingo",
      "date,Close,High,Low,Open,Volume,Adjclose,Adjhigh,Adjlow,Adjopen,Adjvolume,Divcash,Splitfactor\n"
    ) {
      let one = $0
      let prices = "\(one.close[$1]),\(one.high[$1]),\(one.low[$1]),\(one.open[$1]),\(Int(one.volume[$1]))"
      return "\(one.dates[$1]) 00:00:00+00:00,\(prices),\(prices),0.0,1.0"
    },
  ]

  @Test(arguments: spellings) func isReadAsWhatItIs(_ spelling: Spelling) throws {
    let reading = try reading(spelling.text)
    let (found, expected) = (reading.series[0], DayTable.series)
    #expect(reading.series.count == 1 && found.symbol == "ACME" && reading.provenance.layout == spelling.layout)
    #expect(found.dates == expected.dates)
    #expect(found.open.elementsEqual(expected.open) { abs($0 - $1) < 1e-9 } && found.volume == expected.volume)
    #expect(found.high.elementsEqual(expected.high) { abs($0 - $1) < 1e-9 })
    #expect(found.low.elementsEqual(expected.low) { abs($0 - $1) < 1e-9 })
    #expect(found.close.elementsEqual(expected.close) { abs($0 - $1) < 1e-9 })
    #expect(found.adjustmentFactors == expected.adjustmentFactors)
  }

  /// Two symbols side by side; one of them was listed later.
  @Test func wideTablesHoldSeveralSymbols() throws {
    let header =
      "Price,Close,Close,High,High,Low,Low,Open,Open,Volume,Volume\n"
      + "Ticker,ACME,LATE,ACME,LATE,ACME,LATE,ACME,LATE,ACME,LATE\nDate,,,,,,,,,,\n"
    let text =
      header
      + DayTable.rows { one, row in
        let late = row < 100 ? ["", "", "", "", ""] : ["7.0", "8.0", "6.0", "7.5", "900"]
        let own = [one.close[row], one.high[row], one.low[row], one.open[row], one.volume[row]].map { "\($0)" }
        return "\(one.dates[row])," + zip(own, late).map { "\($0),\($1)" }.joined(separator: ",")
      }
    let series = try reading(text, symbol: nil).series
    #expect(series.map(\.symbol) == ["ACME", "LATE"] && series.map(\.count) == [300, 200])
    #expect(series[0].close == DayTable.series.close && series[1].dates[0] == DayTable.series.dates[100])
    #expect(series[1].open[0] == 7.5 && series[1].high[0] == 8)
    #expect(try reading(text, symbol: "LATE").series == [series[1]])
    let absent = storageError { try reading(text, symbol: "SPY") }
    #expect(absent == .symbols(path: "bars.csv", problem: .namedByFile(["ACME", "LATE"])))
  }

  @Test func notesBelowAndUnfinishedRowsAreLeftOutAndTold() throws {
    let note = try reading(plain + "\"Downloaded from Barchart.com as of 06-01-2024 05:21pm CDT\"\n")
    #expect(
      note.series == [DayTable.series].map { named($0) }
        && note.notes == ["line 302, below the rows, is a note and was not read"])
    let live = try reading(plain + "2002-06-03 11:23:05,1,1,1,1,5\n")
    #expect(live.series[0].count == 300)
    #expect(
      live.notes == ["the last row of the series, 2002-06-03 11:23:05, is of a session that was not over: left out"])
    let date = "\(DayTable.series.dates[7])"
    let lines = plain.split(separator: "\n").map { $0.hasPrefix(date) ? "\(date),,,,,0" : String($0) }
    let blank = try reading(lines.joined(separator: "\n"))
    #expect(blank.series[0].count == 299 && blank.notes == ["1 row without any price left out: \(date)"])
  }

  private func named(_ series: BarSeries) -> BarSeries { series }

  @Test func aColumnThatWarmsUpBeginsLater() throws {
    let text =
      "Date,Open,High,Low,Close,Volume,rsi\n" + DayTable.rows { DayTable.plain($0, $1) + ($1 < 14 ? "," : ",\($1).5") }
    let found = try reading(text, extra: ["rsi"])
    #expect(found.series[0].count == 286 && found.series[0].extra[0].values[0] == 14.5)
    #expect(found.series[0].dates[0] == DayTable.series.dates[14])
    #expect(found.notes.first?.hasPrefix("the first 14 rows of the series have no value in a further column") == true)
    let hole = text.replacing(",200.5\n", with: ",\n")
    #expect(storageError { try reading(hole, extra: ["rsi"]) }?.description.contains("column 'rsi'") == true)
  }

  @Test func withoutAHeaderTheColumnsAreAskedFor() throws {
    let rows = DayTable.rows(DayTable.plain)
    guard case .noHeader = problem(rows) else {
      Issue.record("\(String(describing: problem(rows)))")
      return
    }
    let found = try reading(rows) { $0.columns = ["date", "open", "high", "low", "close", "volume"] }
    #expect(found.series[0].close == DayTable.series.close && found.provenance.layout == "declared")
    let unknown = "When,O,H,L,C,V\n" + rows
    #expect(problem(unknown)?.remedy.contains("--columns") == true)
    let declared = try reading(unknown) { $0.columns = ["date", "open", "high", "low", "close", "volume"] }
    #expect(declared.series == found.series)
  }

  /// 166,6 is never 1666, and 3/4 is neither in March nor in April until somebody says so.
  @Test func whatIsAmbiguousIsAsked() throws {
    let commas = "Date;Open;High;Low;Close;Volume\n2001-01-02;1,234;1,250;1,200;1,234;5\n"
    #expect(problem(commas) == .decimalOrThousands)
    let comma = try reading(commas) { $0.isDecimalComma = true }
    let point = try reading(commas) { $0.isDecimalComma = false }
    #expect(comma.series[0].open == [1.234] && point.series[0].open == [1234])
    let days = "Date,Open,High,Low,Close,Volume\n4/4/2001,1,1,1,1,5\n5/4/2001,1,1,1,1,5\n"
    #expect(problem(days) == .dayOrMonth("4/4/2001"))
    let dayFirst = try reading(days) { $0.isDayFirst = true }
    #expect(dayFirst.series[0].dates == [CalendarDate("2001-04-04")!, CalendarDate("2001-04-05")!])
    // The fourth of March was a Sunday: the calendar tells, and it is said.
    let told = try reading("Date,Open,High,Low,Close,Volume\n3/4/2001,1,1,1,1,5\n4/4/2001,1,1,1,1,5\n")
    #expect(told.series[0].dates == [CalendarDate("2001-04-03")!, CalendarDate("2001-04-04")!])
    #expect(
      told.notes == ["dates are read day first: month first, 2001-03-04 would be a day without a session"],
      "\(told.notes)")
    let quoted = "Date,Open,High,Low,Close,Volume\n2001-01-02,\"166,6\",\"170,25\",\"160,5\",\"166,6\",5\n"
    let read = try reading(quoted)
    #expect(read.series[0].open == [166.6])
    // Proven by one row, a rule for all: what does not fit it is no number.
    let mixed = quoted + "2001-01-03,\"1,666.5\",\"1,700.25\",\"1,600.5\",\"1,666.5\",5\n"
    #expect(storageError { try reading(mixed) } != nil)
  }

  @Test func otherWidthsAndCalendarsAreSaidAsSuch() throws {
    let one = DayTable.series
    let weekly =
      DayTable.plainHeader
      + one.dates.indices.filter { $0 % 5 == 0 }.map { DayTable.plain(one, $0) + "\n" }.joined()
    #expect(problem(weekly)?.description.contains("bars of weeks") == true)
    let first = one.dates[0]
    let everyDay = DayTable.plainHeader + (0..<200).map { "\(first.advanced(by: $0)),1,2,1,1.5,3.5\n" }.joined()
    #expect(problem(everyDay)?.description.contains("Saturdays and Sundays") == true)
    // Open on Thanksgiving and the fourth of July, closed on Easter Monday and at the end of May and August.
    let london = (0..<900).map { first.advanced(by: $0) }.filter { date in
      date.weekday <= 5
        && !["2001-04-16", "2001-05-07", "2001-08-27", "2002-04-01", "2002-05-06", "2002-08-26"].contains("\(date)")
    }
    let other = DayTable.plainHeader + london.map { "\($0),1,2,1,1.5,3\n" }.joined()
    #expect(problem(other)?.description.contains("days on which New York was closed") == true)
  }

  @Test func allThatIsWrongIsSaidAtOnce() throws {
    var lines = plain.split(separator: "\n").map(String.init)
    for line in 10..<40 { lines[line] = lines[line].replacing(",", with: ",x", maxReplacements: 1) }
    lines[50] += ",7"
    lines[60] = lines[0]
    guard case .rows("bars.csv", let faults) = storageError({ try reading(lines.joined(separator: "\n")) }) else {
      Issue.record("no list of faults")
      return
    }
    #expect(faults.map(\.count) == [30, 1, 1] && faults.map(\.column) == ["Open", "", ""])
    #expect(faults[0].firstLine == 11 && faults[0].lastLine == 40)
    #expect(
      faults[0].firstDate == "\(DayTable.series.dates[9])" && faults[0].lastDate == "\(DayTable.series.dates[38])")
    #expect(faults[1].problem == .fieldCount(expected: 6, found: 7) && faults[2].problem == .headerAgain)
    let sentence = StorageError.rows(path: "bars.csv", faults: faults).description
    #expect(sentence.contains("column 'Open', 30 rows from line 11 to 40") && sentence.utf8.count < 700)
  }

  @Test func optionsAndQuotesAreNamed() {
    #expect(problem("date,act_symbol,expiration,strike,call_put,bid,ask,volume\n") == .notBars("an option chain"))
    let bare = "34200000,4477700,4501300,4477700,4479900,100\n"
    let error = storageError { try reading(bare, path: "20230803_spy_minute_quote.csv") }
    #expect(error?.description.contains("this is quotes, not bars") == true)
    let contract = "timestamp,symbol,open,high,low,close,volume,trade_count,vwap\n2025-04-24 15:38:00+00:00,"
    for symbol in ["SPY250506P00551000", "O:SPY250506P00551000"] {
      #expect(
        problem(contract + symbol + ",13.64,13.64,13.64,13.64,1.0,1.0,13.64\n", symbol: nil)
          == .notBars("an option, \(symbol)"))
    }
    #expect(
      problem("19980102,0.86,0.0089,1\n20000620,0.86,0.0089,101\n")
        == .notBars("a factor file, the splits and dividends of a share"))
    #expect(problem("19990310,qqq,Q\n20501231,qqq,Q\n") == .notBars("a map file, the names of a share"))
  }
}
