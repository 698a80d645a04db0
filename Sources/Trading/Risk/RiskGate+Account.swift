// The account's side of the gate: sessions, marks, fills, and the states that follow from them.

import Market

/// What a desk must do at once, whoever decides otherwise.
package struct RiskActions: OptionSet, Sendable {
  package let rawValue: Int

  package init(rawValue: Int) { self.rawValue = rawValue }

  /// Whether orders that open anything are to be cancelled, and whether anything is to be closed.
  package var cancels: Bool { rawValue & 1 != 0 }
  package var closes: Bool { rawValue & 0b1110 != 0 }

  /// Every order that opens anything.
  package static let cancelOrders = RiskActions(rawValue: 1)
  package static let closeAll = RiskActions(rawValue: 2)
  /// What expires with the session.
  package static let closeExpiring = RiskActions(rawValue: 4)
  /// What the market moved over a limit, where the profile says so.
  package static let closeDrift = RiskActions(rawValue: 8)
  /// The journal must hold the latch before anything else happens.
  package static let writeJournal = RiskActions(rawValue: 16)
}

/// What is known of the data behind a mark.
package struct MarketHealth: Sendable {
  /// Minutes, of the oldest quote that a held contract is marked on; 0 where nothing is held.
  package var oldestQuoteMinutes: Int
  /// The largest move of an underlying within the minute, a fraction.
  package var largestMove: Double
  /// Of implied volatility among the year before, 0...1; nil where it is not known, which counts as its neutral value.
  package var volatilityRank: Double?

  package init(oldestQuoteMinutes: Int = 0, largestMove: Double = 0, volatilityRank: Double? = nil) {
    self.oldestQuoteMinutes = oldestQuoteMinutes
    self.largestMove = largestMove
    self.volatilityRank = volatilityRank
  }
}

extension RiskGate {
  /// Begins a session: what halts for a day is over, the kill switch is not. Orders of before are gone, and so is their headroom.
  package func beginSession(on account: RiskAccount, netLiquidation: Int64, minuteCount: Int) {
    let state = account.state
    account.orders.update(repeating: .free, count: account.orderCapacity)
    state.pointee.rising = .zero
    state.pointee.falling = .zero
    state.pointee.inFlight = 0
    state.pointee.netLiquidation = netLiquidation
    state.pointee.sessionStart = netLiquidation
    state.pointee.high = max(state.pointee.high, netLiquidation)
    state.pointee.tier = .none
    state.pointee.isLossReached = false
    state.pointee.isRejectStorm = false
    state.pointee.isStale = false
    state.pointee.pausedUntil = -1
    state.pointee.rejects = SIMD8(repeating: -100_000)
    state.pointee.minute = -1
    state.pointee.minuteCount = minuteCount
  }

  /// Takes the account as it stands at the end of a minute, and says what must be done at once. The value may be the lowest inside the minute.
  ///
  /// netLiquidation: micro-dollars, at the side where positions would be given back.
  package func mark(
    _ account: RiskAccount, book: Book, market: RiskMarket, netLiquidation: Int64, minute: Int,
    health: MarketHealth = MarketHealth()
  ) -> RiskActions {
    let state = account.state
    let before = state.pointee.cause
    state.pointee.minute = minute
    state.pointee.netLiquidation = netLiquidation
    state.pointee.volatilityRank = health.volatilityRank ?? VolatilityRank.neutral
    state.pointee.isStale = health.oldestQuoteMinutes >= profile.staleMinutes
    // Not a number is no small move.
    if !(abs(health.largestMove) < profile.jumpFraction) {
      state.pointee.pausedUntil = minute + 1 + profile.jumpPauseMinutes
    }
    var held = GreekExposure.zero
    var expires = false
    for slot in book.usedSlots where !book.positions[slot].isFree {
      let risk = market.at(book.positions[slot].contract)
      held += risk.pointee.exposure * Double(book.positions[slot].quantity)
      expires = expires || risk.pointee.expiresToday
    }
    state.pointee.held = held
    reserve(on: account, market: market)
    measureLosses(state)
    let drifts = countDrift(account, book: book, market: market)
    var actions: RiskActions = []
    if let cause = state.pointee.cause, cause.state == .halted {
      actions.insert(.cancelOrders)
      if cause != before { actions.insert(.writeJournal) }
    }
    if state.pointee.tier == .halt || state.pointee.isLossReached { actions.insert(.closeAll) }
    if expires, state.pointee.minuteCount - minute - 1 <= profile.forcedFlatMinutes { actions.insert(.closeExpiring) }
    if drifts, profile.closesDrift { actions.insert(.closeDrift) }
    return actions
  }

