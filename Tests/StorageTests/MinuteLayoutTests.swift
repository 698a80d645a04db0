// Minutes of many vendors: the same instants, whatever clock their stamps are of and whichever end of a bar they tell.

import Market
import TestSupport
import Testing

@testable import Storage

/// Sessions on both sides of the clock change of 2024-03-10, with volumes as a market has them: many at the open and the close.
private struct MinuteTable {
  static let dates = ["2024-03-07", "2024-03-08", "2024-03-11", "2024-03-12"].map { CalendarDate($0)! }

  struct Bar {
    var start: Instant
    var open: Double
    var high: Double
    var low: Double
    var close: Double
    var volume: Int
  }

  static let bars: [Bar] = dates.flatMap { date -> [Bar] in
    let session = TradingCalendar.xnys.session(on: date)!
    return (0..<390).map { minute in
      let open = 100 + Double((minute * 7) % 50) / 4
      let edge = min(minute, 389 - minute)
      return Bar(
        start: session.start(ofMinute: minute), open: open, high: open + 0.5, low: open - 0.25, close: open + 0.25,
        volume: 1000 + 20_000 / (edge + 1))
    }
  }

  static func two(_ number: Int) -> String { (number < 10 ? "0" : "") + "\(number)" }

  /// `2024-03-07 09:30:00` by a clock, so many minutes later.
  static func stamp(_ start: Instant, _ clock: WallClock = .newYork, later: Int = 0, separator: String = "-") -> String
  {
    let reading = clock.reading(at: start.advanced(seconds: 60 * later))!
    let civil = reading.date.civil
    return "\(civil.year)\(separator)\(two(civil.month))\(separator)\(two(civil.day)) "
      + "\(two(reading.minuteOfDay / 60)):\(two(reading.minuteOfDay % 60)):00"
  }

  static func prices(_ bar: Bar) -> String { "\(bar.open),\(bar.high),\(bar.low),\(bar.close),\(bar.volume)" }

  static func table(_ header: String, reversed: Bool = false, _ line: (Bar) -> String) -> String {
    let lines = bars.map { line($0) + "\n" }
    return header + (reversed ? lines.reversed() : lines).joined()
  }
}

private func reading(
  _ text: String, path: String = "bars.csv", symbol: String? = "SPY", isIndex: Bool = false,
  readsPlainRows: Bool = true, _ declare: (inout BarDeclarations) -> Void = { _ in }
) throws(StorageError) -> BarFileReading {
  var declared = BarDeclarations()
  declare(&declared)
  var file = BarFile(ByteSource(Array(text.utf8), path: path), path: path, limitBytes: 1 << 30)
  file.readsPlainRows = readsPlainRows
  return try file.read(
    symbols: nil, symbolOverride: symbol, isIndex: isIndex, extraColumns: [], declared: declared)
}

@Suite struct MinuteLayoutTests {
  private static let header = "datetime,open,high,low,close,volume\n"

  struct Spelling: Sendable, CustomTestStringConvertible {
    var name: String
    var layout: String
    var text: String
    var testDescription: String { name }

    init(_ name: String, _ layout: String, _ text: String) {
      self.name = name
      self.layout = layout
      self.text = text
    }
  }

