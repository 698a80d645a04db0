// Minutes of two funds over six months, as a vendor delivered them, make a tape: with warnings, without allowances.

import Glibc
import Market
import Storage
import TestSupport
import Testing

@Suite struct RealMinutesTests {
  /// Where real files lie; they are in no repository.
  static let folder = getenv("STRIKEFORGE_MARKET_DATA").map { String(cString: $0) + "/minute/rth_1min" }

  @Test(.enabled(if: folder != nil, "STRIKEFORGE_MARKET_DATA names no folder of market data"))
  func sixMonthsOfTwoFundsMakeATape() throws {
    let folder = try #require(Self.folder)
    let place = try Workplace()
    let imported = try place.succeed([
      "import", "SPY=\(folder)/SPY_1min.csv.gz", "QQQ=\(folder)/QQQ_1min.csv.gz", "--adjusted", "none", "--output",
      "minutes.h5",
    ])
    #expect(imported.output.contains("lie outside the sessions' hours"), "rows after 13:00 of half days: \(imported)")
    let store = try MarketStoreFile(place.folder.place("minutes.h5"))
    try store.requirePassingGate()
    let report = try #require(store.qualityReport)
    #expect(report.allowances.isEmpty && report.findings.contains { $0.severity == .warn })
    let tape = MarketTape(common: try store.series { $0.width == .minute && !$0.isExtendedHours })
    #expect(tape.symbols.sorted() == ["QQQ", "SPY"] && tape.sessions.count == 129)
    #expect(tape.leftOut.allSatisfy { $0 > 0 && $0 < 400 })

    let calendar = TradingCalendar.xnys
    let dates = tape.sessions.map { tape.dates[$0.lowerBound] }
    #expect(dates == calendar.sessions(in: dates[0]...dates[128]))
    for (date, opening, closing) in [
      ("2025-10-31", "13:30", "20:00"), ("2025-11-03", "14:30", "21:00"), ("2025-11-28", "14:30", "18:00"),
      ("2025-12-24", "14:30", "18:00"), ("2026-03-06", "14:30", "21:00"), ("2026-03-09", "13:30", "20:00"),
    ] {
      let bars = try #require(CalendarDate(date).flatMap { tape.bars(ofSession: $0) })
      let session = try #require(calendar.session(on: tape.dates[bars.lowerBound]))
      #expect(
        session.open.description == "\(date)T\(opening):00Z" && session.close.description == "\(date)T\(closing):00Z")
      // No hole at either end of these sessions.
      #expect(tape.starts[bars.lowerBound] == session.open, "\(date)")
      #expect(tape.starts[bars.upperBound - 1] == session.close.advanced(seconds: -60), "\(date)")
      for bar in bars { #expect(tape.starts[bar] == session.start(ofMinute: Int(tape.minutes[bar]))) }
    }
    #expect(
      tape.sessions.allSatisfy { bars in bars.count <= (calendar.tradingMinutes(tape.dates[bars.lowerBound]) ?? 0) })

    // The vendor's unit of volume changes by a factor of forty and more on 2026-01-22; what is seen of volumes does not.
    let change = tape.firstBar(onOrAfter: CalendarDate("2026-01-22")!)
    for symbol in 0..<2 {
      let before = median(tape.volume[symbol][(change - 3900)..<change])
      let after = median(tape.volume[symbol][change..<change + 3900])
      #expect(after > 15 * before)
      let seen = tape.volumeAgainstUsual(symbol: symbol)
      let shift = median(seen[change..<change + 3900]) - median(seen[(change - 3900)..<change])
      #expect(abs(shift) < 0.2, "\(tape.symbols[symbol]): \(shift)")
    }
  }

  private func median(_ values: ArraySlice<Double>) -> Double { values.sorted()[values.count / 2] }
}
