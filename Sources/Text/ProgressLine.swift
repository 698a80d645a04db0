// How far a long piece of work has come, as one line of a terminal.

/// A line of at most 79 columns: `reading spy.csv.gz  [############............]  50 %`.
package enum ProgressLine {
  private static let (columns, barColumns) = (79, 24)

  /// `share`: 0...1 of the work, or nil where nobody knows.
  package static func text(_ words: String, share: Double?) -> String {
    // What is cut off ends in three points.
    guard let share else { return PrintableText.of(words, longest: columns - 7) + " ..." }
    let known = share > 0 ? min(share, 1) : 0
    let done = Int(known * Double(barColumns))
    let percent = String(Int(known * 100))
    let bar =
      "  [" + String(repeating: "#", count: done) + String(repeating: ".", count: barColumns - done) + "] "
      + String(repeating: " ", count: 3 - percent.count) + percent + " %"
    return PrintableText.of(words, longest: columns - 3 - bar.count) + bar
  }
}
