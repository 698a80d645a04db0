// Is every raw volume a number of shares: whole, finite, not negative? An index has none.

enum VolumeSanity: QualityCheck {
  static let identifier = "volume-sanity"

  static func findings(in examined: ExaminedSeries, allowances: inout AllowanceLedger) -> [QualityFinding] {
    let one = examined.series
    guard one.instrument.hasVolume else { return [] }
    var (negative, infinite, fractional): ([Int], [Int], [Int]) = ([], [], [])
    for row in 0..<one.wholeRows {
      let volume = one.volume[row]
      // The rule. A not-a-number is told by the schema check.
      if volume >= 0, volume < .infinity, volume == volume.rounded(.towardZero) { continue }
      if volume < 0 { negative.append(row) }
      if volume == .infinity { infinite.append(row) }
      if volume.isFinite, volume > 0 { fractional.append(row) }
    }
    func findings(_ rows: [Int], _ kind: String, _ what: String, suggestion: String) -> [QualityFinding] {
      QualityFinding.ofRows(rows, in: one, check: identifier, kind: kind, suggestion: suggestion) {
        "A volume that is \(what) in \(counted($0, "row"))."
      }
    }
    return findings(
      negative, "negative-volume", "negative", suggestion: "Fetch these rows again; check the column order.")
      + findings(infinite, "infinite-volume", "not finite", suggestion: "Fetch these rows again.")
      + findings(
        fractional, "fractional-volume", "not whole",
        suggestion: "Import raw volume, not volume that was adjusted for splits or given in thousands.")
  }
}
