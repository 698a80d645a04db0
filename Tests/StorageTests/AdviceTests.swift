// Advice is followed: what a refusal names is done to the same files, and they are imported.

import Market
import TestSupport
import Testing
import Text

@testable import Storage

/// Whether a date and the one with its day and month exchanged are both sessions, so that no calendar tells them apart.
private func isSessionEitherWay(_ date: CalendarDate) -> Bool {
  let civil = date.civil
  guard let other = CalendarDate(year: civil.year, month: civil.day, day: civil.month) else { return false }
  return TradingCalendar.xnys.isSession(date) == true && TradingCalendar.xnys.isSession(other) == true
}

/// Bars with something wrong, as text, and the words that import them.
private struct Trouble: Sendable, CustomTestStringConvertible {
  var name: String
  /// Names and texts of the files.
  var files: [(name: String, text: String)]
  var words: [String] = []
  /// What the advice must hold.
  var says: String
  /// What is done, where the advice leaves a choice.
  var follows: [String]?
  /// What is done to the file's text, where the advice is of that.
  var mend: (@Sendable (String) -> String)?
  var testDescription: String { name }

  init(_ name: String, _ series: [BarSeries], words: [String] = [], says: String) {
    self.init(name, files: series.map { ($0.symbol, BarTableWriter.plain($0)) }, words: words, says: says)
  }

  init(
    _ name: String, files: [(name: String, text: String)], words: [String] = [], says: String,
    follows: [String]? = nil
  ) {
    (self.name, self.files, self.words, self.says, self.follows) = (name, files, words, says, follows)
  }

  /// Bars of which a row is damaged in its text, and what mends it.
  init(
    _ name: String, damage: (String) -> String, says: String, mend: @escaping @Sendable (String) -> String
  ) {
    self.init(name, files: [("AAA", damage(Trouble.text))], says: says, follows: [])
    self.mend = mend
  }

  private static let text = BarTableWriter.plain(clean())
  /// One of its rows, and the date in it.
  private static let (row, date) = (text.split(separator: "\n").map(String.init)[121], "\(clean().dates[120])")

  private static let day = clean().dates[120]

  private static func clean() -> BarSeries { SyntheticTape.series(symbols: ["AAA"], bars: 200, seed: 51)[0] }

  private static func lateListing() -> BarSeries {
    SyntheticTape.series(symbols: ["AAA", "BBB"], bars: 200, seed: 51)[1].rows(Array(90..<200))
  }

  private static let unlisted = "timestamp-alignment:BBB:\(clean().dates[0])..\(clean().dates[89])"

  private static func changed(_ change: (inout BarSeries) -> Void) -> [BarSeries] {
    var series = clean()
    change(&series)
    return [series]
  }

  private static func split(_ ratio: Double, drift: Double = 1) -> [BarSeries] {
    changed { series in
      for row in 120..<200 {
        for column in [\BarSeries.open, \.high, \.low, \.close] { series[keyPath: column][row] *= drift / ratio }
        series.volume[row] = (series.volume[row] * ratio).rounded()
      }
    }
  }

  private static func minutes(_ stamp: (Instant) -> Instant = { $0 }, without: Set<Int> = []) -> String {
    let series = SyntheticTape.minutes(symbols: ["AAA"], sessions: 6, seed: 52)[0]
    var text = "timestamp,open,high,low,close,volume\n"
    for row in series.dates.indices where !without.contains(row) {
      text += "\(stamp(series.starts[row])),\(series.open[row]),\(series.high[row]),\(series.low[row]),"
      text += "\(series.close[row]),\(Int(series.volume[row]))\n"
    }
    return text
  }

  private static func table(_ header: String, _ row: (BarSeries, Int) -> String) -> String {
    let series = DayTable.series
    return header + series.dates.indices.map { row(series, $0) + "\n" }.joined()
  }

