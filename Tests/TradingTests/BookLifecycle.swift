// A small desk for tests: a book on memory of its own, quotes that are set by hand, and prices to settle on.

import Market

@testable import Trading

/// One account and its contracts.
final class DeskAccount {
  let book: Book
  let ledger: Ledger
  var table: ContractTable

  init(_ contracts: [TradedContract], cashDollars: Int64 = 100_000, slots: Int = 8) {
    let account = LaneAccounts(laneCount: 1, capacity: slots)
    (book, ledger) = (account.book(0), account.ledger(0))
    table = ContractTable(contracts)
    account.open(0, cashMicroDollars: cashDollars * 1_000_000)
  }

  var cash: Int64 { ledger.cash.pointee }
  var gap: Int64 { book.gap(to: ledger) }

  /// Trades at the far touch of a quote, with a fee a contract.
  @discardableResult
  func trade(
    _ id: Int64, _ legs: [(contract: Int32, quantity: Int, bid: Int, ask: Int)], packages: Int = 1,
    effect: Order.Effect = .opens, closes: Int64 = 0, feeMicroDollars: Int64 = 650_000, minute: Int = 10
  ) -> BookedFill? {
    let fills = legs.map { leg in
      let multiplier = table[leg.contract].multiplier
      let price = leg.quantity > 0 ? leg.ask : leg.bid
      var costs = Costs()
      costs[.halfSpread] = Int64(2 * price - leg.bid - leg.ask) * 50 * Int64(multiplier * leg.quantity)
      costs[.commission] = feeMicroDollars * Int64(abs(leg.quantity))
      return LegFill(
        contract: leg.contract, multiplier: Int32(multiplier), quantity: leg.quantity, price: price, bid: leg.bid,
        ask: leg.ask, costs: costs)
    }
    return UpToFour(fills).map {
      book.apply(
        OrderFill(order: id, minute: minute, quantity: packages, effect: effect, closes: closes, legs: $0), to: ledger)
    }
  }

  /// Settles, and returns what became of the positions in the order of their slots.
  func settle(
    _ date: String, _ settlement: ContractTerms.Settlement = .close, _ prices: FixedPrices, _ mode: ExerciseMode = .cash
  ) throws -> [SettledPosition] {
    var settled: [SettledPosition] = []
    guard let date = CalendarDate(date) else { return [] }
    try book.settle(
      on: date, at: settlement, prices: prices, exercise: mode,
      shares: { [table] in table.number(of: TradedContract(share: $0)) }, in: table, to: ledger
    ) { settled.append($0) }
    return settled
  }
}

/// Prices by underlying, the same at opening and close unless an opening is given.
struct FixedPrices: SettlementPrices {
  var closes: [String: Int] = [:]
  var openings: [String: Int] = [:]

  func price(of underlying: String, at settlement: ContractTerms.Settlement) -> SettlementPrice? {
    switch settlement {
    case .opening: openings[underlying].map { SettlementPrice(price: $0, source: .officialOpening) }
    case .close: closes[underlying].map { SettlementPrice(price: $0, source: .officialClose) }
    }
  }
}

/// Quotes by contract that stand in every minute, and prices of underlyings.
struct StandingMarket: MarketView {
  var date: CalendarDate
  var minuteCount = 390
  var quotes: [Int32: MinuteQuote] = [:]
  var underlyings: [Int32: Int] = [:]
  var models: [Int32: Int] = [:]

  init?(_ date: String) {
    guard let date = CalendarDate(date) else { return nil }
    self.date = date
  }

  func quote(of contract: Int32, minute: Int) -> MinuteQuote? { quotes[contract] }
  func underlyingPrice(of contract: Int32, minute: Int) -> Int? { underlyings[contract] }
  func modelPrice(of contract: Int32, minute: Int) -> Int? { models[contract] }
}

/// The contract of a symbol, as the desk holds it.
func traded(_ symbol: String) throws -> TradedContract {
  let option = OptionContract(try OptionSymbol(symbol))
  guard let contract = TradedContract(option) else { throw NoContract(symbol: symbol) }
  return contract
}

struct NoContract: Error { let symbol: String }
