// The readers of vendors' bars: every layout, archives of them, stamps and numbers.

import Kernels
import Market
import Storage
import TestSupport
import Text

extension Subject {
  /// What must hold of bars whatever a table said: whole columns of finite numbers, each at a time, and a gate that answers.
  func requireWhole(_ series: [BarSeries]) throws {
    for one in series {
      try require(CSVImporter.isSymbol(one.symbol), "a series named '\(one.symbol)'")
      try require(one.wholeRows == one.count && one.longestColumn == one.count, "columns of different lengths")
      for column in [one.open, one.high, one.low, one.close, one.adjustmentFactors] {
        try require(column.allSatisfy(\.isFinite), "a number that is not finite")
      }
      let parts = one.splitAtHours()
      try require(parts.sessions.count + parts.extendedHours.count == one.count, "bars lost between the hours")
    }
    let parts = series.map { $0.splitAtHours().sessions }
    for finding in QualityGate.examine(parts, allowances: []).findings { _ = try refusal(finding.message) }
  }
}

/// Tables of every layout. A document's first line says how it is imported: the layout or `-`, the zone or `-`, and the file's name.
final class BarsSubject: Subject {
  static let name = "bars"

  private static let start = "2024-03-07"

  func seeds() -> [[UInt8]] {
    let session = SyntheticTape.minutes(symbols: ["SPY"], sessions: 1, from: CalendarDate(BarsSubject.start)!, seed: 2)[
      0]
    func prices(_ row: Int, _ mark: String = ",") -> String {
      [session.open, session.high, session.low, session.close, session.volume].map {
        "\(($0[row] * 100).rounded() / 100)"
      }
      .joined(separator: mark)
    }
    func whole(_ row: Int, _ scale: Double) -> String {
      [session.open, session.high, session.low, session.close].map { "\(Int(($0[row] * scale).rounded()))" }.joined(
        separator: ",")
    }
    func clock(_ row: Int) -> String {
      let minute = 570 + row
      func two(_ number: Int) -> String { (number < 10 ? "0" : "") + "\(number)" }
      return two(minute / 60) + ":" + two(minute % 60)
    }
    func table(_ first: String, _ header: String, _ line: (Int) -> String) -> [UInt8] {
      let rows = (0..<40).map { line($0) + "\n" }.joined()
      return Array((first + "\n" + (header.isEmpty ? "" : header + "\n") + rows).utf8)
    }
    func nanoseconds(_ row: Int) -> Int64 { session.starts[row].nanoseconds }
    return [
      table("- new-york bars.csv", "datetime,open,high,low,close,volume") {
        "2024-03-07 \(clock($0)):00,\(prices($0))"
      },
      table("- - bars.csv", "timestamp,symbol,open,high,low,close,volume,trade_count,vwap") {
        "2024-03-07 \(clock($0)):00-05:00,SPY,\(prices($0)),7,1.5"
      },
      table("massive - bars.csv", "ticker,volume,open,close,high,low,window_start,transactions") {
        "SPY,\(Int(session.volume[$0])),\(session.open[$0]),\(session.close[$0]),\(session.high[$0]),\(session.low[$0]),\(nanoseconds($0)),9"
      },
      table("- - bars.csv", "date,open,high,low,close,volume,average,barCount") {
        "20240307 \(clock($0)):00 US/Eastern,\(prices($0)),1.5,3"
      },
      table("firstrate - bars.csv", "") { "2024-03-07 \(clock($0)):00,\(prices($0))" },
      table("kibot - bars.csv", "") { "03/07/2024,\(clock($0)),\(prices($0))" },
      table("histdata - bars.csv", "") {
        "20240307 \(clock($0).split(separator: ":").joined())00;\(prices($0, ";"))"
      },
      table("alpha-vantage - bars.csv", "timestamp,open,high,low,close,volume") {
        "2024-03-07 \(clock(40 - $0)):00,\(prices($0))"
      },
      table("- - bars.csv", "ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume,symbol") {
        "\(nanoseconds($0)),33,2,5,\(whole($0, 1e9)),\(Int(session.volume[$0])),SPY"
      },
      table("lean-minute - 20240307_spy_minute_trade.csv", "") { "\(34_200_000 + 60_000 * $0),\(whole($0, 1e4)),100" },
      table("lean-index-minute - 20240307_spx_minute_trade.csv", "") { "\(30_600_000 + 60_000 * $0),\(prices($0))" },
      table("lean-daily - spy.csv", "") { "202403\(10 + $0 % 20) 00:00,\(whole($0, 1e4)),100" },
      table(
        "- - bars.csv", "date,close,high,low,open,volume,adjClose,adjHigh,adjLow,adjOpen,adjVolume,divCash,splitFactor"
      ) {
        "2024-03-\(10 + $0 % 20) 00:00:00+00:00,\(prices($0)),1.5,2,1,1.25,100,0.0,1.0"
      },
      table("nasdaq - bars.csv", "Date,Close/Last,Volume,Open,High,Low") {
        "03/\(10 + $0 % 20)/2024,$101.5,\"1,234,567\",$100.25,$102.0,$99.5"
      },
      table("- - bars.csv", "Price,Close,High,Low,Open,Volume\nTicker,SPY,SPY,SPY,SPY,SPY\nDate,,,,,") {
        "2024-03-\(10 + $0 % 20),101.5,102,99.5,100.25,1234"
      },
      table("- - bars.csv", "Date;Open;High;Low;Close;Volume") {
        "\(10 + $0 % 20).03.2024;1.100,25;1.102,0;1.099,5;1.101,5;1234"
      },
    ]
  }

