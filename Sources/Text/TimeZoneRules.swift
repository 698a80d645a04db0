// What the clocks of a place show: the bytes of a time zone file, and the rule that goes on behind them.

/// The offsets of a time zone from UTC. Source: RFC 8536, "The Time Zone Information Format", versions 2 and later, with the rule of its footer as POSIX
/// writes it.
package struct TimeZoneRules: Sendable, Equatable {
  /// Moments in seconds since 1970 from which on an offset holds, ascending.
  private let transitions: [Int64]
  /// Offset in seconds east of UTC from the transition of the same place on.
  private let offsets: [Int]
  private let firstOffset: Int
  /// What holds behind the last transition; nil for its offset for ever.
  private let rule: Rule?

  /// Nil where the bytes are no such file.
  package init?(_ bytes: [UInt8]) {
    var reader = Reader(bytes)
    guard let first = Header(&reader), first.version >= 2, reader.skip(first.dataBytes(timeBytes: 4)),
      let header = Header(&reader), header.types > 0
    else { return nil }
    var transitions: [Int64] = []
    for _ in 0..<header.times {
      guard let time = reader.integer(bytes: 8) else { return nil }
      transitions.append(time)
    }
    guard let kinds = reader.take(header.times), zip(transitions, transitions.dropFirst()).allSatisfy({ $0 < $1 })
    else { return nil }
    var types: [Int] = []
    for _ in 0..<header.types {
      guard let offset = reader.integer(bytes: 4), abs(offset) < 200_000, reader.skip(2) else { return nil }
      types.append(Int(offset))
    }
    guard kinds.allSatisfy({ Int($0) < types.count }),
      reader.skip(header.characters + header.leaps * 12 + header.standards + header.universals),
      reader.integer(bytes: 1) == 10
    else { return nil }
    self.transitions = transitions
    offsets = kinds.map { types[Int($0)] }
    firstOffset = types[0]
    let footer = reader.rest.prefix { $0 != 10 }
    rule = Rule(Array(footer))
    if rule == nil, !footer.isEmpty { return nil }
  }

  /// Seconds east of UTC at a moment.
  package func offset(at moment: Int64) -> Int {
    guard let last = transitions.last, moment < last || rule == nil else {
      return rule?.offset(at: moment) ?? offsets.last ?? firstOffset
    }
    guard let place = transitions.lastIndex(where: { $0 <= moment }) else { return firstOffset }
    return offsets[place]
  }

  /// The moments at which clocks show a local time, given as the seconds since 1970 that it would be in UTC: none where clocks are set over it, two where they
  /// show it twice.
  package func moments(ofLocal local: Int64) -> [Int64] {
    let day: Int64 = 86_400
    let candidates = Set([offset(at: local - day), offset(at: local), offset(at: local + day)])
    return candidates.map { local - Int64($0) }.filter { $0 + Int64(offset(at: $0)) == local }.sorted()
  }

  // MARK: Parts

  private struct Header {
    let version: Int
    let universals, standards, leaps, times, types, characters: Int

    init?(_ reader: inout Reader) {
      guard reader.take(4) == Array("TZif".utf8), let version = reader.take(1)?.first, reader.skip(15) else {
        return nil
      }
      self.version = version == 0 ? 1 : Int(version) - 48
      var counts: [Int] = []
      for _ in 0..<6 {
        guard let count = reader.integer(bytes: 4), (0...100_000).contains(count) else { return nil }
        counts.append(Int(count))
      }
      (universals, standards, leaps) = (counts[0], counts[1], counts[2])
      (times, types, characters) = (counts[3], counts[4], counts[5])
    }

    func dataBytes(timeBytes: Int) -> Int {
      times * (timeBytes + 1) + types * 6 + characters + leaps * (timeBytes + 4) + standards + universals
    }
  }

  private struct Reader {
    private let bytes: [UInt8]
    private var place = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var rest: ArraySlice<UInt8> { bytes[place...] }

    mutating func take(_ count: Int) -> [UInt8]? {
      guard count >= 0, bytes.count - place >= count else { return nil }
      defer { place += count }
      return Array(bytes[place..<place + count])
    }

    mutating func skip(_ count: Int) -> Bool { take(count) != nil }

    /// Signed, the highest byte first.
    mutating func integer(bytes count: Int) -> Int64? {
      guard let taken = take(count) else { return nil }
      let value = taken.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      let shift = UInt64(64 - 8 * count)
      return Int64(bitPattern: value << shift) >> Int64(shift)
    }
  }

  /// `EST5EDT,M3.2.0,M11.1.0`: a zone whose clocks are set by the same rule every year.
  private struct Rule: Equatable {
    /// The day of a change, a weekday of a month, and the local second.
    struct Change: Equatable {
      let month, week, weekday, second: Int
    }

    let standard: Int
    let summer: (offset: Int, begins: Change, ends: Change)?

    static func == (one: Rule, other: Rule) -> Bool {
      one.standard == other.standard && one.summer?.offset == other.summer?.offset
        && one.summer?.begins == other.summer?.begins && one.summer?.ends == other.summer?.ends
    }

    init?(_ bytes: [UInt8]) {
      var text = Substring(String(decoding: bytes, as: UTF8.self))
      guard Rule.skipName(&text), let west = Rule.time(&text) else { return nil }
      standard = -west
      guard !text.isEmpty else {
        summer = nil
        return
      }
      guard Rule.skipName(&text) else { return nil }
      var offset = standard + 3600
      if text.first != "," {
        guard let west = Rule.time(&text) else { return nil }
        offset = -west
      }
      guard let begins = Rule.change(&text), let ends = Rule.change(&text), text.isEmpty else { return nil }
      summer = (offset, begins, ends)
    }

    /// A name of letters, or of anything between < and >.
    private static func skipName(_ text: inout Substring) -> Bool {
      if text.first == "<" {
        guard let end = text.firstIndex(of: ">") else { return false }
        text = text[text.index(after: end)...]
        return true
      }
      let letters = text.prefix { $0.isLetter }
      text = text.dropFirst(letters.count)
      return letters.count >= 3
    }

    /// `[+-]h[h][:mm[:ss]]` in seconds.
    private static func time(_ text: inout Substring) -> Int? {
      var sign = 1
      if let first = text.first, first == "+" || first == "-" {
        sign = first == "-" ? -1 : 1
        text = text.dropFirst()
      }
      let digits = text.prefix { $0.isNumber || $0 == ":" }
      text = text.dropFirst(digits.count)
      let parts = digits.split(separator: ":", omittingEmptySubsequences: false).compactMap { Int($0) }
      guard (1...3).contains(parts.count), parts.count == digits.count(where: { $0 == ":" }) + 1, parts[0] <= 167,
        parts.dropFirst().allSatisfy({ $0 < 60 })
      else { return nil }
      let whole = parts + [0, 0]
      return sign * (whole[0] * 3600 + whole[1] * 60 + whole[2])
    }

    /// `,Mm.w.d[/time]`.
    private static func change(_ text: inout Substring) -> Change? {
      guard text.hasPrefix(",M") else { return nil }
      text = text.dropFirst(2)
      let digits = text.prefix { $0.isNumber || $0 == "." }
      text = text.dropFirst(digits.count)
      let parts = digits.split(separator: ".").compactMap { Int($0) }
      guard parts.count == 3, (1...12).contains(parts[0]), (1...5).contains(parts[1]), (0...6).contains(parts[2]) else {
        return nil
      }
      var second = 7200
      if text.first == "/" {
        text = text.dropFirst()
        guard let time = time(&text) else { return nil }
        second = time
      }
      return Change(month: parts[0], week: parts[1], weekday: parts[2], second: second)
    }

    func offset(at moment: Int64) -> Int {
      guard let summer else { return standard }
      let year = UTCTime.year(ofDay: (moment + Int64(standard)).quotientRoundedDown(by: 86_400))
      let begins = Rule.moment(summer.begins, year) - Int64(standard)
      let ends = Rule.moment(summer.ends, year) - Int64(summer.offset)
      // In the south summer goes over the turn of the year.
      let isSummer = begins < ends ? (begins..<ends).contains(moment) : moment >= begins || moment < ends
      return isSummer ? summer.offset : standard
    }

    /// The local second since 1970 of a change.
    private static func moment(_ change: Change, _ year: Int) -> Int64 {
      let first = UTCTime.day(year: year, month: change.month, day: 1)
      let next =
        change.month == 12
        ? UTCTime.day(year: year + 1, month: 1, day: 1) : UTCTime.day(year: year, month: change.month + 1, day: 1)
      // 1970-01-01 was a Thursday; weekdays count from Sunday.
      let weekday = Int(((first + 4) % 7 + 7) % 7)
      var day = first + Int64((change.weekday - weekday + 7) % 7) + Int64(7 * (change.week - 1))
      while day >= next { day -= 7 }
      return day * 86_400 + Int64(change.second)
    }
  }
}

extension Int64 {
  fileprivate func quotientRoundedDown(by divisor: Int64) -> Int64 {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
  }
}
