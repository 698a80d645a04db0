// Several symbols a file with adjusted closes, as `bokeh_sampledata` ships them.

extension BarLayout {
  static let tickers = BarLayout(
    name: "tickers", words: "several symbols, raw prices with adjusted closes",
    columns: ["Ticker", "Date", "Open", "High", "Low", "Close", "Volume", "Adj Close"], adjustment: PriceAdjustment.none
  )
}
