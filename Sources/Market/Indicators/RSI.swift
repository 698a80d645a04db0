// Relative strength index.

package enum RSI {
  /// 100 G / (G + L), 0...100, with G and L Wilder's averages of the rises and the falls of the close; 50 where both are zero.
  ///
  /// The first change is that of bar 1, so the averages are seeded at bar `period`; before it they are means of the changes so far,
  /// and bar 0 is 50. Source: Wilder 1978. Traps if `period` is below 1.
  package static func values(of closes: [Double], period: Int = 14) -> [Double] {
    var rises = WilderAverage(period: period)
    var falls = WilderAverage(period: period)
    return closes.indices.map { bar in
      if bar > 0 {
        let change = closes[bar] - closes[bar - 1]
        rises.add(max(change, 0))
        falls.add(max(-change, 0))
      }
      let total = rises.value + falls.value
      return total > 0 ? 100 * rises.value / total : 50
    }
  }
}
