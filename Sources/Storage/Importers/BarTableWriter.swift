// Bar series as the text that the importer reads.

package import Market

package enum BarTableWriter {
  /// One series in the plain layout, its further columns behind it. Numbers read back to the same bits. Adjustment factors other than 1
  /// have no place in this layout: traps on them.
  package static func plain(_ series: BarSeries) -> String {
    var text = (BarLayout.plain.columns + series.extra.map(\.name)).joined(separator: ",") + "\n"
    for row in series.dates.indices {
      precondition(series.adjustmentFactors[row] == 1, "\(series.symbol), \(series.dates[row]): adjusted prices")
      let volume = series.volume[row]
      let prices = [series.open[row], series.high[row], series.low[row], series.close[row]].map { "\($0)" }
      let shares = Int(exactly: volume).map(String.init) ?? "\(volume)"
      let fields = ["\(series.dates[row])"] + prices + [shares] + series.extra.map { "\($0.values[row])" }
      text += fields.joined(separator: ",") + "\n"
    }
    return text
  }
}
