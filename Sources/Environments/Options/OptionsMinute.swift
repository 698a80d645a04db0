// One minute of one lane: what `Desk` does with an account, on memory that lanes share.

import Market
import Pricing
import Trading

extension OptionsEnvironment {
  /// Sends what a move orders, so far as the limits let it through, at the end of the lane's minute.
  func submit(_ move: OptionsMove, _ lane: Int, _ day: OptionsDay, _ market: RiskMarket) {
    if submitShort(move, lane, day) { return }
    land(lane)
    switch move {
    case .hold: return
    case .enterCall, .enterPut: enter(lane, lanes.entries.base[2 * lane + (move == .enterCall ? 0 : 1)], day, market)
    case .trimHalf, .trimMost, .exit: give(lane, move, by: nil, day, market)
    }
  }

  /// Changes the orders of a lane that work.
  func change(_ lane: Int, _ body: (inout WorkingOrders) -> Void) {
    body(&lanes.working.base[lane])
    lanes.isWorking.base[lane] = !lanes.working.base[lane].isEmpty
  }

  private func enter(_ lane: Int, _ entry: OptionsEntry, _ day: OptionsDay, _ market: RiskMarket) {
    guard entry.quantity > 0 else { return }
    let minute = Int(lanes.minute.base[lane])
    tables.look(entry.legs, day, minute: minute, market)
    var order = tables.order(entry, id: drawNumber(lane, isExit: false), minute: minute)
    let verdict = tables.gate(day.symbol).pointee.evaluate(
      order, on: risks[lane], book: book(lane), market: market)
    guard verdict.isAllowed else { return }
    order.quantity = verdict.quantity
    change(lane) { $0.submit(order, day.execution, view: view(lane, day)) }
  }

  /// Gives back what a move says of the position that is held. An exit works until it is filled; a trim is one market order like an entry.
  ///
  /// ending: why the desk does; nil where the account has decided it.
  /// Returns whether anything was sent.
  @discardableResult
  func give(
    _ lane: Int, _ move: OptionsMove, by ending: DeskOutcomes.Ending?, _ day: OptionsDay, _ market: RiskMarket
  ) -> Bool {
    var isSent = false
    let book = book(lane)
    let minute = Int(lanes.minuteOfQuotes.base[lane])
    for place in 0..<book.groupCapacity {
      let group = book.groups[place]
      guard group.order != 0, group.quantity > 0 else { continue }
      let isWorking =
        lanes.isWorking.base[lane]
        && lanes.working.base[lane].orders.contains { $0.order.closes == group.order && $0.order.id < 0 }
      if move == .exit, isWorking { continue }
      let quantity = min(move.given(of: group.quantity), Order.mostQuantity)
      guard quantity > 0 else { continue }
      let number = drawNumber(lane, isExit: move == .exit)
      let order = Order(
        id: number, legs: group.reversed, quantity: quantity, effect: .closes, submittedMinute: minute,
        closes: group.order)
      look(lane, day, minute: minute, market)
      let verdict = tables.gate(day.symbol).pointee.evaluate(
        order, as: .exit, on: risks[lane], book: book, market: market)
      guard verdict.isAllowed else { continue }
      countForced(lane, exit: number, by: ending)
      change(lane) { $0.submit(order, day.execution, view: view(lane, day)) }
      isSent = true
    }
    return isSent
  }

  /// The number of the lane's next order: those of exits go down from -1, all others up from 1.
  @inline(__always)
  func drawNumber(_ lane: Int, isExit: Bool) -> Int64 {
    let next = isExit ? lanes.nextExit : lanes.nextOrder
    defer { next.base[lane] += isExit ? -1 : 1 }
    return next.base[lane]
  }

  /// Remembers an exit that the desk itself sends. ending: why; nil where the account has decided it.
  @inline(__always)
  func countForced(_ lane: Int, exit number: Int64, by ending: DeskOutcomes.Ending?) {
    guard let ending else { return }
    lanes.counts.base[lane].forcedExits += 1
    (lanes.forcedExit.base[lane], lanes.forcedBy.base[lane]) = (number, ending)
  }

