// Are the series whole: symbols named and distinct, columns of one length, no value missing?

/// Not-a-number is a missing value and belongs here; values that are there but impossible belong to the checks of their columns.
enum SchemaCompliance: QualityCheck {
  static let identifier = "schema-compliance"

  /// What is said where there is nothing to ask.
  static let noSymbols = finding(
    "no-symbols", "", count: 0, "There is not one symbol.", suggestion: "Import at least one symbol's bars.")

  private static func finding(
    _ kind: String, _ symbol: String, count: Int, _ message: String, suggestion: String
  ) -> QualityFinding {
    QualityFinding(
      check: identifier, kind: kind, severity: .fail, symbol: symbol, firstDate: nil, lastDate: nil, count: count,
      samples: [], suggestion: suggestion, message: message)
  }

  static func findings(in examined: ExaminedSeries, allowances: inout AllowanceLedger) -> [QualityFinding] {
    let one = examined.series
    var findings: [QualityFinding] = []
    if one.symbol.allSatisfy(\.isWhitespace) {
      findings.append(
        finding(
          "unnamed-symbol", one.symbol, count: 1, "A series has no symbol.",
          suggestion: "Name the symbol when importing."))
    } else if examined.isRepeated {
      findings.append(
        finding(
          "repeated-symbol", one.symbol, count: 1, "The symbol \(one.symbol) occurs more than once.",
          suggestion: "Import each symbol once."))
    }
    if one.longestColumn != one.wholeRows {
      let lengths =
        [
          ("date", one.dates.count), ("open", one.open.count), ("high", one.high.count), ("low", one.low.count),
          ("close", one.close.count), ("volume", one.volume.count), ("factor", one.adjustmentFactors.count),
        ] + (one.width == .session ? [] : [("start", one.starts.count)]) + one.extra.map { ($0.name, $0.values.count) }
      let counts = lengths.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
      findings.append(
        finding(
          "unequal-lengths", one.symbol, count: one.longestColumn - one.wholeRows,
          "The columns differ in length: \(counts).",
          suggestion: "Import the file again; a row is cut short."))
    }
    if one.wholeRows == 0 {
      findings.append(
        finding(
          "no-bars", one.symbol, count: 0, "There is not one bar.",
          suggestion: "Check the file and the dates asked for."))
    }
    let missing = (0..<one.wholeRows).filter { row in
      one.open[row].isNaN || one.high[row].isNaN || one.low[row].isNaN || one.close[row].isNaN
        || (one.volume[row].isNaN && one.instrument.hasVolume) || one.adjustmentFactors[row].isNaN
        || one.extra.contains { !$0.values[row].isFinite }
    }
    return findings
      + QualityFinding.ofRows(
        missing, in: one, check: identifier, kind: "missing-value",
        suggestion: "Fetch these rows again, or leave the symbol out."
      ) { "A required value is missing in \(counted($0, "row"))." }
  }
}
