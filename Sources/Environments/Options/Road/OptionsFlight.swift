// The order of a lane that is on its way, where it is the only one and of one leg: in two lines of memory, where the orders of a desk have a list.

import Market
import Trading

/// A market order of one option.
struct OptionsFlight: Sendable {
  /// 0: none.
  var id: Int64 = 0
  /// The order whose group it gives back from; 0 where it opens.
  var closes: Int64 = 0
  var commission = OrderCommission()
  var contract: Int32 = -1
  var quantity: Int32 = 0
  /// Not filled.
  var left: Int32 = 0
  var submittedMinute: Int32 = 0

  var opens: Bool { closes == 0 }
  var leg: OrderLeg { OrderLeg(contract: contract, ratio: opens ? 1 : -1) }

  /// What is left of it in contracts, those that it gives back negative.
  var signed: Int { opens ? Int(left) : -Int(left) }

  var order: Order {
    Order(
      id: id, legs: leg.alone, quantity: Int(quantity), effect: opens ? .opens : .closes,
      submittedMinute: Int(submittedMinute), closes: closes)
  }
}

extension OptionsEnvironment {
  /// Hands the order of a lane that is on its way to the desk, which knows any orders: whoever looks at those, or changes them, calls it first.
  func land(_ lane: Int) {
    let flight = lanes.flight.base[lane]
    guard flight.id != 0 else { return }
    lanes.flight.base[lane].id = 0
    lanes.working.base[lane].replace(
      with: CollectionOfOne(
        WorkingOrder(market: flight.order, left: Int(flight.left), commission: flight.commission, isWaiting: false)))
    risks[lane].orders[0] = ReservedOrder(
      id: flight.id, legs: flight.leg.alone, quantity: Int(flight.left), effect: flight.opens ? .opens : .closes,
      purpose: flight.opens ? .decision : .exit)
  }

  /// Whether the order of a lane that is on its way is one that no desk has been asked about yet.
  package func hasLoneOrder(lane: Int) -> Bool { lanes.flight.base[lane].id != 0 }

  /// Forgets what is on its way.
  func forgetOrders(_ lane: Int) {
    lanes.flight.base[lane].id = 0
    if lanes.isWorking.base[lane] { change(lane) { $0.removeAll() } }
  }
}
