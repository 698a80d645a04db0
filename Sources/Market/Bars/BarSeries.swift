// One symbol's bars as they were delivered: raw prices, raw volume, and the factor that adjusts them.

/// Bars of one symbol and one width, in file order, struct of arrays of one length. Prices are raw dollars per share and volume raw shares;
/// `adjustmentFactors` turn them into adjusted ones when they are read (`adjusted`, `adjustedVolume`).
///
/// Nothing is promised about the values: a series is what a file said, and the quality gate is what questions it.
package struct BarSeries: Sendable, Equatable {
  package var symbol: String
  package var instrument = Instrument.share
  package let width: BarWidth
  /// The date, by the exchange's clock, on which each bar begins: of a bar in a session, that session's.
  package var dates: [CalendarDate]
  /// When each bar begins. Bars of a whole session have none of these: the date says it.
  package var starts: [Instant] = []
  package var open: [Double]
  package var high: [Double]
  package var low: [Double]
  package var close: [Double]
  package var volume: [Double]
  package var adjustmentFactors: [Double]
  /// What else the file says of each bar, taken as it is: never adjusted.
  package var extra: [ExtraColumn]
  /// Splits and payments whose dates are known, oldest first, one a date. The adjustment factors hold them: see `adjust(for:)`.
  package internal(set) var actions: [CorporateAction] = []
  /// Rows, ascending, that nobody delivered: made where a minute was missing, and not to be traded in.
  package var filledRows: [Int] = []

  /// `extraColumns`: names of the further columns that every row will have.
  package init(symbol: String, width: BarWidth = .session, extraColumns: [String] = []) {
    self.symbol = symbol
    self.width = width
    extra = extraColumns.map { ExtraColumn(name: $0) }
    dates = []
    open = []
    high = []
    low = []
    close = []
    volume = []
    adjustmentFactors = []
  }

  package var count: Int { dates.count }

  /// The number of rows for which every column has a value: the only ones that may be read where lengths are in doubt.
  package var wholeRows: Int { columnLength { $0 < $1 ? $0 : $1 } }

  /// The length of the longest column; equal to `wholeRows` where the series is whole.
  package var longestColumn: Int { columnLength { $0 > $1 ? $0 : $1 } }

  /// The length that is chosen of every two, without a list of all: it is asked for row by row.
  private func columnLength(_ choose: (Int, Int) -> Int) -> Int {
    var length = choose(choose(dates.count, adjustmentFactors.count), choose(close.count, volume.count))
    length = choose(length, choose(open.count, choose(high.count, low.count)))
    if width != .session { length = choose(length, starts.count) }
    for column in extra { length = choose(length, column.values.count) }
    return length
  }

  /// A further column's values, or nil where the series has none of that name.
  package func extraValues(_ name: String) -> [Double]? { extra.first { $0.name == name }?.values }

  /// Appends a bar of a whole session. Traps if the bars of this series are narrower.
  package mutating func append(
    date: CalendarDate, open: Double, high: Double, low: Double, close: Double, volume: Double,
    adjustmentFactor: Double = 1, extra: [Double] = []
  ) {
    precondition(width == .session, "\(symbol) has bars of a \(width.rawValue), which begin at an instant")
    dates.append(date)
    append(open, high, low, close, volume, adjustmentFactor, extra)
  }

  /// Appends a bar that begins at an instant. Traps if the bars of this series span whole sessions.
  ///
  /// Where the exchange's clock has no answer (`WallClock.supportedYears`), the bar's date is that of Greenwich.
  package mutating func append(
    start: Instant, open: Double, high: Double, low: Double, close: Double, volume: Double,
    adjustmentFactor: Double = 1, extra: [Double] = []
  ) {
    precondition(width != .session, "\(symbol) has bars of whole sessions, which begin on a date")
    dates.append(date(of: start))
    starts.append(start)
    append(open, high, low, close, volume, adjustmentFactor, extra)
  }

  /// Says when the bars begin, of a series without any: all other columns must follow. Traps if its bars span whole sessions.
  package mutating func begin(at starts: [Instant]) {
    precondition(width != .session && dates.isEmpty, "\(symbol) has bars already, or bars of whole sessions")
    dates.reserveCapacity(starts.count)
    let calendar = TradingCalendar.xnys
    // Neighbours mostly lie in one session: the calendar is asked where one begins.
    var session: Session?
    for start in starts {
      if let session, session.contains(start) {
        dates.append(session.date)
        continue
      }
      let date = calendar.clock.reading(at: start)?.date ?? start.date
      session = calendar.session(on: date)
      dates.append(date)
    }
    self.starts = starts
  }

  /// The date of an instant. Neighbours mostly lie on one date: what the row before says is tried first.
  private func date(of start: Instant) -> CalendarDate {
    let calendar = TradingCalendar.xnys
    if let last = dates.last, let ordinal = calendar.ordinal(of: last), calendar.sessions[ordinal].contains(start) {
      return last
    }
    return calendar.clock.reading(at: start)?.date ?? start.date
  }

  private mutating func append(
    _ open: Double, _ high: Double, _ low: Double, _ close: Double, _ volume: Double, _ adjustmentFactor: Double,
    _ extra: [Double]
  ) {
    precondition(extra.count == self.extra.count, "\(extra.count) further values for \(self.extra.count) columns")
    self.open.append(open)
    self.high.append(high)
    self.low.append(low)
    self.close.append(close)
    self.volume.append(volume)
    adjustmentFactors.append(adjustmentFactor)
    for (column, value) in extra.enumerated() { self.extra[column].values.append(value) }
  }
}