  /// Lets one minute pass: the account is marked and judged on its quotes, what must go is sent away, what works is filled, and all is marked again.
  func advance(_ lane: Int, minute: Int, _ day: OptionsDay, _ market: RiskMarket) {
    if advanceShort(lane, minute: minute, day, market) { return }
    land(lane)
    lanes.place.base[lane] = day.place(minute: minute)
    lanes.minuteOfQuotes.base[lane] = Int32(minute)
    lanes.weight.base[lane] = tables.memory.weights[day.row(minute: minute)]
    let (book, ledger, account) = (book(lane), ledger(lane), risks[lane])
    let isIdle = book.isEmpty && !lanes.isWorking.base[lane]
    var health = MarketHealth()
    let rank = tables.memory.volatilityRanks[day.row(minute: minute)]
    health.volatilityRank = rank.isNaN ? nil : Double(rank)
    if !isIdle {
      book.mark(view(lane, day), minute: minute, in: day.table, to: ledger)
      lanes.value.base[lane] = ledger.cash.pointee + book.marks.liquidation
      health.oldestQuoteMinutes = look(lane, day, minute: minute, market)
      health.largestMove = tables.move(day, minute: minute)
    }
    let actions = tables.gate(day.symbol).pointee.mark(
      account, book: book, market: market, netLiquidation: lanes.value.base[lane], minute: minute, health: health)
    if isIdle { return }
    if actions.cancels { cancelEntries(lane, minute: minute, market) }
    if minute < day.minuteCount - 1 {
      if actions.closes {
        give(lane, .exit, by: DeskOutcomes.Ending(actions), day, market)
      } else if isStopped(book), give(lane, .exit, by: .stop, day, market) {
        lanes.counts.base[lane].stopped += 1
      }
    }
    meet(lane, minute: minute, day, market)
  }

  /// Fills what works, as far as quotes and limits let it, and marks the account anew.
  func meet(_ lane: Int, minute: Int, _ day: OptionsDay, _ market: RiskMarket) {
    if !lanes.isWorking.base[lane] { return }
    let (book, ledger) = (book(lane), ledger(lane))
    fill(lane, minute: minute, day, market)
    // What may have been filled by now and was not.
    for working in lanes.working.base[lane].orders
    where !working.order.opens && working.order.submittedMinute + configuration.latencyMinutes <= minute {
      lanes.counts.base[lane].waitingExits += 1
    }
    book.mark(view(lane, day), minute: minute, in: day.table, to: ledger)
    lanes.value.base[lane] = ledger.cash.pointee + book.marks.liquidation
    release(lane, market)
  }

  private func fill(_ lane: Int, minute: Int, _ day: OptionsDay, _ market: RiskMarket) {
    let (book, ledger, account) = (book(lane), ledger(lane), risks[lane])
    let gate = tables.gate(day.symbol)
    // Tables are read in the day: a copy of them counts references at every minute.
    let view = view(lane, day)
    let counts = lanes.counts.base + lane
    let (sellsPremium, margin) = (configuration.game != .options, configuration.premium.margin)
    change(lane) {
      $0.advance(
        minute: minute, day.execution, view: view, ledger: liquidity.ledger(lane),
        permits: { order, packages in
          let permitted = book.permitted(order, packages, in: day.table)
          guard permitted > 0 else { return 0 }
          if order.opens {
            let paid = book.estimate(
              of: order, packages: permitted, terms: { day.execution.terms[Int($0)] }, view: view, minute: minute,
              fees: day.execution.fees, halfSpreadMillionths: day.execution.settings.halfSpreadMillionths)
            // Without a quote the order ends by itself.
            guard let paid else { return permitted }
            // What is sold must bring something after its costs, on the quotes of its fill too.
            if sellsPremium, order.legs[0].ratio < 0, paid >= 0 { return 0 }
            let refusal = book.marginRefusal(
              of: order, packages: permitted, in: day.table, cash: ledger.cash.pointee, paid: paid, view: view,
              minute: minute, rules: margin)
            if refusal != nil { return 0 }
          }
          return gate.pointee.judgeFill(
            order: order.id, offered: permitted,
            cost: RiskGate.FillCost(
              of: order, packages: permitted, terms: { day.execution.terms[Int($0)] }, view: view, minute: minute,
              fees: day.execution.fees, impact: day.execution.settings.impact,
              halfSpreadMillionths: day.execution.settings.halfSpreadMillionths),
            on: account, book: book, market: market
          ).quantity
        },
        log: { event in
          switch event.what {
          case .ended(.noQuote, _), .ended(.noLiquidity, _): counts.pointee.unquotedEntries += 1
          case .ended(.notPermitted, _): counts.pointee.refusedEntries += 1
          default: break
          }
        },
        fill: { filled in
          book.apply(filled, to: ledger)
          gate.pointee.apply(
            order: filled.order, filled: filled.quantity, on: account, book: book, market: market,
            netLiquidation: ledger.cash.pointee + book.marks.liquidation)
          if self.recordsFills { self.record(filled, lane, day) }
        })
    }
  }

