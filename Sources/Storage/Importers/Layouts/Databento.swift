// Databento's `ohlcv-1m` as CSV: nanoseconds of the bar's beginning, prices in billionths of a dollar unless they were asked for as decimals.

extension BarLayout {
  static let databento = BarLayout(
    name: "databento", words: "Databento ohlcv",
    columns: ["ts_event", "rtype", "publisher_id", "instrument_id", "open", "high", "low", "close", "volume"],
    optionalColumns: ["symbol"], zone: .utc, side: .start, adjustment: PriceAdjustment.none, wholePriceDivisor: 1e9,
    undefinedPrice: 9_223_372_036_854_775_807)
}
