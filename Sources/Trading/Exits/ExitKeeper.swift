// The exits of a desk: plans of its orders, asked at the end of every minute.

/// Keeps the plans of a desk's positions: begins one where its order is filled, asks it every minute, sends what it wants, and ends it with its position.
///
/// What the book says is what is held: settlements, assignments and orders by hand take from a plan's packages without asking it.
package struct ExitKeeper: Sendable {
  /// By the order in which they were opened.
  package internal(set) var positions: [ExitPosition] = []
  /// Plans of opening orders that may still be filled, by order.
  var plans: [Int64: ExitPlan] = [:]
  /// Its own orders that work, and the group that each of them closes.
  var asked: [Int64: Int64] = [:]
  /// Why a roll was refused last, by group: it is said once.
  private var refusals: [Int64: RollAnswer] = [:]
  /// Entries of the desk's log that it has read.
  var seen = 0

  package init() {}

  /// Plans what an opening order opens, before it is sent.
  package mutating func plan(_ plan: ExitPlan, for order: Int64) { plans[order] = plan }

  /// Walks the end of a minute, behind `Desk.advance` and whatever was decided by others in it. Traps outside of a session.
  package mutating func walk(_ desk: Desk, minute: Int, view: some MarketView) {
    cancelRolls(desk, minute)
    read(desk, view, minute)
    for place in positions.indices {
      guard let decision = positions[place].decide(in: view, minute: minute, table: desk.table) else { continue }
      send(decision, place, desk, minute, view)
    }
  }

  /// A roll that was not filled by its first quote is taken back, and asked for anew: while it worked, nothing else could close the position.
  private func cancelRolls(_ desk: Desk, _ minute: Int) {
    let latency = desk.settings.execution.latencyMinutes
    for roll in desk.working.orders.map(\.order)
    where asked[roll.id] != nil && roll.effect == .opens && minute >= roll.submittedMinute + latency {
      desk.cancel(roll.id, minute: minute)
    }
  }

  /// Learns what the end of a session did, behind `Desk.endSession`: what is settled is not held any more.
  package mutating func endSession(_ desk: Desk, view: some MarketView) { read(desk, view, view.minuteCount) }

  private mutating func read(_ desk: Desk, _ view: some MarketView, _ minute: Int) {
    for entry in desk.log[seen...] {
      switch entry.what {
      case .filled(let fill, _): filled(fill, desk, view)
      case .order(let event):
        if case .ended(_, let left) = event.what { ended(event.order, left: left) }
      case .refused(let order, _): forget(order.id)
      case .notCarried(let order, _), .ruled(let order, _), .tooRich(let order): forget(order)
      default: break
      }
    }
    reconcile(desk, view, minute)
    seen = desk.log.count
  }

  // MARK: what became of orders

  private mutating func filled(_ fill: OrderFill, _ desk: Desk, _ view: some MarketView) {
    if let group = asked[fill.order] {
      if let place = place(of: group) { positions[place].filled(fill.quantity) }
    }
    guard fill.effect == .opens, let plan = plans[fill.order], let opened = opened(by: fill, desk) else { return }
    let underlying = view.underlyingPrice(of: opened.legs[0].contract, minute: fill.minute)
    do throws(ExitPlanError) {
      if let place = place(of: fill.order) {
        positions[place].add(opened)
      } else {
        positions.append(
          try ExitPosition(opened: opened, plan: plan, in: desk.table, on: view.date, underlying: underlying))
      }
    } catch {
      desk.note("no exit plan: \(error)", of: fill.order, date: view.date, minute: fill.minute)
    }
  }

  /// The part of a fill that opened its group: of a roll the legs that give nothing back.
  private func opened(by fill: OrderFill, _ desk: Desk) -> OrderFill? {
    guard let place = desk.book.group(openedBy: fill.order) else { return nil }
    let group = desk.book.groups[place]
    var legs: UpToFour<LegFill>?
    for index in fill.legs.indices
    where group.legs.indices.contains(where: { group.legs[$0].contract == fill.legs[index].contract }) {
      if legs == nil { legs = UpToFour(fill.legs[index]) } else { legs?.append(fill.legs[index]) }
    }
    return legs.map {
      OrderFill(order: fill.order, minute: fill.minute, quantity: fill.quantity, effect: .opens, legs: $0)
    }
  }

  /// An opening order that opens nothing more needs no plan, unless it has opened something. One that works on will still be ended.
  private mutating func forget(_ order: Int64) {
    if place(of: order) == nil { plans[order] = nil }
  }

  private mutating func ended(_ order: Int64, left: Int) {
    forget(order)
    guard let group = asked.removeValue(forKey: order), let place = place(of: group) else { return }
    positions[place].cancelled(left)
  }

  private func place(of group: Int64) -> Int? { positions.firstIndex { $0.order == group } }

  // MARK: what is held

  private mutating func reconcile(_ desk: Desk, _ view: some MarketView, _ minute: Int) {
    for place in positions.indices.reversed() {
      let order = positions[place].order
      let group = desk.book.group(openedBy: order).map { desk.book.groups[$0] }
      if let group, positions[place].adjust(to: group.legs, in: desk.table) {
        positions[place].removed(positions[place].state.held - group.quantity)
        if positions[place].state.held > 0 { continue }
      } else if group != nil {
        desk.note(
          "its exit plan ends: a leg that it was made for is gone", of: order, date: view.date, minute: minute)
      }
      positions.remove(at: place)
      plans[order] = nil
      refusals[order] = nil
    }
  }

  // MARK: what it sends

  private mutating func send(
    _ decision: ExitDecision, _ place: Int, _ desk: Desk, _ minute: Int, _ view: some MarketView
  ) {
    let position = positions[place]
    var words = position.sentence(of: decision)
    var order = position.closingOrder(id: desk.ownNumber(), decision, minute: minute)
    if decision.reason == .roll {
      let answer = position.rollingOrder(id: order.id, decision, in: view, minute: minute, table: desk.table)
      guard case .order(let roll) = answer else {
        positions[place].cancelled(decision.quantity)
        if refusals.updateValue(answer, forKey: position.order) != answer, let words = answer.refusal(in: desk.table) {
          desk.note("roll: \(words)", of: position.order, date: view.date, minute: minute)
        }
        return
      }
      order = roll
      plans[order.id] = position.plan
      words += ", into \(desk.table[roll.legs[1].contract].symbol)"
    }
    desk.note(words + " (own order \(-order.id))", of: position.order, date: view.date, minute: minute)
    guard desk.submit(order, view: view) else { return positions[place].cancelled(decision.quantity) }
    asked[order.id] = position.order
  }
}