  private static let tokens = [
    "timestamp", "window_start", "ts_event", "Close/Last", "Ticker", "SPY", "O:SPY240307C00500000", "I:SPX",
    "US/Eastern", "EST5EDT",
    "9223372036854775807", "1709821800", "1709821800000", "1709821800000000", "1709821800000000000",
    "2024-03-10 02:30:00",
    "2024-11-03 01:30:00", "16:00:00", "09:30", "13:01", "+00:00", "-05:00", "Z", "AM", "PM", "$1,234.50", "1.234,5",
    "166,6", "86400000",
    "-", "new-york", "chicago", "est", "utc", "lean-minute", "histdata", "kibot", "databento",
    "20240307_spy_minute_quote.csv", "2262-04-12",
    "1677-09-20", "Stock Splits", "splitFactor", "Adj Close",
  ]

  func input(_ random: RandomStream, pool: Pool) throws -> [UInt8] {
    var mutator = Mutator(random: random, tokens: BarsSubject.tokens)
    return mutator.damaged(pool.document(&mutator), others: pool.documents)
  }

  func read(_ bytes: [UInt8]) throws -> Verdict {
    let end = bytes.firstIndex(of: 10) ?? bytes.count
    let words = String(decoding: bytes[..<end], as: UTF8.self).split(separator: " ").map(String.init)
    var declared = BarDeclarations()
    if let word = words.first { declared.layout = BarLayout.named(word) }
    if words.count > 1 { declared.zone = StampZone(rawValue: words[1]) }
    if declared.zone != nil { declared.side = .start }
    // The name is the user's own, not the file's.
    let isNamed = words.count > 2 && words[2].utf8.allSatisfy { (46...122).contains($0) && $0 != 92 }
    let path = isNamed ? "in/" + words[2] : "in/bars.csv"
    let text = Array(bytes[min(end + 1, bytes.count)...])
    var verdict = Verdict.refused
    for (name, isIndex) in [("SPY", false), (nil, false), ("SPY", true)] as [(String?, Bool)] {
      do {
        let (series, provenance) = try CSVImporter.read(
          text, path: path, symbolOverride: name, isIndex: isIndex, declared: declared,
          limitBytes: CSVSubject.limitBytes)
        try require(provenance.rows >= series.reduce(0) { $0 + $1.count }, "\(provenance.rows) rows")
        try requireWhole(series)
        verdict = .read
      } catch let error as StorageError {
        _ = try refusal(error.description, names: "'in/")
      }
    }
    return verdict
  }
}

