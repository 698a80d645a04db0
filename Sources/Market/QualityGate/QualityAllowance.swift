// An exception made by name and with a reason: this move, on this day, is real.

/// Lets one symbol's price moves of one date pass. Only `price-continuity` can be allowed: every other finding says that the data
/// itself is wrong, and no reason makes wrong data right.
package struct QualityAllowance: Sendable, Hashable {
  package let check: String
  package let symbol: String
  package let date: CalendarDate
  /// Why the move is real: one line, never empty.
  package let reason: String

  /// Throws where the check cannot be allowed, the symbol is empty, or the reason is blank. Runs of whitespace in the reason become
  /// one space.
  package init(check: String, symbol: String, date: CalendarDate, reason: String) throws(MarketError) {
    let name = "\(check):\(symbol):\(date)"
    guard check == PriceContinuity.identifier else { throw .allowanceOfOtherCheck(allowance: name, check: check) }
    guard !symbol.isEmpty else { throw .malformedAllowance(name) }
    let words = reason.split(whereSeparator: \.isWhitespace)
    guard !words.isEmpty else { throw .allowanceWithoutReason(name) }
    self.check = check
    self.symbol = symbol
    self.date = date
    self.reason = words.joined(separator: " ")
  }

  /// Reads `check:symbol:YYYY-MM-DD`, for example `price-continuity:AAPL:2000-09-29`.
  package static func parse(_ text: String, reason: String) throws(MarketError) -> QualityAllowance {
    guard let afterCheck = text.firstIndex(of: ":"), let beforeDate = text.lastIndex(of: ":"), afterCheck < beforeDate
    else { throw .malformedAllowance(text) }
    let check = String(text[..<afterCheck])
    let symbol = String(text[text.index(after: afterCheck)..<beforeDate])
    guard let date = CalendarDate(text[text.index(after: beforeDate)...]) else { throw .malformedAllowance(text) }
    return try QualityAllowance(check: check, symbol: symbol, date: date, reason: reason)
  }

  /// `check:symbol:YYYY-MM-DD`, as `parse` reads it.
  package var name: String { "\(check):\(symbol):\(date)" }
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
      The allowance '\(text)' is not of the form check:symbol:YYYY-MM-DD; write for example \
      price-continuity:AAPL:2000-09-29.
      """
    case .allowanceOfOtherCheck(let allowance, let check):
      """
      The allowance '\(allowance)' names the check '\(check)', but only moves found by \(PriceContinuity.identifier) can \
      be allowed by name; correct the data instead.
      """
    case .allowanceWithoutReason(let allowance):
      "The allowance '\(allowance)' has no reason; say in a few words why the move is real."
    }
  }
}
