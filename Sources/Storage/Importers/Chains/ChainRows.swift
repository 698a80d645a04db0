// The rows of a table of options, one after the other, into chains.

import Market
import Text

/// Takes rows of a table apart and brings them together to a chain for each underlying.
struct ChainRows {
  let plan: ChainPlan
  let at: Places
  let timing = ChainTiming()
  /// The underlying of all rows, where somebody said it.
  let named: String?
  let roots: Set<String>?
  /// The minute of all rows, where they do not say it; and the date.
  let fileMinute: ChainMinute?
  let fileDate: CalendarDate?

  private(set) var faults: RowFaults
  /// All rows, those that were taken, and those that were left out for what they deliver.
  private(set) var rowCount = 0
  var takenCount = 0
  var otherDeliverables = 0
  var underlyings: [String] = []
  var builders: [ChainBuilder] = []
  var lastUnderlying = -1
  var underlyingRow = ChainValue.none

  var starts: [Int]
  var ends: [Int]
  var slow: TableFields
  var values: [Int32]
  var moments: [ChainMinute]
  var momentText: [UInt8] = []
  var dayText: [UInt8] = []
  var expiryText: [UInt8] = []
  var expiry: CalendarDate?
  var symbolTexts: [[UInt8]] = [[], [], []]
  var symbols: [OptionSymbol?] = [nil, nil, nil]
  var line = 0
  var hasMoments = false
  var lastRoot: (underlying: String, expiry: CalendarDate, root: String)?

  /// Where the columns stand that every row is asked for.
  struct Places {
    let stamp, date, millisecond, expiry, strike, right, root, underlying, last: Int?
    let multiplier, currency, deliveryCode: Int?
    private let rowSymbol, callSymbol, putSymbol: Int?

    init(_ plan: ChainPlan) {
      (stamp, date, millisecond) = (plan.place(.stamp), plan.place(.date), plan.place(.millisecondOfDay))
      (expiry, strike, right) = (plan.place(.expiry), plan.place(.strike), plan.place(.right))
      (root, underlying, last) = (plan.place(.root), plan.place(.underlying), plan.place(.row(.last)))
      (multiplier, currency) = (plan.place(.multiplier), plan.place(.currency))
      deliveryCode = plan.place(.deliveryCode)
      (rowSymbol, callSymbol, putSymbol) = (
        plan.place(.symbol(.row)), plan.place(.symbol(.call)), plan.place(.symbol(.put))
      )
    }

    func symbol(_ side: ChainField.Side) -> Int? { side == .row ? rowSymbol : side == .call ? callSymbol : putSymbol }
  }

  /// More than any underlying has had.
  static let contractLimit = 2_000_000

  init(
    _ plan: ChainPlan, path: String, underlying: String?, roots: Set<String>?, minute: ChainMinute?,
    date: CalendarDate?
  ) {
    self.plan = plan
    at = Places(plan)
    named = underlying
    self.roots = roots
    fileMinute = minute
    fileDate = date
    faults = RowFaults(path: path)
    starts = [Int](repeating: 0, count: plan.names.count)
    ends = starts
    slow = TableFields(delimiter: plan.delimiter)
    values = [Int32](repeating: ChainValue.none, count: plan.columns.count)
    moments = plan.layout.moments.map { _ in
      minute ?? ChainMinute(date: CalendarDate(daysSinceEpoch: 0), minute: 0, isExtendedHours: false)
    }
  }

  mutating func take(_ bytes: [UInt8], _ range: Range<Int>, line: Int) {
    self.line = line
    rowCount += 1
    let problem = bytes.withUnsafeBufferPointer { buffer -> (TableProblem, Int)? in
      if let problem = split(buffer, range, bytes) { return (problem, -1) }
      return row(buffer)
    }
    if let (problem, place) = problem {
      faults.add(problem, column: place < 0 ? "" : plan.name(place), line: line)
    }
  }

  /// The chains of all rows that were taken; nil for one that is too large for its rows.
  mutating func finish() -> [OptionChain]? {
    var chains: [OptionChain] = []
    for place in builders.indices {
      guard let chain = builders[place].finish() else { return nil }
      chains.append(chain)
    }
    return chains
  }

  var repeatedRows: Int { builders.reduce(0) { $0 + $1.repeatedRows } }

  // MARK: Fields

  mutating func split(
    _ buffer: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ bytes: [UInt8]
  ) -> TableProblem? {
    let delimiter = plan.delimiter
    var (count, cursor) = (0, range.lowerBound)
    let (end, expected) = (range.upperBound, plan.names.count)
    while true {
      while cursor < end, buffer[cursor] == 32 { cursor += 1 }
      let start = cursor
      while cursor < end, buffer[cursor] != delimiter {
        if buffer[cursor] == UInt8(ascii: "\"") { return splitQuoted(range, bytes) }
        cursor += 1
      }
      if count < expected {
        let field = FixedPoint.trimmed(buffer, start, cursor)
        starts[count] = field.start
        ends[count] = field.end
      }
      count += 1
      guard cursor < end else { break }
      cursor += 1
    }
    return count == expected ? nil : .fieldCount(expected: expected, found: count)
  }

  mutating func splitQuoted(_ range: Range<Int>, _ bytes: [UInt8]) -> TableProblem? {
    if let problem = slow.take(bytes, range) { return problem }
    guard slow.count == plan.names.count, slow.fields.count == slow.count else {
      return .fieldCount(expected: plan.names.count, found: slow.count)
    }
    for (place, field) in slow.fields.enumerated() { (starts[place], ends[place]) = (field.start, field.end) }
    return nil
  }