  static let all: [Trouble] = [
    Trouble(
      "an empty line", damage: { $0.replacing(row, with: "\n" + row) }, says: "remove the line",
      mend: { $0.replacing("\n\n", with: "\n") }),
    Trouble(
      "the header again", damage: { $0.replacing(row, with: "timestamp,open,high,low,close,volume\n" + row) },
      says: "remove the line", mend: { $0.replacing("timestamp,open,high,low,close,volume\n" + row, with: row) }),
    Trouble(
      "a cut row", damage: { $0.replacing(row, with: date + ",1,2") }, says: "repair the row",
      mend: { $0.replacing(date + ",1,2", with: row) }),
    Trouble(
      "a date in another way", damage: { $0.replacing(date + ",", with: "Tuesday,") },
      says: "write all dates in one way, best as YYYY-MM-DD", mend: { $0.replacing("Tuesday,", with: date + ",") }),
    Trouble(
      "a word for a price", damage: { $0.replacing(date + ",", with: date + ",n") }, says: "correct the value",
      mend: { $0.replacing(date + ",n", with: date + ",") }),
    Trouble(
      "no column of volume",
      files: [
        (
          "AAA",
          table("Date,Open,High,Low,Close\n") { one, row in
            "\(one.dates[row]),\(one.open[row]),\(one.high[row]),\(one.low[row]),\(one.close[row])"
          }
        )
      ], says: "name the series as an index: --index SYMBOL=FILE", follows: ["--index", "AAA=FILE"]),
    Trouble("7 for 1", split(7), says: "--split AAA:\(day):7"),
    Trouble("4 for 1 on a day of 3 %", split(4, drift: 1.03), says: "--split AAA:\(day):4"),
    Trouble("3 for 2", split(1.5), says: "--split AAA:\(day):3/2"),
    Trouble("1 for 8", split(0.125), says: "--split AAA:\(day):1/8"),
    Trouble("5 for 4", split(1.25, drift: 1.005), says: "--split AAA:\(day):5/4"),
    Trouble(
      "a crash",
      changed { series in
        for row in 120..<200 {
          for column in [\BarSeries.open, \.high, \.low, \.close] { series[keyPath: column][row] *= 0.6 }
        }
        series.volume[120] *= 12
      }, says: "--allow price-continuity:AAA:\(day) --reason"),
    Trouble("a spike", changed { $0.high[120] *= 3 }, says: "--allow price-continuity:AAA:\(day) --reason"),
    Trouble(
      "an order of prices", changed { $0.high[120] = $0.low[120] }, says: "--allow price-continuity:AAA:\(day)"),
    Trouble(
      "missing sessions", changed { $0 = $0.rows((0..<200).filter { !(120...121).contains($0) }) },
      says: "--allow missing-bars:AAA:\(clean().dates[120])..\(clean().dates[121])"),
    Trouble(
      "missing minutes", files: [("AAA", minutes(without: Set(500..<520)))], words: ["--stamp", "start"],
      says: "--allow missing-bars:AAA:"),
    Trouble(
      "a late listing",
      [clean(), lateListing()],
      says: "--common-dates"),
    Trouble(
      "a listing that was late indeed",
      files: [clean(), lateListing()].map { ($0.symbol, BarTableWriter.plain($0)) }, says: "--allow \(unlisted)",
      follows: ["--allow", unlisted, "--reason", "listed later"]),
    Trouble(
      "older than the calendar",
      files: [
        ("AAA", BarTableWriter.plain(clean()).replacing("volume\n", with: "volume\n1980-12-12,50,51,49,50,1000000\n"))
      ], says: "--from 1990-01-01"),
    Trouble("days to come", changed { _ in }, words: ["now 2001-09-01"], says: "--until 2001-09-01"),
    Trouble("no volume", changed { $0.volume = $0.volume.map { _ in 0 } }, says: "--index AAA=FILE"),
    Trouble(
      "ten-thousandths of dollars",
      changed { series in
        for row in 0..<200 {
          for column in [\BarSeries.open, \.high, \.low, \.close] {
            series[keyPath: column][row] = (series[keyPath: column][row] * 100).rounded() * 100
          }
        }
      }, says: "--price-divisor 10000"),
    Trouble(
      "the adjusted close of another share",
      files: [
        (
          "AAA",
          table("Date,Open,High,Low,Close,Adj Close,Volume\n") { one, row in
            "\(one.dates[row]),\(one.open[row]),\(one.high[row]),\(one.low[row]),\(one.close[row]),"
              + "\(40 + Double(row * 37 % 50) / 10),\(Int(one.volume[row]))"
          }
        )
      ], says: "--adjusted all"),
    Trouble(
      "an adjusted close that steps alone",
      files: [
        (
          "AAA",
          table("Date,Open,High,Low,Close,Adj Close,Volume\n") { one, row in
            "\(one.dates[row]),\(one.open[row]),\(one.high[row]),\(one.low[row]),\(one.close[row]),"
              + "\(row < 120 ? one.close[row] / 4 : one.close[row]),\(Int(one.volume[row]))"
          }
        )
      ], says: "--split AAA:\(day):1/4"),
    Trouble(
      "stamps of the ends", files: [("AAA", minutes { $0.advanced(seconds: 60) })], words: ["--stamp", "start"],
      says: "--stamp end"),
    Trouble(
      "no header", files: [("AAA", table("", DayTable.plain))], says: "--columns date,open,high,low,close,volume"),
    Trouble(
      "days or months first",
      files: [
        (
          "AAA",
          "Date,Open,High,Low,Close,Volume\n"
            + DayTable.series.dates.indices.filter { isSessionEitherWay(DayTable.series.dates[$0]) }.map {
              let date = DayTable.series.dates[$0].civil
              return "\(date.month)/\(date.day)/\(date.year),10,11,9,10,100\n"
            }.joined()
        )
      ], words: ["--allow", "missing-bars:AAA:2001-01-01..2003-01-01", "--reason", "cut for this test"],
      says: "--dates month-first", follows: ["--dates", "month-first"]),
  ]
}

