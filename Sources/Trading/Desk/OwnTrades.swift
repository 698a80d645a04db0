// The trades that an account has closed, as its log tells them: what its sizes learn from.

package import Market
import Pricing

/// Follows a desk's log: a trade is all that is done in an underlying from holding nothing of it to holding nothing again. It is made of the log alone, so that
/// whoever has the account's statement has its trades.
package struct OwnTrades: Sendable {
  /// Closed, in the order in which they were.
  package private(set) var closed: [SizedTrade] = []
  /// The tier that trades are opened in from now on.
  private let tier: String
  /// Entries of the log that are read already.
  private var seen = 0
  /// Of the whole account, as far as the log is read, from what it began with; micro-dollars.
  private var cash: Int64 = 0
  /// By underlying.
  private var open: [String: Open] = [:]

  private struct Open {
    /// What is held of contracts and of the share, signed, by number.
    var held: [Int32: Int] = [:]
    /// What was received and paid, after all costs, micro-dollars.
    var cash: Int64 = 0
    var atRisk: Int64 = 0
  }

  package init(tier: String) { self.tier = tier }

  /// Learns what has happened since it was asked last.
  package mutating func read(_ desk: Desk) {
    if seen == 0 { cash = desk.settings.cashDollars * 1_000_000 }
    for entry in desk.log[seen...] {
      switch entry.what {
      case .filled(let fill, _):
        for index in fill.legs.indices {
          let leg = fill.legs[index]
          add(leg.quantity, of: leg.contract, for: -(leg.amount + leg.costs.besidePrice), desk.table)
        }
        // Legs of a package come together: a short one is covered by then.
        for index in fill.legs.indices {
          measure(fill.legs[index].contract, desk.table)
          end(fill.legs[index].contract, entry.date, desk.table)
        }
      case .settled(let settled, _):
        add(-settled.quantity, of: settled.contract, for: settled.cash - settled.fee, desk.table)
        if let share = settled.share { add(settled.shares, of: share, for: 0, desk.table) }
        // Legs are settled one by one: what is left of a package for a moment is no risk that anybody took.
        end(settled.contract, entry.date, desk.table)
      case .dividend(let share, _, let cash):
        add(0, of: share, for: cash, desk.table)
      case .adjusted(let adjusted, _):
        add(-adjusted.quantity, of: adjusted.contract, for: adjusted.cash, desk.table)
        if case .became(let contract, let quantity) = adjusted.outcome {
          add(quantity, of: contract, for: 0, desk.table)
        }
        end(adjusted.contract, entry.date, desk.table)
      default: break
      }
    }
    seen = desk.log.count
  }

  private mutating func add(_ quantity: Int, of contract: Int32, for received: Int64, _ table: ContractTable) {
    let underlying = table[contract].underlying
    var trade = open[underlying] ?? Open()
    let held = (trade.held[contract] ?? 0) + quantity
    trade.held[contract] = held == 0 ? nil : held
    trade.cash += received
    cash += received
    open[underlying] = trade
  }

  /// Ends the trade of a contract's underlying where nothing of it is held any more.
  private mutating func end(_ contract: Int32, _ date: CalendarDate, _ table: ContractTable) {
    let underlying = table[contract].underlying
    guard let trade = open[underlying], trade.held.isEmpty else { return }
    open[underlying] = nil
    closed.append(
      SizedTrade(tier: tier, closed: date, atRiskMicroDollars: trade.atRisk, profitMicroDollars: trade.cash))
  }

  /// Remembers the most that the trade of a contract's underlying could lose.
  private mutating func measure(_ contract: Int32, _ table: ContractTable) {
    let underlying = table[contract].underlying
    guard var trade = open[underlying], !trade.held.isEmpty else { return }
    trade.atRisk = max(trade.atRisk, atRisk(trade, table))
    open[underlying] = trade
  }

  /// What was paid so far and what all that is held can still cost if it is held to expiry; where nothing bounds that, all the cash that the account has.
  private func atRisk(_ trade: Open, _ table: ContractTable) -> Int64 {
    let legs = trade.held.keys.sorted().map { number in
      let contract = table[number]
      return LargestLoss.Leg(
        underlying: 0, expiry: Int32(contract.expiry?.daysSinceEpoch ?? 0), side: contract.side?.rawValue ?? 0,
        strike: Double(contract.isOption ? contract.strike : 0) / Double(TickRule.perDollar),
        units: Double(trade.held[number] ?? 0) * Double(contract.multiplier), price: 0)
    }
    let owed = LargestLoss.dollars(legs)
    guard owed < 1e9 else { return max(cash, 0) }
    return max(MicroDollars.rounded(owed) - trade.cash, 0)
  }
}
