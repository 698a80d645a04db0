// LEAN's own folders: zips of tables without a header, raw prices in ten-thousandths of a dollar.

extension BarLayout {
  static let leanDaily = BarLayout(
    name: "lean-daily", words: "LEAN, daily", columns: ["timestamp", "open", "high", "low", "close", "volume"],
    bareRow: BareRow(delimiter: UInt8(ascii: ","), stamp: .compact, isSymbolFileName: true), zone: .newYork,
    side: .start,
    adjustment: PriceAdjustment.none, wholePriceDivisor: 1e4)

  /// `20230803_spy_minute_trade.csv`: milliseconds since midnight; the date stands in the name.
  static let leanMinute = BarLayout(
    name: "lean-minute", words: "LEAN, trades of minutes",
    columns: ["timestamp", "open", "high", "low", "close", "volume"],
    bareRow: BareRow(delimiter: UInt8(ascii: ","), stamp: .millisecondOfDay, isNamedByFile: true), zone: .newYork,
    side: .start, adjustment: PriceAdjustment.none, wholePriceDivisor: 1e4)

  /// Of an index: prices as they are, and in Chicago's time.
  static let leanIndexMinute = BarLayout(
    name: "lean-index-minute", words: "LEAN, minutes of an index, in Chicago's time",
    columns: ["timestamp", "open", "high", "low", "close", "volume"],
    bareRow: BareRow(delimiter: UInt8(ascii: ","), stamp: .millisecondOfDay, isNamedByFile: true), zone: .chicago,
    side: .start, adjustment: PriceAdjustment.none, isRecognised: false, isOfIndex: true)
}
