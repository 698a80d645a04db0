// The rows of a table of options, one after the other, into chains.

import Kernels
import Market
import Text

/// Takes rows of a table apart and brings them together to a chain for each underlying. One thread uses it.
///
/// An object: a structure of so many texts and lists is copied, part after part, wherever a method that leaves it as it is takes it.
final class ChainRows {
  let plan: ChainPlan
  let at: Places
  let timing = ChainTiming()
  /// The underlying of all rows, where somebody said it.
  let named: String?
  let roots: Set<String>?
  let deliverables: [DeclaredDeliverable]
  /// The minute of all rows, where they do not say it; and the date.
  let fileMinute: ChainMinute?
  let fileDate: CalendarDate?
  /// A contract whose newest trade lies before is left out; nil where none is.
  let tradedSince: Instant?

  private(set) var faults: RowFaults
  /// All rows, those that were taken, and those that were left out for what they deliver.
  private(set) var rowCount = 0
  var takenCount = 0
  var otherDeliverables = 0
  private(set) var untraded = 0
  var underlyings: [String] = []
  var builders: [ChainBuilder] = []
  private var rowSpool: ChainRowSpool
  var lastUnderlying = -1
  var underlyingRow = ChainValue.none

  let fields: ChainFields
  private let bytePlaces = BytePlaces()
  let groups: [Group]
  /// The row that the builder gets: `ChainBuilder.rowHead` numbers, then the values.
  let out: RowBuffer
  var moments: [ChainMinute]
  var momentText: [UInt8] = []
  var dayText: [UInt8] = []
  var expiryText: [UInt8] = []
  var expiry: CalendarDate?
  var symbolTexts: [[UInt8]] = [[], [], []]
  var symbols: [OptionSymbol?] = [nil, nil, nil]
  var hasMoments = false
  var lastRoot: (underlying: String, expiry: CalendarDate, root: String)?
  /// Fields as they were written last, with what they said.
  var rootText: (bytes: [UInt8], root: String)?
  var underlyingText: (bytes: [UInt8], name: String)?
  var multiplierText: [UInt8] = []
  /// The row's multiplier where it is not a hundred.
  var otherMultiplier: Int?
  var currencyText: [UInt8] = []
  /// The root of the last row, the underlying that it was of, its builder, and its number there.
  var lastSeries: (root: String, underlying: String, builder: Int, number: Int)?

  /// A column of a group: where it stands in a row of the table and of the builder, and how it is written.
  struct Cell {
    enum Kind { case ticks, dividedPrice, whole, float }
    let place: Int
    let column: Int
    let kind: Kind
  }

  /// A group of the plan as every row needs it.
  final class Group {
    let side: ChainField.Side
    let snapshot: Int
    let symbol: Int?
    /// The columns that it has; `isWhole` where those are all.
    let cells: UnsafeMutableBufferPointer<Cell>
    let isWhole: Bool
    /// Where both sizes stand in one field, and in the builder's row; -1 for one that it has not.
    let sizes: Int?
    let bidSize, askSize: Int
    let openInterest, underlying: Int?
    let underlyingSides: (bid: Int, ask: Int)?

    init(_ group: ChainPlan.Group, _ plan: ChainPlan) {
      (side, snapshot, symbol) = (group.side, group.snapshot, plan.place(.symbol(group.side)))
      let price: Cell.Kind = plan.priceDivisor > 1 ? .dividedPrice : .ticks
      let found = plan.columns.enumerated().compactMap { index, column in
        group.places[index] < 0
          ? nil
          : Cell(
            place: group.places[index], column: ChainBuilder.rowHead + index,
            kind: column.isFloat ? .float : column.isPrice ? price : .whole)
      }
      cells = .allocate(capacity: found.count)
      _ = cells.initialize(from: found)
      isWhole = found.count == plan.columns.count
      func column(_ column: ChainColumn) -> Int {
        plan.columns.firstIndex(of: column).map { $0 + ChainBuilder.rowHead } ?? -1
      }
      (sizes, bidSize, askSize) = (group.sizes, column(.bidSize), column(.askSize))
      (openInterest, underlying, underlyingSides) = (group.openInterest, group.underlying, group.underlyingSides)
    }

    deinit { cells.deallocate() }
  }

  final class RowBuffer {
    let numbers: UnsafeMutableBufferPointer<Int32>

    init(valueCount: Int) {
      numbers = .allocate(capacity: ChainBuilder.rowHead + valueCount)
      numbers.initialize(repeating: ChainValue.none)
    }

    deinit { numbers.deallocate() }
  }

