// Plays a script: one desk walks its sessions, minute by minute.

import Market
import Storage
package import Text
package import Trading

/// A desk behind a script's last session.
package struct DeskPlay {
  package let script: DeskScript
  package let desk: Desk
  /// The plans of what is held at the end.
  package let exits: [ExitPosition]
  let feeNotices: [String]
  /// Every part that trades under limits; nil where no limits are given.
  let activeLine: String?
  /// Of what is held without a quote of the last minute, how many positions no model moved from their last one.
  let unmoved: Int

  /// `stored`: quotes beside those of the script. riskJournal: what `risk` writes. Throws `RiskError` before anything is traded where a part of what limits it
  /// is missing, `DeskScriptError` where a session cannot be settled or a restart has nothing to go on from, `ExecutionSettingError` and `StorageError`.
  package init(
    _ script: DeskScript, _ settings: DeskSettings, stored: StoredQuotes? = nil, risk: DeskRisk? = nil,
    sizing: SizingRules? = nil, exitJournal: ExitJournalFile? = nil, riskJournal: RiskJournal? = nil
  ) throws {
    self.script = script
    let desk = Desk(settings, table: script.table, risk: risk)
    self.desk = desk
    activeLine = try risk == nil ? nil : script.sessions.first.map { try desk.parts(on: $0.date).line() }
    if let line = script.restartLine, exitJournal == nil || (risk != nil && riskJournal == nil) {
      let flag = exitJournal == nil ? "exit plans: give --exit-journal" : "limits: give --risk-journal"
      throw DeskScriptError(
        path: script.path, line: line, problem: "a restart would lose what is remembered of \(flag) FILE")
    }
    var listed: Set<Int32> = []
    var memory = DeskMemory(
      journal: exitJournal, riskJournal: riskJournal, sizing: sizing ?? AccountTerms().sizing,
      rateAnnual: settings.rateAnnual)
    for (order, plan) in script.exitPlans { memory.exits.plan(plan, for: order) }
    for (place, session) in script.sessions.enumerated() {
      let next = place + 1 < script.sessions.count ? script.sessions[place + 1] : nil
      do {
        try DeskPlay.play(session, next: next, listed: listed, stored: stored, on: desk, &memory)
        for case .quote(let contract, _) in session.items.map(\.entry) { listed.insert(contract) }
      } catch let problem as SettlementProblem {
        throw DeskScriptError(path: script.path, line: nil, problem: "\(problem)")
      }
    }
    exits = memory.exits.positions
    unmoved = memory.unmoved
    if let first = script.sessions.first, let last = script.sessions.last {
      feeNotices = settings.fees.notices(from: first.date, until: last.date, of: DeskPlay.charged(desk))
    } else {
      feeNotices = []
    }
  }

  private static func play(
    _ session: DeskScript.ScriptSession, next: DeskScript.ScriptSession?, listed: Set<Int32>, stored: StoredQuotes?,
    on desk: Desk, _ memory: inout DeskMemory
  ) throws {
    for (underlying, adjustment) in session.adjustments {
      desk.adjust(for: adjustment, of: underlying, on: session.date, listed: listed)
    }
    for underlying in session.dividends.keys.sorted() {
      desk.payDividend(session.dividends[underlying] ?? 0, on: underlying, date: session.date)
    }
    let quotes = try stored?.session(on: session.date, table: desk.table) ?? StoredQuotes.Session()
    let morning = try DeskMorning(session, stored, table: desk.table)
    desk.risk?.volatilityRank = morning.highestRank
    try desk.beginSession(session.date)
    var market = ScriptMarket(session, table: desk.table, stored: quotes, volatilities: memory.volatilities)
    func prices() -> ScriptPrices {
      ScriptPrices(session: session, market: market, underlyings: desk.table.underlyings)
    }
    try desk.settle(.opening, view: market, prices: prices())
    try memory.write(desk)
    var items = session.items[...]
    for minute in 0..<session.minuteCount {
      let now = items.prefix { $0.minute == minute }
      items = items.dropFirst(now.count)
      for item in now {
        switch item.entry {
        case .quote(let contract, let quote): market.see(quote, of: contract)
        case .price(let underlying, let price): market.see(price: price, of: underlying)
        case .order, .wish, .cancel, .restart: break
        }
      }
      market.endMinute(minute)
      // What is decided at the end of a minute knows what was filled in it.
      let fills = desk.fillCount
      desk.advance(minute: minute, view: market)
      if desk.fillCount > fills { desk.noteMargin(minute: minute, view: market) }
      for item in now {
        switch item.entry {
        case .order(let order): desk.submit(order, view: market)
        case .wish(let wish):
          desk.enter(
            wish, sizing: memory.sizing, morning: morning.facts(of: wish.underlying), trades: memory.trades(of: desk),
            minute: minute, view: market)
        case .cancel(let id): desk.cancel(id, minute: minute)
        case .restart(let keepsOrders):
          try memory.restart(desk, keepsOrders: keepsOrders, minute: minute, view: market)
        case .quote, .price: break
        }
      }
      memory.exits.walk(desk, minute: minute, view: market)
      try memory.write(desk)
    }
    try desk.settle(.close, view: market, prices: prices())
    try desk.endSession(view: market, prices: prices(), dividends: next?.dividends ?? [:])
    memory.exits.endSession(desk, view: market)
    try memory.write(desk)
    memory.volatilities = market.volatilities
    let (book, last) = (desk.book, session.minuteCount - 1)
    memory.unmoved = book.usedSlots.count { slot in
      let position = book.positions[slot]
      guard !position.isFree, !position.isQuoted else { return false }
      guard desk.table[position.contract].isOption else {
        return market.underlyingPrice(of: position.contract, minute: last) == nil
      }
      return position.lastModel == 0 || market.modelPrice(of: position.contract, minute: last) == nil
    }
  }

  /// What was traded: the fees of all else are nothing that a reader wants to know.
  private static func charged(_ desk: Desk) -> Set<FeeClass> {
    var classes: Set<FeeClass> = []
    for case .filled(let fill, _) in desk.log.map(\.what) {
      for index in fill.legs.indices where desk.table.contains(fill.legs[index].contract) {
        classes.insert(FeeClass(desk.table[fill.legs[index].contract]))
      }
    }
    return classes
  }
}

