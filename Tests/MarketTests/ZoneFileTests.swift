// The rule table of the exchanges' clocks and the reader of zone files, one held against the other.

import Glibc
import Testing
import Text

@testable import Market

@Suite struct ZoneFileTests {
  /// The tables of the system's zone database; this machine's own zone plays no part.
  private func rules(_ zone: String) throws -> TimeZoneRules {
    let file = try #require(fopen("/usr/share/zoneinfo/" + zone, "r"))
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = fread(&bytes, 1, bytes.count, file)
    return try #require(TimeZoneRules(Array(bytes[..<count])))
  }

  /// Every second of the day comes up, and both sides of each change.
  @Test(arguments: [(WallClock.newYork, "America/New_York"), (.chicago, "America/Chicago")])
  func `from 1990 to 2035 both tell the same offset`(clock: WallClock, zone: String) throws {
    let rules = try rules(zone)
    let start = UTCTime.day(year: 1990, month: 1, day: 2) * 86_400
    let end = UTCTime.day(year: 2035, month: 12, day: 31) * 86_400
    var before = rules.offset(at: start)
    var changes = 0
    func check(_ second: Int64) throws {
      let instant = try #require(Instant(seconds: second))
      if clock.offset(at: instant) != rules.offset(at: second) {
        Issue.record("\(zone) at \(UTCTime.text(secondsSinceEpoch: second))")
      }
    }
    for second in stride(from: start, to: end, by: 86_399) {
      try check(second)
      let offset = rules.offset(at: second)
      guard offset != before else { continue }
      // The change lies within the last day: halved down to its second.
      var (low, high) = (second - 86_399, second)
      while high - low > 1 {
        let middle = low + (high - low) / 2
        if rules.offset(at: middle) == before { low = middle } else { high = middle }
      }
      try check(low)
      try check(high)
      (before, changes) = (offset, changes + 1)
    }
    #expect(changes == 2 * WallClock.supportedYears.count)
  }
}
