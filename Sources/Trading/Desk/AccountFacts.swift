// Two rules of small accounts: they are counted, warned of, and bind only where a setting says so.

package import Market

/// Day trades, and purchases with money that has not settled yet.
///
/// A day trade is an order that gives back on a day what was opened on it; each order counts once. Below 25,000 dollars a margin account may have three in five
/// sessions. Source: FINRA Rule 4210(f)(8)(B). A cash account buys with money that was there in the morning: what a sale brings settles a day
/// later. Source: Federal Reserve Board, Regulation T, 12 CFR 220.8(c); SEC Rule 15c6-1.
package struct AccountFacts: Sendable, Equatable {
  package static let leastValue: Int64 = 25_000_000_000
  package static let mostDayTrades = 3
  package static let sessions = 5

  /// Of the last five sessions, this one last.
  private var dayTrades: [Int] = []
  private var openedToday: [Int32: Int] = [:]
  private var ordersCounted: Set<Int64> = []
  /// Cash of the morning that is not spent yet, in micro-dollars.
  private var settled: Int64 = 0
  /// Day trades beyond the third in five sessions, while the account was worth less than it takes.
  package private(set) var dayTradesBeyond = 0
  /// Purchases that a cash account could not have made.
  package private(set) var unsettledPurchases = 0

  package init() {}

  /// Of the last five sessions.
  package var recentDayTrades: Int { dayTrades.reduce(0, +) }

  package mutating func beginSession(cash: Int64) {
    if dayTrades.count == AccountFacts.sessions { dayTrades.removeFirst() }
    dayTrades.append(0)
    openedToday.removeAll(keepingCapacity: true)
    ordersCounted.removeAll(keepingCapacity: true)
    settled = max(0, cash)
  }

  /// Counts a fill. `held`: of each contract, before it. `value`: of the account, in micro-dollars.
  package mutating func count(_ fill: OrderFill, held: (Int32) -> Int, value: Int64) {
    var givesBackToday = false
    for index in fill.legs.indices {
      let leg = fill.legs[index]
      let before = held(leg.contract)
      let opened = openedToday[leg.contract] ?? 0
      guard before * leg.quantity < 0 else {
        openedToday[leg.contract] = opened + leg.quantity
        continue
      }
      // What was opened today is given back first, as brokers count.
      if opened != 0 { givesBackToday = true }
      if abs(leg.quantity) > abs(before) {
        openedToday[leg.contract] = before + leg.quantity
      } else {
        let left = max(0, abs(opened) - abs(leg.quantity))
        openedToday[leg.contract] = before > 0 ? left : -left
      }
    }
    if givesBackToday, ordersCounted.insert(fill.order).inserted, let today = dayTrades.indices.last {
      dayTrades[today] += 1
      if recentDayTrades > AccountFacts.mostDayTrades, value < AccountFacts.leastValue { dayTradesBeyond += 1 }
    }
    let paid = fill.amount + fill.costs.besidePrice
    guard paid > 0 else { return }
    if paid > settled { unsettledPurchases += 1 }
    settled = max(0, settled - paid)
  }

  /// What a rule that binds has against an order that opens: where three day trades were made, a fourth would be needed to leave on the same day; and what is paid
  /// must be there since the morning. `paid`: micro-dollars, negative where money comes in.
  package func refusal(value: Int64, paid: Int64, _ settings: DeskSettings) -> AccountRule? {
    if settings.bindsDayTrades, value < AccountFacts.leastValue, recentDayTrades >= AccountFacts.mostDayTrades {
      return .dayTrades(recentDayTrades)
    }
    return settings.bindsSettledCash && paid > settled ? .unsettled(paid: paid, settled: settled) : nil
  }
}

/// A rule of small accounts that binds, and what is against it.
package enum AccountRule: Sendable, Equatable {
  case dayTrades(Int)
  case unsettled(paid: Int64, settled: Int64)

  package var words: String {
    switch self {
    case .dayTrades(let count):
      "\(counted(count, "day trade")) in \(AccountFacts.sessions) sessions, and an account below 25,000 dollars may have "
        + "\(AccountFacts.mostDayTrades); wait, or bring money"
    case .unsettled(let paid, let settled):
      "it would pay \(MicroDollars.decimal(paid)) dollars, and \(MicroDollars.decimal(settled)) of the morning's cash are left; "
        + "what was sold today settles tomorrow"
    }
  }
}
