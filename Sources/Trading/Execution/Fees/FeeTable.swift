// Fees by date: what is known, from when until when, and what is carried beyond it.

package import Market
private import Text

/// What is wrong with a table of fees, in one sentence.
package enum FeeTableError: Error, Hashable, CustomStringConvertible {
  case noTable(source: String, found: String)
  case missing(Fee, source: String)
  case unknown(String, nearest: String?, source: String)
  case noRows(Fee, source: String)
  case row(Fee, number: Int, problem: String, source: String)
  case gap(Fee, first: CalendarDate, last: CalendarDate, source: String)
  case overlap(Fee, row: Int, first: CalendarDate, source: String)

  package var description: String { PrintableText.sentence(sentence) }

  private var sentence: String {
    switch self {
    case .noTable(let source, let found):
      "\(source) is no table of fees: it needs 'name' and 'fees' and nothing else, and \(found)"
    case .missing(let fee, let source):
      "\(source) does not say what \(fee.rawValue) is; add a row with dollars \(fee.unit), 0 where nothing is asked for"
    case .unknown(let key, let nearest, let source):
      "\(source): there is no fee '\(key)'" + (nearest.map { "; did you mean '\($0)'?" } ?? "; leave it out")
    case .noRows(let fee, let source): "\(source): \(fee.rawValue) has no rows; add one with dollars \(fee.unit)"
    case .row(let fee, let number, let problem, let source): "\(source): row \(number) of \(fee.rawValue) \(problem)"
    case .gap(let fee, let first, let last, let source):
      "\(source): nobody says what \(fee.rawValue) was from \(first) until \(last); add a row for these days"
    case .overlap(let fee, let row, let first, let source):
      "\(source): row \(row) of \(fee.rawValue) begins on \(first), before the row above it ends; "
        + "let each row begin on the day after the 'until' of the one above"
    }
  }
}

/// What trading costs beside prices, by date.
///
/// Every fee has rows in order. Between two rows no day may be missing. Before the first known day the first rate goes back, and behind the last
/// known day the last one goes on; `notices` says so.
package struct FeeTable: Sendable, Hashable {
  package let name: String
  /// By `Fee`, all of them.
  package let rows: [Fee: [FeeRow]]

  /// source: the file or profile, for errors.
  package init(name: String, rows: [Fee: [FeeRow]], source: String) throws(FeeTableError) {
    for fee in Fee.allCases {
      guard let rows = rows[fee] else { throw .missing(fee, source: source) }
      guard !rows.isEmpty else { throw .noRows(fee, source: source) }
      try FeeTable.check(rows, of: fee, source: source)
    }
    self.name = name
    self.rows = rows
  }

  private static func check(_ rows: [FeeRow], of fee: Fee, source: String) throws(FeeTableError) {
    let most = MicroDollars.rounded(fee.mostDollars)
    var end: CalendarDate?
    for (index, row) in rows.enumerated() {
      func refusal(_ problem: String) -> FeeTableError {
        .row(fee, number: index + 1, problem: problem, source: source)
      }
      for rate in row.rate.all where !(0...most).contains(rate) {
        throw refusal(
          "is \(MicroDollars.decimal(rate)) dollars \(fee.unit); it must be between 0 and \(Int(fee.mostDollars))")
      }
      if let from = row.from, let until = row.until, from > until { throw refusal("ends before it begins") }
      if index > 0 {
        guard let from = row.from else {
          throw refusal("does not say 'from' when; only the first row may leave it out")
        }
        guard let end else { throw refusal("follows a row without 'until'; only the last row may leave it out") }
        if from <= end { throw .overlap(fee, row: index + 1, first: from, source: source) }
        if from > end.advanced(by: 1) {
          throw .gap(fee, first: end.advanced(by: 1), last: from.advanced(by: -1), source: source)
        }
      }
      end = row.until
    }
  }

  /// The row that holds on a day: the nearest known one.
  package func row(of fee: Fee, on date: CalendarDate) -> FeeRow {
    // Every fee has a row, or there would be no table.
    let rows = rows[fee] ?? []
    let place = rows.firstIndex { row in row.until.map { date <= $0 } ?? true } ?? rows.count - 1
    return rows[place]
  }

  /// What a report says of rates that were used beyond the days for which they are known, for days from `first` until `last`.
  ///
  /// classes: what may have been traded; the fees of all else are left out.
  package func notices(
    from first: CalendarDate, until last: CalendarDate, of classes: Set<FeeClass> = [.share, .option, .indexOption]
  ) -> [String] {
    var notices: [String] = []
    for fee in Fee.allCases where !fee.classes.isDisjoint(with: classes) {
      let rows = rows[fee] ?? []
      if let row = rows.first, let known = row.known, first < known.first {
        notices.append(
          "\(fee.rawValue) \(MicroDollars.decimal(row.rate.base)) carried back to days before \(known.first)")
      }
      if let row = rows.last, let known = row.known, last > known.last {
        notices.append("\(fee.rawValue) \(MicroDollars.decimal(row.rate.base)) carried on from \(known.last)")
      }
    }
    return notices
  }

  /// All rates of a day.
  package func rates(on date: CalendarDate) -> FeeRates {
    func rate(_ fee: Fee) -> PremiumRate { row(of: fee, on: date).rate }
    return FeeRates(
      optionCommission: rate(.optionCommission), optionOrderMinimum: rate(.optionOrderMinimum).base,
      optionClearing: rate(.optionClearing).base, optionRegulatory: rate(.optionRegulatory).base,
      indexOptionExchange: rate(.indexOptionExchange), optionSale: rate(.optionSale).base,
      shareCommission: rate(.shareCommission).base, shareOrderMinimum: rate(.shareOrderMinimum).base,
      shareSale: rate(.shareSale).base, shareSaleMost: rate(.shareSaleMost).base, saleValue: rate(.saleValue).base,
      exercise: rate(.exercise).base)
  }
}

extension MicroDollars {
  /// Dollars as decimal text without zeros at its end: 28_150 is "0.02815".
  package static func decimal(_ amount: Int64) -> String {
    let magnitude = amount.magnitude
    let whole = String(magnitude / 1_000_000)
    let part = String(magnitude % 1_000_000)
    var decimals = String(repeating: "0", count: 6 - part.utf8.count) + part
    while decimals.hasSuffix("0") { decimals.removeLast() }
    return (amount < 0 ? "-" : "") + whole + (decimals.isEmpty ? "" : "." + decimals)
  }
}
