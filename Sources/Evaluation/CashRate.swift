// What money earns where it does nothing: the rate over which an account's returns are counted.

internal import Glibc
package import Market
internal import Text

/// Why a cash rate cannot be used. Each sentence says what to do.
package enum CashRateError: Error, Equatable, Sendable, CustomStringConvertible {
  case outOfRange(Double)
  /// The column holds, at a date, what is no rate.
  case columnOutOfRange(column: String, date: CalendarDate, found: Double)
  case missingColumn(column: String, existing: [String])
  /// Two symbols have different rates in it: it is no rate of the market.
  case columnDiffers(column: String, date: CalendarDate, symbols: [String], found: [Double])

  package var description: String {
    let range = "from \(CashRate.allowed.lowerBound) to \(CashRate.allowed.upperBound) a year"
    switch self {
    case .outOfRange(let found):
      return "a cash rate is an annual fraction \(range), but \(found) is given; write 0.02 for two percent"
    case .columnOutOfRange(let column, let date, let found):
      return "the column \(column) holds \(found) on \(date), but a cash rate is an annual fraction \(range); "
        + "divide percentages by 100, and import the column again"
    case .missingColumn(let column, let existing):
      return "the store has no column \(column) to read a cash rate from, "
        + (existing.isEmpty ? "and no further columns at all" : "only \(existing.joined(separator: ", "))")
        + "; import the bars with it, or give a constant such as 0.02"
    case .columnDiffers(let column, let date, let symbols, let found):
      return "the column \(column) is no cash rate: on \(date) it is "
        + zip(symbols, found).map { "\($1) for \($0)" }.joined(separator: " and ")
        + "; name a column that is the same for every symbol, or give a constant such as 0.02"
    }
  }
}

/// A riskless rate: a constant, or a column of the data. Annual fractions (0.02 is two percent), compounded over 252 sessions, so that a
/// year of sessions at a constant rate earns exactly that rate: a session earns (1 + rate)^(1 / 252) - 1. Weekends count nothing.
package struct CashRate: Sendable, Equatable {
  /// Below and above, a number is a mistake: most often a percentage.
  package static let allowed = -0.05...0.5
  /// The default: money at rest earns nothing.
  package static let zero = CashRate(column: nil, dates: [], annual: [0])

  /// The column that it is read from; nil for a constant.
  package let column: String?
  /// (B) ascending; empty for a constant.
  private let dates: [CalendarDate]
  /// (B), or the constant.
  private let annual: [Double]

  private init(column: String?, dates: [CalendarDate], annual: [Double]) {
    self.column = column
    self.dates = dates
    self.annual = annual
  }

  /// The same rate at all times.
  package init(annual: Double) throws(CashRateError) {
    guard CashRate.allowed.contains(annual) else { throw .outOfRange(annual) }
    self.init(column: nil, dates: [], annual: [annual])
  }

  /// The rate that a further column of the data holds, which must be one rate for all symbols that are listed at a time.
  package init(column: String, of tape: MarketTape) throws(CashRateError) {
    var rates: [[Double]] = []
    for columns in tape.extra {
      guard let one = columns.first(where: { $0.name == column }) else {
        throw .missingColumn(column: column, existing: columns.map(\.name))
      }
      rates.append(one.values)
    }
    var annual: [Double] = []
    for (bar, date) in tape.dates.enumerated() {
      // A tape has the dates that any of its symbols has.
      let first = rates.indices.first { tape.listings[$0].contains(bar) } ?? 0
      let found = rates[first][bar]
      guard CashRate.allowed.contains(found) else {
        throw .columnOutOfRange(column: column, date: date, found: found)
      }
      if let other = rates.indices.first(where: { tape.listings[$0].contains(bar) && rates[$0][bar] != found }) {
        throw .columnDiffers(
          column: column, date: date, symbols: [tape.symbols[first], tape.symbols[other]],
          found: [found, rates[other][bar]])
      }
      annual.append(found)
    }
    self.init(column: column, dates: tape.dates, annual: annual)
  }

  /// Whether it is the constant 0.
  package var isZero: Bool { column == nil && annual[0] == 0 }

  /// The annual rate that is known at the close of a date: that of the last bar up to it, or of the first.
  package func annual(at date: CalendarDate) -> Double {
    annual[max(dates.firstPlace { $0 > date } - 1, 0)]
  }

  /// (T) what each session earns. decisionDates: (T) the close before each session: the rate of a session is the one that was known when
  /// it began.
  package func returns(decisionDates: [CalendarDate]) -> [Double] {
    guard column != nil else {
      return [Double](repeating: CashRate.perSession(annual[0]), count: decisionDates.count)
    }
    return decisionDates.map { CashRate.perSession(annual(at: $0)) }
  }

  /// (1 + annual)^(1 / 252) - 1, exactly 0 for 0.
  static func perSession(_ annual: Double) -> Double { expm1(log1p(annual) / ReturnStatistics.sessionsPerYear) }
}