/// What a process remembers beside the book, and where it is kept for the next one.
private struct DeskMemory {
  var exits = ExitKeeper()
  var journal: ExitJournalFile?
  let riskJournal: RiskJournal?
  var volatilities: QuotedVolatilities
  /// Positions that stood without a quote at the end of the last session, and that no model moved.
  var unmoved = 0
  /// By which an order is sized that says no quantity.
  let sizing: SizingRules
  private var ownTrades: OwnTrades

  init(journal: ExitJournalFile?, riskJournal: RiskJournal?, sizing: SizingRules, rateAnnual: Double) {
    self.journal = journal
    self.riskJournal = riskJournal
    volatilities = QuotedVolatilities(rateAnnual: rateAnnual)
    self.sizing = sizing
    ownTrades = OwnTrades(tier: sizing.tier.name)
  }

  /// What the account has closed so far: also behind a restart, since its statement tells them all.
  mutating func trades(of desk: Desk) -> [SizedTrade] {
    ownTrades.read(desk)
    return ownTrades.closed
  }

  mutating func write(_ desk: Desk) throws(StorageError) { try journal?.write(exits, of: desk) }

  mutating func restart(_ desk: Desk, keepsOrders: Bool, minute: Int, view: some MarketView) throws {
    guard let journal else { return }
    exits = try journal.read(of: desk, ordersWork: keepsOrders)
    let record = try riskJournal.flatMap { try RiskJournal.open($0.path).record }
    desk.restart(record, keepsOrders: keepsOrders, minute: minute, view: view)
  }
}
