// One order between its decision and its end.

package import Market

/// An order that works, and what has become of it.
package struct WorkingOrder: Sendable, Hashable {
  package let order: Order
  /// Packages that are not filled.
  package internal(set) var left: Int
  /// Where a limit order rests, as a net price; nil while nothing rests.
  package internal(set) var net: Int?
  /// Whether the price that it rests at has met a quote: the first one may fill it at once.
  var hasMet = false
  /// A price on its way to the market, and the minute at whose end it arrives.
  var coming: (net: Int, minute: Int)?
  /// How often the price was changed.
  package internal(set) var changes = 0
  /// The minute at whose end its stop was reached.
  package internal(set) var stopMinute: Int?
  /// Carried from an earlier session: it works from the first minute.
  package internal(set) var isCarried = false
  /// What was charged for it so far.
  package internal(set) var commission = OrderCommission()
  /// Whether the log says already that it waits, and for what.
  package internal(set) var isWaiting = false
  var waiting: Waiting?

  struct Waiting: Sendable, Hashable {
    var contract: Int32
    /// nil: nothing was left to take.
    var fault: QuoteFault?
  }

  init(_ order: Order) {
    self.order = order
    left = order.quantity
  }

  /// A market order as it stood when it was saved.
  package init(market order: Order, left: Int, commission: OrderCommission, isWaiting: Bool) {
    self.init(order)
    (self.left, self.commission, self.isWaiting) = (left, commission, isWaiting)
  }

  /// The first minute at whose end it may be filled.
  func firstMinute(latency: Int) -> Int { isCarried ? 0 : order.submittedMinute + latency }

  var isStop: Bool { if case .stop = order.kind { true } else { false } }

  package static func == (left: Self, right: Self) -> Bool {
    left.order == right.order && left.left == right.left && left.net == right.net && left.hasMet == right.hasMet
      && left.coming?.net == right.coming?.net && left.coming?.minute == right.coming?.minute
      && left.changes == right.changes && left.stopMinute == right.stopMinute && left.isCarried == right.isCarried
      && left.commission == right.commission && left.isWaiting == right.isWaiting && left.waiting == right.waiting
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(order)
    hasher.combine(left)
  }
}

/// What one minute holds for all orders of an account.
struct MinuteContext {
  let minute: Int
  let weight: Double
  let ledger: LiquidityLedger
  let lane: UInt32
}

/// Whoever keeps the log, and whoever books. They are handed on from call to call, since keeping them would ask for memory.
typealias EventLog = (OrderEvent) -> Void
typealias FillDesk = (OrderFill) -> Void

extension WorkingOrder {
  /// Lets one minute pass; true while it works on.
  mutating func advance(
    _ context: MinuteContext, _ execution: Execution, _ view: some MarketView, permits: (Order, Int) -> Int,
    log: EventLog, fill: FillDesk
  ) -> Bool {
    guard context.minute >= firstMinute(latency: execution.settings.latencyMinutes) else { return true }
    let permitted = min(left, permits(order, left))
    guard permitted > 0 else { return end(.notPermitted, context, log) }
    let legs = execution.quotes(of: order, minute: context.minute, in: view)
    switch order.kind {
    case .market: return meet(legs, wanted: permitted, stop: nil, context, execution, log, fill)
    case .stop(let net): return watch(legs, stop: net, wanted: permitted, context, execution, log, fill)
    case .limit: return rest(legs, wanted: permitted, nil, context, execution, log, fill)
    case .aggressive(let limit): return rest(legs, wanted: permitted, limit, context, execution, log, fill)
    }
  }

  // MARK: at once

  /// A market order, or a stop that was reached: at the far touch, as much as stands there. What is left of an opening order is cancelled.
  private mutating func meet(
    _ legs: LegQuotes, wanted: Int, stop: Int?, _ context: MinuteContext, _ execution: Execution, _ log: EventLog,
    _ fill: FillDesk
  ) -> Bool {
    switch legs {
    case .fault(let contract, let fault):
      if order.effect == .opens { return end(.noQuote(contract: contract, fault), context, log) }
      return wait(contract, fault, context, log)
    case .quoted(let package):
      let filled = execution.cross(
        order, in: package, quantity: wanted, minute: context.minute, weight: context.weight,
        stop: stop.map { $0 * package.unit }, ledger: context.ledger, commission: &commission)
      if let filled, book(filled, context, log, fill) { return false }
      if order.effect == .opens { return end(.noLiquidity, context, log) }
      return filled == nil ? wait(order.legs[0].contract, nil, context, log) : true
    }
  }

  /// Reaches the stop on a quote; the next one fills it, at the worse of both.
  private mutating func watch(
    _ legs: LegQuotes, stop: Int, wanted: Int, _ context: MinuteContext, _ execution: Execution, _ log: EventLog,
    _ fill: FillDesk
  ) -> Bool {
    if let reached = stopMinute {
      guard isCarried || context.minute >= reached + execution.settings.latencyMinutes else { return true }
      return meet(legs, wanted: wanted, stop: stop, context, execution, log, fill)
    }
    if case .quoted(let package) = legs, package.ask >= stop * package.unit {
      stopMinute = context.minute
      note(.stopReached(net: stop), context, log)
    }
    return true
  }

  // MARK: limits

