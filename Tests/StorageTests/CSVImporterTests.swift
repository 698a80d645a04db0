// Tables of bars are read exactly or refused with their place.

import Market
import TestSupport
import Testing
import Text

@testable import Storage

private let tickers = """
  Ticker,Date,Open,High,Low,Close,Volume,Adj Close
  AAPL,2000-03-01,118.56,132.06,118.5,130.31,9616100,4.186662803811
  AAPL,2000-03-02,127.0,127.94,120.69,122.0,2779100,3.9196750983419
  MSFT,2000-03-01,89.62,94.09,88.94,90.81,53216300,29.186

  """

private let plain = """
  timestamp,open,high,low,close,volume
  2024-04-01,171.19,171.25,169.475,170.03,43772506
  2024-04-02,169.08,169.34,168.2302,168.84,49013991

  """

@Suite struct CSVImporterTests {
  private func read(
    _ text: String, symbols: [String]? = nil, symbolOverride: String? = nil
  ) throws -> (series: [BarSeries], provenance: ImportProvenance) {
    try CSVImporter.read(Array(text.utf8), path: "data/bars.csv", symbols: symbols, symbolOverride: symbolOverride)
  }

  private func date(_ text: String) throws -> CalendarDate { try #require(CalendarDate(text)) }

  @Test func readsOneAdjustedSeries() throws {
    let (series, provenance) = try read(
      "Date,Open,High,Low,Close,Adj Close,Volume\n2000-03-01,118.56,132.06,118.5,130.31,4.1867,9616100\n",
      symbolOverride: "AAPL")
    #expect(series.map(\.symbol) == ["AAPL"])
    #expect(series[0].close == [130.31] && series[0].volume == [9_616_100])
    #expect(series[0].adjustmentFactors == [4.1867 / 130.31])
    #expect(provenance.layout == "adjusted")
    #expect(throws: StorageError.self) {
      try read("Date,Open,High,Low,Close,Adj Close,Volume\n2000-03-01,1,1,1,1,1,1\n")
    }
  }

