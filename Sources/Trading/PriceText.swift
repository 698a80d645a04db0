// Prices as people read them.

package enum PriceText {
  /// A price in ten-thousandths of a dollar with 0 to 4 decimals, rounded half away from zero: 342,875 is 34.29 with two and 34.2875 with four.
  package static func dollars(_ price: Int, places: Int = 2) -> String {
    var unit = 1
    for _ in min(max(places, 0), 4)..<4 { unit *= 10 }
    let (whole, rest) = price.magnitude.quotientAndRemainder(dividingBy: UInt(unit))
    return decimal(whole + (2 * rest >= UInt(unit) ? 1 : 0), places: min(max(places, 0), 4), isNegative: price < 0)
  }

  /// Basis points as a signed percentage with two decimals: 10,408 is +104.08 %.
  package static func percent(_ basisPoints: Int) -> String {
    (basisPoints < 0 ? "" : "+") + decimal(basisPoints.magnitude, places: 2, isNegative: basisPoints < 0) + " %"
  }

  private static func decimal(_ digits: UInt, places: Int, isNegative: Bool) -> String {
    let text = String(digits)
    let padded = String(repeating: "0", count: max(0, places + 1 - text.count)) + text
    let sign = isNegative && digits > 0 ? "-" : ""
    return places == 0 ? sign + padded : sign + padded.dropLast(places) + "." + padded.suffix(places)
  }
}
