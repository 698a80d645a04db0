// Yahoo Finance: the site's own downloads, and what the Python package `yfinance` writes.

extension BarLayout {
  /// Closes that are adjusted for splits, and an adjusted close for dividends too.
  static let adjusted = BarLayout(
    name: "adjusted", words: "one symbol with adjusted closes, as Yahoo writes it",
    columns: ["Date", "Open", "High", "Low", "Close", "Adj Close", "Volume"], zone: .newYork, side: .start)

  /// `Ticker.history`: stamps with their offset. Without an adjusted close its prices hold splits and dividends.
  static let yahooHistory = BarLayout(
    name: "yahoo-history", words: "Ticker.history of yfinance, with dividends and splits",
    columns: ["Date", "Open", "High", "Low", "Close", "Volume", "Dividends", "Stock Splits"],
    optionalColumns: ["Capital Gains"], zone: .newYork, side: .start, adjustment: .all)
}
