// Moments as text.

import Testing

@testable import Text

@Suite struct UTCTimeTests {
  @Test func momentsAreSpelledInUTC() {
    let cases: [(Int64, String)] = [
      (0, "1970-01-01T00:00:00Z"), (-1, "1969-12-31T23:59:59Z"), (951_827_696, "2000-02-29T12:34:56Z"),
      (1_000_000_000, "2001-09-09T01:46:40Z"),
    ]
    for (seconds, text) in cases { #expect(UTCTime.text(secondsSinceEpoch: seconds) == text) }
  }

  /// A machine's clock may say anything.
  @Test func anyClockHasAName() {
    let cases: [(Int64, String)] = [
      (10_000_000_000, "2286-11-20T17:46:40Z"), (-2_208_988_800, "1900-01-01T00:00:00Z"),
      (253_402_300_799, "9999-12-31T23:59:59Z"), (253_402_300_800, "+10000-01-01T00:00:00Z"),
      (-62_167_219_200, "0000-01-01T00:00:00Z"), (-62_167_219_201, "-0001-12-31T23:59:59Z"),
      (.max, "+292277026596-12-04T15:30:07Z"), (.min, "-292277022657-01-27T08:29:52Z"),
    ]
    for (seconds, text) in cases { #expect(UTCTime.text(secondsSinceEpoch: seconds) == text) }
    for (microseconds, digits) in [(-1, "000000"), (0, "000000"), (999_999, "999999"), (Int.max, "999999")] {
      #expect(UTCTime.text(secondsSinceEpoch: 0, microseconds: microseconds) == "1970-01-01T00:00:00.\(digits)Z")
    }
  }

  @Test func thisMomentHasMicroseconds() {
    let (before, moment, after) = (UTCTime.now(), UTCTime.nowWithMicroseconds(), UTCTime.now())
    #expect(moment.utf8.count == 27 && moment.hasSuffix("Z"))
    #expect(moment.dropFirst(20).dropLast().allSatisfy { ("0"..."9").contains($0) })
    let second = moment.prefix(19) + "Z"
    #expect(before <= second && second <= after)
  }

  /// Moment after moment, within a second and across it, as each is spelled alone.
  @Test func aWriterSpellsMomentsAsTheyAreSpelledAlone() {
    var writer = UTCTime.Writer()
    let moments: [(Int64, Int)] = [
      (0, 0), (0, 1), (0, 999_999), (1, 999_999), (0, 5), (-1, 123_456), (-1, -5), (-1, .max), (253_402_300_800, 7),
      (.min, 0), (.max, 10_000), (1_000_000_000, 100_200),
    ]
    for (seconds, microseconds) in moments {
      var output: [UInt8] = []
      writer.append(secondsSinceEpoch: seconds, microseconds: microseconds, to: &output)
      let alone = UTCTime.text(secondsSinceEpoch: seconds, microseconds: microseconds)
      #expect(String(decoding: output, as: UTF8.self) == alone)
    }
  }
}
