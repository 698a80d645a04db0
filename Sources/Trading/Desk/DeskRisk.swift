// A desk's risk manager: the gate over one account, fed by what the desk sees.

package import Market

/// One account's gate with the memory that it needs. A desk that is given a profile asks it before every order and every fill.
package final class DeskRisk {
  package let gate: RiskGate
  private let model: RiskModel
  private let memory: RiskMemory
  private var quotes: RiskMarketMemory
  private var capacity: Int
  /// The underlyings' prices of the minute before, by number; what has none is left out.
  private var lastPrices: [Int32: Int] = [:]
  /// Keeps what must outlive the process; nil where nothing does.
  private let keep: ((RiskRecord) throws(RiskError) -> Void)?
  private var record: RiskRecord?
  private var date: CalendarDate?
  /// What the journal said when it could not be written.
  package private(set) var journalError: RiskError?
  private var lastState: StateCause?
  private var lastCauses: UInt8 = 0
  private var wasWarned = false
  /// Of implied volatility among the year before, as somebody knew it before the session; nil where nobody did.
  package var volatilityRank: Double?

  /// record: what an earlier process left. keep: writes it down again, whenever it changes.
  package init(
    _ profile: RiskProfile, slots: Int, rate: Double, record: RiskRecord? = nil,
    keep: ((RiskRecord) throws(RiskError) -> Void)? = nil
  ) {
    gate = RiskGate(profile)
    model = RiskModel(rate: rate)
    memory = RiskMemory(positions: slots, orders: slots + 2 * RiskGate.mostDecisions)
    capacity = 16
    quotes = RiskMarketMemory(contracts: capacity)
    self.record = record
    self.keep = keep
  }

  package var state: RiskState { memory[0].state.pointee }
  package var profile: RiskProfile { gate.profile }
  var minute: Int { state.minute }

  // MARK: the session

  /// carried: orders that work on from an earlier session.
  func beginSession(
    _ date: CalendarDate, value: Int64, minuteCount: Int, carried: [WorkingOrder], _ table: ContractTable
  ) {
    begin(date, value: value, minuteCount: minuteCount, carried: carried, table)
  }

  /// Goes on in the middle of a session as another process would: what is remembered is what a journal holds, and orders that work keep their headroom.
  func restart(
    _ record: RiskRecord?, on date: CalendarDate, value: Int64, minuteCount: Int, carried: [WorkingOrder],
    _ table: ContractTable
  ) {
    let counters = state.counters
    memory[0].state.pointee = RiskState()
    memory[0].state.pointee.counters = counters
    self.record = record
    begin(date, value: value, minuteCount: minuteCount, carried: carried, table)
  }

  private func begin(
    _ date: CalendarDate, value: Int64, minuteCount: Int, carried: [WorkingOrder], _ table: ContractTable
  ) {
    self.date = date
    lastPrices = [:]
    gate.beginSession(on: memory[0], netLiquidation: value, minuteCount: minuteCount)
    record?.restore(memory[0].state, session: date)
    makeRoom(table)
    for order in carried {
      gate.keep(
        order.order, quantity: order.left, as: order.order.isOwnExit ? .exit : .decision, on: memory[0],
        market: quotes[0])
    }
    write()
  }

  /// Takes the market at the end of a minute, so far as it is held or ordered, and the account on it; says what must be done at once.
  func mark(
    minute: Int, view: some MarketView, table: ContractTable, book: Book, working: [WorkingOrder], value: Int64
  ) -> RiskActions {
    makeRoom(table)
    var (oldest, move) = (0, 0.0)
    var prices: [Int32: Int] = [:]
    func look(_ contract: Int32, held: (bid: Int, ask: Int)?) {
      quotes[0][contract] = model.risk(of: contract, in: table, view: view, minute: minute, held: held)
      let underlying = table.underlyingNumbers[Int(contract)]
      guard prices[underlying] == nil, let price = view.underlyingPrice(of: contract, minute: minute) else { return }
      prices[underlying] = price
      if let before = lastPrices[underlying], before > 0 {
        move = max(move, abs(Double(price) / Double(before) - 1))
      }
    }
    for order in working {
      for index in order.order.legs.indices { look(order.order.legs[index].contract, held: nil) }
    }
    for slot in book.usedSlots where !book.positions[slot].isFree {
      let position = book.positions[slot]
      look(position.contract, held: (position.bid, position.ask))
      let age = view.quote(of: position.contract, minute: minute).map { minute - $0.minute } ?? minute + 1
      oldest = max(oldest, age)
    }
    lastPrices = prices
    let actions = gate.mark(
      memory[0], book: book, market: quotes[0], netLiquidation: value, minute: minute,
      health: MarketHealth(oldestQuoteMinutes: oldest, largestMove: move, volatilityRank: volatilityRank))
    write()
    return actions
  }

  private func makeRoom(_ table: ContractTable) {
    guard table.count > capacity else { return }
    capacity = 2 * table.count
    quotes = RiskMarketMemory(contracts: capacity)
  }

  /// Writes the record down where it has changed. What cannot be kept halts.
  private func write() {
    guard let date, let keep else { return }
    var now = RiskRecord(of: state, session: date)
    now.rearmReason = record?.rearmReason
    guard now != record || journalError != nil else { return }
    do throws(RiskError) {
      try keep(now)
      record = now
      journalError = nil
    } catch {
      journalError = error
    }
    memory[0].state.pointee.isJournalBroken = journalError != nil
  }

  // MARK: orders

  func evaluate(
    _ order: Order, as purpose: RiskGate.Purpose, view: some MarketView, table: ContractTable, book: Book
  ) -> Verdict {
    makeRoom(table)
    for index in order.legs.indices {
      let contract = order.legs[index].contract
      guard book.slot(of: contract) == nil else { continue }
      quotes[0][contract] = model.risk(of: contract, in: table, view: view, minute: order.submittedMinute)
    }
    return gate.evaluate(order, as: purpose, on: memory[0], book: book, market: quotes[0])
  }

  /// How many of so many packages still fit on the quotes of this minute.
  func permitted(
    _ order: Order, _ packages: Int, minute: Int, view: some MarketView, table: ContractTable, book: Book,
    fees: FeeRates, impact: TouchImpact
  ) -> Verdict {
    let cost = RiskGate.FillCost(
      of: order, packages: packages, terms: table.executionTerms(of:), view: view, minute: minute, fees: fees,
      impact: impact)
    return gate.judgeFill(
      order: order.id, offered: packages, cost: cost, on: memory[0], book: book, market: quotes[0])
  }

  func apply(_ fill: OrderFill, book: Book, value: Int64) {
    gate.apply(
      order: fill.order, filled: fill.quantity, on: memory[0], book: book, market: quotes[0], netLiquidation: value)
  }

  /// Gives back the headroom of orders that do not work any more.
  func release(except working: [WorkingOrder]) { gate.release(except: working, on: memory[0], market: quotes[0]) }

  func noteReject(minute: Int) { gate.noteReject(on: memory[0], minute: minute) }

  /// The state that a session begins in, by what an earlier process left.
  package func stateAtStart(of date: CalendarDate) -> DeskState {
    var state = RiskState()
    record?.restore(&state, session: date)
    return state.desk
  }

  /// What is another one than when this was last asked: the cause of the desk's state, and all else that began or ended to hold behind it.
  func changes() -> (cause: StateCause??, alerts: [RiskAlert]) {
    let state = state
    let (now, causes) = (state.cause, state.causes)
    let isWarned = state.tier == .warn
    defer { (lastState, lastCauses, wasWarned) = (now, causes, isWarned) }
    var alerts: [RiskAlert] = []
    for cause in StateCause.allCases {
      let (bit, isTold) = (UInt8(1) << cause.rawValue, now != lastState && (cause == now || cause == lastState))
      // The line of the state says it where it is the strongest, and where nothing is left of it.
      if (causes ^ lastCauses) & bit != 0, !isTold { alerts.append(RiskAlert(cause, hasBegun: causes & bit != 0)) }
    }
    if isWarned != wasWarned, isWarned || state.tier == .none { alerts.append(RiskAlert(nil, hasBegun: isWarned)) }
    return (now == lastState ? nil : .some(now), alerts)
  }
}
