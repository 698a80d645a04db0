// Flat files of Massive (formerly Polygon): raw prices, open and close before high and low, nanoseconds of the bar's beginning.

extension BarLayout {
  static let massive = BarLayout(
    name: "massive", words: "flat files of Massive (Polygon)",
    columns: ["ticker", "volume", "open", "close", "high", "low", "window_start", "transactions"], zone: .utc,
    side: .start, adjustment: PriceAdjustment.none)
}
