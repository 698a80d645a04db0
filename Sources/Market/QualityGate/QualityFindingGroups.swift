// Many bad rows, few findings: neighbours are told together, and a flood is cut short.

extension QualityFinding {
  /// How many findings of one kind a symbol may have; what is left is told in the last of them.
  static let groupLimit = 20

  /// Splits ordered items into runs of neighbours, at most `groupLimit`; the last then holds everything that is left.
  static func runs<Item>(of items: [Item], areNeighbours: (Item, Item) -> Bool) -> [[Item]] {
    var runs: [[Item]] = []
    for item in items {
      if let last = runs.last?.last, runs.count == groupLimit || areNeighbours(last, item) {
        runs[runs.count - 1].append(item)
      } else {
        runs.append([item])
      }
    }
    return runs
  }

  /// One finding for each run of neighbouring rows of a series.
  ///
  /// rows: ascending, each below `series.wholeRows`. `sample` gives a row's text, `message` the sentence for so many rows.
  static func ofRows(
    _ rows: [Int], in series: BarSeries, check: String, kind: String, severity: Severity = .fail,
    joiningNeighbours: Bool = true, suggestion: String, message: (Int) -> String,
    sample: ((Int) -> String)? = nil
  ) -> [QualityFinding] {
    runs(of: rows) { joiningNeighbours && $1 == $0 + 1 }.map { run in
      let dates = run.map { series.dates[$0] }
      return QualityFinding(
        check: check, kind: kind, severity: severity, symbol: series.symbol, firstDate: dates.min(),
        lastDate: dates.max(), count: run.count,
        samples: run.prefix(sampleLimit).map { sample?($0) ?? series.rowText($0) }, suggestion: suggestion,
        message: message(run.count))
    }
  }
}

extension QualityFinding {
  /// The same with the words that would allow its own dates, and no others, behind its suggestion.
  func allowable(_ words: String) -> QualityFinding {
    var finding = self
    finding.suggestion += words + QualityAllowance.flag(check, symbol, firstDate, lastDate) + "."
    return finding
  }
}

extension BarSeries {
  /// A row as a person would look it up.
  func rowText(_ row: Int) -> String {
    """
    \(width == .session ? "\(dates[row])" : "\(starts[row])") open \(open[row]) high \(high[row]) low \(low[row]) close \(close[row]) volume \(volume[row]) \
    factor \(adjustmentFactors[row])
    """
  }
}

/// "1 row", "2 rows".
package func counted(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
