// What users of other programs have reported, each as what must be true here.

import Market
import TestSupport
import Testing

@testable import Storage

/// Minutes of a series as a table in New York's time, by the beginnings of its bars.
private struct MinuteText {
  static let header = "timestamp,open,high,low,close,volume\n"

  static func two(_ number: Int) -> String { (number < 10 ? "0" : "") + "\(number)" }

  static func stamp(_ start: Instant, _ clock: WallClock) -> String {
    guard let reading = clock.reading(at: start) else { return "?" }
    return "\(reading.date) \(two(reading.minuteOfDay / 60)):\(two(reading.minuteOfDay % 60)):00"
  }

  static func row(_ series: BarSeries, _ row: Int, at start: Instant? = nil, _ clock: WallClock = .newYork) -> String {
    "\(stamp(start ?? series.starts[row], clock)),\(series.open[row]),\(series.high[row]),\(series.low[row]),"
      + "\(series.close[row]),\(Int(series.volume[row]))\n"
  }

  static func table(_ series: BarSeries, _ clock: WallClock = .newYork) -> String {
    header + (0..<series.count).map { row(series, $0, clock) }.joined()
  }
}

@Suite struct ReportedDefectsTests {
  private func date(_ text: String) throws -> CalendarDate { try #require(CalendarDate(text)) }

  private func minutes(from text: String, sessions: Int) throws -> BarSeries {
    SyntheticTape.minutes(symbols: ["SPY"], sessions: sessions, from: try date(text), seed: 11)[0]
  }

  private func read(_ text: String, zone: StampZone? = .newYork) throws -> BarSeries {
    var declared = BarDeclarations()
    declared.zone = zone
    declared.side = .start
    return try CSVImporter.read(Array(text.utf8), path: "bars.csv", symbolOverride: "SPY", declared: declared).series[0]
  }

  private func examine(_ series: BarSeries) -> [QualityFinding] {
    QualityGate.examine([series.splitAtHours().sessions], allowances: []).findings
  }

  /// polygon-io/issues#67: the bar that begins at 16:00 is none of the session's.
  @Test func theLastBarOfASessionBeginsAMinuteBeforeItsClose() throws {
    let series = try minutes(from: "2024-03-07", sessions: 2)
    let close = try #require(TradingCalendar.xnys.session(on: series.dates[0])).close
    var lines = (0..<series.count).map { MinuteText.row(series, $0) }
    lines.insert(MinuteText.row(series, 389, at: close), at: 390)
    let parts = try read(MinuteText.header + lines.joined()).splitAtHours()
    #expect(parts.sessions.count == 780 && parts.extendedHours.starts == [close])
    #expect(parts.sessions.starts[389] == close.advanced(seconds: -60))
    #expect(examine(parts.sessions).isEmpty)
  }

  /// polygon-io/issues#309: on a half day what trades after 13:00 lies outside the session, and nothing is missing.
  @Test(arguments: ["2001-12-24", "2023-07-03", "2024-07-03", "2025-07-03"])
  func rowsBehindTheCloseOfAHalfDayAreExtendedHours(day: String) throws {
    let series = try minutes(from: day, sessions: 3)
    let session = try #require(TradingCalendar.xnys.session(on: try date(day)))
    #expect(session.minuteCount == 210)
    let lines = (0..<series.count).map { MinuteText.row(series, $0) }
    let behind = (0..<30).map { MinuteText.row(series, 209, at: session.start(ofMinute: 210 + $0)) }
    let read = try read(MinuteText.header + (lines[..<210] + behind + lines[210...]).joined())
    let parts = read.splitAtHours()
    #expect(parts.extendedHours.count == 30 && parts.extendedHours.starts[0] == session.close)
    #expect(parts.sessions.starts == series.starts && examine(read).isEmpty, "\(examine(read))")
  }

  /// polygon-io/issues#92: a bar that stands twice is one bar, and told.
  @Test func duplicatedBarsAreToldOnce() throws {
    let series = try minutes(from: "2024-03-07", sessions: 1)
    var lines = (0..<series.count).map { MinuteText.row(series, $0) }
    lines.insert(lines[100], at: 101)
    lines.insert(lines[200], at: 202)
    let findings = examine(try read(MinuteText.header + lines.joined()))
    let repeated = findings.filter { $0.kind == "repeated-date" }
    #expect(repeated.map(\.count).reduce(0, +) == 2 && findings.count == repeated.count, "\(findings)")
  }

  /// polygon-io/issues#101: seconds behind milliseconds are no dates of 1970; the line is named.
  @Test func mixedUnitsOfAnEpochAreRefusedWithTheirLine() throws {
    let series = try minutes(from: "2024-03-07", sessions: 1)
    var lines = (0..<series.count).map { row in
      "\(series.starts[row].seconds * 1000),\(series.open[row]),\(series.high[row]),\(series.low[row]),\(series.close[row]),5\n"
    }
    let seconds = "\(series.starts[77].seconds)"
    lines[77] = "\(seconds),1,1,1,1,5\n"
    let error = storageError { try read(MinuteText.header + lines.joined(), zone: nil) }
    #expect(error == .table(path: "bars.csv", line: 79, column: "timestamp", problem: .otherStamps(seconds)))
  }

  /// QuantConnect/Lean#4941, dpguthrie/yahooquery#128, enarjord/passivbot#1155: over both changes of the clocks every session opens at 09:30 in New York.
  @Test(arguments: ["2024-03-07", "2024-10-31", "2006-03-30", "2006-10-26"])
  func sessionsOpenAtHalfPastNineOverBothClockChanges(from: String) throws {
    let series = try minutes(from: from, sessions: 4)
    let offsets = Set(series.starts.map { WallClock.newYork.offset(at: $0) })
    #expect(offsets.count == 2, "the clocks do not change in between")
    for zone in StampZone.allCases {
      let read = try read(MinuteText.table(series, zone.clock), zone: zone)
      #expect(read.starts == series.starts && read.dates == series.dates, "\(zone)")
      let opens = read.starts.indices.filter { $0 == 0 || read.dates[$0] != read.dates[$0 - 1] }
      let minutes = opens.map { WallClock.newYork.reading(at: read.starts[$0])?.minuteOfDay }
      #expect(minutes == [570, 570, 570, 570], "\(zone)")
      #expect(examine(read).isEmpty)
    }
  }

  /// ranaroussi/yfinance#317: midnight of Greenwich stands for a date, not for the evening before.
  @Test func aMidnightOfGreenwichIsItsDate() throws {
    let text =
      "date,open,high,low,close,volume\n2024-03-07 00:00:00+00:00,1,2,1,1.5,5\n2024-03-08 00:00:00+00:00,1,2,1,1.5,5\n"
    #expect(try read(text, zone: nil).dates == [try date("2024-03-07"), try date("2024-03-08")])
  }

  /// unionai-oss/pandera#842, #1787: what the exchange did not trade is no gap, and what it did is one.
  @Test func gapsAreCountedAgainstTheCalendar() throws {
    // Thanksgiving, the half day behind it, and a weekend.
    let series = try minutes(from: "2024-11-27", sessions: 3)
    #expect(series.count == 390 + 210 + 390 && examine(series).isEmpty)
    let halfDay = try date("2024-11-29")
    let rows = series.dates.indices.filter { series.dates[$0] == halfDay }
    let lost = Set(rows[60..<110])
    let text =
      MinuteText.header + series.dates.indices.filter { !lost.contains($0) }.map { MinuteText.row(series, $0) }.joined()
    let findings = examine(try read(text))
    #expect(findings.map(\.kind) == ["missing-minutes"] && findings[0].count == 50 && findings[0].severity == .fail)
    #expect(findings[0].samples == ["2024-11-29 lacks 50 of 210 minutes, 50 of them in a row"], "\(findings)")
  }
}
