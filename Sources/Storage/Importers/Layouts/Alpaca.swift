// Alpaca's bars, as its Python package writes them: UTC, the stamp is the bar's beginning.

extension BarLayout {
  static let alpaca = BarLayout(
    name: "alpaca", words: "Alpaca",
    columns: ["timestamp", "open", "high", "low", "close", "volume", "trade_count", "vwap"],
    optionalColumns: ["symbol"], zone: .utc, side: .start)
}
