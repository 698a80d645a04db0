// What a report on the options game asks beside the account: which symbol a decision is about, and what was traded.

package import Market
package import Trading

extension OptionsEnvironment {
  package func symbolInPlay(lane: Int) -> Int? { tapeSymbols[day(lane).symbol] }

  package func lastStanding(lane: Int, units: UnsafeMutablePointer<Int>) -> AccountStanding {
    let standing = lanes.hasEnded.base[lane] ? lanes.ended.base[lane] : standing(lane)
    for symbol in tape.symbols.indices { units[symbol] = 0 }
    units[tapeSymbols[Int(standing.symbol)]] = Int(standing.quantity)
    return AccountStanding(netLiquidationMicroDollars: standing.value, holdsShares: standing.quantity != 0)
  }

  /// Of sold premium what the credit is earned on: the credit alone, or what it costs to give back, would make a small loan of a large one.
  package func lastRequirement(lane: Int) -> Int64? {
    guard configuration.game != .options else { return nil }
    let book = accounts.book(lane)
    if let group = book.firstGroup, book.groups[group].legs[0].ratio > 0 { return nil }
    // Behind a session everything is settled.
    guard !lanes.hasEnded.base[lane], !book.isEmpty else { return 0 }
    let (day, minute) = (day(lane), Int(lanes.minuteOfQuotes.base[lane]))
    let view = view(lane, day)
    let needed = try? book.margin(
      in: day.table, rules: configuration.premium.margin,
      ask: { contract in view.quote(of: contract, minute: minute).flatMap { $0.fills(at: minute) ? $0.ask : nil } },
      underlyingPrice: { view.underlyingPrice(of: $0, minute: minute) })
    return needed?.gross
  }

  /// Nil for a fill of another tape.
  package func contract(of fill: Fill) -> OptionContract? {
    guard fill.contract >= 0, tape.dates.indices.contains(fill.bar),
      let number = tables.tape.number(of: tape.dates[fill.bar]),
      let symbol = tapeSymbols.firstIndex(of: fill.symbol)
    else { return nil }
    let contracts = tables.tape.sessions[symbol][number].contracts
    return contracts.indices.contains(Int(fill.contract)) ? contracts[Int(fill.contract)] : nil
  }
}
