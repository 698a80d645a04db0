// What a refusal tells to write or to mend is written or mended, and the same files are imported: clocks, decimals, stamps, values and symbols.

import Market
import TestSupport
import Testing
import Text

@testable import Storage

/// Files of an import, the words that refuse them, what the refusal must say, and what it makes of the words or of the files.
private struct Refusal: Sendable, CustomTestStringConvertible {
  var name: String
  /// Names and texts; words speak of them by name.
  var files: [(name: String, text: String)]
  var words: [String]
  var says: [String]
  /// The words that follow the advice; as before where it is of the files.
  var followed: [String]?
  var mend: (@Sendable (String) -> String)?
  var testDescription: String { name }

  init(
    _ name: String, _ files: [(name: String, text: String)], _ words: [String], says: [String],
    followed: [String]? = nil, mend: (@Sendable (String) -> String)? = nil
  ) {
    (self.name, self.files, self.words, self.says) = (name, files, words, says)
    (self.followed, self.mend) = (followed, mend)
  }

  private static let days = DayTable.plainHeader + DayTable.rows(DayTable.plain)
  private static let plain = [("bars.csv", days)]
  private static let (row, date) = (DayTable.plain(DayTable.series, 120), "\(DayTable.series.dates[120])")

  private static let doubled =
    DayTable.plainHeader
    + DayTable.rows { one, row in
      let prices = [one.open[row], one.high[row], one.low[row], one.close[row]].map { "\($0 * 2)" }
      return "\(one.dates[row]),\(prices.joined(separator: ",")),\(Int(one.volume[row]))"
    }

  private static let several: String = {
    let rows = ["AAA", "BBB"].flatMap { symbol in
      DayTable.series.dates.indices.map { "\(symbol),\(DayTable.plain(DayTable.series, $0))\n" }
    }
    return "Ticker,Date,Open,High,Low,Close,Volume\n" + rows.joined()
  }()

  /// An hour of the afternoon of six sessions, by New York's clock, which may be an hour of the morning by another one.
  private static let afternoons: String = {
    let series = SyntheticTape.minutes(symbols: ["AAA"], sessions: 6, seed: 52)[0]
    var text = "timestamp,open,high,low,close,volume\n"
    for row in series.dates.indices {
      guard let reading = WallClock.newYork.reading(at: series.starts[row]), (870..<930).contains(reading.minuteOfDay)
      else { continue }
      let minute = reading.minuteOfDay % 60
      text += "\(reading.date) \(reading.minuteOfDay / 60):\(minute < 10 ? "0" : "")\(minute),"
      text += "\(series.open[row]),\(series.high[row]),\(series.low[row]),\(series.close[row]),"
      text += "\(Int(series.volume[row]))\n"
    }
    return text
  }()

  /// The hours that are not there are let pass.
  private static let cut = ["--allow", "missing-bars:AAA:2024-01-01..2024-12-31", "--reason", "afternoons alone"]

  private static let commas: String = {
    func text(_ price: Double) -> String {
      let thousandths = String(Int((price * 1000).rounded()))
      return thousandths.dropLast(3) + "," + thousandths.suffix(3)
    }
    let rows = DayTable.rows { one, row in
      "\(one.dates[row]);\(text(one.open[row]));\(text(one.high[row]));\(text(one.low[row]));\(text(one.close[row]));"
        + "\(Int(one.volume[row]))"
    }
    return "Date;Open;High;Low;Close;Volume\n" + rows
  }()