  /// The price that an order is sent with, by the quote of its decision.
  mutating func price(_ legs: LegQuotes, _ execution: Execution, minute: Int, log: EventLog) {
    let arrival = minute + execution.settings.latencyMinutes
    switch order.kind {
    case .market, .stop: return
    case .limit(let net): coming = (net, arrival)
    case .aggressive(let limit):
      guard case .quoted(let package) = legs else { return }
      coming = (package.net(aggressiveMillionths: limit.aggressiveMillionths), arrival)
    }
    if let coming {
      log(
        OrderEvent(
          order: order.id, minute: minute, what: .priced(net: coming.net, before: net, fromMinute: coming.minute)))
    }
  }

  private mutating func rest(
    _ legs: LegQuotes, wanted: Int, _ limit: AggressiveLimit?, _ context: MinuteContext, _ execution: Execution,
    _ log: EventLog, _ fill: FillDesk
  ) -> Bool {
    let minute = context.minute
    if let net, hasMet, case .quoted(let package) = legs,
      let filled = resting(at: net, package, wanted: wanted, context, execution), book(filled, context, log, fill)
    {
      return false
    }
    if let coming, coming.minute <= minute {
      net = coming.net
      self.coming = nil
      hasMet = false
    }
    if let net, !hasMet, case .quoted(let package) = legs {
      hasMet = true
      // What arrives where it can be filled at once does not rest.
      if package.ask <= net * package.unit || execution.settings.mode == .ideal,
        let filled = execution.cross(
          order, in: package, quantity: min(wanted, left), minute: minute, weight: context.weight,
          limit: net * package.unit, ledger: context.ledger, commission: &commission),
        book(filled, context, log, fill)
      {
        return false
      }
    }
    guard let limit else { return true }
    if let most = limit.giveUpMinutes, minute - order.submittedMinute >= most { return end(.gaveUp, context, log) }
    guard coming == nil, case .quoted(let package) = legs else { return true }
    if net == nil {
      price(legs, execution, minute: minute, log: log)
    } else if limit.chaseMillionthsPerMinute > 0, changes < limit.mostChanges {
      let gone = limit.chaseMillionthsPerMinute.multipliedReportingOverflow(by: minute - order.submittedMinute)
      let share = gone.overflow ? AggressiveLimit.one : limit.aggressiveMillionths + gone.partialValue
      let next = package.net(aggressiveMillionths: min(share, AggressiveLimit.one))
      if next != net {
        changes += 1
        let arrival = minute + execution.settings.latencyMinutes
        coming = (next, arrival)
        note(.priced(net: next, before: net, fromMinute: arrival), context, log)
      }
    }
    return true
  }

  /// What the rule fills of an order that rests since an earlier minute.
  private mutating func resting(
    at net: Int, _ package: PackageQuotes, wanted: Int, _ context: MinuteContext, _ execution: Execution
  ) -> OrderFill? {
    let value = net * package.unit
    if execution.settings.mode == .ideal {
      return execution.cross(
        order, in: package, quantity: wanted, minute: context.minute, weight: context.weight, limit: value,
        ledger: context.ledger, commission: &commission)
    }
    switch execution.settings.fillRule {
    case .through(let ticks):
      guard package.lowestAsk <= value - ticks * package.tick(net: net) * package.unit else { return nil }
    case .hazard(let rule):
      let probability = rule.probability(aggressive: package.aggressive(net: net))
      guard rule.draw(order: order.id, minute: context.minute, lane: context.lane) < probability else { return nil }
    }
    let quantity = min(
      wanted,
      execution.available(
        order, in: package, minute: context.minute, weight: context.weight, isPassive: true, ledger: context.ledger))
    guard quantity > 0 else { return nil }
    return execution.rest(
      order, in: package, quantity: quantity, minute: context.minute, net: net, ledger: context.ledger,
      commission: &commission)
  }

  // MARK: the log

  /// Hands a fill on; true where nothing is left.
  private mutating func book(_ filled: OrderFill, _ context: MinuteContext, _ log: EventLog, _ fill: FillDesk) -> Bool {
    left -= filled.quantity
    (isWaiting, waiting) = (false, nil)
    note(.filled(quantity: filled.quantity, left: left), context, log)
    fill(filled)
    return left == 0
  }

  private mutating func wait(
    _ contract: Int32, _ fault: QuoteFault?, _ context: MinuteContext, _ log: EventLog
  ) -> Bool {
    if fault == .ended { return end(.settled, context, log) }
    // A quote that only grows older is no new reason.
    let isStale = if case .stale = fault { true } else { false }
    let now = Waiting(contract: contract, fault: isStale ? .stale(minutes: 0) : fault)
    if !isWaiting || waiting.map({ $0 != now }) ?? false { note(.waits(contract: contract, fault), context, log) }
    (isWaiting, waiting) = (true, now)
    return true
  }

  /// Always false: it does not work any more.
  func end(_ reason: OrderEnd, _ context: MinuteContext, _ log: EventLog) -> Bool {
    note(.ended(reason, left: left), context, log)
    return false
  }

  private func note(_ what: OrderEvent.What, _ context: MinuteContext, _ log: EventLog) {
    log(OrderEvent(order: order.id, minute: context.minute, what: what))
  }
}

extension PackageQuotes {
  /// The lowest value that the package was offered at inside the minute, where the data say so of an order of one leg. The extremes of several legs need not
  /// have been at one time, so that of several the last quotes count.
  var lowestAsk: Int {
    guard quotes.count == 1 else { return ask }
    let quote = quotes[0]
    let weight = weight(0)
    if weight > 0 { return weight * min(quote.lowestAsk ?? quote.ask, quote.ask) }
    return weight * max(quote.highestBid ?? quote.bid, quote.bid)
  }
}
