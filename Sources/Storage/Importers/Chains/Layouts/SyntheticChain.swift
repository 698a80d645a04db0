// Quotes that `synthesize` made up. The column of the stamps is their mark, as in the layout of made-up minutes: it goes with the file wherever that is taken.

import Market

extension ChainLayout {
  package static let synthetic = ChainLayout(
    name: "synthetic-options", words: "made up by strikeforge synthesize, no market's quotes",
    columns: ["synthetic_end": .stamp, "symbol": .symbol(.row), "bid": .row(.bid), "ask": .row(.ask)],
    moments: [.stampEnd], zone: .utc)
}
