// Rows that are written plainly, many at a time.

import Market
import Text

/// Reads the rows of a buffer as far as they are written plainly: no quotes, no blanks around fields, numbers of digits with at most one point, stamps like that of
/// the first row. It is sure, or it declines: what it declines `BarTableReader` reads field by field, and says what is wrong.
struct PlainRows {
  /// What it took of a buffer.
  struct Passed {
    var bytes = 0
    var rows = 0
    /// Whether every stamp was a midnight.
    var areMidnights = true
  }

  /// What the columns of a row hold, in their order.
  private enum Content: Equatable {
    case ignored, stamp, symbol
    /// A number, by its place in a block.
    case number(Int)
  }

  private let contents: [Content]
  private let delimiter: UInt8
  private let way: StampText
  private let fileDate: Int64
  private let priceDivisor: Double
  private let block: Block
  /// The symbol of the last row, and its series.
  private var symbol: [UInt8] = []
  private var index = 0
  /// The last date as it was written, and its midnight.
  private var written: (UInt64, UInt16) = (0, 0)
  private var midnight: Int64 = 0

  /// nil where the rows of a plan are written in another way. `isAdjusted`: whether an adjusted close, where there is one, says the factor.
  init?(_ plan: TablePlan, isAdjusted: Bool, extraCount: Int) {
    let places = plan.groups[0].places
    guard plan.groups.count == 1, plan.numbers == .plain, places[.time] == nil, places[.stamp] != nil,
      [.iso, .epoch, .millisecondOfDay].contains(plan.stamp),
      [BarColumn.open, .high, .low, .close].allSatisfy({ places[$0] != nil })
    else { return nil }
    var contents = [Content](repeating: .ignored, count: plan.names.count)
    for (column, place) in places {
      guard contents.indices.contains(place) else { return nil }
      switch column {
      case .stamp: contents[place] = .stamp
      case .symbol: contents[place] = .symbol
      case .ignored, .time: break
      default: contents[place] = Block.slot(of: column).map(Content.number) ?? .ignored
      }
    }
    self.contents = contents
    delimiter = plan.delimiter
    way = plan.stamp
    fileDate = plan.fileDate
    priceDivisor = plan.priceDivisor
    block = Block(isAdjusted: isAdjusted && places[.adjustedClose] != nil, extraCount: extraCount)
  }

  /// Takes whole lines from the beginning of `text` until there are no more, or one is declined. `first`: the stamp that all others must be like.
  mutating func read(
    _ text: UnsafeBufferPointer<UInt8>, like first: Stamp, _ indexBySymbol: [String: Int],
    into series: inout [RawBars]
  ) -> Passed {
    guard let base = text.baseAddress, let last = text.lastIndex(of: 10), !series.isEmpty else {
      return Passed()
    }
    let end = UnsafePointer(base + last + 1)
    var passed = Passed()
    var room = self.room(series)
    let startsWithSymbol = contents.contains(.symbol)
    if !startsWithSymbol { index = 0 }
    var place = base
    // Every loop below ends at a line feed, the last of which stands before the end.
    rows: while place < end {
      var cursor = place
      var stamp = Stamp(local: 0)
      for column in contents.indices {
        switch contents[column] {
        case .ignored:
          if cursor.pointee == UInt8(ascii: "\"") { break rows }
          while cursor.pointee != delimiter, cursor.pointee != 10 { cursor += 1 }
        case .stamp:
          guard let found = self.stamp(&cursor, end, like: first) else { break rows }
          stamp = found
        case .symbol:
          let start = cursor
          while cursor.pointee != delimiter, cursor.pointee != 10, cursor.pointee != 13 { cursor += 1 }
          guard cursor > start else { break rows }
          let name = UnsafeBufferPointer(start: start, count: cursor - start)
          if !name.elementsEqual(symbol) {
            guard let other = indexBySymbol[String(decoding: name, as: UTF8.self)] else { break rows }
            block.flush(into: &series, index)
            (symbol, index) = (Array(name), other)
            room = self.room(series)
          }
        case .number(let slot):
          guard let value = PlainRows.number(&cursor) else { break rows }
          block.values[slot] = value
        }
        if column + 1 < contents.count {
          guard cursor.pointee == delimiter else { break rows }
          cursor += 1
        }
      }
      if cursor.pointee == 13 { cursor += 1 }
      guard cursor.pointee == 10 else { break rows }
      let isMidnight = stamp.local % StampText.nanosecondsPerDay == 0
      guard block.count < (isMidnight ? room.days : room.minutes),
        block.take(stamp, priceDivisor: priceDivisor, isNamed: first.clock != .unnamed)
      else { break rows }
      cursor += 1
      passed.bytes += cursor - place
      passed.rows += 1
      passed.areMidnights = passed.areMidnights && isMidnight
      place = cursor
      if block.isFull {
        block.flush(into: &series, index)
        room = self.room(series)
      }
    }
    block.flush(into: &series, index)
    return passed
  }

