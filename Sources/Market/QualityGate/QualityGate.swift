// Five questions that every set of bars must answer before anyone learns from it.

/// Bars of any width, questioned. All checks always run, on any data whatever, and all must pass. Several of them may ask one of the five questions.
package enum QualityGate {
  /// Grows whenever a check, a threshold or the form of an allowance changes. A record of an older version proves nothing of what is asked since:
  /// whoever makes a tape of bars examines them anew.
  package static let version = 4

  /// The checks in the order in which they report.
  static let checks: [any QualityCheck.Type] = [
    SchemaCompliance.self, RepeatedSessions.self, TimestampAlignment.self, SharedTimes.self, MissingBars.self,
    PriceContinuity.self, PriceSpikes.self, PriceUnit.self, FactorLevels.self, VolumeSanity.self, VolumeLevels.self,
  ]

  /// Findings come in the order of the checks, within a check in the order of the series.
  /// `today`: the date at the exchange, after which no bar can lie; nil where nobody knows.
  /// `chains`: option chains of the same import, which come after all bars; where there are no bars beside them, nothing is asked of bars.
  package static func examine(
    _ series: [BarSeries], chains: [OptionChain] = [], allowances: [QualityAllowance], today: CalendarDate? = nil
  ) -> QualityReport {
    var distinct: [QualityAllowance] = []
    for allowance in allowances where !distinct.contains(allowance) { distinct.append(allowance) }
    var ledger = AllowanceLedger(distinct)
    var findings: [QualityFinding] = []
    if !series.isEmpty || chains.isEmpty {
      findings = checks.flatMap { $0.findings(in: series, allowances: &ledger) }
    }
    findings += ChainGate.findings(chains, bars: series)
    if let today { findings += series.flatMap { futureRows(in: $0, after: today) } }
    return QualityReport(
      gateVersion: version, passed: !findings.contains { $0.severity == .fail },
      indices: series.filter { !$0.instrument.isTradable }.map(\.symbol), findings: findings,
      allowances: distinct.filter(ledger.isUsed),
      unusedAllowances: distinct.filter { !ledger.isUsed($0) })
  }
}

extension QualityGate {
  private static func futureRows(in series: BarSeries, after today: CalendarDate) -> [QualityFinding] {
    QualityFinding.ofRows(
      (0..<series.wholeRows).filter { series.dates[$0] > today }, in: series, check: TimestampAlignment.identifier,
      kind: "future-date",
      suggestion:
        "Check the order of day and month, and whether the rows are a forecast; --until \(today) leaves them out."
    ) { "\(counted($0, "row")) after today, \(today)." }
  }
}

/// One question. It must answer for any series whatever: unequal lengths, not-a-numbers, no rows at all.
protocol QualityCheck: Sendable {
  static var identifier: String { get }
  static func findings(in series: [BarSeries], allowances: inout AllowanceLedger) -> [QualityFinding]
}
