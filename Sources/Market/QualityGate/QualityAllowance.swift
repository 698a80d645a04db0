// An exception made by name and with a reason: this move is real, this session never comes.

/// Lets what one check found of one symbol on one date, or on all dates of a range, pass. Only what may be true of sound data can be allowed: price moves,
/// spikes and orders (`price-continuity`), sessions or minutes without a bar (`missing-bars`), and the sessions of other symbols before one was listed or
/// after it was no longer traded (`timestamp-alignment`). Every other finding says that the data itself is wrong, and no reason makes wrong data right.
package struct QualityAllowance: Sendable, Hashable {
  package let check: String
  package let symbol: String
  package let date: CalendarDate
  /// The last date that is allowed: `date`, or a later one.
  package let lastDate: CalendarDate
  /// Why it is right: one line, never empty.
  package let reason: String

  /// The checks of which findings can be allowed.
  static let checks = [PriceContinuity.identifier, MissingBars.identifier, SharedTimes.identifier]

  /// Throws where the check cannot be allowed, the symbol is empty, the range ends before it begins, or the reason is blank. Runs of whitespace in the
  /// reason become one space.
  package init(
    check: String, symbol: String, date: CalendarDate, until lastDate: CalendarDate? = nil, reason: String
  ) throws(MarketError) {
    self.check = check
    self.symbol = symbol
    self.date = date
    self.lastDate = lastDate ?? date
    let words = reason.split(whereSeparator: \.isWhitespace)
    self.reason = words.joined(separator: " ")
    guard QualityAllowance.checks.contains(check) else { throw .allowanceOfOtherCheck(allowance: name, check: check) }
    guard !symbol.isEmpty, date <= self.lastDate else { throw .malformedAllowance(name) }
    guard !words.isEmpty else { throw .allowanceWithoutReason(name) }
  }

  /// Reads `check:symbol:YYYY-MM-DD`, for example `price-continuity:AAPL:2000-09-29`, or with a range of dates, `YYYY-MM-DD..YYYY-MM-DD`.
  package static func parse(_ text: String, reason: String) throws(MarketError) -> QualityAllowance {
    guard let afterCheck = text.firstIndex(of: ":"), let beforeDate = text.lastIndex(of: ":"), afterCheck < beforeDate
    else { throw .malformedAllowance(text) }
    let check = String(text[..<afterCheck])
    let symbol = String(text[text.index(after: afterCheck)..<beforeDate])
    let dates = text[text.index(after: beforeDate)...]
    let range = dates.firstRange(of: "..")
    guard let first = CalendarDate(range.map { dates[..<$0.lowerBound] } ?? dates),
      let last = range.map({ CalendarDate(dates[$0.upperBound...]) }) ?? first, first <= last
    else { throw .malformedAllowance(text) }
    return try QualityAllowance(check: check, symbol: symbol, date: first, until: last, reason: reason)
  }

  /// `check:symbol:YYYY-MM-DD`, or with `..YYYY-MM-DD` behind it, as `parse` reads it.
  package var name: String {
    "\(check):\(symbol):\(QualityAllowance.dates(date, lastDate))"
  }

  static func dates(_ first: CalendarDate, _ last: CalendarDate) -> String {
    first == last ? "\(first)" : "\(first)..\(last)"
  }

  /// The words of a command line that would allow it.
  static func flag(_ check: String, _ symbol: String, _ first: CalendarDate?, _ last: CalendarDate?) -> String {
    guard let first else { return "--allow \(check):\(symbol):DATE --reason \"...\"" }
    return "--allow \(check):\(symbol):\(dates(first, max(first, last ?? first))) --reason \"...\""
  }
}

/// The allowances given, and which of them something needed.
struct AllowanceLedger {
  private let allowances: [QualityAllowance]
  private var used: Set<Int> = []

  init(_ allowances: [QualityAllowance]) { self.allowances = allowances }

  /// Whether the finding may pass; remembers that an allowance was needed.
  mutating func allows(check: String, symbol: String, date: CalendarDate) -> Bool {
    let places = allowances.indices.filter { place in
      let one = allowances[place]
      return one.check == check && one.symbol == symbol && one.date <= date && date <= one.lastDate
    }
    used.formUnion(places)
    return !places.isEmpty
  }

  func isUsed(_ allowance: QualityAllowance) -> Bool {
    allowances.firstIndex(of: allowance).map(used.contains) ?? false
  }
}

/// What the world outside may get wrong when it speaks to this module.
package enum MarketError: Error, Equatable, Sendable, CustomStringConvertible {
  case malformedAllowance(String)
  case allowanceOfOtherCheck(allowance: String, check: String)
  case allowanceWithoutReason(String)

  package var description: String {
    switch self {
    case .malformedAllowance(let text):
      """
      The allowance '\(text)' is not of the form check:symbol:YYYY-MM-DD or check:symbol:YYYY-MM-DD..YYYY-MM-DD; write \
      for example price-continuity:AAPL:2000-09-29.
      """
    case .allowanceOfOtherCheck(let allowance, let check):
      """
      The allowance '\(allowance)' names the check '\(check)', but only findings of \
      \(QualityAllowance.checks.dropLast().joined(separator: ", ")) and \(QualityAllowance.checks[2]) can be allowed by name; correct the data instead.
      """
    case .allowanceWithoutReason(let allowance):
      "The allowance '\(allowance)' has no reason; say in a few words why it is right."
    }
  }
}
