// Files of surfaces: events that a user tells, and histories of implied volatility.

import Market
import TestSupport
import Testing

@testable import Storage

@Suite struct SurfaceEventFileTests {
  private func read(_ text: String) throws(StorageError) -> SurfaceEvents {
    try SurfaceEventFile.decode(Array(text.utf8), path: "events.csv")
  }

  @Test func rowsAreReadInAnyOrder() throws {
    let events = try read("Date, kind ,share,time\r\n2024-11-07,rates,0.12,14:00\r\n\r\n2024-09-18, rates ,.2,\n")
    let first = try #require(CalendarDate("2024-09-18"))
    let second = try #require(CalendarDate("2024-11-07"))
    #expect(
      events.events == [
        SurfaceEvent(date: first, kind: "rates", share: 0.2),
        SurfaceEvent(date: second, kind: "rates", share: 0.12, minuteOfDay: 14 * 60),
      ])
    #expect(try read("date,kind,share\n").events.isEmpty)
  }

  @Test(arguments: [
    ("", "is empty"), ("\n\n", "is empty"), ("day,kind,share\n", "line 1"), ("date,kind\n", "line 1"),
    ("date,kind,share\n2024-09-18,rates\n", "line 2"),
    ("date,kind,share\n2024-09-21,rates,0.1\n", "line 2, column 'date'"),
    ("date,kind,share\n2024-9-18,rates,0.1\n", "line 2, column 'date'"),
    ("date,kind,share\n2024-09-18,,0.1\n", "line 2, column 'kind'"),
    ("date,kind,share\n2024-09-18,rates,20\n", "line 2, column 'share'"),
    ("date,kind,share\n2024-09-18,rates,0\n", "line 2, column 'share'"),
    ("date,kind,share\n2024-09-18,rates,nan\n", "line 2, column 'share'"),
    ("date,kind,share,time\n2024-09-18,rates,0.1,16:00\n", "line 2, column 'time'"),
    ("date,kind,share,time\n2024-07-03,rates,0.1,13:00\n", "line 2, column 'time'"),
  ])
  func whatIsNoEventIsRefusedByItsPlace(_ text: String, _ place: String) throws {
    let error = #expect(throws: StorageError.self) { try read(text) }
    let words = try #require(error?.description)
    #expect(words.hasPrefix("'events.csv'") && words.contains(place), "\(words)")
  }
}

@Suite struct VolatilityHistoryFileTests {
  private func history() throws -> VolatilityHistory {
    let calendar = TradingCalendar.xnys
    let days = (6000..<6100).map {
      VolatilityHistory.Day(date: calendar.sessions[$0].date, volatility: 0.1 + Double($0 % 17) / 100)
    }
    return try #require(VolatilityHistory(symbol: "SPX", source: .fair, days: days))
  }

  @Test func whatIsWrittenComesBack() throws {
    let scratch = try TemporaryFolder()
    let file = VolatilityHistoryFile(try history(), madeOf: "VIX", contentHash: "ab")
    let path = scratch.path + "/history.h5"
    try file.write(to: path)
    try file.write(to: path)
    #expect(try VolatilityHistoryFile.read(path) == file)
    #expect(try StorageInspection.kind(path) == .volatilityHistory)
    let lines = try StorageInspection.describe(path)
    #expect(lines.contains { $0.1.hasPrefix("100 sessions, ") })
    // Nothing else is written over.
    try AtomicWrite.write(text: "x", to: scratch.path + "/notes")
    #expect(throws: StorageError.self) { try file.write(to: scratch.path + "/notes") }
  }

  /// Sealed again, so that only what it says is wrong.
  @Test func whatIsNoHistoryIsRefused() throws {
    let file = try VolatilityHistoryFile(history(), madeOf: "VIX", contentHash: "ab").encoded()
    let whole = try RolloutFile(decoding: file, path: "h", content: .volatilityHistory)
    func refused(_ change: (inout RolloutFile) -> Void) throws -> Bool {
      var other = whole
      change(&other)
      let bytes = try other.encoded()
      do throws(StorageError) {
        _ = try VolatilityHistoryFile.decode(bytes, path: "h")
        return false
      } catch {
        return error.description.hasPrefix("'h' is damaged")
      }
    }
    #expect(try refused { $0.attributes["source"] = "guess" })
    #expect(try refused { $0.attributes["symbol"] = nil })
    #expect(try refused { $0.attributes["calendar_days"] = "60" })
    #expect(try refused { $0.columns["days"] = nil })
    #expect(try refused { $0.columns["volatilities"] = .init(.doubles([0.1])) })
    #expect(try refused { $0.columns["volatilities"] = .init(.doubles([Double](repeating: .nan, count: 100))) })
    #expect(try refused { $0.columns["days"] = .init(.integers([Int64](repeating: 1, count: 100))) })
    #expect(try refused { $0.columns["days"] = .init(.integers([Int64](repeating: .max, count: 100))) })
    #expect(throws: StorageError.self) { try RolloutFile(decoding: file, path: "h") }
    var cut = file
    cut[cut.count / 2] ^= 1
    #expect(throws: StorageError.self) { try VolatilityHistoryFile.decode(cut, path: "h") }
  }
}
