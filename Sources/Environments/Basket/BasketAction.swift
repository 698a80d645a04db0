// What an action number means: one order a symbol.

package import AgentInterface

/// One of 3^S actions: up to three symbols are ordered jointly, more by independent choices, one a symbol (`space`). Symbol 0 is the most significant digit, so that with two symbols index = 3 (first + 1) + (second + 1):
/// 0 sells both, 4 holds both, 8 buys both.
package struct BasketAction: Sendable, Hashable {
  /// -1 sell, 0 hold, +1 buy, a symbol.
  package let orders: [Int]

  package init(orders: [Int]) {
    precondition(orders.allSatisfy { (-1...1).contains($0) }, "orders \(orders): -1, 0 or 1 each")
    self.orders = orders
  }

  /// The action of that index. Traps outside the space.
  package init(index: ActionNumber, symbolCount: Int) {
    precondition(
      index >= 0 && index < BasketAction.count(symbolCount: symbolCount),
      "action \(index) of \(BasketAction.count(symbolCount: symbolCount))")
    var rest = index
    var digits = [Int](repeating: 0, count: symbolCount)
    for symbol in (0..<symbolCount).reversed() {
      digits[symbol] = Int(rest % 3) - 1
      rest /= 3
    }
    orders = digits
  }

  package var index: ActionNumber { orders.reduce(0) { $0 * 3 + ActionNumber($1 + 1) } }

  package static func count(symbolCount: Int) -> ActionNumber { (0..<symbolCount).reduce(1) { count, _ in count * 3 } }

  /// All hold: what an illegal request becomes.
  package static func hold(symbolCount: Int) -> ActionNumber { count(symbolCount: symbolCount) / 2 }

  /// For example `sell AAPL, hold MSFT`.
  package func name(symbols: [String]) -> String {
    zip(orders, symbols).map { BasketAction.verbs[$0 + 1] + " " + $1 }.joined(separator: ", ")
  }

  /// How many symbols are ordered by one joint choice; more are ordered independently of each other.
  package static let jointSymbols = 1...3

  /// Traps above `BasketEnvironment.supportedSymbols`.
  package static func space(symbols: [String]) -> ActionSpace {
    let factors = symbols.map { ActionSpace.Factor(subject: $0, choices: verbs) }
    guard jointSymbols.contains(symbols.count) else {
      return ActionSpace(independent: factors, fallback: symbols.map { _ in 1 })
    }
    let names = (0..<Int(count(symbolCount: symbols.count))).map {
      BasketAction(index: ActionNumber($0), symbolCount: symbols.count).name(symbols: symbols)
    }
    return ActionSpace(names: names, fallback: Int(hold(symbolCount: symbols.count)), factors: factors)
  }

  /// What may be ordered of a symbol: -1, 0 and +1 in words.
  package static let verbs = ["sell", "hold", "buy"]

  /// The factors of a space of which only the names were kept, as checkpoints did before spaces had factors; nil where no basket has such names.
  package static func factors(ofNames names: [String]) -> [ActionSpace.Factor]? {
    let symbols = (names.first ?? "").split(separator: ",").map { $0.drop { $0 == " " }.dropFirst("sell ".count) }
    guard jointSymbols.contains(symbols.count) else { return nil }
    let space = space(symbols: symbols.map(String.init))
    return space.names == names ? space.factors : nil
  }
}

/// The same, as tables of bits that a step reads. The tables are of joint actions, and empty where choices are independent.
struct BasketActionTable: Sendable {
  let symbolCount: Int
  let hold: ActionNumber
  /// Whether an action is one choice by itself.
  let isJoint: Bool
  /// How the flags of a mask fall into choices.
  let heads: ActionFactors
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
    self.symbolCount = symbolCount
    let all = BasketAction.count(symbolCount: symbolCount)
    isJoint = BasketAction.jointSymbols.contains(symbolCount)
    heads = isJoint ? ActionFactors(joint: Int(all)) : ActionFactors(widths: (0..<symbolCount).map { _ in 3 })
    hold = BasketAction.hold(symbolCount: symbolCount)
    // Of independent choices no table is read.
    let (actions, symbols) = isJoint ? (Int(all), symbolCount) : (0, 0)
    orders = LaneArray(repeating: 0, count: actions * symbols)
    selling = LaneArray(repeating: 0, count: symbols)
    buying = LaneArray(repeating: 0, count: symbols)
    openingAtMostOne = LaneArray(repeating: 0, count: 1 << symbols)
    for action in 0..<actions {
      let bit = UInt64(1) << UInt64(action)
      let decoded = BasketAction(index: ActionNumber(action), symbolCount: symbols).orders
      for symbol in 0..<symbols {
        orders.base[action * symbols + symbol] = Int8(decoded[symbol])
        if decoded[symbol] < 0 { selling.base[symbol] |= bit }
        if decoded[symbol] > 0 { buying.base[symbol] |= bit }
      }
      for flat in 0..<(1 << symbols) {
        let opened = (0..<symbols).filter {
          flat >> $0 & 1 == 1 && (decoded[$0] > 0 || (mayShort && decoded[$0] < 0))
        }
        if opened.count <= 1 { openingAtMostOne.base[flat] |= bit }
      }
    }
  }

  /// Which symbols an action sells and which it buys: the first at bit 0.
  @inline(__always)
  func sides(of action: ActionNumber) -> (selling: UInt64, buying: UInt64) {
    guard isJoint else {
      var (selling, buying) = (UInt64(0), UInt64(0))
      let halves = heads.halves(of: action)
      for symbol in 0..<symbolCount {
        let choice = heads.choice(of: symbol, in: halves)
        if choice == 0 { selling |= 1 << UInt64(symbol) }
        if choice == 2 { buying |= 1 << UInt64(symbol) }
      }
      return (selling, buying)
    }
    var (rest, selling, buying) = (Int(action), UInt64(0), UInt64(0))
    for symbol in (0..<symbolCount).reversed() {
      let digit = rest % 3
      rest /= 3
      if digit == 0 { selling |= 1 << UInt64(symbol) }
      if digit == 2 { buying |= 1 << UInt64(symbol) }
    }
    return (selling, buying)
  }

  /// What is done of an action that was asked for: all of it where it is legal; else nothing where choices are joint, and its legal choices where they
  /// are independent.
  @inline(__always)
  func corrected(_ action: ActionNumber, in mask: ActionMask) -> ActionNumber {
    if isJoint { return mask.allows(Int(action)) ? action : hold }
    return heads.corrected(action, in: mask, fallback: hold)
  }
}
