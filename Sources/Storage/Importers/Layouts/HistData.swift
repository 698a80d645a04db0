// HistData: semicolons, no header, New York's winter time all the year.

extension BarLayout {
  static let histData = BarLayout(
    name: "histdata", words: "HistData, semicolons and no header",
    columns: ["timestamp", "open", "high", "low", "close", "volume"],
    bareRow: BareRow(delimiter: UInt8(ascii: ";"), stamp: .compact), zone: .easternStandard, side: .start)
}
