// The rows of a table of bars, by a plan.

import Market
import Text

/// What a table holds, before it is known when its bars were.
struct RawTable {
  var plan: TablePlan
  var series: [RawBars]
  /// What was left out, each with its reason.
  var notes: [String]
  /// Where the rows lie that are not in memory; nil where all are.
  var spool: Spool?
}

/// One pass over the text of a bar table. No byte sequence makes it trap; every error names line and column.
struct BarTableReader {
  private let path: String
  private let extraColumns: [String]
  private let declaredAdjustment: PriceAdjustment?
  /// The symbols that are asked for; nil for all.
  private let kept: Set<String>?
  let plan: TablePlan
  /// nil where rows are written in another way, and how often none at all was written plainly.
  private var plainRows: PlainRows?
  private let spool: Spool?
  private var declined = 0
  /// The line at which it was asked last how much memory the rows take.
  private var askedLine = 0
  private var lines: TableLines
  private var fields: TableFields
  private var faults: RowFaults
  private var series: [RawBars] = []
  private var indexBySymbol: [String: Int] = [:]
  /// A stamp that names its clock, or an epoch's unit, where the first row does: all rows do then.
  private var firstStamp: Stamp?
  /// Whether every stamp so far is a midnight.
  private var isMidnight = false
  /// Lines of rows that have no price at all, with their dates.
  private var withoutPrices: [String] = []
  /// A line that is a note, and no row has followed yet.
  private var noteLine: (number: Int, fields: Int)?

  /// Reads the head. Traps on an extra column whose name is not one.
  ///
  /// `kept`: the symbols that are asked for, of a table that names them; nil for all. `readsPlainRows`: the same numbers either way.
  /// `spool`: where rows beyond its budget are set aside.
  init(
    _ pieces: TextPieces, declared: BarDeclarations = BarDeclarations(), extraColumns: [String] = [],
    kept: Set<String>? = nil, readsPlainRows: Bool = true, spool: Spool? = nil
  ) throws(StorageError) {
    for name in extraColumns { precondition(ExtraColumn.isName(name), "a column cannot be named '\(name)'") }
    path = pieces.path
    self.extraColumns = extraColumns
    declaredAdjustment = declared.adjustment
    self.kept = kept
    self.spool = spool
    var lines = try TableLines(pieces)
    let head = try lines.head(TableHead.lineCount)
    // A line without an end is no header either.
    if head.count == 1, head[0].count >= TableLines.headBytes { _ = try lines.next() }
    plan = try TableHead(head, path: path, declared: declared, extraColumns: extraColumns).plan()
    self.lines = lines
    fields = TableFields(delimiter: plan.delimiter)
    faults = RowFaults(path: path)
    plainRows =
      readsPlainRows ? PlainRows(plan, isAdjusted: declared.adjustment != .all, extraCount: extraColumns.count) : nil
  }

  /// Reads every row. Throws all that is wrong with them at once.
  mutating func read() throws(StorageError) -> RawTable {
    for _ in 0..<plan.linesBefore where lines.number < plan.linesBefore { _ = try lines.next() }
    if plan.place(.symbol) == nil {
      series = plan.groups.map { RawBars(symbol: $0.symbol ?? plan.fileSymbol ?? "", extraCount: extraColumns.count) }
    }
    while true {
      readPlainRows()
      try setAside()
      guard try nextRow() else { break }
      try readRow()
    }
    if let error = faults.error { throw error }
    guard series.contains(where: { $0.rowCount > 0 }) else { throw problem(.noRows, line: 0) }
    return RawTable(plan: plan, series: series, notes: notes, spool: spool)
  }

  /// Reads as many of the rows at hand as are written plainly, like the first.
  private mutating func readPlainRows() {
    guard var rows = plainRows, let first = firstStamp, noteLine == nil else { return }
    // The columns change hands, so that they are changed in place.
    var taken: [RawBars] = []
    swap(&taken, &series)
    plainRows = nil
    var areMidnights = true
    let known = indexBySymbol
    let count = lines.pass { text in
      let passed = rows.read(text, like: first, known, into: &taken)
      areMidnights = passed.areMidnights
      return (passed.bytes, passed.rows)
    }
    swap(&taken, &series)
    isMidnight = isMidnight && areMidnights
    declined = count == 0 ? declined + 1 : 0
    // Where nothing ever is, it is not asked for each row.
    plainRows = declined < BarTableReader.declinedLimit ? rows : nil
  }

