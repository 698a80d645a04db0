// The market of a scripted session, as far as it has been read.

import Market
import Trading

/// What stands at the end of the minute that is played: quotes and prices of it and of the minutes before.
struct ScriptMarket: MarketView {
  let date: CalendarDate
  let minuteCount: Int
  private let underlyingNumbers: [Int32]
  /// By contract.
  private var quotes: [MinuteQuote?]
  /// By underlying.
  private var prices: [Int?]

  init(_ session: DeskScript.ScriptSession, table: ContractTable) {
    date = session.date
    minuteCount = session.minuteCount
    underlyingNumbers = table.underlyingNumbers
    quotes = Array(repeating: nil, count: table.count)
    prices = Array(repeating: nil, count: table.underlyings.count)
  }

  /// The quote of a minute is its last two-sided one; its extremes are those of all that were two-sided.
  mutating func see(_ quote: MinuteQuote, of contract: Int32) {
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

  mutating func see(price: Int, of underlying: Int32) { prices[Int(underlying)] = price }

  /// The last price of an underlying in the session's own minutes.
  func lastPrice(of underlying: Int) -> Int? { prices[underlying] }

  func quote(of contract: Int32, minute: Int) -> MinuteQuote? {
    guard quotes.indices.contains(Int(contract)), let quote = quotes[Int(contract)], quote.minute <= minute else {
      return nil
    }
    return quote
  }

  func underlyingPrice(of contract: Int32, minute: Int) -> Int? {
    guard underlyingNumbers.indices.contains(Int(contract)) else { return nil }
    return prices[Int(underlyingNumbers[Int(contract)])]
  }
}

/// What a script says that underlyings opened and closed at. Where nobody says a close it is the last price of the session's own minutes; an opening
/// is never guessed.
struct ScriptPrices: SettlementPrices {
  let session: DeskScript.ScriptSession
  let market: ScriptMarket
  let underlyings: [String]

  func price(of underlying: String, at settlement: ContractTerms.Settlement) -> SettlementPrice? {
    switch settlement {
    case .opening: session.openings[underlying].map { SettlementPrice(price: $0, source: .officialOpening) }
    case .close:
      session.closes[underlying].map { SettlementPrice(price: $0, source: .officialClose) }
        ?? underlyings.firstIndex(of: underlying).flatMap(market.lastPrice).map {
          SettlementPrice(price: $0, source: .lastMinute)
        }
    }
  }
}
