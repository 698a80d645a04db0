// Exchanging an option for the same strike of a later expiry, as one order.

package import Market

/// What became of a decision to roll.
package enum RollAnswer: Sendable, Hashable {
  /// One order of two legs at a net price: all of it or nothing.
  case order(Order)
  /// Nothing later is listed with this strike.
  case noContract
  /// One of the two has no quote that fills an order.
  case unquoted(Int32)
  /// What it would cost now, in ten-thousandths of a dollar a package (negative: bring), is worse than the plan's limit.
  case worseThanLimit(net: Int, limit: Int)

  /// Why nothing is exchanged, and nothing closed; nil where an order was made.
  package func refusal(in table: ContractTable) -> String? {
    switch self {
    case .order: nil
    case .noContract: "no later expiry lists this strike: nothing is closed"
    case .unquoted(let contract): "\(table[contract].symbol) has no two-sided quote: nothing is closed"
    case .worseThanLimit(let net, let limit):
      "the exchange would \(Roll.words(net)), and the plan's limit is to \(Roll.words(limit)): nothing is closed"
    }
  }
}

package enum Roll {
  static func words(_ net: Int) -> String {
    (net < 0 ? "bring " : "cost ") + PriceText.dollars(abs(net), places: 4)
  }

  /// The contract to exchange one for: same root, right, strike and multiplier, of the later expiry that lies nearest to so many days behind its own; of two
  /// equally near the earlier. nil where none is listed.
  package static func target(
    of contract: Int32, furtherDays: Int, in table: ContractTable, on date: CalendarDate
  ) -> Int32? {
    let held = table[contract]
    guard let option = held.option else { return nil }
    let wanted = Int(option.expiry.daysSinceEpoch) + furtherDays
    var best: (number: Int32, distance: Int, expiry: CalendarDate)?
    for (number, other) in table.contracts.enumerated() {
      guard let candidate = other.option, candidate.root == option.root, candidate.right == option.right,
        other.strike == held.strike, other.multiplier == held.multiplier, candidate.expiry > option.expiry,
        let last = other.lastSession, last >= date
      else { continue }
      let distance = abs(Int(candidate.expiry.daysSinceEpoch) - wanted)
      if let best, (best.distance, best.expiry) <= (distance, candidate.expiry) { continue }
      best = (Int32(number), distance, candidate.expiry)
    }
    return best?.number
  }
}

extension ExitPosition {
  /// The order of a decision to roll: the held option given back and the later one opened, in one order at no worse than the plan's limit. Where it answers no
  /// order, tell the position that the decision's quantity is `cancelled`: it stays as it is, and is asked again.
  package func rollingOrder(
    id: Int64, _ decision: ExitDecision, in view: some MarketView, minute: Int, table: ContractTable
  ) -> RollAnswer {
    let held = package.legs[0]
    guard let roll = plan.roll,
      let later = Roll.target(of: held.contract, furtherDays: roll.furtherDays, in: table, on: view.date)
    else { return .noContract }
    var legs = UpToFour(OrderLeg(contract: held.contract, ratio: -held.ratio))
    legs.append(OrderLeg(contract: later, ratio: held.ratio))
    var net = 0
    for index in legs.indices {
      let leg = legs[index]
      guard let quote = view.quote(of: leg.contract, minute: minute), quote.fills(at: minute) else {
        return .unquoted(leg.contract)
      }
      net += quote.farTouch(side: leg.side) * Int(leg.ratio)
    }
    let limit = roll.mostDebit
    guard net <= limit else { return .worseThanLimit(net: net, limit: limit) }
    return .order(
      Order(
        id: id, legs: legs, quantity: decision.quantity, effect: .opens, kind: .limit(net: limit),
        submittedMinute: minute, closes: order))
  }
}
