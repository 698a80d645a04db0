// Faults put into clean bars on purpose, and the finding that each must lead to.

import Kernels

@testable import Market

/// One way of spoiling a clean set of series. `plant` chooses symbol, place and size at random.
enum PlantedDefect: CaseIterable {
  case unsupportedDate, closedDay, repeatedDate, unorderedDate, unequalDates
  case missingSession, missingSessionEverywhere
  case impossiblePrice, impossibleFactor, priceOrder, closeMove, openMove, split, standstill
  case negativeVolume, fractionalVolume, infiniteVolume
  case missingValue, shortColumn, noBars, repeatedSymbol, unnamedSymbol, noSymbols

  /// What the gate must say: these findings and no other.
  struct Expectation: Equatable {
    var check: String
    var kind: String
    var symbol: String
    var firstDate: CalendarDate?
    var lastDate: CalendarDate?
    var count: Int
  }

  func plant(in series: inout [BarSeries], random: inout RandomStream) -> [Expectation] {
    let place = Int(random.nextInteger(below: UInt64(series.count)))
    let length = 1 + Int(random.nextInteger(below: 4))
    let bars = series[place].count
    // Far enough from both ends that something clean is left on either side.
    let row = 10 + Int(random.nextInteger(below: UInt64(bars - 30)))
    let rows = row..<row + length
    let dates = series[place].dates
    let symbol = series[place].symbol
    func expected(_ check: String, _ kind: String, _ range: Range<Int>, of symbol: String) -> Expectation {
      Expectation(
        check: check, kind: kind, symbol: symbol, firstDate: dates[range.lowerBound],
        lastDate: dates[range.upperBound - 1], count: range.count)
    }
    func expected(_ check: String, _ kind: String, _ range: Range<Int>) -> [Expectation] {
      [expected(check, kind, range, of: symbol)]
    }
    func ofWhole(_ kind: String, _ symbol: String, count: Int) -> [Expectation] {
      [
        Expectation(
          check: "schema-compliance", kind: kind, symbol: symbol, firstDate: nil, lastDate: nil, count: count)
      ]
    }

    switch self {
    case .unsupportedDate:
      let early = random.nextDouble() < 0.5
      let days = Int32(random.nextInteger(below: 20_000))
      let range = TradingCalendar.xnys.supportedRange
      let date = CalendarDate(
        daysSinceEpoch: early
          ? range.lowerBound.daysSinceEpoch - 1 - days : range.upperBound.daysSinceEpoch + 1 + days)
      series[place].insertCopy(of: early ? 0 : bars - 1, at: early ? 0 : bars, date: date)
      return [
        Expectation(
          check: "timestamp-alignment", kind: "unsupported-date", symbol: symbol, firstDate: date, lastDate: date,
          count: 1)
      ]
    case .closedDay:
      var before = row
      while dates[before].advanced(by: 1) == dates[before + 1] { before += 1 }
      let closed = dates[before].advanced(by: 1)
      series[place].insertCopy(of: before, at: before + 1, date: closed)
      return [
        Expectation(
          check: "timestamp-alignment", kind: "not-a-session", symbol: symbol, firstDate: closed, lastDate: closed,
          count: 1)
      ]
    case .repeatedDate:
      for (offset, one) in rows.enumerated() {
        series[place].insertCopy(of: one, at: rows.upperBound + offset, date: dates[one])
      }
      return expected("timestamp-alignment", "repeated-date", rows)
    case .unorderedDate:
      let later = rows.upperBound + 1 + Int(random.nextInteger(below: 5))
      series[place].reorder(Array(0..<row) + Array(rows.upperBound..<later) + Array(rows) + Array(later..<bars))
      return expected("timestamp-alignment", "unordered-date", rows)
    case .unequalDates:
      let atStart = random.nextDouble() < 0.5
      let cut = atStart ? 0..<length : bars - length..<bars
      series[place].reorder((0..<bars).filter { !cut.contains($0) })
      return expected("timestamp-alignment", "unequal-dates", cut)
    case .missingSession:
      series[place].reorder((0..<bars).filter { !rows.contains($0) })
      return expected("missing-bars", "missing-session", rows)
        + expected("timestamp-alignment", "unequal-dates", rows)
    case .missingSessionEverywhere:
      for place in series.indices { series[place].reorder((0..<bars).filter { !rows.contains($0) }) }
      return series.map { expected("missing-bars", "missing-session", rows, of: $0.symbol) }

    case .impossiblePrice:
      let value = [0, -0.01, -series[place].close[row], .infinity, -.infinity].pick(&random)
      let column = [\BarSeries.open, \.high, \.low, \.close].pick(&random)
      for row in rows { series[place][keyPath: column][row] = value }
      return expected("price-continuity", "impossible-price", rows)
    case .impossibleFactor:
      let value = [0, -1, .infinity, -.infinity, 1e308].pick(&random)
      for row in rows { series[place].adjustmentFactors[row] = value }
      return expected("price-continuity", "impossible-factor", rows)
    case .priceOrder:
      let share = 1e-6 + 0.01 * random.nextDouble()
      let upper = random.nextDouble() < 0.5
      for row in rows {
        let (open, close) = (series[place].open[row], series[place].close[row])
        if upper {
          series[place].high[row] = max(open, close) * (1 - share)
        } else {
          series[place].low[row] = min(open, close) * (1 + share)
        }
      }
      return expected("price-continuity", "price-order", rows)
    case .closeMove:
      series[place].moveClose(row, ratio: PlantedDefect.largeRatio(&random))
      return expected("price-continuity", "large-move", row..<row + 1)
    case .openMove:
      series[place].moveOpen(row, ratio: PlantedDefect.largeRatio(&random))
      return expected("price-continuity", "large-move", row..<row + 1)
    case .split:
      series[place].split(row, PlantedDefect.plainSplits.pick(&random).value)
      return expected("price-continuity", "large-move", row..<row + 1)
    case .standstill:
      let range = row..<row + PriceContinuity.longestStandstill + length
      series[place].standStill(range)
      return expected("price-continuity", "stale-price", range)

    case .negativeVolume:
      for row in rows { series[place].volume[row] = -Double(1 + random.nextInteger(below: 1000)) }
      return expected("volume-sanity", "negative-volume", rows)
    case .fractionalVolume:
      let fraction = 0.001 + 0.998 * random.nextDouble()
      for row in rows { series[place].volume[row] += fraction }
      return expected("volume-sanity", "fractional-volume", rows)
    case .infiniteVolume:
      for row in rows { series[place].volume[row] = .infinity }
      return expected("volume-sanity", "infinite-volume", rows)

    case .missingValue:
      let column = BarSeries.columns.pick(&random)
      for row in rows { series[place][keyPath: column][row] = .nan }
      return expected("schema-compliance", "missing-value", rows)
    case .shortColumn:
      let column = BarSeries.columns.pick(&random)
      series[place][keyPath: column].removeLast(length)
      return ofWhole("unequal-lengths", symbol, count: length)
    case .noBars:
      for place in series.indices { series[place] = BarSeries(symbol: series[place].symbol) }
      return series.flatMap { ofWhole("no-bars", $0.symbol, count: 0) }
    case .repeatedSymbol:
      let other = series[(place + 1) % series.count].symbol
      series[place].symbol = other
      return ofWhole("repeated-symbol", other, count: 1)
    case .unnamedSymbol:
      series[place].symbol = ["", " "].pick(&random)
      return ofWhole("unnamed-symbol", series[place].symbol, count: 1)
    case .noSymbols:
      series = []
      return ofWhole("no-symbols", "", count: 0)
    }
  }