/// Zip archives of tables.
final class ZipSubject: Subject {
  static let name = "zip"

  func seeds() throws -> [[UInt8]] {
    func text(_ day: Int) -> [UInt8] {
      Array(
        (0..<30).map { "\(34_200_000 + 60_000 * $0),\(1_000_000 + day),1010000,990000,1005000,\(100 + $0)\n" }.joined()
          .utf8)
    }
    func name(_ day: Int) -> String { "2024030\(day)_spy_minute_trade.csv" }
    let stored = ZipBuilder.Member(name(6), text(6))
    let packed = try ZipBuilder.Member(name(7), text(7), gzip: Gzip.deflate(text(7), path: "seed"))
    var wide = packed
    wide.isWide = true
    var noted = ZipBuilder([stored])
    noted.comment = Array("a note".utf8)
    return [
      ZipBuilder([stored]).bytes, ZipBuilder([stored, packed]).bytes, ZipBuilder([wide]).bytes, noted.bytes,
    ]
  }

  func input(_ random: RandomStream, pool: Pool) -> [UInt8] {
    var mutator = Mutator(
      random: random, tokens: ["PK\u{1}\u{2}", "PK\u{3}\u{4}", "PK\u{5}\u{6}", "../", "/", "\u{0}\u{0}", "__MACOSX/"])
    let whole = pool.document(&mutator)
    // In place mostly: a directory that has moved is found nowhere.
    return mutator.chance(3, in: 4)
      ? mutator.damagedInPlace(whole, from: 0) : mutator.damaged(whole, others: pool.documents)
  }

  func read(_ bytes: [UInt8]) throws -> Verdict {
    do {
      let (series, _) = try CSVImporter.read(bytes, path: "in.zip", limitBytes: CSVSubject.limitBytes)
      try requireWhole(series)
      return .read
    } catch let error as StorageError {
      return try refusal(error.description, names: "'in.zip")
    }
  }
}

/// Stamps, a line each, as the first column of a table: what is read is written again and comes back.
final class StampsSubject: Subject {
  static let name = "stamps"

  func seeds() -> [[UInt8]] {
    let stamps = [
      "2024-03-07\n2024-03-08\n2024-03-11", "2024-03-07 00:00:00+00:00\n2024-03-08 00:00:00+00:00",
      "2024-03-07T14:30:00Z\n2024-03-07T14:31:00Z\n2024-03-07T14:32:00Z",
      "2024-03-07 09:30:00.000000-05:00\n2024-03-07 09:31:00.0-05:00",
      "20240307 09:30:00 US/Eastern\n20240307 09:31:00 US/Eastern",
      "1709821800\n1709821860", "1709821800000\n1709821860000", "1709821800000000\n1709821860000000",
      "1709821800000000000\n1709821860000000000", "3/7/2024 9:30 AM\n3/7/2024 9:31 AM\n3/17/2024 1:00 PM",
      "03.07.2024 09:30\n03.07.2024 09:31", "20240307\n20240308", "20240307 093000\n20240307 093100",
    ]
    return stamps.map { Array($0.utf8) }
  }

  private static let tokens = [
    "2024-03-10 02:30:00", "2024-11-03 01:30:00", "+00:00", "-05:00", "+23:59", "Z", "T", " ", ".123456789", ":60",
    "24:00:00", "AM", "PM",
    "US/Eastern", "UTC", "9999-12-31", "0001-01-01", "2262-04-11T23:47:16.854775807Z", "2262-04-11T23:47:17Z",
    "1677-09-21",
    "9223372036854775807", "0000000000", "/", "2/29/2023", "1900-02-29",
  ]

