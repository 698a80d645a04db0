// Yahoo's chains as `yfinance` gives them, with the columns that its users add. Nothing says when a snapshot was made but its newest trade.

import Market

extension ChainLayout {
  /// The quotes of contracts that nobody trades stay as they were for months: of four snapshots of SPY, 1.8 to 3.5 % of neighbouring strikes contradicted each
  /// other, by 3 to 5 dollars in the median, and all but a few of those pairs had one that had not traded for 30 days; among the rest it was at most 0.2 %.
  ///
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
    moments: [.newestTrade], declaration: ChainDeclaration(clock: .calendar, volume: .day), staleDays: 30)
}
