// One account from order to settlement: the walk of a session, minute by minute, by the rules that many lanes share.

package import Market

/// A desk: its book and money, its working orders, and the rules that it trades under. It owns the memory of its windows.
///
/// A session is walked in order: `adjust` and `payDividend` for what happens before the opening, `beginSession`, `settle` at the opening, for every
/// minute `submit` and `advance`, `settle` at the close, `endSession`.
package final class Desk {
  package let settings: DeskSettings
  package private(set) var table: ContractTable
  private let account: LaneAccounts
  package let book: Book
  package let ledger: Ledger
  package private(set) var working: WorkingOrders
  /// What stands in the log, oldest first.
  package private(set) var log: [DeskEntry] = []
  /// How often the books were balanced, and the furthest that they ever were from it, in micro-dollars.
  package private(set) var balances = 0
  package private(set) var widestGap: Int64 = 0
  /// Profit that rests on fills inside the touch, in micro-dollars.
  package private(set) var insideTouch: Int64 = 0
  /// Whether anything was filled that no market fills.
  package private(set) var isIdeal = false
  package private(set) var fillCount = 0
  package private(set) var facts = AccountFacts()
  /// Minutes in which something was filled under the cap that holds where nobody says sizes or volume.
  package private(set) var minutesWithoutVolume = 0
  private var lastMinuteWithoutVolume = -1

  /// nil where the desk was given no limits.
  package let risk: DeskRisk?

  private var execution: Execution?
  private var liquidity: LiquidityMemory?
  private var date: CalendarDate?
  /// The orders that it gives itself have numbers below zero.
  private var lastForced: Int64 = 0

  /// risk: what limits the account; nil for no limits.
  package init(_ settings: DeskSettings, table: ContractTable, risk: DeskRisk? = nil) {
    self.settings = settings
    self.risk = risk
    self.table = table
    account = LaneAccounts(laneCount: 1, capacity: settings.slots, groupCapacity: settings.groups)
    (book, ledger) = (account.book(0), account.ledger(0))
    working = WorkingOrders()
    account.open(0, cashMicroDollars: settings.cashDollars * 1_000_000)
  }

  /// What was earned before costs, at the middle of the quotes, in micro-dollars.
  package var grossProfit: Int64 { ledger.sums.pointee.total + ledger.sums.pointee.costs.total }
  /// The share of the gross profit that rests on fills better than the far touch, which a market may not give; nil where nothing was earned.
  package var insideTouchShare: Double? { grossProfit > 0 ? Double(insideTouch) / Double(grossProfit) : nil }
  /// More of it than this is warned of.
  package static let mostInsideTouch = 0.3

  /// Cash and what the positions would bring, in micro-dollars.
  package var value: Int64 { ledger.cash.pointee + book.marks.liquidation }

  // MARK: before the opening

  /// Splits and special payments of an underlying, before a session opens. Orders for what changed are cancelled. `listed`: see `Book.adjust`.
  package func adjust(
    for adjustment: ContractAdjustment, of underlying: String, on date: CalendarDate, listed: Set<Int32> = []
  ) {
    for order in working.orders where touches(order.order, underlying) {
      _ = working.cancel(order.order.id, minute: -1) { self.note(date, .order($0), minute: -1) }
    }
    var entries: [AdjustedPosition] = []
    var table = table
    book.adjust(for: adjustment, of: underlying, on: date, listed: listed, in: &table, to: ledger) {
      entries.append($0)
    }
    self.table = table
    for entry in entries { note(date, .adjusted(entry, of: underlying), minute: -1) }
    balance()
  }

  private func touches(_ order: Order, _ underlying: String) -> Bool {
    order.legs.indices.contains { table[order.legs[$0].contract].underlying == underlying }
  }

  /// A dividend, on the first session without it. `dividend`: micro-dollars a share.
  package func payDividend(_ dividend: Int64, on underlying: String, date: CalendarDate) {
    guard let share = shareNumber(underlying) else { return }
    let shares = book.quantity(of: share)
    guard shares != 0 else { return }
    let cash = book.payDividend(dividend, on: share, to: ledger)
    note(date, .dividend(share: share, shares: shares, cash: cash), minute: -1)
    balance()
  }

  // MARK: the session

  /// Opens a session: fees are those of its date, and nobody has taken anything of its quotes yet.
  package func beginSession(_ date: CalendarDate) throws(ExecutionSettingError) {
    self.date = date
    execution = try Execution(settings.execution, fees: settings.fees, table: table, date: date)
    liquidity = LiquidityMemory(table)
    facts.beginSession(cash: ledger.cash.pointee)
    lastMinuteWithoutVolume = -1
    risk?.beginSession(
      date, value: value, minuteCount: TradingCalendar.xnys.tradingMinutes(date) ?? 0, carried: working.orders, table)
    noteState(date, minute: -1)
  }

  /// Sends an order that was decided at the end of a minute, or so much of it as the limits allow; false where nothing is sent, and the log says why. Traps
  /// outside of a session.
  ///
  /// purpose: an exit gives back what is held, and no limit holds it back; the desk's own closing orders are exits.
  @discardableResult
  package func submit(
    _ order: Order, view: some MarketView, as purpose: RiskGate.Purpose = .decision
  ) -> Bool {
    var order = order
    let execution = opened()
    markRisk(minute: order.submittedMinute, view: view)
    let refusal =
      order.refusal(in: table, on: view.date, minuteCount: view.minuteCount) ?? book.refusal(of: order, in: table)
      ?? (working.orders.contains { $0.order.id == order.id } ? .openingDouble(order.id) : nil)
    if let refusal {
      note(view.date, .refused(order, refusal), minute: order.submittedMinute)
      noteReject(order, on: view.date)
      return false
    }
    if let verdict = judge(order, as: order.isOwnExit ? .exit : purpose, view: view) {
      guard verdict.isAllowed else { return false }
      order.quantity = verdict.quantity
    }
    if let why = whyNot(order, order.quantity, view: view, minute: order.submittedMinute, execution) {
      note(view.date, why, minute: order.submittedMinute)
      risk?.release(except: working.orders)
      noteReject(order, on: view.date)
      return false
    }
    working.submit(order, execution, view: view) { note(view.date, .order($0), minute: $0.minute) }
    return true
  }

  /// Cash beyond which nothing opens, so that no sum leaves 64 bits: more than 10^12 dollars.
  private static let mostCash: Int64 = 1 << 60

  /// Why the account does not take so many packages of an order, at the quotes of a minute. What the desk gives back by itself is always taken.
  private func whyNot(
    _ order: Order, _ packages: Int, view: some MarketView, minute: Int, _ execution: Execution
  ) -> DeskEntry.What? {
    let cash = ledger.cash.pointee
    if order.isOwnExit { return nil }
    if order.effect == .opens, cash.magnitude > Desk.mostCash { return .tooRich(order: order.id) }
    let paid = book.estimate(
      of: order, packages: packages, terms: table.executionTerms(of:), view: view, minute: minute, fees: execution.fees)
    guard let paid else { return nil }
    if order.effect == .opens, let rule = facts.refusal(value: value, paid: paid, settings) {
      return .ruled(order: order.id, rule)
    }
    return book.marginRefusal(
      of: order, packages: packages, in: table, cash: cash, paid: paid, view: view, minute: minute,
      rules: settings.margin
    ).map { .notCarried(order: order.id, $0) }
  }

  package func cancel(_ id: Int64, minute: Int) {
    guard let date else { return }
    if !working.cancel(id, minute: minute, log: { self.note(date, .order($0), minute: minute) }) {
      note(date, .nothingToCancel(id), minute: minute)
    }
  }

  /// Lets a minute pass: what works is filled and booked, then everything is marked. Traps outside of a session.
  package func advance(minute: Int, view: some MarketView) {
    let execution = opened()
    markRisk(minute: minute, view: view)
    guard let liquidity else { return }
    let (book, table) = (book, table)
    working.advance(
      minute: minute, execution, view: view, ledger: liquidity.ledger,
      permits: { order, packages in
        let permitted = book.permitted(order, packages, in: table)
        guard permitted > 0, let why = self.whyNot(order, permitted, view: view, minute: minute, execution)
        else { return self.permittedByRisk(order, permitted, minute: minute, view: view, execution) }
        self.note(view.date, why, minute: minute)
        return 0
      },
      log: { self.note(view.date, .order($0), minute: minute) },
      fill: { self.book($0, on: view.date) })
    book.mark(view, minute: minute, in: table, to: ledger)
    risk?.release(except: working.orders)
    balance()
  }

  private func opened() -> Execution {
    guard let execution else { preconditionFailure("a desk trades in a session; begin one first") }
    return execution
  }

  private func book(_ fill: OrderFill, on date: CalendarDate) {
    facts.count(fill, held: book.quantity, value: value)
    let booked = book.apply(fill, to: ledger)
    fillCount += 1
    if fill.isWithoutVolume, fill.minute != lastMinuteWithoutVolume {
      minutesWithoutVolume += 1
      lastMinuteWithoutVolume = fill.minute
    }
    isIdeal = isIdeal || fill.isIdeal
    for index in fill.legs.indices { insideTouch += max(0, fill.legs[index].insideTouch) }
    note(date, .filled(fill, realised: booked.wasReduced ? booked.realised : nil), minute: fill.minute)
    applyToRisk(fill, on: date)
    balance()
  }

  /// A number for an order that the desk gives itself: below zero, never used twice.
  package func ownNumber() -> Int64 {
    lastForced -= 1
    return lastForced
  }

  /// Writes into the log what was decided about an order.
  package func note(_ words: String, of order: Int64, date: CalendarDate, minute: Int) {
    note(date, .decided(order: order, words), minute: minute)
  }

  // MARK: how contracts end

  /// Settles what ends at the opening or the close of the session. Where a price is missing nothing is settled.
  package func settle(
    _ settlement: ContractTerms.Settlement, view: some MarketView, prices: some SettlementPrices
  ) throws(SettlementProblem) {
    let minute = settlement == .opening ? -1 : view.minuteCount
    var settled: [SettledPosition] = []
    try book.settle(
      on: view.date, at: settlement, prices: prices, exercise: settings.exercise, exerciseFee: exerciseFee,
      shares: { self.shareNumber($0) }, in: table, to: ledger
    ) { settled.append($0) }
    for position in settled { note(view.date, .settled(position, isEarly: false), minute: minute) }
    balance()
  }

  /// Ends a session, behind its settlements: early assignments, what an account without the money must give back, and the orders of the day.
  ///
  /// `dividends`: what is paid to those that hold a share tonight, by underlying, micro-dollars.
  package func endSession(
    view: some MarketView, prices: some SettlementPrices, dividends: [String: Int64]
  ) throws(SettlementProblem) {
    let execution = opened()
    var settled: [SettledPosition] = []
    let rate = settings.rateAnnual
    try book.assignEarly(
      view, prices: prices,
      holders: { underlying in
        let dividend = dividends[underlying] ?? 0
        return dividend > 0 || rate > 0 ? EarlyExercise(rateAnnual: rate, dividend: dividend) : nil
      }, exercise: settings.exercise, exerciseFee: exerciseFee, shares: { self.shareNumber($0) }, in: table, to: ledger
    ) { settled.append($0) }
    for position in settled { note(view.date, .settled(position, isEarly: true), minute: view.minuteCount) }
    balance()
    giveBack(view: view, prices: prices)
    working.endSession(execution, minute: view.minuteCount) { note(view.date, .order($0), minute: view.minuteCount) }
  }

  /// Shares that cash or margin cannot carry are given back at the next quote; what else an account is short of is said.
  private func giveBack(view: some MarketView, prices: some SettlementPrices) {
    let (cash, minute) = (ledger.cash.pointee, view.minuteCount - 1)
    func price(_ contract: Int32) -> Int? {
      prices.price(of: table[contract].underlying, at: .close)?.price
        ?? view.underlyingPrice(of: contract, minute: minute)
    }
    var needed = MarginRequirement()
    do throws(MarginError) {
      needed = try book.margin(
        in: table, rules: settings.margin, ask: { view.quote(of: $0, minute: minute)?.ask }, underlyingPrice: price)
    } catch {
      note(view.date, .marginUnknown(error), minute: view.minuteCount)
      return
    }
    let short = needed.gross - cash
    guard short > 0 else { return }
    note(view.date, .marginShort(short, needed), minute: view.minuteCount)
    for slot in book.usedSlots where !book.positions[slot].isFree {
      let position = book.positions[slot]
      guard !table[position.contract].isOption, position.quantity < 0 || cash < 0 else { continue }
      let reason: DeskEntry.ForcedReason = position.quantity > 0 ? .shortOfCash(cash) : .shortOfMargin(short)
      let number = ownNumber()
      note(
        view.date,
        .forced(
          order: number, share: position.contract, shares: -Int(position.quantity), reason: reason),
        minute: view.minuteCount)
      let shares = abs(Int(position.quantity))
      // So many that an order holds them: lots of a contract's shares, rather than one by one.
      let lot = (1...Order.mostRatio).first { shares % $0 == 0 && shares / $0 <= Order.mostQuantity } ?? 1
      let order = Order(
        id: number,
        legs: UpToFour(OrderLeg(contract: position.contract, ratio: Int32(position.quantity > 0 ? -lot : lot))),
        quantity: shares / lot, effect: .closes, submittedMinute: view.minuteCount - 1)
      submit(order, view: view)
    }
  }

  /// Micro-dollars a contract, on the session's date; nothing where execution is ideal.
  private var exerciseFee: Int64 { execution?.fees.exercise ?? 0 }

  private func shareNumber(_ underlying: String) -> Int32? { table.number(of: TradedContract(share: underlying)) }

  func note(_ date: CalendarDate, _ what: DeskEntry.What, minute: Int) {
    log.append(DeskEntry(date: date, minute: minute, what: what))
  }

  private func balance() {
    balances += 1
    let gap = book.gap(to: ledger)
    if gap.magnitude > widestGap.magnitude { widestGap = gap }
  }
}
