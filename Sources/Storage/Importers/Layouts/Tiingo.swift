// Tiingo's daily prices: raw and adjusted columns side by side; midnight of Greenwich stands for a date.

extension BarLayout {
  static let tiingo = BarLayout(
    name: "tiingo", words: "Tiingo, raw and adjusted prices",
    columns: [
      "date", "close", "high", "low", "open", "volume", "adjClose", "adjHigh", "adjLow", "adjOpen", "adjVolume",
      "divCash",
      "splitFactor",
    ], optionalColumns: ["symbol"], zone: .newYork, side: .start, adjustment: PriceAdjustment.none)
}