/// Flags of which each takes a word.
private let valued: Set<String> = [
  "--output", "--allow", "--reason", "--split", "--until", "--from", "--index", "--stamp", "--adjusted",
  "--price-divisor", "--columns", "--dates", "--zone", "--decimal", "--factors", "--symbols",
]

/// The flags that text advises, each with its word, up to the end of the sentence in which the first of them stands.
private func flags(in advice: String) -> [String] {
  var found: [String] = []
  var isValue = false
  for word in advice.split(separator: " ").map(String.init) {
    guard isValue || word.hasPrefix("--") else {
      if found.isEmpty { continue } else { break }
    }
    let plain = String(word.drop { $0 == "\"" }.reversed().drop { ".,;:\"".contains($0) }.reversed())
    found.append(plain.isEmpty ? "followed" : plain)
    isValue = !isValue && valued.contains(plain)
    if let last = word.last, ".,;".contains(last), !isValue { break }
  }
  return found
}

@Suite struct AdviceTests {
  private static let known =
    Flag.values(
      "output", "symbols", "extra-columns", "from", "until", "layout", "columns", "zone", "stamp", "adjusted",
      "decimal",
      "dates", "price-divisor") + Flag.values("index", "allow", "reason", "split", "factors", repeats: true)
    + [Flag("common-dates", ""), Flag("replace", ""), Flag("fill", ""), Flag("dry-run", "")]

  /// What an import of those words told and refused.
  private func outcome(_ words: [String], now: Instant) throws -> (advice: [String], isStored: Bool) {
    var told: [String] = []
    do {
      let request = try MarketImport(Arguments(words, flags: AdviceTests.known))
      let refusal = try request.run(now: now) { told.append($0) }
      let text = told.joined(separator: "\n").split(whereSeparator: \.isWhitespace).joined(separator: " ")
      return (text.pieces(after: "Suggestion: "), refusal == nil)
    } catch let error as StorageError {
      return ([error.description], false)
    }
  }

  @Test(arguments: Trouble.all) fileprivate func whatIsAdvisedWorks(trouble: Trouble) throws {
    try withScratchFolder { folder in
      var operands: [String] = []
      for file in trouble.files {
        let path = FileSystem.join(folder, file.name + ".csv")
        try AtomicWrite.write(text: file.text, to: path)
        operands.append("\(file.name)=\(path)")
      }
      let store = FileSystem.join(folder, "market.h5")
      var (words, now) = (trouble.words, ImportPlace.now)
      if let today = words.first, today.hasPrefix("now ") {
        let date = try #require(CalendarDate(today.dropFirst(4)))
        now = try #require(Instant(date: date, secondOfDay: 80_000))
        words.removeFirst()
      }
      let first = try outcome(operands + words + ["--output", store], now: now)
      // What is 20 % at most is a warning.
      let isWarning = trouble.says.hasSuffix("5/4")
      #expect(!first.isStored || isWarning, "\(first.advice)")
      #expect(first.advice.contains { $0.contains(trouble.says) }, "\(first.advice)")
      var followed = trouble.follows ?? first.advice.flatMap { flags(in: $0) }
      if let mend = trouble.mend {
        for file in trouble.files {
          try AtomicWrite.write(text: mend(file.text), to: FileSystem.join(folder, file.name + ".csv"))
        }
      } else {
        #expect(!followed.isEmpty)
      }
      // A flag that was given stands once.
      if let flag = words.first, followed.contains(flag), !["--allow", "--split"].contains(flag) {
        words.removeFirst(2)
      }
      if let place = followed.firstIndex(of: "AAA=FILE") {
        followed[place] = operands[0]
        operands = []
        // Something to trade beside it.
        let share = SyntheticTape.series(symbols: ["BBB"], bars: 200, seed: 53)[0]
        try AtomicWrite.write(text: BarTableWriter.plain(share), to: FileSystem.join(folder, "BBB.csv"))
        operands.append("BBB=\(FileSystem.join(folder, "BBB.csv"))")
      }
      let second = try outcome(operands + words + followed + ["--output", store, "--replace"], now: now)
      #expect(second.isStored, "\(followed)\n\(second.advice)")
      try MarketStore.read(store).requirePassingGate()
      if isWarning { #expect(second.advice.isEmpty, "\(second.advice)") }
    }
  }
}

extension String {
  /// What follows each occurrence of a word, up to the next.
  fileprivate func pieces(after word: String) -> [String] {
    var rest = self[...]
    var parts: [String] = []
    while let range = rest.firstRange(of: word) {
      rest = rest[range.upperBound...]
      let end = rest.firstRange(of: word)?.lowerBound ?? rest.endIndex
      parts.append(String(rest[..<end]))
    }
    return parts
  }
}
