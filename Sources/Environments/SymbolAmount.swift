// Amounts that a setting gives symbols by name.

/// `SYMBOL=AMOUNT`, as a word of a setting.
struct SymbolAmount {
  let symbol: String
  let amount: Double

  /// The most that a word may give.
  static let most = 1e9

  /// Nil for other words, and for amounts that are not above 0 and at most a billion.
  init?(_ word: String) {
    let parts = word.split(separator: "=", omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, let amount = Double(parts[1]), amount > 0, amount <= SymbolAmount.most
    else { return nil }
    (symbol, self.amount) = (String(parts[0]), amount)
  }

  /// What the last word that names a symbol gives it.
  static func of(_ symbol: String, in words: [String]) -> Double? {
    words.lazy.compactMap { SymbolAmount($0) }.last { $0.symbol == symbol }?.amount
  }
}
