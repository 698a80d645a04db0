// Is every raw volume a number of shares: whole, finite, not negative? An index has none.

enum VolumeSanity: QualityCheck {
  static let identifier = "volume-sanity"

  static func findings(in series: [BarSeries], allowances: inout AllowanceLedger) -> [QualityFinding] {
    series.filter { $0.instrument.hasVolume }.flatMap { one -> [QualityFinding] in
      func rows(_ isBad: (Double) -> Bool) -> [Int] { (0..<one.wholeRows).filter { isBad(one.volume[$0]) } }
      func findings(_ rows: [Int], _ kind: String, _ what: String, suggestion: String) -> [QualityFinding] {
        QualityFinding.ofRows(rows, in: one, check: identifier, kind: kind, suggestion: suggestion) {
          "A volume that is \(what) in \(counted($0, "row"))."
        }
      }
      // A not-a-number is told by the schema check.
      return findings(
        rows { $0 < 0 }, "negative-volume", "negative", suggestion: "Fetch these rows again; check the column order.")
        + findings(
          rows { $0 == .infinity }, "infinite-volume", "not finite", suggestion: "Fetch these rows again.")
        + findings(
          rows { $0.isFinite && $0 > 0 && $0 != $0.rounded(.towardZero) }, "fractional-volume", "not whole",
          suggestion: "Import raw volume, not volume that was adjusted for splits or given in thousands.")
    }
  }
}
