// The quality gate finds what was planted, nothing just below a threshold, and survives any data whatever.

import Kernels
import TestSupport
import Testing

@testable import Market

private func seen(_ finding: QualityFinding) -> PlantedDefect.Expectation {
  PlantedDefect.Expectation(
    check: finding.check, kind: finding.kind, symbol: finding.symbol, firstDate: finding.firstDate,
    lastDate: finding.lastDate, count: finding.count)
}

private func sameSet(_ left: [PlantedDefect.Expectation], _ right: [PlantedDefect.Expectation]) -> Bool {
  left.count == right.count && left.allSatisfy(right.contains)
}

@Suite struct QualityGateTests {
  @Test func cleanSeriesPass() {
    for seed in 0..<20 as Range<UInt64> {
      let report = QualityGate.examine(SyntheticTape.series(bars: 600, seed: seed), allowances: [])
      #expect(report.findings.isEmpty && report.passed, "seed \(seed)\n\(report)")
      #expect(report.gateVersion == QualityGate.version)
    }
    let all = QualityGate.examine(SyntheticTape.series(symbols: ["A"], bars: 8_797, seed: 5), allowances: [])
    #expect(all.passed && all.findings.isEmpty, "\(all)")
  }

  /// 200 defects of random kind, place and size: each gives exactly the findings that belong to it, with symbol and range.
  @Test func plantedDefectsAreFound() {
    var planted: Set<PlantedDefect> = []
    for trial in 0..<200 as Range<UInt64> {
      var random = RandomStream(seed: 71, purpose: .market, lane: UInt32(trial))
      let defect = PlantedDefect.allCases.pick(&random)
      planted.insert(defect)
      var series = SyntheticTape.series(bars: 300, seed: 1000 + trial)
      let expected = defect.plant(in: &series, random: &random)
      let report = QualityGate.examine(series, allowances: [])
      let found = report.findings.map(seen)
      #expect(sameSet(found, expected), "trial \(trial), \(defect): expected \(expected), found\n\(report)")
      #expect(report.passed == (defect == .standstill), "trial \(trial), \(defect)")
      for finding in report.findings {
        #expect(!finding.suggestion.isEmpty && !finding.message.isEmpty)
        #expect(finding.samples.count == (finding.firstDate == nil ? 0 : min(3, finding.count)), "\(defect)")
        if defect == .split {
          #expect(finding.suggestion.hasPrefix("A likely unadjusted split"), "trial \(trial)\n\(finding)")
        }
      }
    }
    #expect(planted.count == PlantedDefect.allCases.count, "some kinds were never drawn")
  }

  /// 200 times a hair below what counts, for each kind that has a threshold: nothing is said.
  @Test func whatIsJustBelowAThresholdPasses() {
    for trial in 0..<200 as Range<UInt64> {
      var random = RandomStream(seed: 72, purpose: .market, lane: UInt32(trial))
      let kind = [PlantedDefect.closeMove, .openMove, .standstill].pick(&random)
      var series = SyntheticTape.series(bars: 300, seed: 2000 + trial)
      let place = Int(random.nextInteger(below: 2))
      let row = 1 + Int(random.nextInteger(below: 280))
      switch kind {
      case .closeMove: series[place].moveClose(row, ratio: PlantedDefect.tolerableRatio(&random))
      case .openMove: series[place].moveOpen(row, ratio: PlantedDefect.tolerableRatio(&random))
      default: series[place].standStill(row..<row + PriceContinuity.longestStandstill)
      }
      let report = QualityGate.examine(series, allowances: [])
      #expect(report.passed && report.findings.isEmpty, "trial \(trial), \(kind), row \(row)\n\(report)")
    }
  }

  /// The factor takes a split out; a factor that is forgotten, or applied where there is no split, brings it in.
  @Test func theFactorIsPartOfThePrice() {
    let clean = SyntheticTape.series(symbols: ["AAA"], bars: 100, seed: 9)
    var split = clean
    for row in 0..<60 {
      for column in [\BarSeries.open, \.high, \.low, \.close] { split[0][keyPath: column][row] *= 4 }
      split[0].adjustmentFactors[row] = 0.25
    }
    #expect(QualityGate.examine(split, allowances: []).passed)
    var forgotten = split
    for row in 0..<60 { forgotten[0].adjustmentFactors[row] = 1 }
    var unfounded = clean
    for row in 0..<60 { unfounded[0].adjustmentFactors[row] = 0.25 }
    for series in [forgotten, unfounded] {
      let report = QualityGate.examine(series, allowances: [])
      #expect(report.findings.map(\.kind) == ["large-move"] && report.findings[0].firstDate == clean[0].dates[60])
    }
  }

  /// A flood of bad rows stays readable, and no row is lost from the counts.
  @Test func aFloodIsCutShort() {
    var series = SyntheticTape.series(symbols: ["AAA"], bars: 400, seed: 3)
    for row in stride(from: 0, to: 400, by: 2) {
      series[0].volume[row] = -1
      for column in [\BarSeries.open, \.high, \.low, \.close] { series[0][keyPath: column][row] *= 2 }
    }
    let findings = QualityGate.examine(series, allowances: []).findings
    let volumes = findings.filter { $0.kind == "negative-volume" }
    #expect(volumes.count == 20 && volumes.map(\.count).reduce(0, +) == 200)
    #expect(volumes.last?.lastDate == series[0].dates[398])
    let moves = findings.filter { $0.kind == "large-move" }
    #expect(moves.count == 20 && moves.map(\.count).reduce(0, +) == 399)
    #expect(findings.count == 40)
  }

  /// Columns of any length with any values: an answer, never a trap, and never a pass.
  @Test func garbageIsAnswered() {
    let oddValues: [Double] = [
      .nan, .infinity, -.infinity, 0, -0.0, -1, 1, 0.5, .leastNonzeroMagnitude, 1e-308, 1e308, -1e308, 37.5,
    ]
    for trial in 0..<300 as Range<UInt64> {
      var random = RandomStream(seed: 74, purpose: .market, lane: UInt32(trial))
      var series: [BarSeries] = []
      for _ in 0..<random.nextInteger(below: 4) {
        var one = BarSeries(
          symbol: ["", "A", "B:C", "\u{1F4C8}\n", String(repeating: "long", count: 60)].pick(&random))
        one.dates = (0..<random.nextInteger(below: 40)).map { _ in
          let near = CalendarDate(daysSinceEpoch: Int32(7000 + random.nextInteger(below: 60)))
          let far = [Int32.min, -1, 0, 24_105, 24_106, .max].map(CalendarDate.init(daysSinceEpoch:)).pick(&random)
          return random.nextDouble() < 0.9 ? near : far
        }
        for column in BarSeries.columns {
          let length = Int(random.nextInteger(below: 4)) == 0 ? Int(random.nextInteger(below: 40)) : one.count
          one[keyPath: column] = (0..<length).map { _ in oddValues.pick(&random) }
        }
        series.append(one)
      }
      let report = QualityGate.examine(series, allowances: [])
      #expect(!report.passed, "trial \(trial)")
      let widest = report.description.split(separator: "\n").map(\.count).max() ?? 0
      #expect(widest <= 80, "trial \(trial): a line of \(widest) columns")
    }
  }

  @Test func theQuestionsAreFive() {
    #expect(
      Set((QualityGate.checks + QualityGate.laterChecks).map { $0.identifier }) == [
        "schema-compliance", "timestamp-alignment", "missing-bars", "price-continuity", "volume-sanity",
      ])
  }
}