  func input(_ random: RandomStream, pool: Pool) -> [UInt8] {
    var mutator = Mutator(random: random, tokens: StampsSubject.tokens)
    return mutator.damaged(pool.document(&mutator), others: pool.documents)
  }

  private func table(_ stamps: [some StringProtocol]) -> [UInt8] {
    Array(("timestamp,open,high,low,close,volume\n" + stamps.map { "\($0),1,2,1,1.5,5\n" }.joined()).utf8)
  }

  private func series(_ table: [UInt8]) throws -> BarSeries {
    var declared = BarDeclarations()
    (declared.zone, declared.side, declared.isDayFirst) = (.newYork, .start, false)
    return try CSVImporter.read(
      table, path: "in.csv", symbolOverride: "SPY", declared: declared, limitBytes: CSVSubject.limitBytes
    ).series[0]
  }

  func read(_ bytes: [UInt8]) throws -> Verdict {
    do {
      let read = try series(table(String(decoding: bytes, as: UTF8.self).split(separator: "\n")))
      try requireWhole([read])
      let again =
        read.width == .session
        ? try series(table(read.dates.map(\.description))) : try series(table(read.starts.map(\.description)))
      try require(
        again.width == read.width && again.dates == read.dates && again.starts == read.starts,
        "its stamps do not come back")
      return .read
    } catch let error as StorageError {
      return try refusal(error.description, names: "'in.csv'")
    }
  }
}

/// Numbers, a line each: as `DecimalNumber` reads them, and in a table whose dialect they decide.
final class NumbersSubject: Subject {
  static let name = "numbers"

  func seeds() -> [[UInt8]] {
    [
      "1\n1.5\n-0.25\n+3\n1e5\n2.5E-3\n.5\n5.", "1,234.50\n12,345\n999.25", "1.234,5\n12.345,25\n0,5",
      "$12.5\n$1,000.25", "166,6\n170,25",
      "9007199254740993\n0.1\n123456789012345678901234567890\n4.9e-324\n1.7976931348623157e308",
    ].map { Array($0.utf8) }
  }

  private static let tokens = [
    "$", ",", ".", "e", "E-", "-", "+", "1e400", "nan", "inf", "0x10", "9007199254740993", "000", "'", "\u{A0}", "%",
  ]

  func input(_ random: RandomStream, pool: Pool) -> [UInt8] {
    var mutator = Mutator(random: random, tokens: NumbersSubject.tokens)
    return mutator.damaged(pool.document(&mutator), others: pool.documents)
  }

  func read(_ bytes: [UInt8]) throws -> Verdict {
    let lines = bytes.split(separator: 10)
    var isRead = !lines.isEmpty
    for line in lines {
      guard case .value(let value) = DecimalNumber.parse(line) else {
        isRead = false
        continue
      }
      let text = String(decoding: line, as: UTF8.self)
      try require(value.isFinite && Double(text)?.bitPattern == value.bitPattern, "'\(text)' is read as \(value)")
    }
    let rows = lines.enumerated().map { place, line in
      let number = String(decoding: line.filter { $0 != 34 }, as: UTF8.self)
      return "\(CalendarDate(daysSinceEpoch: 19_789).advanced(by: place));"
        + (0..<4).map { _ in "\"\(number)\"" }.joined(separator: ";") + ";5\n"
    }
    do {
      let (series, _) = try CSVImporter.read(
        Array(("Date;Open;High;Low;Close;Volume\n" + rows.joined()).utf8), path: "in.csv", symbolOverride: "SPY",
        limitBytes: CSVSubject.limitBytes)
      try requireWhole(series)
      isRead = true
    } catch let error as StorageError {
      _ = try refusal(error.description, names: "'in.csv'")
    }
    return isRead ? .read : .refused
  }
}
