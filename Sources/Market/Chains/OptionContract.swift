// A listed option, told apart from every other one.

/// What names a contract: the same strike under two roots (SPX and SPXW on a third Friday) is two contracts.
package struct OptionContract: Hashable, Sendable {
  /// As `OptionSymbol.root`.
  package let root: String
  /// The date as it is listed, which for old contracts is a Saturday: see `ContractLife` for when it trades last.
  package let expiry: CalendarDate
  package let right: OptionSymbol.Right
  /// Thousandths of a dollar, 1...99,999,999.
  package let strikeThousandths: Int32

  /// Traps where a strike lies outside of what a symbol can name.
  package init(root: String, expiry: CalendarDate, right: OptionSymbol.Right, strikeThousandths: Int) {
    precondition((1...99_999_999).contains(strikeThousandths), "a strike of \(strikeThousandths) thousandths")
    self.root = root
    self.expiry = expiry
    self.right = right
    self.strikeThousandths = Int32(strikeThousandths)
  }

  package init(_ symbol: OptionSymbol) {
    self.init(
      root: symbol.root, expiry: symbol.expiry, right: symbol.right, strikeThousandths: symbol.strikeThousandths)
  }

  /// Dollars a share.
  package var strike: Double { Double(strikeThousandths) / 1000 }

  package var terms: ContractTerms { ContractTerms.of(root: root) }

  /// Whether its deliverable is a hundred units of its underlying: others are kept, and never traded unless somebody
  /// has said what they deliver (see `DeclaredDeliverable`).
  package var isStandard: Bool { terms.isStandard }
}

extension OptionContract: Comparable {
  /// By expiry, strike, right (calls first) and root.
  package static func < (left: OptionContract, right: OptionContract) -> Bool {
    if left.expiry != right.expiry { return left.expiry < right.expiry }
    if left.strikeThousandths != right.strikeThousandths { return left.strikeThousandths < right.strikeThousandths }
    if left.right != right.right { return left.right == .call }
    return left.root < right.root
  }
}

extension OptionContract: CustomStringConvertible {
  /// The clearing house's symbol, without padding.
  package var description: String { OptionSymbol(self).description }
}