  private static let declinedLimit = 1000

  /// Sets rows aside where all together take more than stays in memory. Asked now and then.
  private mutating func setAside() throws(StorageError) {
    guard let spool, lines.number - askedLine >= BarTableReader.askedLines else { return }
    askedLine = lines.number
    // Of many symbols each gathers some rows first: to write and fetch a few at a time takes long.
    let budgetBytes = max(spool.budgetBytes, series.count * BarTableReader.leastAsideBytes)
    guard series.reduce(0, { $0 + $1.bytes }) > budgetBytes, faults.count == 0 else { return }
    for place in series.indices { try series[place].setAside(on: spool) }
  }

  private static let askedLines = 4096
  private static let leastAsideBytes = 4096

  private var notes: [String] {
    var notes: [String] = []
    if plan.notesAbove > 0 {
      notes.append("line \(plan.notesAbove + 1) is the header; what stands above it was not read")
    }
    if let evidence = plan.dateEvidence { notes.append(evidence) }
    if let noteLine { notes.append("line \(noteLine.number), below the rows, is a note and was not read") }
    if let first = withoutPrices.first, let last = withoutPrices.last {
      let dates = withoutPrices.count > 8 ? "\(first) to \(last)" : withoutPrices.joined(separator: ", ")
      notes.append(
        "\(withoutPrices.count) row\(withoutPrices.count == 1 ? "" : "s") without any price left out: \(dates)")
    }
    return notes
  }

  // MARK: Lines

  /// Moves to the next row; false if nothing but empty lines is left. Throws if a row follows an empty line, or there are as many as no table has rows.
  private mutating func nextRow() throws(StorageError) -> Bool {
    guard try lines.next() else { return false }
    guard lines.isEmpty else { return true }
    let first = lines.number
    while try lines.next() {
      guard lines.isEmpty, lines.number - first < CSVImporter.rowLimit else {
        if isNote { return true }
        throw problem(.emptyLine, line: first)
      }
    }
    return false
  }

  /// Whether the current line is a sentence: three words of letters, blanks between them.
  private var isNote: Bool {
    let words = lines.bytes[lines.line].split { $0 == UInt8(ascii: " ") }
    return words.count { $0.count > 1 && $0.allSatisfy { (65...90).contains($0 & 0xdf) || $0 == UInt8(ascii: ".") } }
      >= 3
  }

  private mutating func readRow() throws(StorageError) {
    let line = lines.number
    if let problem = fields.take(lines.bytes, lines.line) {
      faults.add(problem, line: line)
      return
    }
    if fields.count != plan.names.count {
      if isNote, noteLine == nil {
        noteLine = (line, fields.count)
      } else if !isNote {
        faults.add(.fieldCount(expected: plan.names.count, found: fields.count), line: line)
      }
      return
    }
    if let note = noteLine {
      faults.add(.fieldCount(expected: plan.names.count, found: note.fields), line: note.number)
      noteLine = nil
    }
    if plan.layout.bareRow == nil, let place = plan.place(.close), text(place) == plan.names[place] {
      faults.add(.headerAgain, line: line)
      return
    }
    guard let stamp = stamp() else { return }
    for group in plan.groups.indices {
      guard let index = try index(ofGroup: group) else { continue }
      try readBar(group, into: index, at: stamp)
    }
  }

  private func bytes(_ place: Int) -> ArraySlice<UInt8> {
    lines.bytes[fields.fields[place].start..<fields.fields[place].end]
  }

  private func text(_ place: Int) -> String { fields.text(place, of: lines.bytes) }

  /// The date as the row writes it.
  private var date: String { plan.place(.stamp).map { shortened(text($0)) } ?? "" }

