// Who must be beaten: rules without learning, through the same environment, masks and costs.

package import AgentInterface
package import Environments
import Market

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
    orders = JointOrders(environment.actionSpace)
  }

  package func decide(_ observation: Span<Float>, mask: ActionMask, startsEpisode: Bool) -> Choice {
    let wanted = baseline.orders(account: environment.account(lane: 0), tape: tape)
    return Choice(action: orders.nearestLegal(to: wanted, mask: mask), confidence: nil)
  }
}

/// Who must be beaten on an environment, each with its name.
package enum BaselineDeciders {
  /// Those of orders, or where a game is of one symbol a session its rules.
  package static func all(
    _ baselines: [Baseline], _ play: SessionPlay?, for environment: any TradingEnvironment
  ) -> [(name: String, decider: any Decider)] {
    guard let play else { return baselines.map { ($0.name, BaselineDecider($0, for: environment)) } }
    return play.rules.map { ($0.name, ActionRuleDecider($0, play, for: environment)) }
  }
}

/// Actions that sell, hold or buy each of several symbols, joint ones or made of independent choices, decoded once.
struct JointOrders {
  let symbols: Int
  /// [action][symbol]: -1 sell, 0 hold, +1 buy; empty where choices are independent, of which there are too many actions.
  let orders: [[Int]]
  private let heads: ActionFactors
  /// [symbol]: the place of -1, 0 and +1 among the symbol's own choices; empty where actions are joint.
  private let places: [[Int]]

  /// Traps where an action of the space is anything but orders of those three kinds.
  init(_ space: ActionSpace) {
    let values = ["sell": -1, "hold": 0, "buy": 1]
    precondition(!space.factors.isEmpty, "actions that are no orders of symbols")
    symbols = space.factors.count
    heads = space.heads
    guard !space.isFactored else {
      orders = []
      places = space.factors.map { factor in
        ["sell", "hold", "buy"].map { word in
          guard factor.choices.count == values.count, let place = factor.choices.firstIndex(of: word) else {
            preconditionFailure("the choices \(factor.choices) of \(factor.subject)")
          }
          return place
        }
      }
      return
    }
    places = []
    orders = space.names.indices.map { action in
      space.orders(of: ActionNumber(action)).map { order in
        guard let value = values[order.choice] else { preconditionFailure("an order to '\(order.choice)'") }
        return value
      }
    }
  }

  /// The legal action that fulfils most of `wanted` and holds elsewhere; of equals the one that serves the earlier symbols.
  /// Traps where not even hold is legal: a trading environment keeps it so.
  func nearestLegal(to wanted: [Int], mask: ActionMask) -> ActionNumber {
    guard places.isEmpty else { return independently(wanted, mask) }
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
    guard let best else { preconditionFailure("no legal action holds every symbol (mask \(mask))") }
    return ActionNumber(best.action)
  }

  /// The same where each symbol is ordered by itself.
  private func independently(_ wanted: [Int], _ mask: ActionMask) -> ActionNumber {
    var action: ActionNumber = 0
    for symbol in 0..<symbols {
      let own = heads.mask(mask, of: symbol)
      let asked = places[symbol][wanted[symbol] + 1]
      let choice = own.allows(asked) ? asked : places[symbol][1]
      precondition(own.allows(choice), "no legal choice holds symbol \(symbol) (mask \(mask))")
      action += ActionNumber(choice) * heads.step(of: symbol)
    }
    return action
  }
}