  func text(_ buffer: UnsafeBufferPointer<UInt8>, _ place: Int) -> String {
    String(decoding: buffer[starts[place]..<ends[place]], as: UTF8.self)
  }

  /// A field as a message may show it.
  func shown(_ buffer: UnsafeBufferPointer<UInt8>, _ place: Int) -> String {
    String(text(buffer, place).prefix(40))
  }

  func isEmpty(_ place: Int?) -> Bool { place.map { starts[$0] == ends[$0] } ?? true }

  func isSame(_ buffer: UnsafeBufferPointer<UInt8>, _ place: Int, _ last: [UInt8]) -> Bool {
    let count = ends[place] - starts[place]
    guard count == last.count else { return false }
    let start = starts[place]
    for offset in 0..<count where buffer[start + offset] != last[offset] { return false }
    return true
  }

  func bytes(_ buffer: UnsafeBufferPointer<UInt8>, _ place: Int) -> [UInt8] {
    Array(buffer[starts[place]..<ends[place]])
  }

  // MARK: Rows

  /// Adds what a row says. Returns what is wrong with it and in which column.
  mutating func row(_ buffer: UnsafeBufferPointer<UInt8>) -> (TableProblem, Int)? {
    let layout = plan.layout
    if let roots, let place = at.symbol(.row) {
      let root = text(buffer, place).dropFirst(layout.symbolPrefix?.utf8.count ?? 0).dropLast(15)
      guard roots.contains(root.trimmingSuffix(" ")) else { return nil }
    }
    if layout.hasUnderlyingRow, isEmpty(at.expiry), isEmpty(at.strike) {
      if let place = at.last, case .value(let price) = FixedPoint.read(buffer, starts[place], ends[place], decimals: 4),
        let price = Int32(exactly: price)
      {
        underlyingRow = price
      }
      return nil
    }
    if let problem = moment(buffer) { return problem }
    if let problem = terms(buffer) { return problem }
    for group in plan.groups {
      if let problem = add(buffer, group) { return problem }
    }
    return nil
  }

  /// What stands in a row besides prices and must be as it always is.
  mutating func terms(_ buffer: UnsafeBufferPointer<UInt8>) -> (TableProblem, Int)? {
    if let place = at.multiplier, !isEmpty(place) {
      let word = text(buffer, place)
      guard ["REGULAR", "100", "100.0", "100.00"].contains(word) else {
        return (.chain(.multiplier(shown(buffer, place))), place)
      }
    }
    if let place = at.currency, !isEmpty(place), text(buffer, place) != "USD" {
      return (.chain(.currency(shown(buffer, place))), place)
    }
    return nil
  }

  /// Finds the minutes of a row: mostly they are those of the row before.
  mutating func moment(_ buffer: UnsafeBufferPointer<UInt8>) -> (TableProblem, Int)? {
    if fileMinute != nil { return nil }
    let millisecond = at.millisecond
    if let fileDate {
      guard !hasMoments else { return nil }
      return set(date: fileDate, text: fileDate.description, place: -1)
    }
    guard let place = at.stamp ?? at.date else { return (.chain(.noMoment), -1) }
    let isSameDay = isSame(buffer, place, momentText)
    if hasMoments, isSameDay, millisecond.map({ isSame(buffer, $0, dayText) }) ?? true { return nil }
    hasMoments = false
    guard let stamp = plan.stampWay.read(bytes(buffer, place)[...]) else {
      return (.notADate(shown(buffer, place)), place)
    }
    var local = stamp
    if let millisecond {
      guard case .value(let count) = FixedPoint.read(buffer, starts[millisecond], ends[millisecond], decimals: 0),
        (0..<86_400_000).contains(count)
      else { return (.notANumber(shown(buffer, millisecond)), millisecond) }
      let (sum, overflow) = local.local.addingReportingOverflow(Int64(count) * 1_000_000)
      guard !overflow else { return (.notADate(shown(buffer, place)), place) }
      local.local = sum
    }
    // A date alone is a day, whatever its layout stamps.
    let isDay =
      at.stamp == nil && millisecond == nil
      || ends[place] - starts[place] <= 10 && stamp.unit == 0 && millisecond == nil
    if isDay {
      if let problem = set(
        date: WallClock.Reading(local: local.local).date, text: shown(buffer, place), place: place)
      {
        return problem
      }
    } else {
      guard let instant = timing.instant(local, zone: plan.layout.zone) else {
        return (.noSuchTime(shown(buffer, place)), place)
      }
      switch timing.minute(at: instant, isEnd: plan.layout.moments[0] != .stampStart) {
      case .success(let minute): moments[0] = minute
      case .failure(let failure): return (failure.problem(shown(buffer, place)), place)
      }
    }
    momentText = bytes(buffer, place)
    if let millisecond { dayText = bytes(buffer, millisecond) }
    hasMoments = true
    return nil
  }

  /// Sets the moments of a line of which the date alone is known.
  mutating func set(date: CalendarDate, text: String, place: Int) -> (TableProblem, Int)? {
    for (snapshot, moment) in plan.layout.moments.enumerated() {
      var before = 0
      if case .beforeClose(let minutes) = moment { before = minutes }
      switch timing.minute(of: date, beforeClose: before) {
      case .success(let minute): moments[snapshot] = minute
      case .failure(let failure): return (failure.problem(text), place)
      }
    }
    hasMoments = true
    return nil
  }
}

extension StringProtocol {
  fileprivate func trimmingSuffix(_ character: Character) -> String {
    var text = Substring(self)
    while text.last == character { text.removeLast() }
    return String(text)
  }
}
