// All orders of an account that work: minute after minute, stops before all others.

package import Market

/// The orders of one account that have not come to an end.
///
/// Every minute of the session must be walked once, in order. In a minute stops come first, then all others as they were submitted. Where a stop was reached,
/// the limits that would close the same position are cancelled: of a stop and a target inside one minute the stop counts.
package struct WorkingOrders: Sendable {
  package private(set) var orders: [WorkingOrder] = []
  /// Names the account's chance under fill rule B.
  package let lane: UInt32

  /// `capacity` orders work without memory being asked for.
  package init(capacity: Int = 16, lane: UInt32 = 0) {
    orders.reserveCapacity(capacity)
    self.lane = lane
  }

  package var isEmpty: Bool { orders.isEmpty }

  /// Nothing works any more: a session begins anew.
  package mutating func removeAll() { orders.removeAll(keepingCapacity: true) }

  /// What worked when it was saved, instead of what works.
  package mutating func replace(with saved: some Collection<WorkingOrder>) {
    removeAll()
    orders.append(contentsOf: saved)
  }

  /// Takes an order that was decided at the end of a minute. It must have no `refusal`. What it meets first is the quote of a later minute; limits by the quote
  /// are priced by that of the decision, or by the first one behind it.
  @_specialize(where View == LaneView)
  package mutating func submit<View: MarketView>(
    _ order: Order, _ execution: Execution, view: View, log: (OrderEvent) -> Void = { _ in }
  ) {
    var working = WorkingOrder(order)
    let legs = execution.quotes(of: order, minute: order.submittedMinute, in: view)
    working.price(legs, execution, minute: order.submittedMinute, log: log)
    orders.append(working)
  }

  /// Walks one minute.
  ///
  /// permits: how many of so many packages an order may still fill, asked before each fill: what is not held any more closes nothing, and what the limits of risk
  /// do not allow opens nothing. fill: books what was filled, before the next order is looked at.
  @_specialize(where View == LaneView)
  package mutating func advance<View: MarketView>(
    minute: Int, _ execution: Execution, view: View, ledger: LiquidityLedger,
    permits: (Order, Int) -> Int = { $1 }, log: (OrderEvent) -> Void = { _ in }, fill: (OrderFill) -> Void
  ) {
    guard !orders.isEmpty, minute < view.minuteCount else { return }
    let context = MinuteContext(
      minute: minute, weight: view.usualWeight(ofMinute: minute), ledger: ledger, lane: lane)
    walk(context, execution, view, stops: true, permits: permits, log: log, fill: fill)
    walk(context, execution, view, stops: false, permits: permits, log: log, fill: fill)
    orders.removeAll { $0.left == 0 }
  }

  /// Walks the orders that are stops, or those that are none.
  private mutating func walk(
    _ context: MinuteContext, _ execution: Execution, _ view: some MarketView, stops: Bool,
    permits: (Order, Int) -> Int, log: EventLog, fill: FillDesk
  ) {
    for place in orders.indices where orders[place].isStop == stops && orders[place].left > 0 {
      if !stops, let stop = stopReached(before: orders[place].order) {
        _ = orders[place].end(.stopReached(order: stop), context, log)
        orders[place].left = 0
      } else if !orders[place].advance(context, execution, view, permits: permits, log: log, fill: fill) {
        orders[place].left = 0
      }
    }
  }

  /// The stop that was reached of the position that a limit order would close.
  private func stopReached(before order: Order) -> Int64? {
    guard order.effect == .closes else { return nil }
    switch order.kind {
    case .market, .stop: return nil
    case .limit, .aggressive: break
    }
    for stop in orders where stop.isStop && stop.stopMinute != nil && stop.order.effect == .closes {
      if order.closes != 0 || stop.order.closes != 0 {
        if order.closes == stop.order.closes { return stop.order.id }
        continue
      }
      for leg in order.legs.indices {
        for other in stop.order.legs.indices
        where order.legs[leg].contract == stop.order.legs[other].contract
          && order.legs[leg].side == stop.order.legs[other].side
        {
          return stop.order.id
        }
      }
    }
    return nil
  }

  /// Takes an order back; false where none of that number works.
  package mutating func cancel(_ id: Int64, minute: Int, log: (OrderEvent) -> Void = { _ in }) -> Bool {
    guard let place = orders.firstIndex(where: { $0.order.id == id }) else { return false }
    let left = orders[place].left
    log(OrderEvent(order: id, minute: minute, what: .ended(.cancelled, left: left)))
    orders.remove(at: place)
    return true
  }

  /// Ends a session: orders are of a day, but what closes a position at any price works on in the next session, or leaves it to settlement where a contract has
  /// ended.
  package mutating func endSession(_ execution: Execution, minute: Int, log: (OrderEvent) -> Void = { _ in }) {
    for place in orders.indices {
      let working = orders[place]
      let closesAtAnyPrice =
        working.order.effect == .closes && (working.order.kind == .market || working.stopMinute != nil)
      let hasEnded = working.order.legs.indices.contains { index in
        execution.terms[Int(working.order.legs[index].contract)].lastSession <= execution.day
      }
      if closesAtAnyPrice, !hasEnded {
        orders[place].isCarried = true
        continue
      }
      let end: OrderEnd = closesAtAnyPrice ? .settled : .sessionEnded
      log(OrderEvent(order: working.order.id, minute: minute, what: .ended(end, left: working.left)))
      orders[place].left = 0
    }
    orders.removeAll { $0.left == 0 }
  }
}
