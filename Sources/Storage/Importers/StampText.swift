// How tables write when a bar was, and what that says.

import Market

/// One way to write a stamp. A file has one; what is written in another is not read.
package enum StampText: String, Sendable, CaseIterable {
  /// `2024-01-02`, with a time, broken seconds and an offset where there are any.
  case iso
  /// `20240102`, with `09:30`, `09:30:00` or `093000` behind it, and a zone's name where there is one.
  case compact
  /// `1/2/2024`, the month first, with a time where there is one.
  case monthFirst
  /// `2.1.2024` or `2/1/2024`, the day first.
  case dayFirst
  /// Seconds to nanoseconds since 1970 UTC, by their size.
  case epoch
  /// Milliseconds since midnight of a date that stands elsewhere.
  case millisecondOfDay
}

/// What a stamp says, and how it is said.
struct Stamp: Equatable {
  /// Nanoseconds since 1970 as the stamp is written: of the clock that its offset, its zone or nobody names.
  var local: Int64
  /// What the stamp itself says of its clock.
  var clock: StampClock = .unnamed
  /// The size of an epoch's unit in nanoseconds; 0 for other stamps.
  var unit: Int64 = 0
}

enum StampClock: Equatable {
  case unnamed
  case zone(StampZone)
  /// Seconds ahead of UTC.
  case offset(Int32)
}

extension StampText {
  static let nanosecondsPerDay: Int64 = 86_400 * Instant.nanosecondsPerSecond

  /// The way in which all of some stamps are written, or why none is: told by the first, and where the month may be the day, by all.
  static func of(_ samples: [[UInt8]]) -> (way: StampText?, isAmbiguous: Bool) {
    guard let first = samples.first else { return (nil, false) }
    if StampText.iso.read(first[...]) != nil { return (.iso, false) }
    if StampText.compact.read(first[...]) != nil { return (.compact, false) }
    if StampText.epoch.read(first[...]) != nil { return (.epoch, false) }
    let isMonthFirst = samples.allSatisfy { StampText.monthFirst.read($0[...]) != nil }
    let isDayFirst = samples.allSatisfy { StampText.dayFirst.read($0[...]) != nil }
    switch (isMonthFirst, isDayFirst) {
    case (true, true): return (.monthFirst, true)
    case (true, false): return (.monthFirst, false)
    case (false, true): return (.dayFirst, false)
    case (false, false): return (nil, false)
    }
  }

  /// nil for what is not written in this way, or is no date.
  func read(_ text: ArraySlice<UInt8>) -> Stamp? {
    switch self {
    case .iso: StampText.iso(text)
    case .compact: StampText.compact(text)
    case .monthFirst: StampText.slashed(text, isMonthFirst: true)
    case .dayFirst: StampText.slashed(text, isMonthFirst: false)
    case .epoch: StampText.epoch(text)
    case .millisecondOfDay:
      StampText.integer(text).flatMap { (0..<86_400_000).contains($0) ? Stamp(local: Int64($0) * 1_000_000) : nil }
    }
  }

  // MARK: Ways

  private static func iso(_ text: ArraySlice<UInt8>) -> Stamp? {
    let start = text.startIndex
    guard text.count >= 10, text[start + 4] == UInt8(ascii: "-"), text[start + 7] == UInt8(ascii: "-"),
      let date = date(text[start..<start + 4], text[start + 5..<start + 7], text[start + 8..<start + 10])
    else { return nil }
    var rest = text[(start + 10)...]
    guard let separator = rest.popFirst() else { return Stamp(local: date) }
    guard separator == UInt8(ascii: " ") || separator == UInt8(ascii: "T") else { return nil }
    return timed(date, rest)
  }

  private static func compact(_ text: ArraySlice<UInt8>) -> Stamp? {
    let start = text.startIndex
    guard text.count >= 8,
      let date = date(text[start..<start + 4], text[start + 4..<start + 6], text[start + 6..<start + 8])
    else { return nil }
    var rest = text[(start + 8)...]
    guard let separator = rest.popFirst() else { return Stamp(local: date) }
    guard separator == UInt8(ascii: " ") || separator == UInt8(ascii: "-") else { return nil }
    rest = rest.drop { $0 == UInt8(ascii: " ") }
    let time = rest.prefix { $0 != UInt8(ascii: " ") }
    let zone = rest.dropFirst(time.count).drop { $0 == UInt8(ascii: " ") }
    guard zone.isEmpty else {
      guard let named = zones[String(decoding: zone, as: UTF8.self)], var stamp = timed(date, time) else { return nil }
      stamp.clock = .zone(named)
      return stamp
    }
    if time.count == 6, let hour = integer(time.prefix(2)), let minute = integer(time.dropFirst(2).prefix(2)),
      let second = integer(time.suffix(2)), hour < 24, minute < 60, second < 60
    {
      return Stamp(local: date + Int64(hour * 3600 + minute * 60 + second) * Instant.nanosecondsPerSecond)
    }
    return timed(date, time)
  }

  /// The names that vendors give to the clocks that are known.
  private static let zones: [String: StampZone] = [
    "US/Eastern": .newYork, "America/New_York": .newYork, "EST5EDT": .newYork, "ET": .newYork, "US/Central": .chicago,
    "America/Chicago": .chicago, "CST6CDT": .chicago, "UTC": .utc, "GMT": .utc, "Z": .utc,
  ]

