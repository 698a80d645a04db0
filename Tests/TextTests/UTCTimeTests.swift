// Moments as text.

import Testing
import Text

@Suite struct UTCTimeTests {
  @Test func momentsAreSpelledInUTC() {
    let cases: [(Int64, String)] = [
      (0, "1970-01-01T00:00:00Z"), (-1, "1969-12-31T23:59:59Z"), (951_827_696, "2000-02-29T12:34:56Z"),
      (1_000_000_000, "2001-09-09T01:46:40Z"),
    ]
    for (seconds, text) in cases { #expect(UTCTime.text(secondsSinceEpoch: seconds) == text) }
  }

  @Test func thisMomentHasMicroseconds() {
    let (before, moment, after) = (UTCTime.now(), UTCTime.nowWithMicroseconds(), UTCTime.now())
    #expect(moment.utf8.count == 27 && moment.hasSuffix("Z"))
    #expect(moment.dropFirst(20).dropLast().allSatisfy { ("0"..."9").contains($0) })
    let second = moment.prefix(19) + "Z"
    #expect(before <= second && second <= after)
  }
}