  /// Values what each lane holds, from the spots and the volatilities of its market, and marks its account on that, by the same rules lane after lane. No
  /// memory is asked for.
  ///
  /// netLiquidations: (N), micro-dollars. Lanes outside of `lanes` are not touched.
  package func mark(
    lanes: Range<Int>, accounts: LaneAccounts, risks: RiskMemory, markets: RiskMarketMemory,
    netLiquidations: UnsafePointer<Int64>, minute: Int
  ) {
    for lane in lanes {
      let (book, market) = (accounts.bookWindow(lane, owner: nil), markets[lane])
      market.revalue(book)
      _ = mark(risks[lane], book: book, market: market, netLiquidation: netLiquidations[lane], minute: minute)
    }
  }

  private func measureLosses(_ state: UnsafeMutablePointer<RiskState>) {
    let value = state.pointee.netLiquidation
    state.pointee.high = max(state.pointee.high, value)
    state.pointee.tier = profile.sessionTiers.tier(
      value: value, highest: state.pointee.sessionStart, before: state.pointee.tier)
    if let most = profile.dailyLossDollars, Double(state.pointee.sessionStart - value) >= most * 1e6 {
      state.pointee.isLossReached = true
    }
    // Also an account that begins with nothing is at an end.
    if Double(value) <= Double(state.pointee.high) * (1 - profile.killFraction) { state.pointee.isKilled = true }
  }

  /// Counts limits that the market alone has passed, each once until it is kept again. Returns whether any is passed.
  private func countDrift(_ account: RiskAccount, book: Book, market: RiskMarket) -> Bool {
    let passed = passedLimits(account, book: book, market: market)
    countDrift(passed, account.state)
    return passed != 0
  }

  /// passed: a bit for each limit that is passed.
  @inline(__always)
  func countDrift(_ passed: UInt8, _ state: UnsafeMutablePointer<RiskState>) {
    let new = passed & ~state.pointee.passed
    if new != 0 {
      for limit in 0..<RiskLimit.size.rawValue where new >> limit & 1 == 1 { state.pointee.counters.drift[limit] += 1 }
    }
    state.pointee.passed = passed
  }

  /// A limit and what sums of many products may round away.
  private static func rounded(_ most: Double) -> Double { most + most * 1e-9 + 1e-6 }

  /// A bit for each limit that what is held is over, by more than the rounding of the sum.
  private func passedLimits(_ account: RiskAccount, book: Book, market: RiskMarket) -> UInt8 {
    let value = account.state.pointee.netLiquidationDollars
    var passed = passedGreeks(account.state.pointee.held, value)
    if let worst = worstShock(account, book: book, market: market),
      !(worst <= RiskGate.rounded(profile.limits.mostShockLoss(netLiquidationDollars: value)))
    {
      passed |= 1 << RiskLimit.shock.rawValue
    }
    return passed
  }

  /// The same of the four Greeks alone.
  @inline(__always)
  func passedGreeks(_ held: GreekExposure, _ netLiquidationDollars: Double) -> UInt8 {
    let amounts = held.amounts * profile.limits.basis.scale
    let maxima = profile.limits.maxima(netLiquidationDollars: netLiquidationDollars)
    var passed: UInt8 = 0
    for place in 0..<4 {
      let amount = place == RiskLimit.decay.rawValue ? amounts[place] : abs(amounts[place])
      if !(amount <= RiskGate.rounded(maxima[place])) { passed |= 1 << place }
    }
    return passed
  }

  /// What the worst cell of the book loses, dollars; nil where all that it can lose fits the limit anyway, and no cell was priced.
  package func worstShock(_ account: RiskAccount, book: Book, market: RiskMarket) -> Double? {
    let count = market.addLegs(of: book, to: account.legs)
    let most = profile.limits.mostShockLoss(netLiquidationDollars: account.state.pointee.netLiquidationDollars)
    if LargestLoss.dollars(account.legs, count: count) <= most { return nil }
    let cells = account.cells
    cells.update(repeating: 0, count: ShockGrid.count)
    for slot in book.usedSlots where !book.positions[slot].isFree {
      market.add(book.positions[slot].contract, quantity: Int(book.positions[slot].quantity), to: cells)
    }
    var worst = 0.0
    for cell in 0..<ShockGrid.count where !(-cells[cell] <= worst) { worst = -cells[cell] }
    return worst
  }

  /// Takes a fill that the book holds already. The order keeps headroom for what is left of it; `cancel` gives that back.
  ///
  /// netLiquidation: micro-dollars, behind the fill. Returns the limits that it is over because of this fill: none, or the gate is wrong.
  @discardableResult
  package func apply(
    order id: Int64, filled quantity: Int, on account: RiskAccount, book: Book, market: RiskMarket,
    netLiquidation: Int64
  ) -> [RiskLimit] {
    guard let place = account.place(of: id), quantity > 0 else { return [] }
    let state = account.state
    let order = account.orders[place]
    let one = market.exposure(of: order.legs)
    state.pointee.held += one * Double(quantity)
    state.pointee.netLiquidation = netLiquidation
    account.orders[place].quantity -= quantity
    if account.orders[place].quantity <= 0 { account.orders[place] = .free }
    if book.isEmpty { state.pointee.held = .zero }
    reserve(on: account, market: market)
    return countOver(order.legs, order.purpose, on: account, book: book, market: market)
  }