  /// Gives back the headroom of orders that do not work any more.
  private func release(_ lane: Int, _ market: RiskMarket) {
    tables.gate(day(lane).symbol).pointee.release(
      except: lanes.working.base[lane].orders, on: risks[lane], market: market)
  }

  private func cancelEntries(_ lane: Int, minute: Int, _ market: RiskMarket) {
    while let entry = lanes.working.base[lane].orders.first(where: { $0.order.opens }) {
      change(lane) { _ = $0.cancel(entry.order.id, minute: minute) }
    }
    release(lane, market)
  }

  /// Puts what is held or ordered into the market, as it stands at the end of a minute. Returns the age of the oldest quote of what is held, minutes.
  @discardableResult
  func look(_ lane: Int, _ day: OptionsDay, minute: Int, _ market: RiskMarket) -> Int {
    var oldest = 0
    if lanes.isWorking.base[lane] {
      for working in lanes.working.base[lane].orders {
        tables.look(working.order.legs, day, minute: minute, market)
      }
    }
    let book = book(lane)
    for slot in 0..<book.capacity where !book.positions[slot].isFree {
      let position = book.positions[slot]
      market[position.contract] = tables.risk(
        of: position.contract, day, minute: minute, held: (position.bid, position.ask))
      let place = day.place(minute: minute) + Int(position.contract)
      let made = Int(tables.memory.minutes[place])
      oldest = max(oldest, minute - (made < 0 ? -1 - made : made))
    }
    return oldest
  }

  /// Ends the lane's session: what is left is settled, and its account waits for the symbol's next session.
  func settle(_ lane: Int, _ day: OptionsDay) {
    let (book, ledger) = (book(lane), ledger(lane))
    if !book.isEmpty {
      guard let close = day.settlement else { preconditionFailure("a position on a day without a settlement price") }
      do throws(SettlementProblem) {
        try book.settle(
          on: day.date, at: .close, prices: DaySettlement(close: close), exercise: .cash,
          exerciseFee: day.execution.fees.exercise, shares: { _ in nil }, in: day.table, to: ledger
        ) { settled in
          lanes.counts.base[lane].settled += 1
          if self.recordsFills { self.record(settled, lane, day) }
        }
      } catch {
        preconditionFailure("a day of one price is not settled: \(error)")
      }
      precondition(book.isEmpty, "a position outlives its day")
    }
    forgetOrders(lane)
    let value = ledger.cash.pointee
    lanes.value.base[lane] = value
    let state = risks[lane].state.pointee
    let place = lane * lanes.symbolCount + day.symbol
    lanes.waiting.base[place] = value
    // Re-armed, the account's fall is counted from its next session's start.
    let isRearmed = state.isKilled && configuration.rearmsNextSession
    lanes.waitingHigh.base[place] = isRearmed ? 0 : max(state.high, value)
    lanes.waitingKilled.base[place] = state.isKilled && !isRearmed
  }
}
