// Yahoo's chains as `yfinance` gives them, with the columns that its users add. Nothing says when a snapshot was made but its newest trade.

import Market

extension ChainLayout {
  /// `underlyingprice` may be minutes newer than the quotes.
  static let yahoo = ChainLayout(
    name: "yahoo-chain", words: "Yahoo, chains of yfinance",
    columns: [
      "contractsymbol": .symbol(.row), "lasttradedate": .lastTrade, "strike": .strike, "lastprice": .row(.last),
      "bid": .row(.bid), "ask": .row(.ask), "volume": .row(.volume), "openinterest": .openInterest(.row),
      "impliedvolatility": .row(.impliedVolatility), "contractsize": .multiplier, "currency": .currency,
      "underlyingprice": .underlyingPrice(snapshot: 0),
    ],
    optional: ["underlyingprice", "contractsize", "currency"],
    moments: [.newestTrade], declaration: ChainDeclaration(clock: .calendar, volume: .day))
}
