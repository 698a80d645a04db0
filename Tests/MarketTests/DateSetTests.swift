// A set of dates answers as the standard library's does.

import Kernels
import Testing

@testable import Market

@Suite struct DateSetTests {
  @Test func answersAsAnySetDoes() {
    var random = RandomStream(seed: 9, purpose: .market)
    let range = TradingCalendar.xnys.supportedRange
    let span = UInt64(range.upperBound.daysSinceEpoch - range.lowerBound.daysSinceEpoch + 1)
    for count in [0, 1, 2, 300, 5000] {
      var (own, plain) = (DateSet(), Set<CalendarDate>())
      for _ in 0..<count {
        let date = range.lowerBound.advanced(by: Int(random.nextInteger(below: span)))
        own.insert(date)
        plain.insert(date)
      }
      #expect(own.sorted() == plain.sorted() && own.min() == plain.min() && own.max() == plain.max())
      #expect(
        (0..<Int(span)).allSatisfy {
          own.contains(range.lowerBound.advanced(by: $0)) == plain.contains(range.lowerBound.advanced(by: $0))
        })
      var both = own
      both.insert(range.upperBound)
      var joined = DateSet()
      joined.insert(range.upperBound)
      joined.formUnion(own)
      #expect(joined == both)
    }
  }

  @Test func knowsNothingOutsideOfItsYears() {
    var own = DateSet()
    for days in [Int32.min, -1, 7304, 24_107, .max] { own.insert(CalendarDate(daysSinceEpoch: days)) }
    #expect(own.sorted().isEmpty && !own.contains(CalendarDate(daysSinceEpoch: .min)))
  }
}