  /// Where the columns stand that every row is asked for.
  struct Places {
    let stamp, date, millisecond, expiry, strike, right, root, underlying, last: Int?
    let multiplier, currency, deliveryCode, lastTrade: Int?
    private let rowSymbol, callSymbol, putSymbol: Int?

    init(_ plan: ChainPlan) {
      (stamp, date, millisecond) = (plan.place(.stamp), plan.place(.date), plan.place(.millisecondOfDay))
      (expiry, strike, right) = (plan.place(.expiry), plan.place(.strike), plan.place(.right))
      (root, underlying, last) = (plan.place(.root), plan.place(.underlying), plan.place(.row(.last)))
      (multiplier, currency) = (plan.place(.multiplier), plan.place(.currency))
      (deliveryCode, lastTrade) = (plan.place(.deliveryCode), plan.place(.lastTrade))
      (rowSymbol, callSymbol, putSymbol) = (
        plan.place(.symbol(.row)), plan.place(.symbol(.call)), plan.place(.symbol(.put))
      )
    }

    func symbol(_ side: ChainField.Side) -> Int? { side == .row ? rowSymbol : side == .call ? callSymbol : putSymbol }
  }

  /// More than any underlying has had.
  static let contractLimit = 2_000_000

  init(
    _ plan: ChainPlan, path: String, underlying: String?, roots: Set<String>?,
    deliverables: [DeclaredDeliverable] = [], minute: ChainMinute?, date: CalendarDate?, tradedSince: Instant? = nil,
    spool: Spool? = nil
  ) {
    self.plan = plan
    at = Places(plan)
    named = underlying
    self.roots = roots
    self.deliverables = deliverables
    fileMinute = minute
    fileDate = date
    self.tradedSince = tradedSince
    rowSpool = ChainRowSpool(spool)
    faults = RowFaults(path: path)
    fields = ChainFields(delimiter: plan.delimiter, count: plan.names.count, wanted: Set(plan.places.values))
    groups = plan.groups.map { Group($0, plan) }
    out = RowBuffer(valueCount: plan.columns.count)
    moments = plan.layout.moments.map { _ in
      minute ?? ChainMinute(date: CalendarDate(daysSinceEpoch: 0), minute: 0, isExtendedHours: false)
    }
  }

  /// Takes the rows of all lines that end in `text`. `line`: how many lines stand before it.
  func take(linesOf text: UnsafeBufferPointer<UInt8>, after line: Int) -> (bytes: Int, lines: Int) {
    var (start, lines) = (0, 0)
    while start < text.count {
      let rest = UnsafeBufferPointer(rebasing: text[start...])
      let looked = bytePlaces.find(plan.delimiter, orLineFeedIn: rest, seeing: UInt8(ascii: "\""))
      // A line that is longer than what was looked at.
      guard bytePlaces.lineCount > 0 else {
        guard let end = TableLines.lineFeed(in: text, from: start + looked) else { break }
        take(text, start..<end, line: line + lines + 1)
        (start, lines) = (end + 1, lines + 1)
        continue
      }
      let from = start
      for place in 0..<bytePlaces.lineCount {
        let bounds = bytePlaces.bounds(ofLine: place)
        let range = start..<from + Int(bounds[bounds.count - 1])
        lines += 1
        if bytePlaces.hasSeen {
          take(text, range, line: line + lines)
        } else {
          take(text, range, line: line + lines) { $0.take(text, bounds: bounds, from: from) }
        }
        start = range.upperBound + 1
      }
    }
    return (start, lines)
  }

  /// Takes the row of a line; of an empty one nothing.
  func take(_ buffer: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, line: Int) {
    take(buffer, range, line: line) { $0.take(buffer, range) }
  }

  /// The same; `find` notes where its fields lie.
  @inline(__always)
  private func take(
    _ buffer: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, line: Int, _ find: (ChainFields) -> TableProblem?
  ) {
    let whole = FixedPoint.trimmed(buffer, range.lowerBound, range.upperBound)
    guard whole.start < whole.end else { return }
    rowCount += 1
    if let problem = find(fields) {
      faults.add(problem, line: line)
    } else if let (problem, place) = row(buffer) {
      faults.add(problem, column: place < 0 ? "" : plan.name(place), line: line)
    }
  }

  /// Sets rows aside where memory has no room for more.
  func relieve() throws(StorageError) { try rowSpool.relieve(&builders) }

  /// The chains of all rows that were taken; nil for one that is too large for its rows.
  func finish() throws(StorageError) -> [ShelvedChain]? { try rowSpool.finish(&builders) }

  var repeatedRows: Int { builders.reduce(0) { $0 + $1.repeatedRows } }

  // MARK: Fields