  @Test func onlyAnIndexMayLackAVolume() throws {
    let text = "Date,Open,High,Low,Close\n2000-03-01,1366.42,1383.46,1366.42,1379.19\n"
    let (series, provenance) = try CSVImporter.read(
      Array(text.utf8), path: "x", symbolOverride: "SPX", isIndex: true)
    #expect(series.map(\.symbol) == ["SPX"] && series[0].instrument == .index && series[0].close == [1379.19])
    #expect(series[0].volume.count == 1 && series[0].volume[0].isNaN && series[0].adjustmentFactors == [1])
    #expect(provenance.layout == "index")
    let error = storageError { try CSVImporter.read(Array(text.utf8), path: "x", symbolOverride: "SPX") }
    #expect(error == .table(path: "x", line: 1, column: "", problem: .noVolume))
    #expect(error?.description.contains("--index") == true)
    // Another layout may be an index too; one that names its symbols may not be renamed.
    #expect(
      try CSVImporter.read(Array(plain.utf8), path: "x", symbolOverride: "SPX", isIndex: true).series[0].instrument
        == .index)
    #expect(try read(plain, symbolOverride: "SPY").series[0].instrument == .share)
    #expect(
      storageError { try CSVImporter.read(Array(tickers.utf8), path: "x", isIndex: true) }
        == .symbols(path: "x", problem: .namedByFile(["AAPL", "MSFT"])))
  }

  @Test func takesADateForATimestamp() throws {
    let dated = try read(plain.replacing("timestamp", with: "Date"), symbolOverride: "AAPL").series
    #expect(try dated == read(plain, symbolOverride: "AAPL").series)
  }

  @Test func readsSeveralTickers() throws {
    let (series, provenance) = try read(tickers)
    #expect(series.map(\.symbol) == ["AAPL", "MSFT"])
    #expect(series[0].dates == [try date("2000-03-01"), try date("2000-03-02")])
    #expect(series[0].open == [118.56, 127] && series[0].high == [132.06, 127.94])
    #expect(series[0].low == [118.5, 120.69] && series[0].close == [130.31, 122])
    #expect(series[0].volume == [9_616_100, 2_779_100])
    #expect(series[0].adjustmentFactors == [4.186662803811 / 130.31, 3.9196750983419 / 122])
    #expect(
      provenance
        == ImportProvenance(
          sourceName: "bars.csv", sourceSHA256: SHA256.hex(Array(tickers.utf8)), layout: "tickers", rows: 3,
          symbols: ["AAPL", "MSFT"], importerVersion: CSVImporter.version))
  }

  @Test func takesTheSymbolsAskedForInThatOrder() throws {
    #expect(try read(tickers, symbols: ["MSFT", "AAPL"]).series.map(\.symbol) == ["MSFT", "AAPL"])
    let one = try read(tickers, symbols: ["MSFT"])
    #expect(one.series.map(\.symbol) == ["MSFT"])
    #expect(one.provenance.symbols == ["MSFT"] && one.provenance.rows == 3)
  }

  @Test func readsAPlainSeries() throws {
    let (series, provenance) = try read(plain, symbolOverride: "SPY")
    #expect(series.count == 1 && series[0].symbol == "SPY")
    #expect(series[0].close == [170.03, 168.84] && series[0].adjustmentFactors == [1, 1])
    #expect(provenance.layout == "plain" && provenance.symbols == ["SPY"])
    #expect(try read(plain, symbols: ["QQQ"]).series[0].symbol == "QQQ")
  }

  @Test func toleratesHowFilesAreSpelled() throws {
    let expected = try read(plain, symbolOverride: "SPY").series
    let spellings: [(String, String)] = [
      ("byte order mark", "\u{FEFF}" + plain),
      ("carriage returns", plain.split(separator: "\n").joined(separator: "\r\n")),
      ("no last line feed", String(plain.dropLast())), ("empty last lines", plain + "\n\r\n  \n"),
      (
        "upper case",
        "TIMESTAMP,Open,HIGH,low,Close,Volume\n" + plain.split(separator: "\n").dropFirst().joined(separator: "\n")
      ),
      ("quotes", plain.replacing("2024-04-01", with: "\"2024-04-01\"").replacing("171.25", with: " \"171.25\" ")),
      ("blanks", plain.replacing(",", with: " ,\t")),
      (
        "midnight", plain.replacing("04-01,", with: "04-01 00:00:00,").replacing("04-02,", with: "04-02T00:00:00.000Z,")
      ),
      (
        "zones", plain.replacing("04-01,", with: "04-01 00:00:00+00:00,").replacing("04-02,", with: "04-02 00:00-0500,")
      ),
      ("number forms", plain.replacing("171.25", with: "+1.7125e2").replacing("43772506", with: "43772506.")),
    ]
    for (what, text) in spellings { #expect(try read(text, symbolOverride: "SPY").series == expected, "\(what)") }
  }

  @Test func columnsMayStandInAnyOrder() throws {
    let text = "Volume,Close,timestamp,low,high,open\n5,4,2024-04-01,1,3,2\n"
    let series = try read(text, symbolOverride: "A").series[0]
    #expect(
      series.open == [2] && series.high == [3] && series.low == [1] && series.close == [4] && series.volume == [5])
  }

  @Test func gzipIsToldByItsBytes() throws {
    try withScratchFolder { folder in
      let path = folder + "/bars.csv"
      writePlainly(try Gzip.deflate(Array(tickers.utf8), path: path), to: path)
      let (series, provenance) = try CSVImporter.read(path: path)
      #expect(series == (try read(tickers).series))
      #expect(provenance.sourceSHA256 == SHA256.hex(try FileSystem.read(path)))
    }
  }

  @Test func valuesAreLeftToTheGate() throws {
    let text =
      "timestamp,open,high,low,close,volume\n2024-04-02,-1,0,5,-0,-7\n2024-04-02,1,1,1,1,1.5\n2024-04-01,1,1,1,1,1\n"
    let series = try read(text, symbolOverride: "A").series[0]
    #expect(series.count == 3 && series.open[0] == -1 && series.close[0].sign == .minus && series.volume[1] == 1.5)
  }

  struct Refusal: Sendable, CustomTestStringConvertible {
    let name: String
    let text: String
    let line: Int
    let column: String
    let problem: TableProblem
    var testDescription: String { name }
  }

  private static func row(_ replaced: String, with new: String) -> String { tickers.replacing(replaced, with: new) }

  static let refusals: [Refusal] = [
    Refusal(name: "empty", text: "", line: 0, column: "", problem: .empty),
    Refusal(name: "blank", text: "\u{FEFF} \r\n\n", line: 0, column: "", problem: .empty),
    Refusal(name: "header only", text: String(plain.prefix(37)), line: 0, column: "", problem: .noRows),
    Refusal(
      name: "missing column", text: "timestamp,open,high,close,volume\n1,2,3,4,5\n", line: 1, column: "",
      problem: .header(missing: ["low"], unexpected: [])),
    Refusal(
      name: "a share without volume", text: "timestamp,open,high,low,close\n1,2,3,4,5\n", line: 1, column: "",
      problem: .noVolume),
    Refusal(
      name: "another vendor", text: "Date,Open,High,Low,Close,Adj Close,Volume,Split\n", line: 1, column: "",
      problem: .header(missing: [], unexpected: ["Split"])),
    Refusal(
      name: "two days a row", text: "Date,timestamp,open,high,low,close\n", line: 1, column: "",
      problem: .header(missing: ["volume"], unexpected: [])),
    Refusal(
      name: "not a table", text: "see above", line: 1, column: "",
      problem: .header(missing: BarLayout.plain.columns, unexpected: ["see above"])),
    Refusal(
      name: "repeated column", text: "timestamp,open,high,low,close,volume,Open\n", line: 1, column: "Open",
      problem: .repeatedColumn),
    Refusal(
      name: "cut row", text: String(tickers.prefix(150)), line: 3, column: "",
      problem: .fieldCount(expected: 8, found: 5)),
    Refusal(
      name: "too many fields", text: row("9616100,", with: "9616100,1,"), line: 2, column: "",
      problem: .fieldCount(expected: 8, found: 9)),
    Refusal(name: "gap", text: row("MSFT", with: "\nMSFT"), line: 4, column: "", problem: .emptyLine),
    Refusal(
      name: "text", text: row("127.94", with: "n/a"), line: 3, column: "High", problem: .notANumber("n/a")),
    Refusal(name: "no value", text: row("127.94", with: ""), line: 3, column: "High", problem: .notANumber("")),
    Refusal(
      name: "two points", text: row("127.94", with: "1.2.7"), line: 3, column: "High", problem: .notANumber("1.2.7")),
    Refusal(
      name: "hexadecimal", text: row("127.94", with: "0x7f"), line: 3, column: "High", problem: .notANumber("0x7f")),
    Refusal(
      name: "not a number", text: row("127.94", with: "NaN"), line: 3, column: "High", problem: .notFinite("NaN")),
    Refusal(name: "infinity", text: row("127.94", with: "-inf"), line: 3, column: "High", problem: .notFinite("-inf")),
    Refusal(
      name: "too large", text: row("127.94", with: "1e999"), line: 3, column: "High", problem: .outOfRange("1e999")),
    Refusal(
      name: "slashes", text: row("2000-03-02", with: "3/2/2000"), line: 3, column: "Date",
      problem: .notADate("3/2/2000")),
    Refusal(
      name: "no such day", text: row("2000-03-02", with: "2001-02-29"), line: 3, column: "Date",
      problem: .notADate("2001-02-29")),
    Refusal(
      name: "intraday", text: row("AAPL,2000-03-01", with: "AAPL,2000-03-01 09:30:00"), line: 0, column: "",
      problem: .intraday("2000-03-01 09:30")),
    Refusal(
      name: "bad time", text: row("2000-03-02", with: "2000-03-02 noon"), line: 3, column: "Date",
      problem: .notADate("2000-03-02 noon")),
    Refusal(
      name: "zero close", text: row("122.0", with: "0"), line: 3, column: "Adj Close",
      problem: .noAdjustmentFactor(adjustedClose: "3.9196750983419", close: "0")),
    Refusal(name: "no symbol", text: row("MSFT", with: ""), line: 4, column: "Ticker", problem: .symbolName("")),
    Refusal(
      name: "path as symbol", text: row("MSFT", with: "../x"), line: 4, column: "Ticker", problem: .symbolName("../x")),
    Refusal(name: "open quote", text: row("MSFT", with: "\"MSFT"), line: 4, column: "", problem: .unterminatedQuote),
    Refusal(
      name: "text after quote", text: row("MSFT", with: "\"MS\"FT"), line: 4, column: "", problem: .textAfterQuote),
  ]

  @Test(arguments: refusals) func refusesWithPlaceAndRemedy(_ refusal: Refusal) throws {
    let error = try #require(storageError { try read(refusal.text) })
    #expect(
      error
        == .table(path: "data/bars.csv", line: refusal.line, column: refusal.column, problem: refusal.problem))
    let sentence = error.description
    #expect(sentence.contains("'data/bars.csv'"))
    #expect(sentence.hasSuffix("; " + refusal.problem.remedy) && !refusal.problem.remedy.isEmpty)
    if refusal.line > 0 { #expect(sentence.contains("line \(refusal.line)")) }
    if !refusal.column.isEmpty { #expect(sentence.contains("column '\(refusal.column)'")) }
  }

  @Test func refusalsReadAsSentences() {
    let text = storageError { try read(tickers.replacing("127.94", with: "n/a")) }?.description
    #expect(
      text
        == "'data/bars.csv', line 3, column 'High': found 'n/a' where a number is expected; "
        + "correct the value, or leave the row out and say so with --allow missing-bars:SYMBOL:DATE --reason \"...\"")
    let numbered = storageError { try read(",timestamp,open,high,low,close,volume\n") }?.description
    #expect(numbered?.contains("unexpected (an empty name); use the columns timestamp,open") == true)
    let control = storageError { try read(tickers.replacing("127.94", with: "\u{1B}[2Jx")) }?.description
    #expect(control?.contains("\u{1B}") == false)
  }

  @Test func refusesSymbolsThatCannotBeGiven() throws {
    func problem(_ text: String, _ symbols: [String]?, _ override: String?) -> StorageError? {
      storageError { try read(text, symbols: symbols, symbolOverride: override) }
    }
    let path = "data/bars.csv"
    #expect(
      problem(tickers, ["IBM"], nil)
        == .symbols(path: path, problem: .absent(requested: "IBM", existing: ["AAPL", "MSFT"])))
    #expect(problem(tickers, ["IBM"], nil)?.description.contains("the file holds AAPL, MSFT") == true)
    #expect(problem(tickers, ["AAPL", "AAPL"], nil) == .symbols(path: path, problem: .requestedTwice("AAPL")))
    #expect(problem(tickers, [], nil) == .symbols(path: path, problem: .noneGiven))
    #expect(problem(tickers, nil, "SPY") == .symbols(path: path, problem: .namedByFile(["AAPL", "MSFT"])))
    let taken = try read(tickers, symbols: nil, symbolOverride: "MSFT").series
    #expect(taken.map(\.symbol) == ["MSFT"])
    let index = try CSVImporter.read(Array(tickers.utf8), path: path, symbolOverride: "AAPL", isIndex: true).series
    #expect(index.map(\.symbol) == ["AAPL"] && index[0].instrument == .index)
    #expect(problem(plain, nil, nil) == .symbols(path: path, problem: .noneGiven))
    #expect(problem(plain, ["A", "B"], nil) == .symbols(path: path, problem: .severalForOneSeries(["A", "B"])))
    #expect(problem(plain, nil, "a b") == .symbols(path: path, problem: .unusable("a b")))
    #expect(problem(plain, ["a/b"], nil) == .symbols(path: path, problem: .unusable("a/b")))
  }

  @Test func damagedGzipIsRefused() throws {
    let packed = try Gzip.deflate(Array(tickers.utf8), path: "x")
    var damaged = packed
    damaged[packed.count - 6] ^= 1
    for bytes in [damaged, Array(packed.dropLast(5))] {
      let error = storageError { try CSVImporter.read(bytes, path: "data/bars.csv.gz") }
      #expect(error?.description.contains("'data/bars.csv.gz' cannot be unpacked") == true)
    }
    let small = storageError { try CSVImporter.read(packed, path: "data/bars.csv.gz", limitBytes: 100) }
    #expect(small == .compressed(path: "data/bars.csv.gz", offset: 0, problem: .tooLarge(limitBytes: 100)))
  }

  /// What comes of a table, rows that are written plainly read many at a time or field by field.
  private func outcome(_ bytes: [UInt8], _ symbols: [String]?, readsPlainRows: Bool) -> String {
    do {
      var file = BarFile(ByteSource(bytes, path: "f.csv"), path: "f.csv", limitBytes: 1 << 20)
      file.readsPlainRows = readsPlainRows
      let read = try file.read(
        symbols: symbols, symbolOverride: nil, isIndex: false, extraColumns: [], declared: BarDeclarations())
      return "\(read.series) \(read.provenance) \(read.notes)"
    } catch {
      return "\(error)"
    }
  }

  /// Whatever the bytes: numbers that are numbers, or an error that names the file.
  @Test func mutatedTablesNeverTrap() {
    let interesting =
      Array(",\n\r\"0123456789.-+eE:TZ \t\u{0}nN".utf8) + [0xff, 0xfe, 0xef, 0xbb, 0xbf, 0x80, 0x1f, 0x8b]
    var random = SplitMix(seed: 11)
    var accepted = 0
    for round in 0..<2400 {
      var bytes = Array((round % 2 == 0 ? tickers : plain).utf8)
      for _ in 0..<(1 + random.next(below: 4) * random.next(below: 2)) {
        let place = random.next(below: bytes.count)
        switch random.next(below: 5) {
        case 0: bytes[place] = UInt8(random.next(below: 256))
        case 1: bytes[place] = interesting[random.next(below: interesting.count)]
        case 2: bytes.insert(interesting[random.next(below: interesting.count)], at: place)
        case 3: bytes.removeSubrange(place..<min(bytes.count, place + 1 + random.next(below: 9)))
        default: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + random.next(below: 60))], at: place)
        }
        if bytes.isEmpty { bytes = [0] }
      }
      let symbols = round % 2 == 0 ? nil : ["SPY"]
      #expect(outcome(bytes, symbols, readsPlainRows: true) == outcome(bytes, symbols, readsPlainRows: false))
      do {
        let (series, provenance) = try CSVImporter.read(bytes, path: "f.csv", symbols: symbols)
        accepted += 1
        #expect((1...provenance.rows).contains(series.reduce(0) { $0 + $1.count }))
        for one in series {
          let columns = [one.open, one.high, one.low, one.close, one.volume, one.adjustmentFactors]
          #expect(columns.allSatisfy { $0.count == one.count && $0.allSatisfy(\.isFinite) })
        }
      } catch {
        #expect(error.description.contains("'f.csv'"))
      }
    }
    #expect(accepted > 100)
  }
}
