// A position with its plan: what a desk asks every minute, and finds again after a restart.

package import Market
package import Text

/// One group of legs, the plan that it was opened with, and what the plan remembers.
package struct ExitPosition: Sendable, Hashable {
  /// The order that opened it.
  package let order: Int64
  package private(set) var package: ExitPackage
  package let plan: ExitPlan
  package internal(set) var state: ExitState
  /// Where the implied volatility stood at entry among that of the year before; nil where unknown.
  package let volatilityRank: Double?

  init(order: Int64, package: ExitPackage, plan: ExitPlan, state: ExitState, volatilityRank: Double?) {
    self.order = order
    self.package = package
    self.plan = plan
    self.state = state
    self.volatilityRank = volatilityRank
  }

  /// A position that an order has just opened.
  ///
  /// Its entry is the price of the fill, without what was paid beside it. underlying: ten-thousandths of a dollar, nil where unknown. Throws where the plan
  /// cannot be followed, or holds a roll for more than one option.
  package init(
    opened fill: OrderFill, plan: ExitPlan, in table: ContractTable, on date: CalendarDate, underlying: Int?,
    volatilityRank: Double? = nil
  ) throws(ExitPlanError) {
    if let problem = plan.problem { throw problem }
    guard fill.quantity > 0 else { throw .quantity(fill.quantity) }
    var legs = UpToFour(ExitPosition.leg(fill, 0))
    for index in fill.legs.indices.dropFirst() { legs.append(ExitPosition.leg(fill, index)) }
    let package = ExitPackage(legs, in: table)
    try package.mayFollow(plan, in: table)
    let state = try ExitState(
      entry: package.value(microDollars: fill.amount / Int64(fill.quantity), isCost: true), quantity: fill.quantity,
      underlying: underlying ?? 0, favourableDirection: package.favourableDirection,
      daysToExpiry: package.daysToExpiry(on: date))
    self.init(order: fill.order, package: package, plan: plan, state: state, volatilityRank: volatilityRank)
  }

  private static func leg(_ fill: OrderFill, _ index: Int) -> OrderLeg {
    OrderLeg(
      contract: fill.legs[index].contract, ratio: Int32(truncatingIfNeeded: fill.legs[index].quantity / fill.quantity))
  }

  /// What the plan wants at the end of a minute; see `ExitPlan.decide`.
  package mutating func decide(in view: some MarketView, minute: Int, table: ContractTable) -> ExitDecision? {
    decide(at: package.moment(in: view, minute: minute, table: table))
  }

  /// The same of what is known already.
  package mutating func decide(at moment: ExitMoment) -> ExitDecision? { plan.decide(&state, at: moment) }

  /// The order that closes what was decided: every leg reversed, at the market.
  package func closingOrder(id: Int64, _ decision: ExitDecision, minute: Int) -> Order {
    var legs = package.legs
    for index in legs.indices { legs[index].ratio = -legs[index].ratio }
    return Order(
      id: id, legs: legs, quantity: decision.quantity, effect: .closes, submittedMinute: minute, closes: order)
  }

  /// So many packages of its closing order were filled.
  package mutating func filled(_ quantity: Int) { state.filled(quantity) }

  /// What was left of a closing order, or a roll, was cancelled.
  package mutating func cancelled(_ quantity: Int) { state.cancelled(quantity) }

  /// So many packages went without an order of the plan.
  package mutating func removed(_ quantity: Int) { state.removed(quantity) }

  /// More packages of the same order were filled: the entry is the mean of all, up.
  package mutating func add(_ fill: OrderFill) {
    guard fill.quantity > 0, fill.quantity <= ExitState.mostQuantity - state.entryQuantity else { return }
    let entry = package.value(microDollars: fill.amount / Int64(fill.quantity), isCost: true)
    state.add(fill.quantity, entry: entry)
  }

  /// A split or a special payment has made other contracts of its legs; false where they are not as many as they were, so that it is another position.
  ///
  /// Packages keep their number and their value. The underlying's price at entry goes with the units of a package; where those stay, as with a payment, it is
  /// not known any more.
  package mutating func adjust(to legs: UpToFour<OrderLeg>, in table: ContractTable) -> Bool {
    guard legs != package.legs else { return true }
    guard legs.count == package.legs.count else { return false }
    let adjusted = ExitPackage(legs, in: table, unit: package.unit)
    let (before, after) = (abs(package.units(in: table)), abs(adjusted.units(in: table)))
    state.entryUnderlying = before == after ? 0 : state.entryUnderlying * before / after
    package = adjusted
    return true
  }

  /// No order of before a restart works any more: what they would have closed is free again. Rungs that fired stay fired.
  package mutating func ordersLost() { state.cancelled(state.working) }
}

// MARK: - As text

extension ExitPosition {
  private static let keys = ["iv_rank", "legs", "order", "plan", "state", "unit", "version"]
  private static let stateKeys = [
    "entry_days_to_expiry", "entry_price", "entry_quantity", "entry_underlying_price", "favourable_direction",
    "held_quantity", "latched_rungs", "peak_price", "trailing_stop_price", "working_quantity",
  ]

