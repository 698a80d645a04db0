// Historical bars of Interactive Brokers: the zone stands behind the time, the stamp is the bar's beginning, splits are in the prices.

extension BarLayout {
  static let interactiveBrokers = BarLayout(
    name: "ibkr", words: "Interactive Brokers",
    columns: ["date", "open", "high", "low", "close", "volume", "average", "barCount"], side: .start,
    adjustment: .splits)
}
