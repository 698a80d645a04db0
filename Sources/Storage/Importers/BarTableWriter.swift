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

  /// Minutes of one series in the layout that says that nobody traded at these prices; an index has no volume. Numbers read back to the same bits.
  /// Traps on bars of whole sessions, on further columns and on adjustment factors other than 1.
  package static func synthetic(_ series: BarSeries) -> [UInt8] {
    precondition(series.width == .minute && series.extra.isEmpty, "\(series.symbol): minutes and nothing beside them")
    precondition(series.adjustmentFactors.allSatisfy { $0 == 1 }, "\(series.symbol): adjusted prices")
    let layout = BarLayout.synthetic
    let hasVolume = series.instrument.hasVolume
    var bytes = Array((layout.columns + (hasVolume ? layout.optionalColumns : [])).joined(separator: ",").utf8)
    bytes.reserveCapacity(96 * (series.count + 1))
    bytes.append(UInt8(ascii: "\n"))
    for row in 0..<series.count {
      bytes += series.starts[row].description.utf8
      for price in [series.open[row], series.high[row], series.low[row], series.close[row]] {
        bytes.append(UInt8(ascii: ","))
        bytes += price.description.utf8
      }
      if hasVolume {
        bytes += ",\(Int(exactly: series.volume[row]).map(String.init) ?? series.volume[row].description)".utf8
      }
      bytes.append(UInt8(ascii: "\n"))
    }
    return bytes
  }
}