  static let spellings: [Spelling] = [
    Spelling(
      "New York, told by its trade", "plain",
      MinuteTable.table(header) { "\(MinuteTable.stamp($0.start)),\(MinuteTable.prices($0))" }),
    Spelling(
      "Greenwich, told by its trade", "plain",
      MinuteTable.table(header) { "\(MinuteTable.stamp($0.start, .utc)),\(MinuteTable.prices($0))" }),
    Spelling(
      "Chicago, told by its trade", "plain",
      MinuteTable.table(header) { "\(MinuteTable.stamp($0.start, .chicago)),\(MinuteTable.prices($0))" }),
    Spelling(
      "EST all the year, told by its trade", "plain",
      MinuteTable.table(header) { "\(MinuteTable.stamp($0.start, .easternStandard)),\(MinuteTable.prices($0))" }),
    Spelling(
      "the end of a bar, newest first", "plain",
      MinuteTable.table(header, reversed: true) { "\(MinuteTable.stamp($0.start, later: 1)),\(MinuteTable.prices($0))" }
    ),
    Spelling(
      "Alpaca", "alpaca",
      MinuteTable.table("timestamp,symbol,open,high,low,close,volume,trade_count,vwap\n") {
        "\(MinuteTable.stamp($0.start, .utc))+00:00,SPY,\(MinuteTable.prices($0)),7,1.5"
      }),
    Spelling(
      "Massive", "massive",
      MinuteTable.table("ticker,volume,open,close,high,low,window_start,transactions\n") {
        "SPY,\($0.volume),\($0.open),\($0.close),\($0.high),\($0.low),\($0.start.nanoseconds),9"
      }),
    Spelling(
      "seconds since 1970", "plain",
      MinuteTable.table("timestamp,open,high,low,close,volume\n") { "\($0.start.seconds),\(MinuteTable.prices($0))" }),
    Spelling(
      "milliseconds since 1970", "plain",
      MinuteTable.table("timestamp,open,high,low,close,volume\n") {
        "\($0.start.seconds * 1000),\(MinuteTable.prices($0))"
      }),
    Spelling(
      "Interactive Brokers", "ibkr",
      MinuteTable.table("date,open,high,low,close,volume,average,barCount\n") {
        "\(MinuteTable.stamp($0.start, separator: "")) US/Eastern,\(MinuteTable.prices($0)),1.5,3"
      }),
    Spelling(
      "FirstRate", "firstrate", MinuteTable.table("") { "\(MinuteTable.stamp($0.start)),\(MinuteTable.prices($0))" }),
    Spelling(
      "Kibot", "kibot",
      MinuteTable.table("") { bar in
        let parts = MinuteTable.stamp(bar.start).split(separator: " ")
        let date = parts[0].split(separator: "-")
        return "\(date[1])/\(date[2])/\(date[0]),\(parts[1].dropLast(3)),\(MinuteTable.prices(bar))"
      }),
    Spelling(
      "HistData", "histdata",
      MinuteTable.table("") {
        let stamp = MinuteTable.stamp($0.start, .easternStandard, separator: "").replacing(":", with: "")
        return "\(stamp);" + MinuteTable.prices($0).replacing(",", with: ";")
      }),
    Spelling(
      "Databento", "databento",
      MinuteTable.table("ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume,symbol\n") { bar in
        let prices = [bar.open, bar.high, bar.low, bar.close].map { "\(Int(($0 * 1e9).rounded()))" }
        return "\(bar.start.nanoseconds),33,2,5,\(prices.joined(separator: ",")),\(bar.volume),SPY"
      }),
    Spelling(
      "Yahoo", "plain",
      MinuteTable.table("Datetime,Close,High,Low,Open,Volume\n") {
        "\(MinuteTable.stamp($0.start, .utc))+00:00,\($0.close),\($0.high),\($0.low),\($0.open),\($0.volume)"
      }),
    Spelling(
      "date and time apart", "inferred",
      MinuteTable.table("Date,Time,Open,High,Low,Close,Volume\n") {
        "\(MinuteTable.stamp($0.start).replacing(" ", with: ",")),\(MinuteTable.prices($0))"
      }),
  ]

  private func fieldByField(_ text: String) throws -> [BarSeries] { try reading(text, readsPlainRows: false).series }

  @Test(arguments: spellings) func beginsWhenItDid(_ spelling: Spelling) throws {
    let reading = try reading(spelling.text)
    let series = reading.series[0]
    #expect(reading.series.count == 1 && series.symbol == "SPY" && series.width == .minute)
    #expect(reading.provenance.layout == spelling.layout, "\(reading.understanding)")
    #expect(series.starts == MinuteTable.bars.map(\.start), "\(reading.understanding)")
    #expect(series.dates == MinuteTable.bars.map { WallClock.newYork.reading(at: $0.start)!.date })
    #expect(series.open.elementsEqual(MinuteTable.bars) { abs($0 - $1.open) < 1e-9 })
    #expect(series.high.elementsEqual(MinuteTable.bars) { abs($0 - $1.high) < 1e-9 })
    #expect(series.close.elementsEqual(MinuteTable.bars) { abs($0 - $1.close) < 1e-9 })
    #expect(series.volume == MinuteTable.bars.map { Double($0.volume) })
    let fieldByField = try self.fieldByField(spelling.text)
    #expect(fieldByField == reading.series)
  }

