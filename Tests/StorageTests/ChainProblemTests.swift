// Bad chains: one sentence with line, column and remedy.

import Market
import Testing

@testable import Storage

private let header = "timestamp,underlying,type,strike,expiry,bid,ask,multiplier,currency,iv\n"
private let good = "2024-12-02 10:00,XOM,put,280,2024-12-20,1.0,1.1,100,USD,0.2\n"

private func error(_ text: String, underlying: String? = nil, path: String = "c.csv") -> StorageError? {
  storageError { try ChainFile(Array(text.utf8), path: path, underlying: underlying).read() }
}

private func problem(_ row: String) -> (line: Int, column: String, problem: ChainProblem)? {
  guard case .table(_, let line, let column, .chain(let problem)) = error(header + good + row + "\n") else {
    return nil
  }
  return (line, column, problem)
}

@Suite struct ChainProblemTests {
  @Test func rowsAreRefusedWithLineAndColumn() throws {
    let cases: [(String, String, ChainProblem)] = [
      ("2024-12-02 10:00,XOM,put,280,,1.0,1.1,100,USD,0.2", "expiry", .noExpiry),
      ("2024-12-02 10:00,XOM,put,280,soon,1.0,1.1,100,USD,0.2", "expiry", .expiry("soon")),
      ("2024-12-02 10:00,XOM,put,280,1970-01-01,1.0,1.1,100,USD,0.2", "expiry", .expiry("1970-01-01")),
      ("2024-12-02 10:00,XOM,put,0,2024-12-20,1.0,1.1,100,USD,0.2", "strike", .noStrike("0")),
      ("2024-12-02 10:00,XOM,put,-5,2024-12-20,1.0,1.1,100,USD,0.2", "strike", .noStrike("-5")),
      ("2024-12-02 10:00,XOM,put,280.0001,2024-12-20,1.0,1.1,100,USD,0.2", "strike", .fractionalStrike("280.0001")),
      ("2024-12-02 10:00,XOM,straddle,280,2024-12-20,1.0,1.1,100,USD,0.2", "type", .right("straddle")),
      ("2024-12-02 10:00,XOM,put,280,2024-12-20,1.0,1.1,1,USD,0.2", "multiplier", .multiplier("1")),
      ("2024-12-02 10:00,XOM,put,280,2024-12-20,1.0,1.1,100,EUR,0.2", "currency", .currency("EUR")),
      ("2024-12-02 10:00,XOM,put,280,2024-12-20,300000,1.1,100,USD,0.2", "bid", .price("300000")),
    ]
    for (row, column, expected) in cases {
      let found = try #require(problem(row), "\(row)")
      #expect(found.line == 3 && found.column == column && found.problem == expected, "\(row)")
    }
    let expired = try #require(problem("2024-12-02 10:00,XOM,put,280,2024-11-29,1.0,1.1,100,USD,0.2"))
    guard case .expired = expired.problem else { return #expect(Bool(false), "\(expired)") }
    let closed = try #require(problem("2024-12-25 10:00,XOM,put,280,2025-01-17,1.0,1.1,100,USD,0.2"))
    guard case .noSession(_, "Christmas Day") = closed.problem else { return #expect(Bool(false), "\(closed)") }
  }

  @Test func otherBadRowsHaveTheirPlaceToo() {
    for (row, column, text) in [
      ("2024-12-02 10:00,XOM,put,280,2024-12-20,x,1.1,100,USD,0.2", "bid", "a number is expected"),
      ("2024-12-02 10:00,XOM,put,280,2024-12-20,1,1.1,100,USD,high", "iv", "a number is expected"),
      ("someday,XOM,put,280,2024-12-20,1,1.1,100,USD,0.2", "timestamp", "a date"),
      ("2024-12-02 10:00,XOM,put,280,2024-12-20,1", "", "6 fields where the header names 10"),
    ] {
      let sentence = error(header + good + row + "\n")?.description ?? ""
      #expect(sentence.contains("line 3") && sentence.contains(text), "\(sentence)")
      #expect(column.isEmpty || sentence.contains("column '\(column)'"), "\(sentence)")
      #expect(!sentence.contains("\n"))
    }
  }

  @Test func allBadRowsAreToldAtOnce() {
    let row = "2024-12-02 10:00,XOM,put,0,2024-12-20,1.0,1.1,100,USD,0.2\n"
    guard case .rows(_, let faults) = error(header + row + good + row) else { return #expect(Bool(false)) }
    #expect(faults.count == 1 && faults[0].count == 2 && faults[0].firstLine == 2 && faults[0].lastLine == 4)
  }

  @Test func aHeaderThatNoLayoutHasSaysWhatItLacks() {
    let sentence = error("date,act_symbol,strike,call_put,bid,ask\n1,2,3,4,5,6\n")?.description ?? ""
    #expect(sentence.contains("this is an option chain, but no layout has its header"))
    #expect(sentence.contains("DoltHub") && sentence.contains("expiration"))
  }

  @Test func aSymbolMustAgreeWithItsColumns() {
    let header =
      "contractSymbol,lastTradeDate,strike,lastPrice,bid,ask,volume,openInterest,impliedVolatility,contractSize,currency\n"
    let row = "SPY260211C00500000,2026-02-11 15:22:33+00:00,505.0,192.08,191.32,193.87,1,2,0.2,REGULAR,USD\n"
    let sentence = error(header + row)?.description ?? ""
    #expect(sentence.contains("SPY260211C00500000 says something else than the column 'strike'"))
    let other = error(header + row.replacing("505.0", with: "500.0").replacing("REGULAR", with: "1"))
    #expect(other?.description.contains("a multiplier of '1'") == true)
  }

  @Test func whatAFileDoesNotSayMustBeSaid() {
    let names = ChainLayout.optionsDX.columns.keys.sorted()
    #expect(error(names.joined(separator: ",") + "\n")?.description.contains("say it: SYMBOL=FILE") == true)
    let universe = ChainLayout.leanUniverse.columns.keys.sorted().joined(separator: ",") + "\n"
    #expect(error(universe, path: "aapl/universe.csv")?.description.contains("aapl/20140602.csv") == true)
    #expect(error(header + good, underlying: "SPY")?.description.contains("names its symbols itself (XOM)") == true)
    let export =
      "Name\nDate: someday at noon\n"
      + "Expiration Date,Calls,Last Sale,Net,Bid,Ask,Volume,IV,Delta,Gamma,Open Interest,"
      + "Strike,Puts,Last Sale,Net,Bid,Ask,Volume,IV,Delta,Gamma,Open Interest\n"
    #expect(error(export)?.description.contains("above the header where a date and a time are expected") == true)
    #expect(error(header)?.description.contains("no row") == true)
  }

  @Test func numbersAreReadAsTheyAreWritten() {
    func value(_ text: String, decimals: Int = 4) -> FixedPoint.Result {
      Array(text.utf8).withUnsafeBufferPointer { FixedPoint.read($0, 0, $0.count, decimals: decimals) }
    }
    #expect(value("1.05") == .value(10_500))
    #expect(value("-0.0001") == .value(-1))
    #expect(value("2.7399979") == .value(27_400))
    #expect(value("0.00005") == .value(1))
    #expect(value("0.00004999") == .value(0))
    #expect(value("4505.1001") == .value(45_051_001))
    #expect(value("1e-2") == .value(100))
    #expect(value("") == .missing)
    #expect(value("nan") == .missing)
    #expect(value("-") == .missing)
    #expect(value("1.2.3") == .malformed)
    #expect(value("12a") == .malformed)
    #expect(value("99999999999999999999") == .outOfRange)
    #expect(value("1e300") == .outOfRange)
    #expect(value("4.0", decimals: 0) == .value(4))
    func float(_ text: String) -> Float? {
      let result = Array(text.utf8).withUnsafeBufferPointer { FixedPoint.floatBits($0, 0, $0.count) }
      guard case .value(let bits) = result, let bits = Int32(exactly: bits) else { return nil }
      return ChainValue.float(bits)
    }
    for text in ["0.221", "-0.49", "0", "-0", "1.0000000000000003e-05", "2.691409521484375", "12345678901234567890"] {
      #expect(float(text) == Float(text), "\(text)")
    }
    #expect(float("1e60") == nil)
  }

  /// The quick way of reading a number reads the same, or nothing.
  @Test func theQuickWayReadsNumbersAsTheOtherDoes() {
    var state = UInt64(11)
    func draw(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    var taken = 0
    for _ in 0..<20_000 {
      var text = draw(3) == 0 ? "-" : ""
      text += String((0..<draw(12)).map { _ in Character("\(draw(10))") })
      if draw(3) > 0 { text += "." + String((0..<draw(12)).map { _ in Character("\(draw(10))") }) }
      if draw(20) == 0 { text += ["e5", "x", " ", "-", ".", "nan"][draw(6)] }
      // What stands at the very beginning is read letter by letter.
      let behind = Array("12.34, 5.678, 90.1234, ".utf8)
      Array(text.utf8).withUnsafeBufferPointer { alone in
        (behind + alone).withUnsafeBufferPointer { bytes in
          let (start, end) = (behind.count, bytes.count)
          if FixedPoint.digits(bytes, start, end) != nil { taken += 1 }
          for decimals in [0, 4, 6] {
            #expect(
              FixedPoint.read(bytes, start, end, decimals: decimals)
                == FixedPoint.read(alone, 0, alone.count, decimals: decimals), "\(text)")
          }
          #expect(FixedPoint.floatBits(bytes, start, end) == FixedPoint.floatBits(alone, 0, alone.count), "\(text)")
        }
      }
    }
    #expect(taken > 5000)
  }

  /// Fields are found as the reader of all tables finds them, whatever stands in a line.
  @Test func fieldsAreFoundWhereAllTablesHaveThem() {
    var state = UInt64(12)
    func draw(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    for delimiter in [",", ";", "|"].map({ UInt8(ascii: $0) }) {
      var plain = TableFields(delimiter: delimiter)
      for _ in 0..<4000 {
        let letters: [UInt8] = [delimiter, delimiter, 32, 48, 49, 46, 65, 0xac, 0x2b, 0x2d, 0xff, 0x80]
        var line = (0..<draw(60)).map { _ in letters[draw(letters.count)] }
        if draw(8) == 0 { line.insert(34, at: draw(line.count + 1)) }
        if draw(8) == 0 { line.append(13) }
        let bytes: [UInt8] = [7, 7] + line + [7]
        let range = 2..<2 + line.count
        let problem = plain.take(bytes, range)
        let fields = ChainFields(delimiter: delimiter, count: max(1, plain.count + (draw(9) == 0 ? 1 : 0)))
        let found = bytes.withUnsafeBufferPointer { fields.take($0, range) }
        guard problem == nil else {
          #expect(found == problem)
          continue
        }
        guard fields.count == plain.count else {
          #expect(found == .fieldCount(expected: fields.count, found: plain.count))
          continue
        }
        #expect(found == nil)
        for place in 0..<fields.count {
          let text = bytes.withUnsafeBufferPointer { fields.text($0, place) }
          let other = plain.fields[place]
          #expect(text == String(decoding: bytes[other.start..<other.end], as: UTF8.self))
        }
      }
    }
  }
}