  private static func slashed(_ text: ArraySlice<UInt8>, isMonthFirst: Bool) -> Stamp? {
    let day = text.prefix { $0 != UInt8(ascii: " ") }
    let parts = day.split(omittingEmptySubsequences: false) {
      $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-")
    }
    guard parts.count == 3, parts[2].count == 4, (1...2).contains(parts[0].count), (1...2).contains(parts[1].count),
      let date = date(parts[2], parts[isMonthFirst ? 0 : 1], parts[isMonthFirst ? 1 : 0])
    else { return nil }
    let rest = text.dropFirst(day.count + 1)
    return rest.isEmpty ? Stamp(local: date) : timed(date, rest)
  }

  /// Ten digits are seconds, 13 milliseconds, 16 microseconds, 19 nanoseconds: years 2001 to 2286.
  private static func epoch(_ text: ArraySlice<UInt8>) -> Stamp? {
    let units: [Int: Int64] = [10: 1_000_000_000, 13: 1_000_000, 16: 1000, 19: 1]
    guard let unit = units[text.count], let number = integer(text) else { return nil }
    let (local, overflow) = Int64(number).multipliedReportingOverflow(by: unit)
    return overflow ? nil : Stamp(local: local, clock: .zone(.utc), unit: unit)
  }

  // MARK: Parts

  /// Nanoseconds of a date's midnight since 1970, or nil where there is no such date.
  private static func date(_ year: ArraySlice<UInt8>, _ month: ArraySlice<UInt8>, _ day: ArraySlice<UInt8>) -> Int64? {
    guard let year = integer(year), let month = integer(month), let day = integer(day),
      let date = CalendarDate(year: year, month: month, day: day)
    else { return nil }
    let (local, overflow) = Int64(date.daysSinceEpoch).multipliedReportingOverflow(by: nanosecondsPerDay)
    return overflow ? nil : local
  }

  /// A date with `H:MM`, `HH:MM:SS` or `HH:MM:SS.fraction` behind it, `AM` or `PM`, and `Z` or an offset.
  private static func timed(_ date: Int64, _ text: ArraySlice<UInt8>) -> Stamp? {
    var rest = text
    func two() -> Int? { rest.count >= 2 ? integer(rest.prefix(2)) : nil }
    let hourDigits = rest.prefix { (48...57).contains($0) }
    guard (1...2).contains(hourDigits.count), var hour = integer(hourDigits), hour < 24 else { return nil }
    rest = rest.dropFirst(hourDigits.count)
    guard rest.popFirst() == UInt8(ascii: ":"), let minute = two(), minute < 60 else { return nil }
    rest = rest.dropFirst(2)
    var (second, nanosecond) = (0, Int64(0))
    if rest.first == UInt8(ascii: ":") {
      rest = rest.dropFirst()
      guard let found = two(), found <= 60 else { return nil }
      second = found
      rest = rest.dropFirst(2)
      if rest.first == UInt8(ascii: ".") {
        rest = rest.dropFirst()
        let fraction = rest.prefix { (48...57).contains($0) }
        guard (1...9).contains(fraction.count), let digits = integer(fraction) else { return nil }
        nanosecond = (fraction.count..<9).reduce(Int64(digits)) { digits, _ in digits * 10 }
        rest = rest.dropFirst(fraction.count)
      }
    }
    if let half = half(rest) {
      guard (1...12).contains(hour) else { return nil }
      hour = hour % 12 + half
      rest = []
    }
    let time = Int64(hour * 3600 + minute * 60 + second) * Instant.nanosecondsPerSecond + nanosecond
    let (local, overflow) = date.addingReportingOverflow(time)
    guard !overflow else { return nil }
    if rest.isEmpty { return Stamp(local: local) }
    if rest.elementsEqual([UInt8(ascii: "Z")]) { return Stamp(local: local, clock: .zone(.utc)) }
    guard let sign = rest.popFirst(), sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"), let hours = two(),
      hours < 24
    else { return nil }
    rest = rest.dropFirst(2)
    if rest.first == UInt8(ascii: ":") { rest = rest.dropFirst() }
    var minutes = 0
    if !rest.isEmpty {
      guard rest.count == 2, let found = two(), found < 60 else { return nil }
      minutes = found
    }
    let seconds = Int32(hours * 3600 + minutes * 60)
    return Stamp(local: local, clock: .offset(sign == UInt8(ascii: "-") ? -seconds : seconds))
  }

  /// 0 for `AM`, 12 for `PM`.
  private static func half(_ text: ArraySlice<UInt8>) -> Int? {
    switch String(decoding: text.drop { $0 == UInt8(ascii: " ") }, as: UTF8.self).lowercased() {
    case "am": 0
    case "pm": 12
    default: nil
    }
  }

  static func integer(_ digits: ArraySlice<UInt8>) -> Int? {
    guard !digits.isEmpty, digits.count <= 19 else { return nil }
    var value = 0
    for digit in digits {
      guard (48...57).contains(digit) else { return nil }
      let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carried) = tens.addingReportingOverflow(Int(digit - 48))
      guard !overflow, !carried else { return nil }
      value = sum
    }
    return value
  }
}

extension WallClock.Reading {
  /// Of nanoseconds since 1970 as a clock shows them.
  init(local: Int64) {
    let (day, rest) = local.quotientAndRemainder(dividingBy: StampText.nanosecondsPerDay)
    let date = CalendarDate(daysSinceEpoch: Int32(rest < 0 ? day - 1 : day))
    self.init(date: date, nanosecondOfDay: rest < 0 ? rest + StampText.nanosecondsPerDay : rest)
  }
}
