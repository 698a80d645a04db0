// The desk asks its risk manager, and does what that one demands.

package import Market

/// What a risk manager adds to a desk's log.
package enum DeskRiskEntry: Sendable {
  /// An order that was refused or made smaller, at its decision or at its fill.
  case judged(order: Int64, Verdict, isFill: Bool)
  /// The state of the desk changed; nil: it is active again.
  case state(StateCause?)
  /// Something began or ended to hold that the state does not tell.
  case alert(RiskAlert)
  /// What is held after a fill, and what the account is worth, micro-dollars.
  case exposure(GreekExposure, value: Int64)
  /// The desk closes what an order opened.
  case closes(order: Int64, group: Int64, ForcedExit)
  case journal(RiskError)
}

/// Why a desk closes positions by itself.
package enum ForcedExit: Sendable, Hashable {
  case halted(StateCause)
  case expiresToday
  case drift

  package var words: String {
    switch self {
    case .halted(let cause): cause.words
    case .expiresToday: "it expires with the session"
    case .drift: "the market moved a limit past what is allowed"
    }
  }
}

extension Desk {
  func noteRisk(_ entry: DeskRiskEntry, on date: CalendarDate, minute: Int) {
    note(date, .risk(entry), minute: minute)
  }

  /// Marks the book on a minute's quotes, before anything is filled on them, and does what the risk manager demands.
  func markRisk(minute: Int, view: some MarketView) {
    guard let risk, risk.minute < minute else { return }
    risk.release(except: working.orders)
    book.mark(view, minute: minute, in: table, to: ledger)
    let actions = risk.mark(
      minute: minute, view: view, table: table, book: book, working: working.orders, value: value)
    noteState(view.date, minute: minute)
    if actions.contains(.cancelOrders) {
      for order in working.orders where order.order.effect == .opens { cancel(order.order.id, minute: minute) }
      risk.release(except: working.orders)
    }
    if actions.contains(.closeAll), let cause = risk.state.cause {
      closeGroups(.halted(cause), minute: minute, view: view) { _ in true }
    }
    if actions.contains(.closeExpiring) {
      closeGroups(.expiresToday, minute: minute, view: view) { group in
        group.legs.indices.contains { index in
          let last = self.table[group.legs[index].contract].lastSession
          return last.map { $0 <= view.date } ?? false
        }
      }
    }
    if actions.contains(.closeDrift) { closeLargest(minute: minute, view: view) }
  }

  func noteState(_ date: CalendarDate, minute: Int) {
    guard let risk else { return }
    let changes = risk.changes()
    if let cause = changes.cause {
      if let error = risk.journalError { noteRisk(.journal(error), on: date, minute: minute) }
      noteRisk(.state(cause), on: date, minute: minute)
    }
    for alert in changes.alerts { noteRisk(.alert(alert), on: date, minute: minute) }
  }

  /// A broker would have sent this order back: many of them in a short time halt the desk.
  func noteReject(_ order: Order, on date: CalendarDate) {
    guard let risk else { return }
    risk.noteReject(minute: order.submittedMinute)
    noteState(date, minute: order.submittedMinute)
  }

  /// Goes on as another process would behind the end of this one: book and money are as a broker holds them, and so are the orders that work where
  /// they are kept; of the limits it knows what a journal holds. Traps outside of a session.
  package func restart(_ record: RiskRecord?, keepsOrders: Bool, minute: Int, view: some MarketView) {
    note(view.date, .restarted(keepsOrders: keepsOrders), minute: minute)
    if !keepsOrders {
      for order in working.orders { cancel(order.order.id, minute: minute) }
    }
    risk?.restart(
      record, on: view.date, value: value, minuteCount: view.minuteCount, carried: working.orders, table)
    noteState(view.date, minute: minute)
  }

  /// The parts that trade, for the line that names them. on: the first session.
  package func parts(on date: CalendarDate) -> DeskParts {
    let execution = settings.execution
    return DeskParts(
      execution: execution.mode == .ideal
        ? execution.mode.rawValue : "\(execution.mode.rawValue), rule \(execution.fillRule.name)",
      fees: settings.fees.name, margin: settings.margin.words, profile: risk?.profile,
      state: risk?.stateAtStart(of: date))
  }

  /// Sends a market order that gives back each of these groups which is not on its way out already.
  private func closeGroups(
    _ reason: ForcedExit, minute: Int, view: some MarketView, where isMeant: (LegGroup) -> Bool
  ) {
    // The last minute's close has nobody to trade with.
    guard minute < view.minuteCount - 1 else { return }
    for place in 0..<book.groupCapacity {
      let group = book.groups[place]
      guard group.order != 0, group.quantity > 0, isMeant(group),
        !working.orders.contains(where: { $0.order.closes == group.order && $0.order.id < 0 && $0.left > 0 })
      else { continue }
      let number = ownNumber()
      noteRisk(.closes(order: number, group: group.order, reason), on: view.date, minute: minute)
      submit(
        Order(
          id: number, legs: group.reversed, quantity: min(group.quantity, Order.mostQuantity), effect: .closes,
          submittedMinute: minute, closes: group.order), view: view, as: .exit)
    }
  }

  /// Closes the group that was opened last, one a minute, until the limits are kept again.
  private func closeLargest(minute: Int, view: some MarketView) {
    var last: LegGroup?
    for place in book.usedGroups where book.groups[place].order != 0 {
      if book.groups[place].order > last?.order ?? 0 { last = book.groups[place] }
    }
    guard let last else { return }
    closeGroups(.drift, minute: minute, view: view) { $0.order == last.order }
  }

  /// What may be sent of an order; nil where the desk has no risk manager.
  func judge(_ order: Order, as purpose: RiskGate.Purpose, view: some MarketView) -> Verdict? {
    guard let risk else { return nil }
    let verdict = risk.evaluate(order, as: purpose, view: view, table: table, book: book)
    if verdict.outcome != .pass {
      noteRisk(.judged(order: order.id, verdict, isFill: false), on: view.date, minute: order.submittedMinute)
    }
    return verdict
  }

  /// How many of so many packages may be filled on this minute's quotes.
  func permittedByRisk(_ order: Order, _ packages: Int, minute: Int, view: some MarketView, _ execution: Execution)
    -> Int
  {
    guard let risk else { return packages }
    let verdict = risk.permitted(
      order, packages, minute: minute, view: view, table: table, book: book, fees: execution.fees,
      impact: settings.execution.impact)
    if verdict.quantity < packages {
      noteRisk(.judged(order: order.id, verdict, isFill: true), on: view.date, minute: minute)
    }
    return verdict.quantity
  }

  func applyToRisk(_ fill: OrderFill, on date: CalendarDate) {
    guard let risk else { return }
    risk.apply(fill, book: book, value: value)
    noteRisk(.exposure(risk.state.held, value: value), on: date, minute: fill.minute)
  }
}
