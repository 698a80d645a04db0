// Plays a script: one desk walks its sessions, minute by minute.

import Market
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

  /// `stored`: quotes beside those of the script. Throws `RiskError` before anything is traded where a part of what limits it is missing, `DeskScriptError` where a session cannot be settled, `ExecutionSettingError` and `StorageError`.
  package init(
    _ script: DeskScript, _ settings: DeskSettings, stored: StoredQuotes? = nil, risk: DeskRisk? = nil
  ) throws {
    self.script = script
    let desk = Desk(settings, table: script.table, risk: risk)
    self.desk = desk
    activeLine = try risk == nil ? nil : script.sessions.first.map { try desk.parts(on: $0.date).line() }
    var listed: Set<Int32> = []
    var exits = ExitKeeper()
    for (order, plan) in script.exitPlans { exits.plan(plan, for: order) }
    for (place, session) in script.sessions.enumerated() {
      let next = place + 1 < script.sessions.count ? script.sessions[place + 1] : nil
      do {
        try DeskPlay.play(session, next: next, listed: listed, stored: stored, on: desk, &exits)
        for case .quote(let contract, _) in session.items.map(\.entry) { listed.insert(contract) }
      } catch let problem as SettlementProblem {
        throw DeskScriptError(path: script.path, line: nil, problem: "\(problem)")
      }
    }
    self.exits = exits.positions
    if let first = script.sessions.first, let last = script.sessions.last {
      feeNotices = settings.fees.notices(from: first.date, until: last.date, of: DeskPlay.charged(desk))
    } else {
      feeNotices = []
    }
  }

  private static func play(
    _ session: DeskScript.ScriptSession, next: DeskScript.ScriptSession?, listed: Set<Int32>, stored: StoredQuotes?,
    on desk: Desk, _ exits: inout ExitKeeper
  ) throws {
    for (underlying, adjustment) in session.adjustments {
      desk.adjust(for: adjustment, of: underlying, on: session.date, listed: listed)
    }
    for underlying in session.dividends.keys.sorted() {
      desk.payDividend(session.dividends[underlying] ?? 0, on: underlying, date: session.date)
    }
    desk.risk?.volatilityRank = session.volatilityRank
    try desk.beginSession(session.date)
    let quotes = try stored?.session(on: session.date, table: desk.table) ?? StoredQuotes.Session()
    var market = ScriptMarket(session, table: desk.table, stored: quotes)
    func prices() -> ScriptPrices {
      ScriptPrices(session: session, market: market, underlyings: desk.table.underlyings)
    }
    try desk.settle(.opening, view: market, prices: prices())
    var items = session.items[...]
    for minute in 0..<session.minuteCount {
      let now = items.prefix { $0.minute == minute }
      items = items.dropFirst(now.count)
      for item in now {
        switch item.entry {
        case .quote(let contract, let quote): market.see(quote, of: contract)
        case .price(let underlying, let price): market.see(price: price, of: underlying)
        case .order, .cancel: break
        }
      }
      // What is decided at the end of a minute knows what was filled in it.
      desk.advance(minute: minute, view: market)
      for item in now {
        switch item.entry {
        case .order(let order): desk.submit(order, view: market)
        case .cancel(let id): desk.cancel(id, minute: minute)
        case .quote, .price: break
        }
      }
      exits.walk(desk, minute: minute, view: market)
    }
    try desk.settle(.close, view: market, prices: prices())
    try desk.endSession(view: market, prices: prices(), dividends: next?.dividends ?? [:])
    exits.endSession(desk, view: market)
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
