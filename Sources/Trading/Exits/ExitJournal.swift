// What a keeper leaves for the one behind a restart.

package import Text

extension ExitKeeper {
  private static let keys = ["orders", "plans", "positions", "version"]

  /// Everything that a restart needs; equal keepers have equal text. Write it whole, and in one piece, whenever a minute has changed it.
  package func json(in table: ContractTable) -> JSON {
    .object([
      "version": 1, "positions": .array(positions.map { $0.json(in: table) }),
      "plans": .array(
        plans.keys.sorted().compactMap { order in
          plans[order].map { .object(["order": .integer(order), "plan": $0.json]) }
        }),
      "orders": .array(
        asked.keys.sorted().compactMap { order in
          asked[order].map { .object(["order": .integer(order), "closes": .integer($0)]) }
        }),
    ])
  }

  /// Goes on where `json` was written.
  ///
  /// ordersWork: whether the orders that were sent still work. Where they do not, what they would have closed is free again, and asked for at once; rungs that
  /// fired stay fired. Of the desk's log nothing before this moment is read again. Throws where anything is not as it was written, and where the table has no
  /// contract of a position's name: nothing is lost then, since the text is as it was.
  package init(_ value: JSON, in table: ContractTable, behind log: [DeskEntry], ordersWork: Bool) throws(ExitPlanError)
  {
    self.init()
    let place = "the journal of exit plans"
    let fields = try ExitFields(value, place: place, known: ExitKeeper.keys)
    guard try fields.integer("version") == 1 else {
      throw .malformed("\(place) has the version \(try fields.integer("version")); this program reads version 1")
    }
    for value in try fields.array("positions") {
      let position = try ExitPosition(value, in: table)
      guard !positions.contains(where: { $0.order == position.order }) else {
        throw .malformed("\(place) has two plans of order \(position.order); leave one")
      }
      positions.append(position)
    }
    for value in try fields.array("plans") {
      let plan = try ExitFields(value, place: "\(place), a plan", known: ["order", "plan"])
      plans[Int64(try plan.integer("order"))] = try ExitPlan(try plan.value("plan"), place: "\(place), a plan")
    }
    for value in try fields.array("orders") {
      let order = try ExitFields(value, place: "\(place), an order", known: ["closes", "order"])
      asked[Int64(try order.integer("order"))] = Int64(try order.integer("closes"))
    }
    if !ordersWork {
      asked = [:]
      for place in positions.indices { positions[place].ordersLost() }
    }
    seen = log.count
  }
}
