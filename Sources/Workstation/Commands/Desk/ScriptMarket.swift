// The market of a scripted session, as far as it has been read.

import Market
import Trading

/// What stands at the end of the minute that is played: quotes and prices of it and of the minutes before.
struct ScriptMarket: MarketView {
  let date: CalendarDate
  let minuteCount: Int
  private let underlyingNumbers: [Int32]
  private let underlyings: [String]
  private let stored: StoredQuotes.Session
  /// By contract.
  private var quotes: [MinuteQuote?]
  private var traded: [Traded?]
  private let openInterests: [Int32: Int]
  private let weights: [Double]
  /// By underlying.
  private var prices: [Int?]
  private let table: ContractTable
  /// Of the quotes so far, in this session and in those before.
  private(set) var volatilities: QuotedVolatilities

  /// Of a contract: in the minutes before one, and in it as it was said last.
  private struct Traded {
    var minute: Int
    var before = 0
    var inMinute: Int
  }

  init(
    _ session: DeskScript.ScriptSession, table: ContractTable, stored: StoredQuotes.Session = StoredQuotes.Session(),
    volatilities: QuotedVolatilities = QuotedVolatilities()
  ) {
    self.stored = stored
    self.table = table
    self.volatilities = volatilities
    underlyings = table.underlyings
    date = session.date
    minuteCount = session.minuteCount
    underlyingNumbers = table.underlyingNumbers
    quotes = Array(repeating: nil, count: table.count)
    traded = Array(repeating: nil, count: table.count)
    openInterests = session.openInterests
    prices = Array(repeating: nil, count: table.underlyings.count)
    weights = MinuteWeights.variance(ofMinutes: session.minuteCount)
  }

  /// The quote of a minute is its last two-sided one; its extremes are those of all that were two-sided.
  mutating func see(_ quote: MinuteQuote, of contract: Int32) {
    if let volume = quote.volume { count(volume, of: Int(contract), minute: quote.minute) }
    guard var now = quotes[Int(contract)], now.minute == quote.minute else { return quotes[Int(contract)] = quote }
    guard quote.isTwoSided else {
      if !now.isTwoSided { quotes[Int(contract)] = quote }
      return
    }
    let wasTwoSided = now.isTwoSided && !now.isFilledForward
    let low = [quote.lowestAsk, wasTwoSided ? now.lowestAsk ?? now.ask : nil, quote.ask].compactMap { $0 }.min()
    let high = [quote.highestBid, wasTwoSided ? now.highestBid ?? now.bid : nil, quote.bid].compactMap { $0 }.max()
    let volume = quote.volume ?? now.volume
    now = quote
    (now.lowestAsk, now.highestBid, now.volume) = (low, high, volume)
    quotes[Int(contract)] = now
  }

  private mutating func count(_ volume: Int, of contract: Int, minute: Int) {
    guard var known = traded[contract] else { return traded[contract] = Traded(minute: minute, inMinute: volume) }
    if known.minute != minute { known.before += known.inMinute }
    (known.minute, known.inMinute) = (minute, volume)
    traded[contract] = known
  }

  mutating func see(price: Int, of underlying: Int32) { prices[Int(underlying)] = price }

  /// The last price of an underlying in the session's own minutes.
  func lastPrice(of underlying: Int) -> Int? { prices[underlying] }

  /// The newer of the script's quote and the store's; of one minute the script's.
  func quote(of contract: Int32, minute: Int) -> MinuteQuote? {
    guard quotes.indices.contains(Int(contract)) else { return nil }
    let own = quotes[Int(contract)].flatMap { $0.minute <= minute ? $0 : nil }
    guard let other = market(of: contract)?.quote(of: contract, minute: minute) else { return own }
    guard let own else { return other }
    return own.minute >= other.minute ? own : other
  }

  /// What the script says; where it says nothing, the store.
  func liquidity(of contract: Int32, minute: Int) -> ContractLiquidity {
    guard traded.indices.contains(Int(contract)) else { return ContractLiquidity() }
    let other = market(of: contract)?.liquidity(of: contract, minute: minute)
    return ContractLiquidity(
      volume: traded[Int(contract)].map { $0.before + $0.inMinute } ?? other?.volume,
      openInterest: openInterests[contract] ?? other?.openInterest)
  }

  func underlyingPrice(of contract: Int32, minute: Int) -> Int? {
    guard underlyingNumbers.indices.contains(Int(contract)) else { return nil }
    return prices[Int(underlyingNumbers[Int(contract)])]
      ?? market(of: contract)?.underlyingPrice(of: contract, minute: minute)
  }

  /// Learns from the quotes of a minute, behind the last of its lines.
  mutating func endMinute(_ minute: Int) { volatilities.learn(minute: minute, view: self, table: table) }

  func modelPrice(of contract: Int32, minute: Int) -> Int? {
    guard table.contains(contract), let spot = underlyingPrice(of: contract, minute: minute) else { return nil }
    return volatilities.price(of: contract, table[contract], spot: spot, on: date, minute: minute)
  }

  func usualWeight(ofMinute minute: Int) -> Double { weights.indices.contains(minute) ? weights[minute] : 1 }

  private func market(of contract: Int32) -> ChainMarket? {
    stored.markets.isEmpty ? nil : stored.markets[underlyings[Int(underlyingNumbers[Int(contract)])]]
  }

  /// The opening of the store's daily series.
  func storedOpening(of underlying: String) -> SettlementPrice? {
    stored.openings[underlying].map { SettlementPrice(price: $0, source: .dailyOpening) }
  }

  /// The close of the store's daily series, and the last price of its minutes.
  func storedClose(of underlying: String) -> SettlementPrice? {
    stored.closes[underlying].map { SettlementPrice(price: $0, source: .officialClose) }
      ?? stored.markets[underlying]?.lastPrice.map { SettlementPrice(price: $0, source: .lastMinute) }
  }
}

/// What a script says that underlyings opened and closed at. Where it does not say a close it is its last price of the session's own minutes, else the store's
/// close; where it does not say an opening it is that of the store's daily series, and is never guessed.
struct ScriptPrices: SettlementPrices {
  let session: DeskScript.ScriptSession
  let market: ScriptMarket
  let underlyings: [String]

  func price(of underlying: String, at settlement: ContractTerms.Settlement) -> SettlementPrice? {
    switch settlement {
    case .opening:
      session.openings[underlying].map { SettlementPrice(price: $0, source: .officialOpening) }
        ?? market.storedOpening(of: underlying)
    case .close:
      session.closes[underlying].map { SettlementPrice(price: $0, source: .officialClose) }
        ?? underlyings.firstIndex(of: underlying).flatMap(market.lastPrice).map {
          SettlementPrice(price: $0, source: .lastMinute)
        } ?? market.storedClose(of: underlying)
    }
  }
}
