// Why a quote fills nothing.

/// What is wrong with a quote that an order meets.
package enum QuoteFault: Sendable, Hashable {
  case missing
  case filledForward
  /// Older than quotes may be, in minutes.
  case stale(minutes: Int)
  case oneSided
  case locked
  case crossed
  /// Prices that no contract has.
  case absurd
  /// The contract does not trade any more.
  case ended

  /// In a sentence: "the quote is ...".
  package var words: String {
    switch self {
    case .missing: "missing"
    case .filledForward: "carried forward from an earlier minute"
    case .stale(let minutes): "\(minutes) minutes old"
    case .oneSided: "one-sided"
    case .locked: "locked"
    case .crossed: "crossed"
    case .absurd: "absurd"
    case .ended: "of a contract that does not trade any more"
    }
  }
}

extension MinuteQuote {
  /// Why it fills nothing at the end of a minute; nil where it fills. The same question as `fills(at:mostAge:)`, and beyond it whether prices can be.
  package func fault(at minute: Int, mostAge: Int) -> QuoteFault? {
    if isFilledForward { return .filledForward }
    if self.minute > minute { return .missing }
    // Neither minute is negative in a view that keeps its promise; a wrapped difference is old.
    let age = minute &- self.minute
    if age > mostAge || age < 0 { return .stale(minutes: age) }
    if bid < 0 || ask < 0 || bid > Order.mostPrice || ask > Order.mostPrice { return .absurd }
    if bid == 0 || ask == 0 { return .oneSided }
    if bid == ask { return .locked }
    return bid > ask ? .crossed : nil
  }

  /// Whether nothing is wrong with it: `fault` has no name for anything.
  @inline(__always)
  func isSound(at minute: Int, mostAge: Int) -> Bool {
    // Two-sided and below the bound: neither price can be absurd.
    fills(at: minute, mostAge: mostAge) && ask <= Order.mostPrice
  }
}
