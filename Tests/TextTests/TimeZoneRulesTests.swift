// Clocks of places: what the database's transitions and the rule behind them say.

import Glibc
import Testing

@testable import Text

@Suite struct TimeZoneRulesTests {
  private func bytes(_ zone: String) throws -> [UInt8] {
    let file = try #require(fopen("/usr/share/zoneinfo/" + zone, "r"))
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = fread(&bytes, 1, bytes.count, file)
    return Array(bytes[..<count])
  }

  private func moment(_ year: Int, _ month: Int, _ day: Int, _ hour: Int = 0) -> Int64 {
    UTCTime.day(year: year, month: month, day: day) * 86_400 + Int64(hour * 3600)
  }

  @Test func offsetsAreThoseOfThePlace() throws {
    let newYork = try #require(TimeZoneRules(bytes("America/New_York")))
    #expect(
      newYork.offset(at: moment(2026, 3, 8, 7) - 1) == -18_000 && newYork.offset(at: moment(2026, 3, 8, 7)) == -14_400)
    #expect(
      newYork.offset(at: moment(2026, 11, 1, 6) - 1) == -14_400 && newYork.offset(at: moment(2026, 11, 1, 6)) == -18_000
    )
    // In 1974 summer began in January.
    #expect(newYork.offset(at: moment(1974, 1, 7)) == -14_400)
    let sydney = try #require(TimeZoneRules(bytes("Australia/Sydney")))
    #expect(sydney.offset(at: moment(2026, 1, 1)) == 39_600 && sydney.offset(at: moment(2026, 7, 1)) == 36_000)
    #expect(try #require(TimeZoneRules(bytes("UTC"))).offset(at: 0) == 0)
  }

  /// The transitions of 2030 to 2036 and the rule 28 years later, when every date has the same weekday again.
  @Test(arguments: ["America/New_York", "Australia/Sydney", "Europe/Berlin", "America/Santiago", "Asia/Kolkata"])
  func theRuleGoesOnAsTheTransitionsEnd(_ zone: String) throws {
    let rules = try #require(TimeZoneRules(bytes(zone)))
    let later = UTCTime.day(year: 2058, month: 1, day: 1) - UTCTime.day(year: 2030, month: 1, day: 1)
    #expect(later == 10_227)
    for hour in 0..<Int64(6 * 365 * 24) {
      let moment = moment(2030, 1, 1) + 3600 * hour
      let (now, then) = (rules.offset(at: moment), rules.offset(at: moment + later * 86_400))
      guard now == then else {
        Issue.record("\(zone) at \(UTCTime.text(secondsSinceEpoch: moment)): \(now), but \(then) 28 years later")
        return
      }
    }
  }

  @Test func localTimesMayMeanTwoMomentsOrNone() throws {
    let rules = try #require(TimeZoneRules(bytes("America/New_York")))
    #expect(rules.moments(ofLocal: moment(2026, 3, 8, 2) + 1800).isEmpty)
    #expect(
      rules.moments(ofLocal: moment(2026, 11, 1, 1) + 1800) == [
        moment(2026, 11, 1, 5) + 1800, moment(2026, 11, 1, 6) + 1800,
      ])
    #expect(rules.moments(ofLocal: moment(2026, 6, 1, 12)) == [moment(2026, 6, 1, 16)])
  }

  @Test func otherBytesAreRefused() throws {
    let whole = try bytes("America/New_York")
    #expect(TimeZoneRules([]) == nil && TimeZoneRules(Array("TZif".utf8)) == nil)
    for count in stride(from: 0, to: whole.count - 30, by: 37) {
      #expect(TimeZoneRules(Array(whole.prefix(count))) == nil)
    }
    var damaged = whole
    for place in stride(from: 0, to: whole.count, by: 5) {
      damaged[place] ^= 0xFF
      // Whatever comes of it: no trap, here and in a question.
      _ = TimeZoneRules(damaged)?.offset(at: 1_800_000_000)
      damaged[place] ^= 0xFF
    }
  }
}