  /// Everything that a restart needs; equal positions have equal text. Prices are those of giving a package back, in dollars a unit, negative for a credit.
  package func json(in table: ContractTable) -> JSON {
    let legs = package.legs
    return .object([
      "version": 1, "order": .integer(order), "unit": .integer(Int64(package.unit)),
      "legs": .array(
        legs.indices.map {
          .object([
            "contract": .string(table[legs[$0].contract].symbol), "ratio": .integer(Int64(legs[$0].ratio)),
          ])
        }), "plan": plan.json, "iv_rank": volatilityRank.map(JSON.number) ?? .null,
      "state": .object([
        "entry_price": ExitFields.price(state.entry), "entry_quantity": .integer(Int64(state.entryQuantity)),
        "held_quantity": .integer(Int64(state.held)), "working_quantity": .integer(Int64(state.working)),
        "peak_price": ExitFields.price(state.peak),
        "trailing_stop_price": state.stop == ExitState.noStop ? .null : ExitFields.price(state.stop),
        "latched_rungs": .array(
          (0..<ExitPlan.mostRungs).filter { state.latched >> UInt32($0) & 1 == 1 }.map { .integer(Int64($0 + 1)) }),
        "entry_underlying_price": state.entryUnderlying == 0 ? .null : ExitFields.price(state.entryUnderlying),
        "favourable_direction": .integer(Int64(state.favourableDirection)),
        "entry_days_to_expiry": .integer(Int64(state.entryDaysToExpiry)),
      ]),
    ])
  }

  /// Reads what `json` wrote. Throws where anything is not as it was written, and where the table has no contract of a leg's name.
  package init(_ value: JSON, in table: ContractTable) throws(ExitPlanError) {
    let place = "a stored exit plan"
    let fields = try ExitFields(value, place: place, known: ExitPosition.keys)
    guard try fields.integer("version") == 1 else {
      throw .malformed("\(place) has the version \(try fields.integer("version")); this program reads version 1")
    }
    let order = try fields.integer("order")
    var legs: [OrderLeg] = []
    for value in try fields.array("legs") {
      let leg = try ExitFields(value, place: "\(place), a leg", known: ["contract", "ratio"])
      let symbol = try leg.text("contract")
      guard let number = table.contracts.firstIndex(where: { $0.symbol == symbol }) else {
        throw .unknownContract(PrintableText.name(symbol))
      }
      let ratio = try leg.integer("ratio")
      guard ratio != 0, ratio.magnitude <= Order.mostRatio else {
        throw .malformed(
          "\(place): the ratio of \(symbol) is \(ratio); write \(-Order.mostRatio) to \(Order.mostRatio)")
      }
      legs.append(OrderLeg(contract: Int32(number), ratio: Int32(ratio)))
    }
    guard let inline = UpToFour(legs) else {
      throw .malformed("\(place) of order \(order) has \(legs.count) legs; write 1 to \(UpToFour<OrderLeg>.capacity)")
    }
    let unit = try fields.integer("unit")
    guard (1...Order.mostUnits).contains(unit) else {
      throw .malformed("\(place) of order \(order) has the unit \(unit); write 1 to \(Order.mostUnits)")
    }
    let rank = fields.isNull("iv_rank") ? nil : try fields.value("iv_rank").doubleValue
    if !fields.isNull("iv_rank") {
      guard let rank, (0...1).contains(rank) else { throw .malformed("\(place): 'iv_rank' is not 0 to 1, or null") }
    }
    self.init(
      order: Int64(order), package: ExitPackage(inline, in: table, unit: unit),
      plan: try ExitPlan(try fields.value("plan"), place: "\(place) of order \(order)"),
      state: try ExitPosition.state(try fields.value("state"), place: "\(place) of order \(order)"),
      volatilityRank: rank)
  }

  private static func state(_ value: JSON, place: String) throws(ExitPlanError) -> ExitState {
    let fields = try ExitFields(value, place: place, known: stateKeys)
    var state = ExitState()
    state.entry = try fields.price("entry_price")
    state.entryQuantity = try fields.integer("entry_quantity")
    state.held = try fields.integer("held_quantity")
    state.working = try fields.integer("working_quantity")
    state.peak = try fields.price("peak_price")
    state.stop = fields.isNull("trailing_stop_price") ? ExitState.noStop : try fields.price("trailing_stop_price")
    for value in try fields.array("latched_rungs") {
      guard let rung = value.integerValue, (1...ExitPlan.mostRungs).contains(rung) else {
        throw .malformed(
          "\(place): a latched rung is \(PrintableText.name(value.text)); write 1 to \(ExitPlan.mostRungs)")
      }
      state.latched |= 1 << UInt32(rung - 1)
    }
    state.entryUnderlying = fields.isNull("entry_underlying_price") ? 0 : try fields.price("entry_underlying_price")
    state.favourableDirection = try fields.integer("favourable_direction")
    state.entryDaysToExpiry = try fields.integer("entry_days_to_expiry")
    if let problem = state.problem { throw .malformed("\(place): \(problem)") }
    return state
  }
}
