// FirstRate Data: no header, New York time, the bar's beginning; minutes without a trade are absent.

extension BarLayout {
  static let firstRate = BarLayout(
    name: "firstrate", words: "FirstRate Data, minutes without a header",
    columns: ["timestamp", "open", "high", "low", "close", "volume"],
    bareRow: BareRow(delimiter: UInt8(ascii: ","), stamp: .iso), zone: .newYork, side: .start)
}
