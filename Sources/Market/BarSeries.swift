// One symbol's bars as they were delivered: raw prices, raw volume, and the factor that adjusts them.

/// Daily bars of one symbol, in file order, struct of arrays of one length. Prices are raw dollars per share and volume raw shares;
/// `adjustmentFactors` turn them into adjusted ones when they are read (price x factor, volume / factor).
///
/// Nothing is promised about the values: a series is what a file said, and the quality gate is what questions it.
package struct BarSeries: Sendable, Equatable {
  package var symbol: String
  package var dates: [CalendarDate]
  package var open: [Double]
  package var high: [Double]
  package var low: [Double]
  package var close: [Double]
  package var volume: [Double]
  package var adjustmentFactors: [Double]

  package init(symbol: String) {
    self.symbol = symbol
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
  }

  package mutating func append(
    date: CalendarDate, open: Double, high: Double, low: Double, close: Double, volume: Double,
    adjustmentFactor: Double = 1
  ) {
    dates.append(date)
    self.open.append(open)
    self.high.append(high)
    self.low.append(low)
    self.close.append(close)
    self.volume.append(volume)
    adjustmentFactors.append(adjustmentFactor)
  }
}
