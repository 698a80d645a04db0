// The names that the clearing house gives to listed options.

/// What an option's symbol says: `SPY251211C00600000` is SPY's call of 600 dollars that expires on 2025-12-11.
package struct OptionSymbol: Hashable, Sendable, CustomStringConvertible {
  package enum Right: Character, Sendable {
    case call = "C"
    case put = "P"
  }

  /// One to six capital letters and digits, a letter first.
  package let root: String
  package let expiry: CalendarDate
  package let right: Right
  /// Thousandths of a dollar, 1...99,999,999.
  package let strikeThousandths: Int

  /// Dollars a share.
  package var strike: Double { Double(strikeThousandths) / 1000 }

  /// Whether the contract delivers a hundred shares of the root's name: a digit in the root marks one that a corporate action has changed.
  package var isStandard: Bool { ContractTerms.of(root: root).isStandard }

  /// The symbol of a contract.
  package init(_ contract: OptionContract) {
    root = contract.root
    expiry = contract.expiry
    right = contract.right
    strikeThousandths = Int(contract.strikeThousandths)
  }

  /// Reads from the right: eight digits of strike, C or P, six of the date (20YYMMDD), and the root is the rest. Between root and date there may be the
  /// spaces that fill the root up to six characters, before it an `O:`.
  package init(_ text: String) throws(OptionSymbolError) {
    var rest = Array(text.utf8)[...]
    if rest.starts(with: "O:".utf8) { rest = rest.dropFirst(2) }
    guard rest.count >= 16 else { throw OptionSymbolError(text, .tooShort) }
    guard let strike = Self.digits(rest.suffix(8)) else { throw OptionSymbolError(text, .strike) }
    guard strike > 0 else { throw OptionSymbolError(text, .noStrike) }
    rest = rest.dropLast(8)
    guard let letter = rest.popLast(), let right = Right(rawValue: Character(Unicode.Scalar(letter))) else {
      throw OptionSymbolError(text, .right)
    }
    guard let date = Self.digits(rest.suffix(6)),
      let expiry = CalendarDate(year: 2000 + date / 10_000, month: date / 100 % 100, day: date % 100)
    else { throw OptionSymbolError(text, .date) }
    rest = rest.dropLast(6)
    // Padded to 21 characters, or not at all.
    if rest.contains(32) {
      guard rest.count == 6 else { throw OptionSymbolError(text, .root) }
      while rest.last == 32 { rest.removeLast() }
    }
    let isRoot = rest.allSatisfy { (65...90).contains($0) || (48...57).contains($0) }
    guard (1...6).contains(rest.count), isRoot, let first = rest.first, (65...90).contains(first) else {
      throw OptionSymbolError(text, .root)
    }
    root = String(decoding: rest, as: UTF8.self)
    self.expiry = expiry
    self.right = right
    strikeThousandths = strike
  }

  /// A number of nothing but digits.
  private static func digits(_ bytes: ArraySlice<UInt8>) -> Int? {
    guard bytes.allSatisfy({ (48...57).contains($0) }) else { return nil }
    return bytes.reduce(0) { $0 * 10 + Int($1 - 48) }
  }

  /// Without padding.
  package var description: String {
    func padded(_ number: Int, _ width: Int) -> String {
      let text = String(number)
      return String(repeating: "0", count: width - text.utf8.count) + text
    }
    let (year, month, day) = expiry.civil
    return root + padded(year % 100, 2) + padded(month, 2) + padded(day, 2) + String(right.rawValue)
      + padded(strikeThousandths, 8)
  }
}

/// A text that is no option's symbol.
package struct OptionSymbolError: Error, Equatable, Sendable, CustomStringConvertible {
  package enum Reason: String, Sendable {
    case tooShort = "it is too short"
    case strike = "its last eight characters are no strike of digits"
    case noStrike = "its strike is 0"
    case right = "the character before its strike is neither C nor P"
    case date = "the six characters before C or P are no date YYMMDD"
    case root = "before its date stands no root of one to six capital letters and digits"
  }

  /// As much of it as a message may show.
  package let text: String
  package let reason: Reason

  private static let longestShown = 40

  init(_ text: String, _ reason: Reason) {
    // Scalars, of which a letter may have any number.
    self.text = String(String.UnicodeScalarView(text.unicodeScalars.prefix(OptionSymbolError.longestShown)))
    self.reason = reason
  }

  package var description: String {
    "'\(text)' is no option symbol such as SPY251211C00600000: \(reason.rawValue)"
  }
}
