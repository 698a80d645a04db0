// One symbol's bars as they were delivered: raw prices, raw volume, and the factor that adjusts them.

/// Daily bars of one symbol, in file order, struct of arrays of one length. Prices are raw dollars per share and volume raw shares;
/// `adjustmentFactors` turn them into adjusted ones when they are read (price x factor, volume / factor).
///
/// Nothing is promised about the values: a series is what a file said, and the quality gate is what questions it.
package struct BarSeries: Sendable, Equatable {
  package var symbol: String
  /// An index is a number that is published, not a share: nobody can trade it, and what stands in `volume` (not-a-number where the
  /// file had none) means nothing.
  package var isIndex = false
  package var dates: [CalendarDate]
  package var open: [Double]
  package var high: [Double]
  package var low: [Double]
  package var close: [Double]
  package var volume: [Double]
  package var adjustmentFactors: [Double]
  /// What else the file says of each bar, taken as it is: never adjusted.
  package var extra: [ExtraColumn]

  /// `extraColumns`: names of the further columns that every row will have.
  package init(symbol: String, extraColumns: [String] = []) {
    self.symbol = symbol
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
  package var wholeRows: Int { columnLengths.reduce(dates.count, min) }

  /// The length of the longest column; equal to `wholeRows` where the series is whole.
  package var longestColumn: Int { columnLengths.reduce(dates.count, max) }

  private var columnLengths: [Int] {
    [dates.count, open.count, high.count, low.count, close.count, volume.count, adjustmentFactors.count]
      + extra.map(\.values.count)
  }

  /// A further column's values, or nil where the series has none of that name.
  package func extraValues(_ name: String) -> [Double]? { extra.first { $0.name == name }?.values }

  package mutating func append(
    date: CalendarDate, open: Double, high: Double, low: Double, close: Double, volume: Double,
    adjustmentFactor: Double = 1, extra: [Double] = []
  ) {
    precondition(extra.count == self.extra.count, "\(extra.count) further values for \(self.extra.count) columns")
    dates.append(date)
    self.open.append(open)
    self.high.append(high)
    self.low.append(low)
    self.close.append(close)
    self.volume.append(volume)
    adjustmentFactors.append(adjustmentFactor)
    for (column, value) in extra.enumerated() { self.extra[column].values.append(value) }
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