extension BarSeries {
  /// The bars of sessions, with all that lies on no session's date, and apart from them those before an opening and from a close on: none where the
  /// stamps are those of the bars' ends, which is for the gate to say. Traps if the columns differ in length.
  package func splitAtHours() -> (sessions: BarSeries, extendedHours: BarSeries) {
    var sessions = self
    let extendedHours = sessions.takeExtendedHours()
    return (sessions, extendedHours)
  }

  /// The same: those of extended hours are taken out and returned. There are never two whole series.
  package mutating func takeExtendedHours() -> BarSeries {
    precondition(wholeRows == count && longestColumn == count, "\(symbol) has columns of different lengths")
    guard let areApart = rowsOfExtendedHours else { return rows([]) }
    return takeRows(where: areApart)
  }

  /// Which rows lie outside the sessions' hours; nil where none are to be kept apart.
  private var rowsOfExtendedHours: [Bool]? {
    guard width != .session else { return nil }
    let grid = BarGrid(width)
    let found = grid.rows(of: self)
    guard !found.outsideHours.isEmpty, TimestampAlignment.rowsStampedAtClose(found, of: self, grid).isEmpty else {
      return nil
    }
    var areApart = [Bool](repeating: false, count: count)
    for row in found.outsideHours { areApart[row] = true }
    return areApart
  }

  /// Takes some rows out, column by column, and returns them. Traps where there are not as many answers as rows.
  private mutating func takeRows(where isTaken: [Bool]) -> BarSeries {
    precondition(isTaken.count == count, "\(isTaken.count) answers for \(count) rows")
    let takenCount = isTaken.count { $0 }
    func parted<Element>(_ values: [Element]) -> (left: [Element], taken: [Element]) {
      var (left, taken): ([Element], [Element]) = ([], [])
      left.reserveCapacity(values.count - takenCount)
      taken.reserveCapacity(takenCount)
      for row in values.indices {
        if isTaken[row] { taken.append(values[row]) } else { left.append(values[row]) }
      }
      return (left, taken)
    }
    var others = self
    (dates, others.dates) = parted(dates)
    if width != .session { (starts, others.starts) = parted(starts) }
    for column in BarSeries.valueColumns {
      (self[keyPath: column], others[keyPath: column]) = parted(self[keyPath: column])
    }
    for place in extra.indices { (extra[place].values, others.extra[place].values) = parted(extra[place].values) }
    guard !filledRows.isEmpty else { return others }
    let filled = Set(filledRows)
    let (left, taken) = parted(isTaken.indices.map { filled.contains($0) })
    filledRows = left.indices.filter { left[$0] }
    others.filledRows = taken.indices.filter { taken[$0] }
    return others
  }
}

/// One more number for every bar, by name: a signal of the user's own.
package struct ExtraColumn: Sendable, Equatable {
  package var name: String
  package var values: [Double]

  package init(name: String, values: [Double] = []) {
    self.name = name
    self.values = values
  }

  /// Whether text can name a column: 1 to 64 lower-case letters, digits or `_`, the first a letter.
  package static func isName(_ text: String) -> Bool {
    guard let first = text.utf8.first, (97...122).contains(first), text.utf8.count <= 64 else { return false }
    return text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == UInt8(ascii: "_") }
  }
}

extension BarSeries {
  /// The dates of the calendar's years that are meant.
  package func distinctDates(where isMeant: (CalendarDate) -> Bool) -> DateSet {
    var distinct = DateSet()
    var last: CalendarDate?
    // Neighbouring rows of minutes mostly are of one date.
    for date in dates where date != last {
      last = date
      if isMeant(date) { distinct.insert(date) }
    }
    return distinct
  }

  /// Those of `dates` at which this series has no bar.
  package func missingDates(of dates: [CalendarDate]) -> [CalendarDate] {
    let own = Set(self.dates.prefix(wholeRows))
    return dates.filter { !own.contains($0) }
  }

  /// The adjusted close at each of `dates`. Traps where there is none.
  package func adjustedCloses(at dates: [CalendarDate]) -> [Double] {
    var closes: [CalendarDate: Double] = [:]
    for row in 0..<wholeRows { closes[self.dates[row]] = close[row] * adjustmentFactors[row] }
    return dates.map { date in
      guard let close = closes[date] else { preconditionFailure("\(symbol) has no bar on \(date)") }
      return close
    }
  }
}