  /// Counts the limits that an account is over because of a fill, and returns them where it was no exit.
  @discardableResult
  package func countOver(
    _ legs: UpToFour<OrderLeg>, _ purpose: Purpose, on account: RiskAccount, book: Book, market: RiskMarket
  ) -> [RiskLimit] {
    let state = account.state
    let bits = limitsOver(market.exposure(of: legs), state)
    // Nearly always none, and then no memory is asked for.
    var over = bits == 0 ? [] : RiskLimit.allCases.prefix(4).filter { bits >> $0.rawValue & 1 == 1 }
    if worsensShock(legs, account, book: book, market: market) { over.append(.shock) }
    for limit in over {
      if purpose == .exit {
        state.pointee.counters.exitsOverLimit[limit.rawValue] += 1
      } else {
        state.pointee.counters.violations[limit.rawValue] += 1
      }
      state.pointee.passed |= 1 << limit.rawValue
    }
    return purpose == .exit ? [] : over
  }

  /// A bit for each of the four Greeks that is over its limit on the side towards which one package has moved it.
  @inline(__always)
  func limitsOver(_ one: GreekExposure, _ state: UnsafeMutablePointer<RiskState>) -> UInt8 {
    let amounts = state.pointee.held.amounts * profile.limits.basis.scale
    let maxima = profile.limits.maxima(netLiquidationDollars: state.pointee.netLiquidationDollars)
    var over: UInt8 = 0
    for limit in 0..<4 {
      let isOver: Bool
      if one.amounts[limit] > 0 {
        isOver = !(amounts[limit] <= maxima[limit])
      } else {
        isOver = limit != RiskLimit.decay.rawValue && one.amounts[limit] < 0 && !(amounts[limit] >= -maxima[limit])
      }
      if isOver { over |= 1 << limit }
    }
    return over
  }

  /// Whether a cell that these legs have made worse loses more than the limit.
  private func worsensShock(
    _ legs: UpToFour<OrderLeg>, _ account: RiskAccount, book: Book, market: RiskMarket
  ) -> Bool {
    // Prices the cells of the book where its bound does not fit.
    guard worstShock(account, book: book, market: market) != nil else { return false }
    let most = profile.limits.mostShockLoss(netLiquidationDollars: account.state.pointee.netLiquidationDollars)
    let step = account.cells + ShockGrid.count
    step.update(repeating: 0, count: ShockGrid.count)
    for index in legs.indices {
      market.add(legs[index].contract, quantity: Int(legs[index].ratio), to: step)
    }
    for cell in 0..<ShockGrid.count where !(step[cell] >= 0) {
      if !(account.cells[cell] >= -RiskGate.rounded(most)) { return true }
    }
    return false
  }

  /// Gives back the headroom of an order that is cancelled, or of what is left of it.
  package func cancel(order id: Int64, on account: RiskAccount, market: RiskMarket) {
    guard let place = account.place(of: id) else { return }
    account.orders[place] = .free
    reserve(on: account, market: market)
  }

  /// Gives back the headroom of orders that do not work any more.
  package func release(except working: [WorkingOrder], on account: RiskAccount, market: RiskMarket) {
    if account.state.pointee.inFlight == 0 { return }
    for place in 0..<account.orderCapacity {
      let id = account.orders[place].id
      guard id != 0, !working.contains(where: { $0.order.id == id && $0.left > 0 }) else { continue }
      cancel(order: id, on: account, market: market)
    }
  }

  /// An order that the market or a broker has rejected: many of them in a short time halt the desk.
  package func noteReject(on account: RiskAccount, minute: Int) {
    let state = account.state
    state.pointee.rejects[state.pointee.rejectPlace] = Int32(clamping: minute)
    state.pointee.rejectPlace = (state.pointee.rejectPlace + 1) % 8
    var recent = 0
    for place in 0..<8 where minute - Int(state.pointee.rejects[place]) < profile.rejectMinutes { recent += 1 }
    if recent >= profile.rejectCount { state.pointee.isRejectStorm = true }
  }

  /// Lets an account trade again whose kill switch has latched: by hand, and by nothing else. Its fall is counted from here.
  package func rearm(_ account: RiskAccount) {
    account.state.pointee.isKilled = false
    account.state.pointee.high = account.state.pointee.netLiquidation
  }
}