  /// Splits that move a price by more than 20 %, and a volume by less than a change of unit does.
  static let plainSplits = SplitEvidence.ratios.filter { abs(1 / $0.value - 1) > 0.25 && (0.12...8).contains($0.value) }

  /// A ratio above 20 % in either direction, from a hair to a rout.
  static func largeRatio(_ random: inout RandomStream) -> Double {
    let excess = random.nextDouble() < 0.3 ? 1e-6 : 0.6 * random.nextDouble() + 1e-6
    return random.nextDouble() < 0.5 ? 1.2 + excess : 0.8 - excess
  }

  /// A ratio of at most 20 % in either direction, close to it; one time in four it is 20 % sharp.
  static func tolerableRatio(_ random: inout RandomStream) -> Double {
    let shortfall = random.nextDouble() < 0.25 ? 0 : 0.005 * random.nextDouble()
    return random.nextDouble() < 0.5 ? 1.2 - shortfall : 0.8 + shortfall
  }
}

extension BarSeries {
  static var columns: [WritableKeyPath<BarSeries, [Double]>] {
    [\.open, \.high, \.low, \.close, \.volume, \.adjustmentFactors]
  }

  /// Keeps the rows named, in the order named.
  mutating func reorder(_ rows: [Int]) {
    dates = rows.map { dates[$0] }
    for column in BarSeries.columns {
      let values = self[keyPath: column]
      self[keyPath: column] = rows.map { values[$0] }
    }
  }

  mutating func insertCopy(of row: Int, at place: Int, date: CalendarDate) {
    dates.insert(date, at: place)
    for column in BarSeries.columns { self[keyPath: column].insert(self[keyPath: column][row], at: place) }
  }

  /// Makes the close of a row `ratio` times the close before, and moves everything after it along.
  mutating func moveClose(_ row: Int, ratio: Double) {
    let new = close[row - 1] * ratio
    let shift = new / close[row]
    for later in row + 1..<count {
      for column in [\BarSeries.open, \.high, \.low, \.close] { self[keyPath: column][later] *= shift }
    }
    close[row] = new
    spanRange(row)
  }

  /// Makes `ratio` shares of one from a row on, and tells nobody.
  mutating func split(_ row: Int, _ ratio: Double) {
    for later in row..<count {
      for column in [\BarSeries.open, \.high, \.low, \.close] { self[keyPath: column][later] /= ratio }
      volume[later] = (volume[later] * ratio).rounded()
    }
  }

  /// Makes the open of a row `ratio` times the close before, and leaves the close.
  mutating func moveOpen(_ row: Int, ratio: Double) {
    open[row] = close[row - 1] * ratio
    spanRange(row)
  }

  /// Gives all rows of the range the first one's close.
  mutating func standStill(_ range: Range<Int>) {
    for row in range {
      close[row] = close[range.lowerBound]
      spanRange(row)
    }
  }

  /// Widens high and low so that they hold open and close.
  private mutating func spanRange(_ row: Int) {
    high[row] = max(high[row], open[row], close[row])
    low[row] = min(low[row], open[row], close[row])
  }
}

extension Array {
  func pick(_ random: inout RandomStream) -> Element { self[Int(random.nextInteger(below: UInt64(count)))] }
}