  static let all: [Refusal] = [
    Refusal(
      "of which clock", [("m.csv", afternoons)], ["AAA=m.csv", "--stamp", "start"] + cut,
      says: ["nothing says of which clock the times are", "--zone new-york|chicago|est|utc"],
      followed: ["AAA=m.csv", "--stamp", "start", "--zone", "new-york"] + cut),
    Refusal(
      "which end of a minute", [("m.csv", afternoons)], ["AAA=m.csv", "--zone", "new-york"] + cut,
      says: ["whether a stamp is the beginning or the end", "--stamp start or --stamp end"],
      followed: ["AAA=m.csv", "--zone", "new-york", "--stamp", "end"] + cut),
    Refusal(
      "decimals or thousands", [("bars.csv", commas)], ["AAA=bars.csv"],
      says: ["a comma may part thousands here", "--decimal comma or --decimal point"],
      followed: ["AAA=bars.csv", "--decimal", "comma"]),
    Refusal(
      "one stamp that names its clock", [("m.csv", afternoons.replacing("15:03,", with: "15:03Z,"))],
      ["AAA=m.csv", "--stamp", "start", "--zone", "new-york"] + cut,
      says: ["15:03Z', a stamp of another kind", "6 rows", "write all stamps in one way"],
      mend: { $0.replacing("15:03Z,", with: "15:03,") }),
    Refusal(
      "a time that clocks never show",
      [("m.csv", afternoons + "2024-03-10 02:30,10,10,10,10,5\n")],
      ["AAA=m.csv", "--stamp", "start", "--zone", "new-york"] + cut,
      says: ["2024-03-10 02:30', a time that the clock of its zone shows never or twice", "offset from UTC"],
      mend: { $0.replacing("2024-03-10 02:30,10,10,10,10,5\n", with: "") }),
    Refusal(
      "a row left out for its value", [("bars.csv", days.replacing(date + ",", with: date + ",x"))], ["AAA=bars.csv"],
      says: ["found 'x", "--allow missing-bars:SYMBOL:DATE --reason"],
      followed: ["AAA=bars.csv", "--allow", "missing-bars:AAA:\(date)", "--reason", "unreadable"],
      mend: { text in text.split(separator: "\n").filter { !$0.hasPrefix(date) }.joined(separator: "\n") + "\n" }),
    Refusal(
      "a series without a name", plain, ["bars.csv"], says: ["does not name its symbol; name it: SYMBOL=FILE"],
      followed: ["AAA=bars.csv"]),
    Refusal(
      "two names for one series", plain, ["bars.csv", "--symbols", "AAA,BBB"],
      says: ["2 symbols are asked for (AAA, BBB); name one: SYMBOL=FILE"], followed: ["AAA=bars.csv"]),
    Refusal(
      "no name", plain, ["bars.csv", "--symbols", "A B"], says: ["'A B' is not a symbol; use 1 to 32 letters"],
      followed: ["bars.csv", "--symbols", "A_B"]),
    Refusal(
      "another name than the file's", [("all.csv", several)], ["CCC=all.csv"],
      says: ["the file names its symbols itself (AAA, BBB)", "ask for one of these"], followed: ["AAA=all.csv"]),
    Refusal(
      "a symbol that is not there", [("all.csv", several)], ["all.csv", "--symbols", "CCC"],
      says: ["there is no symbol 'CCC'; the file holds AAA, BBB: ask for one of these"],
      followed: ["all.csv", "--symbols", "BBB"]),
    Refusal(
      "a symbol twice", [("all.csv", several)], ["all.csv", "--symbols", "AAA,AAA"],
      says: ["the symbol 'AAA' is asked for twice; name it once"], followed: ["all.csv", "--symbols", "AAA"]),
    Refusal(
      "a share that is an index too", plain, ["AAA=bars.csv", "--index", "AAA=bars.csv"],
      says: ["the bars of AAA here and in an earlier file differ", "import one of them"], followed: ["AAA=bars.csv"]),
    Refusal(
      "two vendors' files of other prices", [("bars.csv", days), ("other.csv", doubled)],
      ["AAA=bars.csv", "AAA=other.csv"],
      says: [
        "of 300 bars of AAA that an earlier file has too, 300 differ by more than 1 % in price", "SYMBOL=FILE",
      ], followed: ["AAA=bars.csv", "BBB=other.csv"]),
    Refusal(
      "no bar between the dates", plain, ["AAA=bars.csv", "--from", "2020-01-01"],
      says: ["no bar of AAA is left between the dates that are taken; choose others"],
      followed: ["AAA=bars.csv", "--from", "2001-02-01"]),
    Refusal(
      "a split of a symbol that is not there", plain, ["AAA=bars.csv", "--split", "BBB:2001-02-01:2"],
      says: ["there is no symbol 'BBB'; the file holds AAA"], followed: ["AAA=bars.csv"]),
  ]
}

@Suite struct FollowedAdviceTests {
  /// What refused an import of those words, or nil.
  private func refusal(_ words: [String], _ folder: String, to store: String) throws -> String? {
    let placed = words.map { word in
      let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
      guard let name = parts.last, name.hasSuffix(".csv") else { return word }
      return (parts.count == 2 ? parts[0] + "=" : "") + FileSystem.join(folder, name)
    }
    do {
      let arguments = try Arguments(placed + ["--output", store], flags: MarketImport.flags, operandLimit: 9)
      return try MarketImport(arguments).run(now: ImportPlace.now) { _ in }
    } catch let error as StorageError {
      return error.description
    }
  }

  @Test(arguments: Refusal.all) fileprivate func whatIsToldToBeDoneWorks(one: Refusal) throws {
    try withScratchFolder { folder in
      for file in one.files { try AtomicWrite.write(text: file.text, to: FileSystem.join(folder, file.name)) }
      let store = FileSystem.join(folder, "market.h5")
      let first = try #require(try refusal(one.words, folder, to: store))
      for words in one.says { #expect(first.contains(words), "\(first)") }
      #expect(!first.contains("\n"))
      #expect(storageError { try MarketStore.read(store) } != nil)
      if let mend = one.mend {
        for file in one.files { try AtomicWrite.write(text: mend(file.text), to: FileSystem.join(folder, file.name)) }
      }
      let second = try refusal(one.followed ?? one.words, folder, to: store)
      #expect(second == nil, "\(second ?? "")")
      try MarketStore.read(store).requirePassingGate()
    }
  }

  /// Of a store that is there: another kind of series, another factor of a split, and factors of prices that have some.
  @Test func whatAStoreRefusesCanBeMended() throws {
    try withScratchFolder { folder in
      let store = FileSystem.join(folder, "market.h5")
      let days = DayTable.plainHeader + DayTable.rows(DayTable.plain)
      try AtomicWrite.write(text: days, to: FileSystem.join(folder, "bars.csv"))
      #expect(try refusal(["AAA=bars.csv"], folder, to: store) == nil)
      let kind = try #require(try refusal(["--index", "AAA=bars.csv", "BBB=bars.csv"], folder, to: store))
      #expect(kind.contains("of another kind") && kind.contains("--replace"), "\(kind)")
      #expect(try refusal(["--index", "AAA=bars.csv", "BBB=bars.csv", "--replace"], folder, to: store) == nil)
      #expect(try refusal(["AAA=bars.csv", "--replace"], folder, to: store) == nil)
    }
  }
}
