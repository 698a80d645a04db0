// What an account was at each close of a walk, in columns.

package import Environments

/// Accounts in the order of their closes, all of the same symbols. Kept as numbers side by side: two arrays an account take five times as much memory.
package struct AccountSeries: RandomAccessCollection, Sendable, Equatable {
  private(set) var bars: [Int32] = []
  private(set) var netLiquidationMicroDollars: [Int64] = []
  private(set) var cashMicroDollars: [Int64] = []
  private(set) var riskTiers: [Int8] = []
  /// (T, S)
  private var shares: [Double] = []
  private var units: [Int32] = []
  private(set) var symbolCount = 0

  package init() {}

  /// Traps where the account has other symbols than those before.
  package mutating func append(_ account: AccountView) {
    let symbols = account.shares.count
    precondition(
      account.units.count == symbols && (isEmpty || symbols == symbolCount),
      "an account of \(symbols) symbols among those of \(symbolCount)")
    symbolCount = symbols
    bars.append(Int32(account.bar))
    netLiquidationMicroDollars.append(account.netLiquidationMicroDollars)
    cashMicroDollars.append(account.cashMicroDollars)
    riskTiers.append(Int8(account.riskTier))
    shares += account.shares
    for one in account.units { units.append(Int32(one)) }
  }

  package var startIndex: Int { 0 }
  package var endIndex: Int { bars.count }

  package subscript(session: Int) -> AccountView {
    let places = session * symbolCount..<(session + 1) * symbolCount
    return AccountView(
      bar: Int(bars[session]), netLiquidationMicroDollars: netLiquidationMicroDollars[session],
      cashMicroDollars: cashMicroDollars[session], shares: Array(shares[places]), units: units[places].map { Int($0) },
      riskTier: Int(riskTiers[session]))
  }

  /// (T) signed units of one symbol.
  func units(symbol: Int) -> some Sequence<Int> {
    stride(from: symbol, to: units.count, by: symbolCount).lazy.map { Int(units[$0]) }
  }

  /// Signed units of one symbol at one close.
  func units(_ session: Int, symbol: Int) -> Int { Int(units[session * symbolCount + symbol]) }

  /// (T) whether anything was held, by units: of options whose delta nobody knows the shares are 0.
  var holdsUnits: [Bool] {
    indices.map { session in
      units[session * symbolCount..<(session + 1) * symbolCount].contains { $0 != 0 }
    }
  }

  /// (T) whether anything was held.
  var holdsShares: [Bool] {
    indices.map { session in
      shares[session * symbolCount..<(session + 1) * symbolCount].contains { $0 != 0 }
    }
  }
}
