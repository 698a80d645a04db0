// Who must be beaten: rules without learning, through the same environment, masks and costs.

package import AgentInterface
package import Environments
import Market

/// The rules that every report compares with.
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
}

/// A baseline as a decider for lane 0 of the trading environment it is made for. It reads closes up to the decision's bar and its
/// own account, nothing else; what it wants but the mask forbids becomes hold, symbol by symbol.
package final class BaselineDecider: Decider {
  private let baseline: Baseline
  private let environment: any TradingEnvironment
  private let tape: MarketTape
  private let orders: JointOrders

  /// Traps where the environment's actions are not the joint orders of its symbols.
  package init(_ baseline: Baseline, for environment: any TradingEnvironment) {
    self.baseline = baseline
    self.environment = environment
    tape = environment.tape
    orders = JointOrders(symbols: environment.tape.symbols.count, actions: environment.actionSpace.count)
  }

  package func decide(_ observation: Span<Float>, mask: ActionMask, startsEpisode: Bool) -> Choice {
    let account = environment.account(lane: 0)
    let wanted = tape.symbols.indices.map { symbol in
      switch baseline {
      case .flat: 0
      case .buyAndHold: 1
      case .previousSign: signOrder(symbol: symbol, account: account, direction: 1)
      case .inversePreviousSign: signOrder(symbol: symbol, account: account, direction: -1)
      }
    }
    return Choice(action: orders.nearestLegal(to: wanted, mask: mask), confidence: nil)
  }

  /// direction: +1 goes with the last session's change, -1 against it.
  private func signOrder(symbol: Int, account: AccountView, direction: Double) -> Int {
    guard account.bar > 0 else { return 0 }
    let change = direction * (tape.close[symbol][account.bar] - tape.close[symbol][account.bar - 1])
    let units = account.units[symbol]
    if change > 0, units <= 0 { return 1 }
    if change < 0, units > 0 { return -1 }
    return 0
  }
}

/// The joint actions of `DualTickerAction`, decoded once.
struct JointOrders {
  let symbols: Int
  /// [action][symbol]: -1 sell, 0 hold, +1 buy.
  let orders: [[Int]]

  init(symbols: Int, actions: Int) {
    let expected = DualTickerAction.count(symbolCount: symbols)
    precondition(actions == expected, "\(actions) actions for \(symbols) symbols: joint orders need \(expected)")
    self.symbols = symbols
    orders = (0..<actions).map { DualTickerAction(index: $0, symbolCount: symbols).orders }
  }

  /// The action that orders one symbol (-1 sell, +1 buy) and holds the others.
  func single(_ order: Int, symbol: Int) -> Int {
    DualTickerAction(orders: (0..<symbols).map { $0 == symbol ? order : 0 }).index
  }

  /// The legal action that fulfils most of `wanted` and holds elsewhere; of equals the one that serves the earlier symbols.
  /// Traps where not even hold is legal: a trading environment keeps it so.
  func nearestLegal(to wanted: [Int], mask: ActionMask) -> Int {
    var best: (action: Int, served: Int, rank: Int)?
    for (action, orders) in orders.enumerated() where mask.allows(action) {
      var served = 0
      var rank = 0
      var isAgreeable = true
      for (symbol, order) in orders.enumerated() {
        if order == wanted[symbol] {
          served += order == 0 ? 0 : 1
          rank += order == 0 ? 0 : 1 << (symbols - symbol)
        } else if order != 0 {
          isAgreeable = false
        }
      }
      guard isAgreeable else { continue }
      if let best, (best.served, best.rank) >= (served, rank) { continue }
      best = (action, served, rank)
    }
    guard let best else { preconditionFailure("no legal action holds every symbol (mask \(mask.rawValue))") }
    return best.action
  }
}
