// The clocks against the world's zone files, second by second around every change, and back and forth.

import FoundationEssentials
import Kernels
import TestSupport
import Testing

@testable import Market

private struct ZoneGolden: Decodable {
  struct Change: Decodable {
    var second: Int64
    var before: Int
    var after: Int
  }
  struct Zones: Decodable {
    var newYork: [Change]
    var chicago: [Change]
  }
  var zones: Zones
}

private func instant(_ seconds: Int64) throws -> Instant { try #require(Instant(seconds: seconds)) }

private func instant(_ day: String, _ hour: Int, _ minute: Int) throws -> Instant {
  let date = try #require(CalendarDate(day))
  return try #require(Instant(date: date, secondOfDay: hour * 3600 + minute * 60))
}

/// What a clock shows that shows this date and time.
private func occurrence(_ clock: WallClock, _ day: String, _ hour: Int, _ minute: Int) throws -> WallClock.Occurrence {
  let date = try #require(CalendarDate(day))
  return clock.occurrence(
    of: WallClock.Reading(date: date, nanosecondOfDay: Int64(hour * 60 + minute) * Instant.nanosecondsPerMinute))
}

@Suite struct WallClockTests {
  /// Every change of both zones, the seconds on either side of it, and all that lies between two changes.
  @Test func offsetsAgreeWithTheGoldenFile() throws {
    let golden = try GoldenFile.read("zone_offsets", as: ZoneGolden.self).zones
    for (clock, changes) in [(WallClock.newYork, golden.newYork), (.chicago, golden.chicago)] {
      #expect(changes.count == 2 * WallClock.supportedYears.count)
      var differences: [String] = []
      for (place, change) in changes.enumerated() {
        let found = [clock.offset(at: try instant(change.second - 1)), clock.offset(at: try instant(change.second))]
        if found != [change.before, change.after] { differences.append("\(change.second): \(found)") }
        let next = place + 1 < changes.count ? changes[place + 1].second : change.second
        for second in stride(from: change.second, to: next, by: 86_399)
        where clock.offset(at: try instant(second)) != change.after {
          differences.append("\(second): not \(change.after)")
        }
      }
      #expect(differences.isEmpty, "\(clock.name)")
    }
  }

  @Test func hoursThatAreRepeatedOrLeftOut() throws {
    let twice = try occurrence(.newYork, "2024-11-03", 1, 30)
    let first = try instant("2024-11-03", 5, 30)
    #expect(twice == .twice(first, first.advanced(seconds: 3600)))
    for (clock, day, hour, minute) in [
      (WallClock.newYork, "2024-03-10", 2, 0), (.newYork, "2024-03-10", 2, 59), (.newYork, "2006-04-02", 2, 30),
      (.chicago, "2024-03-10", 2, 30),
    ] {
      let never = try occurrence(clock, day, hour, minute)
      #expect(never == .never, "\(clock.name) \(day) \(hour):\(minute)")
    }
  }

  /// The hours beside those, the rules of 1987 in their last year, and clocks that never change. `utc`: the hour in Greenwich.
  @Test(
    arguments: [
      (.newYork, "2024-11-03", 0, 59, 4), (.newYork, "2024-11-03", 2, 0, 7), (.newYork, "2024-03-10", 1, 59, 6),
      (.newYork, "2024-03-10", 3, 0, 7), (.newYork, "2006-03-12", 2, 30, 7), (.chicago, "2024-07-03", 8, 30, 13),
      (.easternStandard, "2024-07-03", 8, 30, 13), (.utc, "2024-07-03", 8, 30, 8),
    ] as [(WallClock, String, Int, Int, Int)])
  func hoursThatExistOnce(clock: WallClock, day: String, hour: Int, minute: Int, utc: Int) throws {
    let found = try occurrence(clock, day, hour, minute)
    let expected = try instant(day, utc, minute)
    #expect(found == .once(expected))
  }

  @Test func outsideItsYearsItDoesNotGuess() throws {
    let clock = WallClock.newYork
    let first = try instant("1990-01-01", 5, 0)
    let past = try instant("2036-01-01", 5, 0)
    #expect(clock.offset(at: first.advanced(nanoseconds: -1)) == nil && clock.offset(at: first) == -18_000)
    #expect(clock.offset(at: past.advanced(nanoseconds: -1)) == -18_000 && clock.offset(at: past) == nil)
    for extreme in [Int64.min, .max] { #expect(clock.reading(at: Instant(nanoseconds: extreme)) == nil) }
    for day in [Int32.min, 7304, 24_106, .max] {
      let reading = WallClock.Reading(date: CalendarDate(daysSinceEpoch: day), nanosecondOfDay: 0)
      #expect(clock.occurrence(of: reading) == .unsupported, "\(day) days after the epoch")
    }
  }

  /// What a clock shows at an instant, it showed at that instant: 20,000 of them, an eighth next to a change.
  @Test func readingAndOccurrenceAreInverse() throws {
    var random = RandomStream(seed: 11, purpose: .market, lane: 0)
    let changes = try GoldenFile.read("zone_offsets", as: ZoneGolden.self).zones.newYork.map(\.second)
    let span: Range<Int64> = 631_170_000..<2_082_776_400
    for _ in 0..<20_000 {
      let near = random.nextDouble() < 0.125
      let seconds =
        near
        ? changes.pick(&random) + Int64(random.nextInteger(below: 14_400)) - 7200
        : span.lowerBound + Int64(random.nextInteger(below: UInt64(span.count)))
      let instant = Instant(
        nanoseconds: seconds * Instant.nanosecondsPerSecond + Int64(random.nextInteger(below: 1_000_000_000)))
      for clock in [WallClock.newYork, .chicago, .easternStandard, .utc, .fixed(offset: 19_800)] {
        let reading = try #require(clock.reading(at: instant))
        switch clock.occurrence(of: reading) {
        case .once(let found): #expect(found == instant)
        case .twice(let first, let second):
          #expect(first == instant || second == instant)
          #expect(second == first.advanced(seconds: 3600))
        case .never, .unsupported: Issue.record("\(clock.name) showed \(reading) at \(instant)")
        }
      }
    }
  }

  @Test(
    arguments: [
      (0, "1970-01-01T00:00:00Z"), (-1, "1969-12-31T23:59:59.999999999Z"),
      (1_709_908_200_000_000_000, "2024-03-08T14:30:00Z"),
      (1_500_000_000, "1970-01-01T00:00:01.5Z"), (Int64.max, "2262-04-11T23:47:16.854775807Z"),
      (Int64.min, "1677-09-21T00:12:43.145224192Z"),
    ] as [(Int64, String)])
  func instantsAreWrittenInGreenwichTime(nanoseconds: Int64, text: String) {
    #expect(Instant(nanoseconds: nanoseconds).description == text)
  }

  @Test func instantsThatDoNotFitAreRefused() {
    #expect(Instant(seconds: .max) == nil && Instant(seconds: .min) == nil)
    #expect(Instant(seconds: 9_223_372_036)?.seconds == 9_223_372_036)
    #expect(Instant(seconds: 9_223_372_037) == nil)
  }
}
