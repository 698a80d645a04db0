// What an action number means: one order a symbol.

package import AgentInterface

/// The 3^S joint actions. Symbol 0 is the most significant digit, so that with two symbols index = 3 (first + 1) + (second + 1):
/// 0 sells both, 4 holds both, 8 buys both.
package struct BasketAction: Sendable, Hashable {
  /// -1 sell, 0 hold, +1 buy, a symbol.
  package let orders: [Int]

  package init(orders: [Int]) {
    precondition(orders.allSatisfy { (-1...1).contains($0) }, "orders \(orders): -1, 0 or 1 each")
    self.orders = orders
  }

  /// The action of that index. Traps outside the space.
  package init(index: Int, symbolCount: Int) {
    precondition(
      index >= 0 && index < BasketAction.count(symbolCount: symbolCount),
      "action \(index) of \(BasketAction.count(symbolCount: symbolCount))")
    var rest = index
    var digits = [Int](repeating: 0, count: symbolCount)
    for symbol in (0..<symbolCount).reversed() {
      digits[symbol] = rest % 3 - 1
      rest /= 3
    }
    orders = digits
  }

  package var index: Int { orders.reduce(0) { $0 * 3 + $1 + 1 } }

  package static func count(symbolCount: Int) -> Int { (0..<symbolCount).reduce(1) { count, _ in count * 3 } }

  /// All hold: what an illegal request becomes.
  package static func hold(symbolCount: Int) -> Int { count(symbolCount: symbolCount) / 2 }

  /// For example `sell AAPL, hold MSFT`.
  package func name(symbols: [String]) -> String {
    zip(orders, symbols).map { BasketAction.verbs[$0 + 1] + " " + $1 }.joined(separator: ", ")
  }

  package static func space(symbols: [String]) -> ActionSpace {
    let names = (0..<count(symbolCount: symbols.count)).map {
      BasketAction(index: $0, symbolCount: symbols.count).name(symbols: symbols)
    }
    return ActionSpace(
      names: names, fallback: hold(symbolCount: symbols.count),
      factors: symbols.map { ActionSpace.Factor(subject: $0, choices: verbs) })
  }

  /// What may be ordered of a symbol: -1, 0 and +1 in words.
  package static let verbs = ["sell", "hold", "buy"]

  /// The factors of a space of which only the names were kept, as checkpoints did before spaces had factors; nil where no basket has such names.
  package static func factors(ofNames names: [String]) -> [ActionSpace.Factor]? {
    let symbols = (names.first ?? "").split(separator: ",").map { $0.drop { $0 == " " }.dropFirst("sell ".count) }
    guard BasketEnvironment.supportedSymbols.contains(symbols.count) else { return nil }
    let space = space(symbols: symbols.map(String.init))
    return space.names == names ? space.factors : nil
  }
}

/// The same, as tables of bits that a step reads.
struct BasketActionTable: Sendable {
  let count: Int
  let hold: Int
  /// [action][symbol]: -1, 0 or 1.
  let orders: LaneArray<Int8>
  /// [symbol]: the actions that sell it.
  let selling: LaneArray<UInt64>
  /// [symbol]: the actions that buy it.
  let buying: LaneArray<UInt64>
  /// [set of flat symbols as bits]: the actions that leave at most one of them held.
  let openingAtMostOne: LaneArray<UInt64>

  /// `mayShort`: a sale of a flat symbol opens a position too.
  init(symbolCount: Int, mayShort: Bool) {
    count = BasketAction.count(symbolCount: symbolCount)
    hold = BasketAction.hold(symbolCount: symbolCount)
    orders = LaneArray(repeating: 0, count: count * symbolCount)
    selling = LaneArray(repeating: 0, count: symbolCount)
    buying = LaneArray(repeating: 0, count: symbolCount)
    openingAtMostOne = LaneArray(repeating: 0, count: 1 << symbolCount)
    for action in 0..<count {
      let bit = UInt64(1) << UInt64(action)
      let decoded = BasketAction(index: action, symbolCount: symbolCount).orders
      for symbol in 0..<symbolCount {
        orders.base[action * symbolCount + symbol] = Int8(decoded[symbol])
        if decoded[symbol] < 0 { selling.base[symbol] |= bit }
        if decoded[symbol] > 0 { buying.base[symbol] |= bit }
      }
      for flat in 0..<(1 << symbolCount) {
        let opened = (0..<symbolCount).filter {
          flat >> $0 & 1 == 1 && (decoded[$0] > 0 || (mayShort && decoded[$0] < 0))
        }
        if opened.count <= 1 { openingAtMostOne.base[flat] |= bit }
      }
    }
  }
}