  /// 391 rows: the row of 16:00 is the closing auction where trade jumps at 09:30, and the session's last minute where it jumps at 09:31.
  @Test func sessionsOfThreeHundredAndNinetyOneRows() throws {
    func text(extra: (Instant, Int) -> String, later: Int) -> String {
      var text = Self.header
      for date in MinuteTable.dates {
        let session = TradingCalendar.xnys.session(on: date)!
        let bars = MinuteTable.bars.filter { session.contains($0.start) }
        let lines = bars.map { "\(MinuteTable.stamp($0.start, later: later)),\(MinuteTable.prices($0))\n" }
        let closing = extra(session.close, 9_000_000)
        text += later == 0 ? lines.joined() + closing : extra(session.open, 10) + lines.joined()
      }
      return text
    }
    func row(_ start: Instant, _ volume: Int) -> String { "\(MinuteTable.stamp(start)),100,100,100,100,\(volume)\n" }
    let auction = try reading(text(extra: row, later: 0)).series[0]
    #expect(auction.count == 4 * 391 && auction.starts[0] == MinuteTable.bars[0].start)
    let ends = try reading(text(extra: row, later: 1)).series[0]
    #expect(ends.count == 4 * 391 && ends.starts[1] == MinuteTable.bars[0].start)
  }

  @Test func whatNothingProvesIsAskedByFlag() throws {
    // Three rows of a morning.
    let few = Self.header + (0..<3).map { "2024-03-07 10:0\($0):00,1,2,1,1.5,5\n" }.joined()
    let open = storageError { try reading(few) }
    #expect(open?.description.contains("--zone new-york|chicago|est|utc") == true, "\(String(describing: open))")
    let error = storageError { try reading(few) { $0.zone = .newYork } }
    #expect(error?.description.contains("--stamp start or --stamp end") == true, "\(String(describing: error))")
    let told = try reading(few) {
      $0.zone = .newYork
      $0.side = .end
    }
    let expected = Instant(date: CalendarDate("2024-03-07")!, secondOfDay: 14 * 3600 + 59 * 60)
    #expect(told.series[0].starts[0] == expected)
    // At night no clock has sessions.
    let night = Self.header + (0..<30).map { "2024-03-07 00:\(MinuteTable.two($0)):00,1,2,1,1.5,5\n" }.joined()
    let zone = storageError { try reading(night) }
    #expect(zone?.description.contains("--zone new-york|chicago|est|utc") == true, "\(String(describing: zone))")
    guard case .table(_, _, _, let problem) = zone else { return }
    #expect(problem.question?.flag == "zone" && problem.question?.choices.contains("chicago") == true)
  }

  @Test(arguments: [(5, "5 minutes"), (15, "15 minutes"), (60, "an hour")])
  func otherWidthsAreNamed(minutes: Int, words: String) throws {
    let text =
      Self.header
      + MinuteTable.bars.enumerated().filter { $0.offset % minutes == 0 }.map {
        "\(MinuteTable.stamp($0.element.start)),\(MinuteTable.prices($0.element))\n"
      }.joined()
    let error = storageError { try reading(text) }
    #expect(error == .table(path: "bars.csv", line: 0, column: "", problem: .otherWidth(words)))
  }

