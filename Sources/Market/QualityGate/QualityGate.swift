// Five questions that every set of bars must answer before anyone learns from it.

/// Bars of any width, questioned. All checks always run, on any data whatever, and all must pass. Several of them may ask one of the five questions.
package enum QualityGate {
  /// Grows whenever a check, a threshold or the form of an allowance changes. A record of an older version proves nothing of what is asked since:
  /// whoever makes a tape of bars examines them anew.
  package static let version = 5

  /// The checks of each series by itself, in the order in which they report: those before and those after the one of all series side by side.
  static let checks: [any QualityCheck.Type] = [
    SchemaCompliance.self, RepeatedSessions.self, TimestampAlignment.self,
  ]
  static let laterChecks: [any QualityCheck.Type] = [
    MissingBars.self, PriceContinuity.self, PriceSpikes.self, PriceUnit.self, FactorLevels.self, VolumeSanity.self,
    VolumeLevels.self,
  ]

  /// Findings come in the order of the checks, within a check in the order of the series.
  /// `today`: the date at the exchange, after which no bar can lie; nil where nobody knows.
  /// `chains`: option chains of the same import, which come after all bars; where there are no bars beside them, nothing is asked of bars.
  package static func examine(
    _ series: [BarSeries], chains: [OptionChain] = [], allowances: [QualityAllowance], today: CalendarDate? = nil
  ) -> QualityReport {
    examine(count: series.count, chains: chains, allowances: allowances, today: today) {
      series[$0]
    } sessions: { place, examine in
      for session in chains[place].sessions { examine(session) }
    }
  }

  /// The same for so many series of which one after the other is fetched, each once, so that not all of them are in memory; and for chains of which
  /// `sessions` gives one session after the other, in their order, to whoever examines it.
  package static func examine<Failure: Error>(
    count: Int, chains: [OptionChain] = [], allowances: [QualityAllowance], today: CalendarDate? = nil,
    _ series: (Int) throws(Failure) -> BarSeries,
    sessions: (_ chain: Int, _ examine: (ChainSession) -> Void) throws(Failure) -> Void
  ) throws(Failure) -> QualityReport {
    var distinct: [QualityAllowance] = []
    for allowance in allowances where !distinct.contains(allowance) { distinct.append(allowance) }
    var ledger = AllowanceLedger(distinct)
    let all = checks + laterChecks
    // By check, in the order of the series.
    var found = [[QualityFinding]](repeating: [], count: all.count)
    var (future, sideBySide, indices): ([QualityFinding], [SharedTimes.Summary], [String]) = ([], [], [])
    var seen: Set<[String]> = []
    var underlyings: [BarSeries] = []
    for place in 0..<count {
      let one = try series(place)
      let isRepeated = !seen.insert([one.symbol, one.width.rawValue]).inserted
      let examined = ExaminedSeries(one, isRepeated: isRepeated)
      for (index, check) in all.enumerated() {
        found[index] += check.findings(in: examined, allowances: &ledger)
      }
      sideBySide.append(SharedTimes.Summary(examined, isAlone: count == 1))
      if let today { future += futureRows(in: one, after: today) }
      if !one.instrument.isTradable, !indices.contains(one.symbol) { indices.append(one.symbol) }
      if chains.contains(where: { $0.underlying == one.symbol }) { underlyings.append(one) }
    }
    var findings: [QualityFinding] = []
    if count > 0 || chains.isEmpty {
      if count == 0 { findings.append(SchemaCompliance.noSymbols) }
      findings += found[..<checks.count].joined()
      findings += SharedTimes.findings(in: sideBySide, allowances: &ledger)
      findings += found[checks.count...].joined()
    }
    for (place, chain) in chains.enumerated() {
      var gate = ChainGate(chain, bars: underlyings)
      try sessions(place) { gate.examine($0) }
      findings += gate.findings
    }
    findings += future
    return QualityReport(
      gateVersion: version, passed: !findings.contains { $0.severity == .fail }, indices: indices, findings: findings,
      allowances: distinct.filter(ledger.isUsed), unusedAllowances: distinct.filter { !ledger.isUsed($0) })
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

/// A series that is asked, with what several questions need.
struct ExaminedSeries {
  let series: BarSeries
  /// Whether an earlier series has its symbol and its width.
  let isRepeated: Bool
  let grid: BarGrid
  /// Where its rows lie on the grid.
  let rows: BarGrid.Rows

  init(_ series: BarSeries, isRepeated: Bool = false) {
    (self.series, self.isRepeated) = (series, isRepeated)
    grid = BarGrid(series.width)
    rows = grid.rows(of: series)
  }
}

/// One question of a series. It must answer for any whatever: unequal lengths, not-a-numbers, no rows at all.
protocol QualityCheck: Sendable {
  static var identifier: String { get }
  static func findings(in examined: ExaminedSeries, allowances: inout AllowanceLedger) -> [QualityFinding]
}
