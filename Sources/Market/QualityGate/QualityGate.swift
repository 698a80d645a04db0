// Five questions that every set of bars must answer before anyone learns from it.

/// Daily bars, questioned. All five checks always run, on any data whatever, and all must pass.
package enum QualityGate {
  /// Grows whenever a check, a threshold or the form of an allowance changes: a record of another version proves nothing.
  package static let version = 1

  /// The checks in the order in which they report.
  static let checks: [any QualityCheck.Type] = [
    SchemaCompliance.self, TimestampAlignment.self, MissingBars.self, PriceContinuity.self, VolumeSanity.self,
  ]

  /// Findings come in the order of the checks, within a check in the order of the series.
  package static func examine(_ series: [BarSeries], allowances: [QualityAllowance]) -> QualityReport {
    var distinct: [QualityAllowance] = []
    for allowance in allowances where !distinct.contains(allowance) { distinct.append(allowance) }
    var ledger = AllowanceLedger(distinct)
    let findings = checks.flatMap { $0.findings(in: series, allowances: &ledger) }
    return QualityReport(
      gateVersion: version, passed: !findings.contains { $0.severity == .fail },
      indices: series.filter { !$0.instrument.isTradable }.map(\.symbol), findings: findings,
      allowances: distinct.filter(ledger.isUsed),
      unusedAllowances: distinct.filter { !ledger.isUsed($0) })
  }
}

/// One question. It must answer for any series whatever: unequal lengths, not-a-numbers, no rows at all.
protocol QualityCheck: Sendable {
  static var identifier: String { get }
  static func findings(in series: [BarSeries], allowances: inout AllowanceLedger) -> [QualityFinding]
}

/// The allowances given, and which of them something needed.
struct AllowanceLedger {
  private struct Place: Hashable {
    var check: String
    var symbol: String
    var date: CalendarDate
  }

  private var used: [Place: Bool] = [:]

  init(_ allowances: [QualityAllowance]) {
    for allowance in allowances { used[AllowanceLedger.place(allowance)] = false }
  }

  /// Whether the finding may pass; remembers that an allowance was needed.
  mutating func allows(check: String, symbol: String, date: CalendarDate) -> Bool {
    let place = Place(check: check, symbol: symbol, date: date)
    guard used[place] != nil else { return false }
    used[place] = true
    return true
  }

  func isUsed(_ allowance: QualityAllowance) -> Bool { used[AllowanceLedger.place(allowance)] == true }

  private static func place(_ allowance: QualityAllowance) -> Place {
    Place(check: allowance.check, symbol: allowance.symbol, date: allowance.date)
  }
}