  /// How many rows more a series may have.
  private func room(_ series: [RawBars]) -> (days: Int, minutes: Int) {
    (CSVImporter.rowLimit - series[index].count, CSVImporter.minuteRowLimit - series[index].count)
  }

  // MARK: Fields

  /// Powers of ten that double precision holds exactly, as far as a mantissa of 2^53 has digits.
  private static let powers: InlineArray<18, Double> = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17,
  ]

  /// The number that `DecimalNumber` reads, where one exact integer over one exact power of ten gives it; nil for all others. Stands behind it then.
  @inline(__always) private static func number(_ cursor: inout UnsafePointer<UInt8>) -> Double? {
    let isNegative = cursor.pointee == UInt8(ascii: "-")
    if isNegative { cursor += 1 }
    var mantissa: UInt64 = 0
    let start = cursor
    while case let digit = cursor.pointee &- 48, digit < 10 {
      mantissa = mantissa &* 10 &+ UInt64(digit)
      cursor += 1
    }
    var digits = cursor - start
    var decimals = 0
    if cursor.pointee == UInt8(ascii: ".") {
      cursor += 1
      let point = cursor
      while case let digit = cursor.pointee &- 48, digit < 10 {
        mantissa = mantissa &* 10 &+ UInt64(digit)
        cursor += 1
      }
      decimals = cursor - point
      digits += decimals
    }
    guard digits > 0, digits < 18, mantissa <= 1 << 53 else { return nil }
    let magnitude = decimals == 0 ? Double(mantissa) : Double(mantissa) / powers[decimals]
    return isNegative ? -magnitude : magnitude
  }

  @inline(__always) private static func digits(_ cursor: inout UnsafePointer<UInt8>, _ count: Int) -> Int? {
    var number = 0
    for _ in 0..<count {
      let digit = cursor.pointee &- 48
      guard digit < 10 else { return nil }
      number = number * 10 + Int(digit)
      cursor += 1
    }
    return number
  }

  /// A stamp of the kind of the first; nil for all others. Stands behind it then.
  @inline(__always) private mutating func stamp(
    _ cursor: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, like first: Stamp
  ) -> Stamp? {
    switch way {
    case .epoch:
      let start = cursor
      var number: UInt64 = 0
      while case let digit = cursor.pointee &- 48, digit < 10, cursor - start < 19 {
        number = number &* 10 &+ UInt64(digit)
        cursor += 1
      }
      let unit: Int64
      switch cursor - start {
      case 10: unit = 1_000_000_000
      case 13: unit = 1_000_000
      case 16: unit = 1000
      case 19: unit = 1
      default: return nil
      }
      guard unit == first.unit, number <= UInt64(Int64.max) else { return nil }
      let (local, overflow) = Int64(number).multipliedReportingOverflow(by: unit)
      return overflow ? nil : Stamp(local: local, clock: first.clock, unit: unit)
    case .millisecondOfDay:
      let start = cursor
      var number: Int64 = 0
      while case let digit = cursor.pointee &- 48, digit < 10, cursor - start < 9 {
        number = number * 10 + Int64(digit)
        cursor += 1
      }
      guard cursor > start, number < 86_400_000 else { return nil }
      return Stamp(local: fileDate &+ number &* 1_000_000)
    default: return iso(&cursor, end, like: first)
    }
  }

  /// `2024-01-02`, with `09:30` or `09:30:00` behind it, and with `Z` or an offset where the first stamp has one.
  @inline(__always) private mutating func iso(
    _ cursor: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, like first: Stamp
  ) -> Stamp? {
    guard end - cursor > 10 else { return nil }
    let raw = UnsafeRawPointer(cursor)
    let date = (raw.loadUnaligned(as: UInt64.self), raw.loadUnaligned(fromByteOffset: 8, as: UInt16.self))
    if date == written {
      cursor += 10
    } else {
      guard let year = PlainRows.digits(&cursor, 4), cursor.pointee == UInt8(ascii: "-") else { return nil }
      cursor += 1
      guard let month = PlainRows.digits(&cursor, 2), cursor.pointee == UInt8(ascii: "-") else { return nil }
      cursor += 1
      guard let day = PlainRows.digits(&cursor, 2), (1700...2200).contains(year),
        let date = CalendarDate(year: year, month: month, day: day)
      else { return nil }
      midnight = Int64(date.daysSinceEpoch) * StampText.nanosecondsPerDay
      written = (raw.loadUnaligned(as: UInt64.self), raw.loadUnaligned(fromByteOffset: 8, as: UInt16.self))
    }
    var local = midnight
    let isNamed = first.clock != .unnamed
    if cursor.pointee == UInt8(ascii: " ") || cursor.pointee == UInt8(ascii: "T") {
      cursor += 1
      guard let hour = PlainRows.digits(&cursor, 2), hour < 24, cursor.pointee == UInt8(ascii: ":") else { return nil }
      cursor += 1
      guard let minute = PlainRows.digits(&cursor, 2), minute < 60 else { return nil }
      var second = 0
      if cursor.pointee == UInt8(ascii: ":") {
        cursor += 1
        guard let found = PlainRows.digits(&cursor, 2), found < 60 else { return nil }
        second = found
      }
      local += Int64(hour * 3600 + minute * 60 + second) * Instant.nanosecondsPerSecond
      guard isNamed else { return Stamp(local: local) }
      if cursor.pointee == UInt8(ascii: "Z") {
        cursor += 1
        return Stamp(local: local, clock: .zone(.utc))
      }
      let sign = cursor.pointee
      guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") else { return nil }
      cursor += 1
      guard let hours = PlainRows.digits(&cursor, 2), hours < 24 else { return nil }
      if cursor.pointee == UInt8(ascii: ":") { cursor += 1 }
      guard let minutes = PlainRows.digits(&cursor, 2), minutes < 60 else { return nil }
      let offset = Int32(hours * 3600 + minutes * 60)
      return Stamp(local: local, clock: .offset(sign == UInt8(ascii: "-") ? -offset : offset))
    }
    return isNamed ? nil : Stamp(local: local)
  }

  // MARK: Blocks

  /// A few rows of one series, column by column, before they join it.
  final class Block {
    private static let rowLimit = 512
    private static let (adjusted, split, payment, extra) = (5, 6, 7, 8)

    /// The numbers of the row that is being read, by slot.
    let values: UnsafeMutablePointer<Double>
    private let columns: UnsafeMutablePointer<Double>
    private let times: UnsafeMutablePointer<Int64>
    private let isAdjusted: Bool
    private let extraCount: Int
    private var isNamed = false
    private(set) var count = 0

    init(isAdjusted: Bool, extraCount: Int) {
      self.isAdjusted = isAdjusted
      self.extraCount = extraCount
      let slots = Block.extra + extraCount
      values = .allocate(capacity: slots)
      values.initialize(repeating: .nan, count: slots)
      // Where no column tells of them, nothing happens.
      (values[Block.split], values[Block.payment]) = (1, 0)
      columns = .allocate(capacity: slots * Block.rowLimit)
      columns.initialize(repeating: .nan, count: slots * Block.rowLimit)
      times = .allocate(capacity: 2 * Block.rowLimit)
      times.initialize(repeating: 0, count: 2 * Block.rowLimit)
    }

    deinit {
      values.deallocate()
      columns.deallocate()
      times.deallocate()
    }

    var isFull: Bool { count == Block.rowLimit }

    static func slot(of column: BarColumn) -> Int? {
      switch column {
      case .open: 0
      case .high: 1
      case .low: 2
      case .close: 3
      case .volume: 4
      case .adjustedClose: adjusted
      case .splitFactor: split
      case .payment: payment
      case .extra(let place): extra + place
      case .symbol, .stamp, .time, .ignored: nil
      }
    }

    /// Adds the row that was read; false where its clock has no such time, its factor is no number, or something happened to the share.
    @inline(__always) func take(_ stamp: Stamp, priceDivisor: Double, isNamed: Bool) -> Bool {
      guard values[Block.split] == 1 || values[Block.split] == 0, values[Block.payment] == 0 else { return false }
      var factor = 1.0
      if isAdjusted {
        factor = values[Block.adjusted] / values[3]
        guard factor.isFinite else { return false }
      }
      self.isNamed = isNamed
      times[count] = stamp.local
      switch stamp.clock {
      case .unnamed: break
      case .offset(let seconds):
        times[Block.rowLimit + count] = stamp.local - Int64(seconds) * Instant.nanosecondsPerSecond
      case .zone(.utc): times[Block.rowLimit + count] = stamp.local
      case .zone: return false
      }
      for slot in 0..<4 { columns[slot * Block.rowLimit + count] = values[slot] / priceDivisor }
      columns[4 * Block.rowLimit + count] = values[4]
      columns[Block.adjusted * Block.rowLimit + count] = factor
      for slot in Block.extra..<Block.extra + extraCount { columns[slot * Block.rowLimit + count] = values[slot] }
      count += 1
      return true
    }

    /// Hands its rows to a series.
    func flush(into series: inout [RawBars], _ index: Int) {
      guard count > 0 else { return }
      defer { count = 0 }
      guard series[index].isKept else {
        series[index].passed += count
        return
      }
      func column(_ slot: Int) -> UnsafeBufferPointer<Double> {
        UnsafeBufferPointer(start: columns + slot * Block.rowLimit, count: count)
      }
      series[index].local.append(contentsOf: UnsafeBufferPointer(start: times, count: count))
      if isNamed {
        series[index].instants.append(
          contentsOf: UnsafeBufferPointer(start: times + Block.rowLimit, count: count))
      }
      series[index].open.append(contentsOf: column(0))
      series[index].high.append(contentsOf: column(1))
      series[index].low.append(contentsOf: column(2))
      series[index].close.append(contentsOf: column(3))
      series[index].volume.append(contentsOf: column(4))
      if isAdjusted { series[index].factors.append(contentsOf: column(Block.adjusted)) }
      for place in 0..<extraCount { series[index].extra[place].append(contentsOf: column(Block.extra + place)) }
    }
  }
}