  private mutating func add(_ problem: TableProblem, _ column: BarColumn, group: Int = 0) {
    faults.add(
      problem, column: shortened(plan.name(column, group: group)), line: lines.number,
      date: column == .stamp ? "" : date)
  }

  // MARK: Stamps

  private mutating func stamp() -> Stamp? {
    guard let place = plan.place(.stamp) else { return Stamp(local: plan.fileDate) }
    var written = Array(bytes(place))
    if let time = plan.place(.time) { written += [UInt8(ascii: " ")] + bytes(time) }
    guard var stamp = plan.stamp.read(written[...]) else {
      add(.notADate(shortened(text(place))), .stamp)
      return nil
    }
    stamp.local += plan.fileDate
    guard let first = firstStamp else {
      firstStamp = stamp
      isMidnight = stamp.local % StampText.nanosecondsPerDay == 0
      return stamp
    }
    defer { isMidnight = isMidnight && stamp.local % StampText.nanosecondsPerDay == 0 }
    if (first.clock == .unnamed) != (stamp.clock == .unnamed), isMidnight {
      // Midnights are dates, whatever clock some of them name; so is the date of a last row that has the time of its download.
      firstStamp?.clock = .unnamed
      for place in series.indices { series[place].forgetInstants() }
      stamp.clock = .unnamed
      return stamp
    }
    guard (first.clock == .unnamed) == (stamp.clock == .unnamed), first.unit == stamp.unit else {
      add(.otherStamps(shortened(text(place))), .stamp)
      return nil
    }
    return stamp
  }

  /// The instant of a stamp that names its clock; nil where that clock has no such time.
  private func instant(_ stamp: Stamp) -> Int64? {
    switch stamp.clock {
    case .unnamed: return nil
    case .offset(let seconds):
      let (instant, overflow) = stamp.local.subtractingReportingOverflow(
        Int64(seconds) * Instant.nanosecondsPerSecond)
      // A bar may begin a minute before its stamp.
      return overflow || instant < .min + Instant.nanosecondsPerMinute ? nil : instant
    case .zone(.utc): return stamp.local
    case .zone(let zone):
      guard case .once(let instant) = zone.clock.occurrence(of: WallClock.Reading(local: stamp.local)) else {
        return nil
      }
      return instant.nanoseconds
    }
  }

  // MARK: Bars

  /// The series of a row's group; nil where its symbol is none.
  private mutating func index(ofGroup group: Int) throws(StorageError) -> Int? {
    guard let place = plan.groups[group].places[.symbol] else { return group }
    let symbol = text(place)
    if let known = indexBySymbol[symbol] { return known }
    guard (try? OptionSymbol(symbol)) == nil else {
      throw problem(.notBars("an option, \(shortened(symbol))"), column: plan.name(.symbol))
    }
    guard CSVImporter.isSymbol(symbol) else {
      add(.symbolName(shortened(symbol)), .symbol)
      return nil
    }
    guard series.count < CSVImporter.symbolLimit else {
      throw problem(.tooManySymbols(limit: CSVImporter.symbolLimit), column: plan.name(.symbol))
    }
    series.append(
      RawBars(symbol: symbol, isKept: kept?.contains(symbol) ?? true, extraCount: extraColumns.count))
    indexBySymbol[symbol] = series.count - 1
    return series.count - 1
  }