  /// LEAN: the date and the symbol stand in the name alone; an index is neither scaled nor in New York's time.
  @Test func daysInTheNamesOfFiles() throws {
    func text(_ date: CalendarDate, scale: Double, clock: WallClock) -> String {
      let session = TradingCalendar.xnys.session(on: date)!
      return MinuteTable.bars.filter { session.contains($0.start) }.map { bar in
        let milliseconds = clock.reading(at: bar.start)!.nanosecondOfDay / 1_000_000
        func price(_ price: Double) -> String { scale == 1 ? "\(price)" : "\(Int((price * scale).rounded()))" }
        return
          "\(milliseconds),\(price(bar.open)),\(price(bar.high)),\(price(bar.low)),\(price(bar.close)),\(bar.volume)\n"
      }.joined()
    }
    let members = MinuteTable.dates.map { date in
      ZipBuilder.Member(
        "\("\(date)".replacing("-", with: ""))_spy_minute_trade.csv",
        Array(text(date, scale: 1e4, clock: .newYork).utf8))
    }
    let bytes = ZipBuilder(members).bytes
    let (series, provenance) = try CSVImporter.read(bytes, path: "spy.zip")
    #expect(series.map(\.symbol) == ["SPY"] && provenance.layout == "lean-minute")
    #expect(series[0].starts == MinuteTable.bars.map(\.start))
    #expect(series[0].open.elementsEqual(MinuteTable.bars) { abs($0 - $1.open) < 1e-9 })
    let day = MinuteTable.dates[0]
    let index = try reading(
      text(day, scale: 1, clock: .chicago), path: "20240307_spx_minute_trade.csv", symbol: "SPX", isIndex: true)
    #expect(index.provenance.layout == "lean-index-minute" && index.series[0].starts[0] == MinuteTable.bars[0].start)
    #expect(index.series[0].open[0] == MinuteTable.bars[0].open && index.series[0].instrument == .index)
    let share = storageError {
      try reading(text(day, scale: 1, clock: .chicago), path: "20240307_spx_minute_trade.csv", symbol: "SPX")
    }
    #expect(share?.description.contains("--index SYMBOL=FILE") == true, "\(String(describing: share))")
    let unnamed = storageError { try reading(text(day, scale: 1e4, clock: .newYork), path: "bars.csv") }
    #expect(unnamed != nil)
  }

  /// An undefined price is none, and units of time are not mixed.
  @Test func whatVendorsMeanByNumbers() throws {
    let header = "ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume,symbol\n"
    let undefined = (0..<4).map { _ in "9223372036854775807" }.joined(separator: ",")
    let start = MinuteTable.bars[0].start.nanoseconds
    let minute = Instant.nanosecondsPerMinute
    let text =
      header
      + "\(start),33,2,5,100000000000,101000000000,99000000000,100500000000,5,SPY\n"
      + "\(start + minute),33,2,5,\(undefined),0,SPY\n"
      + "\(start + 2 * minute),33,2,5,100000000000,101000000000,99000000000,100500000000,5,SPY\n"
      + "\(start + 3 * minute),33,2,5,100000000000,101000000000,99000000000,100500000000,5,SPY\n"
    let found = try reading(text)
    #expect(found.series[0].open == [100, 100, 100] && found.notes.first?.hasPrefix("1 row without any price") == true)
    let mixed = "timestamp,open,high,low,close,volume\n1709821800,1,1,1,1,1\n1709821860000,1,1,1,1,1\n"
    let error = storageError { try reading(mixed) }
    #expect(error == .table(path: "bars.csv", line: 3, column: "timestamp", problem: .otherStamps("1709821860000")))
  }

  /// Minutes go through the gate into the store; what trades outside the sessions' hours lies apart.
  @Test func minutesAreStoredByTheirHours() throws {
    try withScratchFolder { folder in
      let series = SyntheticTape.minutes(symbols: ["SPY"], sessions: 3, from: MinuteTable.dates[0], seed: 5)[0]
      func line(_ row: Int, later minutes: Int = 0) -> String {
        MinuteTable.stamp(series.starts[row], later: minutes)
          + ",\(series.open[row]),\(series.high[row]),\(series.low[row]),\(series.close[row]),\(Int(series.volume[row]))\n"
      }
      var lines = (0..<series.count).map { line($0) }
      lines.insert(line(389, later: 6), at: 390)
      let path = FileSystem.join(folder, "spy.csv")
      try AtomicWrite.write(text: "timestamp,open,high,low,close,volume\n" + lines.joined(), to: path)
      let output = FileSystem.join(folder, "minutes.h5")
      var request = MarketImport(sources: [.init(path: path, symbol: "SPY")], output: output)
      let isDeclared = [
        request.declared.take("new-york", for: "zone"), request.declared.take("start", for: "stamp"),
      ]
      #expect(isDeclared == [true, true])
      var told: [String] = []
      let refusal = try request.run { told.append($0) }
      #expect(refusal == nil, "\(told)")
      let contents = try MarketStore.read(output)
      #expect(contents.series.map(\.starts) == [series.starts] && contents.series[0].close == series.close)
      #expect(contents.extendedHours.map(\.starts) == [[series.starts[389].advanced(seconds: 360)]])
      #expect(told.contains("1 bars of SPY lie outside the sessions' hours: kept apart"))
    }
  }
}
