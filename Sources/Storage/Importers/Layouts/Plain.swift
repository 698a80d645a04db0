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
}
