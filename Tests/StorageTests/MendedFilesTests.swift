// What a refusal tells to do about splits, factors, archives, names and stores of their own is done, and the same files are imported.

import Market
import TestSupport
import Testing
import Text

@testable import Storage

private let date = { DayTable.series.dates[$0] } as @Sendable (Int) -> CalendarDate

/// `20010627`.
private func digits(_ date: CalendarDate) -> String { "\(date)".replacing("-", with: "") }

/// Files in a folder, and imports of them: `@` stands for the folder.
private struct Shelf {
  let folder: String

  func write(_ text: String, to name: String) throws { try AtomicWrite.write(text: text, to: folder + "/" + name) }

  /// What refused an import of those words, or nil.
  func refusal(_ words: [String], to store: String = "m.h5") throws -> String? {
    do {
      let arguments = try Arguments(
        words.map { $0.replacing("@", with: folder + "/") } + ["--output", folder + "/" + store],
        flags: MarketImport.flags, operandLimit: 9)
      return try MarketImport(arguments).run(now: ImportPlace.now) { _ in }
    } catch let error as StorageError {
      return error.description
    }
  }

  /// Refuses, in one line that says all of this.
  func expectRefusal(of words: [String], to store: String = "m.h5", saying: [String]) throws {
    let refusal = try #require(try refusal(words, to: store), "\(words)")
    for text in saying { #expect(refusal.contains(text), "\(refusal)") }
    #expect(!refusal.contains("\n"))
  }

  func expectImport(of words: [String], to store: String = "m.h5") throws {
    let refusal = try refusal(words, to: store)
    #expect(refusal == nil, "\(refusal ?? "")")
    try MarketStore.read(folder + "/" + store).requirePassingGate()
  }

  func series(_ store: String = "m.h5") throws -> [BarSeries] { try MarketStore.read(folder + "/" + store).series }
}

/// Raw prices that split so many for 1 at row 120, with the row's split in a column where that is asked for.
private func days(split: Double, telling told: Double? = nil) -> String {
  let rows = DayTable.rows { one, row in
    let scale = row < 120 ? split : 1
    let prices = [one.open[row], one.high[row], one.low[row], one.close[row]].map { "\($0 * scale)" }
    return "\(one.dates[row]),\(prices.joined(separator: ",")),\(Int(one.volume[row] / scale))"
      + (told.map { ",0,\(row == 120 ? $0 : 1)" } ?? "")
  }
  return "date,open,high,low,close,volume\(told == nil ? "" : ",divCash,splitFactor")\n" + rows
}

/// OptionsDX: a call and a put, and nothing that says of what.
private let nameless = """
  [QUOTE_UNIXTIME], [QUOTE_READTIME], [QUOTE_DATE], [QUOTE_TIME_HOURS], [UNDERLYING_LAST], [EXPIRE_DATE], [EXPIRE_UNIX], [DTE], [C_DELTA], [C_GAMMA], [C_VEGA], [C_THETA], [C_RHO], [C_IV], [C_VOLUME], [C_LAST], [C_SIZE], [C_BID], [C_ASK], [STRIKE], [P_BID], [P_ASK], [P_SIZE], [P_LAST], [P_DELTA], [P_GAMMA], [P_VEGA], [P_THETA], [P_RHO], [P_IV], [P_VOLUME], [STRIKE_DISTANCE], [STRIKE_DISTANCE_PCT]
  1609794000, 2021-01-04 16:00, 2021-01-04, 16.000000, 369.000000, 2021-01-08, 1610139600, 4.000000, , , , , , , 100.000000, 4.100000, 10 x 12, 4.050000, 4.110000, 369.000000, 4.050000, 4.110000, 3 x 4, 4.100000, , , , , , , 90.000000, 0.200000, 0.001000

  """

@Suite struct MendedFilesTests {
  /// Of a store, and of a file that tells its splits.
  @Test func anotherSplitThanTheKnownOne() throws {
    try withScratchFolder { folder in
      let shelf = Shelf(folder: folder)
      let says = ["leave the --split out, correct the file, or make the store anew with --replace"]
      try shelf.write(days(split: 2), to: "bars.csv")
      try shelf.expectImport(of: ["ACME=@bars.csv", "--split", "ACME:\(date(120)):2"])
      try shelf.expectRefusal(
        of: ["ACME=@bars.csv", "--split", "ACME:\(date(120)):3"],
        saying: ["ACME is known to have split 2 for 1 on \(date(120)), not 3 for 1"] + says)
      try shelf.expectImport(of: ["ACME=@bars.csv"])
      #expect(try shelf.series()[0].actions.map(\.split) == [2])
      try shelf.write(days(split: 3), to: "bars.csv")
      try shelf.expectImport(of: ["ACME=@bars.csv", "--split", "ACME:\(date(120)):3", "--replace"])
      #expect(try shelf.series()[0].actions.map(\.split) == [3])
      try shelf.write(days(split: 4, telling: 4), to: "told.csv")
      let words = ["ACME=@told.csv", "--split", "ACME:\(date(120)):3"]
      try shelf.expectRefusal(of: words, to: "new.h5", saying: ["split 4 for 1"] + says)
      try shelf.expectImport(of: Array(words.prefix(1)), to: "new.h5")
      try shelf.write(days(split: 3, telling: 3), to: "told.csv")
      try shelf.expectImport(of: words, to: "new.h5")
      #expect(try shelf.series("new.h5")[0].actions.map(\.split) == [3])
    }
  }

