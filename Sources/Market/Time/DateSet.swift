// Many dates of a calendar's years, asked for one by one.

/// A set of dates, a bit each: what lies outside the years of the New York calendar is never in it.
package struct DateSet: Sendable, Equatable {
  private static let first = TradingCalendar.xnys.supportedRange.lowerBound.daysSinceEpoch
  private static let count = TradingCalendar.xnys.supportedRange.upperBound.daysSinceEpoch - first + 1

  private var words = [UInt64](repeating: 0, count: Int(count + 63) / 64)

  package init() {}

  private static func place(_ date: CalendarDate) -> Int? {
    let day = Int(date.daysSinceEpoch) - Int(first)
    return (0..<Int(count)).contains(day) ? day : nil
  }

  package mutating func insert(_ date: CalendarDate) {
    if let day = DateSet.place(date) { words[day / 64] |= 1 << UInt64(day % 64) }
  }

  package func contains(_ date: CalendarDate) -> Bool {
    DateSet.place(date).map { words[$0 / 64] >> UInt64($0 % 64) & 1 == 1 } ?? false
  }

  package mutating func formUnion(_ other: DateSet) {
    for word in words.indices { words[word] |= other.words[word] }
  }

  /// All of them, in order.
  package func sorted() -> [CalendarDate] {
    var dates: [CalendarDate] = []
    for (index, word) in words.enumerated() {
      var left = word
      while left != 0 {
        dates.append(CalendarDate(daysSinceEpoch: DateSet.first + Int32(64 * index + left.trailingZeroBitCount)))
        left &= left - 1
      }
    }
    return dates
  }

  package func min() -> CalendarDate? {
    words.firstIndex { $0 != 0 }.map {
      CalendarDate(daysSinceEpoch: DateSet.first + Int32(64 * $0 + words[$0].trailingZeroBitCount))
    }
  }

  package func max() -> CalendarDate? {
    words.lastIndex { $0 != 0 }.map {
      CalendarDate(daysSinceEpoch: DateSet.first + Int32(64 * $0 + 63 - words[$0].leadingZeroBitCount))
    }
  }
}
