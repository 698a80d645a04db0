// Do the adjustment factors tell of payments and splits, or of another series?

internal import Glibc

/// The factor of the last bar is 1, or below it where the file knows of splits after its end; a change of factor is a payment or a split, of which
/// there are a few in a year. Bars of whole sessions: narrower ones get theirs from those.
enum FactorLevels: QualityCheck {
  static let identifier = PriceContinuity.identifier

  /// A last factor outside of these is a warning: above 1 lies only the unit of another currency or a reverse split to come, and splits of 50 for 1 are
  /// rarer than cents for dollars.
  static let lastFactors = 0.02...1.25
  /// More changes than this share of the bars, and than so many, are no payments.
  static let changeShare = 0.1
  static let fewChanges = 10
  /// How many times what rounded prices explain (`Distributions`) a change must be.
  static let roundings = 4.0

  static func findings(in examined: ExaminedSeries, allowances: inout AllowanceLedger) -> [QualityFinding] {
    examined.series.width == .session ? changes(in: examined.series) + last(of: examined.series) : []
  }

  private static func isPossible(_ value: Double) -> Bool { value > 0 && value.isFinite }

  private static func changes(in series: BarSeries) -> [QualityFinding] {
    func rounding(_ row: Int) -> Double {
      Distributions.halfCent / series.close[row] + Distributions.halfCent
        / (series.close[row] * series.adjustmentFactors[row])
    }
    let rows = (0..<series.wholeRows).filter { row in
      // The rule: most days nothing happens.
      guard row > 0, series.adjustmentFactors[row] != series.adjustmentFactors[row - 1],
        [row - 1, row].allSatisfy({ isPossible(series.close[$0]) && isPossible(series.adjustmentFactors[$0]) })
      else { return false }
      let step = abs(log(series.adjustmentFactors[row] / series.adjustmentFactors[row - 1]))
      return step > roundings * (rounding(row) + rounding(row - 1))
    }
    guard rows.count > fewChanges, Double(rows.count) > changeShare * Double(series.wholeRows), let first = rows.first,
      let last = rows.last
    else { return [] }
    return [
      QualityFinding(
        check: identifier, kind: "unrelated-factor", severity: .fail, symbol: series.symbol,
        firstDate: series.dates[first], lastDate: series.dates[last], count: rows.count,
        samples: rows.prefix(QualityFinding.sampleLimit).map(series.rowText),
        suggestion:
          "Check that close and adjusted close are of the same share; to leave the adjusted close out: --adjusted all.",
        message:
          "The adjustment factor changes in \(rows.count) of \(series.wholeRows) rows, far more often than shares pay or split."
      )
    ]
  }

  private static func last(of series: BarSeries) -> [QualityFinding] {
    guard let row = (0..<series.wholeRows).last else { return [] }
    let factor = series.adjustmentFactors[row]
    guard isPossible(factor), !lastFactors.contains(factor) else { return [] }
    return [
      QualityFinding(
        check: identifier, kind: "factor-level", severity: .warn, symbol: series.symbol, firstDate: series.dates[row],
        lastDate: series.dates[row], count: 1, samples: [series.rowText(row)],
        suggestion: "Check the unit of the adjusted close, and whether the share has split since the last row.",
        message: "The last adjustment factor is \(factor), far from 1.")
    ]
  }
}