  @Test func factorsOfPricesThatHaveSome() throws {
    try withScratchFolder { folder in
      let shelf = Shelf(folder: folder)
      let adjusted = DayTable.rows { one, row in
        let close = one.close[row]
        return "\(one.dates[row]),\(one.open[row]),\(one.high[row]),\(one.low[row]),\(close),"
          + "\(row < 120 ? close * 0.99 : close),\(Int(one.volume[row]))"
      }
      try shelf.write("Date,Open,High,Low,Close,Adj Close,Volume\n" + adjusted, to: "bars.csv")
      try shelf.write("\(digits(date(119))),0.99,1,1\n20501231,1,1,0\n", to: "factors.csv")
      let words = ["ACME=@bars.csv", "--factors", "ACME=@factors.csv"]
      try shelf.expectRefusal(
        of: words,
        saying: ["have adjustment factors of their own; leave --factors out, or import raw prices"])
      try shelf.expectImport(of: Array(words.prefix(1)))
      let expected = try shelf.series()[0].adjustmentFactors
      try shelf.write(DayTable.plainHeader + DayTable.rows(DayTable.plain), to: "bars.csv")
      try shelf.expectImport(of: words + ["--replace"])
      #expect(try zip(shelf.series()[0].adjustmentFactors, expected).allSatisfy { abs($0 - $1) < 1e-12 })
    }
  }

  @Test func membersOfTwoSymbols() throws {
    try withScratchFolder { folder in
      let other = DayTable.rows { one, row in
        "\(one.dates[row]),\(one.open[row] * 2),\(one.high[row] * 2),\(one.low[row] * 2),\(one.close[row] * 2),"
          + "\(Int(one.volume[row]))"
      }
      let members = [("a.csv", DayTable.rows(DayTable.plain)), ("b.csv", other)].map { name, rows in
        ZipBuilder.Member(name, Array((DayTable.plainHeader + rows).utf8))
      }
      writePlainly(ZipBuilder(members).bytes, to: folder + "/bars.zip")
      let shelf = Shelf(folder: folder)
      try shelf.expectRefusal(
        of: ["AAA=@bars.zip"],
        saying: ["of 300 bars that a member before has too, 300 are others", "SYMBOL=ARCHIVE.zip:MEMBER"])
      try shelf.expectImport(of: ["AAA=@bars.zip:a.csv", "BBB=@bars.zip:b.csv"])
      let series = try shelf.series()
      #expect(series.map(\.symbol) == ["AAA", "BBB"] && series[1].close[0] == series[0].close[0] * 2)
    }
  }

