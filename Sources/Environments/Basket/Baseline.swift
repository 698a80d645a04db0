// Rules without learning that trade a basket: who must be beaten.

package import Market

/// The rules that every report on a basket compares with.
package enum Baseline: String, Sendable, CaseIterable {
  /// Never trades.
  case flat
  /// Buys a unit of every symbol at each close while that is legal, and never sells.
  case buyAndHold
  /// Buys a symbol it does not hold after a session that closed higher, sells one it holds after one that closed lower.
  case previousSign
  /// The other way round: buys after a session that closed lower, sells after one that closed higher.
  case inversePreviousSign

  /// The name in reports and files.
  package var name: String {
    switch self {
    case .flat: "flat"
    case .buyAndHold: "buy-and-hold"
    case .previousSign: "previous-sign"
    case .inversePreviousSign: "inverse-previous-sign"
    }
  }

  /// (S) what it wants of each symbol at the decision of `account`: -1 sell, 0 hold, +1 buy. It reads closes up to that bar, and the account.
  package func orders(account: AccountView, tape: MarketTape) -> [Int] {
    tape.symbols.indices.map { symbol in
      switch self {
      case .flat: 0
      case .buyAndHold: 1
      case .previousSign: signOrder(symbol: symbol, account, tape, direction: 1)
      case .inversePreviousSign: signOrder(symbol: symbol, account, tape, direction: -1)
      }
    }
  }

  /// direction: +1 goes with the last session's change, -1 against it.
  private func signOrder(symbol: Int, _ account: AccountView, _ tape: MarketTape, direction: Double) -> Int {
    guard account.bar > 0 else { return 0 }
    let change = direction * (tape.close[symbol][account.bar] - tape.close[symbol][account.bar - 1])
    let units = account.units[symbol]
    if change > 0, units <= 0 { return 1 }
    if change < 0, units > 0 { return -1 }
    return 0
  }
}
