// Before a run: whether the limits leave anything to learn.

package import Market
import Trading

extension OptionsTables {
  /// By symbol: the share of the minutes of a window in which an entry fits a fresh account; nil where the symbol has no minutes there.
  package func entryShares(in window: Range<Int>) -> [Double?] {
    let played = days.filter { window.contains($0.firstBar) }
    return tape.symbols.indices.map { symbol in
      var (fits, minutes) = (0, 0)
      let fresh = FreshAccount(self, symbol: symbol)
      for day in played where day.symbol == symbol {
        minutes += day.minuteCount
        fits += fresh.minutesWithEntry(day)
      }
      return minutes == 0 ? nil : Double(fits) / Double(minutes)
    }
  }

  /// Throws for the first symbol whose account could hardly ever enter anything: it would learn to do nothing, and that says nothing about the market.
  func requireEntries(in window: Range<Int>) throws(EnvironmentError) {
    for (symbol, share) in zip(tape.symbols, entryShares(in: window)) {
      guard let share, share < OptionsConfiguration.leastEntryShare, !configuration.allowIdle.contains(symbol.name)
      else { continue }
      throw .idleSymbol(symbol: symbol.name, share: share, least: OptionsConfiguration.leastEntryShare)
    }
  }
}

/// An account that has just begun, in whatever minute it is asked.
private final class FreshAccount {
  private let tables: OptionsTables
  private let accounts = LaneAccounts(laneCount: 1, capacity: 1)
  private let risks = RiskMemory(positions: 1, orders: 2)
  private let market: RiskMarketMemory
  private let capital: Int64

  init(_ tables: OptionsTables, symbol: Int) {
    self.tables = tables
    market = RiskMarketMemory(contracts: tables.mostContracts)
    capital = tables.accounts[symbol]
    accounts.open(0, cashMicroDollars: capital)
  }

  func minutesWithEntry(_ day: OptionsDay) -> Int {
    guard day.hasContracts else { return 0 }
    let gate = tables.gates[day.symbol]
    let (account, book) = (risks[0], accounts.book(0))
    account.state.pointee = RiskState()
    gate.beginSession(on: account, netLiquidation: capital, minuteCount: day.minuteCount)
    var fits = 0
    for minute in 0..<day.minuteCount {
      let rank = tables.tape.volatilityRanks[day.row(minute: minute)]
      _ = gate.mark(
        account, book: book, market: market[0], netLiquidation: capital, minute: minute,
        health: MarketHealth(volatilityRank: rank.isNaN ? nil : Double(rank)))
      let hasEntry = [true, false].contains { isCall in
        tables.entry(
          isCall: isCall, day, minute: minute, book: book, cash: capital, account: account, market[0]
        ).quantity > 0
      }
      if hasEntry { fits += 1 }
    }
    return fits
  }
}
