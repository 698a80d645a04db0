// What this program writes itself, and most others can.

extension BarLayout {
  /// One series that does not name its symbol; prices are taken as they are.
  package static let plain = BarLayout(
    name: "plain", words: "one symbol, prices as they are",
    columns: ["timestamp", "open", "high", "low", "close", "volume"])

  /// One series without volume.
  static let index = BarLayout(
    name: "index", words: "an index, without volume", columns: ["Date", "Open", "High", "Low", "Close"])

  /// Several symbols; prices are taken as they are.
  static let tickersPlain = BarLayout(
    name: "tickers-plain", words: "several symbols, prices as they are (Kaggle's S&P 500 calls the symbol Name)",
    columns: ["Ticker", "Date", "Open", "High", "Low", "Close", "Volume"])

  /// Minutes that `synthesize` made up. The column of the stamps is their mark: it goes with the file wherever that is taken, and as the layout's
  /// name into every store that is made of it.
  package static let synthetic = BarLayout(
    name: "synthetic", words: "made up by strikeforge synthesize, no market's prices",
    columns: ["synthetic_start", "open", "high", "low", "close"], optionalColumns: ["volume"], zone: .utc,
    side: .start, adjustment: PriceAdjustment.none)
}
