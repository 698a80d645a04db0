// Kibot: no header, date and time apart, New York time, the bar's beginning, adjusted for everything.

extension BarLayout {
  static let kibot = BarLayout(
    name: "kibot", words: "Kibot, date and time apart, without a header",
    columns: ["date", "time", "open", "high", "low", "close", "volume"],
    bareRow: BareRow(delimiter: UInt8(ascii: ","), stamp: .monthFirst), zone: .newYork, side: .start, adjustment: .all)
}