  private mutating func readBar(_ group: Int, into index: Int, at stamp: Stamp) throws(StorageError) {
    let places = plan.groups[group].places
    let prices: [BarColumn] = [.open, .high, .low, .close]
    guard !prices.allSatisfy({ places[$0].map { isMissingPrice($0) } ?? true }) else {
      if plan.groups.count == 1 { withoutPrices.append(date) }
      return
    }
    let found = faults.count
    let (open, high) = (number(.open, group), number(.high, group))
    let (low, close) = (number(.low, group), number(.close, group))
    let volume = places[.volume] == nil ? .nan : number(.volume, group, isPrice: false)
    var factor = 1.0
    if usesAdjustedClose(group), let adjusted = number(.adjustedClose, group), let close {
      factor = adjusted / close
      if !factor.isFinite {
        add(
          .noAdjustmentFactor(
            adjustedClose: shortened(text(places[.adjustedClose]!)), close: shortened(text(places[.close]!))),
          .adjustedClose, group: group)
      }
    }
    let split = event(.splitFactor, group, nothing: 1)
    let payment = event(.payment, group, nothing: 0)
    if series[index].isKept {
      for place in extraColumns.indices { readExtra(place, group, into: index) }
    }
    var when: Int64?
    if stamp.clock != .unnamed {
      when = instant(stamp)
      if when == nil { add(.noSuchTime(date), .stamp) }
    }
    guard faults.count == found, let open, let high, let low, let close, let volume, let split, let payment else {
      return
    }
    let limit = stamp.local % StampText.nanosecondsPerDay == 0 ? CSVImporter.rowLimit : CSVImporter.minuteRowLimit
    guard series[index].rowCount < limit else { throw problem(.tooManyRows(limit: limit)) }
    guard series[index].isKept else {
      series[index].passed += 1
      return
    }
    series[index].local.append(stamp.local)
    if let when { series[index].instants.append(when) }
    series[index].open.append(open / plan.priceDivisor)
    series[index].high.append(high / plan.priceDivisor)
    series[index].low.append(low / plan.priceDivisor)
    series[index].close.append(close / plan.priceDivisor)
    series[index].volume.append(volume)
    if usesAdjustedClose(group) { series[index].factors.append(factor) }
    // Vendors write 0 or 1 where nothing happened.
    if split != 0 && split != 1 || payment != 0 {
      series[index].events.append(
        RawBars.Event(row: series[index].count - 1, split: split == 0 ? 1 : split, payment: payment))
    }
  }

  /// Prices that hold everything already need no factor.
  private func usesAdjustedClose(_ group: Int) -> Bool {
    plan.groups[group].places[.adjustedClose] != nil && declaredAdjustment != .all
  }

  private func isMissingPrice(_ place: Int) -> Bool {
    let text = bytes(place)
    if NumberText.isMissing(text) { return true }
    guard let undefined = plan.layout.undefinedPrice, case .value(let value) = plan.numbers.read(text) else {
      return false
    }
    return value == undefined
  }

  /// A value of the user's own. Where the first rows of a column have none, an indicator is still warming up.
  private mutating func readExtra(_ place: Int, _ group: Int, into index: Int) {
    guard let position = plan.groups[group].places[.extra(place)] else { return }
    if series[index].extra[place].last?.isNaN ?? true, bytes(position).isEmpty {
      series[index].extra[place].append(.nan)
    } else if let value = number(.extra(place), group, isPrice: false) {
      series[index].extra[place].append(value)
    }
  }

  /// What happened on the row's day; vendors leave the cell empty where nothing did.
  private mutating func event(_ column: BarColumn, _ group: Int, nothing: Double) -> Double? {
    guard let place = plan.groups[group].places[column], !NumberText.isMissing(bytes(place)) else { return nothing }
    return number(column, group, isPrice: false)
  }

  private mutating func number(_ column: BarColumn, _ group: Int, isPrice: Bool = true) -> Double? {
    guard let place = plan.groups[group].places[column] else { return nil }
    switch plan.numbers.read(bytes(place)) {
    case .value(let value): return value
    case .malformed: add(.notANumber(shortened(text(place))), column, group: group)
    case .outOfRange: add(.outOfRange(shortened(text(place))), column, group: group)
    case .notFinite: add(.notFinite(shortened(text(place))), column, group: group)
    }
    return nil
  }

  // MARK: Errors

  private func problem(_ problem: TableProblem, column: String = "", line: Int? = nil) -> StorageError {
    .table(path: path, line: line ?? lines.number, column: shortened(column), problem: problem)
  }

  /// A damaged file may hold a megabyte where a number belongs, or bytes that would upset a terminal.
  private func shortened(_ text: String) -> String { PrintableText.of(text, longest: 40) }
}
