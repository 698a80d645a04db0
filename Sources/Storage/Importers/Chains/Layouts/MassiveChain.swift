// Massive's flat files of options: aggregates, which are trades alone, and all quotes of a day.

import Market

extension ChainLayout {
  static let massiveAggregates = ChainLayout(
    name: "massive-aggregates", words: "Massive, aggregates of option trades",
    columns: [
      "ticker": .symbol(.row), "window_start": .stamp, "close": .row(.last), "volume": .row(.volume), "open": .ignored,
      "high": .ignored, "low": .ignored,
    ],
    moments: [.stampStart], zone: .utc, declaration: ChainDeclaration(volume: .minute), symbolPrefix: "O:",
    isTradesOnly: true)

  /// More than a hundred gigabytes a day: read once, and a row for each contract and minute is kept.
  static let massiveQuotes = ChainLayout(
    name: "massive-quotes", words: "Massive, quotes of options",
    columns: [
      "ticker": .symbol(.row), "ask_price": .row(.ask), "ask_size": .row(.askSize), "bid_price": .row(.bid),
      "bid_size": .row(.bidSize), "sip_timestamp": .stamp,
    ],
    moments: [.stampStart], zone: .utc, symbolPrefix: "O:", keepsLast: true)
}