  func text(_ buffer: UnsafeBufferPointer<UInt8>, _ place: Int) -> String { fields.text(buffer, place) }

  /// A field as a message may show it.
  func shown(_ buffer: UnsafeBufferPointer<UInt8>, _ place: Int) -> String {
    String(text(buffer, place).prefix(40))
  }

  func isEmpty(_ place: Int?) -> Bool { place.map { fields.isEmpty($0) } ?? true }

  // MARK: Rows

  /// Adds what a row says. Returns what is wrong with it and in which column.
  func row(_ buffer: UnsafeBufferPointer<UInt8>) -> (TableProblem, Int)? {
    if let roots, let place = at.symbol(.row) {
      let root = text(buffer, place).dropFirst(plan.layout.symbolPrefix?.utf8.count ?? 0).dropLast(15)
      guard roots.contains(root.trimmingSuffix(" ")) else { return nil }
    }
    if plan.layout.hasUnderlyingRow, isEmpty(at.expiry), isEmpty(at.strike) {
      if let place = at.last,
        case .value(let price) = FixedPoint.read(buffer, fields.start(place), fields.end(place), decimals: 4),
        let price = Int32(exactly: price)
      {
        underlyingRow = price
      }
      return nil
    }
    if let tradedSince, let place = at.lastTrade {
      let stamp = plan.stampWay.read(fields.bytes(buffer, place)[...])
      guard let traded = stamp.flatMap({ timing.instant($0, zone: plan.layout.zone) }), traded >= tradedSince else {
        untraded += 1
        return nil
      }
    }
    if let problem = moment(buffer) { return problem }
    if let problem = terms(buffer) { return problem }
    for group in groups {
      if let problem = add(buffer, group) { return problem }
    }
    return nil
  }

  /// What stands in a row besides prices and must be as it always is.
  func terms(_ buffer: UnsafeBufferPointer<UInt8>) -> (TableProblem, Int)? {
    otherMultiplier = nil
    if let place = at.multiplier, !isEmpty(place), !fields.isSame(buffer, place, multiplierText) {
      let word = text(buffer, place)
      if ["REGULAR", "100", "100.0", "100.00"].contains(word) {
        multiplierText = fields.bytes(buffer, place)
      } else if let units = deliverables.first(where: { word == "\($0.units)" || word == "\($0.units).0" })?.units {
        // Right for one of the declared roots: of which the row is shows later.
        otherMultiplier = units
      } else {
        return (.chain(.multiplier(shown(buffer, place))), place)
      }
    }
    if let place = at.currency, !isEmpty(place), !fields.isSame(buffer, place, currencyText) {
      guard text(buffer, place) == "USD" else { return (.chain(.currency(shown(buffer, place))), place) }
      currencyText = fields.bytes(buffer, place)
    }
    return nil
  }

  /// Finds the minutes of a row: mostly they are those of the row before.
  func moment(_ buffer: UnsafeBufferPointer<UInt8>) -> (TableProblem, Int)? {
    if fileMinute != nil { return nil }
    let millisecond = at.millisecond
    if let fileDate {
      guard !hasMoments else { return nil }
      return set(date: fileDate, text: fileDate.description, place: -1)
    }
    guard let place = at.stamp ?? at.date else { return (.chain(.noMoment), -1) }
    let isSameDay = fields.isSame(buffer, place, momentText)
    if hasMoments, isSameDay, millisecond.map({ fields.isSame(buffer, $0, dayText) }) ?? true { return nil }
    hasMoments = false
    guard let stamp = plan.stampWay.read(fields.bytes(buffer, place)[...]) else {
      return (.notADate(shown(buffer, place)), place)
    }
    var local = stamp
    if let millisecond {
      guard
        case .value(let count) = FixedPoint.read(
          buffer, fields.start(millisecond), fields.end(millisecond), decimals: 0),
        (0..<86_400_000).contains(count)
      else { return (.notANumber(shown(buffer, millisecond)), millisecond) }
      let (sum, overflow) = local.local.addingReportingOverflow(Int64(count) * 1_000_000)
      guard !overflow else { return (.notADate(shown(buffer, place)), place) }
      local.local = sum
    }
    // A date alone is a day, whatever its layout stamps.
    let isDay =
      at.stamp == nil && millisecond == nil
      || fields.end(place) - fields.start(place) <= 10 && stamp.unit == 0 && millisecond == nil
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
    momentText = fields.bytes(buffer, place)
    if let millisecond { dayText = fields.bytes(buffer, millisecond) }
    hasMoments = true
    return nil
  }

  /// Sets the moments of a line of which the date alone is known.
  func set(date: CalendarDate, text: String, place: Int) -> (TableProblem, Int)? {
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