  @Test func optionsOfNobodyKnowsWhat() throws {
    try withScratchFolder { folder in
      let shelf = Shelf(folder: folder)
      try shelf.write(nameless, to: "c.csv")
      try shelf.expectRefusal(
        of: ["@c.csv"], saying: ["nothing says of which underlying these options are; say it: SYMBOL=FILE"])
      try shelf.expectImport(of: ["SPY=@c.csv"])
      #expect(try MarketStore.read(folder + "/m.h5").chains.map(\.underlying) == ["SPY"])
    }
  }

  /// Volumes of days and of minutes: beside each other in one import, and added to a store.
  @Test func chainsOfOtherUnits() throws {
    try withScratchFolder { folder in
      let shelf = Shelf(folder: folder)
      try shelf.write(nameless, to: "days.csv")
      try shelf.write(
        "ticker,volume,open,close,high,low,window_start,transactions\n"
          + "O:SPY230327P00390000,10,1.5,1.6,1.7,1.4,1679664660000000000,3\n", to: "minutes.csv")
      let says = [
        "its Greeks or volumes are in other units than those of an earlier file of the same chain",
        "import it into a store of its own",
      ]
      try shelf.expectRefusal(of: ["SPY=@days.csv", "@minutes.csv"], saying: says)
      try shelf.expectImport(of: ["SPY=@days.csv"])
      try shelf.expectRefusal(of: ["@minutes.csv"], saying: says)
      try shelf.expectImport(of: ["@minutes.csv"], to: "own.h5")
    }
  }

  /// Minutes whose date stands in the name alone.
  @Test func aNameWithoutItsDate() throws {
    try withScratchFolder { folder in
      let shelf = Shelf(folder: folder)
      let bars = SyntheticTape.minutes(
        symbols: ["SPY"], sessions: 1, from: try #require(CalendarDate("2024-03-07")), seed: 9)[0]
      var text = ""
      for row in bars.dates.indices {
        let reading = try #require(WallClock.newYork.reading(at: bars.starts[row]))
        let prices = [bars.open[row], bars.high[row], bars.low[row], bars.close[row]].map { "\(Int($0 * 1e4))" }
        text += "\(reading.nanosecondOfDay / 1_000_000),\(prices.joined(separator: ",")),\(Int(bars.volume[row]))\n"
      }
      try shelf.write(text, to: "bars.csv")
      try shelf.expectRefusal(
        of: ["SPY=@bars.csv", "--layout", "lean-minute"],
        saying: [
          "the rows tell the time of day alone, and the file's name has no date",
          "give the file its vendor's name again, as 20240102_spy_minute_trade.csv",
        ])
      try shelf.write(text, to: "20240307_spy_minute_trade.csv")
      try shelf.expectImport(of: ["@20240307_spy_minute_trade.csv"])
      #expect(try shelf.series().map(\.starts) == [bars.starts])
    }
  }

  /// The same of options.
  @Test func aChainsNameWithoutItsDate() throws {
    try withScratchFolder { folder in
      let shelf = Shelf(folder: folder)
      let universe = """
        #expiry,strike,right,open,high,low,close,volume,open_interest,implied_volatility,delta,gamma,vega,theta,rho
        ,,,633.49,633.50,633.28,633.40,131,,,,,,,
        20140606,630,C,9.5,9.7,9.3,9.4,10,,,,,,,

        """
      try FileSystem.makeFolder(folder + "/aapl")
      try shelf.write(universe, to: "aapl/universe.csv")
      try shelf.expectRefusal(
        of: ["@aapl/universe.csv"],
        saying: [
          "nothing but the file's name can say its date, and it does not",
          "give the file its vendor's name again, as aapl/20140602.csv",
        ])
      try shelf.write(universe, to: "aapl/20140602.csv")
      try shelf.expectImport(of: ["@aapl/20140602.csv"])
      #expect(try MarketStore.read(folder + "/m.h5").chains.map(\.underlying) == ["AAPL"])
    }
  }
}
