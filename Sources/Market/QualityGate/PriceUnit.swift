// Are the prices dollars, or the ten-thousandths of them in which some vendors write whole numbers?

/// A price in dollars has cents now and then. Where all prices are whole hundreds, of 10,000 and more, they are cents written in ten-thousandths of a
/// dollar: the cheapest share that this misses costs a dollar.
enum PriceUnit: QualityCheck {
  static let identifier = PriceContinuity.identifier

  /// Fewer bars prove nothing.
  static let fewestBars = 20
  static let (smallestPrice, step) = (10_000.0, 100.0)
  /// Some bars have prices of half a cent and less.
  static let steppedShare = 0.9

  static func findings(in examined: ExaminedSeries, allowances: inout AllowanceLedger) -> [QualityFinding] {
    let one = examined.series
    guard one.instrument.isTradable, one.wholeRows >= fewestBars, areTenThousandths(one), let first = one.dates.first,
      !allowances.allows(check: identifier, symbol: one.symbol, date: first)
    else { return [] }
    return QualityFinding.ofRows(
      Array(0..<one.wholeRows), in: one, check: identifier, kind: "price-unit",
      suggestion:
        "If they are ten-thousandths of a dollar, as LEAN writes them: --price-divisor 10000. If they are dollars: "
        + QualityAllowance.flag(identifier, one.symbol, first, first) + "."
    ) { "All prices of \(counted($0, "row")) are whole hundreds of 10,000 and more, as no share's are." }
  }

  private static func areTenThousandths(_ series: BarSeries) -> Bool {
    var stepped = 0
    for row in 0..<series.wholeRows {
      let prices = [series.open[row], series.high[row], series.low[row], series.close[row]]
      guard prices.allSatisfy({ $0 >= smallestPrice && $0 == $0.rounded() }) else { return false }
      if prices.allSatisfy({ $0.truncatingRemainder(dividingBy: step) == 0 }) { stepped += 1 }
    }
    return Double(stepped) >= steppedShare * Double(series.wholeRows)
  }
}
