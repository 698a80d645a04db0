// Databento's `cbbo-1m` as CSV: the consolidated best quote at the end of each minute, prices in billionths of a dollar unless they were asked for as decimals.

import Market

extension ChainLayout {
  static let databentoQuotes = ChainLayout(
    name: "databento-cbbo-1m", words: "Databento, cbbo-1m",
    columns: [
      "ts_recv": .stamp, "symbol": .symbol(.row), "bid_px_00": .row(.bid), "ask_px_00": .row(.ask),
      "bid_sz_00": .row(.bidSize), "ask_sz_00": .row(.askSize),
    ],
    moments: [.stampEnd], zone: .utc, wholePriceDivisor: 1_000_000_000)
}
